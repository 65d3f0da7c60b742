"""Smooth activation functions: x times a gate that opens as x grows, and squashed x."""

from minitorch_operators import ieee
from minitorch_operators.hyperbolic import tanh
from minitorch_operators.logistic import sigmoid, softplus
from minitorch_operators.record import Unary, V
from minitorch_operators.rounding import abs
from minitorch_operators.transcendental import erf, exp

_SQRT1_2 = 0.7071067811865476
_1_SQRT2PI = 0.3989422804014327  # 1 / sqrt(2 pi), the height of the normal density
_SQRT2_PI = 0.7978845608028654
_CUBIC = 0.044715


def _gelu(x: float) -> float:
    """x times the probability that a standard normal number is below it: `x/2 (1 + erf(x/√2))`.

    Hendrycks and Gimpel 2016, arXiv:1606.08415.
    """
    return 0.5 * x * (1.0 + ieee.erf(x * _SQRT1_2))


def _gelu_vjp(g: V, x: V, y: V) -> V:
    probability = (erf(x * _SQRT1_2) + 1.0) * 0.5
    density = exp(x * x * -0.5) * _1_SQRT2PI
    return g * (probability + x * density)


def _gelu_tanh(x: float) -> float:
    """The approximation of gelu by tanh, from the same paper."""
    return 0.5 * x * (1.0 + ieee.tanh(_SQRT2_PI * (x + _CUBIC * (x * x * x))))


def _gelu_tanh_vjp(g: V, x: V, y: V) -> V:
    t = tanh((x + x * x * x * _CUBIC) * _SQRT2_PI)
    slope = (x * x * (3.0 * _CUBIC) + 1.0) * _SQRT2_PI
    return g * ((t + 1.0) * 0.5 + x * 0.5 * (1.0 - t * t) * slope)


def _silu(x: float) -> float:
    """`x * sigmoid(x)`."""
    return x / (1.0 + ieee.exp(-x))


def _silu_vjp(g: V, x: V, y: V) -> V:
    s = sigmoid(x)
    return g * (s * (x * (1.0 - s) + 1.0))


def _mish(x: float) -> float:
    """`x * tanh(softplus(x))`. Misra 2019, arXiv:1908.08681."""
    return x * ieee.tanh(softplus(x))


def _mish_vjp(g: V, x: V, y: V) -> V:
    t = tanh(softplus(x))
    return g * (t + x * sigmoid(x) * (1.0 - t * t))


def _softsign(x: float) -> float:
    """`x / (1 + |x|)`."""
    return x / (1.0 + ieee.fabs(x))


def _softsign_vjp(g: V, x: V, y: V) -> V:
    d = abs(x) + 1.0
    return g / (d * d)


def _tanhshrink(x: float) -> float:
    """`x - tanh(x)`."""
    return x - ieee.tanh(x)


def _tanhshrink_vjp(g: V, x: V, y: V) -> V:
    t = tanh(x)
    return g * (t * t)


gelu = Unary("gelu", _gelu, _gelu_vjp, needs="x", result="float")
gelu_tanh = Unary("gelu_tanh", _gelu_tanh, _gelu_tanh_vjp, needs="x", result="float")
silu = Unary("silu", _silu, _silu_vjp, needs="x", result="float")
mish = Unary("mish", _mish, _mish_vjp, needs="x", result="float")
softsign = Unary("softsign", _softsign, _softsign_vjp, needs="x", result="float")
tanhshrink = Unary("tanhshrink", _tanhshrink, _tanhshrink_vjp, needs="x", result="float")
