"""The bits of a float: what the vectorised functions need beyond arithmetic, as plain Python.

A float is `mantissa * 2**exponent`. These functions take that apart and put it together. Here is
what they mean; `intrinsics` has the same names as two or three machine instructions each.
"""

import math

_SQRT1_2 = 0.7071067811865476


def exp2i(n: float) -> float:
    """`2**n` for a whole n from -126 to 127 (float64: from -1022 to 1023).

    >>> exp2i(-3.0)
    0.125
    """
    return math.ldexp(1.0, int(n))


def exponent(x: float) -> float:
    """The whole number e such that x / 2**e is in [sqrt(1/2), sqrt(2)), for a normal x > 0.

    >>> exponent(8.0), exponent(0.75), exponent(0.7)
    (3.0, 0.0, -1.0)
    """
    m, e = math.frexp(x)
    return float(e if m >= _SQRT1_2 else e - 1)


def mantissa(x: float) -> float:
    """`x / 2**exponent(x)`, exactly.

    >>> mantissa(8.0), mantissa(0.7)
    (1.0, 1.4)
    """
    return math.ldexp(x, -int(exponent(x)))
