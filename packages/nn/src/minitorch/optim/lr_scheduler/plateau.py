"""A schedule that looks at the loss: the rate falls when that does no longer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import SupportsFloat, overload

from minitorch.optim.lr_scheduler.base import LRScheduler, check_optimizer, warn_of_epoch
from minitorch.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """lr times factor, after more than `patience` epochs in which a metric was not better.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html

    Args:
        optimizer: whose learning rates are set.
        mode: "min" for a metric that shall fall, "max" for one that shall rise.
        factor: less than 1.
        patience: how many epochs without improvement are borne.
        threshold: how much better is better.
        threshold_mode: "rel" for a part of the best so far, "abs" for a difference.
        cooldown: how many epochs after a reduction do not count.
        min_lr: the smallest rate, for all groups or one for each.
        eps: the smallest reduction.

    Raises:
        ValueError: if an argument is out of its range.
        TypeError: if `optimizer` is none.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        check_optimizer(optimizer)
        groups = len(optimizer.param_groups)
        self.factor = factor
        self.optimizer = optimizer
        self.default_min_lr: float | None = None
        if isinstance(min_lr, Sequence):
            if len(min_lr) != groups:
                raise ValueError(f"expected {groups} min_lrs, got {len(min_lr)}")
            self.min_lrs = list(min_lr)
        else:
            self.default_min_lr = min_lr
            self.min_lrs = [min_lr] * groups
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = self._rates()
        if mode not in {"min", "max"}:
            raise ValueError(f"mode {mode} is unknown!")
        if threshold_mode not in {"rel", "abs"}:
            raise ValueError(f"threshold mode {threshold_mode} is unknown!")
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self._reset()

    def _reset(self) -> None:
        """Forget the epochs so far."""
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def get_lr(self) -> list[float]:
        """The present rates: the next ones depend on the metric."""
        return self._rates()

    @overload
    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None: ...
    @overload
    def step(self, _: int | None = None, /) -> None: ...  # for the checker: as any schedule
    def step(self, metrics: SupportsFloat | None = None, epoch: int | None = None) -> None:
        """End an epoch.

        Args:
            metrics: what the epoch reached.
            epoch: its number; PyTorch has deprecated that, and so it warns.

        Raises:
            TypeError: if there is no metric.
        """
        if metrics is None:
            raise TypeError(
                "ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'"
            )
        current = float(metrics)
        if epoch is not None:
            warn_of_epoch()
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._rates()

    @property
    def in_cooldown(self) -> bool:
        """Whether epochs do not count at present."""
        return self.cooldown_counter > 0

    def _is_better(self, metric: float, best: float) -> bool:
        sign = 1.0 if self.mode == "max" else -1.0
        if self.threshold_mode == "rel":
            goal = best * (1.0 + sign * self.threshold)
        else:
            goal = best + sign * self.threshold
        return metric > goal if self.mode == "max" else metric < goal

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from "
                    f"when `ReduceLROnPlateau` was initialized ({len(self.min_lrs)}), usually due "
                    "to a new param group being added to the optimizer. Please modify the "
                    "`min_lrs` field to match the length of the `optimizer` param groups."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, smallest in zip(groups, self.min_lrs, strict=True):
            lr = max(group["lr"] * self.factor, smallest)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr
