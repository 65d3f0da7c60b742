"""Inverse matrices and systems of linear equations.

The numbers are LAPACK's, through NumPy on the host; gradients after Giles, "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation", 2008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from minitorch_tensor import views
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
    real,
)
from minitorch_tensor.linear_algebra.results import on_lines

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

_SINGULAR_INVERSE = (
    "The diagonal element {} is zero, the inversion could not be completed because the input "
    "matrix is singular; pinv() gives a pseudoinverse"
)
_SINGULAR_SYSTEM = (
    "The solver failed because the input matrix is singular (pivot {} is zero); lstsq() gives the "
    "nearest solution"
)


class InverseInfo(NamedTuple):
    """The inverse matrices, and for each 0, or the number of the pivot that is zero."""

    inverse: Tensor
    info: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("InverseInfo", self._asdict())


class ResultInfo(NamedTuple):
    """The solutions, and for each matrix 0, or the number of the pivot that is zero."""

    result: Tensor
    info: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("ResultInfo", self._asdict())


def _inverse_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """dA = -Y^T g Y^T."""
    y, g = outputs[0].mT, grads[0]
    return [None if g is None else -(y @ g @ y)]


def _inverted(name: str, A: Tensor) -> tuple[Tensor, Info]:
    a = real(checks.squares(name, A))
    values, failed = batches.each(a, a.shape[-2:], np.linalg.inv)
    inverse = computed("LinalgInvExBackward0", [A], [values], _inverse_gradient, "y")[0]
    return inverse, batches.singular(a, failed)


def inv(A: Tensor) -> Tensor:
    """The inverse of each of a stack of square matrices, (..., n, n) -> (..., n, n).

    `solve(A, B)` is faster and more accurate than `inv(A) @ B`. The numbers are computed on the
    host by LAPACK, wherever A is.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.inv.html

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64.
        LinAlgError: if a matrix is singular.

    >>> from minitorch_tensor import tensor
    >>> inv(tensor([[2.0, 0.0], [0.0, 4.0]]))
    Tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]], requires_grad=False)
    """
    inverse, info = _inverted("linalg.inv", A)
    batches.refuse("linalg.inv", info, _SINGULAR_INVERSE)
    return inverse


def inverse(input: Tensor) -> Tensor:
    """The inverse of each matrix: an older name of `linalg.inv`.

    https://docs.pytorch.org/docs/stable/generated/torch.inverse.html

    Raises:
        RuntimeError, LinAlgError: as `linalg.inv`.
    """
    return inv(input)


def inv_ex(A: Tensor, *, check_errors: bool = False) -> InverseInfo:
    """The inverse of each matrix, and whether there is one; where there is none it is nan.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.inv_ex.html

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64.
        LinAlgError: if a matrix is singular and `check_errors`.
    """
    inverse, info = _inverted("linalg.inv_ex", A)
    if check_errors:
        batches.refuse("linalg.inv_ex", info, _SINGULAR_INVERSE)
    return InverseInfo(inverse, from_host(A, info))


def _solution_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """dB = A^-T g, dA = -dB X^T."""
    a, (x,), (g,) = inputs[0], outputs, grads
    if g is None:
        return [None, None]
    db = solve(a.mT, g)
    return [-(db @ x.mT) if a.requires_grad else None, db]


def _solved(name: str, A: Tensor, B: Tensor, left: bool) -> tuple[Tensor, Info]:
    checks.squares(name, A)
    checks.one_dtype(name, A=A, B=require_tensor(name, "B", B))
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    if vector and not left:
        raise RuntimeError(
            f"{name}: vectors (here B of shape {B.shape}) are solved for with left=True only"
        )
    b = views.unsqueeze(B, -1) if vector else B
    rows = b.shape[-2 if left else -1]
    if rows != A.shape[-1]:
        raise RuntimeError(
            f"{name}: incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'}: {A.shape} and {B.shape}"
        )
    if not left:
        solution, info = _solved(name, A.mT, b.mT, True)
        return solution.mT, info
    lead = broadcast_for(name, A.shape[:-2], b.shape[:-2])
    A, b = views.expand_to(A, (*lead, *A.shape[-2:])), views.expand_to(b, (*lead, *b.shape[-2:]))
    values, info = _solve_host(real(A), real(b))
    x = computed("LinalgSolveExBackward0", [A, b], [values], _solution_gradient)[0]
    return (views.squeeze(x, -1) if vector else x), info


def _solve_host(a: Real, b: Real) -> tuple[Real, Info]:
    n = a.shape[-1]

    def attempt(both: Real) -> Real:
        return np.linalg.solve(both[..., :n], both[..., n:])

    values, failed = batches.each(np.concatenate([a, b], -1), b.shape[-2:], attempt)
    return values, batches.singular(a, failed)


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B, or with X A = B if not `left`, for A (..., n, n) and B (..., n, k).

    B may be one vector, or a stack of vectors of the shape of A without its last dimension. Leading
    dimensions are broadcast. Computed on the host by LAPACK, wherever A is.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.solve.html

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64, or B does not fit.
        LinAlgError: if a matrix is singular.

    >>> from minitorch_tensor import tensor
    >>> solve(tensor([[2.0, 0.0], [0.0, 4.0]]), tensor([2.0, 2.0]))
    Tensor([1.0000, 0.5000], requires_grad=False)
    """
    x, info = _solved("linalg.solve", A, B, left)
    batches.refuse("linalg.solve", info, _SINGULAR_SYSTEM)
    return x


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> ResultInfo:
    """X with A X = B, and whether there is one; where A is singular it is nan.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.solve_ex.html

    Raises:
        RuntimeError: as `solve`.
        LinAlgError: if a matrix is singular and `check_errors`.
    """
    x, info = _solved("linalg.solve_ex", A, B, left)
    if check_errors:
        batches.refuse("linalg.solve_ex", info, _SINGULAR_SYSTEM)
    return ResultInfo(x, from_host(A, info))
