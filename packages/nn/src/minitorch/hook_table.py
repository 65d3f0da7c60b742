"""Tables of hooks, of modules and of optimizers alike: what is put in can be taken out again."""

from __future__ import annotations

from collections import OrderedDict
from itertools import count
from typing import TypeVar

from minitorch_autodiff import RemovableHandle

H = TypeVar("H")

_next_id = count().__next__


def add_hook(table: OrderedDict[int, H], hook: H, prepend: bool = False) -> RemovableHandle:
    """Put a hook into a table, last or first; the handle takes it away.

    >>> table: OrderedDict[int, str] = OrderedDict()
    >>> handle = add_hook(table, "second")
    >>> _ = add_hook(table, "first", prepend=True)
    >>> list(table.values()), handle.remove(), list(table.values())
    (['first', 'second'], None, ['first'])
    """
    key = _next_id()
    table[key] = hook
    if prepend:
        table.move_to_end(key, last=False)
    return RemovableHandle(lambda: _remove(table, key))


def _remove(table: OrderedDict[int, H], key: int) -> None:
    table.pop(key, None)
