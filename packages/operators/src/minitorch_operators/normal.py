"""Relatives of the error function: the normal distribution, its inverse, and what keeps digits.

ndtr(x) is the probability that a standard normal number is below x, erfc(-x / sqrt(2)) / 2. Far out
both underflow; erfcx and log_ndtr carry on. entr and xlog1py are the terms of entropies, with the
limit at 0 in place of 0 * inf.
"""

from minitorch_operators import ieee
from minitorch_operators.comparison import eq, gt, le, where
from minitorch_operators.logic import logical_and
from minitorch_operators.record import Binary, Unary, V
from minitorch_operators.transcendental import exp, log

_SQRT1_2 = 0.7071067811865476
_SQRT2PI = 2.5066282746310007
_1_SQRT2PI = 0.3989422804014327  # 1 / sqrt(2 pi), the height of the normal density
_1_SQRTPI = 0.5641895835477563
_2_SQRTPI = 1.1283791670955126
_SQRT2_PI = 0.7978845608028654
_EXP_2 = 0.1353352832366127  # exp(-2)
_INF = float("inf")
_NAN = float("nan")


def _erfcx_fraction(x: float) -> float:
    """A continued fraction, from the inside, exact for x >= 5: DLMF 7.9.1."""
    s = x
    s = x + ieee.div(8.0, s)
    s = x + ieee.div(7.5, s)
    s = x + ieee.div(7.0, s)
    s = x + ieee.div(6.5, s)
    s = x + ieee.div(6.0, s)
    s = x + ieee.div(5.5, s)
    s = x + ieee.div(5.0, s)
    s = x + ieee.div(4.5, s)
    s = x + ieee.div(4.0, s)
    s = x + ieee.div(3.5, s)
    s = x + ieee.div(3.0, s)
    s = x + ieee.div(2.5, s)
    s = x + ieee.div(2.0, s)
    s = x + ieee.div(1.5, s)
    s = x + ieee.div(1.0, s)
    s = x + ieee.div(0.5, s)
    return ieee.div(_1_SQRTPI, s)


def _erfcx(x: float) -> float:
    """`exp(x*x) * erfc(x)`, which for large x is 1 / (x sqrt(pi)) and not inf * 0."""
    return _erfcx_fraction(x) if x > 5.0 else ieee.exp(x * x) * ieee.erfc(x)


def _erfcx_vjp(g: V, x: V, y: V) -> V:
    return g * (2.0 * x * y - _2_SQRTPI)


def _ndtr(x: float) -> float:
    """The probability that a standard normal number is below x."""
    return 0.5 * ieee.erfc(-x * _SQRT1_2)


def _ndtr_vjp(g: V, x: V, y: V) -> V:
    return g * (exp(x * x * -0.5) * _1_SQRT2PI)


def _log_ndtr(x: float) -> float:
    """`log(ndtr(x))`, without underflow on the way."""
    t = x * _SQRT1_2
    tail = ieee.log(0.5 * _erfcx(-t)) - t * t
    return tail if x < -1.0 else ieee.log1p(-0.5 * ieee.erfc(t))


def _log_ndtr_vjp(g: V, x: V, y: V) -> V:
    # The density over ndtr(x): right of 0 an exponential, left of it with digits by erfcx.
    right = exp(x * x * -0.5 - y) * _1_SQRT2PI
    left = _SQRT2_PI / erfcx(where(gt(x, 0.0), 0.0, x) * -_SQRT1_2)
    return g * where(gt(x, 0.0), right, left)


def _ndtri_p0(z: float) -> float:
    """The numerator near 1/2."""
    p = -59.96335010141079 * z + 98.00107541859997
    p = p * z - 56.67628574690703
    p = p * z + 13.931260938727968
    return p * z - 1.2391658386738125


def _ndtri_q0(z: float) -> float:
    """The denominator near 1/2."""
    p = z + 1.9544885833814176
    p = p * z + 4.676279128988815
    p = p * z + 86.36024213908905
    p = p * z - 225.46268785411937
    p = p * z + 200.26021238006066
    p = p * z - 82.03722561683334
    p = p * z + 15.90562251262117
    return p * z - 1.1833162112133


def _ndtri_p1(z: float) -> float:
    """The numerator for probabilities from exp(-32) to exp(-2)."""
    p = 4.0554489230596245 * z + 31.525109459989388
    p = p * z + 57.16281922464213
    p = p * z + 44.08050738932008
    p = p * z + 14.684956192885803
    p = p * z + 2.1866330685079025
    p = p * z - 0.1402560791713545
    p = p * z - 0.03504246268278482
    return p * z - 0.0008574567851546854


def _ndtri_q1(z: float) -> float:
    """Its denominator."""
    p = z + 15.779988325646675
    p = p * z + 45.39076351288792
    p = p * z + 41.3172038254672
    p = p * z + 15.04253856929075
    p = p * z + 2.504649462083094
    p = p * z - 0.14218292285478779
    p = p * z - 0.03808064076915783
    return p * z - 0.0009332594808954574


def _ndtri_p2(z: float) -> float:
    """The numerator for probabilities below exp(-32)."""
    p = 3.2377489177694603 * z + 6.915228890689842
    p = p * z + 3.9388102529247444
    p = p * z + 1.3330346081580755
    p = p * z + 0.20148538954917908
    p = p * z + 0.012371663481782003
    p = p * z + 0.00030158155350823543
    p = p * z + 2.6580697468673755e-06
    return p * z + 6.239745391849833e-09


def _ndtri_q2(z: float) -> float:
    """Its denominator."""
    p = z + 6.02427039364742
    p = p * z + 3.6798356385616087
    p = p * z + 1.3770209948908132
    p = p * z + 0.21623699359449663
    p = p * z + 0.013420400608854318
    p = p * z + 0.00032801446468212774
    p = p * z + 2.8924786474538068e-06
    return p * z + 6.790194080099813e-09


def _ndtri_tail(x: float) -> float:
    """How far out a probability below exp(-2) lies."""
    t = ieee.sqrt(-2.0 * ieee.log(x))
    z = ieee.div(1.0, t)
    near = ieee.div(_ndtri_p1(z), _ndtri_q1(z))
    far = ieee.div(_ndtri_p2(z), _ndtri_q2(z))
    return t - ieee.div(ieee.log(t), t) - z * (near if t < 8.0 else far)


def _ndtri(x: float) -> float:
    """The number below which a standard normal number is with probability x, as in Cephes' ndtri.

    https://www.netlib.org/cephes
    """
    c = x - 0.5
    z = c * c
    y = (c + c * (z * ieee.div(_ndtri_p0(z), _ndtri_q0(z)))) * _SQRT2PI
    y = -_ndtri_tail(x) if x <= _EXP_2 else y
    y = _ndtri_tail(1.0 - x) if x > 1.0 - _EXP_2 else y
    y = -_INF if x == 0.0 else y
    y = _INF if x == 1.0 else y
    return _NAN if x < 0.0 or x > 1.0 else y


def _ndtri_vjp(g: V, x: V, y: V) -> V:
    return g * (exp(y * y * 0.5) * _SQRT2PI)


def _entr(x: float) -> float:
    """`-x * log(x)`, a term of an entropy: 0 at 0, -inf below."""
    y = -x * ieee.log(x)
    y = 0.0 if x == 0.0 else y
    return -_INF if x < 0.0 else y


def _entr_vjp(g: V, x: V, y: V) -> V:
    return g * (-log(x) - 1.0)


def _xlog1py(a: float, b: float) -> float:
    """`a * log(1 + b)`, but 0 where a is 0 (and b is not nan)."""
    return 0.0 if a == 0.0 and b == b else a * ieee.log1p(b)


def _xlog1py_vjp_a(g: V, a: V, b: V) -> V:
    # At a = 0 and b <= -1 the function is 0 beside a jump to inf or nan: PyTorch takes 0.
    return xlog1py(g, where(logical_and(eq(a, 0.0), le(b, -1.0)), 0.0, b))


def _xlog1py_vjp_b(g: V, a: V, b: V) -> V:
    return g * a / (b + 1.0)


erfcx = Unary("erfcx", _erfcx, _erfcx_vjp, needs="xy", result="float")
ndtr = Unary("ndtr", _ndtr, _ndtr_vjp, needs="x", result="float")
log_ndtr = Unary("log_ndtr", _log_ndtr, _log_ndtr_vjp, needs="xy", result="float")
ndtri = Unary("ndtri", _ndtri, _ndtri_vjp, needs="y", result="float")
entr = Unary("entr", _entr, _entr_vjp, needs="x", result="float")
xlog1py = Binary(
    "xlog1py", _xlog1py, (_xlog1py_vjp_a, _xlog1py_vjp_b), needs=("ab", "ab"), result="float"
)
