"""What a fused kernel is written with: plain Python on flat arrays, which also runs as it stands.

A fused kernel is a function with annotated parameters:

    Floats      a flat array of the kernel's dtype, float32 or float64
    Ints        a flat array of int64
    Bits        a flat array of integers as wide as the dtype: the bits of its numbers
    Words       a flat array of uint32
    Bytes       a flat array of uint8
    float       a number of that dtype
    int         an int64

It may loop, branch, call other such functions, and call the functions of
`minitorch_operators.ieee`. `printer.source` makes a kernel file of it: float literals get the
dtype, indices are taken to be not negative, and functions of `ieee` become the vectorised ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from minitorch_operators import ieee

F = TypeVar("F", bound=Callable[..., object])
N = TypeVar("N", int, float)


class Floats(Protocol):
    """A flat array of floats."""

    def __getitem__(self, i: int, /) -> float:
        """Element i."""
        ...

    def __setitem__(self, i: int, value: float, /) -> None: ...


class Ints(Protocol):
    """A flat array of integers."""

    def __getitem__(self, i: int, /) -> int:
        """Element i."""
        ...

    def __setitem__(self, i: int, value: int, /) -> None: ...


class Words(Protocol):
    """A flat array of unsigned integers of 32 bits; what is written is cut to that."""

    def __getitem__(self, i: int, /) -> int:
        """Element i."""
        ...

    def __setitem__(self, i: int, value: int, /) -> None: ...


class Bytes(Protocol):
    """A flat array of unsigned integers of 8 bits; what is written is cut to that."""

    def __getitem__(self, i: int, /) -> int:
        """Element i."""
        ...

    def __setitem__(self, i: int, value: int, /) -> None: ...


class Bits(Ints, Protocol):
    """A flat array of integers as wide as the kernel's dtype: the bits of its numbers."""


def scratch(n: int) -> Floats:
    """Memory for n floats, with any contents."""
    return [0.0] * n


def choose(condition: bool, a: N, b: N) -> N:
    """`a if condition else b` without a branch; both are evaluated."""
    return a if condition else b


def real(i: int) -> float:
    """The integer as a number of the kernel's dtype; without it, Numba would take float64."""
    return float(i)


def wider(x: float) -> float:
    """The number in float64, and so what is computed with it; in a kernel of integers as it is."""
    return x


def whole(x: float) -> int:
    """The number without its fraction, as an integer of 32 bits."""
    return int(x)


def fma(a: float, b: float, c: float) -> float:
    """a * b + c, rounded once."""
    return a * b + c


def larger(a: float, b: float) -> float:
    """The larger of two numbers, nan if one is: one instruction, and a loop of it vectorises."""
    return a if a > b or a != a else b


def exp_negative(x: float) -> float:
    """exp(x) for x <= 0, cheaper: 0 where the result would be subnormal."""
    return ieee.exp(x)


def separate(function: F) -> F:
    """Mark a kernel of whose arrays none that is written shares memory with another.

    Then LLVM need not compare where they lie before each loop, nor leave a loop as it is where that
    would be too many comparisons.
    """
    function.__dict__["separate"] = True
    return function


def reordered(function: F) -> F:
    """Mark a function whose sums may be added up in another order, so that they are vectorised."""
    function.__dict__["reordered"] = True
    return function
