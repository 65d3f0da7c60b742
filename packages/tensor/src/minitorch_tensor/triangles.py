"""Triangles and diagonals: where they are, written in place, vectors put on one, quarter turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import diagonals, inplace, joining, views
from minitorch_tensor.layout import wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def tril_(x: Tensor, diagonal: int = 0) -> Tensor:
    """Set what is above a diagonal of each matrix to zero.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.tril_.html

    Raises:
        RuntimeError: if x has fewer than 2 dimensions.
    """
    return inplace.write("tril_", x, lambda old: joining.tril(old, diagonal))


def triu_(x: Tensor, diagonal: int = 0) -> Tensor:
    """Set what is below a diagonal of each matrix to zero.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.triu_.html

    Raises:
        RuntimeError: if x has fewer than 2 dimensions.
    """
    return inplace.write("triu_", x, lambda old: joining.triu(old, diagonal))


def fill_diagonal_(x: Tensor, fill_value: Tensor | float, wrap: bool = False) -> Tensor:
    """Set the main diagonal to a number; of a tall matrix again and again, with `wrap`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html

    Raises:
        RuntimeError: if x has fewer than 2 dimensions, or more than 2 that are not all equal, or
            the number does not fit its dtype.

    >>> from minitorch_tensor import zeros
    >>> fill_diagonal_(zeros(2, 3), 5.0).tolist()
    [[5.0, 0.0, 0.0], [0.0, 5.0, 0.0]]
    """
    shape = x.layout.shape
    if len(shape) < 2:
        raise RuntimeError(
            f"fill_diagonal_: expected at least 2 dimensions, but got shape {x.shape}"
        )
    if len(shape) > 2:
        if len(set(shape)) > 1:
            raise RuntimeError(
                "fill_diagonal_: all dimensions of the input must be of equal length, but its "
                f"shape is {x.shape}"
            )
        line = views.as_strided(x, shape[:1], (sum(x.layout.strides),), x.layout.offset)
        inplace.fill_(line, fill_value)
        return x
    rows, columns = shape
    for start in range(0, rows, columns + 1) if wrap else [0]:
        inplace.fill_(diagonals.diagonal(x, -start), fill_value)
    return x


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dimension of input on a diagonal, zeros elsewhere.

    (..., n) becomes (..., n + |offset|, n + |offset|); dim1 and dim2 say which dimensions of the
    result the matrices fill.
    https://docs.pytorch.org/docs/stable/generated/torch.diag_embed.html

    Raises:
        RuntimeError: if the two dimensions are one.
        IndexError: if there is no such dimension, or input has none.

    >>> from minitorch_tensor import tensor
    >>> diag_embed(tensor([[1, 2], [3, 4]])).tolist()
    [[[1, 0], [0, 2]], [[3, 0], [0, 4]]]
    """
    if input.ndim == 0:
        raise IndexError("diag_embed: a 0-dim tensor has no dimension to put on a diagonal")
    i, j = wrap_dim(dim1, input.ndim + 1), wrap_dim(dim2, input.ndim + 1)
    if i == j:
        raise RuntimeError(f"diag_embed: diagonal dimensions cannot be identical {dim1}, {dim2}")
    *rest, n = input.layout.shape
    size = n + abs(offset)
    for at in sorted((i, j)):
        rest.insert(at, size)
    return diagonals.embed(input, tuple(rest), offset, i, j)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of input on a diagonal.

    https://docs.pytorch.org/docs/stable/generated/torch.diagflat.html

    >>> from minitorch_tensor import tensor
    >>> diagflat(tensor([[1], [2]])).tolist()
    [[1, 0], [0, 2]]
    """
    return diagonals.diag(views.reshape(input, input.layout.size), offset)


def fliplr(input: Tensor) -> Tensor:
    """The columns in reverse order: dimension 1.

    https://docs.pytorch.org/docs/stable/generated/torch.fliplr.html

    Raises:
        RuntimeError: if input has fewer than 2 dimensions.
    """
    if input.ndim < 2:
        raise RuntimeError(f"fliplr: input must be >= 2-d, but got shape {input.shape}")
    return joining.flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """The rows in reverse order: dimension 0.

    https://docs.pytorch.org/docs/stable/generated/torch.flipud.html

    Raises:
        RuntimeError: if input has no dimensions.
    """
    if input.ndim < 1:
        raise RuntimeError(f"flipud: input must be >= 1-d, but got shape {input.shape}")
    return joining.flip(input, 0)


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy turned by k quarters from the first of two dimensions towards the second.

    https://docs.pytorch.org/docs/stable/generated/torch.rot90.html

    Raises:
        RuntimeError: if there are not two different dimensions, or input has fewer than 2.
        IndexError: if there is no such dimension.

    >>> from minitorch_tensor import tensor
    >>> rot90(tensor([[1, 2], [3, 4]])).tolist()
    [[2, 4], [1, 3]]
    """
    if len(dims) != 2:
        raise RuntimeError(f"rot90: expected 2 rotation dims, but got {tuple(dims)}")
    if input.ndim < 2:
        raise RuntimeError(f"rot90: expected at least 2 dimensions, but got shape {input.shape}")
    i, j = (wrap_dim(dim, input.ndim) for dim in dims)
    if i == j:
        raise RuntimeError(
            f"rot90: expected rotation dims to be different, but got {tuple(dims)} for shape "
            f"{input.shape}"
        )
    turns = k % 4
    if turns == 1:
        return views.transpose(joining.flip(input, j), i, j)
    if turns == 2:
        return joining.flip(input, i, j)
    return views.transpose(joining.flip(input, i), i, j) if turns else views.clone(input)
