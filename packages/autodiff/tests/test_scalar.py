"""`Scalar`: arithmetic both ways, comparisons, conversions, methods, and what does not fit."""

import copy
import math
import operator
import pickle
from collections.abc import Callable
from operator import attrgetter

import pytest

from minitorch_autodiff import Scalar, no_grad
from minitorch_operators import ALL, Unary, gelu, where

Binary = Callable[[Scalar, Scalar], Scalar]


def leaf(value: float) -> Scalar:
    return Scalar(value, requires_grad=True)


ARITHMETIC: list[tuple[Callable[[float, float], float], Binary, float, float]] = [
    (lambda a, b: a + b, lambda a, b: a + b, 1.0, 1.0),
    (lambda a, b: a - b, lambda a, b: a - b, 1.0, -1.0),
    (lambda a, b: a * b, lambda a, b: a * b, 3.0, 2.5),
    (lambda a, b: a / b, lambda a, b: a / b, 1 / 3.0, -2.5 / 9.0),
    (lambda a, b: a**b, lambda a, b: a**b, 3 * 2.5**2, 2.5**3 * math.log(2.5)),
    (lambda a, b: a % b, lambda a, b: a % b, 1.0, -0.0),
    (lambda a, b: a // b, lambda a, b: a // b, 0.0, 0.0),
]


@pytest.mark.parametrize(("number", "scalar", "da", "db"), ARITHMETIC)
def test_arithmetic_between_scalars(
    number: Callable[[float, float], float], scalar: Binary, da: float, db: float
) -> None:
    a, b = leaf(2.5), leaf(3.0)
    y = scalar(a, b)
    assert y.data == number(2.5, 3.0)
    if y.requires_grad:
        y.backward()
    assert (a.derivative or 0.0) == pytest.approx(da)
    assert (b.derivative or 0.0) == pytest.approx(db)


def test_numbers_go_on_either_side() -> None:
    for number in (2.5, 3, True):
        n = float(number)
        for result, expected in (
            (leaf(4.0) + number, 4.0 + n),
            (number + leaf(4.0), n + 4.0),
            (leaf(4.0) - number, 4.0 - n),
            (number - leaf(4.0), n - 4.0),
            (leaf(4.0) * number, 4.0 * n),
            (number * leaf(4.0), n * 4.0),
            (leaf(4.0) / number, 4.0 / n),
            (number / leaf(4.0), n / 4.0),
            (leaf(4.0) ** number, 4.0**n),
            (number ** leaf(4.0), n**4.0),
            (leaf(4.0) // number, 4.0 // n),
            (number // leaf(4.0), n // 4.0),
            (leaf(4.0) % number, 4.0 % n),
            (number % leaf(4.0), n % 4.0),
        ):
            assert isinstance(result, Scalar)
            assert result.data == expected


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: 3.0 - x, -1.0),
        (lambda x: 3.0 / x, -3.0 / 4.0),
        (lambda x: 3.0**x, 9.0 * math.log(3.0)),
        (lambda x: x**2, 4.0),
        (lambda x: -x, -1.0),
        (lambda x: abs(-x), 1.0),
    ],
)
def test_derivatives_with_numbers(f: Callable[[Scalar], Scalar], expected: float) -> None:
    x = leaf(2.0)
    f(x).backward()
    assert x.derivative == pytest.approx(expected)


def test_seed_example() -> None:
    t1, t2 = leaf(2.0), Scalar(3.0)
    (t1 * (t1 + t2)).backward()
    assert t1.derivative == 7.0
    assert t2.grad is None


def test_comparisons_give_scalars_of_0_and_1() -> None:
    a, b = leaf(2.0), leaf(3.0)
    for result, expected in (
        (a < b, 1.0),
        (a <= 2.0, 1.0),
        (a > b, 0.0),
        (2.0 >= b, 0.0),  # noqa: SIM300 - a number on the left
        (a == b, 0.0),
        (a == 2.0, 1.0),
        (a != b, 1.0),
        (a != 2, 0.0),
    ):
        assert isinstance(result, Scalar)
        assert result.data == expected
        assert not result.requires_grad


def test_the_type_of_an_equality_is_known_to_the_checker() -> None:
    a = leaf(2.0)
    total: float = (a == 2.0).data + (a != 2.0).data
    assert total == 1.0


@pytest.mark.parametrize("other", [None, "2.0", [2.0], 2j, object()])
def test_what_cannot_be_compared_is_unequal(other: object) -> None:
    a = leaf(2.0)
    assert (a == other) is False
    assert (a != other) is True
    assert (other == a) is False


def test_nan_equals_nothing() -> None:
    nan = Scalar(math.nan)
    assert not operator.eq(nan, nan)
    assert operator.ne(nan, math.nan)


def test_scalars_are_hashed_by_identity() -> None:
    a, b = leaf(2.0), leaf(2.0)
    names = {a: "a", b: "b"}
    assert len(names) == 2
    assert (names[a], names[b]) == ("a", "b")
    assert len({a, b, a}) == 2


def test_scalars_sort_and_are_found_by_value() -> None:
    values = [leaf(3.0), leaf(1.0), leaf(2.0)]
    assert [x.data for x in sorted(values)] == [1.0, 2.0, 3.0]
    assert max(values) is values[0]
    assert 2.0 in values
    assert 4.0 not in values


def test_conversions() -> None:
    x = leaf(-2.75)
    assert (float(x), int(x), bool(x), x.item()) == (-2.75, -2, True, -2.75)
    assert not Scalar(0.0)
    assert not Scalar(-0.0)
    assert Scalar(math.nan)
    assert f"{x:.1f}|{x}" == "-2.8|-2.75"
    assert repr(x) == "Scalar(-2.75)"
    assert math.sqrt(Scalar(4.0)) == 2.0
    with pytest.raises(OverflowError):
        int(Scalar(math.inf))


def test_data_is_a_float() -> None:
    for value in (3, True, 3.0):
        assert type(Scalar(value).data) is float


METHODS = [
    *("abs", "atan", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "log", "log1p", "relu"),
    *("round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh"),
]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_its_operator(name: str) -> None:
    record = ALL[name]
    assert isinstance(record, Unary)
    x, same = leaf(0.7), leaf(0.7)
    y = getattr(x, name)()
    expected = record(same)
    assert y.data == expected.data
    assert y.requires_grad == expected.requires_grad
    if y.requires_grad:
        y.backward()
        expected.backward()
    assert x.derivative == same.derivative


def test_methods_of_two_values() -> None:
    a, b = leaf(2.0), leaf(5.0)
    assert a.maximum(b).data == 5.0
    assert a.minimum(b).data == 2.0
    assert a.maximum(7).data == 7.0
    assert a.pow(3).data == 8.0
    assert a.reciprocal().data == 0.5


def test_operators_are_functions_of_scalars() -> None:
    x = leaf(0.5)
    gelu(x).backward()
    assert x.derivative == pytest.approx(0.8673, abs=1e-3)


def test_edges_are_those_of_floating_point() -> None:
    x = leaf(0.0)
    assert (1.0 / x).data == math.inf
    assert math.isnan((x / x).data)
    assert x.log().data == -math.inf
    assert leaf(1000.0).exp().data == math.inf
    assert leaf(-1000.0).sigmoid().data == 0.0
    assert math.copysign(1.0, (-x).data) == -1.0


@pytest.mark.parametrize("operation", [operator.add, operator.mul, operator.pow, operator.lt])
@pytest.mark.parametrize("other", ["1.0", None, [1.0], 1j, b"1"])
def test_foreign_operands_are_an_error(
    operation: Callable[[object, object], object], other: object
) -> None:
    x = leaf(2.0)
    message = f"a Scalar goes with Scalars and with numbers, but got the {type(other).__name__}"
    with pytest.raises(TypeError, match=message):
        operation(x, other)
    with pytest.raises(TypeError):
        operation(other, x)


def test_foreign_operands_of_operators_are_an_error() -> None:
    x = leaf(2.0)
    text: float = attrgetter("__doc__")(Scalar)  # a str, of which the type checker knows nothing
    with pytest.raises(TypeError, match=r"maximum: a Scalar goes with Scalars and with numbers"):
        x.maximum(text)
    with pytest.raises(TypeError, match=r"where: a Scalar goes with Scalars and with numbers"):
        where(x, text, 1.0)
    with pytest.raises(TypeError, match=r"backward: a Scalar goes with Scalars and with numbers"):
        (x * x).backward(text)


def test_a_detached_scalar_has_the_number_alone() -> None:
    x = leaf(2.0)
    y = (x * 3.0).detach()
    assert y.data == 6.0
    assert y.is_leaf
    assert not y.requires_grad


def test_leaf_or_not() -> None:
    x, c = leaf(2.0), Scalar(3.0)
    y = x * c
    assert (x.is_leaf, c.is_leaf, y.is_leaf) == (True, True, False)
    assert (x.grad_fn, c.grad_fn) == (None, None)
    assert y.grad_fn is y.node
    with no_grad():
        assert (x * c).is_leaf


def test_a_leaf_can_be_copied_and_pickled() -> None:
    x = Scalar(2.0, name="x", requires_grad=True)
    (x * 3.0).backward()
    for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin is not x
        assert (twin.data, twin.name, twin.requires_grad, twin.derivative) == (2.0, "x", True, 3.0)
        (twin * 1.0).backward()
        assert (twin.derivative, x.derivative) == (4.0, 3.0)


def test_a_result_cannot_be_copied() -> None:
    message = r"deepcopy: only leaves can be copied or pickled, and Scalar\(6\.0\) was made by"
    with pytest.raises(RuntimeError, match=message):
        copy.deepcopy(leaf(2.0) * 3.0)


def test_a_scalar_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        setattr(leaf(2.0), "dat", 3.0)  # noqa: B010


def test_a_sum_of_many_is_linear_in_time_and_space() -> None:
    xs = [leaf(float(i)) for i in range(2000)]
    total = sum(xs, Scalar(0.0))
    total.backward()
    assert total.data == 1999 * 1000
    assert all(x.derivative == 1.0 for x in xs)
