"""How a loss becomes one number: the mean of its elements, their sum, or not at all."""

from __future__ import annotations

from minitorch_tensor.core import Tensor

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(name: str, reduction: str) -> None:
    """Refuse an unknown reduction.

    Raises:
        ValueError: if it is none of "none", "mean" and "sum".
    """
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"{name}: {reduction} is not a valid value for reduction; expected 'none', 'mean' or "
            "'sum'"
        )


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The loss as it is, its mean, or its sum; the reduction was checked.

    >>> reduced(Tensor([1.0, 3.0]), "mean")
    Tensor(2.0, requires_grad=False)
    """
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


def weighted(loss: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """The loss times a weight for each element; the mean is sum(weight * loss) / sum(weight)."""
    total = loss * weight
    if reduction == "mean":
        return total.sum() / weight.sum()
    return total.sum() if reduction == "sum" else total
