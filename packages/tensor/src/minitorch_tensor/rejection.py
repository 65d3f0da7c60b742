"""Random counts, Poisson and binomial, by rejection: candidates are drawn until one is accepted.

How many uniform numbers an element takes is not known before, so elements are drawn one after
another, each from float64 uniforms; the numbers, and what is left in the generator, are those of
PyTorch's CPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor.mersenne import Generator

Floats = NDArray[np.float64]
Rounding = Callable[[float], float]

_BLOCK = 1024


class _Uniforms:
    """Uniform numbers one by one, drawn in blocks; `close` gives back those that were not taken."""

    __slots__ = ("_before", "_block", "_generator", "_left", "_taken")

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._before = generator.clone_state()
        self._taken = 0
        self._block: list[float] = []
        self._left = 0

    def __call__(self) -> float:
        if not self._left:
            self._taken += len(self._block)
            self._block = self._generator.unit64(_BLOCK).tolist()
            self._left = _BLOCK
        self._left -= 1
        return self._block[_BLOCK - 1 - self._left]

    def close(self) -> None:
        """Leave the generator as if only the numbers that were taken had been drawn."""
        used = self._taken + len(self._block) - self._left
        self._generator.restore(self._before.save())
        self._generator.unit64(used)


def _each(generator: Generator, n: int, sample: Callable[[_Uniforms, int], float]) -> Floats:
    """sample(uniforms, i) for i = 0, 1, ..., n - 1."""
    with generator.lock:
        uniforms = _Uniforms(generator)
        made = np.array([sample(uniforms, i) for i in range(n)], np.float64)
        uniforms.close()
    return made


def poisson(generator: Generator, rates: Floats) -> Floats:
    """Return for each rate a count k with probability rate**k exp(-rate) / k!.

    Args:
        generator: where the draws come from.
        rates: (n,), at least 0.

    Raises:
        RuntimeError: a rate is below 0 or nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.poisson.html

    >>> poisson(Generator().manual_seed(0), np.array([3.0, 3.0, 30.0])).tolist()
    [6.0, 3.0, 24.0]
    """
    bad = ~(rates >= 0)
    if bad.any():
        raise RuntimeError(f"poisson: expected rates of at least 0, but got {rates[bad][0]:g}")
    numbers = rates.tolist()
    return _each(
        generator,
        len(numbers),
        lambda uniforms, i: (_many if numbers[i] >= 10 else _few)(uniforms, numbers[i]),
    )


def _few(uniforms: _Uniforms, rate: float) -> float:
    """How many uniforms can be multiplied before the product is at most exp(-rate): Knuth 1969."""
    if rate == 0:
        return 0.0
    bound, product, k = math.exp(-rate), 1.0, 0
    while True:
        product *= uniforms()
        if not product > bound:
            return float(k)
        k += 1


def _many(uniforms: _Uniforms, rate: float) -> float:
    """Transformed rejection: Hoermann, "The transformed rejection method", 1993, algorithm PTRS."""
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    tight = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = uniforms() - 0.5
        v = uniforms()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= tight:
            return float(k)
        if k < 0 or (us < 0.013 and v > us):
            continue
        accepted = -rate + k * log_rate - math.lgamma(k + 1)
        if _log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b) <= accepted:
            return float(k)


def binomial(
    generator: Generator, trials: Floats, chances: Floats, *, single: bool = False
) -> Floats:
    """Return how many of n trials succeed with chance p each, for each pair of n and p.

    Chances beyond 0 or 1 count as 0 or 1, trials below 0 as none; a chance of nan gives nan.

    Args:
        generator: where the draws come from.
        trials: (m,).
        chances: (m,).
        single: whether to round as PyTorch does for float32; else everything is float64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.binomial.html

    >>> binomial(Generator().manual_seed(0), np.array([10.0, 90.0]), np.array([0.5, 0.3])).tolist()
    [7.0, 28.0]
    """
    numbers, ps = trials.tolist(), chances.tolist()
    rounded = _to_float32 if single else float
    return _each(
        generator, len(ps), lambda uniforms, i: _binomial(uniforms, numbers[i], ps[i], rounded)
    )


def _to_float32(x: float) -> float:
    return float(np.float32(x))


def _binomial(uniforms: _Uniforms, n: float, p: float, rounded: Rounding) -> float:
    if n <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return n
    if p <= 0.5:
        return (_btrs if rounded(n * p) >= 10 else _inversion)(uniforms, n, p, rounded)
    if p > 0.5:
        q = rounded(1 - p)
        return n - (_btrs if rounded(n * q) >= 10 else _inversion)(uniforms, n, q, rounded)
    return math.nan


def _inversion(uniforms: _Uniforms, n: float, p: float, rounded: Rounding) -> float:
    """Count successes, the waiting times between which are geometric: Devroye 1986, X.4.3."""
    log_failure = rounded(math.log1p(-p))
    waited, k = 0.0, 0
    while True:
        time = _log(uniforms()) / log_failure
        waited += math.ceil(time) if math.isfinite(time) else time
        if waited > n:
            return float(k)
        k += 1


def _btrs(uniforms: _Uniforms, n: float, p: float, rounded: Rounding) -> float:
    """Transformed rejection: Hoermann, "The generation of binomial random variates", 1993."""
    failure = rounded(1 - p)
    mean = rounded(n * p)
    deviation = rounded(math.sqrt(rounded(mean * failure)))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = mean + 0.5
    tight = 0.92 - 4.2 / b
    odds = rounded(p / failure)
    alpha = (2.83 + 5.1 / b) * deviation
    m = math.floor(rounded(rounded(n + 1) * p))
    while True:
        u = uniforms() - 0.5
        v = uniforms()
        us = 0.5 - abs(u)
        if us == 0:  # no candidate; once in 2**53 draws
            continue
        k = rounded(math.floor((2 * a / us + b) * u + c))
        if k < 0 or k > n:
            continue
        if us >= 0.07 and v <= tight:
            return k
        failures = rounded(rounded(n - k) + 1)
        bound = (
            (m + 0.5) * math.log((m + 1) / (odds * (n - m + 1)))
            + rounded(n + 1) * math.log((n - m + 1) / failures)
            + (k + 0.5) * math.log(odds * failures / rounded(k + 1))
            + _stirling(m)
            + _stirling(n - m)
            - _stirling(k)
            - _stirling(rounded(n - k))
        )
        if _log(v * alpha / (a / (us * us) + b)) <= bound:
            return k


_STIRLING = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
    0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
    0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


def _stirling(k: float) -> float:
    """What Stirling's approximation leaves of ln k!."""
    if k <= 9:
        return _STIRLING[int(k)]
    square = (k + 1) * (k + 1)
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)


def _log(x: float) -> float:
    """The logarithm, -inf of 0."""
    return math.log(x) if x > 0 else -math.inf
