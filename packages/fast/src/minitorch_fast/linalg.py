"""matmul by NumPy's BLAS, which reads a transposed operand as it lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from minitorch_fast.half import reference
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import host, view
from minitorch_tensor.storage import Array


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
            # np.dot knows two matrices only, and is the quicker for it. It writes straight to out.
            with np.errstate(all="ignore"):
                np.dot(_matrix(a), _matrix(b), _matrix(out))
            return
        left, right, result = _operand(a), _operand(b), view(out)
        if result.ndim > 2 and not any(b.layout.strides[:-2]) and left.flags.c_contiguous:
            rows = out.layout.size // result.shape[-1]
            left = left.reshape(rows, left.shape[-1])
            result = host(out.storage.buffer)[: out.layout.size].reshape(rows, result.shape[-1])
            right = right[(0,) * (right.ndim - 2)]
        with np.errstate(all="ignore"):
            np.matmul(left, right, out=result)


def _matrix(x: Array) -> HostArray:
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
