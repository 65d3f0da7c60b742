"""Schedules that are functions of the epoch, written by the user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType

from minitorch.optim.lr_scheduler.base import LRScheduler
from minitorch.optim.optimizer import Optimizer

Factor = Callable[[int], float]


class _FunctionLR(LRScheduler):
    """What schedules by functions share: a list of them, one for each group.

    Functions are not saved; the attributes of callable objects are.
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1
    ) -> None:
        groups = len(optimizer.param_groups)
        if isinstance(lr_lambda, Sequence):
            if len(lr_lambda) != groups:
                raise ValueError(f"Expected {groups} lr_lambdas, but got {len(lr_lambda)}")
            self.lr_lambdas = list(lr_lambda)
        else:
            self.lr_lambdas = [lr_lambda] * groups
        for each in self.lr_lambdas:
            if not callable(each):
                raise TypeError(f"lr_lambda should be a function, but got {type(each).__name__}")
        super().__init__(optimizer, last_epoch)

    def _factors(self) -> list[float]:
        return [function(self.last_epoch) for function in self.lr_lambdas]

    def state_dict(self) -> dict[str, object]:
        """Everything but the optimizer and the functions."""
        kept = [
            None if isinstance(each, FunctionType) else dict(vars(each)) for each in self.lr_lambdas
        ]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict: object) -> None:
        """Take over what `state_dict` gave; the functions stay."""
        state = self._checked(state_dict)
        attributes = state.pop("lr_lambdas")
        self.__dict__.update(state)
        if isinstance(attributes, Sequence):
            for function, kept in zip(self.lr_lambdas, attributes, strict=True):
                if kept is not None:
                    vars(function).update(kept)


class LambdaLR(_FunctionLR):
    """lr = initial_lr * lr_lambda(epoch).

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: a function of the epoch, or one for each group.
        last_epoch: the last epoch that was done; -1 for a new run.

    Raises:
        ValueError: if there are not as many functions as groups.
    """

    def get_lr(self) -> list[float]:
        """initial_lr * lr_lambda(epoch)."""
        self._expect_step()
        return [base * f for base, f in zip(self.base_lrs, self._factors(), strict=True)]


class MultiplicativeLR(_FunctionLR):
    """lr times lr_lambda(epoch), in each epoch.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: a function of the epoch, or one for each group.
        last_epoch: the last epoch that was done; -1 for a new run.

    Raises:
        ValueError: if there are not as many functions as groups.
        TypeError: if one is no function.
    """

    def get_lr(self) -> list[float]:
        """The last rate, times lr_lambda(epoch)."""
        self._expect_step()
        if self._is_initial:
            return self._rates()
        return [lr * factor for lr, factor in zip(self._rates(), self._factors(), strict=True)]
