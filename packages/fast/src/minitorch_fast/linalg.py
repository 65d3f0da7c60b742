"""matmul by NumPy's BLAS, which reads a transposed operand as it lies; large products in parts.

Its function is called directly where its name is known (see `blas`), else through NumPy. BLAS
computes on one thread, and the parts of a product are computed side by side by our own threads: two
pools that both want all cores make each other wait (see `workers`).

How a product is cut depends on its shape and on the number of cores, but not on the number of
threads that are used, because BLAS adds up in another order at the edges of a part: so the result
is the same, to the last bit, for any number of threads. Cutting in two costs 3 to 5%.

Stacks of a @ b^T are left to our own loop on some processors, and with `MINITORCH_MATMUL=numba` all
products: see `packed`.
"""

from __future__ import annotations

from contextvars import copy_context
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import blas, packed, threads
from minitorch_fast.half import reference
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import host, view
from minitorch_tensor.storage import Array

WORTH: Final = 3_000_000
"""Multiplications in a part that are worth a thread: 20 to 100 microseconds."""

_quiet = copy_context()
"""Where NumPy does not warn of nan and infinity. A `with np.errstate` takes 3 microseconds, to run
in a copy of a context 0.4."""

_quiet.run(np.seterr, all="ignore")


class MatrixKernels:
    """The matrix product of a backend."""

    def matmul(self, out: Array, a: Array, b: Array, /) -> None:
        """Matrix product (..., n, k) @ (..., k, m) -> (..., n, m); leading dimensions are equal.

        One matrix for a whole batch of rows (`linear` on (batch, time, n)) is a single product of
        two matrices, which BLAS does faster than many small ones.
        """
        if out.layout.size == 0:
            return
        if out.dtype.half:
            reference.matmul(out, a, b)
            return
        if len(out.layout.shape) == 2:
            product(matrix(a), matrix(b), matrix(out))
            return
        one = not any(b.layout.strides[:-2]) and a.layout.is_contiguous()
        if not one and packed.suits(out, b):
            parts = parts_of(out.layout.size * a.layout.shape[-1])
            if packed.stack(out, a, b, parts):
                return
        left, right, result = _operand(a), _operand(b), view(out)
        if one:
            rows = out.layout.size // result.shape[-1]
            left = left.reshape(rows, left.shape[-1])
            result = host(out.storage.buffer)[: out.layout.size].reshape(rows, result.shape[-1])
            product(left, right[(0,) * (right.ndim - 2)], result)
        else:
            products(left, right, result)


def product(a: HostArray, b: HostArray, out: HostArray, bias: HostArray | None = None) -> None:
    """out = a @ b for three matrices; with `bias` for each column added, if it is given."""
    (n, m), k = out.shape, a.shape[1]
    parts = parts_of(n * m * k)
    if packed.wanted() and out.dtype.kind == "f":
        packed.product(a, b, out, parts)
        if bias is not None:
            _quiet.copy().run(np.add, out, bias, out)
    elif parts == 1 or out.dtype.kind != "f":
        multiply = blas.product_of(out.dtype.char) if min(n, m, k) > 1 else None
        (multiply or _dot)(a, b, out, bias)
    elif 2 * m > n:  # BLAS arranges b anew for each part of rows, and a for each part of columns
        calls: list[threads.Call] = [
            (a, b[:, i:j], out[:, i:j], None if bias is None else bias[i:j])
            for i, j in threads.cut(m, parts, 16)
        ]
        threads.run(_product_of(out), calls)
    else:
        calls = [(a[i:j], b, out[i:j], bias) for i, j in threads.cut(n, parts, 16)]
        threads.run(_product_of(out), calls)


def products(a: HostArray, b: HostArray, out: HostArray) -> None:
    """out = a @ b for stacks of matrices: each thread computes some of them."""
    lead = out.shape[:-2]
    longest = lead.index(max(lead))
    parts = parts_of(out.size * a.shape[-1])
    if parts == 1 or out.dtype.kind != "f":
        _matmul(a, b, out)
        return
    if lead[longest] < parts:
        for index in np.ndindex(lead):
            product(a[index], b[index], out[index])
        return
    before = (slice(None),) * longest
    calls = [
        (a[(*before, slice(i, j))], b[(*before, slice(i, j))], out[(*before, slice(i, j))], None)
        for i, j in threads.cut(lead[longest], parts, 1)
    ]
    threads.run(_product_of(out) if out.ndim == 3 else _matmul, calls)


def _product_of(out: HostArray) -> threads.Kernel:
    """What makes a product of parts of matrices, or a stack of products."""
    return blas.product_of(out.dtype.char) or _matmul


def parts_of(work: int) -> int:
    """Into how many parts to cut so many multiplications."""
    if not threads.blas_is_serial() or work < 2 * WORTH:
        return 1
    return min(work // WORTH, threads.cores())


def _dot(a: HostArray, b: HostArray, out: HostArray, bias: HostArray | None) -> None:
    """A product of whole matrices: for these np.dot is quicker, while it copies parts of them."""
    _quiet.copy().run(np.dot, a, b, out)
    if bias is not None:
        _quiet.copy().run(np.add, out, bias, out)


def _matmul(a: HostArray, b: HostArray, out: HostArray, bias: HostArray | None = None) -> None:
    """A product of stacks, or of parts of matrices."""
    _quiet.copy().run(np.matmul, a, b, out)
    if bias is not None:
        _quiet.copy().run(np.add, out, bias, out)


def matrix(x: Array) -> HostArray:
    """A matrix as BLAS can read it; quickly where it fills memory, transposed or not."""
    buffer, layout = host(x.storage.buffer), x.layout
    if buffer.size == layout.size and layout.offset == 0:
        n, m = layout.shape
        if layout.strides == (m, 1):
            return buffer.reshape(n, m)
        if layout.strides == (1, n):
            return buffer.reshape(m, n).T
    return _operand(x)


def _operand(x: Array) -> HostArray:
    """The operand as BLAS reads it: one of the last two strides is 1, the other reaches past."""
    values = view(x)
    if _readable(x.layout):
        return values
    copied: npt.NDArray[np.generic] = np.ascontiguousarray(values)
    return copied


def _readable(layout: Layout) -> bool:
    (n, m), (p, q) = layout.shape[-2:], layout.strides[-2:]
    return (q == 1 and p >= m) or (p == 1 and q >= n) or n == 1 or m == 1
