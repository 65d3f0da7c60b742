"""The incomplete gamma functions: which part of the integral of t**(a-1) exp(-t) lies below x.

P(a, x) = igamma(a, x) is the part below x, Q(a, x) = igammac(a, x) = 1 - P the part above it. No
single formula serves all a and x >= 0:

* a series for P, where x is not above a;
* a continued fraction for Q above that, and a series for Q where both are small;
* for large a, with x near a, where P turns from 0 to 1: an expansion around erfc (see `temme`).

Each takes so many terms that float64 is exact to some 13 digits. The smaller of P and Q is the one
that is computed, so it keeps its digits; the other is what is left to 1.

Source: DLMF chapter 8 (https://dlmf.nist.gov/8).
"""

from minitorch_operators import ieee
from minitorch_operators.gamma import lgamma
from minitorch_operators.record import Binary, V
from minitorch_operators.temme import correction, eta, log1p_tail
from minitorch_operators.transcendental import exp, log

_2PI = 6.283185307179586
_INF = float("inf")
_NAN = float("nan")


def _factor(a: float, x: float) -> float:
    """`x**a exp(-x) / gamma(a + 1)`; for large a by Stirling's series, as the exponents cancel."""
    m = ieee.div(x - a, a)
    w = ieee.div(1.0, a)
    z = w * w
    stirling = (
        ((z * 0.0008417508417508417 - 0.0005952380952380953) * z + 0.0007936507936507937) * z
        - 0.002777777777777778
    ) * z + 0.08333333333333333
    t = ieee.log(ieee.div(x, a)) - m if m < -0.5 else log1p_tail(m)
    large = ieee.div(ieee.exp(a * t - w * stirling), ieee.sqrt(_2PI * a))
    small = ieee.exp(a * ieee.log(x) - x - ieee.lgamma(a + 1.0))
    return large if a >= 20.0 else small


def _lower_ten(s: float, a: float, x: float) -> float:
    """Ten levels of the series for P, from the inside: s = 1 + x / (a + n) * s."""
    s = 1.0 + ieee.div(x, a + 10.0) * s
    s = 1.0 + ieee.div(x, a + 9.0) * s
    s = 1.0 + ieee.div(x, a + 8.0) * s
    s = 1.0 + ieee.div(x, a + 7.0) * s
    s = 1.0 + ieee.div(x, a + 6.0) * s
    s = 1.0 + ieee.div(x, a + 5.0) * s
    s = 1.0 + ieee.div(x, a + 4.0) * s
    s = 1.0 + ieee.div(x, a + 3.0) * s
    s = 1.0 + ieee.div(x, a + 2.0) * s
    s = 1.0 + ieee.div(x, a + 1.0) * s
    return s


def _lower(a: float, x: float, scale: float) -> float:
    """P by 1 + x/(a+1) (1 + x/(a+2) (1 + ...)), DLMF 8.7.1."""
    s = 1.0
    s = _lower_ten(s, a + 50.0, x)
    s = _lower_ten(s, a + 40.0, x)
    s = _lower_ten(s, a + 30.0, x)
    s = _lower_ten(s, a + 20.0, x)
    s = _lower_ten(s, a + 10.0, x)
    s = _lower_ten(s, a + 0.0, x)
    return scale * s


def _upper_ten(s: float, a: float, x: float, k: float) -> float:
    """Ten levels of the continued fraction for Q, from the inside, the outermost number k."""
    s = ieee.div((k + 9.0) * (a - k - 9.0), x + 2.0 * k + 19.0 - a + s)
    s = ieee.div((k + 8.0) * (a - k - 8.0), x + 2.0 * k + 17.0 - a + s)
    s = ieee.div((k + 7.0) * (a - k - 7.0), x + 2.0 * k + 15.0 - a + s)
    s = ieee.div((k + 6.0) * (a - k - 6.0), x + 2.0 * k + 13.0 - a + s)
    s = ieee.div((k + 5.0) * (a - k - 5.0), x + 2.0 * k + 11.0 - a + s)
    s = ieee.div((k + 4.0) * (a - k - 4.0), x + 2.0 * k + 9.0 - a + s)
    s = ieee.div((k + 3.0) * (a - k - 3.0), x + 2.0 * k + 7.0 - a + s)
    s = ieee.div((k + 2.0) * (a - k - 2.0), x + 2.0 * k + 5.0 - a + s)
    s = ieee.div((k + 1.0) * (a - k - 1.0), x + 2.0 * k + 3.0 - a + s)
    s = ieee.div((k + 0.0) * (a - k - 0.0), x + 2.0 * k + 1.0 - a + s)
    return s


def _upper(a: float, x: float, scale: float) -> float:
    """Q by 1 / (x + 1 - a + 1 (a - 1) / (x + 3 - a + 2 (a - 2) / (...))), DLMF 8.9.2."""
    s = 0.0
    s = _upper_ten(s, a, x, 41.0)
    s = _upper_ten(s, a, x, 31.0)
    s = _upper_ten(s, a, x, 21.0)
    s = _upper_ten(s, a, x, 11.0)
    s = _upper_ten(s, a, x, 1.0)
    return ieee.div(scale * a, x + 1.0 - a + s)


def _upper_small(a: float, x: float) -> float:
    """Q for small a and x, where 1 - P would cancel: DLMF 8.7.3 with the 1 taken out first."""
    s = ieee.div(3.279889237069838e-30, a + 28.0)
    s = s * x + ieee.div(-9.183689863795546e-29, a + 27.0)
    s = s * x + ieee.div(2.4795962632247976e-27, a + 26.0)
    s = s * x + ieee.div(-6.446950284384474e-26, a + 25.0)
    s = s * x + ieee.div(1.6117375710961184e-24, a + 24.0)
    s = s * x + ieee.div(-3.868170170630684e-23, a + 23.0)
    s = s * x + ieee.div(8.896791392450574e-22, a + 22.0)
    s = s * x + ieee.div(-1.9572941063391263e-20, a + 21.0)
    s = s * x + ieee.div(4.110317623312165e-19, a + 20.0)
    s = s * x + ieee.div(-8.22063524662433e-18, a + 19.0)
    s = s * x + ieee.div(1.5619206968586225e-16, a + 18.0)
    s = s * x + ieee.div(-2.8114572543455206e-15, a + 17.0)
    s = s * x + ieee.div(4.779477332387385e-14, a + 16.0)
    s = s * x + ieee.div(-7.647163731819816e-13, a + 15.0)
    s = s * x + ieee.div(1.1470745597729725e-11, a + 14.0)
    s = s * x + ieee.div(-1.6059043836821613e-10, a + 13.0)
    s = s * x + ieee.div(2.08767569878681e-09, a + 12.0)
    s = s * x + ieee.div(-2.505210838544172e-08, a + 11.0)
    s = s * x + ieee.div(2.755731922398589e-07, a + 10.0)
    s = s * x + ieee.div(-2.7557319223985893e-06, a + 9.0)
    s = s * x + ieee.div(2.48015873015873e-05, a + 8.0)
    s = s * x + ieee.div(-0.0001984126984126984, a + 7.0)
    s = s * x + ieee.div(0.001388888888888889, a + 6.0)
    s = s * x + ieee.div(-0.008333333333333333, a + 5.0)
    s = s * x + ieee.div(0.041666666666666664, a + 4.0)
    s = s * x + ieee.div(-0.16666666666666666, a + 3.0)
    s = s * x + ieee.div(0.5, a + 2.0)
    s = s * x + ieee.div(-1.0, a + 1.0)
    t = a * ieee.log(x) - ieee.lgamma(a + 1.0)
    return -ieee.expm1(t) - ieee.exp(t) * a * (s * x)


def _small(a: float, x: float) -> float:
    """1 where Q is found by 1 - P without loss, for x < 2; else 0."""
    half = 1.0 if x > 0.5 and x * 1.1 < a else 0.0
    return 1.0 if x <= 0.5 and ieee.div(-0.4, ieee.log(x)) < a else half


def _is_lower(a: float, x: float) -> float:
    """1 where P is the one to compute, 0 where Q is."""
    large = 1.0 if x < a else 0.0
    return _small(a, x) if x <= 1.1 else large


def _edge(a: float, x: float, p: float, low: float, high: float) -> float:
    """p inside the domain; on its border low (x = 0 or a infinite) or high, and nan outside."""
    p = high if x == _INF else p
    p = (_NAN if x == _INF else low) if a == _INF else p
    p = low if x == 0.0 else p
    p = (high if x > 0.0 else _NAN) if a == 0.0 else p
    return _NAN if a < 0.0 or x < 0.0 else p


def _upper_part(a: float, x: float, scale: float) -> float:
    """Q by what serves where Q is the one to compute, but for Temme's expansion."""
    return _upper_small(a, x) if x <= 2.0 else _upper(a, x, scale)


def _igamma(a: float, x: float) -> float:
    """P(a, x), the integral of `t**(a-1) exp(-t)` from 0 to x, over gamma(a)."""
    e = eta(a, x)
    middle = 0.5 * ieee.erfc(-e * ieee.sqrt(0.5 * a)) - correction(a, e)
    scale = _factor(a, x)
    p = 1.0 - _upper_part(a, x, scale) if x > 1.0 and x > a else _lower(a, x, scale)
    return _edge(a, x, middle if a >= 20.0 and ieee.fabs(e) < 0.6 else p, 0.0, 1.0)


def _igammac(a: float, x: float) -> float:
    """Q(a, x), the integral of `t**(a-1) exp(-t)` from x to infinity, over gamma(a)."""
    e = eta(a, x)
    middle = 0.5 * ieee.erfc(e * ieee.sqrt(0.5 * a)) + correction(a, e)
    scale = _factor(a, x)
    q = 1.0 - _lower(a, x, scale) if _is_lower(a, x) > 0.0 else _upper_part(a, x, scale)
    return _edge(a, x, middle if a >= 20.0 and ieee.fabs(e) < 0.6 else q, 1.0, 0.0)


def _igamma_vjp_x(g: V, a: V, b: V) -> V:
    return g * exp((a - 1.0) * log(b) - b - lgamma(a))


def _igammac_vjp_x(g: V, a: V, b: V) -> V:
    return -g * exp((a - 1.0) * log(b) - b - lgamma(a))


igamma = Binary("igamma", _igamma, (None, _igamma_vjp_x), needs=("", "ab"), result="float")
igammac = Binary("igammac", _igammac, (None, _igammac_vjp_x), needs=("", "ab"), result="float")
