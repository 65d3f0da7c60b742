"""The hyperbolic functions and their inverses."""

from minitorch_operators import ieee
from minitorch_operators.powers import rsqrt
from minitorch_operators.record import Unary, V


def _sinh(x: float) -> float:
    """`(exp(x) - exp(-x)) / 2`."""
    return ieee.sinh(x)


def _sinh_vjp(g: V, x: V, y: V) -> V:
    return g * cosh(x)


def _cosh(x: float) -> float:
    """`(exp(x) + exp(-x)) / 2`."""
    return ieee.cosh(x)


def _cosh_vjp(g: V, x: V, y: V) -> V:
    return g * sinh(x)


def _tanh(x: float) -> float:
    """`sinh(x) / cosh(x)`, from -1 to 1."""
    return ieee.tanh(x)


def _tanh_vjp(g: V, x: V, y: V) -> V:
    return g * (1.0 - y * y)


def _asinh(x: float) -> float:
    """The number whose sinh is x."""
    return ieee.asinh(x)


def _asinh_vjp(g: V, x: V, y: V) -> V:
    return g * rsqrt(x * x + 1.0)


def _acosh(x: float) -> float:
    """The number in [0, inf] whose cosh is x."""
    return ieee.acosh(x)


def _acosh_vjp(g: V, x: V, y: V) -> V:
    # x*x - 1 would cancel near 1; (x - 1)(x + 1) is exact there.
    return g * rsqrt((x - 1.0) * (x + 1.0))


def _atanh(x: float) -> float:
    """The number whose tanh is x."""
    return ieee.atanh(x)


def _atanh_vjp(g: V, x: V, y: V) -> V:
    return g / ((1.0 - x) * (x + 1.0))


sinh = Unary("sinh", _sinh, _sinh_vjp, needs="x", result="float")
cosh = Unary("cosh", _cosh, _cosh_vjp, needs="x", result="float")
tanh = Unary("tanh", _tanh, _tanh_vjp, needs="y", result="float")
asinh = Unary("asinh", _asinh, _asinh_vjp, needs="x", result="float")
acosh = Unary("acosh", _acosh, _acosh_vjp, needs="x", result="float")
atanh = Unary("atanh", _atanh, _atanh_vjp, needs="x", result="float")
