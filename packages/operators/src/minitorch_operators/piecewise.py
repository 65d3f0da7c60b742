"""Activation functions in pieces: lines, and lines that bend into exponentials.

Those with a number that shapes them take it as an operand without a rule: `leaky_relu(x, slope)`.
"""

from minitorch_operators import ieee
from minitorch_operators.comparison import clamp, ge, gt, le, lt, where
from minitorch_operators.logic import logical_and, logical_or
from minitorch_operators.record import Binary, Ternary, Unary, V
from minitorch_operators.transcendental import exp

_1_6 = 0.16666666666666666
_SELU_ALPHA = 1.6732632423543772  # Klambauer et al. 2017, arXiv:1706.02515
_SELU_SCALE = 1.0507009873554805


def _relu(x: float) -> float:
    """`max(x, 0)`."""
    return 0.0 if x < 0.0 else x


def _relu_vjp(g: V, x: V, y: V) -> V:
    return relu_back(y, g)


def _relu_back(x: float, d: float) -> float:
    """The gradient of relu: d where x > 0, else 0."""
    return 0.0 if x <= 0.0 else d


def _relu_back_vjp_d(g: V, x: V, d: V) -> V:
    return relu_back(x, g)


def _relu6(x: float) -> float:
    """`min(max(x, 0), 6)`."""
    return 0.0 if x < 0.0 else (6.0 if x > 6.0 else x)


def _relu6_vjp(g: V, x: V, y: V) -> V:
    return where(logical_and(gt(y, 0.0), lt(y, 6.0)), g, 0.0)


def _hardtanh(x: float, lo: float, hi: float) -> float:
    """`min(max(x, lo), hi)`."""
    t = x if x >= lo or x != x else lo
    return t if t <= hi or t != t else hi


def _hardtanh_vjp(g: V, x: V, lo: V, hi: V) -> V:
    # Unlike that of clamp, this gradient is 0 at the bounds, as in PyTorch.
    return where(logical_and(gt(x, lo), lt(x, hi)), g, 0.0)


def _threshold(x: float, t: float, v: float) -> float:
    """The value v where x <= t, else x."""
    return v if x <= t else x


def _threshold_vjp(g: V, x: V, t: V, v: V) -> V:
    return where(le(x, t), 0.0, g)


def _leaky_relu(x: float, slope: float) -> float:
    """`x` above 0, `x * slope` below."""
    return x if x > 0.0 else x * slope


def _leaky_relu_vjp(g: V, x: V, slope: V) -> V:
    return where(gt(x, 0.0), g, g * slope)


def _prelu_vjp_w(g: V, x: V, w: V) -> V:
    return g * where(gt(x, 0.0), 0.0, x)


# In the rules below exp sees only arguments that are not positive: where it would be infinite it is
# not chosen, but its derivative, times 0, would make a second derivative nan.


def _elu(x: float, alpha: float) -> float:
    """`x` above 0, `alpha * (exp(x) - 1)` below."""
    return alpha * ieee.expm1(x) if x < 0.0 else x


def _elu_vjp(g: V, x: V, alpha: V) -> V:
    positive = gt(x, 0.0)
    return where(positive, g, g * (alpha * exp(where(positive, 0.0, x))))


def _celu(x: float, alpha: float) -> float:
    """`x` above 0, `alpha * (exp(x / alpha) - 1)` below: its slope is 1 on both sides of 0."""
    return alpha * ieee.expm1(ieee.div(x, alpha)) if x < 0.0 else x


def _celu_vjp(g: V, x: V, alpha: V) -> V:
    positive = gt(x, 0.0)
    return where(positive, g, g * exp(where(positive, 0.0, x) / alpha))


def _selu(x: float) -> float:
    """`scale * elu(x, alpha)`, scaled so that layers keep mean 0 and variance 1."""
    return _SELU_SCALE * (_SELU_ALPHA * ieee.expm1(x) if x < 0.0 else x)


def _selu_vjp(g: V, x: V, y: V) -> V:
    positive = gt(x, 0.0)
    slope = where(positive, 1.0, exp(where(positive, 0.0, x)) * _SELU_ALPHA)
    return g * (slope * _SELU_SCALE)


def _hardsigmoid(x: float) -> float:
    """`relu6(x + 3) / 6`."""
    return relu6(x + 3.0) / 6.0


def _hardsigmoid_vjp(g: V, x: V, y: V) -> V:
    return where(logical_and(gt(y, 0.0), lt(y, 1.0)), g * _1_6, 0.0)


def _hardswish(x: float) -> float:
    """`x * hardsigmoid(x)`."""
    return x * relu6(x + 3.0) / 6.0


def _hardswish_vjp(g: V, x: V, y: V) -> V:
    slope = clamp(x, -3.0, 3.0) / 3.0 + 0.5
    return where(ge(x, 3.0), g, where(le(x, -3.0), 0.0, g * slope))


def _hardshrink(x: float, lambd: float) -> float:
    """0 between -lambd and lambd, else `x`."""
    return 0.0 if x >= -lambd and x <= lambd else x


def _shrink_vjp(g: V, x: V, lambd: V) -> V:
    return where(logical_or(gt(x, lambd), lt(x, -lambd)), g, 0.0)


def _softshrink(x: float, lambd: float) -> float:
    """0 between -lambd and lambd, else `x` moved towards 0 by lambd."""
    return x - lambd if x > lambd else (x + lambd if x < -lambd else x * 0.0)


relu = Unary("relu", _relu, _relu_vjp, needs="y")
relu_back = Binary("relu_back", _relu_back, (None, _relu_back_vjp_d), needs=("", "a"))
relu6 = Unary("relu6", _relu6, _relu6_vjp, needs="y")
hardtanh = Ternary("hardtanh", _hardtanh, (_hardtanh_vjp, None, None), needs=("abc", "", ""))
threshold = Ternary("threshold", _threshold, (_threshold_vjp, None, None), needs=("ab", "", ""))
leaky_relu = Binary("leaky_relu", _leaky_relu, (_leaky_relu_vjp, None), needs=("ab", ""))
# The same function with a slope that is learned.
prelu = Binary("prelu", _leaky_relu, (_leaky_relu_vjp, _prelu_vjp_w), needs=("ab", "a"))
elu = Binary("elu", _elu, (_elu_vjp, None), needs=("ab", ""), result="float")
celu = Binary("celu", _celu, (_celu_vjp, None), needs=("ab", ""), result="float")
selu = Unary("selu", _selu, _selu_vjp, needs="x", result="float")
hardsigmoid = Unary("hardsigmoid", _hardsigmoid, _hardsigmoid_vjp, needs="y", result="float")
hardswish = Unary("hardswish", _hardswish, _hardswish_vjp, needs="x", result="float")
hardshrink = Binary("hardshrink", _hardshrink, (_shrink_vjp, None), needs=("ab", ""))
softshrink = Binary("softshrink", _softshrink, (_shrink_vjp, None), needs=("ab", ""))
