"""Losses of the difference of two tensors: squares, absolute values, and both joined."""

from __future__ import annotations

import warnings

from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import require_floating
from minitorch_tensor.functional.reduction import check_reduction, reduced, weighted
from minitorch_tensor.pointwise import where


def _difference(
    name: str, input: Tensor, target: Tensor, reduction: str, weight: Tensor | None = None
) -> Tensor:
    """The input minus the target, after the checks that all of these losses share."""
    check_reduction(name, reduction)
    require_tensor(name, "input", input)
    if require_tensor(name, "target", target).shape != input.shape:
        warnings.warn(
            f"{name}: Using a target size {target.shape} that is different to the input size "
            f"{input.shape}. This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            UserWarning,
            stacklevel=3,
        )
    if weight is not None and weight.shape != input.shape:
        raise ValueError(
            f"{name}: Weights and input must have the same size, but got {weight.shape} and "
            f"{input.shape}"
        )
    try:
        difference = input - target
    except RuntimeError as error:  # its message speaks of the subtraction
        raise RuntimeError(f"{name}: {str(error).removeprefix('sub: ')}") from None
    require_floating(name, difference)
    return difference


def mse_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None
) -> Tensor:
    """(input - target)**2, averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html

    Args:
        input: of any shape.
        target: of the shape of the input; another shape is broadcast, with a warning.
        reduction: "mean", "sum", or "none" for the loss of each element.
        weight: of each element; the mean is then sum(weight * loss) / sum(weight).

    Raises:
        ValueError: for another reduction, or a weight of another shape.
        RuntimeError: if shapes do not broadcast, for integers, or for different devices.

    >>> mse_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(2.0, requires_grad=False)
    """
    loss = _difference("mse_loss", input, target, reduction, weight).square()
    return reduced(loss, reduction) if weight is None else weighted(loss, weight, reduction)


def l1_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None
) -> Tensor:
    """|input - target|, averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html

    Args:
        input: of any shape.
        target: of the shape of the input; another shape is broadcast, with a warning.
        reduction: "mean", "sum", or "none" for the loss of each element.
        weight: of each element; the mean is then sum(weight * loss) / sum(weight).

    Raises:
        ValueError: for another reduction, or a weight of another shape.
        RuntimeError: if shapes do not broadcast, for integers, or for different devices.
    """
    loss = _difference("l1_loss", input, target, reduction, weight).abs()
    return reduced(loss, reduction) if weight is None else weighted(loss, weight, reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0
) -> Tensor:
    """d**2 / (2 beta) where |d| < beta, else |d| - beta / 2, for d = input - target; averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html

    Raises:
        ValueError: for another reduction than "mean", "sum" and "none".
        RuntimeError: if beta is negative, shapes do not broadcast, or for integers.
    """
    if beta < 0:
        raise RuntimeError(
            f"smooth_l1_loss does not support negative values for beta, but got {beta}"
        )
    a = _difference("smooth_l1_loss", input, target, reduction).abs()
    if beta == 0:
        return reduced(a, reduction)
    return reduced(where(a < beta, a * a * 0.5 / beta, a - 0.5 * beta), reduction)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """d**2 / 2 where |d| < delta, else delta * (|d| - delta / 2), for d = input - target; averaged.

    Huber 1964, https://doi.org/10.1214/aoms/1177703732;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html

    Args:
        input: of any shape.
        target: of the shape of the input; another shape is broadcast, with a warning.
        reduction: "mean", "sum", or "none" for the loss of each element.
        delta: where the parabola ends; positive.
        weight: of each element; unlike in `mse_loss` the mean is not that of the weights.

    Raises:
        ValueError: for another reduction, or a weight of another shape.
        RuntimeError: if delta is not positive, shapes do not broadcast, or for integers.
    """
    if delta <= 0:
        raise RuntimeError(
            f"huber_loss does not support non-positive values for delta, but got {delta}"
        )
    a = _difference("huber_loss", input, target, reduction, weight).abs()
    loss = where(a < delta, a * a * 0.5, (a - 0.5 * delta) * delta)
    return reduced(loss if weight is None else loss * weight, reduction)
