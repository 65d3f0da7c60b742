"""The functions of `ieee` that operators apply to integers too, in int64.

They hold to the rules of kernels (no exceptions, no floats): what is undefined, as a division by 0,
gives 0.
"""

from collections.abc import Callable
from typing import Final


def _same(x: int) -> int:
    return x


def _fabs(x: int) -> int:
    return -x if x < 0 else x


def _copysign(a: int, b: int) -> int:
    positive = -a if a < 0 else a
    return -positive if b < 0 else positive


def _div(a: int, b: int) -> int:
    """The quotient, rounded towards 0."""
    if b == 0:
        return b
    quotient = a // b
    if quotient < 0 and quotient * b != a:
        quotient += 1
    return quotient


def _fmod(a: int, b: int) -> int:
    """What `_div` leaves: it has the sign of a."""
    if b == 0:
        return b
    quotient = a // b
    if quotient < 0 and quotient * b != a:
        quotient += 1
    return a - quotient * b


def _pow(a: int, b: int) -> int:
    """a**b by squaring; a root of anything but 1 and -1 is 0."""
    if b < 0:
        if a == 1:
            return a
        if a == -1:
            return a if b % 2 != 0 else -a
        return a - a
    result = a - a + 1
    while b > 0:
        if b % 2 != 0:
            result = result * a
        a = a * a
        b = b // 2
    return result


def _gcd(a: int, b: int) -> int:
    """By Euclid: gcd(a, b) = gcd(b, a mod b)."""
    while b != 0:
        rest = a % b
        a = b
        b = rest
    return -a if a < 0 else a


INTEGER_FUNCTIONS: Final[dict[str, Callable[..., int]]] = {
    "ceil": _same,
    "copysign": _copysign,
    "div": _div,
    "fabs": _fabs,
    "floor": _same,
    "fmod": _fmod,
    "gcd": _gcd,
    "integer": _same,
    "pow": _pow,
    "rint": _same,
    "trunc": _same,
}
