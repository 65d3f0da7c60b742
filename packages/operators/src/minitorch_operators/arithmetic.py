"""Addition, multiplication and what is made of them."""

from minitorch_operators import ieee
from minitorch_operators.record import Binary, Unary, V, identity


def _id(x: float) -> float:
    """x."""
    return x


def _neg(x: float) -> float:
    """-x."""
    return -x


def _neg_vjp(g: V, x: V, y: V) -> V:
    return -g


def _inv(x: float) -> float:
    """1 / x."""
    return ieee.div(1.0, x)


def _inv_vjp(g: V, x: V, y: V) -> V:
    return -(g * y * y)


def _add(a: float, b: float) -> float:
    """a + b."""
    return a + b


def _sub(a: float, b: float) -> float:
    """a - b."""
    return a - b


def _sub_vjp_b(g: V, a: V, b: V) -> V:
    return -g


def _mul(a: float, b: float) -> float:
    """a * b."""
    return a * b


def _mul_vjp_a(g: V, a: V, b: V) -> V:
    return g * b


def _mul_vjp_b(g: V, a: V, b: V) -> V:
    return g * a


def _div(a: float, b: float) -> float:
    """a / b."""
    return ieee.div(a, b)


def _div_vjp_a(g: V, a: V, b: V) -> V:
    return g / b


def _div_vjp_b(g: V, a: V, b: V) -> V:
    return -g * ((a / b) / b)


id = Unary("id", _id, identity)
neg = Unary("neg", _neg, _neg_vjp)
inv = Unary("inv", _inv, _inv_vjp, needs="y", result="float")
add = Binary("add", _add, (identity, identity))
sub = Binary("sub", _sub, (identity, _sub_vjp_b))
mul = Binary("mul", _mul, (_mul_vjp_a, _mul_vjp_b), needs=("b", "a"))
div = Binary("div", _div, (_div_vjp_a, _div_vjp_b), needs=("b", "ab"), result="float")
