"""How large matrices and vectors are, and how near to singular a matrix is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import norms, pointwise, reductions, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.linear_algebra import checks
from minitorch_tensor.linear_algebra.inverses import inv_ex
from minitorch_tensor.linear_algebra.singular_values import svdvals

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Dims = int | Sequence[int] | None

_ORDERS: Final = ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


def _cast(name: str, x: Tensor, dtype: DType | None) -> Tensor:
    """x, which must be floating, as `dtype`, which must not be narrower."""
    checks.floating(name, x)
    dtypes.require(dtype)
    if dtype is None:
        return x
    if not dtype.is_floating_point:
        raise RuntimeError(f"{name}: dtype should be floating point, but got {dtype}")
    if dtypes.promote_types(x.dtype, dtype) is not dtype:
        raise RuntimeError(
            f"{name}: the dtype of the input ({x.dtype}) should be convertible without narrowing "
            f"to the specified dtype ({dtype})"
        )
    return x.to(dtype)


def vector_norm(
    x: Tensor, ord: float = 2, dim: Dims = None, keepdim: bool = False, *,
    dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """sum(|x|**ord)**(1/ord), over all or some dimensions, as if they were one.

    inf is the largest, -inf the smallest magnitude; 0 counts what is not 0. Where the norm is 0, so
    is the gradient.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html

    Raises:
        RuntimeError: if x is not floating, dtype is narrower, or there is no element to choose from
            for an infinite or negative order.
        TypeError: if the order is no number.

    >>> from minitorch_tensor import tensor
    >>> vector_norm(tensor([[3.0, 4.0], [6.0, 8.0]]), dim=1)
    Tensor([ 5., 10.], requires_grad=False)
    """
    if not isinstance(ord, (int, float)):
        raise TypeError(f"linalg.vector_norm: argument 'ord' must be a number, not {ord!r}")
    return norms.norm(_cast("linalg.vector_norm", x, dtype), ord, dim, keepdim)


def matrix_norm(
    A: Tensor, ord: float | str = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False, *,
    dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The norm of the matrices that two dimensions hold.

    "fro" is the root of the sum of squares; "nuc" the sum of the singular values; 2 and -2 the
    largest and smallest of them; 1 and -1 the largest and smallest sum of magnitudes of a column;
    inf and -inf of a row.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html

    Raises:
        RuntimeError: if A has fewer than 2 dimensions or is not floating, there is no such order,
            `dim` is no pair of different dimensions, or dtype is narrower.
        IndexError: if there is nothing to be the smallest, for a negative order.

    >>> from minitorch_tensor import tensor
    >>> matrix_norm(tensor([[1.0, -2.0], [3.0, 4.0]]), 1)
    Tensor(6.0, requires_grad=False)
    """
    name = "linalg.matrix_norm"
    if require_tensor(name, "A", A).ndim < 2:
        raise RuntimeError(
            f"{name}: the input tensor A must have at least 2 dimensions, but its shape is "
            f"{A.shape}"
        )
    if isinstance(dim, int) or len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a pair of dimensions, but got {dim}")
    i, j = wrap_dim(dim[0], A.ndim), wrap_dim(dim[1], A.ndim)
    if i == j:
        raise RuntimeError(f"{name}: the two dimensions must be different, but got dim {dim}")
    if ord not in _ORDERS:
        raise RuntimeError(f"{name}: order {ord!r} is not supported; it is one of {_ORDERS}")
    A = _cast(name, A, dtype)
    if isinstance(ord, str) and ord == "fro":
        return norms.norm(A, 2, (i, j), keepdim)
    if ord in ("nuc", 2, -2):
        y = _of_singular_values(ord, A, i, j)
    else:
        along, across = (i, j) if abs(float(ord)) == 1 else (j, i)
        sums = reductions.sum(pointwise.abs(A), along, keepdim=True)
        y = views.squeeze(_extreme(sums, across, float(ord) > 0), (i, j))
    if keepdim:
        for d in sorted((i, j)):
            y = views.unsqueeze(y, d)
    return y


def _of_singular_values(ord: float | str, A: Tensor, i: int, j: int) -> Tensor:
    matrices = checks.precise("linalg.matrix_norm", views.movedim(A, (i, j), (-2, -1)))
    s = svdvals(matrices)
    if isinstance(ord, str):
        return reductions.sum(s, -1)
    return views.squeeze(_extreme(s, s.ndim - 1, ord > 0), -1)


def _extreme(x: Tensor, dim: int, largest: bool) -> Tensor:
    """The largest or smallest along `dim`, kept; the largest of none is 0: none is negative."""
    if largest and x.shape[dim] == 0:
        return reductions.sum(x, dim, keepdim=True)
    return (reductions.amax if largest else reductions.amin)(x, dim, keepdim=True)


def linalg_norm(
    input: Tensor, ord: float | str | None = None, dim: Dims = None, keepdim: bool = False, *,
    dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The norm of vectors or of matrices: which, the order and the number of dimensions say.

    Without an order, it is the root of the sum of squares, over any dimensions.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.norm.html

    Raises:
        RuntimeError: if there is an order, but neither one nor two dimensions; and as `vector_norm`
            and `matrix_norm`.

    >>> from minitorch_tensor import tensor
    >>> linalg_norm(tensor([[3.0, 0.0], [0.0, 4.0]]), 2)
    Tensor(4.0, requires_grad=False)
    """
    if dim is not None and not isinstance(dim, int) and len(dim) not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: if dim is specified, it must be of length 1 or 2, but got {dim}"
        )
    require_tensor("linalg.norm", "input", input)
    if ord is None:
        return vector_norm(input, 2, dim, keepdim, dtype=dtype)
    if dim is None:
        if input.ndim not in (1, 2):
            raise RuntimeError(
                "linalg.norm: if dim is not specified but ord is, the input must be 1D or 2D, but "
                f"its shape is {input.shape}"
            )
        dim = tuple(range(input.ndim))
    if isinstance(ord, str) or (not isinstance(dim, int) and len(dim) == 2):
        pair = (dim,) if isinstance(dim, int) else dim
        return matrix_norm(input, ord, pair, keepdim, dtype=dtype)
    return vector_norm(input, ord, dim, keepdim, dtype=dtype)


def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False,
    dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The p-norm of the elements over all or some dimensions; for "nuc", of matrices.

    "fro" and None are 2; "nuc" is the sum of the singular values of two dimensions.
    https://docs.pytorch.org/docs/stable/generated/torch.norm.html

    Raises:
        RuntimeError: if input is not floating, p is neither a number nor "fro" nor "nuc", or `dim`
            does not suit it.

    >>> from minitorch_tensor import tensor
    >>> norm(tensor([3.0, -4.0])), norm(tensor([3.0, -4.0]), 1)
    (Tensor(5.0, requires_grad=False), Tensor(7.0, requires_grad=False))
    """
    if p != "nuc":
        return norms.norm(input, p, dim, keepdim, dtype)
    pair = tuple(range(input.ndim)) if dim is None else (dim,) if isinstance(dim, int) else dim
    return matrix_norm(input, "nuc", pair, keepdim, dtype=dtype)


def frobenius_norm(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """The root of the sum of squares over one or two dimensions; over all for an empty list.

    An older form of https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html

    Raises:
        RuntimeError: if `dim` has more than 2 dimensions, or input is not floating.
    """
    if dim is not None and not isinstance(dim, int) and len(dim) > 2:
        raise RuntimeError(f"frobenius_norm: expected at most 2 dimensions, but got dim {dim}")
    return vector_norm(input, 2, dim, keepdim)


def nuclear_norm(
    input: Tensor, dim: Sequence[int] | bool | None = None, keepdim: bool = False
) -> Tensor:
    """The sum of the singular values of matrices: the last two dimensions if none are named.

    An older form of https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html

    Raises:
        RuntimeError: if `dim` is no pair of different dimensions, or input is not floating.
    """
    if isinstance(dim, bool):  # nuclear_norm(x, True), as PyTorch has it
        return matrix_norm(input, "nuc", (-2, -1), dim)
    return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)


def cond(A: Tensor, p: float | str | None = None) -> Tensor:
    """The condition number norm(A, p) * norm(inv(A), p): inf for singular matrices.

    For p None and 2 it is the largest singular value over the smallest, for -2 the inverse of that;
    these are defined for matrices that are not square too.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.cond.html

    Raises:
        RuntimeError: if A is no stack of matrices of float32 or float64 (square ones for the other
            norms), or there is no such norm.

    >>> from minitorch_tensor import tensor
    >>> cond(tensor([[1.0, 0.0], [0.0, -4.0]]))
    Tensor(4.0, requires_grad=False)
    """
    if p is not None and p not in _ORDERS:
        raise RuntimeError(f"linalg.cond: got an invalid norm type: {p!r}; it is one of {_ORDERS}")
    checks.matrices("linalg.cond", A)
    if isinstance(p, str):
        checks.squares(f"linalg.cond(p={p!r})", A)
    if A.layout.size == 0:
        return reductions.sum(A, (-2, -1))
    if p in (None, 2, -2):
        s = svdvals(A)
        first, last = views.select(s, -1, 0), views.select(s, -1, -1)
        return last / first if p == -2 else first / last
    checks.squares(f"linalg.cond(p={p!r})", A)
    order = "fro" if p is None else p
    inverse, info = inv_ex(A)
    y = matrix_norm(A, order) * matrix_norm(_finite(inverse, info), order)
    return pointwise.where(pointwise.ne(info, 0), math.inf, y)


def _finite(inverse: Tensor, info: Tensor) -> Tensor:
    """0 where there is no inverse: nan would stop the singular values."""
    failed = views.unsqueeze(views.unsqueeze(pointwise.ne(info, 0), -1), -1)
    return pointwise.where(failed, 0.0, inverse)
