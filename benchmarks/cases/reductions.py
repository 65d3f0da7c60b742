"""Reductions, scans, order."""

from __future__ import annotations

from types import ModuleType

from .case import Case, Group, Make, Step, array

_SHAPES = ((1000, 1000), (64, 32, 28, 28))


def _reduce(name: str, shape: tuple[int, ...], dim: int | None) -> Make:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(array(*shape))
        function = getattr(torch, "amax" if name == "max" else name)
        return (lambda: function(x)) if dim is None else (lambda: function(x, dim))

    return make


def _order(name: str) -> Make:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(array(1000, 1000))
        index = torch.tensor(abs(array(100_000) * 1000).astype("int64") % 1000)
        source = torch.tensor(array(100_000, 16, seed=1))
        steps: dict[str, Step] = {
            "cumsum, last dim": lambda: x.cumsum(1),
            "cumsum, first dim": lambda: x.cumsum(0),
            "cumprod, last dim": lambda: x.cumprod(1),
            "logcumsumexp, last dim": lambda: x.logcumsumexp(1),
            "cummax, last dim": lambda: list(x.cummax(1)),
            "sort, last dim": lambda: list(torch.sort(x, stable=True, dim=1)),
            "topk 10, last dim": lambda: list(x.topk(10, 1)),
            "median, last dim": lambda: x.median(1)[0],
            "index_select, 100000 rows of 16": lambda: source.index_select(0, index),
            "index_add, 100000 rows of 16": lambda: torch.zeros(1000, 16).index_add(
                0, index, source
            ),
        }
        return steps[name]

    return make


GROUPS = [
    Group(
        "reductions",
        [
            Case(f"{name}, {where}, {'x'.join(map(str, shape))}", _reduce(name, shape, dim), 1e-3)
            for shape in _SHAPES
            for name in ("sum", "mean", "max", "argmax", "var")
            for where, dim in (("last dim", -1), ("first dim", 0), ("all", None))
        ],
        mean=(0.8, 0.9),
    ),
    Group(
        "scans, order, places",
        [
            Case(name, _order(name), 1e-3)
            for name in (
                "cumsum, last dim", "cumsum, first dim", "cumprod, last dim",
                "logcumsumexp, last dim", "cummax, last dim", "sort, last dim",
                "topk 10, last dim", "median, last dim", "index_select, 100000 rows of 16",
                "index_add, 100000 rows of 16",
            )
        ],
    ),
]  # fmt: skip
