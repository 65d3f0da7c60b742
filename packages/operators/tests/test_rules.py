"""Every rule is the derivative of its function, and the derivative of a rule is the second one."""

import math
from collections.abc import Callable
from functools import partial

import pytest

from minitorch_operators import ALL, Operator, elu

from .points import DIFFERENTIABLE, edges, inside, rules
from .value import Value, call, gradients, number

CASES = [
    pytest.param(operator, point, id=f"{operator.name}{point}")
    for operator in DIFFERENTIABLE
    for point in inside(operator)
]


def central_difference(
    f: Callable[[tuple[float, ...]], float], point: tuple[float, ...], i: int, h: float = 1e-5
) -> float:
    """The slope of f at the point, along operand i."""
    left, right = ((*point[:i], point[i] + s, *point[i + 1 :]) for s in (-h, h))
    return (f(right) - f(left)) / (2 * h)


def first(operator: Operator, point: tuple[float, ...], i: int, g: float = 1.0) -> float:
    """The gradient of operand i by its rule."""
    operands = [Value(x) for x in point]
    return gradients(call(operator, operands), operands, g)[i].data


@pytest.mark.parametrize(("operator", "point"), CASES)
def test_a_rule_is_the_derivative_of_the_function(
    operator: Operator, point: tuple[float, ...]
) -> None:
    for i, rule in enumerate(rules(operator)):
        if rule is not None:
            expected = central_difference(partial(number, operator), point, i)
            assert first(operator, point, i) == pytest.approx(expected, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize(("operator", "point"), CASES)
def test_a_rule_scales_with_the_incoming_gradient(
    operator: Operator, point: tuple[float, ...]
) -> None:
    for i, rule in enumerate(rules(operator)):
        if rule is not None:
            expected = -2.5 * first(operator, point, i)
            assert first(operator, point, i, g=-2.5) == pytest.approx(expected, rel=1e-14)
            assert first(operator, point, i, g=0.0) == 0.0


@pytest.mark.parametrize(("operator", "point"), CASES)
def test_the_derivative_of_a_rule_is_the_second_derivative(
    operator: Operator, point: tuple[float, ...]
) -> None:
    for i, rule in enumerate(rules(operator)):
        if rule is None:
            continue
        operands = [Value(x) for x in point]
        gradient = gradients(call(operator, operands), operands)[i]
        second = gradients(gradient, operands)
        for j in range(len(point)):
            if rules(operator)[j] is not None:
                expected = central_difference(partial(first, operator, i=i), point, j)
                assert second[j].data == pytest.approx(expected, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("operator", DIFFERENTIABLE, ids=lambda operator: operator.name)
def test_a_rule_never_raises(operator: Operator) -> None:
    for point in edges(operator):
        for i in range(len(point)):
            assert isinstance(first(operator, point, i), float)


def test_the_gradient_of_abs_is_zero_at_the_kink() -> None:
    assert first(ALL["abs"], (0.0,), 0) == 0.0


def test_the_gradient_of_maximum_is_shared_at_a_tie() -> None:
    assert [first(ALL["maximum"], (2.0, 2.0), i) for i in (0, 1)] == [0.5, 0.5]


def test_the_gradient_of_clamp_passes_at_the_bounds() -> None:
    assert [first(ALL["clamp"], (x, -1.0, 1.0), 0) for x in (-1.0, 1.0, 1.1)] == [1.0, 1.0, 0.0]


def test_the_gradient_of_pow_is_finite_at_base_zero() -> None:
    assert first(ALL["pow"], (0.0, 0.0), 0) == 0.0
    assert first(ALL["pow"], (0.0, 2.0), 1) == 0.0


def test_the_second_derivative_of_elu_is_finite_where_exp_overflows() -> None:
    x = Value(1000.0)
    (gradient,) = gradients(elu(x, 1.0), [x])
    (second,) = gradients(gradient, [x])
    assert second.data == 0.0
    assert not math.isnan(gradient.data)
