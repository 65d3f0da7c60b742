"""Real numbers made of uniform draws, each distribution by one formula.

Every function takes the generator, how many numbers, and their dtype, and returns a flat array; the
numbers, and what is left in the generator, are those of PyTorch's in-place method of the same name
on a CPU tensor with that many elements. All but `uniform`, and `bernoulli` of an array, compute in
float64 and round at the end, whatever the dtype.

Source: https://docs.pytorch.org/docs/stable/torch.html#in-place-random-sampling
"""

import math
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor.mersenne import Generator
from minitorch_tensor.normals import floating
from minitorch_tensor.rounding import fma32, fma64, narrow

T = TypeVar("T", bound=np.generic)


def uniform(
    generator: Generator,
    n: int,
    dtype: np.dtype[T] | type[T],
    low: float = 0.0,
    high: float = 1.0,
) -> NDArray[T]:
    """Return n numbers spread evenly over [low, high): u (high - low) + low, rounded once.

    Args:
        generator: where the draws come from.
        n: how many.
        dtype: float16, float32 or float64.
        low: the smallest number that may come.
        high: above all that may come, unless equal to low.

    Raises:
        RuntimeError: low is above high, either does not fit the dtype, or their difference
            does not, or the dtype is not floating.

    >>> uniform(Generator().manual_seed(0), 2, np.float32).tolist()
    [0.49625658988952637, 0.7682217955589294]
    >>> uniform(Generator().manual_seed(0), 2, np.float32, -1.0, 1.0).tolist()
    [-0.007486820220947266, 0.5364435911178589]
    """
    kind = floating(dtype, "uniform_")
    largest = _largest(kind)
    for name, bound in (("from", low), ("to", high)):
        if not -largest <= bound <= largest:
            raise RuntimeError(
                f"uniform_: {name} is out of bounds for {kind}, got {name}={bound:g}"
            )
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > largest:
        raise RuntimeError(
            f"uniform_ expects to-from <= the largest {kind}, {largest:g}, "
            f"but found to={high:g} and from={low:g}"
        )
    if kind == np.float32:
        return generator.uniform32(n, low, high).astype(kind, copy=False)
    if kind == np.float64:
        numbers = narrow(fma64(generator.unit64(n), high - low, low), kind)
    else:
        start, stop = np.float32(low), np.float32(high)
        numbers = fma32(generator.unit32(n), float(stop - start), float(start)).astype(kind)
    # Rounding may have reached the upper bound, which must not come.
    first, last = narrow(np.array([low, high]), kind)
    numbers[numbers == last] = first
    return numbers


@lru_cache
def _largest(dtype: np.dtype[np.generic]) -> float:
    return float(np.finfo(dtype.name).max)


def bernoulli(
    generator: Generator,
    n: int,
    dtype: np.dtype[T] | type[T],
    p: float | NDArray[np.floating] = 0.5,
) -> NDArray[T]:
    """Return n ones and zeros: one where a uniform draw is below p.

    Dropout's mask is `bernoulli(generator, n, dtype, 1 - p)`.

    Args:
        generator: where the draws come from.
        n: how many.
        dtype: any; False and True for bool.
        p: the probability of a one, or an array of n such, which takes float64 draws only if it is
            float64 itself.

    Raises:
        RuntimeError: a probability is outside [0, 1] or nan, or they are not floating numbers.
        ValueError: there are not n probabilities.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html

    >>> bernoulli(Generator().manual_seed(0), 5, np.int64, 0.8).tolist()
    [0, 1, 1, 0, 1]
    """
    if not isinstance(p, np.ndarray):
        if not 0.0 <= p <= 1.0:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        return generator.below(n, p).astype(dtype)
    floating(p.dtype, "bernoulli_ probabilities")
    if p.size != n:
        raise ValueError(f"bernoulli_: {n} numbers need {n} probabilities, but got {p.size}")
    outside = ~((p >= 0) & (p <= 1))
    if outside.any():
        raise RuntimeError(
            f"bernoulli_ expects all p to be in [0, 1], but got p={float(p[outside][0]):g}"
        )
    if p.dtype == np.float64:
        return (generator.unit64(n) < p.reshape(-1)).astype(dtype)
    return (generator.unit32(n) < p.reshape(-1)).astype(dtype)


def exponential(
    generator: Generator, n: int, dtype: np.dtype[T] | type[T], lambd: float = 1.0
) -> NDArray[T]:
    """Return n numbers with density lambd exp(-lambd x), x >= 0: -ln(1 - u) / lambd.

    Args:
        generator: where the draws come from.
        n: how many.
        dtype: float16, float32 or float64.
        lambd: the rate, above 0; the mean is 1 / lambd.

    Raises:
        RuntimeError: lambd is not above 0, or the dtype is not floating.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html

    >>> exponential(Generator().manual_seed(0), 2, np.float32).tolist()
    [3.508326292037964, 1.2303847074508667]
    """
    kind = floating(dtype, "exponential_")
    if not lambd > 0.0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    with np.errstate(all="ignore"):  # what is too large for the dtype is inf
        return narrow(-1.0 / lambd * np.log1p(-generator.unit64(n)), kind)


def geometric(generator: Generator, n: int, dtype: np.dtype[T] | type[T], p: float) -> NDArray[T]:
    """Return n counts k >= 1 with probability (1 - p)**(k - 1) p: ceil(ln u / ln(1 - p)).

    Args:
        generator: where the draws come from.
        n: how many.
        dtype: a number; a count too large for an integer dtype wraps around, as in PyTorch.
        p: the probability of success of each trial, in (0, 1).

    Raises:
        RuntimeError: p is outside (0, 1), or the dtype is bool.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html

    >>> geometric(Generator().manual_seed(0), 5, np.int64, 0.1).tolist()
    [1, 4, 8, 1, 5]
    """
    kind = np.dtype(dtype)
    if kind == np.bool_:
        raise RuntimeError("geometric_: dtype must hold numbers, but got bool; use int64")
    if not 0.0 < p < 1.0:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    with np.errstate(all="ignore"):  # ln 0 is -inf, once in 2**53 draws
        counts = np.ceil(np.log(generator.unit64(n)) / math.log1p(-p))
        return counts.astype(np.int64).astype(kind) if kind.kind in "iu" else narrow(counts, kind)


def cauchy(
    generator: Generator,
    n: int,
    dtype: np.dtype[T] | type[T],
    median: float = 0.0,
    sigma: float = 1.0,
) -> NDArray[T]:
    """Return n numbers with density sigma / pi / ((x - median)**2 + sigma**2).

    The formula is median + sigma tan(pi (u - 1/2)).

    Args:
        generator: where the draws come from.
        n: how many.
        dtype: float16, float32 or float64.
        median: the middle of the bell, which has no mean.
        sigma: half its width at half its height, above 0.

    Raises:
        RuntimeError: sigma is not above 0, or the dtype is not floating.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html

    >>> cauchy(Generator().manual_seed(0), 2, np.float32).tolist()
    [10.597729682922363, 0.7647672891616821]
    """
    kind = floating(dtype, "cauchy_")
    if not sigma > 0.0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    with np.errstate(all="ignore"):  # what is too large for the dtype is inf
        tangents = np.tan(math.pi * (generator.unit64(n) - 0.5))
        return narrow(fma64(tangents, sigma, median), kind)
