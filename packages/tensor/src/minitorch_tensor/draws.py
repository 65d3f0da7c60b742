"""Draws from one distribution, as data: a backend may make the numbers in its own way.

Each is a `Sample`: called with a generator of the CPU it gives PyTorch's numbers. A device with a
generator of its own looks at what it is, and makes numbers of the same distribution there; to draw
none of them first is what checks the arguments.

>>> from minitorch_tensor.mersenne import Generator
>>> Uniform(np.dtype("float32"), 0.0, 1.0)(Generator().manual_seed(0), 2).tolist()
[0.49625658988952637, 0.7682217955589294]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minitorch_tensor import choices, normals, sampling
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.mersenne import Generator


@dataclass(frozen=True, slots=True)
class Uniform:
    """Spread evenly over [low, high)."""

    dtype: np.dtype[np.generic]
    low: float
    high: float

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """See `sampling.uniform`."""
        return sampling.uniform(generator, n, self.dtype, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal; `contiguous` and `half` choose between the CPU's two ways."""

    dtype: np.dtype[np.generic]
    mean: float
    std: float
    contiguous: bool = True
    half: bool = False

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """See `normals.normal`."""
        return normals.normal(
            generator,
            n,
            self.dtype,
            self.mean,
            self.std,
            contiguous=self.contiguous,
            half=self.half,
        )


@dataclass(frozen=True, slots=True)
class LogNormal:
    """The logarithm is normal."""

    dtype: np.dtype[np.generic]
    mean: float
    std: float

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """See `normals.log_normal`."""
        return normals.log_normal(generator, n, self.dtype, self.mean, self.std)


@dataclass(frozen=True, slots=True)
class Bernoulli:
    """1 with probability p, else 0."""

    dtype: np.dtype[np.generic]
    p: float

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """See `sampling.bernoulli`."""
        return sampling.bernoulli(generator, n, self.dtype, self.p)


@dataclass(frozen=True, slots=True)
class Integers:
    """Each of low, ..., high - 1 equally often."""

    dtype: np.dtype[np.generic]
    low: int
    high: int

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """See `choices.randint`."""
        return choices.randint(generator, n, self.dtype, self.low, self.high)


@dataclass(frozen=True, slots=True)
class AnyInteger:
    """Integers from 0 to the largest of the dtype."""

    dtype: np.dtype[np.generic]

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """See `choices.random_`."""
        return choices.random_(generator, n, self.dtype)


@dataclass(frozen=True, slots=True)
class Exponential:
    """With a rate."""

    dtype: np.dtype[np.generic]
    rate: float

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """See `sampling.exponential`."""
        return sampling.exponential(generator, n, self.dtype, self.rate)


@dataclass(frozen=True, slots=True)
class Geometric:
    """How often one tries until the first success."""

    dtype: np.dtype[np.generic]
    p: float

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """See `sampling.geometric`."""
        return sampling.geometric(generator, n, self.dtype, self.p)


@dataclass(frozen=True, slots=True)
class Cauchy:
    """Of median and width."""

    dtype: np.dtype[np.generic]
    median: float
    sigma: float

    def __call__(self, generator: Generator, n: int, /) -> HostArray:
        """See `sampling.cauchy`."""
        return sampling.cauchy(generator, n, self.dtype, self.median, self.sigma)
