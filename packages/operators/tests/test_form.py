"""Functions and rules keep to the form that backends translate, and `needs` says what is read."""

import math
from collections.abc import Callable

import pytest

from minitorch_operators import Binary, Operator, Ternary, Unary, exp, gt, ieee, neg, where, whole
from minitorch_operators.record import V

from .form import function_faults, reads, rule_faults
from .points import EVERY, arity, rules

_HALF = 0.5
_WHOLE = 1


def letters(operator: Operator) -> str:
    return ("xy", "ab", "abc")[arity(operator) - 1]


@pytest.fixture(params=EVERY, ids=lambda operator: operator.name)
def operator(request: pytest.FixtureRequest) -> Operator:
    assert isinstance(request.param, (Unary, Binary, Ternary))
    return request.param


def test_a_function_can_be_translated(operator: Operator) -> None:
    assert function_faults(operator.fn) == []


def test_a_function_says_its_formula(operator: Operator) -> None:
    assert operator.fn.__doc__


def test_a_rule_can_be_translated(operator: Operator) -> None:
    vjps = (operator.vjp,) if isinstance(operator, Unary) else operator.vjps
    for rule in vjps:
        assert rule is None or rule_faults(rule) == []


def test_a_rule_needs_exactly_what_it_reads(operator: Operator) -> None:
    vjps = (operator.vjp,) if isinstance(operator, Unary) else operator.vjps
    needs = (operator.needs,) if isinstance(operator, Unary) else operator.needs
    read = tuple("" if rule is None else reads(rule, letters(operator)) for rule in vjps)
    assert read == needs


def test_a_bool_result_has_no_rule_and_is_one_or_zero(operator: Operator) -> None:
    if operator.result == "bool":
        assert not any(rules(operator))
        values = {operator.fn(*([x] * arity(operator))) for x in (-1.0, 0.0, 2.5, math.nan)}
        assert values <= {0.0, 1.0}


# The checker itself: each departure from the form is found.


def _raises(x: float) -> float:
    return math.log(x)


def _builtin(x: float) -> float:
    return max(x, 0.0)


def _loop(x: float) -> float:
    for _ in range(3):
        x = x + x
    return x


def _branch(x: float) -> float:
    if x > 0.0:
        return x
    return -x


def _chained(x: float) -> float:
    return 1.0 if 0.0 < x < 1.0 else 0.0


def _truth(x: float) -> float:
    return 1.0 if x else 0.0


def _boolean(x: float) -> float:
    return x > 0.0


def _whole(x: float) -> float:
    return x * 2


def _whole_constant(x: float) -> float:
    return x * _WHOLE


def _modulo(x: float) -> float:
    return x % 2.0


def _bits(x: float) -> float:
    return int(x) & whole.integer(x)


def _helper(x: float) -> float:
    return x * _HALF


def _helped(x: float) -> float:
    y = _helper(x)
    return ieee.exp(y) if not (x > 0.0 and y < 2.0) else neg(y)


def _helped_wrongly(x: float) -> float:
    return _builtin(x)


@pytest.mark.parametrize(
    ("fn", "fault"),
    [
        (_raises, "calls something else than ieee and operators"),
        (_builtin, "calls something that is not an operator"),
        (_chained, "not a condition"),
        (_truth, "not a condition"),
        (_boolean, "not in the form"),
        (_whole, "not in the form"),
        (_whole_constant, "neither an operand nor a constant float"),
        (_modulo, r"not one of + - * /"),
        (_helped_wrongly, "calls something that is not an operator"),
    ],
)
def test_a_function_out_of_form_is_found(fn: Callable[[float], float], fault: str) -> None:
    (found,) = function_faults(fn)
    assert fault in found


@pytest.mark.parametrize("fn", [_loop, _branch])
def test_a_statement_out_of_form_is_found(fn: Callable[[float], float]) -> None:
    with pytest.raises(AssertionError, match="neither `=` nor `return`"):
        function_faults(fn)


def test_the_bits_of_a_number_that_is_no_integer_are_found() -> None:
    assert any("not a whole.integer(...)" in fault for fault in function_faults(_bits))


def test_a_function_with_helpers_is_in_form() -> None:
    assert function_faults(_helped) == []


def _rule_with_ieee(g: V, x: V, y: V) -> V:
    return g * ieee.exp(1.0)


def _rule_with_a_choice(g: V, x: V, y: V) -> V:
    return g if y is x else -g


def _rule_without_dtype(g: V, x: V, y: V) -> V:
    return g * where(gt(x, 0.0), 1.0, 0.0)


def _rule_on_numbers(g: V, x: V, y: V) -> V:
    return g * exp(_HALF)


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (_rule_with_ieee, "calls something else than ieee and operators"),
        (_rule_with_a_choice, "not in the form"),
        (_rule_without_dtype, "no value among its operands"),
        (_rule_on_numbers, "no value among its operands"),
    ],
)
def test_a_rule_out_of_form_is_found(rule: Callable[..., object], fault: str) -> None:
    (found,) = rule_faults(rule)
    assert fault in found


def test_what_a_rule_reads_is_found() -> None:
    assert reads(_rule_without_dtype, "xy") == "x"
    assert reads(_rule_with_a_choice, "xy") == "xy"
