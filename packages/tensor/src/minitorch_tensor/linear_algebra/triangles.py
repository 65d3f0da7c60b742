"""Triangular systems, and Cholesky's factorisation A = L L^T."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from minitorch_tensor import joining, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.conversion import from_host
from minitorch_tensor.layout import broadcast_for
from minitorch_tensor.linear_algebra import batches, checks
from minitorch_tensor.linear_algebra.batches import Info
from minitorch_tensor.linear_algebra.recorded import (
    Gradients,
    Real,
    Tensors,
    computed,
    eye,
    real,
)
from minitorch_tensor.linear_algebra.results import on_lines

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class FactorInfo(NamedTuple):
    """Cholesky factors, and for each 0, or the order of the minor that is not positive."""

    L: Tensor
    info: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("FactorInfo", self._asdict())


class TriangularSolution(NamedTuple):
    """The solution, and a copy of the triangular matrix."""

    solution: Tensor
    cloned_coefficient: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("TriangularSolution", self._asdict())


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """X with A X = B, or with X A = B if not `left`, where only one triangle of A is read.

    A is (..., n, n), B (..., n, k), leading dimensions broadcast. A zero on the diagonal gives
    infinities and nans, no error. Computed on the host, wherever A is.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html

    Args:
        A: the triangular matrices.
        B: the right sides.
        upper: whether the upper triangle is meant.
        left: whether A stands on the left of X.
        unitriangular: whether the diagonal is taken to be 1, whatever it holds.

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64, or B does not fit.

    >>> from minitorch_tensor import tensor
    >>> solve_triangular(tensor([[2.0, 1.0], [0.0, 4.0]]), tensor([[4.0], [8.0]]), upper=True)
    Tensor([[1.],
            [2.]], requires_grad=False)
    """
    name = "linalg.solve_triangular"
    checks.squares(name, A)
    checks.matrices(name, B, "B")
    checks.one_dtype(name, A=A, B=B)
    if B.shape[-2 if left else -1] != A.shape[-1]:
        raise RuntimeError(
            f"{name}: incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'}: {A.shape} and {B.shape}"
        )
    if not left:
        return solve_triangular(A.mT, B.mT, upper=not upper, unitriangular=unitriangular).mT
    lead = broadcast_for(name, A.shape[:-2], B.shape[:-2])
    a, b = views.expand_to(A, (*lead, *A.shape[-2:])), views.expand_to(B, (*lead, *B.shape[-2:]))

    def gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
        """dB = A^-T g, dA = the triangle of -dB X^T."""
        a, (x,), (g,) = inputs[0], outputs, grads
        if g is None:
            return [None, None]
        db = solve_triangular(a.mT, g, upper=not upper, unitriangular=unitriangular)
        if not a.requires_grad:
            return [None, db]
        full, inside = -(db @ x.mT), int(unitriangular)
        return [joining.triu(full, inside) if upper else joining.tril(full, -inside), db]

    values = batches.triangular(real(a), real(b), upper, unitriangular)
    return computed("LinalgSolveTriangularBackward0", [a, b], [values], gradient)[0]


def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolution:
    """X with A X = b, or A^T X = b: an older form of `linalg.solve_triangular`.

    https://docs.pytorch.org/docs/stable/generated/torch.triangular_solve.html

    Raises:
        RuntimeError: as `linalg.solve_triangular`.
    """
    checks.squares("triangular_solve", A)
    x = solve_triangular(
        A.mT if transpose else A, b, upper=upper != transpose, unitriangular=unitriangular
    )
    lead = x.shape[:-2]
    return TriangularSolution(x, views.clone(views.expand_to(A, (*lead, *A.shape[-2:]))))


_NOT_POSITIVE = (
    "The factorization could not be completed because the input is not positive-definite (the "
    "leading minor of order {} is not positive-definite)"
)


def _cholesky_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """dA = L^-T P L^-1, where P is L^T g with its lower triangle mirrored into the upper one."""
    (lower,), (g,) = outputs, grads
    if g is None:
        return [None]
    product = joining.tril(lower.mT @ g)
    mirrored = (product + joining.tril(product, -1).mT) * 0.5
    half = solve_triangular(lower.mT, mirrored, upper=True)
    return [solve_triangular(lower, half, upper=False, left=False)]


def _cholesky_host(a: Real) -> tuple[Real, Info]:
    values, failed = batches.each(a, a.shape[-2:], np.linalg.cholesky)
    info = np.zeros(failed.shape, np.int32)
    for index in map(tuple, np.argwhere(failed)):
        order = 1
        while _positive(a[index][:order, :order]):
            order += 1
        info[index] = order
    return values, info


def _positive(a: Real) -> bool:
    try:
        np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        return False
    return True


def _cholesky(name: str, A: Tensor, upper: bool) -> tuple[Tensor, Info]:
    a = real(checks.squares(name, A))
    values, info = _cholesky_host(a.swapaxes(-1, -2) if upper else a)
    factor = computed("LinalgCholeskyExBackward0", [A], [values], _cholesky_gradient, "y")[0]
    return (factor.mT if upper else factor), info


def linalg_cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """L, lower triangular with a positive diagonal, with L L^T = A; or its transpose if `upper`.

    Only one triangle of A is read, the other is taken to be its mirror image. Computed on the host
    by LAPACK, wherever A is.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.cholesky.html

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64.
        LinAlgError: if a matrix is not positive-definite.

    >>> from minitorch_tensor import tensor
    >>> linalg_cholesky(tensor([[4.0, 2.0], [2.0, 5.0]]))
    Tensor([[2., 0.],
            [1., 2.]], requires_grad=False)
    """
    factor, info = _cholesky("linalg.cholesky", A, upper)
    batches.refuse("linalg.cholesky", info, _NOT_POSITIVE)
    return factor


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> FactorInfo:
    """Cholesky's factor of each matrix, and whether there is one; where there is none it is nan.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.cholesky_ex.html

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64.
        LinAlgError: if a matrix is not positive-definite and `check_errors`.
    """
    factor, info = _cholesky("linalg.cholesky_ex", A, upper)
    if check_errors:
        batches.refuse("linalg.cholesky_ex", info, _NOT_POSITIVE)
    return FactorInfo(factor, from_host(A, info))


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """Cholesky's factor of each matrix: an older form of `linalg.cholesky`.

    https://docs.pytorch.org/docs/stable/generated/torch.cholesky.html

    Raises:
        RuntimeError, LinAlgError: as `linalg.cholesky`.
    """
    return linalg_cholesky(input, upper=upper)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A X = B, given Cholesky's factor of A: A = L L^T, or L^T L if `upper`.

    https://docs.pytorch.org/docs/stable/generated/torch.cholesky_solve.html

    Raises:
        RuntimeError: as `linalg.solve_triangular`.
    """
    require_tensor("cholesky_solve", "L", L)
    checks.squares("cholesky_solve", L, "L")
    lower = L.mT if upper else L
    half = solve_triangular(lower, B, upper=False)
    return solve_triangular(lower.mT, half, upper=True)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, given its Cholesky factor: A = L L^T, or L^T L if `upper`.

    https://docs.pytorch.org/docs/stable/generated/torch.cholesky_inverse.html

    Raises:
        RuntimeError: if L is no stack of square matrices of float32 or float64.
    """
    checks.squares("cholesky_inverse", L, "L")
    return cholesky_solve(eye(L, L.shape[-1]), L, upper)
