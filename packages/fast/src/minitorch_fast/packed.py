"""Matrix products by our own loop, `matmul_loops`, in place of BLAS: `MINITORCH_MATMUL=numba`.

It takes 1.1 to 1.4 times as long as OpenBLAS, and some seconds to compile, once. It is there to be
read, and for where there is no good BLAS.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Final

import numpy as np

from minitorch_fast import fused, lanes, matmul_loops, threads
from minitorch_fast.threads import Kernel
from minitorch_tensor.dtype import HostArray

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
    if length == 0:
        out[...] = 0.0
        return
    left, a_row, a_column = _flat(a)
    right, b_row, b_column = _flat(b)
    dense = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    result = dense.reshape(-1)
    kernel = _kernel(out.dtype.name)
    calls: list[threads.Call] = []
    for first, last in threads.cut(n, parts, 12):
        numbers = [first, last, length, m, a_row, a_column, b_row, b_column]
        calls.append((result, left, right, np.array(numbers, np.int64)))
    threads.run(kernel, calls)
    if dense is not out:
        out[...] = dense


def _flat(x: HostArray) -> tuple[HostArray, int, int]:
    """A matrix as a flat array and two strides; copied where it has gaps."""
    if x.flags.f_contiguous and not x.flags.c_contiguous:
        return x.T.reshape(-1), 1, x.shape[0]
    return x.reshape(-1), x.shape[1], 1


def _kernel(dtype: str) -> Kernel:
    width = lanes.vector_bytes()
    rows, columns = (12, 2) if width == 64 else (6, 2)  # of 32 registers, or of 16
    return fused.compiled(
        matmul_loops.matrix_product,
        "float32" if dtype == "float32" else "float64",
        LANES=width // (4 if dtype == "float32" else 8),
        ROWS=rows,
        COLUMNS=columns,
        DEPTH=DEPTH,
        BAND=BAND,
    )
