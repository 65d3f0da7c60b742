"""Functions around an optimizer's step, its `state_dict` and its `load_state_dict`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

from minitorch.hook_table import add_hook
from minitorch_autodiff import RemovableHandle

if TYPE_CHECKING:
    from minitorch.optim.optimizer import Optimizer

R = TypeVar("R")

Table = OrderedDict[int, Callable[..., object]]
"""Hooks in the order in which they run."""

_before_every_step: Table = OrderedDict()
_after_every_step: Table = OrderedDict()


def register_optimizer_step_pre_hook(hook: Callable[..., object]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before each step of every optimizer.

    It returns None, or the pair `(args, kwargs)` with which the step goes on.
    https://docs.pytorch.org/docs/stable/optim.html
    """
    return add_hook(_before_every_step, hook)


def register_optimizer_step_post_hook(hook: Callable[..., object]) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after each step of every optimizer.

    https://docs.pytorch.org/docs/stable/optim.html
    """
    return add_hook(_after_every_step, hook)


def hooked(step: Callable[..., R]) -> Callable[..., R]:
    """A class's `step` between the hooks; the optimizer also remembers that it was called.

    Raises:
        RuntimeError: if a hook before it returns neither None nor a pair.
    """

    @wraps(step)
    def wrapper(self: Optimizer, *args: object, **kwargs: object) -> R:
        if self._opt_called is False:
            self._opt_called = True
        if type(self).step is not wrapper:  # called by the step of a subclass
            return step(self, *args, **kwargs)
        if not (
            _before_every_step
            or _after_every_step
            or self._optimizer_step_pre_hooks
            or self._optimizer_step_post_hooks
        ):
            return step(self, *args, **kwargs)
        every: tuple[object, ...] = (self, *args)
        for hook in (*_before_every_step.values(), *self._optimizer_step_pre_hooks.values()):
            result = hook(self, every, kwargs)
            if result is not None:
                every, kwargs = _pair(result, step)
        out = step(*every, **kwargs)
        for hook in (*self._optimizer_step_post_hooks.values(), *_after_every_step.values()):
            hook(self, every, kwargs)
        return out

    return wrapper


def _pair(
    result: object, step: Callable[..., object]
) -> tuple[tuple[object, ...], dict[str, object]]:
    if isinstance(result, tuple) and len(result) == 2:
        args, kwargs = result
        if isinstance(args, tuple) and isinstance(kwargs, dict):
            return args, kwargs
    raise RuntimeError(
        f"{step} must return None or a tuple of (new_args, new_kwargs), but got {result}."
    )
