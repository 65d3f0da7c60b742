"""The largest singular values of large matrices, found in a random subspace."""

from __future__ import annotations

from minitorch_tensor import reductions, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.drawing import randn
from minitorch_tensor.linear_algebra import checks
from minitorch_tensor.linear_algebra.orthogonal import linalg_qr
from minitorch_tensor.linear_algebra.singular_values import SVD, linalg_svd


def _basis(A: Tensor, q: int, niter: int) -> Tensor:
    """Orthonormal columns whose span nearly holds A's: Halko et al., 2009, algorithm 4.4."""
    basis = linalg_qr(A @ randn(A.shape[-1], q, dtype=A.dtype, device=A.device)).Q
    for _ in range(niter):
        basis = linalg_qr(A.mT @ basis).Q
        basis = linalg_qr(A @ basis).Q
    return basis


def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None
) -> SVD:
    """U, S, V with A - M nearly U diag(S) V^T, where S has q values: the largest ones.

    It draws random numbers, the same as PyTorch's for a seed. Halko, Martinsson, Tropp, "Finding
    structure with randomness", 2009, algorithm 5.1.
    https://docs.pytorch.org/docs/stable/generated/torch.svd_lowrank.html

    Args:
        A: the matrices, (..., m, n).
        q: how many singular values, somewhat more than the rank of A.
        niter: the number of iterations, each of which makes the subspace better.
        M: a matrix to take off A, broadcast to it.

    Raises:
        RuntimeError: if A is no stack of matrices of float32 or float64.

    >>> from minitorch_tensor import ones
    >>> svd_lowrank(ones(8, 5), 1).S.round()
    Tensor([6.], requires_grad=False)
    """
    checks.matrices("svd_lowrank", A)
    if M is not None:
        A = A - views.expand_to(M, A.shape)
    wide = A.shape[-2] < A.shape[-1]
    tall = A.mT if wide else A
    basis = _basis(tall, 6 if q is None else q, 2 if niter is None else niter)
    u, s, vh = linalg_svd(basis.mT @ tall, full_matrices=False)
    u, v = basis @ u, vh.mT
    return SVD(v, s, u) if wide else SVD(u, s, v)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> SVD:
    """The q principal directions of the rows of A, as the columns of V, and U diag(S) of the rows.

    https://docs.pytorch.org/docs/stable/generated/torch.pca_lowrank.html

    Args:
        A: the rows, (..., m, n).
        q: how many; at most 6 if omitted.
        center: whether to take the mean of the rows off first.
        niter: the number of iterations.

    Raises:
        ValueError: if q is not from 0 to min(m, n), or niter is negative.
        RuntimeError: if A is no stack of matrices of float32 or float64.
    """
    checks.matrices("pca_lowrank", A)
    limit = min(A.shape[-2:])
    count = min(6, limit) if q is None else q
    if not 0 <= count <= limit:
        raise ValueError(
            f"pca_lowrank: q(={q}) must be a non-negative integer and not greater than "
            f"min(m, n)={limit}"
        )
    if niter < 0:
        raise ValueError(f"pca_lowrank: niter(={niter}) must be a non-negative integer")
    if center:
        A = A - reductions.mean(A, -2, keepdim=True)
    return svd_lowrank(A, count, niter)
