"""Covariance and correlation of variables (rows) over their observations (columns)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from minitorch_tensor import diagonals, linalg, pointwise, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.reductions import sum

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The covariances of the rows: sum_k w_k (x_ik - m_i)(x_jk - m_j) / norm.

    The norm is the total weight minus the correction (with aweights: minus correction times
    sum(w * aweights) / sum(w)); where it is not positive it is 0, with a warning.
    https://docs.pytorch.org/docs/stable/generated/torch.cov.html

    Args:
        input: (variables, observations); or a vector or number, of one variable.
        correction: 1 for an unbiased estimate, 0 for the plain average.
        fweights: how often each observation occurs, integers (observations,).
        aweights: how important it is, floating (observations,).

    Returns:
        (variables, variables), or a number for one variable.

    Raises:
        RuntimeError: if input has more than 2 dimensions or is bool, or weights do not fit, are
            negative, or add up to 0.

    >>> from minitorch_tensor import tensor
    >>> cov(tensor([[0.0, 2.0, 1.0], [2.0, 0.0, 4.0]]))
    Tensor([[ 1., -1.],
            [-1.,  4.]], requires_grad=False)
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"cov: expected at most 2 dimensions (variables, observations), but got {input.shape}"
        )
    if input.dtype is dtypes.bool_:
        raise RuntimeError("cov: not defined for bool tensors; convert it with .float() first")
    x = views.reshape(input, (1, input.numel())) if input.ndim < 2 else input
    weight = _weight("fweights", x, fweights, floating=False)
    importance = _weight("aweights", x, aweights, floating=True)
    if importance is not None:
        weight = importance if weight is None else importance * weight
    observations = float(x.shape[1])
    if weight is None:
        distance = x - sum(x, 1, True) / observations
        degrees = observations - correction
        return _scaled(linalg.matmul(distance, distance.t()), degrees, degrees)
    total = sum(weight)
    if float(total.item()) == 0:
        raise RuntimeError("cov: the weights sum to zero, so they can't be normalized")
    distance = x - sum(x * weight, 1, True) / total
    if importance is not None and correction:
        norm = total - correction * sum(weight * importance) / total
    else:
        norm = total - correction
    return _scaled(linalg.matmul(distance, (distance * weight).t()), norm, float(norm.item()))


def _weight(name: str, x: Tensor, weight: Tensor | None, *, floating: bool) -> Tensor | None:
    """The weights of the observations of x, checked."""
    if weight is None:
        return None
    if require_tensor("cov", name, weight).dtype.kind != ("float" if floating else "int"):
        kind = "a floating point" if floating else "an integer"
        raise RuntimeError(f"cov: expected {name} of {kind} dtype, but got {weight.dtype}")
    if weight.shape != x.shape[1:]:
        raise RuntimeError(
            f"cov: expected {name} to be a vector of {x.shape[1]} weights, one for each "
            f"observation, but got shape {weight.shape}"
        )
    if bool((weight.detach() < 0).any()):
        raise RuntimeError(f"cov: {name} cannot be negative, but they are {weight.tolist()}")
    return weight


def _scaled(products: Tensor, norm: Tensor | float, degrees: float) -> Tensor:
    """The products over the norm; a number for one variable."""
    if degrees <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the "
            f"number of observations; the norm is {degrees}",
            UserWarning,
            stacklevel=3,
        )
        norm = 0.0
    return views.squeeze(products / norm)


def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows: c_ij / sqrt(c_ii c_jj) with c = cov(input), within [-1, 1].

    https://docs.pytorch.org/docs/stable/generated/torch.corrcoef.html

    Args:
        input: (variables, observations); or a vector or number, of one variable.

    Raises:
        RuntimeError: if input has more than 2 dimensions or is bool.

    >>> from minitorch_tensor import tensor
    >>> corrcoef(tensor([[0.0, 2.0, 1.0], [2.0, 0.0, 4.0]]))
    Tensor([[ 1.0000, -0.5000],
            [-0.5000,  1.0000]], requires_grad=False)
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"corrcoef: expected at most 2 dimensions (variables, observations), but got "
            f"{input.shape}"
        )
    c = cov(input)
    if c.ndim == 0:
        return c / c
    deviation = pointwise.sqrt(diagonals.diagonal(c))
    scaled = c / views.unsqueeze(deviation, 1) / deviation
    return pointwise.clamp(scaled, -1.0, 1.0)
