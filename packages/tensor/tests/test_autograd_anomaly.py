"""Anomaly mode: what went wrong in backward is told with the line of the forward."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable

import pytest

import minitorch_tensor as mt
from minitorch_autodiff import (
    Scalar,
    detect_anomaly,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_detect_anomaly,
)
from minitorch_autodiff.anomaly import _records, origin
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import grad
from minitorch_tensor.autograd_function import Function
from minitorch_tensor.autograd_function_node import FunctionCtx


def leaf(*values: float) -> Tensor:
    return mt.tensor(list(values), requires_grad=True)


def test_the_mode_is_off_unless_switched_on() -> None:
    assert not is_anomaly_enabled()
    assert is_anomaly_check_nan_enabled()
    with detect_anomaly(check_nan=False):
        assert is_anomaly_enabled()
        assert not is_anomaly_check_nan_enabled()
        with set_detect_anomaly(False):
            assert not is_anomaly_enabled()
        assert is_anomaly_enabled()
    assert not is_anomaly_enabled()
    set_detect_anomaly(True)
    assert is_anomaly_enabled()
    set_detect_anomaly(False)
    assert not is_anomaly_enabled()


def test_a_nan_names_the_operation_its_place_and_the_line() -> None:
    x = leaf(1.0, 0.0, 2.0).view(1, 3)
    with detect_anomaly():
        root = x.sqrt()  # this line
        y = (root * mt.tensor([1.0, 0.0, 1.0])).sum()
        with pytest.raises(RuntimeError) as caught:
            y.backward()
    text = str(caught.value)
    assert "Function 'SqrtBackward0' returned nan values in its 0th output" in text
    assert "first at index (0, 1)" in text
    assert "root = x.sqrt()  # this line" in text
    assert __file__ in text
    assert "in test_a_nan_names_the_operation" in text
    assert "minitorch_tensor/core.py" not in text  # the library's own lines explain nothing


def test_a_second_derivative_names_the_forward_too() -> None:
    x = leaf(0.0)
    with detect_anomaly():
        y = x.abs().sqrt().sqrt()  # the forward
        with pytest.raises(RuntimeError, match=r"nan values(.|\n)*y = x\.abs\(\)"):
            grad(y, x, create_graph=True)


def test_what_a_backward_recorded_names_its_forward() -> None:
    x = leaf(2.0)
    with detect_anomaly():
        y = x**3  # the forward
        (g,) = grad(y, x, create_graph=True)  # the backward
    assert g is not None
    assert g.grad_fn is not None
    text = origin(g.grad_fn)
    assert "# the backward\nIt was recorded in the backward of what was called here:\n" in text
    assert "# the forward" in text


def test_what_fails_otherwise_has_a_note() -> None:
    x = leaf(1.0)
    with detect_anomaly(check_nan=False):
        y = x.exp()  # saved here
        y.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
            y.backward()
    (note,) = caught.value.__notes__
    assert "y = x.exp()  # saved here" in note


def test_a_graph_from_before_says_so() -> None:
    x = leaf(0.0)
    y = x.sqrt() * 0.0
    with detect_anomaly(), pytest.raises(RuntimeError, match="recorded while anomaly mode was off"):
        y.backward()


def test_without_the_check_a_nan_goes_on() -> None:
    x = leaf(0.0)
    with detect_anomaly(check_nan=False):
        (x.sqrt() * 0.0).backward()
    assert x.grad is not None
    assert x.grad.isnan().item()


def test_functions_with_several_outputs_and_integers_are_looked_at() -> None:
    class Two(Function):
        @staticmethod
        def forward(ctx: FunctionCtx, k: int, x: Tensor) -> tuple[Tensor, Tensor]:
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: FunctionCtx, g: Tensor, h: Tensor) -> tuple[None, Tensor]:
            return None, g / 0.0 * 0.0

    with detect_anomaly():
        a, _ = Two.apply(3, leaf(1.0))
        with pytest.raises(
            RuntimeError, match=r"'TwoBackward' returned nan values in its 1th output"
        ):
            a.backward()


def test_scalars_too() -> None:
    x = Scalar(0.0, requires_grad=True)
    with detect_anomaly():
        y = x**0.5 * 0.0
        with pytest.raises(RuntimeError, match="returned nan values in its 0th output"):
            y.backward()


def test_every_kind_of_node_is_remembered_and_forgotten() -> None:
    gc.collect()
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        with detect_anomaly():
            ys = [x.exp(), x * x, mt.where(x > 1, x, 0.0), x.view(2, 1), mt.cat([x, x])]
            nodes = [weakref.ref(y.grad_fn) for y in ys if y.grad_fn is not None]
            assert len(nodes) == len(ys)
            before = len(_records)
            assert all(node() in _records for node in nodes)
        del ys
        assert all(node() is None for node in nodes)
        assert len(_records) <= before - len(nodes)
    finally:
        gc.enable()


@pytest.mark.parametrize("write", [lambda: leaf(1.0).exp(), lambda: leaf(1.0) * 2])
def test_nothing_is_remembered_while_the_mode_is_off(write: Callable[[], Tensor]) -> None:
    y = write()
    assert y.grad_fn is not None
    assert y.grad_fn not in _records


def test_threads_share_the_mode() -> None:
    seen: list[bool] = []
    with detect_anomaly():
        thread = threading.Thread(target=lambda: seen.append(is_anomaly_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]
