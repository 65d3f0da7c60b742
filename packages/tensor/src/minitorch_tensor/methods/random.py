"""Random numbers as methods."""

from __future__ import annotations

from minitorch_tensor import (
    distributions,
    random,
)


class RandomMethods:
    """Random numbers as methods."""

    __slots__ = ()

    bernoulli = distributions.bernoulli
    multinomial = random.multinomial

    bernoulli_ = random.bernoulli_
    cauchy_ = random.cauchy_
    exponential_ = random.exponential_
    geometric_ = random.geometric_
    log_normal_ = random.log_normal_
    normal_ = random.normal_
    random_ = random.random_
    uniform_ = random.uniform_
