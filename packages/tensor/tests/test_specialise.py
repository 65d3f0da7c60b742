"""An operator's own source for another target: what is followed, what is refused, what it gives."""

from __future__ import annotations

import ast
import gc
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from minitorch_operators import ALL, Binary, Ternary, Unary, ieee, maximum, sigmoid
from minitorch_operators.record import Operator
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.numpy_backend import expression
from minitorch_tensor.specialise import Pointwise, Target, parsed, specialise

FLOATS = [
    0.0, -0.0, 0.3, -0.7, 1.0, -1.0, 2.5, -4.0, 30.0, -30.0, 1e-300, 1e300, -1e300,
    math.inf, -math.inf, math.nan,
]  # fmt: skip
SOME = [0.0, -0.0, 0.3, -2.5, 1.0, math.inf, -math.inf, math.nan]
WHOLE = [0, 1, -1, 2, -3, 7, 100]


def rules(operator: Operator) -> Iterator[tuple[str, Pointwise]]:
    """The function of an operator and each of its rules."""
    yield "fn", operator.fn
    if isinstance(operator, Unary):
        if operator.vjp is not None:
            yield "vjp", operator.vjp
    else:
        for i, rule in enumerate(operator.vjps):
            if rule is not None:
                yield f"vjp {i}", rule


CASES = [
    pytest.param(fn, id=f"{name} {kind}")
    for name, operator in sorted(ALL.items())
    for kind, fn in rules(operator)
    if operator.result != "integer"  # which is no function of floats
]


def scalar(fn: Pointwise, arguments: tuple[float, ...]) -> float:
    """What the function gives at numbers, whatever its type is to a checker.

    NumPy's floats, since a rule may divide by zero, where Python's would raise.
    """
    call: Callable[..., float] = fn
    with np.errstate(all="ignore"):
        return float(call(*map(np.float64, arguments)))


def grids(count: int) -> list[tuple[float, ...]]:
    values = FLOATS if count == 1 else SOME
    return list(itertools.product(values, repeat=count))


@pytest.mark.parametrize("fn", CASES)
def test_on_arrays_of_floats_it_gives_the_numbers_of_the_function(fn: Pointwise) -> None:
    points = grids(len(specialise(fn, Target()).parameters))
    expected = np.array([scalar(fn, point) for point in points])
    columns = [np.array(column) for column in zip(*points, strict=True)]
    with np.errstate(all="ignore"):
        found = np.broadcast_to(expression(fn, "float")(*columns), expected.shape)
    # NumPy's vector functions differ from the C library's by a few units in the last place.
    np.testing.assert_allclose(found.astype(float), expected, rtol=1e-14, atol=1e-15)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(
        np.signbit(found.astype(float))[numbers], np.signbit(expected)[numbers]
    )


@pytest.mark.parametrize(
    "operator",
    [op for name, op in sorted(ALL.items()) if op.result != "float" and name not in {"pow"}],
    ids=lambda op: op.name,
)
@pytest.mark.parametrize("kind", ["int", "bool"])
def test_on_integers_and_bools_it_gives_the_numbers_of_the_function(
    operator: Operator, kind: dtypes.Kind
) -> None:
    count = len(specialise(operator.fn, Target()).parameters)
    values = WHOLE if kind == "int" else [0, 1]
    divides = operator.name in ("floor_divide", "remainder", "fmod")
    points = [
        point
        for point in itertools.product(values, repeat=count)
        if not (divides and point[1] == 0)
    ]
    expected = np.array([scalar(operator.fn, tuple(map(float, point))) for point in points])
    columns = [np.array(column, np.int64) for column in zip(*points, strict=True)]
    with np.errstate(all="ignore"):
        found = np.broadcast_to(expression(operator.fn, kind)(*columns), expected.shape)
    whole = np.isfinite(expected) & (expected == np.trunc(expected))
    np.testing.assert_array_equal(found.astype(float)[whole], expected[whole])


# ---- what is printed ---------------------------------------------------------------------------

HALF = 0.5


def _helper(x: float) -> float:
    """Called by others."""
    return x * HALF


def _uses_everything(x: float, y: float) -> float:
    """Names, constants, calls of functions, operators and ieee, choices and logic."""
    scaled = _helper(x) + 2
    return ieee.exp(scaled) if x > y and not y < 0.0 else maximum(x, sigmoid(y))


def test_what_a_function_calls_is_printed_before_it() -> None:
    program = specialise(_uses_everything, Target())
    assert program.entry == "uses_everything"
    assert program.parameters == ("x", "y")
    names = [
        node.name for node in ast.parse(program.text).body if isinstance(node, ast.FunctionDef)
    ]
    assert names.index("helper") < names.index("uses_everything")
    assert names.index("maximum") < names.index("uses_everything")
    assert "exp" in program.ieee
    assert "HALF" not in program.text
    assert "0.5" in program.text
    scope: dict[str, Callable[..., float]] = {f"ieee_{n}": getattr(ieee, n) for n in program.ieee}
    exec(program.text, scope)
    for point in [(1.0, 0.5), (0.5, 1.0), (1.0, -1.0)]:
        assert scope["uses_everything"](*point) == _uses_everything(*point)


class Loud(Target):
    """A target that decorates, doubles constants and renames."""

    def decorators(self) -> list[str]:
        return ["@loud"]

    def constant(self, value: float) -> ast.expr:
        return ast.Constant(value * 2)

    def call(self, name: str) -> str:
        return f"device_{name}"


def test_a_target_spells_things_its_own_way() -> None:
    text = specialise(_uses_everything, Loud()).text
    assert text.count("@loud") == text.count("def ")
    assert "x * 1.0" in text
    assert "+ 4.0" in text
    assert "device_exp(scaled)" in text


def test_a_name_that_python_has_already_gets_another() -> None:
    assert specialise(ALL["abs"].fn, Target()).entry == "abs_"
    assert specialise(ALL["round"].fn, Target()).entry == "round_"


# ---- what is refused ---------------------------------------------------------------------------

WORD = "not a float"


def _branches(x: float) -> float:
    if x > 0.0:
        return x
    return -x


def _loops(x: float) -> float:
    for _ in range(3):
        x = x * x
    return x


def _returns_nothing(x: float) -> None:
    return


def _unpacks(x: float) -> float:
    a, b = x, x
    return a + b


def _calls_by_keyword(x: float) -> float:
    return _helper(x=x)


def _calls_math(x: float) -> float:
    return math.exp(x)


def _calls_a_builtin(x: float) -> float:
    return abs(x)


def _reads_a_word(x: float) -> float:
    return x if WORD else -x


def _has_a_bool(x: float) -> float:
    return x if True else -x


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (_branches, "_branches line 2 is a If; the function of an operator may only assign"),
        (_loops, "_loops line 2 is a For"),
        (_returns_nothing, "_returns_nothing contains `return`"),
        (_unpacks, r"_unpacks contains `\(?a, b\)? = \(?x, x\)?`"),
        (_calls_by_keyword, r"_calls_by_keyword contains `_helper\(x=x\)`"),
        (_calls_math, r"_calls_math contains `math\.exp\(x\)`"),
        (_calls_a_builtin, r"_calls_a_builtin contains `abs\(x\)`"),
        (_reads_a_word, "_reads_a_word contains `WORD`"),
        (_has_a_bool, "_has_a_bool contains `True`"),
        (lambda x: x, "must be written with def"),
        (math.exp, "expected a plain Python function"),
        (sigmoid, "expected a plain Python function, got <operator sigmoid"),
    ],
)
def test_what_is_outside_the_rules_is_named(function: Pointwise, message: str) -> None:
    with pytest.raises(TypeError, match=f"specialise: .*{message}"):
        specialise(function, Target())


def test_every_operator_is_inside_the_rules() -> None:
    for operator in ALL.values():
        for _, fn in rules(operator):
            assert specialise(fn, Target()).text
        assert isinstance(operator, Unary | Binary | Ternary)


def test_several_threads_may_read_sources_at_once() -> None:
    """Python 3.11 takes threads that make syntax trees in turn for one that has gone astray."""
    text = "".join(f"y{i} = (x + {i}) * [x, {{'a': ({i}, x)}}][0]\n" for i in range(40))
    failed: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(10):
                parsed(text)
        except BaseException as error:
            failed.append(error)

    def let_others(phase: str, info: dict[str, int]) -> None:
        time.sleep(0)

    before = gc.get_threshold()
    gc.callbacks.append(let_others)
    gc.set_threshold(5)
    try:
        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.callbacks.remove(let_others)
        gc.set_threshold(*before)
    assert failed == []
