"""The C library's functions on floats, with IEEE 754 results where Python's `math` would raise.

`math.log(0.0)` raises in Python; in C, in NumPy and on a GPU it is -inf. Scalar functions call these, and
a backend's compiler binds each name to its own vectorised version (see `minitorch_tensor.specialise`).
"""

import math

_INF = math.inf
_NAN = math.nan


def div(a: float, b: float, /) -> float:
    """a / b, with 1/0 = inf, -1/0 = -inf and 0/0 = nan.

    >>> div(1.0, -0.0), div(3.0, 2.0)
    (-inf, 1.5)
    """
    if b == 0.0:
        if a == 0.0 or a != a:
            return _NAN
        return math.copysign(_INF, a) * math.copysign(1.0, b)
    return a / b


def exp(x: float, /) -> float:
    """e**x, inf above about 709.78.

    >>> exp(1000.0), exp(-1000.0)
    (inf, 0.0)
    """
    try:
        return math.exp(x)
    except OverflowError:
        return _INF


def log(x: float, /) -> float:
    """The natural logarithm: -inf at 0, nan below.

    >>> log(0.0), log(1.0)
    (-inf, 0.0)
    """
    if x > 0.0:
        return math.log(x)
    return -_INF if x == 0.0 else _NAN


def sqrt(x: float, /) -> float:
    """The square root: nan below 0, -0.0 at -0.0.

    >>> sqrt(4.0), sqrt(-0.0)
    (2.0, -0.0)
    """
    return math.sqrt(x) if x >= 0.0 else _NAN


def floor(x: float, /) -> float:
    """The largest integer not above x, as a float; infinities and nan stay.

    >>> floor(-1.5), floor(-0.0)
    (-2.0, -0.0)
    """
    if x - x != 0.0:  # inf or nan
        return x
    return math.copysign(float(math.floor(x)), x)
