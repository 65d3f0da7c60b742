"""exp, log, powers, and the trigonometric and hyperbolic functions."""

from minitorch_operators import ieee
from minitorch_operators.record import Binary, Unary, V


def _exp(x: float) -> float:
    """e**x."""
    return ieee.exp(x)


def _exp_vjp(g: V, x: V, y: V) -> V:
    return g * y


def _log(x: float) -> float:
    """The natural logarithm of x."""
    return ieee.log(x)


def _log_vjp(g: V, x: V, y: V) -> V:
    return log_back(x, g)


def _log_back(x: float, d: float) -> float:
    """d / x: the gradient of log."""
    return ieee.div(d, x)


def _log_back_vjp_x(g: V, x: V, d: V) -> V:
    return -g * ((d / x) / x)


def _log_back_vjp_d(g: V, x: V, d: V) -> V:
    return g / x


exp = Unary("exp", _exp, _exp_vjp, needs="y", result="float")
log = Unary("log", _log, _log_vjp, needs="x", result="float")
log_back = Binary(
    "log_back", _log_back, (_log_back_vjp_x, _log_back_vjp_d), needs=("ab", "a"), result="float"
)
