"""Comparisons, choices and rounding: functions with jumps, whose rules are choices too."""

from minitorch_operators.record import Binary, Ternary, V


def _gt(a: float, b: float) -> float:
    """1.0 where a > b, else 0.0."""
    return 1.0 if a > b else 0.0


def _maximum(a: float, b: float) -> float:
    """The larger of a and b; nan if either is nan."""
    return a if a > b or a != a else b


def _maximum_vjp_a(g: V, a: V, b: V) -> V:
    # At a tie each side gets half, as in PyTorch.
    return where(gt(a, b), g, where(eq(a, b), g * 0.5, 0.0))


def _maximum_vjp_b(g: V, a: V, b: V) -> V:
    return where(gt(b, a), g, where(eq(a, b), g * 0.5, 0.0))


def _eq(a: float, b: float) -> float:
    """1.0 where a == b, else 0.0."""
    return 1.0 if a == b else 0.0


def _where(c: float, a: float, b: float) -> float:
    """Where the condition c holds a, else b."""
    return a if c != 0.0 else b


def _where_vjp_a(g: V, c: V, a: V, b: V) -> V:
    return where(c, g, 0.0)


def _where_vjp_b(g: V, c: V, a: V, b: V) -> V:
    return where(c, 0.0, g)


gt = Binary("gt", _gt, (None, None), result="bool")
eq = Binary("eq", _eq, (None, None), result="bool")
maximum = Binary("maximum", _maximum, (_maximum_vjp_a, _maximum_vjp_b), needs=("ab", "ab"))
where = Ternary("where", _where, (None, _where_vjp_a, _where_vjp_b), needs=("", "a", "a"))
