"""Copies of elements: whole tensors side by side, or each element several times in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minitorch_autodiff import Variable
from minitorch_tensor import conversion, gathering, joining, reductions, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def tile(input: Tensor, *times: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
    """input repeated `dims[i]` times along dimension i; missing counts are 1s in front.

    https://docs.pytorch.org/docs/stable/generated/torch.tile.html

    Raises:
        RuntimeError: if a count is negative.

    >>> from minitorch_tensor import tensor
    >>> tile(tensor([[1, 2]]), (2, 2))
    Tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]], requires_grad=False)
    """
    counts = views.sizes_of(views.either("tile", "dims", times, dims))
    return joining.repeat(input, (1,) * (input.ndim - len(counts)) + counts)


def repeat_interleave(
    input: Tensor,
    repeats: Tensor | int | None = None,
    dim: int | None = None,
    *,
    output_size: int | None = None,
) -> Tensor:
    """Each element, or slice along a dimension, several times in a row.

    `repeat_interleave(repeats)` of one vector gives each position as often as the vector says.
    https://docs.pytorch.org/docs/stable/generated/torch.repeat_interleave.html

    Args:
        input: of any shape; flattened if `dim` is None. Alone, it is the repeats.
        repeats: one number for all, or a vector with a number for each slice.
        dim: the dimension along which slices are repeated.
        output_size: the sum of the repeats, where it is known.

    Raises:
        RuntimeError: if a number is negative, the vector has another length than the dimension or
            is not int32 or int64, or output_size is not the sum.

    >>> from minitorch_tensor import tensor
    >>> repeat_interleave(tensor([1, 2, 3]), 2)
    Tensor([1, 1, 2, 2, 3, 3], requires_grad=False)
    >>> repeat_interleave(tensor([[1, 2], [3, 4]]), tensor([1, 2]), dim=0)
    Tensor([[1, 2],
            [3, 4],
            [3, 4]], requires_grad=False)
    >>> repeat_interleave(tensor([2, 0, 1]))
    Tensor([0, 0, 2], requires_grad=False)
    """
    if repeats is None:
        return _positions(require_tensor("repeat_interleave", "repeats", input), output_size)
    if dim is None:
        return repeat_interleave(
            views.reshape(input, input.layout.size), repeats, 0, output_size=output_size
        )
    i = wrap_dim(dim, input.ndim)
    x = views.reshape(input, 1) if input.ndim == 0 else input
    size = x.layout.shape[i]
    if not isinstance(repeats, Variable):
        return _each(x, i, repeats, output_size)
    if repeats.ndim > 1:
        raise RuntimeError(
            "repeat_interleave: repeats must be 0-dim or 1-dim tensor, but got shape "
            f"{repeats.shape}"
        )
    if repeats.device is not x.device:
        raise RuntimeError(
            f"repeat_interleave: repeats is on {repeats.device} and the input on {x.device}"
        )
    if repeats.layout.size == 1:
        repeats = views.expand(views.reshape(repeats, 1), size)
    if repeats.layout.size != size:
        raise RuntimeError(
            "repeat_interleave: repeats must have the same size as input along dim, but got "
            f"{repeats.layout.size} repeats and size {size}"
        )
    return gathering.index_select(x, i, _positions(repeats, output_size))


def _each(x: Tensor, dim: int, times: int, output_size: int | None) -> Tensor:
    """Every slice equally often: a new dimension after `dim`, expanded and merged into it."""
    shape = x.layout.shape
    if times < 0:
        raise RuntimeError(f"repeat_interleave: repeats must be non-negative, but got {times}")
    total = shape[dim] * times
    if output_size is not None and output_size != total:
        raise RuntimeError(
            f"repeat_interleave: invalid output_size, expected {total} but got {output_size}"
        )
    wide = views.expand(views.unsqueeze(x, dim + 1), (*shape[: dim + 1], times, *shape[dim + 1 :]))
    return views.reshape(views.clone(wide), (*shape[:dim], total, *shape[dim + 1 :]))


def _positions(repeats: Tensor, output_size: int | None) -> Tensor:
    """Position k as often as repeats[k] says."""
    if repeats.ndim != 1:
        raise RuntimeError(
            f"repeat_interleave: only accepts a vector as repeats, but got shape {repeats.shape}"
        )
    if repeats.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            f"repeat_interleave: repeats must be int64 or int32, but got {repeats.dtype}; use "
            ".long()"
        )
    counts = np.asarray(conversion.host_array(repeats), np.int64)
    if counts.min(initial=0) < 0:
        raise RuntimeError(
            f"repeat_interleave: repeats can not be negative, but got {counts.min()}"
        )
    found = np.repeat(np.arange(len(counts), dtype=repeats.dtype.numpy), counts)
    if output_size is not None and output_size != len(found):
        raise RuntimeError(
            f"repeat_interleave: allocated size does not match required size: output_size is "
            f"{output_size}, but the repeats add up to {len(found)}"
        )
    return conversion.from_host(repeats, found)


def sum_to_size(
    x: Tensor, *sizes: int | Sequence[int], size: Sequence[int] | None = None
) -> Tensor:
    """x summed to a shape that broadcasts to its own: the opposite of `expand`; ints give int64.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html

    Raises:
        RuntimeError: if the shape does not expand to that of x.

    >>> from minitorch_tensor import ones
    >>> sum_to_size(ones(2, 3), 3)
    Tensor([2., 2., 2.], requires_grad=False)
    """
    shape = views.sizes_of(views.either("sum_to_size", "size", sizes, size))
    before = x.layout.shape
    lead = len(before) - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, before[lead:], strict=True)):
        raise RuntimeError(
            f"sum_to_size: size {shape} is not expandable to size {before}; each size must be that "
            "of the dimension, or 1"
        )
    if shape == before:
        return x
    kept = enumerate(shape, lead)
    dims = [*range(lead), *(d for d, n in kept if n != before[d])]
    return views.reshape(reductions.sum(x, dims, keepdim=True), shape)
