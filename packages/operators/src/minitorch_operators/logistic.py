"""The logistic function, its inverse, its integral, and sums of numbers known by their logarithms.

sigmoid is the derivative of softplus, and softplus(x) = logaddexp(x, 0).
"""

from minitorch_operators import ieee
from minitorch_operators.comparison import eq, gt, where
from minitorch_operators.record import Binary, Unary, V

_LN2 = 0.6931471805599453
_LOG2E = 1.4426950408889634


def _sigmoid(x: float) -> float:
    """`1 / (1 + exp(-x))`; where exp(-x) is infinite, 0."""
    return 1.0 / (1.0 + ieee.exp(-x))


def _sigmoid_vjp(g: V, x: V, y: V) -> V:
    return g * ((1.0 - y) * y)


def _logit(x: float) -> float:
    """`log(x / (1 - x))`, the inverse of sigmoid."""
    return ieee.log(ieee.div(x, 1.0 - x))


def _logit_vjp(g: V, x: V, y: V) -> V:
    # nan outside [0, 1], where the function is nan.
    return where(eq(y, y), g / (x * (1.0 - x)), y)


def _softplus(x: float) -> float:
    """`log(1 + exp(x))`; above 20, where that is x to nine digits, x itself, as in PyTorch."""
    return x if x > 20.0 else ieee.log1p(ieee.exp(x))


def _softplus_vjp(g: V, x: V, y: V) -> V:
    return where(gt(x, 20.0), g, g * sigmoid(x))


def _logsigmoid(x: float) -> float:
    """`log(sigmoid(x))`, without underflow on the way."""
    return (x if x < 0.0 else 0.0) - ieee.log1p(ieee.exp(-ieee.fabs(x)))


def _logsigmoid_vjp(g: V, x: V, y: V) -> V:
    return g * sigmoid(-x)


def _logaddexp(a: float, b: float) -> float:
    """`log(exp(a) + exp(b))`, without overflow on the way."""
    s = (a if a > b else b) + ieee.log1p(ieee.exp(-ieee.fabs(a - b)))
    return a if a == b and a - b != 0.0 else s  # two equal infinities


def _logaddexp_vjp_a(g: V, a: V, b: V) -> V:
    return g * sigmoid(a - b)


def _logaddexp_vjp_b(g: V, a: V, b: V) -> V:
    return g * sigmoid(b - a)


def _logaddexp2(a: float, b: float) -> float:
    """`log2(2**a + 2**b)`, without overflow on the way."""
    s = (a if a > b else b) + ieee.log1p(ieee.exp2(-ieee.fabs(a - b))) * _LOG2E
    return a if a == b and a - b != 0.0 else s


def _logaddexp2_vjp_a(g: V, a: V, b: V) -> V:
    return g * sigmoid((a - b) * _LN2)


def _logaddexp2_vjp_b(g: V, a: V, b: V) -> V:
    return g * sigmoid((b - a) * _LN2)


sigmoid = Unary("sigmoid", _sigmoid, _sigmoid_vjp, needs="y", result="float")
logit = Unary("logit", _logit, _logit_vjp, needs="xy", result="float")
softplus = Unary("softplus", _softplus, _softplus_vjp, needs="x", result="float")
logsigmoid = Unary("logsigmoid", _logsigmoid, _logsigmoid_vjp, needs="x", result="float")
logaddexp = Binary(
    "logaddexp",
    _logaddexp,
    (_logaddexp_vjp_a, _logaddexp_vjp_b),
    needs=("ab", "ab"),
    result="float",
)
logaddexp2 = Binary(
    "logaddexp2",
    _logaddexp2,
    (_logaddexp2_vjp_a, _logaddexp2_vjp_b),
    needs=("ab", "ab"),
    result="float",
)
