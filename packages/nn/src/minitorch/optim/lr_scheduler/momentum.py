"""Momenta that are scheduled with the rates: `momentum`, or the first of `betas`."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch.optim.lr_scheduler.base import for_each_group
from minitorch.optim.optimizer import Optimizer
from minitorch.optim.options import ParamGroup


def begin_cycle(
    optimizer: Optimizer,
    base_momentum: float | Sequence[float],
    max_momentum: float | Sequence[float],
    new: bool,
) -> tuple[bool, list[float], list[float]]:
    """Check that there are momenta to schedule; in a new run, begin with the largest.

    Returns:
        Whether the momentum is the first of `betas`, and the smallest and largest of each group.

    Raises:
        ValueError: if the optimizer has none, or there are not as many values as groups.
    """
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError(
            "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
        )
    use_beta1 = "betas" in optimizer.defaults
    smallest = for_each_group("base_momentum", optimizer, base_momentum)
    largest = for_each_group("max_momentum", optimizer, max_momentum)
    if new:
        for low, high, group in zip(smallest, largest, optimizer.param_groups, strict=True):
            set_momentum(group, high, use_beta1)
            group["max_momentum"] = high
            group["base_momentum"] = low
    return use_beta1, smallest, largest


def set_momentum(group: ParamGroup, momentum: float, use_beta1: bool) -> None:
    """Set the momentum of a group."""
    if use_beta1:
        group["betas"] = (momentum, group["betas"][1])
    else:
        group["momentum"] = momentum
