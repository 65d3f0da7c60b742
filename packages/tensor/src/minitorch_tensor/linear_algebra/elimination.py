"""Gauss' elimination A = P L U, and systems solved by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, overload

import numpy as np

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import joining, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.conversion import from_host, host_array
from minitorch_tensor.linear_algebra import batches, checks
from minitorch_tensor.linear_algebra.batches import Info
from minitorch_tensor.linear_algebra.recorded import (
    Gradients,
    Tensors,
    computed,
    eye,
    real,
)
from minitorch_tensor.linear_algebra.results import on_lines
from minitorch_tensor.linear_algebra.triangles import solve_triangular

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class PLU(NamedTuple):
    """The permutation matrix, the lower triangle with ones on its diagonal, the upper one."""

    P: Tensor
    L: Tensor
    U: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("PLU", self._asdict())


class LUFactor(NamedTuple):
    """L below and U on and above the diagonal, and the row swaps, counted from 1."""

    LU: Tensor
    pivots: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("LUFactor", self._asdict())


class LUFactorInfo(NamedTuple):
    """As `LUFactor`; and for each matrix 0, or the number of the first pivot that is zero."""

    LU: Tensor
    pivots: Tensor
    info: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("LUFactorInfo", self._asdict())


def _lower(lu: Tensor) -> Tensor:
    """L of L and U in one matrix: (..., m, k), with ones on the diagonal."""
    m, n = lu.shape[-2:]
    k = min(m, n)
    return joining.tril(views.narrow(lu, -1, 0, k), -1) + eye(lu, m, k)


def _upper(lu: Tensor) -> Tensor:
    """U of L and U in one matrix: (..., k, n)."""
    return joining.triu(views.narrow(lu, -2, 0, min(lu.shape[-2:])))


def _lu_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """P L^-T (tril(L^T gL, -1) + triu(gU U^T)) U^-T for square matrices.

    Of a wide one the columns on the right are U2 = L^-1 P^T A2, of a tall one the rows below are
    L2 = A2 U^-1: their gradients go through these equations. (de Hoog, Anderssen, Lukas,
    "Differentiation of matrix functionals using triangular factorization", 2011)
    """
    (lu,), (g,) = outputs, grads
    if g is None:
        return [None]
    m, n = lu.shape[-2:]
    k = min(m, n)
    low, up = _lower(lu), _upper(lu)
    gl, gu = joining.tril(views.narrow(g, -1, 0, k), -1), joining.triu(views.narrow(g, -2, 0, k))
    low1, up1 = views.narrow(low, -2, 0, k), views.narrow(up, -1, 0, k)
    gl1, gu1 = views.narrow(gl, -2, 0, k), views.narrow(gu, -1, 0, k)
    parts: list[Tensor] = []
    if n > m:
        gu2, up2 = views.narrow(gu, -1, k, n - k), views.narrow(up, -1, k, n - k)
        ga2 = solve_triangular(low1.mT, gu2, upper=True, unitriangular=True)
        gl1 = gl1 - ga2 @ up2.mT
        parts.append(ga2)
    if m > n:
        gl2, low2 = views.narrow(gl, -2, k, m - k), views.narrow(low, -2, k, m - k)
        ga2 = solve_triangular(up1.mT, gl2, upper=False, left=False)
        gu1 = gu1 - low2.mT @ ga2
        parts.append(ga2)
    inner = joining.tril(low1.mT @ gl1, -1) + joining.triu(gu1 @ up1.mT)
    half = solve_triangular(low1.mT, inner, upper=True, unitriangular=True)
    ga1 = solve_triangular(up1.mT, half, upper=False, left=False)
    return [joining.cat([ga1, *parts], -1 if n > m else -2)]


def _factored(name: str, A: Tensor, pivot: bool) -> tuple[Tensor, batches.Factors]:
    """L and U in one matrix, and LAPACK's view of it. The gradient lacks P: see `lu_factor_ex`."""
    checks.matrices(name, A)
    if not pivot:
        raise RuntimeError(
            f"{name}: LU without pivoting is not implemented on the CPU, where the numbers are "
            "computed; use pivot=True"
        )
    found = batches.factorise(real(A))
    order = batches.permutation(found.pivots, A.shape[-2])
    matrix = _permutation(A, order)

    def gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
        """That of P^T A, carried back to the rows of A."""
        (inner,) = _lu_gradient(inputs, outputs, grads)
        return [None if inner is None else matrix @ inner]

    return computed("LinalgLuFactorExBackward0", [A], [found.lu], gradient, "y")[0], found


def _permutation(like: Tensor, order: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Tensor:
    """P with (P^T A)[i] = A[order[i]]."""
    unit = np.eye(order.shape[-1], dtype=like.dtype.numpy)
    return from_host(like, np.swapaxes(unit[order], -1, -2))


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> LUFactorInfo:
    """L and U of A = P L U in one matrix, the row swaps, and whether a pivot is zero.

    NumPy does not show LAPACK's factors: these are computed on the host, a column at a time.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.lu_factor_ex.html

    Raises:
        RuntimeError: if A is no stack of matrices of float32 or float64, or not `pivot`.
        LinAlgError: if a pivot is zero and `check_errors`.
    """
    lu, found = _factored("linalg.lu_factor_ex", A, pivot)
    if check_errors:
        _refuse_zero("linalg.lu_factor_ex", found.info)
    return LUFactorInfo(lu, from_host(A, found.pivots), from_host(A, found.info))


def _refuse_zero(name: str, info: Info) -> None:
    batches.refuse(
        name, info,
        "U[{0},{0}] is zero (counted from 1), and using it in lu_solve would result in a division "
        "by zero; lu() and lu_factor_ex() give the factors all the same",
    )  # fmt: skip


def lu_factor(A: Tensor, *, pivot: bool = True) -> LUFactor:
    """L and U of A = P L U in one matrix, and the row swaps, for `lu_solve`.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.lu_factor.html

    Raises:
        RuntimeError: if A is no stack of matrices of float32 or float64, or not `pivot`.
        LinAlgError: if a pivot is zero.

    >>> from minitorch_tensor import tensor
    >>> lu_factor(tensor([[1.0, 2.0], [2.0, 2.0]])).LU
    Tensor([[2.0000, 2.0000],
            [0.5000, 1.0000]], requires_grad=False)
    """
    lu, found = _factored("linalg.lu_factor", A, pivot)
    _refuse_zero("linalg.lu_factor", found.info)
    return LUFactor(lu, from_host(A, found.pivots))


def linalg_lu(A: Tensor, *, pivot: bool = True) -> PLU:
    """P L U = A: P (..., m, m) a permutation, L (..., m, k) and U (..., k, n) triangular.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.lu.html

    Raises:
        RuntimeError: if A is no stack of matrices of float32 or float64, or not `pivot`.
    """
    lu, found = _factored("linalg.lu", A, pivot)
    order = batches.permutation(found.pivots, A.shape[-2])
    return PLU(_permutation(A, order), _lower(lu), _upper(lu))


@overload
def lu(
    A: Tensor, pivot: bool = True, get_infos: Literal[False] = False
) -> tuple[Tensor, Tensor]: ...
@overload
def lu(
    A: Tensor, pivot: bool = True, *, get_infos: Literal[True]
) -> tuple[Tensor, Tensor, Tensor]: ...
def lu(
    A: Tensor, pivot: bool = True, get_infos: bool = False
) -> tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]:
    """L and U in one matrix, and the row swaps: an older form of `linalg.lu_factor_ex`.

    https://docs.pytorch.org/docs/stable/generated/torch.lu.html

    Raises:
        RuntimeError: as `linalg.lu_factor_ex`.
        LinAlgError: if a pivot is zero and not `get_infos`.
    """
    factors, pivots, info = lu_factor_ex(A, pivot=pivot, check_errors=not get_infos)
    return (factors, pivots, info) if get_infos else (factors, pivots)


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> PLU:
    """P, L and U, given what `lu_factor` gives; empty tensors for what is not asked for.

    https://docs.pytorch.org/docs/stable/generated/torch.lu_unpack.html

    Raises:
        RuntimeError: if the pivots are not int32, or do not fit the matrices.
    """
    checks.matrices("lu_unpack", LU_data, "LU_data")
    p = low = up = LU_data._full((0,), 0.0, LU_data.dtype)
    if unpack_pivots:
        p = _permutation(LU_data, _order("lu_unpack", LU_data, LU_pivots))
    if unpack_data:
        low, up = _lower(LU_data), _upper(LU_data)
    return PLU(p, low, up)


def _order(
    name: str, lu: Tensor, pivots: Tensor
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The order of rows that row swaps give, for swaps that fit."""
    m, n = lu.shape[-2:]
    if require_tensor(name, "pivots", pivots).dtype is not dtypes.int32:
        raise RuntimeError(
            f"{name}: expected int32 pivots, as lu_factor gives, but got {pivots.dtype}"
        )
    swaps = host_array(pivots).astype(np.int32)
    if swaps.shape != (*lu.shape[:-2], min(m, n)) or (
        swaps.size and (swaps.min() < 1 or swaps.max() > m)
    ):
        raise RuntimeError(
            f"{name}: expected pivots of shape {(*lu.shape[:-2], min(m, n))} with numbers from 1 "
            f"to {m} for matrices of shape {lu.shape}, but got {pivots.shape}"
        )
    return batches.permutation(swaps, m)


def linalg_lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False
) -> Tensor:
    """X with A X = B (X A = B if not `left`; A^T instead of A if `adjoint`), given A's factors.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.lu_solve.html

    Raises:
        RuntimeError: if the factors are not square, or pivots or B do not fit.
    """
    name = "linalg.lu_solve"
    checks.squares(name, LU, "LU")
    checks.matrices(name, B, "B")
    if not left:  # X A = B is A^T X^T = B^T
        return linalg_lu_solve(LU, pivots, B.mT, adjoint=not adjoint).mT
    p = _permutation(LU, _order(name, LU, pivots))
    if adjoint:  # A^T = U^T L^T P^T
        half = solve_triangular(LU.mT, B, upper=False)
        return p @ solve_triangular(LU.mT, half, upper=True, unitriangular=True)
    half = solve_triangular(LU, p.mT @ B, upper=False, unitriangular=True)
    return solve_triangular(LU, half, upper=True)


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """X with A X = b, given A's factors: an older form of `linalg.lu_solve`.

    https://docs.pytorch.org/docs/stable/generated/torch.lu_solve.html

    Raises:
        RuntimeError: as `linalg.lu_solve`.
    """
    return linalg_lu_solve(LU_data, LU_pivots, b)
