"""A schedule of one cycle for the whole run: up to a large rate, and down to a tiny one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypedDict

from minitorch.optim.lr_scheduler.base import LRScheduler, check_optimizer, for_each_group
from minitorch.optim.lr_scheduler.momentum import begin_cycle, set_momentum
from minitorch.optim.optimizer import Optimizer

_Rate = Literal["initial_lr", "max_lr", "min_lr"]
_Momentum = Literal["base_momentum", "max_momentum"]


class _Phase(TypedDict):
    """From what to what rate and momentum, until which step."""

    end_step: float
    start_lr: _Rate
    end_lr: _Rate
    start_momentum: _Momentum
    end_momentum: _Momentum


def _phase(end: float, rates: tuple[_Rate, _Rate], momenta: tuple[_Momentum, _Momentum]) -> _Phase:
    return {
        "end_step": end,
        "start_lr": rates[0],
        "end_lr": rates[1],
        "start_momentum": momenta[0],
        "end_momentum": momenta[1],
    }


class OneCycleLR(LRScheduler):
    """lr goes from max_lr / div_factor up to max_lr, and down to that / final_div_factor.

    The momentum goes the other way. Call `step` after every batch.

    Source: Smith and Topin 2018, https://arxiv.org/abs/1708.07120
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html

    Args:
        optimizer: whose learning rates are set.
        max_lr: the largest rate, for all groups or one for each.
        total_steps: how many steps the run has; or
        epochs: how many epochs, and
        steps_per_epoch: how many steps each of them has.
        pct_start: the part of the run in which the rate grows.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: whether the momentum goes along.
        base_momentum: the smallest momentum.
        max_momentum: the largest momentum.
        div_factor: max_lr over the first rate.
        final_div_factor: the first rate over the last.
        three_phase: whether to come back to the first rate as fast as the rate grew, before it
            falls to the last.
        last_epoch: the last step that was done; -1 for a new run.

    Raises:
        ValueError: if an argument is out of its range, or the run has more steps than were said.
        TypeError: if `optimizer` is none.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        if total_steps is not None:
            self.total_steps = _positive("total_steps", total_steps)
        elif epochs is not None and steps_per_epoch is not None:
            each = _positive("steps_per_epoch", steps_per_epoch)
            self.total_steps = _positive("epochs", epochs) * each
        else:
            raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        rise = float(pct_start * self.total_steps) - 1
        down: tuple[_Momentum, _Momentum] = ("max_momentum", "base_momentum")
        up: tuple[_Momentum, _Momentum] = ("base_momentum", "max_momentum")
        self._schedule_phases = [_phase(rise, ("initial_lr", "max_lr"), down)]
        if three_phase:
            back = float(2 * pct_start * self.total_steps) - 2
            self._schedule_phases += [
                _phase(back, ("max_lr", "initial_lr"), up),
                _phase(
                    self.total_steps - 1,
                    ("initial_lr", "min_lr"),
                    ("max_momentum", "max_momentum"),
                ),
            ]
        else:
            self._schedule_phases.append(_phase(self.total_steps - 1, ("max_lr", "min_lr"), up))
        self._anneal_func_type = anneal_strategy
        if last_epoch == -1:
            highest = for_each_group("max_lr", optimizer, max_lr)
            for high, group in zip(highest, optimizer.param_groups, strict=True):
                group["initial_lr"] = high / div_factor
                group["max_lr"] = high
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1, _, _ = begin_cycle(
                optimizer, base_momentum, max_momentum, last_epoch == -1
            )
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates of this step; the momenta are set at once.

        Raises:
            ValueError: if the run is over.
        """
        self._expect_step()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. The specified number of total steps is "
                f"{self.total_steps}"
            )
        start = 0.0
        for phase in self._schedule_phases[:-1]:
            if step <= phase["end_step"]:
                break
            start = phase["end_step"]
        else:
            phase = self._schedule_phases[-1]
        done = (step - start) / (phase["end_step"] - start)
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                first, last = group[phase["start_momentum"]], group[phase["end_momentum"]]
                set_momentum(group, self._between(first, last, done), self.use_beta1)
        return [
            self._between(group[phase["start_lr"]], group[phase["end_lr"]], done)
            for group in groups
        ]

    def _between(self, first: float, last: float, done: float) -> float:
        if self._anneal_func_type == "cos":
            return last + (first - last) / 2.0 * (math.cos(math.pi * done) + 1)
        return (last - first) * done + first


def _positive(name: str, value: int) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"Expected positive integer {name}, but got {value}")
    return value
