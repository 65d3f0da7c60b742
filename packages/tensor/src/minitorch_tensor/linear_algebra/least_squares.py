"""Matrices without an inverse: ranks, pseudoinverses, and the nearest solutions of systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_autodiff import Variable
from minitorch_tensor import pointwise, reductions, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.conversion import from_host, host_array
from minitorch_tensor.layout import broadcast_for
from minitorch_tensor.linear_algebra import checks
from minitorch_tensor.linear_algebra.checks import LinAlgError
from minitorch_tensor.linear_algebra.eigenvalues import eigh, eigvalsh
from minitorch_tensor.linear_algebra.recorded import (
    Gradients,
    Real,
    Tensors,
    computed,
    real,
)
from minitorch_tensor.linear_algebra.results import on_lines
from minitorch_tensor.linear_algebra.singular_values import linalg_svd, svdvals

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class LeastSquares(NamedTuple):
    """The solution, and, where the driver knows them, residuals, ranks and singular values."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("LeastSquares", self._asdict())


def _number(limit: float | Tensor) -> NDArray[np.float64]:
    """A limit on the host, one for each matrix of a stack, or one for all."""
    if isinstance(limit, Variable):
        return host_array(limit).astype(np.float64)
    return np.asarray(limit, np.float64)


def _limit(
    A: Tensor,
    largest: NDArray[np.float64],
    atol: float | Tensor | None,
    rtol: float | Tensor | None,
) -> NDArray[np.float64]:
    """max(atol, rtol * largest): below it a singular value counts as 0.

    rtol is eps * max(m, n) if it is not given, and no atol above 0 is.
    """
    absolute = np.asarray(0.0) if atol is None else _number(atol)
    if rtol is None:
        usual = float(np.finfo(A.dtype.name).eps) * max(A.shape[-2:])
        relative = np.where(absolute > 0, 0.0, usual)
    else:
        relative = _number(rtol)
    return np.maximum(absolute, relative * largest)


def _largest(s: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.max(s, axis=-1, initial=0.0), np.float64)


def matrix_rank(
    A: Tensor,
    tol: float | Tensor | None = None,
    hermitian: bool = False,
    *,
    atol: float | Tensor | None = None,
    rtol: float | Tensor | None = None,
) -> Tensor:
    """How many singular values are above a limit: max(atol, rtol * the largest one).

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html

    Args:
        A: the matrices, (..., m, n).
        tol: an older name of `atol`.
        hermitian: whether A is symmetric, so that eigenvalues serve; only its lower triangle is
            read.
        atol: the absolute limit, 0 if omitted; a number, or a tensor with one for each matrix.
        rtol: the relative limit; eps * max(m, n) if omitted, but 0 beside an atol above 0.

    Raises:
        RuntimeError: if A is no stack of matrices of float32 or float64.
        LinAlgError: if it is not finite.

    >>> from minitorch_tensor import eye, ones
    >>> matrix_rank(eye(3)).item(), matrix_rank(ones(3, 3)).item()
    (3, 1)
    """
    checks.matrices("linalg.matrix_rank", A)
    A = A.detach()
    s = pointwise.abs(eigvalsh(A)) if hermitian else svdvals(A)
    sizes = host_array(s).astype(np.float64)
    limit = _limit(A, _largest(sizes), tol if atol is None else atol, rtol)
    return from_host(A, np.asarray((sizes > limit[..., None]).sum(-1), np.int64))


def _pseudoinverse_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """Golub and Pereyra, "The differentiation of pseudo-inverses ...", 1973, for constant rank.

    dA = -P^T g P^T + (I - A P) g^T P P^T + P^T P g^T (I - P A), ordered by the smaller side.
    """
    (a,), (p,), (g,) = inputs, outputs, grads
    if g is None:
        return [None]
    m, n = a.shape[-2:]
    gt, pt = g.mT, p.mT
    if m <= n:
        k = gt @ p
        kpt = k @ pt
        return [-(p @ k).mT + kpt - (a @ p) @ kpt + (pt @ p) @ (gt - k @ a)]
    k = p @ gt
    ptk = pt @ k
    return [-(k @ p).mT + (gt - a @ k) @ p @ pt + ptk - (ptk @ p) @ a]


def pinv(
    A: Tensor,
    rcond: float | Tensor | None = None,
    hermitian: bool = False,
    *,
    atol: float | Tensor | None = None,
    rtol: float | Tensor | None = None,
) -> Tensor:
    """The pseudoinverse of each matrix, (..., m, n) -> (..., n, m), of Moore and Penrose.

    With A = U diag(S) V^T it is V diag(1 / S) U^T, and 0 instead of 1 / S for each singular value
    that is not above the limit of `matrix_rank`.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.pinv.html

    Args:
        A: the matrices.
        rcond: an older name of `rtol`.
        hermitian: whether A is symmetric; then only its lower triangle is read.
        atol: the absolute limit.
        rtol: the relative limit.

    Raises:
        RuntimeError: if A is no stack of matrices of float32 or float64.
        LinAlgError: if it is not finite.

    >>> from minitorch_tensor import tensor
    >>> pinv(tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    Tensor([[0.5000, 0.0000],
            [0.0000, 0.0000],
            [0.0000, 0.0000]], requires_grad=False)
    """
    checks.matrices("linalg.pinv", A)
    rtol = rcond if rtol is None else rtol
    if hermitian:
        values, v = eigh(checks.squares("linalg.pinv", A))
        sizes = np.abs(real(values)).astype(np.float64)
        small = from_host(A, sizes <= _limit(A, _largest(sizes), atol, rtol)[..., None])
        inverse = pointwise.where(small, 0.0, 1.0 / pointwise.where(small, 1.0, values))
        return (v * views.unsqueeze(inverse, -2)) @ v.mT
    u, s, vt = (real(x) for x in linalg_svd(A.detach(), full_matrices=False))
    limit = _limit(A, _largest(s.astype(np.float64)), atol, rtol)
    used = s > limit[..., None]
    inverted = np.where(used, 1 / np.where(used, s, 1), 0)[..., None, :]
    values_ = (vt.swapaxes(-1, -2) * inverted.astype(s.dtype)) @ u.swapaxes(-1, -2)
    return computed("LinalgPinvBackward0", [A], [values_], _pseudoinverse_gradient)[0]


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudoinverse of each matrix: an older form of `linalg.pinv`.

    https://docs.pytorch.org/docs/stable/generated/torch.pinverse.html

    Raises:
        RuntimeError, LinAlgError: as `linalg.pinv`.
    """
    return pinv(input, rcond)


_DRIVERS: Final = ("gels", "gelsy", "gelsd", "gelss")


def _least_squares_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """That of pinv(A) @ B."""
    (a, b), (g,) = inputs, grads
    if g is None:
        return [None, None]
    p = pinv(a)
    (da,) = _pseudoinverse_gradient([a], [p], [g @ b.mT]) if a.requires_grad else (None,)
    return [da, p.mT @ g]


def lstsq(
    A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None
) -> LeastSquares:
    """The X for which |A X - B| is least; of several such, the one that is least itself.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.lstsq.html

    Args:
        A: the matrices, (..., m, n).
        B: the right sides, (..., m, k) or (..., m).
        rcond: singular values up to rcond times the largest count as 0; eps * max(m, n) if omitted.
        driver: which of LAPACK's functions is meant: "gelsy" if omitted. All are computed by the
            singular values here. "gels" wants a full rank and does not give it; "gelss" and "gelsd"
            give the singular values too. Residuals, the sums of squares of A X - B, are given
            by these and "gels", for m > n and where all ranks are full; else they are empty.

    Raises:
        RuntimeError: if A or B have another shape or dtype, or there is no such driver.
        LinAlgError: if A is not finite; or has no full rank, and the driver is "gels".

    >>> from minitorch_tensor import tensor
    >>> lstsq(tensor([[1.0], [1.0]]), tensor([[1.0], [3.0]])).solution
    Tensor([[2.]], requires_grad=False)
    """
    name = "linalg.lstsq"
    checks.matrices(name, A)
    checks.one_dtype(name, A=A, B=require_tensor(name, "B", B))
    vector = B.ndim == A.ndim - 1
    if not vector and B.ndim != A.ndim:
        raise RuntimeError(
            f"{name}: B must have as many dimensions as A, or one fewer, but got shapes {A.shape} "
            f"and {B.shape}"
        )
    b = views.unsqueeze(B, -1) if vector else B
    if b.shape[-2] != A.shape[-2]:
        raise RuntimeError(
            f"{name}: A and B must have the same number of rows, but got shapes {A.shape} and "
            f"{B.shape}"
        )
    driver = "gelsy" if driver is None else driver
    if driver not in _DRIVERS:
        raise RuntimeError(f"{name}: driver {driver!r} should be one of {', '.join(_DRIVERS)}")
    lead = broadcast_for(name, A.shape[:-2], b.shape[:-2])
    A, b = views.expand_to(A, (*lead, *A.shape[-2:])), views.expand_to(b, (*lead, *b.shape[-2:]))
    m, n = A.shape[-2:]
    u, s, vt = (real(x) for x in linalg_svd(A.detach(), full_matrices=False))
    used = s > _limit(A, _largest(s.astype(np.float64)), None, rcond)[..., None]
    rank = np.asarray(used.sum(-1), np.int64)
    if driver == "gels" and bool((rank < min(m, n)).any()):
        raise LinAlgError(
            f"{name}: the least squares solution could not be computed because the input matrix "
            f"does not have full rank (shape {A.shape}, rank {int(rank.min())}); use "
            "driver='gelsd'"
        )
    values = _fitted(u, s, vt, used, real(b))
    x = computed("LinalgLstsqBackward0", [A, b], [values], _least_squares_gradient, "x")[0]
    nothing = A._full((0,), 0.0, A.dtype)
    residuals = nothing
    if driver != "gelsy" and m > n and bool((rank == n).all()):
        distance = A @ x - b
        residuals = reductions.sum(distance * distance, -2)
    return LeastSquares(
        views.squeeze(x, -1) if vector else x,
        residuals,
        from_host(A, np.zeros((0,), np.int64) if driver == "gels" else rank),
        from_host(A, s) if driver in ("gelss", "gelsd") else nothing,
    )


def _fitted(u: Real, s: Real, vt: Real, used: NDArray[np.bool_], b: Real) -> Real:
    """V diag(1 / S) U^T b, with the singular values that are used."""
    inner = u.swapaxes(-1, -2) @ b
    safe = np.where(used, s, s.dtype.type(1))[..., None]
    return vt.swapaxes(-1, -2) @ np.where(used[..., None], inner / safe, inner.dtype.type(0))
