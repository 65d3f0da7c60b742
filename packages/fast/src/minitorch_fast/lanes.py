"""Vectors by name: for the loops in which a compiler does not find them by itself.

A loop over neighbouring elements is vectorised by LLVM. A matrix product is not, as it should be:
its fast form keeps a tile of the result in the processor's registers while it goes along the sums,
so that each number that is loaded is used several times. Here a kernel says so:

    acc = registers()                      a name for each element, no memory
    for i in unrolled(ROWS):               the loop is written out: i is a number in each copy
        acc[i] = fma(spread(w[i]), load(x, at), acc[i])

`ROWS` is a constant that `fused.compiled` is given, so one text serves tiles of all sizes. As it
stands, in plain Python, it computes the same with `LANES` numbers in a tuple.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final, TypeAlias

from minitorch_fast import numba_config
from minitorch_fast.loops import Floats

LANES: Final = 4
"""How many numbers a vector has in plain Python; in a kernel it is a constant given to it."""

Vector: TypeAlias = tuple[float, ...]
Registers: TypeAlias = dict[object, Vector]
Indices: TypeAlias = dict[object, int]


def load(a: Floats, i: int) -> Vector:
    """The elements from i on, as many as a vector has."""
    return tuple(a[i + lane] for lane in range(LANES))


def store(a: Floats, i: int, v: Vector) -> None:
    """Write a vector to the elements from i on."""
    for lane in range(LANES):
        a[i + lane] = v[lane]


def spread(x: float) -> Vector:
    """One number in all lanes."""
    return (x,) * LANES


def fma(a: Vector, b: Vector, c: Vector) -> Vector:
    """a * b + c, rounded once where the processor can."""
    return tuple(x * y + z for x, y, z in zip(a, b, c, strict=True))


def across(v: Vector) -> float:
    """The sum of the lanes."""
    return sum(v)


def turn(a: Floats, i: int, step: int, out: Floats, o: int, out_step: int) -> None:
    """Transpose a square: out[o + c * out_step + r] = a[i + r * step + c] for r, c < LANES."""
    square = [load(a, i + r * step) for r in range(LANES)]
    for c in range(LANES):
        store(out, o + c * out_step, tuple(row[c] for row in square))


def aligned(a: Floats) -> int:
    """The first element of `a` at a multiple of 64 bytes: a vector from there is in one line."""
    return 0 if a is not None else 1


def unrolled(n: int) -> range:
    """range(n), for a loop that is written out."""
    return range(n)


def registers() -> Registers:
    """Names for vectors: `acc[i, j]` is one, for i and j known when the loops are written out."""
    return {}


def indices() -> Indices:
    """Names for whole numbers, as `registers` are for vectors."""
    return {}


FUNCTIONS: Final[tuple[Callable[..., object], ...]] = (
    load, store, spread, fma, across, turn, aligned,
)  # fmt: skip
"""What a kernel file defines by `lane_snippets`."""


@cache
def vector_bytes() -> int:
    """The size of the processor's vector registers."""
    features = numba_config.processor().split(",")
    if any(feature.endswith("+avx512f") for feature in features):
        return 64
    return 32 if any(feature.endswith("+avx") for feature in features) else 16
