"""Matrix products by our own loop, `matmul_loops`, in place of BLAS.

For all products, with `MINITORCH_MATMUL=numba`: it takes 1.1 to 1.4 times as long as OpenBLAS, and
some seconds to compile, once. It is there to be read, and for where there is no good BLAS.

And for stacks of a @ b^T where vectors have 512 bits: OpenBLAS takes 1.6 times as long for them as
for a @ b there. The loop turns b while it arranges it.
"""

from __future__ import annotations

import os
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np

from minitorch_fast import fused, lanes, matmul_loops, threads
from minitorch_fast.threads import Kernel
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import host
from minitorch_tensor.storage import Array

VARIABLE: Final = "MINITORCH_MATMUL"

DEPTH: Final = 256
"""Steps along the sums for which b is arranged: 16 KB of a panel, half of a first cache."""

BAND: Final = 96
"""Rows of a that are worked on together: 96 KB, in the second cache."""


@cache
def wanted() -> bool:
    """Whether the environment asks for it.

    Raises:
        ValueError: if the variable is neither "blas" nor "numba".
    """
    chosen = os.environ.get(VARIABLE, "blas")
    if chosen not in ("blas", "numba"):
        raise ValueError(f"{VARIABLE} must be 'blas' or 'numba', but is {chosen!r}")
    return chosen == "numba"


def product(a: HostArray, b: HostArray, out: HostArray, parts: int) -> None:
    """out = a @ b for matrices of one floating dtype, computed in so many parts of rows."""
    (n, m), length = out.shape, a.shape[1]
    left, a_row, a_column = _flat(a)
    right, b_row, b_column = _flat(b)
    dense = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    result = dense.reshape(-1)
    kernel = _kernel(out.dtype.name)
    calls: list[threads.Call] = []
    result[...] = 0.0
    for first, last in threads.cut(n, parts, 12) if length else []:
        numbers = [
            first, last, length, m, a_row, a_column, b_row, b_column, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0,
        ]  # fmt: skip
        calls.append((result, left, right, np.array(numbers, np.int64)))
    threads.run(kernel, calls)
    if dense is not out:
        out[...] = dense


def _flat(x: HostArray) -> tuple[HostArray, int, int]:
    """A matrix as a flat array and two strides; copied where it has gaps."""
    if x.flags.f_contiguous and not x.flags.c_contiguous:
        return x.T.reshape(-1), 1, x.shape[0]
    return x.reshape(-1), x.shape[1], 1


def suits(out: Array, b: Array) -> bool:
    """Whether stacks of these layouts are better left to the loop."""
    row, column = b.layout.strides[-2:]
    if wanted():
        return out.dtype.name in ("float32", "float64")
    return (
        row == 1 != column
        and out.dtype.name == "float32"
        and min(*out.layout.shape[-2:], b.layout.shape[-2]) >= 32
        and lanes.vector_bytes() == 64
    )


def stack(out: Array, a: Array, b: Array, parts: int) -> bool:
    """out = a @ b for stacks, in so many parts of them; False if they do not lie at even steps."""
    a_steps, b_steps = _steps(a.layout), _steps(b.layout)
    if a_steps is None or b_steps is None:
        return False
    n, m = out.layout.shape[-2:]
    length = a.layout.shape[-1]
    count = out.layout.size // (n * m)
    result = host(out.storage.buffer)
    calls: list[threads.Call] = []
    for first, last in threads.cut(count, parts, 1):
        numbers = [
            0, n, length, m, *a.layout.strides[-2:], *b.layout.strides[-2:],
            first, last, n * m, out.layout.shape[-3], a_steps[0], b_steps[0], a_steps[1],
            b_steps[1], a.layout.offset, b.layout.offset,
        ]  # fmt: skip
        calls.append((result, a.storage.buffer, b.storage.buffer, np.array(numbers, np.int64)))
    if length:
        threads.run(_kernel(out.dtype.name), calls)
    else:
        result[: out.layout.size] = 0.0
    return True


def _steps(layout: Layout) -> tuple[int, int] | None:
    """How far the matrices of the last dimension of a stack are apart, and how far these rows.

    None if the rows are at uneven steps.
    """
    outer = [
        (n, stride)
        for n, stride in zip(layout.shape[:-3], layout.strides[:-3], strict=True)
        if n > 1
    ]
    for (_, longer), (n, shorter) in pairwise(outer):
        if longer != n * shorter:
            return None
    return layout.strides[-3], outer[-1][1] if outer else 0


def _kernel(dtype: str) -> Kernel:
    width = lanes.vector_bytes()
    rows, columns = (12, 2) if width == 64 else (6, 2)  # of 32 registers, or of 16
    return fused.compiled(
        matmul_loops.matrix_products,
        "float32" if dtype == "float32" else "float64",
        LANES=width // (4 if dtype == "float32" else 8),
        ROWS=rows,
        COLUMNS=columns,
        DEPTH=DEPTH,
        BAND=BAND,
    )
