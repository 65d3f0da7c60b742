"""What a row of the conformance table is; `rows.py` holds the rows.

A row calls the function as PyTorch code would: `lib` is torch or minitorch. Its inputs are arrays
of a few kinds; floating ones get gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Tensor = Any  # of either library
Call = Callable[..., Tensor]


@dataclass(frozen=True)
class Given:
    """One input: its shape and where its numbers lie."""

    shape: tuple[int, ...]
    kind: str = "real"  # real, positive, unit (inside (-1, 1)), above_one, index<n>, mask, ties

    def array(self, seed: int, dtype: str = "float64") -> Array:
        """The numbers; never within 0.05 of an integer or of zero, where functions have kinks."""
        rng = np.random.default_rng([seed, *self.shape])
        if self.kind.startswith("index"):
            return rng.integers(0, int(self.kind[5:]), self.shape)
        if self.kind == "mask":
            return rng.random(self.shape) < 0.5
        if self.kind == "ties":
            return rng.integers(0, 3, self.shape).astype(dtype)
        x = rng.uniform(0.05, 0.95, self.shape)
        if self.kind == "real":
            x = x + rng.integers(-2, 2, self.shape)
        elif self.kind == "unit":
            x = 2 * x - 1
            x = np.where(np.abs(x) < 0.05, 0.3, x)
        elif self.kind == "above_one":
            x = x + 1
        elif self.kind != "positive":
            raise ValueError(self.kind)
        return x.astype(dtype)

    @property
    def floating(self) -> bool:
        """Whether a gradient is wanted for it."""
        return self.kind != "mask" and not self.kind.startswith("index")


@dataclass(frozen=True)
class Row:
    """One function with its inputs."""

    name: str
    call: Call
    inputs: tuple[Given, ...]
    dtypes: bool = True  # also try integers and bools in the first inputs
    layouts: bool = True
    gradient: bool = True
    double: bool = True
    alike: bool = False  # one of many that differ in the operator alone: on "cpu" few are compiled
    edges: bool = False  # a pointwise function: nan, infinities, signed zeros, huge and tiny too


X = Given((3, 4))
POSITIVE = Given((3, 4), "positive")
UNIT = Given((3, 4), "unit")
ABOVE_ONE = Given((3, 4), "above_one")
MASK = Given((3, 4), "mask")


def named(name: str) -> Call:
    return lambda lib, *inputs: getattr(lib, name)(*inputs)


def method(name: str, *args: object, **kwargs: object) -> Call:
    return lambda lib, x, *rest: getattr(x, name)(*rest, *args, **kwargs)


def row(name: str, call: Call, *inputs: Given, **flags: bool) -> Row:
    return Row(name, call, inputs or (X,), **flags)
