"""A dimension cut into pieces, which are views: equal ones, cut at indices, or of given sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_autodiff import Variable
from minitorch_tensor import conversion, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.layout import wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive pieces of one dimension, of these sizes.

    https://docs.pytorch.org/docs/stable/generated/torch.split.html

    Raises:
        RuntimeError: if the sizes do not add up to that of the dimension.

    >>> from minitorch_tensor import arange
    >>> split_with_sizes(arange(4), [1, 3])[1]
    Tensor([1, 2, 3], requires_grad=False)
    """
    return views.split(input, tuple(split_sizes), dim)


def tensor_split(
    input: Tensor,
    indices_or_sections: int | Sequence[int] | Tensor | None = None,
    dim: int = 0,
    *,
    indices: Sequence[int] | None = None,
    sections: int | None = None,
) -> tuple[Tensor, ...]:
    """Pieces of one dimension, cut at indices as slices are; or a number of nearly equal ones.

    Of n sections of a dimension of size s, the first s % n are one larger than the others.
    https://docs.pytorch.org/docs/stable/generated/torch.tensor_split.html

    Args:
        input: (..., s, ...).
        indices_or_sections: a number of sections; or where to cut, s and above being the end. A
            tensor of int64 of no dimension, or of one, works as well.
        dim: which dimension.
        indices: the same as a keyword.
        sections: the same as a keyword.

    Raises:
        RuntimeError: if input has no dimensions, the number of sections is not positive, or a
            tensor is no number or vector of int64.

    >>> from minitorch_tensor import arange
    >>> [list(piece.shape) for piece in tensor_split(arange(7), 3)]
    [[3], [2], [2]]
    >>> tensor_split(arange(7), (1, 6))[1]
    Tensor([1, 2, 3, 4, 5], requires_grad=False)
    """
    where = _where("tensor_split", indices_or_sections, indices, sections)
    if input.ndim == 0:
        raise RuntimeError(
            "tensor_split: expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    i = wrap_dim(dim, input.ndim)
    size = input.layout.shape[i]
    if isinstance(where, int):
        if where <= 0:
            raise RuntimeError(
                f"tensor_split: number of sections must be larger than 0, but got {where}"
            )
        share, larger = divmod(size, where)
        return views.split(input, [share + (k < larger) for k in range(where)], i)
    cuts = [0, *(slice(0, cut).indices(size)[1] for cut in where)]
    ends = [*cuts[1:], size]
    return tuple(
        views.slice_(input, i, start, max(end - start, 0))
        for start, end in zip(cuts, ends, strict=True)
    )


def _where(
    name: str,
    given: int | Sequence[int] | Tensor | None,
    indices: Sequence[int] | None,
    sections: int | None,
) -> int | Sequence[int]:
    """The number of sections, or the indices, from whichever argument holds them.

    Raises:
        TypeError: if not exactly one does.
        RuntimeError: if a tensor is no number or vector of int64.
    """
    found = [choice for choice in (given, indices, sections) if choice is not None]
    if len(found) != 1:
        raise TypeError(
            f"{name}: expected a number of sections or a sequence of indices, but got "
            f"{len(found)} of them"
        )
    where = found[0]
    if not isinstance(where, Variable):
        return where
    if where.dtype is not dtypes.int64:
        raise RuntimeError(
            f"{name}: expected a tensor of sections or indices of dtype int64, but got "
            f"{where.dtype}; use .long()"
        )
    if where.ndim > 1:
        raise RuntimeError(
            f"{name}: expected a tensor of sections or indices of 0 or 1 dimensions, but got shape "
            f"{where.shape}"
        )
    numbers = [int(n) for n in conversion.host_array(where).reshape(-1)]
    return numbers if where.ndim else numbers[0]


def _split_along(
    name: str, x: Tensor, least: int, dim: int, where: int | Sequence[int]
) -> tuple[Tensor, ...]:
    """`tensor_split` along `dim`, but into equal sections only.

    Raises:
        RuntimeError: if x has too few dimensions, or the sections would not be equal.
    """
    if x.ndim < least:
        raise RuntimeError(
            f"{name}: requires a tensor with at least {least} dimension{'s' * (least > 1)}, but "
            f"got shape {x.shape}"
        )
    if isinstance(where, int) and (where <= 0 or x.layout.shape[dim] % where):
        raise RuntimeError(
            f"{name}: attempted to split along dimension {dim}, but the size of the dimension "
            f"{x.layout.shape[dim]} is not divisible by the split_size {where}; tensor_split() "
            "takes any"
        )
    return tensor_split(x, where, dim)


def hsplit(
    input: Tensor,
    indices_or_sections: int | Sequence[int] | None = None,
    *,
    indices: Sequence[int] | None = None,
    sections: int | None = None,
) -> tuple[Tensor, ...]:
    """Cut the columns of a matrix, in general dimension 1; a vector, its elements.

    https://docs.pytorch.org/docs/stable/generated/torch.hsplit.html

    Raises:
        RuntimeError: if there is no such dimension, or the sections would not be equal.

    >>> from minitorch_tensor import zeros
    >>> [list(piece.shape) for piece in hsplit(zeros(2, 6), [1, 4])]
    [[2, 1], [2, 3], [2, 2]]
    """
    where = _where("hsplit", indices_or_sections, indices, sections)
    return _split_along("hsplit", input, 1, 0 if input.ndim == 1 else 1, where)


def vsplit(
    input: Tensor,
    indices_or_sections: int | Sequence[int] | None = None,
    *,
    indices: Sequence[int] | None = None,
    sections: int | None = None,
) -> tuple[Tensor, ...]:
    """Cut the rows of a matrix, in general dimension 0.

    https://docs.pytorch.org/docs/stable/generated/torch.vsplit.html

    Raises:
        RuntimeError: if input has fewer than 2 dimensions, or the sections would not be equal.

    >>> from minitorch_tensor import zeros
    >>> [list(piece.shape) for piece in vsplit(zeros(4, 2), 2)]
    [[2, 2], [2, 2]]
    """
    where = _where("vsplit", indices_or_sections, indices, sections)
    return _split_along("vsplit", input, 2, 0, where)


def dsplit(
    input: Tensor,
    indices_or_sections: int | Sequence[int] | None = None,
    *,
    indices: Sequence[int] | None = None,
    sections: int | None = None,
) -> tuple[Tensor, ...]:
    """Cut dimension 2.

    https://docs.pytorch.org/docs/stable/generated/torch.dsplit.html

    Raises:
        RuntimeError: if input has fewer than 3 dimensions, or the sections would not be equal.

    >>> from minitorch_tensor import zeros
    >>> [list(piece.shape) for piece in dsplit(zeros(1, 2, 4), 2)]
    [[1, 2, 2], [1, 2, 2]]
    """
    where = _where("dsplit", indices_or_sections, indices, sections)
    return _split_along("dsplit", input, 3, 2, where)
