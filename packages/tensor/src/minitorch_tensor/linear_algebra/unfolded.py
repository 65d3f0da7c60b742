"""Tensors seen as matrices: systems of them, their inverses, Vandermonde's matrix, diagonals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import diagonals, joining, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.dtype import int64
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.linear_algebra.inverses import inv, solve

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of A as a map from its last dimensions to its first `ind` ones.

    tensordot(tensorinv(A, ind), B, ind) is `tensorsolve(A, B)` for B of the shape A.shape[:ind].
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.tensorinv.html

    Raises:
        RuntimeError: if `ind` is not positive, or the two halves have different sizes.
        LinAlgError: if the map is singular.

    >>> from minitorch_tensor import eye
    >>> tensorinv(eye(4).reshape(2, 2, 4)).shape
    torch.Size([4, 2, 2])
    """
    require_tensor("linalg.tensorinv", "A", A)
    if ind <= 0:
        raise RuntimeError(f"linalg.tensorinv: expected a positive `ind`, but got {ind}")
    first, last = A.shape[:ind], A.shape[ind:]
    rows, columns = math.prod(first), math.prod(last)
    if rows != columns:
        raise RuntimeError(
            "linalg.tensorinv: the first and last dimensions must have as many elements, but "
            f"{tuple(first)} has {rows} and {tuple(last)} has {columns} (shape {A.shape}, ind "
            f"{ind})"
        )
    return views.reshape(inv(views.reshape(A, (rows, columns))), (*last, *first))


def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B: the last dimensions of A are summed.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.tensorsolve.html

    Args:
        A: the coefficients, of the shape of B, and then that of X.
        B: the right side.
        dims: dimensions of A to move to its end first.

    Raises:
        RuntimeError: if the sizes do not fit.
        LinAlgError: if the system is singular.

    >>> from minitorch_tensor import eye, ones
    >>> tensorsolve(eye(6).reshape(2, 3, 6), ones(2, 3))
    Tensor([1., 1., 1., 1., 1., 1.], requires_grad=False)
    """
    require_tensor("linalg.tensorsolve", "B", B)
    if dims is not None:
        moved = [wrap_dim(d, A.ndim) for d in dims]
        A = views.movedim(A, moved, list(range(A.ndim - len(moved), A.ndim)))
    first, last = A.shape[: B.ndim], A.shape[B.ndim :]
    rows, columns = math.prod(first), math.prod(last)
    if rows != columns or rows != B.layout.size:
        raise RuntimeError(
            f"linalg.tensorsolve: A of shape {A.shape} must have a shape of {B.layout.size} "
            f"elements, like B {B.shape}, and then the shape of X with as many"
        )
    x = solve(views.reshape(A, (rows, columns)), views.reshape(B, (rows,)))
    return views.reshape(x, last)


def vander(x: Tensor, N: int | None = None) -> Tensor:
    """Rows 1, x, x^2, ..., x^(N-1): (..., n) -> (..., n, N), with N = n if omitted.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.vander.html

    Raises:
        RuntimeError: if N is less than 2, or x is bool.

    >>> from minitorch_tensor import tensor
    >>> vander(tensor([1, 2, 3]))
    Tensor([[1, 1, 1],
            [1, 2, 4],
            [1, 3, 9]], requires_grad=False)
    """
    require_tensor("linalg.vander", "x", x)
    if x.dtype.kind == "bool":
        raise RuntimeError("linalg.vander: not defined for bool tensors; use .int()")
    count = (x.shape[-1] if x.ndim else 1) if N is None else N
    if count <= 1:
        raise RuntimeError(f"linalg.vander: N must be greater than 1, but it is {count}")
    x = x if x.dtype.is_floating_point else x.to(int64)
    powers = [x._full(x.shape, 1, x.dtype), x]
    while len(powers) < count:
        powers.append(powers[-1] * x)
    return joining.stack(powers, -1)


def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices as a view, by default of the last two dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.diagonal.html

    Raises:
        RuntimeError: if the two dimensions are one.
        IndexError: if there is no such dimension.
    """
    return diagonals.diagonal(A, offset, dim1, dim2)
