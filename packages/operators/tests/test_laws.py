"""Laws that operators obey for all numbers: the course's, and those that stability rests on."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_operators import (
    add,
    atan2,
    clamp,
    div,
    eq,
    erf,
    erfc,
    erfinv,
    exp,
    floor_divide,
    fmod,
    frac,
    ge,
    gelu,
    gt,
    hypot,
    id,
    inv,
    inv_back,
    is_close,
    le,
    log,
    log1p,
    log_back,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    logit,
    logsigmoid,
    lt,
    max,
    maximum,
    min,
    minimum,
    mish,
    mul,
    ne,
    neg,
    reciprocal,
    relu,
    relu_back,
    remainder,
    round,
    sigmoid,
    sign,
    silu,
    softplus,
    square,
    sub,
    tanh,
    trunc,
    where,
)

small = st.floats(-100, 100)
finite = st.floats(allow_nan=False, allow_infinity=False)
anything = st.floats()
SURELY = 36.0  # beyond it, sigmoid is within half a unit of the last place of 0 or 1


def same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


# Arithmetic


@given(finite, finite)
def test_arithmetic_is_that_of_floats(x: float, y: float) -> None:
    assert mul(x, y) == x * y
    assert add(x, y) == x + y
    assert sub(x, y) == x - y
    assert neg(x) == -x
    assert id(x) == x
    assert square(x) == mul(x, x)
    if y != 0.0:
        assert div(x, y) == x / y


@given(anything, anything)
def test_addition_and_multiplication_are_symmetric(x: float, y: float) -> None:
    assert same(add(x, y), add(y, x))
    assert same(mul(x, y), mul(y, x))


@given(small, small, small)
def test_multiplication_distributes_over_addition(x: float, y: float, z: float) -> None:
    assert is_close(mul(z, add(x, y)), add(mul(z, x), mul(z, y)))


@given(small)
def test_the_inverse_of_the_inverse_is_the_number(x: float) -> None:
    if abs(x) > 1e-3:
        assert inv(inv(x)) == pytest.approx(x)
        assert mul(x, reciprocal(x)) == pytest.approx(1.0)


@given(small, small)
def test_the_course_s_back_operators_are_the_gradients(x: float, d: float) -> None:
    assert relu_back(x, d) == (d if x > 0 else 0.0)
    if abs(x) > 1e-3:
        assert inv_back(x, d) == pytest.approx(-(1.0 / x**2) * d)
    if x > 1e-3:
        assert log_back(x, d) == pytest.approx(d / x)


# Order and choice


@given(anything, anything)
def test_a_comparison_is_one_or_zero(x: float, y: float) -> None:
    assert lt(x, y) == float(x < y)
    assert le(x, y) == float(x <= y)
    assert gt(x, y) == float(x > y)
    assert ge(x, y) == float(x >= y)
    assert eq(x, y) == float(x == y) == logical_not(ne(x, y))


@given(small, small, small)
def test_less_than_is_transitive(x: float, y: float, z: float) -> None:
    if lt(x, y) and lt(y, z):
        assert lt(x, z) == 1.0


@given(finite, finite)
def test_exactly_one_of_less_equal_and_greater_holds(x: float, y: float) -> None:
    assert lt(x, y) + eq(x, y) + gt(x, y) == 1.0


@given(small, small)
def test_is_close_is_symmetric_and_within_a_hundredth(x: float, y: float) -> None:
    assert is_close(x, y) == is_close(y, x) == float(abs(x - y) < 1e-2)


def test_is_close_of_the_course_s_example() -> None:
    assert is_close(1.0, 1.001) == 1.0
    assert is_close(1.0, 1.011) == 0.0


@given(finite, finite)
def test_max_and_min_are_the_two_numbers(x: float, y: float) -> None:
    assert max(x, y) == (x if x > y else y)
    assert {max(x, y), min(x, y)} == {x, y}
    assert min(x, y) == neg(max(neg(x), neg(y)))


def test_max_and_maximum_are_one_operator() -> None:
    assert max is maximum
    assert min is minimum


@given(anything, finite, finite)
def test_where_chooses(c: float, x: float, y: float) -> None:
    assert where(c, x, y) == (x if c else y)


@given(finite, finite, finite)
def test_clamp_is_between_the_bounds(x: float, lo: float, hi: float) -> None:
    assert clamp(x, lo, hi) == min(max(x, lo), hi)


@given(anything, anything)
def test_logic_is_that_of_truth_values(x: float, y: float) -> None:
    assert logical_and(x, y) == float(bool(x) and bool(y))
    assert logical_or(x, y) == float(bool(x) or bool(y))
    assert logical_xor(x, y) == float(bool(x) != bool(y))
    assert logical_not(x) == float(not x)


# Rounding and division


@given(finite)
def test_a_number_is_its_integer_part_and_its_fraction(x: float) -> None:
    assert trunc(x) + frac(x) == x
    assert abs(frac(x)) < 1.0
    assert abs(round(x) - x) <= 0.5


@given(finite)
def test_a_number_is_its_sign_times_its_magnitude(x: float) -> None:
    assert sign(x) * abs(x) == x


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6).filter(lambda y: abs(y) > 1e-3))
def test_division_with_remainder(x: float, y: float) -> None:
    q, r = floor_divide(x, y), remainder(x, y)
    assert q == x // y
    assert r == x % y
    assert q * y + r == pytest.approx(x, abs=1e-6)
    assert fmod(x, y) == math.fmod(x, y)


# Stability


@given(anything)
def test_sigmoid_is_from_zero_to_one(x: float) -> None:
    assert 0.0 <= sigmoid(x) <= 1.0 or math.isnan(x)


@given(small)
def test_sigmoid_is_symmetric(x: float) -> None:
    assert 1.0 - sigmoid(x) == pytest.approx(sigmoid(-x), abs=1e-15)


@given(st.floats(-SURELY, SURELY), st.floats(-SURELY, SURELY))
def test_sigmoid_is_strictly_increasing(x: float, y: float) -> None:
    if y - x > 1.0:
        assert sigmoid(x) < sigmoid(y)
    if x < y:
        assert sigmoid(x) <= sigmoid(y)


def test_sigmoid_at_zero_is_a_half() -> None:
    assert sigmoid(0.0) == 0.5


def test_the_ends_are_reached_without_overflow() -> None:
    assert sigmoid(-1000.0) == 0.0
    assert sigmoid(1000.0) == 1.0
    assert softplus(1000.0) == 1000.0
    assert softplus(-1000.0) == 0.0
    assert logsigmoid(-1000.0) == -1000.0
    assert silu(-1000.0) == mish(-1000.0) == gelu(-1000.0) == 0.0
    assert silu(1000.0) == mish(1000.0) == gelu(1000.0) == 1000.0
    assert tanh(1000.0) == 1.0
    assert logaddexp(1000.0, 1000.0) == 1000.0 + math.log(2.0)
    assert hypot(3e200, 4e200) == pytest.approx(5e200)


@given(st.floats(-30, 30))
def test_logit_undoes_sigmoid(x: float) -> None:
    assert logit(sigmoid(x)) == pytest.approx(x, rel=1e-2, abs=1e-9)


@given(st.floats(-700, 20))
def test_softplus_is_the_logarithm_of_one_plus_exp(x: float) -> None:
    assert softplus(x) == pytest.approx(log1p(exp(x))) == pytest.approx(logaddexp(x, 0.0))
    assert logsigmoid(-x) == pytest.approx(-softplus(x))


@given(st.floats(1e-300, 1e300))
def test_exp_undoes_log(x: float) -> None:
    assert exp(log(x)) == pytest.approx(x, rel=1e-12)


@given(small)
def test_erf_and_erfc_add_up_to_one(x: float) -> None:
    assert erf(x) + erfc(x) == pytest.approx(1.0)


@given(st.floats(-1, 1, exclude_min=True, exclude_max=True))
def test_erf_undoes_erfinv(x: float) -> None:
    assert erf(erfinv(x)) == pytest.approx(x, rel=1e-14, abs=1e-300)


@given(small, small)
def test_atan2_and_hypot_are_polar_coordinates(x: float, y: float) -> None:
    r, angle = hypot(x, y), atan2(y, x)
    assert r * math.cos(angle) == pytest.approx(x, abs=1e-12)
    assert r * math.sin(angle) == pytest.approx(y, abs=1e-12)


@given(small)
def test_relu_keeps_what_is_positive(x: float) -> None:
    assert relu(x) == (x if x > 0 else 0.0)
