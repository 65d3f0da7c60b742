"""Losses that are negative log-likelihoods of a count or of a number under a distribution."""

from __future__ import annotations

import math

from minitorch_tensor import views
from minitorch_tensor.assertions import require_all
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.reduction import check_reduction, reduced
from minitorch_tensor.pointwise import where


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """exp(x) - t x for the logarithm x of the rate of a Poisson distribution, averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html

    Args:
        input: logarithms of rates, or rates, of any shape.
        target: counts t, of a shape that broadcasts.
        log_input: if not, the input x is the rate: x - t log(x + eps).
        full: add Stirling's approximation of log(t!) where t > 1: t log t - t + log(2 pi t) / 2.
        eps: keeps the logarithm of a rate finite.
        reduction: "mean", "sum", or "none" for the loss of each element.

    Raises:
        ValueError: for another reduction.
        RuntimeError: if shapes do not broadcast.
    """
    check_reduction("poisson_nll_loss", reduction)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return reduced(loss, reduction)


def _variance(input: Tensor, var: Tensor | float) -> Tensor:
    """The variances, of a shape that broadcasts to that of the input."""
    if isinstance(var, float):
        if var < 0:
            raise ValueError(f"gaussian_nll_loss: var has negative entry/entries: {var}")
        return input._full(input.shape, var, input.dtype)
    if not isinstance(var, Tensor):
        raise TypeError(
            f"gaussian_nll_loss: var must be a Tensor or a float, not {type(var).__name__}"
        )
    rule = "gaussian_nll_loss: var has negative entry/entries"
    require_all(
        (var >= 0).logical_or(var.isnan()),
        rule,
        lambda: f"{rule}; the least is {var.min().item()}",
        ValueError,
    )
    if var.shape == input.shape:
        return var
    if var.shape == input.shape[:-1]:
        return views.unsqueeze(var, -1)
    if var.ndim == input.ndim:
        others = [n for n, m in zip(var.shape, input.shape, strict=True) if n != m]
        if others == [1]:
            return var
    raise ValueError(
        f"gaussian_nll_loss: var is of incorrect size: {var.shape} for input {input.shape}; give "
        "one variance for each element, or one for each row of a dimension"
    )


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """(log(var) + (x - t)**2 / var) / 2 for the mean x of a normal distribution, averaged.

    Nix and Weigend 1994, https://doi.org/10.1109/ICNN.1994.374138;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html

    Args:
        input: means, of any shape.
        target: numbers t, of a shape that broadcasts.
        var: variances: of the shape of the input, or without its last dimension, or with one size
            1 instead; or one number for all.
        full: add the constant log(2 pi) / 2.
        eps: the least variance that is used, which is no part of the gradient.
        reduction: "mean", "sum", or "none" for the loss of each element.

    Raises:
        ValueError: for another reduction, or variances that are negative or of another shape.
        TypeError: if `var` is neither a tensor nor a float.
        RuntimeError: if shapes do not broadcast.

    >>> gaussian_nll_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]), 1.0)
    Tensor(1.0, requires_grad=False)
    """
    check_reduction("gaussian_nll_loss", reduction)
    v = _variance(input, var)
    v = v + where(v.detach() < eps, eps - v.detach(), 0.0)
    loss = 0.5 * (v.log() + (input - target) ** 2 / v)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)
