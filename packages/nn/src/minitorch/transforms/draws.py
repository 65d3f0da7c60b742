"""What transforms draw, from the default generator and in torchvision's order.

So the same seed gives the same crops and flips.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minitorch_tensor import empty, rand, randint

__all__ = ["chance", "exceeds", "integer", "proportion", "uniform"]


def chance(p: float) -> bool:
    """True with probability p: one number from 0 to 1 is less.

    Compared as a float32, as PyTorch compares a tensor with a number.
    """
    return bool(np.float32(rand(1).item()) < np.float32(p))


def exceeds(p: float) -> bool:
    """True with probability 1 - p: one number from 0 to 1 is greater."""
    return bool(np.float32(rand(1).item()) > np.float32(p))


def integer(low: int, high: int) -> int:
    """From low to high, both included."""
    return int(randint(low, high + 1, size=(1,)).item())


def uniform(low: float, high: float) -> float:
    """From low to high, a float32."""
    return float(empty(1).uniform_(low, high).item())


def proportion(ratio: Sequence[float]) -> float:
    """Between two proportions, uniform in the logarithm: 1:2 is as likely as 2:1."""
    low, high = (float(np.log(np.float32(end))) for end in ratio)
    return float(np.exp(np.float32(uniform(low, high))))
