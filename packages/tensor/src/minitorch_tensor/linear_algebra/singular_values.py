"""The singular value decomposition A = U diag(S) V^T, and what is made of it.

The gradient is that of Townsend, "Differentiating the singular value decomposition", 2016, and of
PyTorch: it exists where the singular values differ from one another, and for a loss that does not
depend on the signs of the singular vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from minitorch_autodiff import is_grad_enabled
from minitorch_tensor import pointwise, views
from minitorch_tensor.conversion import from_host
from minitorch_tensor.linear_algebra import checks
from minitorch_tensor.linear_algebra.checks import LinAlgError
from minitorch_tensor.linear_algebra.recorded import (
    Gradients,
    Real,
    Tensors,
    computed,
    on_diagonal,
    real,
)
from minitorch_tensor.linear_algebra.results import on_lines

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class LinalgSVD(NamedTuple):
    """U, the singular values in descending order, and the transpose of V."""

    U: Tensor
    S: Tensor
    Vh: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("LinalgSVD", self._asdict())


class SVD(NamedTuple):
    """U, the singular values in descending order, and V."""

    U: Tensor
    S: Tensor
    V: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("SVD", self._asdict())


def _svd_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """U (diag(gS) + skew(U^T gU) / E S + S skew(V^T gV) / E) V^T, and what leaves the subspaces.

    E[i, j] = S[j]^2 - S[i]^2, and skew(M) = M - M^T.
    """
    k = outputs[1].shape[-1]
    u, s, vh = (views.narrow(outputs[0], -1, 0, k), outputs[1], views.narrow(outputs[2], -2, 0, k))
    gu, gs, gvh = grads
    gu = None if gu is None else views.narrow(gu, -1, 0, k)
    gv = None if gvh is None else views.narrow(gvh, -2, 0, k).mT
    v, row, column = vh.mT, views.unsqueeze(s, -2), views.unsqueeze(s, -1)
    diagonal = on_diagonal(s, k)
    gaps = pointwise.where(diagonal, 1.0, row * row - column * column)
    zero = s._full((), 0.0, s.dtype)
    middle = pointwise.where(diagonal, zero if gs is None else views.unsqueeze(gs, -1), zero)
    if gu is not None:
        inner = u.mT @ gu
        middle = middle + (inner - inner.mT) / gaps * row
    if gv is not None:
        inner = v.mT @ gv
        middle = middle + column * ((inner - inner.mT) / gaps)
    ga = u @ middle @ vh
    if gu is not None and u.shape[-2] > k:
        part = gu / row
        ga = ga + (part - u @ (u.mT @ part)) @ vh
    if gv is not None and v.shape[-2] > k:
        part = gv / row
        ga = ga + u @ (part - v @ (v.mT @ part)).mT
    return [ga]


def _finite(name: str, a: Real) -> None:
    """Raise if a matrix has an infinity or nan: LAPACK would not come to an end."""
    bad = ~np.isfinite(a).all(axis=(-1, -2))
    if bad.any():
        place = f"(Batch element {np.flatnonzero(bad)[0]}): " if bad.ndim else ""
        raise LinAlgError(
            f"{name}: {place}The algorithm failed to converge because the input matrix contained "
            "non-finite values"
        )


def _check_driver(name: str, driver: str | None, A: Tensor) -> None:
    if driver is not None and A.device.type != "cuda":
        raise RuntimeError(
            f"{name}: keyword argument `driver=` is only supported on CUDA inputs, but it is "
            f"{driver!r} and A is on {A.device}"
        )
    if driver not in (None, "gesvd", "gesvdj", "gesvda"):
        raise RuntimeError(f"{name}: unknown svd driver {driver!r}; it is one of cuSOLVER's")


def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> LinalgSVD:
    """U, S, V^T with A = U diag(S) V^T, for A (..., m, n).

    U and V have orthonormal columns; S is not negative, in descending order. Computed on the host
    by LAPACK, wherever A is.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.svd.html

    Args:
        A: the matrices.
        full_matrices: whether U is (..., m, m) and V^T (..., n, n), else as small as they can be.
            The gradient does not reach what is more.
        driver: which of cuSOLVER's algorithms; taken on "cuda" only, and without effect.

    Raises:
        RuntimeError: if A is no stack of matrices of float32 or float64.
        LinAlgError: if it is not finite.

    >>> from minitorch_tensor import tensor
    >>> linalg_svd(tensor([[3.0, 0.0], [0.0, -4.0]])).S
    Tensor([4., 3.], requires_grad=False)
    """
    return _decomposed("linalg.svd", A, full_matrices, driver)


def _decomposed(name: str, A: Tensor, full: bool, driver: str | None) -> LinalgSVD:
    a = real(checks.matrices(name, A))
    _check_driver(name, driver, A)
    _finite(name, a)
    try:
        values = np.linalg.svd(a, full_matrices=full)
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"{name}: {error}: too many singular values are alike") from None
    return LinalgSVD(*computed("LinalgSvdBackward0", [A], list(values), _svd_gradient, "y"))


def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values of each matrix, in descending order: (..., m, n) -> (..., min(m, n)).

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.svdvals.html

    Raises:
        RuntimeError, LinAlgError: as `linalg.svd`.
    """
    a = real(checks.matrices("linalg.svdvals", A))
    if A.requires_grad and is_grad_enabled():
        return _decomposed("linalg.svdvals", A, False, driver).S
    _check_driver("linalg.svdvals", driver, A)
    _finite("linalg.svdvals", a)
    return from_host(A, np.linalg.svd(a, compute_uv=False))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> SVD:
    """U, S, V with input = U diag(S) V^T: an older form of `linalg.svd`.

    https://docs.pytorch.org/docs/stable/generated/torch.svd.html

    Args:
        input: the matrices, (..., m, n).
        some: whether U and V are as small as they can be.
        compute_uv: if False, U and V are zeros of shapes (..., m, m) and (..., n, n).

    Raises:
        RuntimeError, LinAlgError: as `linalg.svd`.
    """
    if not compute_uv:
        s = svdvals(input)
        *lead, m, n = input.shape
        return SVD(
            input._full((*lead, m, m), 0.0, input.dtype), s,
            input._full((*lead, n, n), 0.0, input.dtype),
        )  # fmt: skip
    u, s, vh = _decomposed("svd", input, not some, None)
    return SVD(u, s, vh.mT)
