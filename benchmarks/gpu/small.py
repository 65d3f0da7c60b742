"""Small operations, where the host's time is what counts."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from .row import Group, Make, Row, Step, Tensor, both_ways, on


def _small(function: Callable[..., Tensor], back: bool) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        a, b = on(torch, device, 32, 32), on(torch, device, 32, 32, seed=1)
        if back:
            return both_ways(torch, function, a, b)
        return lambda: function(a, b)

    return make


def _row(name: str, function: Callable[..., Tensor], back: bool) -> Row:
    make = _small(function, back)
    if back:
        return Row(f"{name}, forward and backward", make, make, host=True, most=20.0)
    return Row(name, make, make, 1.0, host=True)


GROUPS = [
    Group(
        "host time of one small operation",
        [
            _row("a + b", lambda a, b: a + b, False),
            _row("a @ b", lambda a, b: a @ b, False),
            _row("sum of rows", lambda a, b: a.sum(1), False),
            _row("a * b", lambda a, b: a * b, True),
        ],
    )
]
