"""Powers of matrices, and their exponential."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from minitorch_tensor import pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.conversion import from_host
from minitorch_tensor.linear_algebra import checks
from minitorch_tensor.linear_algebra.inverses import inv
from minitorch_tensor.linear_algebra.recorded import eye, independent, real

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def linalg_matrix_power(A: Tensor, n: int) -> Tensor:
    """A @ A @ ... @ A, n times, by squaring; for negative n, of the inverse.

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_power.html

    Raises:
        RuntimeError: if A is no stack of square matrices.
        LinAlgError: if n is negative, and a matrix singular.
        TypeError: if n is no integer.

    >>> from minitorch_tensor import tensor
    >>> linalg_matrix_power(tensor([[1, 1], [0, 1]]), 5)
    Tensor([[1, 5],
            [0, 1]], requires_grad=False)
    """
    name = "linalg.matrix_power"
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(f"{name}: argument 'n' must be an int, not {type(n).__name__}")
    require_tensor(name, "A", A)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but its shape is {A.shape}"
        )
    if n == 0:
        unit = views.clone(views.expand_to(eye(A, A.shape[-1]), A.shape))
        return independent(unit, A, "LinalgMatrixPowerBackward0")
    if n < 0:
        return linalg_matrix_power(inv(A), -n)
    if n == 1:
        return views.clone(A)
    if n % 2:
        return linalg_matrix_power(A, n - 1) @ A
    half = linalg_matrix_power(A, n // 2)
    return half @ half


def matrix_power(input: Tensor, n: int) -> Tensor:
    """input @ input @ ... @ input, n times: another name of `linalg.matrix_power`.

    https://docs.pytorch.org/docs/stable/generated/torch.matrix_power.html

    Raises:
        RuntimeError, LinAlgError, TypeError: as `linalg.matrix_power`.
    """
    return linalg_matrix_power(input, n)


def matrix_exp(A: Tensor) -> Tensor:
    """I + A + A^2 / 2! + A^3 / 3! + ... of each matrix.

    A is halved until its norm is small, the series is summed to A^19 / 19!, and the result squared
    as often: exp(A) = exp(A / 2)^2. It is a composite, and so are its gradients. (Higham, "The
    scaling and squaring method for the matrix exponential revisited", 2005; the sum as of Paterson
    and Stockmeyer, 1973)
    https://docs.pytorch.org/docs/stable/generated/torch.matrix_exp.html

    Raises:
        RuntimeError: if A is no stack of square matrices of a floating dtype.

    >>> from minitorch_tensor import tensor
    >>> matrix_exp(tensor([[0.0, 1.0], [0.0, 0.0]]))
    Tensor([[1., 1.],
            [0., 1.]], requires_grad=False)
    """
    if checks.floating("linalg.matrix_exp", A).dtype.half:
        return matrix_exp(A.float()).to(A.dtype)
    a = real(checks.squares("linalg.matrix_exp", A))
    size = np.abs(a).sum(-1).max(-1, initial=0.0)
    # One matrix of a stack may be large and another small: each is halved as often as it needs.
    with np.errstate(all="ignore"):
        halvings = np.where(np.isfinite(size), np.ceil(np.log2(np.maximum(size, 0.5)) + 1), 0)
    scale = from_host(A, np.asarray(0.5**halvings, a.dtype)[..., None, None])
    y = _series(A * scale)
    for done in range(int(halvings.max(initial=0.0))):
        more = from_host(A, np.asarray(halvings > done)[..., None, None])
        y = pointwise.where(more, y @ y, y)
    return y


def _series(x: Tensor) -> Tensor:
    """sum_k x^k / k! for k < 20, by powers of x^4: 7 products instead of 18."""
    unit = eye(x, x.shape[-1])
    x2 = x @ x
    x3 = x2 @ x
    x4 = x2 @ x2

    def block(k: int) -> Tensor:
        first, second, third, fourth = (1.0 / math.factorial(k + i) for i in range(4))
        return unit * first + x * second + x2 * third + x3 * fourth

    y = block(16)
    for k in (12, 8, 4, 0):
        y = block(k) + x4 @ y
    return y
