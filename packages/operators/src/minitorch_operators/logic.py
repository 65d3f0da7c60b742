"""Logic on numbers: 0.0 is false, every other number (nan too) is true; results are 1.0 or 0.0."""

from minitorch_operators.record import Binary, Unary


def _logical_not(x: float) -> float:
    """1.0 where x is 0, else 0.0."""
    return 1.0 if x == 0.0 else 0.0


def _logical_and(a: float, b: float) -> float:
    """1.0 where neither is 0, else 0.0."""
    return 1.0 if a != 0.0 and b != 0.0 else 0.0


def _logical_or(a: float, b: float) -> float:
    """1.0 where one of them is not 0, else 0.0."""
    return 1.0 if a != 0.0 or b != 0.0 else 0.0


def _logical_xor(a: float, b: float) -> float:
    """1.0 where exactly one of them is not 0, else 0.0."""
    return 1.0 if (a != 0.0 and b == 0.0) or (a == 0.0 and b != 0.0) else 0.0


logical_not = Unary("logical_not", _logical_not, None, result="bool")
logical_and = Binary("logical_and", _logical_and, (None, None), result="bool")
logical_or = Binary("logical_or", _logical_or, (None, None), result="bool")
logical_xor = Binary("logical_xor", _logical_xor, (None, None), result="bool")
