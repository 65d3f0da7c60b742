"""The public course's items C.1 to C.10: operators, modules, scalars, the engine and the first
training.

Tests of each are in the packages; these check the course's own spelling through `import minitorch`.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest

import minitorch
from minitorch import Scalar, ScalarFunction, ScalarHistory, operators

NAMES = [
    "mul",
    "id",
    "add",
    "neg",
    "lt",
    "eq",
    "max",
    "is_close",
    "sigmoid",
    "relu",
    "log",
    "exp",
    "log_back",
    "inv",
    "inv_back",
    "relu_back",
    "map",
    "zipWith",
    "reduce",
    "negList",
    "addLists",
    "sum",
    "prod",
]


@pytest.mark.parametrize("name", NAMES)
def test_c1_operators_are_there(name: str) -> None:
    assert callable(getattr(operators, name))


def test_c1_operators_map_floats_to_floats() -> None:
    assert operators.mul(2.0, 3.0) == 6.0
    assert operators.id(4.0) == 4.0
    assert operators.lt(1.0, 2.0) == 1.0
    assert operators.lt(2.0, 1.0) == 0.0
    assert operators.eq(2.0, 2.0) == 1.0
    assert operators.max(2.0, 5.0) == 5.0
    assert operators.is_close(1.0, 1.001)
    assert not operators.is_close(1.0, 1.1)
    assert operators.sigmoid(-1000.0) == 0.0
    assert operators.sigmoid(1000.0) == 1.0
    assert operators.log_back(4.0, 2.0) == 0.5
    assert operators.inv_back(2.0, 1.0) == -0.25
    assert operators.relu_back(-1.0, 3.0) == 0.0
    assert operators.relu_back(1.0, 3.0) == 3.0


def test_c2_lists() -> None:
    assert list(operators.negList([1.0, -2.0])) == [-1.0, 2.0]
    assert list(operators.addLists([1.0, 2.0], [3.0, 4.0])) == [4.0, 6.0]
    assert operators.prod([]) == 1.0
    assert operators.sum([]) == 0.0
    assert operators.prod([2.0, 3.0, 4.0]) == 24.0


def test_c3_sigmoid_is_symmetric_and_increases() -> None:
    points = [x / 4.0 for x in range(-60, 61)]
    values = [operators.sigmoid(x) for x in points]
    assert all(a < b for a, b in pairwise(values))
    for x, y in zip(points, values, strict=True):
        assert y + operators.sigmoid(-x) == pytest.approx(1.0)


class _Inner(minitorch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = minitorch.nn.Parameter(1.0)


class _Outer(minitorch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bias = minitorch.nn.Parameter(2.0)
        self.inner = _Inner()


def test_c4_modules_and_parameters() -> None:
    outer = _Outer()
    assert [name for name, _ in outer.named_parameters()] == ["bias", "inner.weight"]
    assert len(list(outer.parameters())) == 2
    outer.eval()
    assert not outer.training
    assert not outer.inner.training
    outer.train()
    assert outer.inner.training
    added = outer.add_parameter("extra", 3.0)
    assert added.value.item() == 3.0
    assert "extra" in dict(outer.named_parameters())
    added.update(5.0)
    assert added.value.item() == 5.0


def test_c5_the_sandboxes_render(tmp_path: Path) -> None:
    from minitorch_basics.sandbox import PAGES, write_sandbox

    written = write_sandbox(tmp_path)
    assert [page.title for page in PAGES][:4] == [
        "Math Sandbox", "Module Sandbox", "Torch Example", "Module 0: Manual",
    ]  # fmt: skip
    for path in written:
        assert path.read_text().startswith("<!doctype html>")


def test_c6_the_figure_of_a_hand_made_separator(tmp_path: Path) -> None:
    from minitorch_basics.figures import write_figures

    names = {path.name for path in write_figures(tmp_path, epochs=2)}
    assert {"task0.5.svg", "task0.5.png"} <= names


def test_c7_central_difference() -> None:
    assert minitorch.central_difference(lambda x: x * x, 3.0) == pytest.approx(6.0)
    assert minitorch.central_difference(lambda x, y: x * y, 3.0, 5.0, arg=1) == pytest.approx(3.0)


def test_c8_scalars() -> None:
    x = Scalar(2.0, ScalarHistory(), name="x")
    y = (x * x + 1.0).log()
    y.backward()
    assert x.derivative == pytest.approx(4.0 / 5.0)
    assert x.name == "x"
    assert x.is_leaf
    assert not y.is_leaf
    assert Scalar(0.0, None).is_constant()
    assert isinstance(x.unique_id, int)


def test_c8_a_function_with_its_own_backward() -> None:
    class Square(ScalarFunction):
        @staticmethod
        def forward(ctx: minitorch.Context, x: float) -> float:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: minitorch.Context, d: float) -> float:
            (x,) = ctx.saved_values
            return 2.0 * x * d

    x = Scalar(3.0, ScalarHistory())
    (Square.apply(x) * 2.0).backward()
    assert x.derivative == 12.0


def test_c8_every_derivative_is_checked() -> None:
    minitorch.derivative_check(
        lambda a, b: (a * b + a / b).sigmoid() * a.exp(), Scalar(0.5), Scalar(1.5)
    )


def test_c9_topological_order_of_a_diamond() -> None:
    x = Scalar(1.5, ScalarHistory())
    a, b = x * 2.0, x + 3.0
    y = a * b
    order = list(minitorch.topological_sort(y))
    assert order[0] is y
    assert sum(v is x for v in order) == 1
    minitorch.backpropagate(y, 1.0)
    assert x.derivative == pytest.approx(2.0 * (1.5 + 3.0) + 2.0 * 1.5)


def test_c9_a_hundred_thousand_nodes() -> None:
    x = Scalar(0.0, ScalarHistory())
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.derivative == 1.0


def test_c10_scalars_learn_the_simple_set() -> None:
    from minitorch_basics.training import Task, train

    task = Task("Simple", 50, 2, 0.5, 100, "scalar", 4)
    *_, last = train(task.network(), task.data(), task)
    assert last.correct == 50
    assert math.isfinite(last.loss)
