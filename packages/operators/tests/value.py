"""The smallest value that operators can be applied to: a number that remembers how it was made.

Gradients are values too, so a gradient has a gradient. Layer 1 does the same for real; here it is
as short as it can be, so that the rules are tested with nothing above this package installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from minitorch_operators import Binary, Operator, Ternary, Unary, add, div, mul, neg, sub

_births = count()


class Value:
    """A float, and for each operand it was made of the rule that pulls a gradient back to it."""

    def __init__(self, data: float) -> None:
        self.data = data
        self.birth = next(_births)
        self.parents: list[tuple[Value, Callable[[Value], Value]]] = []

    def apply_unary(self, operator: Unary, /) -> Value:
        y = Value(operator.fn(self.data))
        if operator.vjp is not None:
            x_y = seen("xy", operator.needs, (self, y))
            y.parents.append((self, pull(operator.vjp, x_y)))
        return y

    def apply_binary(self, operator: Binary, other: Value | float, /) -> Value:
        a_b = (self, lift(other))
        y = Value(operator.fn(*(operand.data for operand in a_b)))
        for operand, rule, needs in zip(a_b, operator.vjps, operator.needs, strict=True):
            if rule is not None:
                y.parents.append((operand, pull(rule, seen("ab", needs, a_b))))
        return y

    def apply_reflected(self, operator: Binary, other: float, /) -> Value:
        return Value(other).apply_binary(operator, self)

    def apply_ternary(self, operator: Ternary, b: Value | float, c: Value | float, /) -> Value:
        a_b_c = (self, lift(b), lift(c))
        y = Value(operator.fn(*(operand.data for operand in a_b_c)))
        for operand, rule, needs in zip(a_b_c, operator.vjps, operator.needs, strict=True):
            if rule is not None:
                y.parents.append((operand, pull(rule, seen("abc", needs, a_b_c))))
        return y

    def __add__(self, other: Value | float, /) -> Value:
        return self.apply_binary(add, other)

    def __radd__(self, other: float, /) -> Value:
        return self.apply_reflected(add, other)

    def __sub__(self, other: Value | float, /) -> Value:
        return self.apply_binary(sub, other)

    def __rsub__(self, other: float, /) -> Value:
        return self.apply_reflected(sub, other)

    def __mul__(self, other: Value | float, /) -> Value:
        return self.apply_binary(mul, other)

    def __rmul__(self, other: float, /) -> Value:
        return self.apply_reflected(mul, other)

    def __truediv__(self, other: Value | float, /) -> Value:
        return self.apply_binary(div, other)

    def __rtruediv__(self, other: float, /) -> Value:
        return self.apply_reflected(div, other)

    def __neg__(self) -> Value:
        return self.apply_unary(neg)


class Unnamed(Value):
    """What a rule is given in place of an operand that `needs` does not name: any use fails."""

    def __init__(self) -> None:
        pass

    def __getattribute__(self, name: str) -> object:
        raise AssertionError("the rule reads an operand that `needs` does not name")


def seen(names: str, needs: str, values: Sequence[Value]) -> list[Value]:
    return [v if name in needs else Unnamed() for name, v in zip(names, values, strict=True)]


def pull(rule: Callable[..., Value], operands: Sequence[Value]) -> Callable[[Value], Value]:
    return lambda g: rule(g, *operands)


def lift(value: Value | float) -> Value:
    return value if isinstance(value, Value) else Value(value)


def call(operator: Operator, operands: Sequence[Value]) -> Value:
    if isinstance(operator, Unary):
        (x,) = operands
        return operator(x)
    if isinstance(operator, Binary):
        a, b = operands
        return operator(a, b)
    a, b, c = operands
    return operator(a, b, c)


def number(operator: Operator, operands: Sequence[float]) -> float:
    return operator.fn(*operands)


def gradients(y: Value, inputs: Sequence[Value], g: float = 1.0) -> list[Value]:
    """dy/dx times g for each input x, as values with a history of their own."""
    arrived = {y.birth: Value(g)}
    pending = {y.birth: y}
    while pending:
        node = pending.pop(max(pending))  # the youngest: everything made of it is done
        for parent, pull in node.parents:
            gradient = pull(arrived[node.birth])
            before = arrived.get(parent.birth)
            arrived[parent.birth] = gradient if before is None else before + gradient
            pending[parent.birth] = parent
    return [arrived.get(x.birth, Value(0.0)) for x in inputs]
