"""The C library's functions on floats, with IEEE 754 results where Python's `math` would raise.

`math.log(0.0)` raises in Python; in C, in NumPy and on a GPU it is -inf. These functions are total:
any float in, a float out, and at the edges what Annex F of the C standard says. Scalar functions
call them, and a backend's compiler binds each name to its own vectorised version.

https://en.cppreference.com/w/c/numeric/math
"""

import math

__all__ = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "ceil",
    "copysign",
    "cos",
    "cosh",
    "div",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "floor",
    "fmod",
    "hypot",
    "ldexp",
    "lgamma",
    "log",
    "log1p",
    "log2",
    "log10",
    "logb",
    "nextafter",
    "pow",
    "rint",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
]

_INF = math.inf
_NAN = math.nan


def div(a: float, b: float, /) -> float:
    """`a / b`, with 1/0 = inf, -1/0 = -inf and 0/0 = nan.

    >>> div(1.0, -0.0), div(3.0, 2.0)
    (-inf, 1.5)
    """
    try:
        return a / b
    except ZeroDivisionError:
        if a == 0.0 or a != a:
            return _NAN
        return math.copysign(_INF, a) * math.copysign(1.0, b)


def fabs(x: float, /) -> float:
    """The absolute value: the sign bit cleared.

    >>> fabs(-2.0), fabs(-0.0)
    (2.0, 0.0)
    """
    return math.fabs(x)


def copysign(a: float, b: float, /) -> float:
    """The magnitude of a with the sign bit of b.

    >>> copysign(3.0, -0.0)
    -3.0
    """
    return math.copysign(a, b)


# The binary form of a number: sign * m * 2**e with 1 <= m < 2.


def logb(x: float, /) -> float:
    """The exponent e of x: -inf at 0, inf at the infinities.

    >>> logb(10.0), logb(-0.75), logb(5e-324), logb(0.0)
    (3.0, -1.0, -1074.0, -inf)
    """
    if x == 0.0:
        return -_INF
    return float(math.frexp(x)[1] - 1) if math.isfinite(x) else x * x


def ldexp(x: float, n: float, /) -> float:
    """`x * 2**n` for a whole n, rounded once; a fraction of n is dropped.

    >>> ldexp(0.75, 2.0), ldexp(5e-324, 1074.0), ldexp(1.0, 5000.0), ldexp(1.0, -5000.0)
    (3.0, 1.0, inf, 0.0)
    """
    if n != n:
        return _NAN
    try:
        return math.ldexp(x, int(min(max(n, -5000.0), 5000.0)))
    except OverflowError:
        return math.copysign(_INF, x)


def nextafter(a: float, b: float, /) -> float:
    """The number next to a in the direction of b; b itself where they are equal.

    >>> nextafter(1.0, 2.0), nextafter(0.0, -1.0)
    (1.0000000000000002, -5e-324)
    """
    return math.nextafter(a, b)


# Rounding. Each keeps the sign of a zero result, and returns infinities and nan as they are.


def floor(x: float, /) -> float:
    """The largest integer not above x.

    >>> floor(-1.5), floor(-0.0)
    (-2.0, -0.0)
    """
    return math.copysign(float(math.floor(x)), x) if math.isfinite(x) else x


def ceil(x: float, /) -> float:
    """The smallest integer not below x.

    >>> ceil(1.5), ceil(-0.5)
    (2.0, -0.0)
    """
    return math.copysign(float(math.ceil(x)), x) if math.isfinite(x) else x


def trunc(x: float, /) -> float:
    """The integer part of x.

    >>> trunc(-1.5), trunc(-0.5)
    (-1.0, -0.0)
    """
    return math.copysign(float(math.trunc(x)), x) if math.isfinite(x) else x


def rint(x: float, /) -> float:
    """The nearest integer, and of two equally near ones the even one.

    >>> rint(0.5), rint(1.5), rint(2.5), rint(-0.2)
    (0.0, 2.0, 2.0, -0.0)
    """
    return math.copysign(float(round(x)), x) if math.isfinite(x) else x


def fmod(a: float, b: float, /) -> float:
    """The remainder of a / b with the sign of a: nan for an infinite a or b = 0.

    >>> fmod(-5.0, 3.0), fmod(5.0, float("inf")), fmod(1.0, 0.0)
    (-2.0, 5.0, nan)
    """
    try:
        return math.fmod(a, b)
    except ValueError:
        return _NAN


# Powers, exponentials, logarithms.


def sqrt(x: float, /) -> float:
    """The square root: nan below 0, -0.0 at -0.0.

    >>> sqrt(4.0), sqrt(-0.0), sqrt(-1.0)
    (2.0, -0.0, nan)
    """
    return math.sqrt(x) if x >= 0.0 else _NAN


def hypot(a: float, b: float, /) -> float:
    """`sqrt(a*a + b*b)` without overflow on the way.

    >>> hypot(3.0, 4.0), hypot(0.0, -1e300)
    (5.0, 1e+300)
    """
    return math.hypot(a, b)


def pow(a: float, b: float, /) -> float:
    """`a**b`: 1 for b = 0 even where a is nan, nan for a root of a negative number.

    >>> pow(2.0, 3.0), pow(0.0, 0.0), pow(-0.0, -1.0), pow(-2.0, 0.5), pow(-10.0, 309.0)
    (8.0, 1.0, -inf, nan, -inf)
    """
    try:
        return math.pow(a, b)
    except OverflowError:
        return -_INF if a < 0.0 and math.fmod(b, 2.0) != 0.0 else _INF
    except ValueError:
        if a != 0.0:
            return _NAN  # a negative number to a power that is no integer
        return math.copysign(_INF, a) if math.fabs(math.fmod(b, 2.0)) == 1.0 else _INF


def exp(x: float, /) -> float:
    """`e**x`, inf above about 709.78.

    >>> exp(1000.0), exp(-1000.0)
    (inf, 0.0)
    """
    try:
        return math.exp(x)
    except OverflowError:
        return _INF


def exp2(x: float, /) -> float:
    """`2**x`, inf from 1024 on.

    >>> exp2(10.0), exp2(1024.0)
    (1024.0, inf)
    """
    try:
        return math.exp2(x)
    except OverflowError:
        return _INF


def expm1(x: float, /) -> float:
    """`e**x - 1`, exact to the last digits near 0.

    >>> expm1(1e-20), expm1(1000.0), expm1(-1000.0)
    (1e-20, inf, -1.0)
    """
    try:
        return math.expm1(x)
    except OverflowError:
        return _INF


def log(x: float, /) -> float:
    """The natural logarithm: -inf at 0, nan below.

    >>> log(0.0), log(1.0), log(-1.0)
    (-inf, 0.0, nan)
    """
    if x > 0.0:
        return math.log(x)
    return -_INF if x == 0.0 else _NAN


def log1p(x: float, /) -> float:
    """`log(1 + x)`, exact to the last digits near 0: -inf at -1, nan below.

    >>> log1p(1e-20), log1p(-1.0)
    (1e-20, -inf)
    """
    if x > -1.0:
        return math.log1p(x)
    return -_INF if x == -1.0 else _NAN


def log2(x: float, /) -> float:
    """The logarithm to base 2: -inf at 0, nan below.

    >>> log2(8.0), log2(0.0)
    (3.0, -inf)
    """
    if x > 0.0:
        return math.log2(x)
    return -_INF if x == 0.0 else _NAN


def log10(x: float, /) -> float:
    """The logarithm to base 10: -inf at 0, nan below.

    >>> log10(1000.0), log10(0.0)
    (3.0, -inf)
    """
    if x > 0.0:
        return math.log10(x)
    return -_INF if x == 0.0 else _NAN


def erf(x: float, /) -> float:
    """The error function, from -1 to 1.

    >>> erf(0.0), erf(float("inf"))
    (0.0, 1.0)
    """
    return math.erf(x)


def erfc(x: float, /) -> float:
    """`1 - erf(x)`, exact to the last digits for large x.

    >>> erfc(0.0), erfc(10.0)
    (1.0, 2.088487583762545e-45)
    """
    return math.erfc(x)


def lgamma(x: float, /) -> float:
    """`log(|gamma(x)|)`: inf at 0, at the negative integers and at -inf.

    >>> lgamma(1.0), round(lgamma(4.0), 12), lgamma(-2.0)
    (0.0, 1.791759469228, inf)
    """
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return _INF


# Trigonometric and hyperbolic functions, in radians. Outside the domain: nan.


def sin(x: float, /) -> float:
    """The sine; nan at the infinities.

    >>> sin(-0.0), sin(float("inf"))
    (-0.0, nan)
    """
    return math.sin(x) if math.isfinite(x) else _NAN


def cos(x: float, /) -> float:
    """The cosine; nan at the infinities.

    >>> cos(0.0), cos(float("inf"))
    (1.0, nan)
    """
    return math.cos(x) if math.isfinite(x) else _NAN


def tan(x: float, /) -> float:
    """The tangent; nan at the infinities.

    >>> tan(-0.0), tan(float("inf"))
    (-0.0, nan)
    """
    return math.tan(x) if math.isfinite(x) else _NAN


def asin(x: float, /) -> float:
    """The angle in [-pi/2, pi/2] whose sine is x.

    >>> asin(-0.0), asin(1.5)
    (-0.0, nan)
    """
    return math.asin(x) if -1.0 <= x <= 1.0 else _NAN


def acos(x: float, /) -> float:
    """The angle in [0, pi] whose cosine is x.

    >>> acos(1.0), acos(1.5)
    (0.0, nan)
    """
    return math.acos(x) if -1.0 <= x <= 1.0 else _NAN


def atan(x: float, /) -> float:
    """The angle in [-pi/2, pi/2] whose tangent is x.

    >>> atan(-0.0), atan(float("inf"))
    (-0.0, 1.5707963267948966)
    """
    return math.atan(x)


def atan2(a: float, b: float, /) -> float:
    """The angle of the point (b, a), in [-pi, pi]; signed zeros choose the side of the cut.

    >>> atan2(1.0, 1.0), atan2(-0.0, -1.0)
    (0.7853981633974483, -3.141592653589793)
    """
    return math.atan2(a, b)


def sinh(x: float, /) -> float:
    """The hyperbolic sine, infinite beyond about 710.

    >>> sinh(-0.0), sinh(-1000.0)
    (-0.0, -inf)
    """
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(_INF, x)


def cosh(x: float, /) -> float:
    """The hyperbolic cosine, infinite beyond about 710.

    >>> cosh(0.0), cosh(-1000.0)
    (1.0, inf)
    """
    try:
        return math.cosh(x)
    except OverflowError:
        return _INF


def tanh(x: float, /) -> float:
    """The hyperbolic tangent, from -1 to 1.

    >>> tanh(-0.0), tanh(1000.0)
    (-0.0, 1.0)
    """
    return math.tanh(x)


def asinh(x: float, /) -> float:
    """The number whose hyperbolic sine is x.

    >>> asinh(-0.0), asinh(float("-inf"))
    (-0.0, -inf)
    """
    return math.asinh(x)


def acosh(x: float, /) -> float:
    """The number in [0, inf] whose hyperbolic cosine is x: nan below 1.

    >>> acosh(1.0), acosh(0.5)
    (0.0, nan)
    """
    return math.acosh(x) if x >= 1.0 else _NAN


def atanh(x: float, /) -> float:
    """The number whose hyperbolic tangent is x: infinite at -1 and 1, nan beyond.

    >>> atanh(-0.0), atanh(1.0), atanh(2.0)
    (-0.0, inf, nan)
    """
    if -1.0 < x < 1.0:
        return math.atanh(x)
    return math.copysign(_INF, x) if x in (-1.0, 1.0) else _NAN
