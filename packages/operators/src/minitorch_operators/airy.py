"""The Airy function Ai: a wave left of 0, a falling exponential right of it.

Near 0 it is a power series, two intertwined ones in x**3; further left a sine and a cosine of
zeta = 2/3 |x|**(3/2), further right exp(-zeta), each with ratios of polynomials in 1 / zeta.

The coefficients are those of Moshier's Cephes library (https://www.netlib.org/cephes, airy.c).
PyTorch has them too, but leaves out the leading 1 of two denominators, so it is off by 2e-5 around
-2.1. The function has no rule, for PyTorch does not differentiate it.
"""

from minitorch_operators import ieee
from minitorch_operators.record import Unary

_PI_4 = 0.7853981633974483
_1_SQRTPI = 0.5641895835477563
_AI_0 = 0.3550280538878172  # Ai(0)
_SLOPE_0 = 0.2588194037928068  # -Ai'(0)
_INF = float("inf")
_NAN = float("nan")


def _right_p(z: float) -> float:
    """The numerator right of 2.09."""
    p = 0.346538101525629 * z + 12.007595273964581
    p = p * z + 76.27960536152345
    p = p * z + 168.08922493463058
    p = p * z + 159.75639135016442
    p = p * z + 70.53609068404442
    p = p * z + 14.026469116338967
    return p * z + 1.0


def _right_q(z: float) -> float:
    """Its denominator."""
    p = 0.5675945326387702 * z + 14.75625625848472
    p = p * z + 84.51389701414746
    p = p * z + 177.31808814540045
    p = p * z + 164.2346928715297
    p = p * z + 71.47784008255756
    p = p * z + 14.095913560783403
    return p * z + 1.0


def _sine_p(z: float) -> float:
    """The numerator of the factor of the sine left of -2.09."""
    p = -0.1316963234183318 * z - 0.6264565444319123
    p = p * z - 0.6931580360369335
    p = p * z - 0.2797799815451191
    p = p * z - 0.04919001326095003
    p = p * z - 0.004062659235948854
    p = p * z - 0.0001592764962392621
    p = p * z - 2.776491081552329e-06
    return p * z - 1.6778769848911465e-08


def _sine_q(z: float) -> float:
    """Its denominator."""
    p = z + 13.356042070655324
    p = p * z + 32.682503279522464
    p = p * z + 26.736704094149957
    p = p * z + 9.187074029072596
    p = p * z + 1.4752914677166642
    p = p * z + 0.11568717379518804
    p = p * z + 0.004402916416152112
    p = p * z + 7.547203482874142e-05
    return p * z + 4.5185009297058035e-07


def _cosine_p(z: float) -> float:
    """The numerator of the factor of the cosine."""
    p = 0.01973399320916857 * z + 0.39110302961568827
    p = p * z + 1.0657989759959559
    p = p * z + 0.9391692298166502
    p = p * z + 0.35146565610554764
    p = p * z + 0.06338889196289255
    p = p * z + 0.005858041130483885
    p = p * z + 0.000282851600836737
    p = p * z + 6.98793669997261e-06
    p = p * z + 8.117892395543892e-08
    return p * z + 3.415517847659236e-10


def _cosine_q(z: float) -> float:
    """Its denominator."""
    p = z + 9.30892908077442
    p = p * z + 19.835292871831214
    p = p * z + 15.564662893286462
    p = p * z + 5.476860694229755
    p = p * z + 0.9542936116189619
    p = p * z + 0.08645808263523921
    p = p * z + 0.004126565238242226
    p = p * z + 0.00010125908511650914
    p = p * z + 1.1716673321441352e-06
    return p * z + 4.9183457006293e-09


def _even(z: float) -> float:
    """1 + z/(2*3) (1 + z/(5*6) (1 + ...)), for z = x**3."""
    s = 1.0
    s = 1.0 + ieee.div(z, 1482.0) * s
    s = 1.0 + ieee.div(z, 1260.0) * s
    s = 1.0 + ieee.div(z, 1056.0) * s
    s = 1.0 + ieee.div(z, 870.0) * s
    s = 1.0 + ieee.div(z, 702.0) * s
    s = 1.0 + ieee.div(z, 552.0) * s
    s = 1.0 + ieee.div(z, 420.0) * s
    s = 1.0 + ieee.div(z, 306.0) * s
    s = 1.0 + ieee.div(z, 210.0) * s
    s = 1.0 + ieee.div(z, 132.0) * s
    s = 1.0 + ieee.div(z, 72.0) * s
    s = 1.0 + ieee.div(z, 30.0) * s
    s = 1.0 + ieee.div(z, 6.0) * s
    return s


def _odd(z: float) -> float:
    """1 + z/(3*4) (1 + z/(6*7) (1 + ...))."""
    s = 1.0
    s = 1.0 + ieee.div(z, 1560.0) * s
    s = 1.0 + ieee.div(z, 1332.0) * s
    s = 1.0 + ieee.div(z, 1122.0) * s
    s = 1.0 + ieee.div(z, 930.0) * s
    s = 1.0 + ieee.div(z, 756.0) * s
    s = 1.0 + ieee.div(z, 600.0) * s
    s = 1.0 + ieee.div(z, 462.0) * s
    s = 1.0 + ieee.div(z, 342.0) * s
    s = 1.0 + ieee.div(z, 240.0) * s
    s = 1.0 + ieee.div(z, 156.0) * s
    s = 1.0 + ieee.div(z, 90.0) * s
    s = 1.0 + ieee.div(z, 42.0) * s
    s = 1.0 + ieee.div(z, 12.0) * s
    return s


def _left(x: float) -> float:
    """Ai for x < -2.09."""
    root = ieee.sqrt(-x)
    zeta = -2.0 * x * root * 0.3333333333333333
    w = ieee.div(1.0, zeta)
    z = w * w
    t = zeta + _PI_4
    sine = ieee.sin(t) * (1.0 + z * ieee.div(_sine_p(z), _sine_q(z)))
    cosine = ieee.cos(t) * (w * ieee.div(_cosine_p(z), _cosine_q(z)))
    return ieee.div(_1_SQRTPI, ieee.sqrt(root)) * (sine - cosine)


def _right(x: float) -> float:
    """Ai for x >= 2.09."""
    root = ieee.sqrt(x)
    zeta = 2.0 * x * root * 0.3333333333333333
    w = ieee.div(1.0, zeta)
    ratio = ieee.div(_right_p(w), _right_q(w))
    return ieee.div(_1_SQRTPI * 0.5 * ratio, ieee.sqrt(root)) * ieee.exp(-zeta)


def _airy_ai(x: float) -> float:
    """The Airy function Ai, a solution of y'' = x y; 0 beyond 103.892, nan at the infinities."""
    z = x * x * x
    y = _AI_0 * _even(z) - _SLOPE_0 * x * _odd(z)
    y = _left(x) if x < -2.09 else y
    y = _right(x) if x >= 2.09 else y
    y = 0.0 if x > 103.892 else y
    return _NAN if ieee.fabs(x) == _INF else y


airy_ai = Unary("airy_ai", _airy_ai, None, result="float")
