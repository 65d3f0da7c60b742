"""Diagonals of matrices: a view of one, a matrix from one, their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import reductions, views
from minitorch_tensor.layout import Layout, Shape, make, wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def _diagonal(layout: Layout, offset: int, i: int, j: int) -> Layout:
    """The elements (k, k + offset) of dimensions i and j, as a new last dimension."""
    rows, columns = layout.shape[i], layout.shape[j]
    row, column = max(-offset, 0), max(offset, 0)
    length = max(min(rows - row, columns - column), 0)
    rest = [d for d in range(layout.ndim) if d not in (i, j)]
    start = row * layout.strides[i] + column * layout.strides[j] if length else 0
    return make(
        (*(layout.shape[d] for d in rest), length),
        (*(layout.strides[d] for d in rest), layout.strides[i] + layout.strides[j]),
        layout.offset + start,
    )


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements (k, k + offset) of two dimensions as a view: they become the last dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.diagonal.html

    Raises:
        RuntimeError: if the two dimensions are one.
    """
    i, j = wrap_dim(dim1, input.ndim), wrap_dim(dim2, input.ndim)
    if i == j:
        raise RuntimeError(f"diagonal: dimensions cannot be identical: {dim1}, {dim2}")
    before = input.layout.shape
    return views.viewed(
        input, _diagonal(input.layout, offset, i, j), "DiagonalBackward0",
        lambda g: embed(g, before, offset, i, j),
    )  # fmt: skip


def embed(g: Tensor, shape: Shape, offset: int, i: int, j: int) -> Tensor:
    """Zeros of `shape` with g on a diagonal: the transpose of `diagonal`."""
    y = g._full(shape, 0.0, g.dtype)
    g.storage.device.backend.copy(y._view(_diagonal(y.layout, offset, i, j)), g)
    return views.linear(g, y, "DiagonalBackward0", lambda h: diagonal(h, offset, i, j))


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix with the vector input on a diagonal; or a copy of the diagonal of the matrix input.

    https://docs.pytorch.org/docs/stable/generated/torch.diag.html

    Raises:
        RuntimeError: if input is neither a vector nor a matrix.

    >>> from minitorch_tensor import tensor
    >>> diag(tensor([1, 2]))
    Tensor([[1, 0],
            [0, 2]], requires_grad=False)
    """
    if input.ndim == 1:
        size = input.shape[0] + abs(diagonal)
        return embed(input, (size, size), diagonal, 0, 1)
    if input.ndim != 2:
        raise RuntimeError(f"diag: expected a vector or a matrix, but got shape {input.shape}")
    return views.clone(_taken(input, diagonal))


_taken = diagonal  # `diag` has an argument of that name


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix.

    https://docs.pytorch.org/docs/stable/generated/torch.trace.html

    Raises:
        RuntimeError: if input is no matrix, or one of bools.
    """
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got shape {input.shape}")
    if input.dtype.kind == "bool":
        raise RuntimeError("trace: not defined for bool tensors; convert it with .int() first")
    return reductions.sum(diagonal(input))
