"""Functions around a module's `forward`, which may replace what goes in and comes out."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from minitorch.nn.backward_hooks import AroundBackward

K = TypeVar("K")


class Hook(NamedTuple):
    """A function; whether it is shown the keyword arguments, and called in spite of an error."""

    function: Callable[..., object]
    with_kwargs: bool = False
    always_call: bool = False


Table = OrderedDict[int, Hook]
"""Hooks in the order in which they run."""


TABLES = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
"""The tables of a module, by the moment at which their hooks run."""


class Hooked(Protocol):
    """What `call` reads of a module."""

    _forward_pre_hooks: Table
    _forward_hooks: Table
    _backward_pre_hooks: Table
    _backward_hooks: Table

    @property
    def forward(self) -> Callable[..., object]:
        """Compute the output."""


def find(table: Table, kind: type[K], fits: Callable[[K], bool]) -> tuple[int, K] | None:
    """The first hook of this kind that fits, behind its key in the table."""
    for key, hook in table.items():
        if isinstance(hook.function, kind) and fits(hook.function):
            return key, hook.function
    return None


def run(table: Table, *args: object) -> None:
    """Call the hooks of a table, whose results do not matter."""
    for hook in tuple(table.values()):
        hook.function(*args)


def call(module: Hooked, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """`module.forward(*args, **kwargs)` between the hooks of the module.

    Raises:
        RuntimeError: if a pre-hook that sees keyword arguments returns no pair (args, kwargs).
    """
    called: set[int] = set()
    try:
        return _call(module, args, kwargs, called)
    except Exception:
        for key, hook in tuple(module._forward_hooks.items()):
            if hook.always_call and key not in called:
                _in_spite_of_an_error(hook, module, args, kwargs)
        raise


def _in_spite_of_an_error(
    hook: Hook, module: Hooked, args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    given = (args, kwargs, None) if hook.with_kwargs else (args, None)
    try:
        hook.function(module, *given)
    except Exception as error:
        warnings.warn(
            "module forward hook with ``always_call=True`` raised an exception that was silenced "
            f"as another error was raised in forward: {error}",
            stacklevel=5,
        )


def _call(
    module: Hooked, args: tuple[object, ...], kwargs: dict[str, object], called: set[int]
) -> object:
    for hook in tuple(module._forward_pre_hooks.values()):
        if hook.with_kwargs:
            result = hook.function(module, args, kwargs)
            if result is not None:
                args, kwargs = _pair(result)
        else:
            result = hook.function(module, args)
            if result is not None:
                args = result if isinstance(result, tuple) else (result,)
    around = _around_backward(module)
    if around is not None:
        args = around.inward(args)
    output: object = module.forward(*args, **kwargs)
    for key, hook in tuple(module._forward_hooks.items()):
        called.add(key)
        if hook.with_kwargs:
            result = hook.function(module, args, kwargs, output)
        else:
            result = hook.function(module, args, output)
        if result is not None:
            output = result
    return output if around is None else around.outward(output)


def _around_backward(module: Hooked) -> AroundBackward | None:
    """The backward hooks of a call, if there are any."""
    before, after = module._backward_pre_hooks, module._backward_hooks
    if not before and not after:
        return None
    return AroundBackward(
        module, [h.function for h in before.values()], [h.function for h in after.values()]
    )


def _pair(result: object) -> tuple[tuple[object, ...], dict[str, object]]:
    if isinstance(result, tuple) and len(result) == 2:
        args, kwargs = result
        if isinstance(args, tuple) and isinstance(kwargs, dict):
            return args, kwargs
    raise RuntimeError(
        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
        f"but got {result!r}."
    )
