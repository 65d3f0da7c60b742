"""Losses between probabilities: of two classes, and of whole distributions.

The cross-entropy of two classes is an operator of its own, because its gradient is not what follows
from its formula: as in PyTorch, logarithms stop at -100, and the gradient of the probability stays
finite at 0 and 1.
"""

from __future__ import annotations

import warnings

from minitorch_operators import Binary, ieee, log, log1p, maximum
from minitorch_operators.record import V
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.assertions import require_all
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.activation import logsigmoid
from minitorch_tensor.functional.checks import require_alike, require_floating
from minitorch_tensor.functional.reduction import check_reduction, reduced
from minitorch_tensor.pointwise import xlogy


def _cross_entropy_of_two(x: float, t: float) -> float:
    """`-(t log(x) + (1 - t) log(1 - x))`, where no logarithm is below -100."""
    p = ieee.log(x)
    q = ieee.log1p(-x)
    yes = -100.0 if p < -100.0 else p
    no = -100.0 if q < -100.0 else q
    return (t - 1.0) * no - t * yes


def _cross_entropy_of_two_vjp_x(g: V, x: V, t: V) -> V:
    return g * (x - t) / maximum((1.0 - x) * x, 1e-12)


def _cross_entropy_of_two_vjp_t(g: V, x: V, t: V) -> V:
    return g * (log1p(-x) - log(x))


_two_classes = Binary(
    "binary_cross_entropy",
    _cross_entropy_of_two,
    (_cross_entropy_of_two_vjp_x, _cross_entropy_of_two_vjp_t),
    needs=("ab", "a"),
)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """-(t log(x) + (1 - t) log(1 - x)) for probabilities x and targets t, averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html

    Args:
        input: probabilities, of any shape: in [0, 1], which is looked at.
        target: in [0, 1] too, of the same shape and dtype.
        weight: of each element, after broadcasting.
        reduction: "mean", "sum", or "none" for the loss of each element.

    Raises:
        ValueError: if the shapes differ, or for another reduction.
        RuntimeError: if dtypes or devices differ, for integers, or for a number outside [0, 1].

    >>> binary_cross_entropy(Tensor([0.5, 0.0]), Tensor([1.0, 1.0]), reduction="none")
    Tensor([  0.6931, 100.0000], requires_grad=False)
    """
    check_reduction("binary_cross_entropy", reduction)
    require_tensor("binary_cross_entropy", "input", input)
    if require_tensor("binary_cross_entropy", "target", target).shape != input.shape:
        raise ValueError(
            f"binary_cross_entropy: Using a target size {target.shape} that is different to the "
            f"input size {input.shape} is deprecated. Please ensure they have the same size."
        )
    require_floating("binary_cross_entropy", input)
    require_alike("binary_cross_entropy", input, "target", target)
    for what, x in (("input", input), ("target", target)):
        _require_probabilities(what, x.detach())
    loss = input.apply_binary(_two_classes, target)
    return reduced(loss if weight is None else loss * weight.expand(input.shape), reduction)


def _require_probabilities(what: str, x: Tensor) -> None:
    inside = (x >= 0).logical_and(x <= 1)
    rule = f"binary_cross_entropy: all elements of {what} should be between 0 and 1"
    remedy = "for scores use binary_cross_entropy_with_logits"

    def found() -> str:
        return f"{rule}, but one is {x.masked_select(inside.logical_not())[0].item()}; {remedy}"

    require_all(inside, f"{rule}; {remedy}", found)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy(sigmoid(x), t)`, without overflow or underflow on the way.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html

    Args:
        input: any numbers, of any shape.
        target: in [0, 1], of the same shape.
        weight: of each element, after broadcasting.
        reduction: "mean", "sum", or "none" for the loss of each element.
        pos_weight: of the first class, t = 1, after broadcasting.

    Raises:
        ValueError: if the shapes differ, or for another reduction.
        RuntimeError: for integers, or for different devices.
    """
    check_reduction("binary_cross_entropy_with_logits", reduction)
    require_tensor("binary_cross_entropy_with_logits", "input", input)
    if require_tensor("binary_cross_entropy_with_logits", "target", target).shape != input.shape:
        raise ValueError(
            f"binary_cross_entropy_with_logits: Target size {target.shape} must be the same as "
            f"input size {input.shape}"
        )
    require_floating("binary_cross_entropy_with_logits", input)
    require_floating("binary_cross_entropy_with_logits", target)
    log_p = logsigmoid(input)
    if pos_weight is not None:
        log_p = log_p * ((pos_weight - 1) * target + 1)
    loss = (1 - target) * input - log_p
    return reduced(loss if weight is None else loss * weight, reduction)


def kl_div(
    input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False
) -> Tensor:
    """t * (log(t) - x) for log-probabilities x and probabilities t: how far t is from exp(x).

    Kullback and Leibler 1951, https://doi.org/10.1214/aoms/1177729694;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html

    Args:
        input: log-probabilities, of any shape.
        target: probabilities, after broadcasting.
        reduction: "batchmean" for the divergence, that is the sum over the size of dimension 0;
            "sum"; "none"; or "mean" over all elements, with PyTorch's warning.
        log_target: whether the target holds logarithms too.

    Raises:
        ValueError: for another reduction.
        RuntimeError: for integers, or if shapes do not broadcast or devices differ.
    """
    if reduction != "batchmean":
        check_reduction("kl_div", reduction)
    if reduction == "mean":
        warnings.warn(
            "kl_div: reduction: 'mean' divides the total loss by both the batch size and the "
            "support size. 'batchmean' divides only by the batch size, and aligns with the KL div "
            "math definition.",
            UserWarning,
            stacklevel=2,
        )
    require_floating("kl_div", input)
    require_floating("kl_div", target)
    loss = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    if reduction == "batchmean":
        return loss.sum() / input.shape[0] if input.ndim else loss.sum()
    return reduced(loss, reduction)
