"""Operators on integers: their bits, shifts, and common divisors.

`&` and its like need an integer on both sides, which `whole.integer` gives: on floats it drops the
fraction, in a backend, where these operators meet int64 alone, it is nothing.

https://docs.pytorch.org/docs/stable/generated/torch.bitwise_and.html
"""

from minitorch_operators import ieee, whole
from minitorch_operators.record import Binary, Unary


def _bitwise_not(x: float) -> float:
    """`~x`: every bit flipped, which is `-x - 1`."""
    return ~whole.integer(x)


def _bitwise_and(a: float, b: float) -> float:
    """`a & b`: the bits that both have."""
    return whole.integer(a) & whole.integer(b)


def _bitwise_or(a: float, b: float) -> float:
    """`a | b`: the bits that one of them has."""
    return whole.integer(a) | whole.integer(b)


def _bitwise_xor(a: float, b: float) -> float:
    """`a ^ b`: the bits that exactly one of them has."""
    return whole.integer(a) ^ whole.integer(b)


# How far one can shift 64 bits: any other distance is no shift of the processor's. A smaller dtype
# loses what is beyond its own width when the result is stored.


def _bitwise_left_shift(a: float, b: float) -> float:
    """`a << b`; 0 where b is negative or not below the number of bits."""
    inside = b if b >= 0.0 and b < 64.0 else 0.0
    shifted = whole.integer(a) << whole.integer(inside)
    return shifted if b >= 0.0 and b < 64.0 else 0.0


def _bitwise_right_shift(a: float, b: float) -> float:
    """`a >> b`, which keeps the sign; where b is negative or too large, the sign alone."""
    return whole.integer(a) >> whole.integer(b if b >= 0.0 and b < 63.0 else 63.0)


def _gcd(a: float, b: float) -> float:
    """The largest integer that divides both; of 0 and b it is `|b|`."""
    return whole.gcd(a, b)


def _lcm(a: float, b: float) -> float:
    """The smallest positive integer that both divide; 0 where one of them is 0."""
    d = whole.gcd(a, b)
    return ieee.fabs(ieee.div(whole.integer(a), d if d != 0.0 else 1.0) * whole.integer(b))


bitwise_not = Unary("bitwise_not", _bitwise_not, None, result="integer")
bitwise_and = Binary("bitwise_and", _bitwise_and, (None, None), result="integer")
bitwise_or = Binary("bitwise_or", _bitwise_or, (None, None), result="integer")
bitwise_xor = Binary("bitwise_xor", _bitwise_xor, (None, None), result="integer")
bitwise_left_shift = Binary(
    "bitwise_left_shift", _bitwise_left_shift, (None, None), result="integer"
)
bitwise_right_shift = Binary(
    "bitwise_right_shift", _bitwise_right_shift, (None, None), result="integer"
)
gcd = Binary("gcd", _gcd, (None, None), result="integer")
lcm = Binary("lcm", _lcm, (None, None), result="integer")
