"""Determinants, and the logarithms of their sizes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from minitorch_tensor import pointwise, reductions, views
from minitorch_tensor.linear_algebra import checks
from minitorch_tensor.linear_algebra.inverses import solve
from minitorch_tensor.linear_algebra.recorded import (
    Gradients,
    Tensors,
    computed,
    on_diagonal,
    real,
)
from minitorch_tensor.linear_algebra.results import on_lines
from minitorch_tensor.linear_algebra.singular_values import linalg_svd

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class SignLogabsdet(NamedTuple):
    """The sign of a determinant (0 if it is 0), and the logarithm of its size."""

    sign: Tensor
    logabsdet: Tensor

    def __repr__(self) -> str:
        """Each on lines of its own."""
        return on_lines("SignLogabsdet", self._asdict())


def _scaled_unit(like: Tensor, factor: Tensor) -> Tensor:
    """factor * I for each matrix of a stack."""
    mask = on_diagonal(like, like.shape[-1])
    return pointwise.where(mask, views.unsqueeze(views.unsqueeze(factor, -1), -1), 0.0)


def _determinant_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """g times the cofactors of A: det(A) A^-T, which exist where the inverse does not.

    With A = U S V^T they are det(U) det(V) U C V^T, where C holds for each singular value the
    product of the others. (Higham, "What is the adjugate of a matrix?", 2020)
    """
    (a,), (y,), (g,) = inputs, outputs, grads
    if g is None:
        return [None]
    if not bool(pointwise.eq(y.detach(), 0).any()):
        return [solve(a.mT, _scaled_unit(a, g * y))]
    u, s, vh = linalg_svd(a, full_matrices=False)
    others = pointwise.where(on_diagonal(a, a.shape[-1]), 1.0, views.unsqueeze(s, -2))
    scale = g * linalg_det(u) * linalg_det(vh)
    cofactors = views.unsqueeze(reductions.prod(others, -1), -2)
    return [views.unsqueeze(views.unsqueeze(scale, -1), -1) * ((u * cofactors) @ vh)]


def linalg_det(A: Tensor) -> Tensor:
    """The determinant of each matrix, (..., n, n) -> (...); 1 for an empty matrix.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.det.html

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64.

    >>> from minitorch_tensor import tensor
    >>> linalg_det(tensor([[1.0, 2.0], [3.0, 5.0]]))
    Tensor(-1.0, requires_grad=False)
    """
    a = real(checks.squares("linalg.det", A))
    with np.errstate(all="ignore"):
        values = np.asarray(np.linalg.det(a), a.dtype)
    return computed("LinalgDetBackward0", [A], [values], _determinant_gradient)[0]


def _slogdet_gradient(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
    """dA = g A^-T; the sign is constant wherever it has a derivative."""
    a, g = inputs[0], grads[1]
    return [None if g is None else solve(a.mT, _scaled_unit(a, g))]


def linalg_slogdet(A: Tensor) -> SignLogabsdet:
    """The sign of the determinant and log |det(A)|, which neither overflow nor underflow.

    Of a singular matrix they are 0 and -inf.
    https://docs.pytorch.org/docs/stable/generated/torch.linalg.slogdet.html

    Raises:
        RuntimeError: if A is no stack of square matrices of float32 or float64.
        LinAlgError: in backward, if a matrix is singular.

    >>> from minitorch_tensor import eye
    >>> linalg_slogdet(eye(3) * -2).sign
    Tensor(-1.0, requires_grad=False)
    """
    a = real(checks.squares("linalg.slogdet", A))
    with np.errstate(all="ignore"):
        sign, size = np.linalg.slogdet(a)
    values = [np.asarray(sign, a.dtype), np.asarray(size, a.dtype)]
    outputs = computed("LinalgSlogdetBackward0", [A], values, _slogdet_gradient, "x")
    return SignLogabsdet(*outputs)


def det(input: Tensor) -> Tensor:
    """The determinant of each matrix: another name of `linalg.det`.

    https://docs.pytorch.org/docs/stable/generated/torch.det.html

    Raises:
        RuntimeError: as `linalg.det`.
    """
    return linalg_det(input)


def slogdet(input: Tensor) -> SignLogabsdet:
    """The sign of the determinant, and log |det(input)|: another name of `linalg.slogdet`.

    https://docs.pytorch.org/docs/stable/generated/torch.slogdet.html

    Raises:
        RuntimeError: as `linalg.slogdet`.
    """
    return linalg_slogdet(input)


def logdet(input: Tensor) -> Tensor:
    """log(det(input)): nan if the determinant is negative, -inf if it is 0.

    https://docs.pytorch.org/docs/stable/generated/torch.logdet.html

    Raises:
        RuntimeError: if input is no stack of square matrices of float32 or float64.
    """
    sign, size = linalg_slogdet(input)
    return pointwise.where(pointwise.eq(sign.detach(), -1.0), math.nan, size)
