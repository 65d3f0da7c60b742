"""Comparisons, choices and bounds: functions with jumps, whose rules are choices too.

A comparison with nan is false, except `ne`. `maximum` and `clamp` pass nan on, `fmax` avoids it.
"""

from minitorch_operators import ieee
from minitorch_operators.logic import logical_and, logical_or
from minitorch_operators.record import Binary, Ternary, Unary, V


def _eq(a: float, b: float) -> float:
    """1.0 where a == b, else 0.0."""
    return 1.0 if a == b else 0.0


def _ne(a: float, b: float) -> float:
    """1.0 where a != b, else 0.0."""
    return 1.0 if a != b else 0.0


def _lt(a: float, b: float) -> float:
    """1.0 where a < b, else 0.0."""
    return 1.0 if a < b else 0.0


def _le(a: float, b: float) -> float:
    """1.0 where a <= b, else 0.0."""
    return 1.0 if a <= b else 0.0


def _gt(a: float, b: float) -> float:
    """1.0 where a > b, else 0.0."""
    return 1.0 if a > b else 0.0


def _ge(a: float, b: float) -> float:
    """1.0 where a >= b, else 0.0."""
    return 1.0 if a >= b else 0.0


def _is_close(a: float, b: float) -> float:
    """1.0 where |a - b| < 0.01, else 0.0."""
    return 1.0 if ieee.fabs(a - b) < 1e-2 else 0.0


def _isnan(x: float) -> float:
    """1.0 where x is not a number, else 0.0."""
    return 1.0 if x != x else 0.0


def _isinf(x: float) -> float:
    """1.0 where x is inf or -inf, else 0.0."""
    return 1.0 if x == x and x - x != 0.0 else 0.0  # inf - inf is nan


def _isfinite(x: float) -> float:
    """1.0 where x is neither infinite nor nan, else 0.0."""
    return 1.0 if x - x == 0.0 else 0.0


def _heaviside(a: float, b: float) -> float:
    """0.0 where a < 0, b where a is 0, 1.0 where a > 0."""
    return b if a == 0.0 else (1.0 if a > 0.0 else 0.0)


def _where(c: float, a: float, b: float) -> float:
    """Where the condition c holds a, else b."""
    return a if c != 0.0 else b


def _where_vjp_a(g: V, c: V, a: V, b: V) -> V:
    return where(c, g, 0.0)


def _where_vjp_b(g: V, c: V, a: V, b: V) -> V:
    return where(c, 0.0, g)


def _maximum(a: float, b: float) -> float:
    """The larger of a and b; nan if either is nan."""
    return a if a > b or a != a else b


def _maximum_vjp_a(g: V, a: V, b: V) -> V:
    # At a tie each side gets half; where one is nan both get all of it, as in PyTorch.
    return where(lt(a, b), 0.0, where(eq(a, b), g * 0.5, g))


def _maximum_vjp_b(g: V, a: V, b: V) -> V:
    return where(gt(a, b), 0.0, where(eq(a, b), g * 0.5, g))


def _minimum(a: float, b: float) -> float:
    """The smaller of a and b; nan if either is nan."""
    return a if a < b or a != a else b


def _fmax(a: float, b: float) -> float:
    """The larger of a and b; where one is nan, the other."""
    return a if a >= b or b != b else b


def _fmax_vjp_a(g: V, a: V, b: V) -> V:
    return where(logical_or(ge(a, b), isnan(b)), g, 0.0)


def _fmax_vjp_b(g: V, a: V, b: V) -> V:
    return where(logical_or(ge(a, b), isnan(b)), 0.0, g)


def _fmin(a: float, b: float) -> float:
    """The smaller of a and b; where one is nan, the other."""
    return a if a <= b or b != b else b


def _fmin_vjp_a(g: V, a: V, b: V) -> V:
    return where(logical_or(le(a, b), isnan(b)), g, 0.0)


def _fmin_vjp_b(g: V, a: V, b: V) -> V:
    return where(logical_or(le(a, b), isnan(b)), 0.0, g)


# At a bound clamp passes the gradient to x, as PyTorch does (maximum would share it out).


def _clamp(x: float, lo: float, hi: float) -> float:
    """`min(max(x, lo), hi)`; nan if one of them is nan, hi if lo > hi."""
    t = x if x >= lo or x != x else lo
    return t if t <= hi or t != t else hi


def _clamp_vjp_x(g: V, x: V, lo: V, hi: V) -> V:
    return where(logical_and(ge(x, lo), le(x, hi)), g, 0.0)


def _clamp_vjp_lo(g: V, x: V, lo: V, hi: V) -> V:
    return where(logical_and(lt(x, lo), lt(lo, hi)), g, 0.0)


def _clamp_vjp_hi(g: V, x: V, lo: V, hi: V) -> V:
    return where(logical_or(gt(x, hi), lt(hi, lo)), g, 0.0)


def _clamp_min(x: float, lo: float) -> float:
    """`max(x, lo)`; nan if either is nan."""
    return x if x >= lo or x != x else lo


def _clamp_min_vjp_x(g: V, x: V, lo: V) -> V:
    return where(ge(x, lo), g, 0.0)


def _clamp_min_vjp_lo(g: V, x: V, lo: V) -> V:
    return where(lt(x, lo), g, 0.0)


def _clamp_max(x: float, hi: float) -> float:
    """`min(x, hi)`; nan if either is nan."""
    return x if x <= hi or x != x else hi


def _clamp_max_vjp_x(g: V, x: V, hi: V) -> V:
    return where(le(x, hi), g, 0.0)


def _clamp_max_vjp_hi(g: V, x: V, hi: V) -> V:
    return where(gt(x, hi), g, 0.0)


eq = Binary("eq", _eq, (None, None), result="bool")
ne = Binary("ne", _ne, (None, None), result="bool")
lt = Binary("lt", _lt, (None, None), result="bool")
le = Binary("le", _le, (None, None), result="bool")
gt = Binary("gt", _gt, (None, None), result="bool")
ge = Binary("ge", _ge, (None, None), result="bool")
is_close = Binary("is_close", _is_close, (None, None), result="bool")
isnan = Unary("isnan", _isnan, None, result="bool")
isinf = Unary("isinf", _isinf, None, result="bool")
isfinite = Unary("isfinite", _isfinite, None, result="bool")
heaviside = Binary("heaviside", _heaviside, (None, None))
where = Ternary("where", _where, (None, _where_vjp_a, _where_vjp_b), needs=("", "a", "a"))
maximum = Binary("maximum", _maximum, (_maximum_vjp_a, _maximum_vjp_b), needs=("ab", "ab"))
# Where a is the larger for one of them, b is the smaller for the other.
minimum = Binary("minimum", _minimum, (_maximum_vjp_b, _maximum_vjp_a), needs=("ab", "ab"))
fmax = Binary("fmax", _fmax, (_fmax_vjp_a, _fmax_vjp_b), needs=("ab", "ab"))
fmin = Binary("fmin", _fmin, (_fmin_vjp_a, _fmin_vjp_b), needs=("ab", "ab"))
clamp = Ternary(
    "clamp", _clamp, (_clamp_vjp_x, _clamp_vjp_lo, _clamp_vjp_hi), needs=("abc", "abc", "abc")
)
clamp_min = Binary("clamp_min", _clamp_min, (_clamp_min_vjp_x, _clamp_min_vjp_lo), ("ab", "ab"))
clamp_max = Binary("clamp_max", _clamp_max, (_clamp_max_vjp_x, _clamp_max_vjp_hi), ("ab", "ab"))
max = maximum
min = minimum
