"""The gamma function's logarithm, its derivatives, and the zeta function that they lead to.

digamma is the derivative of lgamma, trigamma that of digamma. Every further derivative is a Hurwitz
zeta function, and so is its own derivative: zeta'(s, q) = -s zeta(s + 1, q).

Each is a short sum that moves x upwards, then an asymptotic series in 1 / x, which from 10 on gives
all digits of a float64 in a few terms; Moshier's Cephes library (https://www.netlib.org/cephes,
psi.c and zeta.c) has the coefficients. Left of 0 a reflection leads back.
"""

from minitorch_operators import ieee
from minitorch_operators.record import Binary, Unary, V

_PI = 3.141592653589793
_EPS = 1.1102230246251565e-16
_INF = float("inf")
_NAN = float("nan")


def _lgamma(x: float) -> float:
    """The logarithm of |gamma(x)|."""
    return ieee.lgamma(x)


def _lgamma_vjp(g: V, x: V, y: V) -> V:
    return g * digamma(x)


def _digamma_series(x: float) -> float:
    """log(x) - 1/(2x) - sum of B_2k / (2k x**2k), for x >= 10."""
    z = ieee.div(1.0, x * x)
    p = 0.08333333333333333 * z - 0.021092796092796094
    p = p * z + 0.007575757575757576
    p = p * z - 0.004166666666666667
    p = p * z + 0.003968253968253968
    p = p * z - 0.008333333333333333
    p = p * z + 0.08333333333333333
    return ieee.log(x) - ieee.div(0.5, x) - z * p


def _digamma_right(x: float) -> float:
    """The function for x >= 0: digamma(x) = digamma(x + 10) - 1/x - ... - 1/(x + 9)."""
    s = ieee.div(1.0, x + 9.0)
    s = s + ieee.div(1.0, x + 8.0)
    s = s + ieee.div(1.0, x + 7.0)
    s = s + ieee.div(1.0, x + 6.0)
    s = s + ieee.div(1.0, x + 5.0)
    s = s + ieee.div(1.0, x + 4.0)
    s = s + ieee.div(1.0, x + 3.0)
    s = s + ieee.div(1.0, x + 2.0)
    s = s + ieee.div(1.0, x + 1.0)
    s = s + ieee.div(1.0, x)
    return _digamma_series(x) if x >= 10.0 else _digamma_series(x + 10.0) - s


def _digamma(x: float) -> float:
    """The derivative of log(gamma(x)): -inf at 0, nan at the negative integers."""
    whole = ieee.trunc(x)
    y = _digamma_right(1.0 - x if x < 0.0 else x)
    y = y - ieee.div(_PI, ieee.tan(_PI * (x - whole))) if x < 0.0 else y
    return _NAN if x < 0.0 and x == whole else y


def _digamma_vjp(g: V, x: V, y: V) -> V:
    return g * trigamma(x)


def _trigamma_series(x: float) -> float:
    """1/x + 1/(2 x**2) + sum of B_2k / x**(2k + 1), for x >= 10."""
    w = ieee.div(1.0, x)
    z = w * w
    p = 1.1666666666666667 * z - 0.2531135531135531
    p = p * z + 0.07575757575757576
    p = p * z - 0.03333333333333333
    p = p * z + 0.023809523809523808
    p = p * z - 0.03333333333333333
    p = p * z + 0.16666666666666666
    return w * (1.0 + 0.5 * w + z * p)


def _square(x: float) -> float:
    """`x * x`."""
    return x * x


def _trigamma_right(x: float) -> float:
    """The function for x > 0: trigamma(x) = trigamma(x + 10) + 1/x**2 + ... + 1/(x + 9)**2."""
    s = _square(ieee.div(1.0, x + 9.0))
    s = s + _square(ieee.div(1.0, x + 8.0))
    s = s + _square(ieee.div(1.0, x + 7.0))
    s = s + _square(ieee.div(1.0, x + 6.0))
    s = s + _square(ieee.div(1.0, x + 5.0))
    s = s + _square(ieee.div(1.0, x + 4.0))
    s = s + _square(ieee.div(1.0, x + 3.0))
    s = s + _square(ieee.div(1.0, x + 2.0))
    s = s + _square(ieee.div(1.0, x + 1.0))
    s = s + ieee.div(1.0, x * x)
    return _trigamma_series(x) if x >= 10.0 else _trigamma_series(x + 10.0) + s


def _trigamma(x: float) -> float:
    """The second derivative of log(gamma(x)): inf at 0 and at the negative integers."""
    sine = ieee.sin(_PI * (x - ieee.trunc(x)))
    mirrored = _square(ieee.div(_PI, sine)) - _trigamma_right(1.0 - x)
    return mirrored if x < 0.0 else _trigamma_right(x)


def _trigamma_vjp(g: V, x: V, y: V) -> V:
    return g * (-2.0 * zeta(3.0, x))


def _zeta_right(s: float, q: float) -> float:
    """The function for q > 0: ten terms, then the Euler-Maclaurin formula for the others."""
    t = ieee.pow(q, -s)
    t = t + ieee.pow(q + 1.0, -s)
    t = t + ieee.pow(q + 2.0, -s)
    t = t + ieee.pow(q + 3.0, -s)
    t = t + ieee.pow(q + 4.0, -s)
    t = t + ieee.pow(q + 5.0, -s)
    t = t + ieee.pow(q + 6.0, -s)
    t = t + ieee.pow(q + 7.0, -s)
    t = t + ieee.pow(q + 8.0, -s)
    b = ieee.pow(q + 9.0, -s)
    w = ieee.div(1.0, q + 9.0)
    p = -1.3954464685812522e-19
    p = p * ((s + 21.0) * w * (s + 22.0) * w) + 5.5090028283602295e-18
    p = p * ((s + 19.0) * w * (s + 20.0) * w) - 2.1748686985580617e-16
    p = p * ((s + 17.0) * w * (s + 18.0) * w) + 8.586062056277845e-15
    p = p * ((s + 15.0) * w * (s + 16.0) * w) - 3.389680296322583e-13
    p = p * ((s + 13.0) * w * (s + 14.0) * w) + 1.3382536530684679e-11
    p = p * ((s + 11.0) * w * (s + 12.0) * w) - 5.284190138687493e-10
    p = p * ((s + 9.0) * w * (s + 10.0) * w) + 2.08767569878681e-08
    p = p * ((s + 7.0) * w * (s + 8.0) * w) - 8.267195767195768e-07
    p = p * ((s + 5.0) * w * (s + 6.0) * w) + 3.306878306878307e-05
    p = p * ((s + 3.0) * w * (s + 4.0) * w) - 0.001388888888888889
    p = p * ((s + 1.0) * w * (s + 2.0) * w) + 0.08333333333333333
    rest = b * (ieee.div(q + 9.0, s - 1.0) + 0.5 + s * w * p)
    return t + b if b < _EPS * t else t + rest


def _zeta_left(s: float, q: float) -> float:
    """The function for q < 0 and a whole s: f is what q has above the integer below it.

    The terms with a negative base are, but for their sign, those of zeta(s, 1 - f) up to 1 - q.
    """
    f = q - ieee.floor(q)
    one = 1.0 if s == 2.0 * ieee.floor(0.5 * s) else -1.0
    y = _zeta_right(s, f) + one * _zeta_right(s, 1.0 - f)
    return y - one * _zeta_right(s, 1.0 - q)


def _zeta(a: float, b: float) -> float:
    """The Hurwitz zeta function: the sum of `(b + k) ** -a` for k = 0, 1, 2, ..., with a > 1."""
    y = _zeta_left(a, b) if b < 0.0 else _zeta_right(a, b)
    y = _NAN if b < 0.0 and a != ieee.floor(a) else y
    y = _INF if b <= 0.0 and b == ieee.floor(b) else y
    y = _NAN if a < 1.0 else y
    return _INF if a == 1.0 else y


def _zeta_vjp_q(g: V, a: V, b: V) -> V:
    return -g * a * zeta(a + 1.0, b)


lgamma = Unary("lgamma", _lgamma, _lgamma_vjp, needs="x", result="float")
digamma = Unary("digamma", _digamma, _digamma_vjp, needs="x", result="float")
trigamma = Unary("trigamma", _trigamma, _trigamma_vjp, needs="x", result="float")
zeta = Binary("zeta", _zeta, (None, _zeta_vjp_q), needs=("", "ab"), result="float")
