"""Fused multiply-adds round once, and the float32 functions are accurate and always the same."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from minitorch_tensor.cephes import log32, sincos32
from minitorch_tensor.mersenne import Generator
from minitorch_tensor.rounding import fma32, fma64, narrow

singles = st.floats(-(2.0**30), 2.0**30, width=32)
doubles = st.floats(-(2.0**60), 2.0**60).filter(lambda x: x == 0 or abs(x) > 2.0**-200)


def exactly(a: float, b: float, c: float) -> Fraction:
    """a * b + c without rounding."""
    return Fraction(a) * Fraction(b) + Fraction(c)


@given(st.lists(doubles, min_size=1, max_size=5), doubles, doubles)
def test_fma64_rounds_once(values: list[float], b: float, c: float) -> None:
    got = fma64(np.array(values), b, c)
    assert got.tolist() == [float(exactly(a, b, c)) for a in values]


@given(st.integers(2**52, 2**53 - 1), st.integers(2**52, 2**53 - 1), st.integers(-60, 60))
def test_fma64_rounds_once_where_the_terms_nearly_cancel(m: int, n: int, shift: int) -> None:
    a, b = m * 2.0**-52, n * 2.0**-52
    c = -a * b * (1 + 2.0**-52 * shift)
    assert fma64(np.array([a]), b, c).tolist() == [float(exactly(a, b, c))]


def test_fma64_decides_a_tie_by_what_lies_far_below() -> None:
    # 1 + 2**-53 is halfway between two float64 numbers; the product's last bit breaks the tie.
    a, b = 2.0**-53, 1.0 + 2.0**-52
    assert fma64(np.array([a]), b, 1.0).tolist() == [1.0 + 2.0**-52]
    assert fma64(np.array([-a]), -(1.0 - 2.0**-53), 1.0).tolist() == [1.0]


@pytest.mark.parametrize("scale", [2.0**1000, 2.0**-1000])
def test_fma64_keeps_extreme_factors(scale: float) -> None:
    a = Generator().manual_seed(0).unit64(100)
    plain = fma64(a, 0.7, -0.3)
    assert fma64(a, 0.7 * scale, -0.3 * scale).tolist() == (plain * scale).tolist()


def test_fma64_of_infinite_factors_is_infinite() -> None:
    with np.errstate(invalid="ignore"):
        assert fma64(np.array([-1.0, 2.0]), math.inf, 0.5).tolist() == [-math.inf, math.inf]
    assert fma64(np.array([1.0, 2.0]), 0.5, math.inf).tolist() == [math.inf, math.inf]


def test_fma64_covers_an_array_longer_than_its_chunks() -> None:
    a = Generator().manual_seed(0).unit64(20_000)
    got = fma64(a, 0.3, 0.1)
    assert got[::997].tolist() == [float(exactly(x, 0.3, 0.1)) for x in a[::997].tolist()]


@given(st.lists(singles, min_size=1, max_size=5), singles, singles)
def test_fma32_rounds_once_but_for_ties(values: list[float], b: float, c: float) -> None:
    got = fma32(np.array(values, dtype=np.float32), b, c)
    for a, result in zip(values, got.tolist(), strict=True):
        exact = exactly(a, b, c)
        nearest, second = nearest_float32(exact)
        in_float64 = Fraction(float(exact))
        tie = in_float64 != exact and abs(in_float64 - nearest) == abs(in_float64 - second)
        assert Fraction(result) == nearest or (tie and Fraction(result) == second)


def nearest_float32(exact: Fraction) -> tuple[Fraction, Fraction]:
    """The two float32 numbers nearest to a fraction; of two as near, the even one first."""
    guess = np.float32(float(exact))
    around = [guess, *(np.nextafter(guess, np.float32(end)) for end in (-np.inf, np.inf))]
    around.sort(key=lambda x: (abs(Fraction(float(x)) - exact), int(x.view(np.int32)) & 1))
    return Fraction(float(around[0])), Fraction(float(around[1]))


def test_narrow_passes_through_float32_on_the_way_to_float16() -> None:
    # 1 + 2**-11 lies halfway between two float16 numbers; a float32 forgets what is added to it.
    x = np.array([1.0 + 2.0**-11 + 2.0**-40])
    assert narrow(x, np.dtype(np.float16)).tolist() == [1.0]
    assert narrow(x, np.dtype(np.float32)).tolist() == [1.0 + 2.0**-11]
    assert narrow(x, np.dtype(np.float64)).tolist() == x.tolist()


UNITS = 1.0 - Generator().manual_seed(5).unit32(50_000)
ANGLES = np.float32(2 * np.pi) * Generator().manual_seed(6).unit32(50_000)


def ulps(got: NDArray[np.float32], true: NDArray[np.float64]) -> float:
    """The largest distance from the true values, in units of the last place."""
    return float(np.max(np.abs(got.astype(np.float64) - true) / np.spacing(np.abs(got))))


def test_log32_is_within_two_ulps_of_the_logarithm() -> None:
    x = np.concatenate([UNITS, 2.0 ** -np.arange(25), UNITS * 1e30]).astype(np.float32)
    assert ulps(log32(x), np.log(x.astype(np.float64))) <= 2


def test_sincos32_is_within_an_ulp_of_one() -> None:
    sine, cosine = sincos32(ANGLES)
    wide = ANGLES.astype(np.float64)
    assert np.max(np.abs(sine - np.sin(wide))) < 2.0**-23
    assert np.max(np.abs(cosine - np.cos(wide))) < 2.0**-23


def test_float32_functions_give_the_same_bits_on_every_machine() -> None:
    sine, cosine = sincos32(np.array([0.5, 1.5, 3.0, 5.0, 6.25], dtype=np.float32))
    assert sine.tolist() == [
        *(0.4794255495071411, 0.9974949955940247, 0.14112000167369843),
        *(-0.9589242935180664, -0.03317921608686447),
    ]
    assert cosine.tolist() == [
        *(0.8775825500488281, 0.07073719799518585, -0.9899924993515015),
        *(0.28366217017173767, 0.9994494318962097),
    ]
    logarithm = log32(np.array([0.1, 0.75, 0.9999999, 3.0], dtype=np.float32))
    assert logarithm.tolist() == [
        *(-2.3025851249694824, -0.28768205642700195),
        *(-1.1920930376163597e-07, 1.0986123085021973),
    ]
