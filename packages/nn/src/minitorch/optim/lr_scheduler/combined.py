"""Several schedules for one optimizer: all at once, or one after another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from minitorch.optim.lr_scheduler.base import LRScheduler
from minitorch.optim.lr_scheduler.plateau import ReduceLROnPlateau
from minitorch.optim.optimizer import Optimizer


class _CombinedLR(LRScheduler):
    """What combinations share: their parts are saved and loaded with them."""

    _schedulers: Sequence[LRScheduler]

    def _check(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer) -> None:
        name = type(self).__name__
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{name} at index {i} should have `optimizer` as its attribute.")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires "
                    "additional kwargs to be specified when calling `step`, but got one at index "
                    f"{i} in the given schedulers sequence."
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got "
                    f"scheduler {type(scheduler).__name__} at index {i} has "
                    f"{scheduler.optimizer}, which is different from {type(optimizer).__name__}."
                )

    def get_lr(self) -> list[float]:
        """The present rates; the parts compute the next ones."""
        return self._rates()

    def _refuse(self, epoch: int | None) -> None:
        if epoch is not None:
            raise TypeError(f"{type(self).__name__}.step() takes no epoch, but got {epoch}")

    def state_dict(self) -> dict[str, object]:
        """Everything but the optimizer, and the states of the parts."""
        parts = [scheduler.state_dict() for scheduler in self._schedulers]
        return {**super().state_dict(), "_schedulers": parts}

    def load_state_dict(self, state_dict: object) -> None:
        """Take over what `state_dict` gave."""
        state = self._checked(state_dict)
        parts = state.pop("_schedulers")
        if not isinstance(parts, Sequence) or len(parts) != len(self._schedulers):
            raise ValueError(
                f"loaded state dict is not that of a {type(self).__name__} of "
                f"{len(self._schedulers)} schedules"
            )
        for scheduler, part in zip(self._schedulers, parts, strict=True):
            scheduler.load_state_dict(part)
        self.__dict__.update(state)


class ChainedScheduler(_CombinedLR):
    """All schedules at once: each changes the rate that the one before left.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html

    Raises:
        ValueError: if there is no schedule, or they are of different optimizers.
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler to be chained, but got no "
                "scheduler."
            )
        optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        self._check(schedulers, optimizer)
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = self._rates()

    def step(self, epoch: int | None = None) -> None:
        """Step all of them."""
        self._refuse(epoch)
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()


class SequentialLR(_CombinedLR):
    """One schedule after another; at each milestone the next one begins, with its epoch 0.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html

    Raises:
        ValueError: if there is no schedule, or they are of different optimizers, or there is not
            one milestone less than schedules.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler, but got no scheduler."
            )
        self._check(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than "
                f"the number of milestone points, but got number of schedulers {len(schedulers)} "
                f"and the number of milestones to be equal to {len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Each part has set its first rate when it was made: take that back, and begin the first.
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        _undo(schedulers)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: int | None = None) -> None:
        """Step the schedule whose turn it is."""
        self._refuse(epoch)
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _undo(schedulers: Sequence[LRScheduler]) -> None:
    for scheduler in schedulers:
        if isinstance(scheduler, _CombinedLR):
            _undo(scheduler._schedulers)
        else:
            scheduler.last_epoch -= 1
