"""Sine, cosine, tangent, their inverses, and angles."""

from minitorch_operators import ieee
from minitorch_operators.comparison import eq, where
from minitorch_operators.powers import hypot, rsqrt
from minitorch_operators.record import Binary, Unary, V

_PI = 3.141592653589793
_SINC2 = -3.289868133696453  # -pi**2 / 3
_DEGREE = 0.017453292519943295  # pi / 180
_RADIAN = 57.29577951308232  # 180 / pi


def _sin(x: float) -> float:
    """The sine of x."""
    return ieee.sin(x)


def _sin_vjp(g: V, x: V, y: V) -> V:
    return g * cos(x)


def _cos(x: float) -> float:
    """The cosine of x."""
    return ieee.cos(x)


def _cos_vjp(g: V, x: V, y: V) -> V:
    return -(g * sin(x))


def _tan(x: float) -> float:
    """The tangent of x."""
    return ieee.tan(x)


def _tan_vjp(g: V, x: V, y: V) -> V:
    return g * (y * y + 1.0)


def _asin(x: float) -> float:
    """The angle in [-pi/2, pi/2] whose sine is x."""
    return ieee.asin(x)


def _asin_vjp(g: V, x: V, y: V) -> V:
    # 1 - x*x would cancel near 1; (1 - x)(1 + x) is exact there.
    return g * rsqrt((1.0 - x) * (x + 1.0))


def _acos(x: float) -> float:
    """The angle in [0, pi] whose cosine is x."""
    return ieee.acos(x)


def _acos_vjp(g: V, x: V, y: V) -> V:
    return -(g * rsqrt((1.0 - x) * (x + 1.0)))


def _atan(x: float) -> float:
    """The angle in [-pi/2, pi/2] whose tangent is x."""
    return ieee.atan(x)


def _atan_vjp(g: V, x: V, y: V) -> V:
    return g / (x * x + 1.0)


def _atan2(a: float, b: float) -> float:
    """The angle of the point (b, a), in [-pi, pi]."""
    return ieee.atan2(a, b)


def _atan2_vjp_a(g: V, a: V, b: V) -> V:
    # At the origin 0, as in PyTorch. Lengths, because squares would underflow near it.
    length = hypot(a, b)
    r = where(eq(length, 0.0), 1.0, length)
    return g * ((b / r) / r)


def _atan2_vjp_b(g: V, a: V, b: V) -> V:
    length = hypot(a, b)
    r = where(eq(length, 0.0), 1.0, length)
    return -g * ((a / r) / r)


def _angle(x: float) -> float:
    """The angle of x as a complex number: pi where x is negative, else 0; nan stays."""
    return x if x != x else (_PI if x < 0.0 else 0.0)


def _sinc(x: float) -> float:
    """`sin(pi * x) / (pi * x)`, and 1 at 0."""
    z = x * _PI
    return 1.0 if x == 0.0 else ieee.div(ieee.sin(z), z)


def _sinc_vjp(g: V, x: V, y: V) -> V:
    # Near 0 sinc is 1 - (pi * x)**2 / 6: so much is needed for its second derivative there.
    zero = eq(x, 0.0)
    return g * where(zero, x * _SINC2, (cos(x * _PI) - y) / where(zero, 1.0, x))


def _deg2rad(x: float) -> float:
    """`x * pi / 180`."""
    return x * _DEGREE


def _deg2rad_vjp(g: V, x: V, y: V) -> V:
    return g * _DEGREE


def _rad2deg(x: float) -> float:
    """`x * 180 / pi`."""
    return x * _RADIAN


def _rad2deg_vjp(g: V, x: V, y: V) -> V:
    return g * _RADIAN


angle = Unary("angle", _angle, None, result="float")
sinc = Unary("sinc", _sinc, _sinc_vjp, needs="xy", result="float")
sin = Unary("sin", _sin, _sin_vjp, needs="x", result="float")
cos = Unary("cos", _cos, _cos_vjp, needs="x", result="float")
tan = Unary("tan", _tan, _tan_vjp, needs="y", result="float")
asin = Unary("asin", _asin, _asin_vjp, needs="x", result="float")
acos = Unary("acos", _acos, _acos_vjp, needs="x", result="float")
atan = Unary("atan", _atan, _atan_vjp, needs="x", result="float")
atan2 = Binary("atan2", _atan2, (_atan2_vjp_a, _atan2_vjp_b), needs=("ab", "ab"), result="float")
deg2rad = Unary("deg2rad", _deg2rad, _deg2rad_vjp, result="float")
rad2deg = Unary("rad2deg", _rad2deg, _rad2deg_vjp, result="float")
