"""Overlapping windows of one dimension, as a view: elements of two windows lie in memory once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import views
from minitorch_tensor.layout import Layout, Shape, make, wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def unfold(x: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` elements of one dimension, `step` apart, without copying.

    y[..., i, ..., k] = x[..., i * step + k, ...]: dimension of size n becomes
    (n - size) // step + 1, and the elements of the windows are a new last dimension. In the
    gradient each element gets the sum over the windows that it is in.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.unfold.html

    Raises:
        RuntimeError: if size is negative or larger than the dimension, or step is not positive.
        IndexError: if there is no such dimension.

    >>> from minitorch_tensor import arange
    >>> unfold(arange(5), 0, 3, 1)
    Tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]], requires_grad=False)
    """
    i = wrap_dim(dimension, x.ndim)
    length = x.layout.shape[i] if x.ndim else 1
    if size < 0:
        raise RuntimeError(f"unfold: size is {size} but must be >= 0")
    if size > length:
        raise RuntimeError(
            f"unfold: maximum size for tensor at dimension {i} is {length} but size is {size} "
            f"(shape {x.shape})"
        )
    if step <= 0:
        raise RuntimeError(f"unfold: step is {step} but must be > 0")
    before = x.layout.shape
    return views.viewed(
        x, _windows(x.layout, i, size, step), "UnfoldBackward0",
        lambda g: _fold(g, before, i, size, step),
    )  # fmt: skip


def _windows(layout: Layout, dim: int, size: int, step: int) -> Layout:
    """The layout of all windows."""
    if layout.ndim == 0:
        return make((size,), (1,), layout.offset)
    shape, strides = list(layout.shape), list(layout.strides)
    stride = strides[dim]
    shape[dim], strides[dim] = (shape[dim] - size) // step + 1, stride * step
    return make((*shape, size), (*strides, stride), layout.offset)


def _fold(g: Tensor, shape: Shape, dim: int, size: int, step: int) -> Tensor:
    """Each element's sum over its windows: the transpose of `unfold`."""
    dense = Layout.contiguous(shape)
    positions = views.positions(g, _windows(dense, dim, size, step))
    flat = g._full((dense.size,), 0.0, g.dtype)
    return views.reshape(flat.scatter_add(0, positions, views.reshape(g, -1)), shape)
