"""A schedule that goes up and down between two rates, again and again, with every batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import FunctionType

from minitorch.optim.lr_scheduler.base import LRScheduler, check_optimizer, for_each_group
from minitorch.optim.lr_scheduler.momentum import begin_cycle, set_momentum
from minitorch.optim.optimizer import Optimizer


class CyclicLR(LRScheduler):
    """lr = base_lr + (max_lr - base_lr) * height * scale, where height goes from 0 to 1 and back.

    The scale is 1 ("triangular"), a half of the last cycle's ("triangular2"), or gamma^step
    ("exp_range"). The momentum goes down while the rate goes up. Call `step` after every batch.

    Source: Smith 2017, https://arxiv.org/abs/1506.01186
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html

    Args:
        optimizer: whose learning rates are set.
        base_lr: the smallest rate, for all groups or one for each.
        max_lr: the largest rate.
        step_size_up: how many steps it takes to go up.
        step_size_down: how many to go down; as many if omitted.
        mode: one of the three above.
        gamma: for "exp_range".
        scale_fn: a scale of one's own, instead of `mode`.
        scale_mode: whether `scale_fn` is of the "cycle", from 1, or of the "iterations".
        cycle_momentum: whether the momentum goes along.
        base_momentum: the smallest momentum.
        max_momentum: the largest momentum.
        last_epoch: the last step that was done; -1 for a new run.

    Raises:
        ValueError: if the mode is none, the optimizer has no momentum, or a list has not a value
            for each group.
        TypeError: if `optimizer` is none.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = for_each_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for lr, group in zip(base_lrs, optimizer.param_groups, strict=True):
                group["lr"] = lr
        self.max_lrs = for_each_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        down = up if step_size_down is None else float(step_size_down)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1, self.base_momentums, self.max_momentums = begin_cycle(
                optimizer, base_momentum, max_momentum, last_epoch == -1
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The scale of a cycle, or of a step."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 1 / math.pow(2.0, x - 1)
        return math.pow(self.gamma, x) if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[float]:
        """The rates of this step; the momenta are set at once."""
        self._expect_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(
                self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True
            ):
                set_momentum(group, high - (high - low) * height * scale, self.use_beta1)
        return [
            low + (high - low) * height * scale
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, object]:
        """Everything but the optimizer and the function; of a callable object, its attributes."""
        function = self._scale_fn_custom
        kept = function is not None and not isinstance(function, FunctionType)
        return {
            **super().state_dict(),
            "_scale_fn_custom": dict(vars(function)) if kept else None,
        }

    def load_state_dict(self, state_dict: object) -> None:
        """Take over what `state_dict` gave; the function stays."""
        state = self._checked(state_dict)
        attributes = state.pop("_scale_fn_custom")
        if isinstance(attributes, dict):
            vars(self._scale_fn_custom).update(attributes)
        self.__dict__.update(state)
