"""The engine knows nothing of its values: here it works on pairs of numbers, made for the test."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from minitorch_autodiff import (
    AccumulateGrad,
    GradcheckError,
    Node,
    Pointwise,
    backward,
    check_backward,
    check_double_backward,
    drawing_of,
    is_grad_enabled,
    record_binary,
    record_linear,
    record_ternary,
    record_unary,
)
from minitorch_operators import (
    Binary,
    Rule,
    Ternary,
    TernaryRule,
    Unary,
    exp,
    gelu,
    tanh,
    where,
)


class Pair(Pointwise["Pair"]):
    """Two floats, on which operators work one by one."""

    def __init__(self, first: float, second: float, *, requires_grad: bool = False) -> None:
        self.values = (first, second)
        self.requires_grad = requires_grad
        self.grad: Pair | None = None
        self.node: Node[Pair] | None = None

    @property
    def version(self) -> int:
        return 0

    def detach(self) -> Pair:
        return Pair(*self.values)

    def gradient_node(self) -> Node[Pair] | None:
        if self.node is None and self.requires_grad:
            self.node = AccumulateGrad(self)
        return self.node

    def first_nan(self) -> tuple[int, ...] | None:
        return next(((i,) for i, value in enumerate(self.values) if value != value), None)

    def receive(self, g: Pair, /, *, alone: bool = False) -> None:
        self.grad = g if self.grad is None else self.grad + g

    def apply_unary(self, operator: Unary, /) -> Pair:
        first, second = map(operator.fn, self.values)
        y = Pair(first, second)
        if self.requires_grad and operator.vjp is not None and is_grad_enabled():
            record_unary(operator, self, y)
        return y

    def apply_binary(self, operator: Binary, other: Pair | float, /) -> Pair:
        b = other if isinstance(other, Pair) else Pair(other, other)
        first, second = map(operator.fn, self.values, b.values)
        y = Pair(first, second)
        if (self.requires_grad or b.requires_grad) and is_grad_enabled():
            record_binary(operator, self, b, y)
        return y

    def apply_reflected(self, operator: Binary, other: float, /) -> Pair:
        return Pair(other, other).apply_binary(operator, self)

    def apply_ternary(self, operator: Ternary, b: Pair | float, c: Pair | float, /) -> Pair:
        b = b if isinstance(b, Pair) else Pair(b, b)
        c = c if isinstance(c, Pair) else Pair(c, c)
        first, second = map(operator.fn, self.values, b.values, c.values)
        y = Pair(first, second)
        if (self.requires_grad or b.requires_grad or c.requires_grad) and is_grad_enabled():
            record_ternary(operator, self, b, c, y)
        return y

    def compute_rule(self, rule: Rule, a: Pair, b: Pair, /) -> Pair:
        return rule(self, a, b)

    def compute_ternary_rule(self, rule: TernaryRule, a: Pair, b: Pair, c: Pair, /) -> Pair:
        return rule(self, a, b, c)

    def swap(self, slope: float = 1.0) -> Pair:
        """(second, first), a linear map that is its own transpose if the slope is right."""
        y = Pair(*reversed(self.values))
        if self.requires_grad and is_grad_enabled():
            record_linear("SwapBackward0", self, y, lambda g: g.swap() * slope)
        return y


class TwoNumbers:
    """A pair has two components."""

    def read(self, value: Pair, /) -> list[float]:
        return list(value.values)

    def build(self, like: Pair, numbers: Sequence[float], requires_grad: bool, /) -> Pair:
        first, second = numbers
        return Pair(first, second, requires_grad=requires_grad)


def leaf(first: float, second: float) -> Pair:
    return Pair(first, second, requires_grad=True)


def f(x: Pair, y: Pair) -> Pair:
    return tanh(x * y.swap()) + where(x < y, exp(x), gelu(y) / x) ** 2


def test_pairs_are_differentiated() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    z = x * y.swap()
    node = z.gradient_node()
    assert node is not None
    backward([(node, Pair(1.0, 10.0))])
    assert x.grad is not None
    assert y.grad is not None
    assert x.grad.values == (4.0, 30.0)
    assert y.grad.values == (20.0, 1.0)


@pytest.mark.parametrize("fast_mode", [False, True])
def test_pairs_are_checked(fast_mode: bool) -> None:
    inputs = [leaf(0.3, 0.9), leaf(0.7, -0.4)]
    check_backward(f, inputs, TwoNumbers(), fast_mode=fast_mode)
    check_backward(lambda x, y: [x * y, x.swap()], inputs, TwoNumbers(), fast_mode=fast_mode)
    check_double_backward(f, inputs, TwoNumbers())


def test_of_several_components_the_wrong_one_is_named() -> None:
    message = (
        r"^gradcheck: 2 of 4 derivatives disagree .*\nThe derivative of component \d of output 0 "
        r"by component \d of input 0 is 3 by backward, but 1 by differences\."
    )
    with pytest.raises(GradcheckError, match=message):
        check_backward(lambda x: x.swap(3.0), [leaf(1.0, 2.0)], TwoNumbers())


def test_pairs_are_hashed_by_identity_and_compared_by_value() -> None:
    x, y = leaf(1.0, 2.0), leaf(1.0, 3.0)
    same: Pair = x == y
    assert same.values == (1.0, 0.0)
    assert (x != y).values == (0.0, 1.0)
    assert len({x, y, x}) == 2


def test_pairs_are_drawn() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    drawing = drawing_of(x * y.swap(), lambda pair: str(pair.values))
    assert [vertex.text for vertex in drawing.vertices] == [
        "Mul\n(4.0, 6.0)",
        "(1.0, 2.0)",
        "Swap",
        "(3.0, 4.0)",
    ]
