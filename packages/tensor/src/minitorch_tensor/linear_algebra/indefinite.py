"""Symmetric matrices that are not positive-definite: A = L D L^T, with blocks of 1 or 2 in D.

LAPACK's sytf2 and sytrs, which NumPy does not show, a matrix at a time on the host. (Bunch and
Kaufman, "Some stable methods for calculating inertia and solving symmetric linear systems", 1977)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.conversion import from_host, host_array
from minitorch_tensor.layout import broadcast_for
from minitorch_tensor.linear_algebra import batches, checks
from minitorch_tensor.linear_algebra.recorded import (
    Gradients,
    Real,
    Tensors,
    computed,
    real,
    undifferentiable,
)
from minitorch_tensor.linear_algebra.results import on_lines

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Pivots = NDArray[np.int32]

_ALPHA: Final = (1 + math.sqrt(17)) / 8  # bounds the growth of blocks of 1 and of 2 alike


class LDLFactor(NamedTuple):
    """L below and D on and beside the diagonal, and the swaps, negative for blocks of 2."""

    LD: Tensor
    pivots: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("LDLFactor", self._asdict())


class LDLFactorInfo(NamedTuple):
    """As `LDLFactor`; and for each matrix 0, or the number of the first pivot that is zero."""

    LD: Tensor
    pivots: Tensor
    info: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("LDLFactorInfo", self._asdict())


def _pivot(a: Real, k: int) -> tuple[int, int]:
    """Which row to swap into place, and the size of the block of D: 1 or 2."""
    size = np.abs(a[k, k])
    column = np.abs(a[k + 1 :, k])
    if column.size == 0 or not (size < _ALPHA * column.max()):
        return k, 1
    at = k + 1 + int(column.argmax())
    row = max(np.abs(a[at, k:at]).max(), np.abs(a[at + 1 :, at]).max(initial=0.0))
    if size >= _ALPHA * column.max() * (column.max() / row):
        return k, 1
    return at, (1 if np.abs(a[at, at]) >= _ALPHA * row else 2)


def _swap(a: Real, i: int, j: int) -> None:
    """Swap rows and columns i < j of the symmetric matrix whose lower triangle a[i:, i:] holds."""
    a[[i, j], [i, j]] = a[[j, i], [j, i]]
    a[j + 1 :, [i, j]] = a[j + 1 :, [j, i]]
    a[i + 1 : j, i], a[j, i + 1 : j] = a[j, i + 1 : j].copy(), a[i + 1 : j, i].copy()


def _factorise(a: Real, pivots: Pivots) -> int:
    """Overwrite the lower triangle of a by L and D; the number of the first zero pivot, or 0."""
    n, k, info = len(a), 0, 0
    while k < n:
        if k + 1 == n or not a[k + 1 :, k].any():  # nothing to eliminate
            if a[k, k] == 0 and not info:
                info = k + 1
            pivots[k], k = k + 1, k + 1
            continue
        row, block = _pivot(a, k)
        last = k + block - 1
        if row != last:
            _swap(a, last, row)
            if block == 2:
                a[[last, row], k] = a[[row, last], k]
        rest = slice(last + 1, n)
        d = np.tril(a[k : last + 1, k : last + 1])
        d = d + np.tril(d, -1).T
        below = a[rest, k : last + 1].copy()
        scaled = below @ np.linalg.inv(d) if block == 2 else below / d
        a[rest, rest] -= np.tril(scaled @ below.T)
        a[rest, k : last + 1] = scaled
        pivots[k : last + 1] = -(row + 1) if block == 2 else row + 1
        k = last + 1
    return info


def _solve(a: Real, pivots: Pivots, x: Real) -> None:
    """Overwrite x by the solution: L, D and L^T in turn, each swap where it was made."""
    n, k = len(a), 0
    blocks: list[tuple[int, int]] = []
    while k < n:
        last = k if pivots[k] > 0 else k + 1
        row = abs(int(pivots[k])) - 1
        x[[last, row]] = x[[row, last]]
        x[last + 1 :] -= a[last + 1 :, k : last + 1] @ x[k : last + 1]
        d = np.tril(a[k : last + 1, k : last + 1])
        x[k : last + 1] = (
            x[k] / d[0, 0] if k == last else np.linalg.solve(d + np.tril(d, -1).T, x[k : last + 1])
        )
        blocks.append((k, last))
        k = last + 1
    for k, last in reversed(blocks):
        x[k : last + 1] -= a[last + 1 :, k : last + 1].T @ x[last + 1 :]
        row = abs(int(pivots[k])) - 1
        x[[last, row]] = x[[row, last]]


def ldl_factor_ex(
    A: Tensor, *, hermitian: bool = False, check_errors: bool = False
) -> LDLFactorInfo:
    """L and D of A = L D L^T in one matrix, the swaps, and whether a pivot is zero.

    A is symmetric; only its lower triangle is read. D is diagonal but for blocks of 2 by 2.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.ldl_factor_ex.html

    Args:
        A: the matrices, (..., n, n).
        hermitian: for real matrices the same as symmetric.
        check_errors: whether to raise for a zero pivot.

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64; in backward, since
            PyTorch has no derivative either.
        LinAlgError: if a pivot is zero and `check_errors`.
    """
    return _factored("linalg.ldl_factor_ex", A, check_errors)


def _factored(name: str, A: Tensor, check_errors: bool) -> LDLFactorInfo:
    a = np.tril(real(checks.squares(name, A)))
    pivots = np.empty(a.shape[:-1], np.int32)
    info = np.zeros(a.shape[:-2], np.int32)
    with np.errstate(all="ignore"):
        for index in np.ndindex(*a.shape[:-2]):
            info[index] = _factorise(a[index], pivots[index])
    if check_errors:
        batches.refuse(
            name, info, "The diagonal block {} is zero, so that ldl_solve would divide by zero"
        )
    text = "linalg.ldl_factor: the derivative is not implemented, in PyTorch neither; use solve()"
    ld = computed("LinalgLdlFactorExBackward0", [A], [a], undifferentiable(text), "")[0]
    return LDLFactorInfo(ld, from_host(A, pivots), from_host(A, info))


def ldl_factor(A: Tensor, *, hermitian: bool = False) -> LDLFactor:
    """L and D of A = L D L^T in one matrix, and the swaps, for `ldl_solve`.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.ldl_factor.html

    Raises:
        RuntimeError: as `ldl_factor_ex`.
        LinAlgError: if a pivot is zero.

    >>> from minitorch_tensor import tensor
    >>> ldl_factor(tensor([[0.0, 1.0], [1.0, 0.0]])).pivots
    Tensor([-2, -2], dtype=int32, requires_grad=False)
    """
    return LDLFactor(*_factored("linalg.ldl_factor", A, True)[:2])


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """X with A X = B, given what `ldl_factor` gives of the symmetric A.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.ldl_solve.html

    Raises:
        RuntimeError: if shapes or dtypes do not fit; in backward, if LD requires a gradient.
    """
    name = "linalg.ldl_solve"
    checks.squares(name, LD, "LD")
    checks.matrices(name, require_tensor(name, "B", B), "B")
    checks.one_dtype(name, LD=LD, B=B)
    n = LD.shape[-1]
    if (
        require_tensor(name, "pivots", pivots).dtype.kind != "int"
        or pivots.shape != LD.shape[:-1]
        or B.shape[-2] != n
    ):
        raise RuntimeError(
            f"{name}: expected LD (..., n, n), integer pivots (..., n) and B (..., n, k), but got "
            f"shapes {LD.shape}, {pivots.shape} and {B.shape}"
        )
    lead = broadcast_for(name, LD.shape[:-2], B.shape[:-2])
    swaps = host_array(pivots).astype(np.int32)
    if swaps.size and (np.abs(swaps).min() < 1 or np.abs(swaps).max() > n):
        raise RuntimeError(f"{name}: the pivots must be numbers from 1 to {n}, or their negatives")
    a = views.expand_to(LD, (*lead, n, n))
    b = views.expand_to(B, (*lead, *B.shape[-2:]))
    order = views.expand_to(pivots, (*lead, n))

    def gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
        """dB = A^-1 g, for A is symmetric."""
        if inputs[0].requires_grad:
            raise RuntimeError(f"{name}: the derivative by LD is not implemented; use solve()")
        return [None, None if grads[0] is None else ldl_solve(inputs[0], order, grads[0])]

    matrices, x = real(a), np.array(real(b))
    numbers = np.broadcast_to(swaps, (*lead, n))
    with np.errstate(all="ignore"):
        for index in np.ndindex(*lead):
            _solve(matrices[index], numbers[index], x[index])
    return computed("LinalgLdlSolveBackward0", [a, b], [x], gradient, "x")[0]
