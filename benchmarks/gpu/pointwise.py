"""Elementwise work and copies, which are bound by memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from types import ModuleType

from .row import Group, Make, Row, Step, Tensor, on

N = 64 << 20


def _on_each(function: Callable[..., Tensor], *shapes: tuple[int, ...]) -> Make:
    """A function of tensors of these shapes."""

    def make(torch: ModuleType, device: str) -> Step:
        given = [on(torch, device, *shape, seed=i) for i, shape in enumerate(shapes)]
        return lambda: function(torch, *given)

    return make


def _row(
    name: str, function: Callable[..., Tensor], *shapes: tuple[int, ...], bar: float, out: int = 0
) -> Row:
    """A row whose small size is a few elements a dimension."""
    small = [tuple(min(n, 6) for n in s) for s in shapes]
    moved = sum(math.prod(s) for s in shapes) + (out or math.prod(shapes[0]))
    return Row(
        name, _on_each(function, *shapes), _on_each(function, *small), 1 / bar, nbytes=4 * moved,
        of_copy=0.9 if bar == 0.95 else None,
    )  # fmt: skip


_flat = partial(_row, bar=0.95)
_strided = partial(_row, bar=0.8)
_SIDE = 8192

GROUPS = [
    Group(
        "contiguous pointwise, 64M elements",
        [
            _flat("add", lambda torch, a, b: a + b, (N,), (N,)),
            _flat("mul by a number", lambda torch, a: a * 2.5, (N,)),
            _flat("relu", lambda torch, a: torch.relu(a), (N,)),
            _flat("sigmoid", lambda torch, a: torch.sigmoid(a), (N,)),
            _flat("gelu", lambda torch, a: torch.nn.functional.gelu(a), (N,)),
        ],
    ),
    Group(
        "strided and broadcast pointwise, transposed copy",
        [
            _strided("add a row", lambda torch, a, b: a + b, (_SIDE, _SIDE), (_SIDE,)),
            _strided("add a column", lambda torch, a, b: a + b, (_SIDE, _SIDE), (_SIDE, 1)),
            _strided(
                "add two transposed", lambda torch, a, b: a.t() + b.t(), *2 * [(_SIDE, _SIDE)]
            ),
            _strided("add one transposed", lambda torch, a, b: a + b.t(), *2 * [(6000, 6000)]),
            _strided(
                "every second column",
                lambda torch, a: a[:, ::2] * 2.0,
                (_SIDE, _SIDE),
                out=_SIDE * _SIDE // 2,
            ),
            _strided("transposed copy", lambda torch, a: a.t().contiguous(), (_SIDE, _SIDE)),
        ],
    ),
]
