"""Rounding, signs, and remainders of a division."""

from minitorch_operators import ieee
from minitorch_operators.comparison import eq, where
from minitorch_operators.record import Binary, Unary, V, identity


def _floor(x: float) -> float:
    """The largest integer not above x."""
    return ieee.floor(x)


def _ceil(x: float) -> float:
    """The smallest integer not below x."""
    return ieee.ceil(x)


def _trunc(x: float) -> float:
    """The integer part of x."""
    return ieee.trunc(x)


def _round(x: float) -> float:
    """The nearest integer; of two equally near ones the even one."""
    return ieee.rint(x)


def _frac(x: float) -> float:
    """`x - trunc(x)`, with the sign of x."""
    return x - ieee.trunc(x)


def _sign(x: float) -> float:
    """1.0 above 0, -1.0 below 0, else 0.0 (also where x is nan, as in PyTorch)."""
    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else 0.0)


def _abs(x: float) -> float:
    """`|x|`."""
    return ieee.fabs(x)


def _abs_vjp(g: V, x: V, y: V) -> V:
    return g * sign(x)


def _signbit(x: float) -> float:
    """1.0 where x is negative, or -0.0; else 0.0."""
    return 1.0 if ieee.copysign(1.0, x) < 0.0 else 0.0


def _copysign(a: float, b: float) -> float:
    """The magnitude of a with the sign of b (-0.0 counts as negative)."""
    return ieee.copysign(a, b)


def _copysign_vjp_a(g: V, a: V, b: V) -> V:
    # The ratio of result and a, which is 1 or -1.
    return g * (copysign(a, b) / where(eq(a, 0.0), 1.0, a))


def _floor_divide(a: float, b: float) -> float:
    """`floor(a / b)` of the exact quotient, which a / b may have rounded up to the next integer."""
    m = ieee.fmod(a, b)
    q = ieee.div(a - m, b)
    q = q - 1.0 if (m > 0.0 and b < 0.0) or (m < 0.0 and b > 0.0) else q
    f = ieee.floor(q)
    f = f + 1.0 if q - f > 0.5 else f
    f = f if q != 0.0 else ieee.copysign(0.0, ieee.div(a, b))
    return f if b != 0.0 else ieee.div(a, b)


def _remainder(a: float, b: float) -> float:
    """`a - floor_divide(a, b) * b`: what is left of a division, with the sign of b."""
    m = ieee.fmod(a, b)
    return m + b if (m > 0.0 and b < 0.0) or (m < 0.0 and b > 0.0) else m


def _remainder_vjp_b(g: V, a: V, b: V) -> V:
    return -g * floor_divide(a, b)


def _fmod(a: float, b: float) -> float:
    """`a - trunc(a / b) * b`: what is left of a division, with the sign of a."""
    return ieee.fmod(a, b)


def _fmod_vjp_b(g: V, a: V, b: V) -> V:
    return -g * trunc(a / b)


floor = Unary("floor", _floor, None)
ceil = Unary("ceil", _ceil, None)
trunc = Unary("trunc", _trunc, None)
round = Unary("round", _round, None)
frac = Unary("frac", _frac, identity)
sign = Unary("sign", _sign, None)
sgn = sign
abs = Unary("abs", _abs, _abs_vjp, needs="x")
signbit = Unary("signbit", _signbit, None, result="bool")
copysign = Binary("copysign", _copysign, (_copysign_vjp_a, None), needs=("ab", ""), result="float")
floor_divide = Binary("floor_divide", _floor_divide, (None, None))
remainder = Binary("remainder", _remainder, (identity, _remainder_vjp_b), needs=("", "ab"))
fmod = Binary("fmod", _fmod, (identity, _fmod_vjp_b), needs=("", "ab"))
