"""Eigenvalues and eigenvectors: of symmetric matrices, and of others if they are all real.

The gradients are PyTorch's: they exist where the eigenvalues differ from one another, and for a
loss that does not depend on the signs of the eigenvectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from minitorch_tensor import pointwise, reductions, views
from minitorch_tensor.linear_algebra import checks
from minitorch_tensor.linear_algebra.checks import LinAlgError
from minitorch_tensor.linear_algebra.inverses import solve
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


class Eigen(NamedTuple):
    """The eigenvalues, and the eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("Eigen", self._asdict())


def _inner(values: Tensor, mixing: Tensor | None, g_values: Tensor | None) -> Tensor:
    """mixing[i, j] / (L[j] - L[i]), and the gradient of the eigenvalues on the diagonal."""
    diagonal = on_diagonal(values, values.shape[-1])
    zero = values._full((), 0.0, values.dtype)
    straight = zero if g_values is None else views.unsqueeze(g_values, -1)
    if mixing is None:
        return pointwise.where(diagonal, straight, zero)
    gaps = views.unsqueeze(values, -2) - views.unsqueeze(values, -1)
    return pointwise.where(diagonal, straight, mixing / pointwise.where(diagonal, 1.0, gaps))


def _symmetric_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """dA = V (diag(gL) + skew(V^T gV) / E) V^T with E[i, j] = L[j] - L[i].

    It is symmetric, although only one triangle was read, as in PyTorch.
    """
    (values, v), (g_values, gv) = outputs, grads
    mixing = None
    if gv is not None:
        mixing = v.mT @ gv
        mixing = (mixing - mixing.mT) * 0.5
    return [v @ _inner(values, mixing, g_values) @ v.mT]


def _triangle(name: str, A: Tensor, UPLO: str) -> Callable[[Real], Eigen]:
    """The eigenvalues and eigenvectors of one triangle of A."""
    if UPLO not in ("L", "U", "l", "u"):
        raise RuntimeError(f"{name}: expected UPLO to be 'L' or 'U', but got {UPLO!r}")

    def decompose(a: Real) -> Eigen:
        try:
            values = np.linalg.eigh(a, "L" if UPLO.upper() == "L" else "U")
        except np.linalg.LinAlgError as error:
            raise LinAlgError(
                f"{name}: the algorithm failed to converge ({error}): the input matrix is "
                "ill-conditioned or has too many repeated eigenvalues"
            ) from None
        return Eigen(*computed("LinalgEighBackward0", [A], list(values), _symmetric_gradient, "y"))

    return decompose


def eigh(A: Tensor, UPLO: str = "L") -> Eigen:
    """The eigenvalues L in ascending order, and orthonormal eigenvectors, of symmetric matrices.

    A = V diag(L) V^T. Only one triangle of A is read. Computed on the host by LAPACK, wherever A
    is.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.eigh.html

    Args:
        A: the matrices, (..., n, n).
        UPLO: which triangle is read: "L", the lower, or "U", the upper.

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64.
        LinAlgError: if the algorithm does not converge.

    >>> from minitorch_tensor import tensor
    >>> eigh(tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    Tensor([1., 2.], requires_grad=False)
    """
    checks.squares("linalg.eigh", A)
    return _triangle("linalg.eigh", A, UPLO)(real(A))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of symmetric matrices, in ascending order.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.eigvalsh.html

    Raises:
        RuntimeError, LinAlgError: as `eigh`.
    """
    checks.squares("linalg.eigvalsh", A)
    return _triangle("linalg.eigvalsh", A, UPLO)(real(A)).eigenvalues


def _general_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """dA = V^-T (diag(gL) + (V^T gV - V^T V diag(V^T gV)) / E) V^T, for columns of length 1."""
    (values, v), (g_values, gv) = outputs, grads
    mixing = None
    if gv is not None:
        along = reductions.sum(v * gv, -2, keepdim=True)
        mixing = v.mT @ gv - (v.mT @ v) * along
    return [solve(v.mT, _inner(values, mixing, g_values) @ v.mT)]


def eig(A: Tensor) -> Eigen:
    """The eigenvalues, and eigenvectors of length 1, of matrices that have only real ones.

    Complex numbers are out of scope here: where PyTorch always gives complex tensors, this gives
    real ones, or raises. For symmetric matrices `eigh` is faster and always real. Computed on the
    host by LAPACK, wherever A is.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.eig.html

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64, or an eigenvalue is
            complex.
        LinAlgError: if A is not finite.

    >>> from minitorch_tensor import tensor
    >>> eig(tensor([[2.0, 1.0], [0.0, 3.0]])).eigenvalues
    Tensor([2., 3.], requires_grad=False)
    """
    return _general("linalg.eig", A)


def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of matrices that have only real ones.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.eigvals.html

    Raises:
        RuntimeError, LinAlgError: as `eig`.
    """
    return _general("linalg.eigvals", A).eigenvalues


def _general(name: str, A: Tensor) -> Eigen:
    a = real(checks.squares(name, A))
    if not np.isfinite(a).all():
        raise LinAlgError(f"{name}: the input tensor A should not contain infs or NaNs")
    try:
        values, vectors = np.linalg.eig(a)
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"{name}: the algorithm failed to converge ({error})") from None
    if np.iscomplexobj(values):
        found = values.flat[np.flatnonzero(np.imag(values))[0]]
        raise RuntimeError(
            f"{name}: A has the complex eigenvalue {found}, and complex numbers are out of scope; "
            "eigh() gives the eigenvalues of symmetric matrices, svdvals() the singular values"
        )
    arrays = [np.real(values).astype(a.dtype), np.real(vectors).astype(a.dtype)]
    return Eigen(*computed("LinalgEigBackward0", [A], arrays, _general_gradient, "y"))
