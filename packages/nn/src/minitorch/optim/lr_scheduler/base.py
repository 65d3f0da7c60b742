"""`LRScheduler`: when the rates are set; which rates, say its subclasses."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from minitorch.optim.optimizer import Optimizer

_EPOCH_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if "
    "epoch is different from None, the closed form is used instead of the new chainable form, "
    "where available."
)


class LRScheduler(ABC):
    """The base of all schedules; a subclass writes `get_lr`.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html

    Args:
        optimizer: whose learning rates are set.
        last_epoch: the last epoch that was done, when a run is taken up again; -1 for a new run.

    Raises:
        TypeError: if `optimizer` is none.
        KeyError: if a run is taken up, but the optimizer's state was not loaded before.
    """

    optimizer: Optimizer
    last_epoch: int
    _last_lr: list[float]
    _is_initial: bool = False
    _get_lr_called_within_step: bool = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming "
                    "scheduler with last_epoch >= 0.\n"
                    "This typically happens when:\n"
                    "1. You're trying to resume training from a checkpoint but haven't properly "
                    "loaded the optimizer state\n"
                    "2. You're using last_epoch >= 0 for a fresh training run (not recommended)"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        if optimizer._opt_called is None:
            optimizer._opt_called = False  # from now on its steps are watched
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the rates of the first epoch."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    @abstractmethod
    def get_lr(self) -> list[float]:
        """The learning rates of epoch `last_epoch`, one for each group; `step` calls this."""

    def _get_closed_form_lr(self) -> list[float]:
        """The same from the epoch alone, where there is a formula for it."""
        return self.get_lr()

    def get_last_lr(self) -> list[float]:
        """The learning rates that were set last, one for each group."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Begin the next epoch: set its learning rates. Call it after the optimizer's steps.

        Args:
            epoch: jump to this one; PyTorch has deprecated that, and so it warns.
        """
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call "
                "them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`. "
                "Failure to do "
                "this will result in skipping the first value of the learning rate schedule.",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warn_of_epoch()
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._get_lr_called_within_step = True
        try:
            self._set(self.get_lr() if epoch is None else self._get_closed_form_lr())
        finally:
            self._get_lr_called_within_step = False

    def _set(self, rates: Sequence[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = self._rates()

    def _rates(self) -> list[float]:
        """The present learning rates."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _times(self, factor: float) -> list[float]:
        """The present learning rates, times a factor."""
        return [lr * factor for lr in self._rates()]

    def _expect_step(self) -> None:
        """Warn unless `step` asks: the rates of others are one epoch ahead."""
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use "
                "`get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, object]:
        """Everything but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: object) -> None:
        """Take over what `state_dict` gave, here or in PyTorch.

        Args:
            state_dict: (an `object` to the type checker, so that a part of a loaded checkpoint can
                be passed on.)

        Raises:
            TypeError: if it is no mapping.
            ValueError: if it is of another kind of schedule.
        """
        self.__dict__.update(self._checked(state_dict))

    def _checked(self, state_dict: object) -> dict[str, object]:
        """A loaded state, if it is one of this kind of schedule."""
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        # flags of a step that is over, and what older versions of PyTorch wrote
        free = {"_is_initial", "_get_lr_called_within_step", "verbose"}
        if set(state_dict) - free != set(self.state_dict()) - free:
            raise ValueError(
                f"loaded state dict is not that of a {type(self).__name__}: it has the entries "
                f"{sorted(state_dict)}, not {sorted(self.state_dict())}"
            )
        return dict(state_dict)


def check_optimizer(optimizer: object) -> None:
    """Raise unless it is one.

    Raises:
        TypeError: if it is not.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def warn_of_epoch() -> None:
    """Warn of an epoch that was given to `step`."""
    warnings.warn(_EPOCH_WARNING, UserWarning, stacklevel=3)


def for_each_group(name: str, optimizer: Optimizer, value: float | Sequence[float]) -> list[float]:
    """One value for each group, given one for all or a list of them.

    Raises:
        ValueError: if there are not as many values as groups.
    """
    groups = len(optimizer.param_groups)
    if not isinstance(value, Sequence):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} "
            f"values, param_groups has {groups}."
        )
    return list(value)
