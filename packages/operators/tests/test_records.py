"""A record is called with numbers or with values, and the table and the public names hold them."""

import math
import subprocess
import sys
from itertools import product
from types import ModuleType

import pytest

import minitorch_operators as package
from minitorch_operators import ALL, Binary, Ternary, Unary, clamp, ieee, pow, sub, tanh, where

from .points import INTEGER, OPERATORS, arity
from .value import Value

COURSE = (
    *("mul", "id", "add", "neg", "lt", "eq", "max", "is_close", "sigmoid", "relu", "log", "exp"),
    *("log_back", "inv", "inv_back", "relu_back", "map", "zipWith", "reduce", "negList"),
    *("addLists", "sum", "prod"),
)


def test_a_record_on_numbers_is_its_function() -> None:
    assert tanh(0.0) == 0.0
    assert sub(5.0, 3) == 2.0
    assert clamp(7.0, 0.0, 6.0) == 6.0


def test_a_record_on_a_value_is_recorded() -> None:
    x = Value(3.0)
    assert sub(x, 1.0).data == 2.0
    assert sub(1.0, x).data == -2.0
    assert pow(2.0, x).data == 8.0
    assert where(x, x, 1.0).parents


def test_a_ternary_operator_wants_its_first_operand_to_be_a_value() -> None:
    with pytest.raises(TypeError, match="clamp: the first operand must be a Scalar or Tensor"):
        vars(package)["clamp"](1.0, Value(0.0), 2.0)  # which the type checker would not let pass


@pytest.mark.parametrize(
    ("operator", "shown"),
    [
        (tanh, "<operator tanh(x)>"),
        (sub, "<operator sub(a, b)>"),
        (where, "<operator where(a, b, c)>"),
    ],
)
def test_a_record_shows_its_name(operator: Unary | Binary | Ternary, shown: str) -> None:
    assert repr(operator) == shown


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        vars(package)["tanh"].name = "sinh"


def test_all_has_each_operator_under_its_own_name() -> None:
    for name, operator in ALL.items():
        assert operator.name == name
        assert getattr(package, name) is operator
    assert list(ALL) == sorted(ALL)


def test_all_has_every_public_record() -> None:
    public = {
        value for value in vars(package).values() if isinstance(value, (Unary, Binary, Ternary))
    }
    assert public == set(ALL.values())


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_a_function_gives_a_float(operator: Unary | Binary | Ternary) -> None:
    assert type(operator.fn(*[0.5] * arity(operator))) is float


@pytest.mark.parametrize("operator", INTEGER, ids=lambda operator: operator.name)
def test_a_function_of_integers_gives_a_whole_number(operator: Unary | Binary | Ternary) -> None:
    for operands in product((0.5, 6.9, -3.0, math.nan, math.inf), repeat=arity(operator)):
        assert operator.fn(*operands) % 1 == 0


def test_the_public_names_are_those_listed() -> None:
    public = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(package.__all__)
    assert len(package.__all__) == len(set(package.__all__))


@pytest.mark.parametrize("name", COURSE)
def test_the_names_of_the_course_are_public(name: str) -> None:
    assert name in package.__all__


def test_the_package_needs_only_the_standard_library() -> None:
    code = (
        "import sys; before = set(sys.modules); import minitorch_operators; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(shown.stdout.split()) - set(sys.stdlib_module_names) == {"minitorch_operators"}


def test_ieee_is_reached_through_the_package() -> None:
    assert package.ieee is ieee
