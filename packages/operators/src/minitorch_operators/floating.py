"""What a floating-point number is made of: mantissa, exponent, and the numbers beside it."""

from minitorch_operators import ieee
from minitorch_operators.comparison import eq, where
from minitorch_operators.record import Binary, Unary, V


def _frexp_exponent(x: float) -> float:
    """The e in `x = m * 2**e` with 0.5 <= |m| < 1; 0 where x is 0, infinite or nan."""
    return ieee.logb(x) + 1.0 if x - x == 0.0 and x != 0.0 else 0.0


def _frexp_scale(a: float, x: float) -> float:
    """`a * 2**-e`, where e is the exponent of x."""
    return ieee.ldexp(a, -_frexp_exponent(x))


def _frexp_scale_vjp_a(g: V, a: V, x: V) -> V:
    return frexp_scale(g, x)


def _frexp_mantissa(x: float) -> float:
    """The m in `x = m * 2**e` with 0.5 <= |m| < 1; x where that is 0, infinite or nan."""
    return _frexp_scale(x, x)


def _frexp_mantissa_vjp(g: V, x: V, y: V) -> V:
    return frexp_scale(g, x)


def _nextafter(a: float, b: float) -> float:
    """The floating-point number next to a, in the direction of b."""
    return ieee.nextafter(a, b)


def _nextafter_vjp_a(g: V, a: V, b: V) -> V:
    # Where a equals b the result is b.
    return where(eq(a, b), 0.0, g)


def _nextafter_vjp_b(g: V, a: V, b: V) -> V:
    return g * 0.0


frexp_exponent = Unary("frexp_exponent", _frexp_exponent, None, result="float")
frexp_mantissa = Unary(
    "frexp_mantissa", _frexp_mantissa, _frexp_mantissa_vjp, needs="x", result="float"
)
frexp_scale = Binary(
    "frexp_scale", _frexp_scale, (_frexp_scale_vjp_a, None), needs=("b", ""), result="float"
)
nextafter = Binary(
    "nextafter",
    _nextafter,
    (_nextafter_vjp_a, _nextafter_vjp_b),
    needs=("ab", ""),
    result="float",
)
