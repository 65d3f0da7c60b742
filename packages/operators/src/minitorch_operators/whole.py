"""Functions of whole numbers: what operators on the bits of integers are made of.

Backends compute integers in int64, where `integer` costs nothing and `gcd` is their own. Here a
number is a float, so `integer` drops its fraction, and takes nan and the infinities for 0: any
float in, a whole number out.
"""

import math

__all__ = ["gcd", "integer"]


def integer(x: float, /) -> int:
    """The integer part of x, as Python's `int`, which has bits.

    >>> integer(6.0) & integer(3.9), integer(math.nan)
    (2, 0)
    """
    return int(x) if math.isfinite(x) else 0


def gcd(a: float, b: float, /) -> int:
    """The largest integer that divides both; of 0 and b it is |b|.

    >>> gcd(12.0, -18.0), gcd(0.0, 5.0), gcd(0.0, 0.0)
    (6, 5, 0)
    """
    return math.gcd(integer(a), integer(b))
