"""Elementwise functions, dense and in other layouts."""

from __future__ import annotations

from types import ModuleType

from .case import Case, Group, Make, Step, Tensor, array

_SIZES = (10_000, 1_000_000, 10_000_000)


def _elementwise(name: str, n: int) -> Make:
    def make(torch: ModuleType) -> Step:
        x, y = torch.tensor(array(n)), torch.tensor(array(n, seed=1))
        if name in ("add", "mul"):
            two = getattr(torch, name)
            return lambda: two(x, y)
        if name == "log":
            x = x.abs()
        one = torch.nn.functional.gelu if name == "gelu" else getattr(torch, name)
        return lambda: one(x)

    return make


def _layout(name: str) -> Make:
    def make(torch: ModuleType) -> Step:
        def t(*shape: int, seed: int = 0) -> Tensor:
            return torch.tensor(array(*shape, seed=seed))

        a, b = t(1000, 1000), t(1000, 1000, seed=1)
        row, column = t(1000, seed=2), t(1000, 1, seed=3)
        image, channel = t(64, 32, 28, 28), t(1, 32, 1, 1, seed=1)
        steps: dict[str, Step] = {
            "x + row, 1000x1000": lambda: a + row,
            "x + column, 1000x1000": lambda: a + column,
            "a + b.T, 1000x1000": lambda: a + b.T,
            "a.T + b.T, 1000x1000": lambda: a.T + b.T,
            "a.T.contiguous(), 1000x1000": lambda: a.T.contiguous(),
            "a[:, ::2] + b[:, ::2], 1000x1000": lambda: a[:, ::2] + b[:, ::2],
            "a[:, 100:900] * b[:, 100:900]": lambda: a[:, 100:900] * b[:, 100:900],
            "x + channel, 64x32x28x28": lambda: image + channel,
            "where(x > 0, x, y), 1000x1000": lambda: torch.where(a > 0, a, b),
        }
        return steps[name]

    return make


GROUPS = [
    Group(
        "elementwise",
        [
            Case(f"{name} {n:.0e}", _elementwise(name, n))
            for name in ("add", "mul", "relu", "exp", "log", "tanh", "sigmoid", "gelu")
            for n in _SIZES
        ],
        mean=(0.95, 1.0),
        worst=(1.15, 1.2),
    ),
    Group(
        "broadcast, transposed, sliced",
        [
            Case(name, _layout(name))
            for name in (
                "x + row, 1000x1000", "x + column, 1000x1000", "a + b.T, 1000x1000",
                "a.T + b.T, 1000x1000", "a.T.contiguous(), 1000x1000",
                "a[:, ::2] + b[:, ::2], 1000x1000", "a[:, 100:900] * b[:, 100:900]",
                "x + channel, 64x32x28x28", "where(x > 0, x, y), 1000x1000",
            )
        ],
        worst=(1.05, 1.1),
    ),
]  # fmt: skip
