"""Laws of operators on integers: their bits are those of Python's integers, and divisors divide."""

import math

from hypothesis import given
from hypothesis import strategies as st

from minitorch_operators import (
    bitwise_and,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    gcd,
    lcm,
    whole,
)

integers = st.integers(-(2**50), 2**50)
small = st.integers(-1000, 1000)


@given(integers, integers)
def test_bits_are_those_of_integers(a: int, b: int) -> None:
    x, y = float(a), float(b)
    assert bitwise_and(x, y) == a & b
    assert bitwise_or(x, y) == a | b
    assert bitwise_xor(x, y) == a ^ b
    assert bitwise_not(x) == ~a
    assert bitwise_or(x, y) - bitwise_and(x, y) == bitwise_xor(x, y)


@given(small, st.integers(0, 40))
def test_shifts_are_those_of_integers(a: int, n: int) -> None:
    assert bitwise_left_shift(float(a), float(n)) == a << n
    assert bitwise_right_shift(float(a), float(n)) == a >> n


@given(small)
def test_a_shift_that_is_none_leaves_nothing_or_the_sign(a: int) -> None:
    for n in (-1.0, 64.0, 1000.0, math.nan):
        assert bitwise_left_shift(float(a), n) == 0
        assert bitwise_right_shift(float(a), n) == (-1 if a < 0 else 0)


@given(small, small)
def test_the_greatest_divisor_times_the_least_multiple_is_the_product(a: int, b: int) -> None:
    d, m = gcd(float(a), float(b)), lcm(float(a), float(b))
    assert d * m == abs(a * b)
    assert d == math.gcd(a, b)


def test_what_is_no_number_counts_as_zero() -> None:
    assert [whole.integer(x) for x in (math.nan, math.inf, -math.inf, -2.9)] == [0, 0, 0, -2]
    assert gcd(math.nan, 6.0) == 6
