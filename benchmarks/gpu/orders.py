"""Scans and sorting: the layer has no bars for these, so theirs are wide."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from .row import Group, Make, Row, Step, Tensor, on


def _one(function: Callable[..., object], *shape: int) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        x = on(torch, device, *shape)
        return lambda: function(torch, x)

    return make


SCAN, SORT = 1.5, 5.0  # PyTorch sorts by radix: fewer passes through memory than merges take


def _row(name: str, function: Callable[..., object], *shape: int, bar: float = SCAN) -> Row:
    nbytes = 4 * 2
    for size in shape:
        nbytes *= size
    small = _one(function, *(min(size, 40) for size in shape))
    return Row(name, _one(function, *shape), small, bar, nbytes=nbytes, tolerance=1e-3)


def _values(found: Tensor) -> Tensor:
    """Of a pair of values and indices: equal elements may have either's index."""
    return found.values


GROUPS = [
    Group(
        "scans and sorting",
        [
            _row("cumsum of rows", lambda torch, x: x.cumsum(1), 8192, 8192),
            _row("cumsum of columns", lambda torch, x: x.cumsum(0), 8192, 8192),
            _row("cumsum of all, 64M", lambda torch, x: x.cumsum(0), 1 << 26),
            _row("cummax of rows", lambda torch, x: _values(x.cummax(1)), 8192, 8192),
            _row("logcumsumexp of rows", lambda torch, x: x.logcumsumexp(1), 8192, 8192),
            _row(
                "sort, 8192 rows of 1000", lambda torch, x: _values(x.sort(1)), 8192, 1000, bar=SORT
            ),
            _row("sort, 16M", lambda torch, x: _values(x.sort()), 1 << 24, bar=SORT),
            _row(
                "topk 10, 8192 rows of 32000",
                lambda torch, x: _values(x.topk(10)),
                8192,
                32000,
                bar=SORT,
            ),
            _row(
                "median of rows of 1000",
                lambda torch, x: _values(x.median(1)),
                8192,
                1000,
                bar=SORT,
            ),
        ],
    ),
]
