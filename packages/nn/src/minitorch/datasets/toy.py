"""Six toy data sets: points of the plane in two classes, each harder to part than the last.

The course's own definitions (https://minitorch.github.io), kept to the letter, so that what it
says of them holds here too: a line parts Simple and Diag, Split and Xor need a hidden layer, Circle
and Spiral a wider one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

__all__ = ["TOYS", "Dataset", "Graph", "circle", "diag", "simple", "spiral", "split", "xor"]


@dataclass(frozen=True)
class Graph:
    """`N` points: `X[i]` is a point, `y[i]` its class, 0 or 1."""

    N: int
    X: list[tuple[float, float]]
    y: list[int]


class Dataset(Protocol):
    """Makes N points; the same ones for the same seed."""

    def __call__(self, N: int, seed: int | None = None) -> Graph:
        """N points drawn from `seed`, or from Python's `random` module without one."""


def simple(N: int, seed: int | None = None) -> Graph:
    """Left half against right half: class 1 where x < 0.5.

    Args:
        N: how many points, at least 0, drawn uniformly from the unit square.
        seed: the same points for the same seed; None draws from the module `random`, whose state
            `random.seed` sets.

    Raises:
        ValueError: if N is negative.

    >>> simple(3, seed=0).y
    [0, 1, 0]
    """
    return _uniform("simple", N, seed, lambda x, y: x < 0.5)


def diag(N: int, seed: int | None = None) -> Graph:
    """A corner against the rest: class 1 where x + y < 0.5. Arguments as for `simple`.

    >>> diag(100, seed=0).N
    100
    """
    return _uniform("diag", N, seed, lambda x, y: x + y < 0.5)


def split(N: int, seed: int | None = None) -> Graph:
    """Both sides against the middle: class 1 where x < 0.2 or x > 0.8. Arguments as for `simple`.

    >>> sorted(set(split(100, seed=0).y))
    [0, 1]
    """
    return _uniform("split", N, seed, lambda x, y: x < 0.2 or x > 0.8)


def xor(N: int, seed: int | None = None) -> Graph:
    """Two opposite quarters against the other two. Arguments as for `simple`.

    >>> data = xor(100, seed=0)
    >>> all((x < 0.5) != (y < 0.5) for (x, y), label in zip(data.X, data.y) if label == 1)
    True
    """
    return _uniform("xor", N, seed, lambda x, y: (x < 0.5 < y) or (y < 0.5 < x))


def circle(N: int, seed: int | None = None) -> Graph:
    """Outside against inside: class 1 farther than sqrt(0.1) from the centre.

    Arguments as for `simple`.

    >>> data = circle(100, seed=0)
    >>> all(math.dist(p, (0.5, 0.5)) > 0.3 for p, label in zip(data.X, data.y) if label == 1)
    True
    """
    return _uniform("circle", N, seed, lambda x, y: (x - 0.5) ** 2 + (y - 0.5) ** 2 > 0.1)


def spiral(N: int, seed: int | None = None) -> Graph:
    """Two arms wound around each other, N / 2 points each.

    Nothing is drawn here: `seed` changes nothing.

    Raises:
        ValueError: if N is negative or odd.

    >>> spiral(50) == spiral(50, seed=7)
    True
    """
    _check(N, "spiral")
    if N % 2:
        raise ValueError(
            f"spiral: N must be even, for two arms of N / 2 points, got {N}; try {N + 1}"
        )
    half = N // 2
    turns = [10.0 * (i / half) for i in range(5, 5 + half)]
    first = [(t * math.cos(t) / 20 + 0.5, t * math.sin(t) / 20 + 0.5) for t in turns]
    second = [(t * math.sin(t) / 20 + 0.5, -t * math.cos(t) / 20 + 0.5) for t in turns]
    return Graph(N, first + second, [0] * half + [1] * half)


TOYS: Mapping[str, Dataset] = MappingProxyType(
    {
        "Simple": simple,
        "Diag": diag,
        "Split": split,
        "Xor": xor,
        "Circle": circle,
        "Spiral": spiral,
    }
)
"""The six by their names."""


def _uniform(
    name: str, N: int, seed: int | None, in_class_1: Callable[[float, float], bool]
) -> Graph:
    _check(N, name)
    draw = random.random if seed is None else random.Random(seed).random
    points = [(draw(), draw()) for _ in range(N)]
    return Graph(N, points, [int(in_class_1(x, y)) for x, y in points])


def _check(N: int, name: str) -> None:
    if N < 0:
        raise ValueError(f"{name}: N must be at least 0, got {N}")
