"""Powers, roots and the length of a vector."""

from minitorch_operators import ieee
from minitorch_operators.comparison import eq, ge, where
from minitorch_operators.logic import logical_and
from minitorch_operators.record import Binary, Unary, V
from minitorch_operators.transcendental import log


def _sqrt(x: float) -> float:
    """`x ** (1/2)`."""
    return ieee.sqrt(x)


def _sqrt_vjp(g: V, x: V, y: V) -> V:
    return g / (y * 2.0)


def _rsqrt(x: float) -> float:
    """`x ** (-1/2)`."""
    return ieee.div(1.0, ieee.sqrt(x))


def _rsqrt_vjp(g: V, x: V, y: V) -> V:
    return g * -0.5 * (y * y * y)


def _pow(a: float, b: float) -> float:
    """`a ** b`."""
    return ieee.pow(a, b)


def _pow_vjp_a(g: V, a: V, b: V) -> V:
    # 0 for b = 0, also where a ** -1 is infinite.
    constant = eq(b, 0.0)
    return where(constant, 0.0, g * (b * pow(a, where(constant, 1.0, b) - 1.0)))


def _pow_vjp_b(g: V, a: V, b: V) -> V:
    # 0 ** b is the constant 0 for b > 0; PyTorch also takes 0 as its derivative at the jump b = 0.
    base = where(logical_and(eq(a, 0.0), ge(b, 0.0)), 1.0, a)
    return g * (pow(base, b) * log(base))


def _hypot(a: float, b: float) -> float:
    """`sqrt(a*a + b*b)`, without overflow on the way."""
    return ieee.hypot(a, b)


def _hypot_vjp_a(g: V, a: V, b: V) -> V:
    return g * (a / hypot(a, b))


def _hypot_vjp_b(g: V, a: V, b: V) -> V:
    return g * (b / hypot(a, b))


sqrt = Unary("sqrt", _sqrt, _sqrt_vjp, needs="y", result="float")
rsqrt = Unary("rsqrt", _rsqrt, _rsqrt_vjp, needs="y", result="float")
pow = Binary("pow", _pow, (_pow_vjp_a, _pow_vjp_b), needs=("ab", "ab"))
hypot = Binary("hypot", _hypot, (_hypot_vjp_a, _hypot_vjp_b), needs=("ab", "ab"), result="float")
