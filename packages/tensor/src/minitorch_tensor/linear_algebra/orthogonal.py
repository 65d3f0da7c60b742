"""The factorisation A = Q R into an orthogonal and a triangular matrix, and Householder vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from minitorch_tensor import joining, views
from minitorch_tensor.conversion import from_host
from minitorch_tensor.linear_algebra import checks
from minitorch_tensor.linear_algebra.recorded import (
    Gradients,
    Tensors,
    computed,
    eye,
    real,
    undifferentiable,
)
from minitorch_tensor.linear_algebra.results import on_lines
from minitorch_tensor.linear_algebra.triangles import solve_triangular

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class QR(NamedTuple):
    """Orthonormal columns, and the upper triangular matrix."""

    Q: Tensor
    R: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("QR", self._asdict())


class Reflectors(NamedTuple):
    """R with the Householder vectors below its diagonal, and their factors."""

    a: Tensor
    tau: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("Reflectors", self._asdict())


def _mirrored(x: Tensor) -> Tensor:
    """The upper triangle, mirrored into the lower one."""
    return joining.triu(x) + joining.triu(x, 1).mT


def _tall(q: Tensor, r: Tensor, gq: Tensor | None, gr: Tensor | None) -> Tensor:
    """(gQ + Q mirrored(gR R^T - Q^T gQ)) R^-T, where R is square.

    Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2010.
    """
    inner = r._full((), 0.0, r.dtype) if gr is None else gr @ r.mT
    if gq is not None:
        inner = inner - q.mT @ gq
    outer = q @ _mirrored(inner)
    outer = outer if gq is None else outer + gq
    return solve_triangular(r.mT, outer, upper=False, left=False)


def _qr_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """Wide matrices are [X, Y] with X = Q R1 square, and R2 = Q^T Y."""
    (q, r), (gq, gr) = outputs, grads
    m, n = q.shape[-2], r.shape[-1]
    if q.shape[-1] > n:
        raise RuntimeError(
            f"linalg.qr: the QR decomposition is not differentiable when mode='complete' and "
            f"nrows > ncols (here {m} > {n}); use mode='reduced'"
        )
    if gq is None and gr is None:
        return [None]
    if m >= n:
        return [_tall(q, r, gq, gr)]
    if gr is None:
        gx = _tall(q, views.narrow(r, -1, 0, m), gq, None)
        return [joining.cat([gx, q._full((*q.shape[:-1], n - m), 0.0, q.dtype)], -1)]
    y = q @ views.narrow(r, -1, m, n - m)
    gr1, gr2 = views.narrow(gr, -1, 0, m), views.narrow(gr, -1, m, n - m)
    through = y @ gr2.mT
    gx = _tall(q, views.narrow(r, -1, 0, m), through if gq is None else gq + through, gr1)
    return [joining.cat([gx, q @ gr2], -1)]


_only_r = undifferentiable(
    "linalg.qr: the derivative depends on Q, which is not computed when mode='r'; use "
    "torch.linalg.qr(A, mode='reduced')"
)


def linalg_qr(A: Tensor, mode: Literal["reduced", "complete", "r"] = "reduced") -> QR:
    """Q R = A, Q with orthonormal columns and R upper triangular, for A (..., m, n).

    Computed on the host by LAPACK, wherever A is. The signs are LAPACK's.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.qr.html

    Args:
        A: the matrices.
        mode: "reduced", Q (..., m, k) and R (..., k, n) with k = min(m, n); "complete", Q
            (..., m, m) and R (..., m, n); "r", an empty Q, and the R of "reduced".

    Raises:
        RuntimeError: if A is no stack of matrices of float32 or float64, or there is no such mode;
            in backward, if mode is "r", or "complete" for more rows than columns.

    >>> from minitorch_tensor import tensor
    >>> linalg_qr(tensor([[0.0, -2.0], [1.0, 0.0]])).R.abs()
    Tensor([[1., 0.],
            [0., 2.]], requires_grad=False)
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"linalg.qr: received unrecognized mode {mode!r}, but expected one of 'reduced' "
            "(default), 'r', or 'complete'"
        )
    a = real(checks.matrices("linalg.qr", A))
    if mode == "r":
        r = np.linalg.qr(a)[1]
        nothing = A._full((0,), 0.0, A.dtype)
        return QR(nothing, computed("LinalgQrBackward0", [A], [r], _only_r, "")[0])
    q, r = np.linalg.qr(a, mode)
    return QR(*computed("LinalgQrBackward0", [A], [q, r], _qr_gradient, "y"))


def qr(input: Tensor, some: bool = True) -> QR:
    """Q R = input: an older form of `linalg.qr`.

    https://docs.pytorch.org/docs/stable/generated/torch.qr.html

    Raises:
        RuntimeError: as `linalg.qr`.
    """
    return linalg_qr(input, "reduced" if some else "complete")


_no_gradient = undifferentiable(
    "geqrf: the derivative is not implemented, in PyTorch neither; use qr()"
)


def geqrf(input: Tensor) -> Reflectors:
    """The factorisation Q R as LAPACK keeps it: `householder_product` makes Q of it.

    https://docs.pytorch.org/docs/stable/generated/torch.geqrf.html

    Raises:
        RuntimeError: if input is no stack of matrices of float32 or float64; in backward.
    """
    h, tau = np.linalg.qr(real(checks.matrices("geqrf", input)), "raw")
    arrays = [np.swapaxes(h, -1, -2), np.asarray(tau)]
    return Reflectors(*computed("GeqrfBackward0", [input], arrays, _no_gradient, ""))


def _check_reflectors(name: str, A: Tensor, tau: Tensor) -> int:
    """The number of Householder vectors."""
    checks.matrices(name, A)
    checks.one_dtype(name, A=A, tau=tau)
    m, n = A.shape[-2:]
    k = tau.shape[-1] if tau.ndim else 0
    if m < n or k > n or tau.shape[:-1] != A.shape[:-2]:
        raise RuntimeError(
            f"{name}: expected A (..., m, n) with m >= n and tau (..., k) with k <= n and the same "
            f"leading dimensions, but got shapes {A.shape} and {tau.shape}"
        )
    return k


def _reflected(A: Tensor, tau: Tensor, i: int, x: Tensor) -> Tensor:
    """x - tau_i v (v^T x), where v is column i of A below the diagonal, and 1 on it."""
    m = A.shape[-2]
    below = views.narrow(views.narrow(A, -1, i, 1), -2, i + 1, m - i - 1)
    head = from_host(A, np.eye(i + 1, 1, -i, dtype=A.dtype.numpy))
    v = joining.cat([views.expand_to(head, (*A.shape[:-2], i + 1, 1)), below], -2)
    factor = views.unsqueeze(views.narrow(tau, -1, i, 1), -1)
    return x - v @ ((v * factor).mT @ x)


def householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """The first n columns of H_1 H_2 ... H_k, where H_i = I - tau_i v_i v_i^T.

    v_i is column i of A below the diagonal, with 1 on it and 0 above.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.householder_product.html

    Args:
        A: the vectors, (..., m, n) with m >= n.
        tau: their factors, (..., k) with k <= n.

    Raises:
        RuntimeError: if the shapes are not such, or the dtypes differ.
    """
    k = _check_reflectors("linalg.householder_product", A, tau)
    q = views.expand_to(eye(A, *A.shape[-2:]), A.shape)
    for i in range(k - 1, -1, -1):
        q = _reflected(A, tau, i, q)
    return q if k else views.clone(q)


def orgqr(input: Tensor, tau: Tensor) -> Tensor:
    """The columns of Q that `geqrf` stands for: another name of `linalg.householder_product`.

    https://docs.pytorch.org/docs/stable/generated/torch.orgqr.html

    Raises:
        RuntimeError: as `linalg.householder_product`.
    """
    return householder_product(input, tau)


def ormqr(
    input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False
) -> Tensor:
    """Q other, Q^T other, other Q or other Q^T, where Q = H_1 ... H_k is (..., m, m).

    https://docs.pytorch.org/docs/stable/generated/torch.ormqr.html

    Raises:
        RuntimeError: if shapes do not fit, or dtypes differ.
    """
    checks.matrices("ormqr", input)
    checks.matrices("ormqr", other, "other")
    checks.one_dtype("ormqr", input=input, tau=tau, other=other)
    k = tau.shape[-1] if tau.ndim else 0
    m, n = input.shape[-2:]
    if m != other.shape[-2 if left else -1] or k != min(m, n):
        raise RuntimeError(
            f"ormqr: input {input.shape} and tau {tau.shape} do not fit other {other.shape} on "
            f"its {'left' if left else 'right'}"
        )
    if not left:  # (other Q)^T = Q^T other^T
        return ormqr(input, tau, other.mT, True, not transpose).mT
    for i in range(k) if transpose else range(k - 1, -1, -1):
        other = _reflected(input, tau, i, other)
    return other if k else views.clone(other)
