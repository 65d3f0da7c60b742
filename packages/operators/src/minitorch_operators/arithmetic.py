"""Addition, multiplication and what is made of them."""

from minitorch_operators import ieee
from minitorch_operators.record import Binary, Ternary, Unary, V, identity


def _id(x: float) -> float:
    """`x`."""
    return x


def _neg(x: float) -> float:
    """`-x`."""
    return -x


def _neg_vjp(g: V, x: V, y: V) -> V:
    return -g


def _square(x: float) -> float:
    """`x * x`."""
    return x * x


def _square_vjp(g: V, x: V, y: V) -> V:
    return g * (x * 2.0)


def _inv(x: float) -> float:
    """`1 / x`."""
    return ieee.div(1.0, x)


def _inv_vjp(g: V, x: V, y: V) -> V:
    return -(g * (y * y))


def _inv_back(x: float, d: float) -> float:
    """`-d / x**2`: the gradient of inv."""
    return -ieee.div(ieee.div(d, x), x)


def _inv_back_vjp_x(g: V, x: V, d: V) -> V:
    return g * 2.0 * (((d / x) / x) / x)


def _inv_back_vjp_d(g: V, x: V, d: V) -> V:
    return inv_back(x, g)


def _add(a: float, b: float) -> float:
    """`a + b`."""
    return a + b


def _sub(a: float, b: float) -> float:
    """`a - b`."""
    return a - b


def _sub_vjp_b(g: V, a: V, b: V) -> V:
    return -g


def _mul(a: float, b: float) -> float:
    """`a * b`."""
    return a * b


def _mul_vjp_a(g: V, a: V, b: V) -> V:
    return g * b


def _mul_vjp_b(g: V, a: V, b: V) -> V:
    return g * a


def _div(a: float, b: float) -> float:
    """`a / b`."""
    return ieee.div(a, b)


def _div_vjp_a(g: V, a: V, b: V) -> V:
    return g / b


def _div_vjp_b(g: V, a: V, b: V) -> V:
    return -g * ((a / b) / b)


def _lerp(a: float, b: float, w: float) -> float:
    """`a + w * (b - a)`, computed from the nearer end: exact at w = 0 and at w = 1."""
    d = b - a
    return a + w * d if ieee.fabs(w) < 0.5 else b - d * (1.0 - w)


def _lerp_vjp_a(g: V, a: V, b: V, w: V) -> V:
    return g * (1.0 - w)


def _lerp_vjp_b(g: V, a: V, b: V, w: V) -> V:
    return g * w


def _lerp_vjp_w(g: V, a: V, b: V, w: V) -> V:
    return g * (b - a)


id = Unary("id", _id, identity)
neg = Unary("neg", _neg, _neg_vjp)
square = Unary("square", _square, _square_vjp, needs="x")
inv = Unary("inv", _inv, _inv_vjp, needs="y", result="float")
reciprocal = inv
inv_back = Binary(
    "inv_back", _inv_back, (_inv_back_vjp_x, _inv_back_vjp_d), needs=("ab", "a"), result="float"
)
add = Binary("add", _add, (identity, identity))
sub = Binary("sub", _sub, (identity, _sub_vjp_b))
mul = Binary("mul", _mul, (_mul_vjp_a, _mul_vjp_b), needs=("b", "a"))
div = Binary("div", _div, (_div_vjp_a, _div_vjp_b), needs=("b", "ab"), result="float")
lerp = Ternary("lerp", _lerp, (_lerp_vjp_a, _lerp_vjp_b, _lerp_vjp_w), needs=("c", "c", "ab"))
