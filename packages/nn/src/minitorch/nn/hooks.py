"""Functions around a module's `forward`, which may replace what goes in and comes out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import NamedTuple, Protocol

from minitorch_autodiff import RemovableHandle


class Hook(NamedTuple):
    """A function, and whether it is shown the keyword arguments."""

    function: Callable[..., object]
    with_kwargs: bool


Table = OrderedDict[int, Hook]
"""Hooks in the order in which they run."""

_next_id = count().__next__


class Hooked(Protocol):
    """What `call` reads of a module."""

    _forward_hooks: Table
    _forward_pre_hooks: Table

    @property
    def forward(self) -> Callable[..., object]:
        """Compute the output."""


def add(
    table: Table, function: Callable[..., object], prepend: bool, with_kwargs: bool
) -> RemovableHandle:
    """Put a hook into a table, last or first; the handle takes it away."""
    key = _next_id()
    table[key] = Hook(function, with_kwargs)
    if prepend:
        table.move_to_end(key, last=False)
    return RemovableHandle(lambda: _remove(table, key))


def _remove(table: Table, key: int) -> None:
    table.pop(key, None)


def call(module: Hooked, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """`module.forward(*args, **kwargs)` between the hooks of the module.

    Raises:
        RuntimeError: if a pre-hook that sees keyword arguments returns no pair (args, kwargs).
    """
    for hook in tuple(module._forward_pre_hooks.values()):
        if hook.with_kwargs:
            result = hook.function(module, args, kwargs)
            if result is not None:
                args, kwargs = _pair(result)
        else:
            result = hook.function(module, args)
            if result is not None:
                args = result if isinstance(result, tuple) else (result,)
    output = module.forward(*args, **kwargs)
    for hook in tuple(module._forward_hooks.values()):
        if hook.with_kwargs:
            result = hook.function(module, args, kwargs, output)
        else:
            result = hook.function(module, args, output)
        if result is not None:
            output = result
    return output


def _pair(result: object) -> tuple[tuple[object, ...], dict[str, object]]:
    if isinstance(result, tuple) and len(result) == 2:
        args, kwargs = result
        if isinstance(args, tuple) and isinstance(kwargs, dict):
            return args, kwargs
    raise RuntimeError(
        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
        f"but got {result!r}."
    )
