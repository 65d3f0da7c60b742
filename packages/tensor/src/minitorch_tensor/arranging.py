"""More ways to look at the same memory: axes swapped or moved, ranks raised, one dimension left.

Every function here is a view of `views.py` under another name or for another set of arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from minitorch_autodiff import Variable
from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.joining import several
from minitorch_tensor.views import Dims

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def moveaxis(input: Tensor, source: Dims, destination: Dims) -> Tensor:
    """`movedim` under NumPy's name.

    https://docs.pytorch.org/docs/stable/generated/torch.moveaxis.html

    Raises:
        RuntimeError: if source and destination do not pair distinct dimensions.
        IndexError: if there is no such dimension.

    >>> from minitorch_tensor import zeros
    >>> moveaxis(zeros(2, 3, 4), 0, -1).shape
    torch.Size([3, 4, 2])
    """
    return views.movedim(input, source, destination)


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose` under NumPy's name.

    https://docs.pytorch.org/docs/stable/generated/torch.swapaxes.html

    Raises:
        IndexError: if there is no such dimension.
    """
    return views.transpose(input, axis0, axis1)


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose` under another name.

    https://docs.pytorch.org/docs/stable/generated/torch.swapdims.html

    Raises:
        IndexError: if there is no such dimension.
    """
    return views.transpose(input, dim0, dim1)


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped: of real numbers that is the conjugate transpose.

    https://docs.pytorch.org/docs/stable/generated/torch.adjoint.html

    Raises:
        RuntimeError: for a vector.

    >>> from minitorch_tensor import zeros
    >>> adjoint(zeros(2, 3, 4)).shape
    torch.Size([2, 4, 3])
    """
    return matrices_transposed("adjoint", input)


def matrices_transposed(name: str, x: Tensor) -> Tensor:
    """The last two dimensions swapped; a number as it is.

    Raises:
        RuntimeError: for a vector.
    """
    if x.ndim == 1:
        raise RuntimeError(
            f"{name}: only supported on matrices or batches of matrices, but got shape {x.shape}; "
            "unsqueeze() makes a matrix of a vector"
        )
    return views.transpose(x, -2, -1) if x.ndim else x


def matrix_transposed(name: str, x: Tensor) -> Tensor:
    """The transpose of a matrix; a number as it is.

    Raises:
        RuntimeError: for another number of dimensions.
    """
    if x.ndim not in (0, 2):
        raise RuntimeError(
            f"{name}: only supported on matrices (2-D tensors), but got shape {x.shape}; use mH "
            "for batches of matrices"
        )
    return views.transpose(x, 0, 1) if x.ndim else x


def ravel(input: Tensor) -> Tensor:
    """All elements as a vector: a view where the memory allows it, else a copy.

    https://docs.pytorch.org/docs/stable/generated/torch.ravel.html

    >>> from minitorch_tensor import zeros
    >>> ravel(zeros(2, 3)).shape
    torch.Size([6])
    """
    return views.reshape(views.contiguous(input), -1 if input.layout.size else 0)


def reshape_as(x: Tensor, other: Tensor) -> Tensor:
    """`x.reshape(other.shape)`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.reshape_as.html

    Raises:
        RuntimeError: if the number of elements differs.
    """
    return views.reshape(x, require_tensor("reshape_as", "other", other).shape)


def _raise_all(
    name: str, tensors: tuple[Tensor | Sequence[Tensor], ...], ndim: int
) -> Tensor | tuple[Tensor, ...]:
    """The tensor, or a tuple of several, with at least `ndim` dimensions each.

    Raises:
        TypeError: if something is no tensor.
    """
    found = tuple(_raise_one(x, ndim) for x in several(name, tensors))
    return found[0] if len(tensors) == 1 and isinstance(tensors[0], Variable) else found


def _raise_one(x: Tensor, ndim: int) -> Tensor:
    """x with dimensions of size 1 added: in front, but the third at the end."""
    if x.ndim >= ndim:
        return x
    while x.ndim < min(ndim, 2):
        x = views.unsqueeze(x, 0)
    return views.unsqueeze(x, -1) if ndim == 3 else x


@overload
def atleast_1d(input: Tensor, /) -> Tensor: ...
@overload
def atleast_1d(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]: ...
@overload
def atleast_1d(first: Tensor, second: Tensor, /, *rest: Tensor) -> tuple[Tensor, ...]: ...
def atleast_1d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """A number as a vector of one; other tensors as they are. Several give a tuple.

    https://docs.pytorch.org/docs/stable/generated/torch.atleast_1d.html

    Raises:
        TypeError: if something is no tensor.

    >>> from minitorch_tensor import tensor
    >>> atleast_1d(tensor(2.0))
    Tensor([2.], requires_grad=False)
    """
    return _raise_all("atleast_1d", tensors, 1)


@overload
def atleast_2d(input: Tensor, /) -> Tensor: ...
@overload
def atleast_2d(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]: ...
@overload
def atleast_2d(first: Tensor, second: Tensor, /, *rest: Tensor) -> tuple[Tensor, ...]: ...
def atleast_2d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """A vector as a row, a number as a matrix of one; others as they are. Several give a tuple.

    https://docs.pytorch.org/docs/stable/generated/torch.atleast_2d.html

    Raises:
        TypeError: if something is no tensor.

    >>> from minitorch_tensor import zeros
    >>> atleast_2d(zeros(3)).shape
    torch.Size([1, 3])
    """
    return _raise_all("atleast_2d", tensors, 2)


@overload
def atleast_3d(input: Tensor, /) -> Tensor: ...
@overload
def atleast_3d(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]: ...
@overload
def atleast_3d(first: Tensor, second: Tensor, /, *rest: Tensor) -> tuple[Tensor, ...]: ...
def atleast_3d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """A vector (n,) as (1, n, 1), a matrix (n, m) as (n, m, 1). Several tensors give a tuple.

    https://docs.pytorch.org/docs/stable/generated/torch.atleast_3d.html

    Raises:
        TypeError: if something is no tensor.

    >>> from minitorch_tensor import zeros
    >>> atleast_3d(zeros(3)).shape
    torch.Size([1, 3, 1])
    """
    return _raise_all("atleast_3d", tensors, 3)
