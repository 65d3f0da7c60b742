"""Every view as a copy of its own: `narrow_copy` is `narrow(...).clone()`, and so on.

They are for programs in which no two tensors may share memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import diagonals, splitting, unfolding, views
from minitorch_tensor.dtype import DType
from minitorch_tensor.view_scatters import sliced
from minitorch_tensor.views import Dims

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A copy of `length` elements of one dimension from `start` on.

    https://docs.pytorch.org/docs/stable/generated/torch.narrow_copy.html

    Raises:
        IndexError: if start is out of range.
        RuntimeError: if the elements are not all inside the dimension.

    >>> from minitorch_tensor import arange
    >>> narrow_copy(arange(5), 0, 1, 2)
    Tensor([1, 2], requires_grad=False)
    """
    return views.clone(views.narrow(input, dim, start, length))


def alias_copy(input: Tensor) -> Tensor:
    """A copy of all of input; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.alias_copy.html
    """
    return views.clone(views.whole(input))


def as_strided_copy(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy of what `as_strided` sees; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.as_strided_copy.html
    """
    return views.clone(views.as_strided(input, size, stride, storage_offset))


def detach_copy(input: Tensor) -> Tensor:
    """A copy of input without history; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.detach_copy.html
    """
    return views.clone(input.detach())


def diagonal_copy(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of a diagonal; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.diagonal_copy.html
    """
    return views.clone(diagonals.diagonal(input, offset, dim1, dim2))


def expand_copy(input: Tensor, size: Sequence[int], *, implicit: bool = False) -> Tensor:
    """A copy of input repeated to a size; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.expand_copy.html
    """
    return views.clone(views.expand(input, size))


def permute_copy(input: Tensor, dims: Sequence[int]) -> Tensor:
    """A copy of input with its dimensions in another order; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.permute_copy.html
    """
    return views.clone(views.permute(input, dims))


def select_copy(input: Tensor, dim: int, index: int) -> Tensor:
    """A copy of element `index` of one dimension; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.select_copy.html
    """
    return views.clone(views.select(input, dim, index))


def slice_copy(
    input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of the slice start:end:step of one dimension; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.slice_copy.html
    """
    return views.clone(sliced("slice_copy", input, dim, start, end, step))


def squeeze_copy(input: Tensor, dim: Dims | None = None) -> Tensor:
    """A copy of input without dimensions of size 1; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.squeeze_copy.html
    """
    return views.clone(views.squeeze(input, dim))


def t_copy(input: Tensor) -> Tensor:
    """A copy of the transpose of a matrix; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.t_copy.html
    """
    return views.clone(views.t(input))


def transpose_copy(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """A copy of input with two dimensions swapped; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.transpose_copy.html
    """
    return views.clone(views.transpose(input, dim0, dim1))


def unfold_copy(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A copy of all windows of one dimension; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.unfold_copy.html
    """
    return views.clone(unfolding.unfold(input, dimension, size, step))


def unsqueeze_copy(input: Tensor, dim: int) -> Tensor:
    """A copy of input with a new dimension of size 1; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.unsqueeze_copy.html
    """
    return views.clone(views.unsqueeze(input, dim))


def view_copy(input: Tensor, size: Sequence[int] | DType) -> Tensor:
    """A copy of input under another shape, or its bytes as another dtype; errors as the view's.

    https://docs.pytorch.org/docs/stable/generated/torch.view_copy.html
    """
    return views.clone(views.view(input, size))


def split_copy(input: Tensor, split_size: Dims, dim: int = 0) -> tuple[Tensor, ...]:
    """Copies of the pieces of one dimension; errors as the views'.

    https://docs.pytorch.org/docs/stable/generated/torch.split_copy.html
    """
    return tuple(views.clone(x) for x in views.split(input, split_size, dim))


def split_with_sizes_copy(
    input: Tensor, split_sizes: Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Copies of the pieces of these sizes of one dimension; errors as the views'.

    https://docs.pytorch.org/docs/stable/generated/torch.split_with_sizes_copy.html
    """
    return tuple(views.clone(x) for x in splitting.split_with_sizes(input, split_sizes, dim))


def unbind_copy(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Copies of all slices along one dimension; errors as the views'.

    https://docs.pytorch.org/docs/stable/generated/torch.unbind_copy.html
    """
    return tuple(views.clone(x) for x in views.unbind(input, dim))
