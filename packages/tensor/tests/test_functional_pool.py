"""Poolings: their definitions in NumPy, which element wins, and what is refused."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
import minitorch_tensor.functional as F
from minitorch_tensor import Tensor

IMAGE = [[1.0, 3.0, 2.0, 0.0], [0.0, 0.0, 5.0, 4.0], [7.0, 1.0, 1.0, 1.0], [2.0, 2.0, 9.0, 9.0]]


def test_the_maxima_and_where_they_are() -> None:
    x = mt.tensor([IMAGE])
    y, where = F.max_pool2d(x, 2, return_indices=True)
    assert y.tolist() == [[[3.0, 5.0], [7.0, 9.0]]]
    assert where.tolist() == [[[1, 6], [8, 14]]]  # the first of equals
    assert F.max_pool2d(x, 2).tolist() == y.tolist()
    assert F.max_pool2d(x, (1, 4)).tolist() == [[[3.0], [5.0], [7.0], [9.0]]]


def test_the_gradient_of_a_maximum_goes_to_the_first_of_equals() -> None:
    x = mt.tensor([IMAGE], requires_grad=True)
    F.max_pool2d(x, 2).sum().backward()
    assert x.grad is not None
    assert np.flatnonzero(x.grad.numpy()).tolist() == [1, 6, 8, 14]


def test_the_gradient_of_an_element_that_wins_twice_adds_up() -> None:
    x = mt.tensor([[0.0, 5.0, 0.0]], requires_grad=True)
    F.max_pool1d(x, 2, stride=1).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0.0, 2.0, 0.0]]


def test_padding_never_wins() -> None:
    y, where = F.max_pool2d(mt.full((1, 2, 2), -math.inf), 2, padding=1, return_indices=True)
    assert y.tolist() == [[[-math.inf] * 2] * 2]
    assert where.tolist() == [[[0, 1], [2, 3]]]
    assert F.max_pool1d(mt.tensor([[-3, -2]]), 2, padding=1).tolist() == [[-3, -2]]


def test_nan_wins() -> None:
    y = F.max_pool1d(mt.tensor([[1.0, math.nan, 2.0, math.inf]]), 2)
    assert math.isnan(y[0, 0].item())
    assert y[0, 1].item() == math.inf


def test_ceil_mode_lets_the_last_window_stick_out() -> None:
    x = mt.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]])
    assert F.max_pool1d(x, 2).tolist() == [[2.0, 4.0]]
    assert F.max_pool1d(x, 2, ceil_mode=True).tolist() == [[2.0, 4.0, 5.0]]
    assert F.avg_pool1d(x, 2, ceil_mode=True).tolist() == [[1.5, 3.5, 5.0]]


def test_whether_padding_counts_in_a_mean() -> None:
    x = mt.tensor([[2.0, 4.0]])
    assert F.avg_pool1d(x, 2, padding=1).tolist() == [[1.0, 2.0]]
    assert F.avg_pool1d(x, 2, padding=1, count_include_pad=False).tolist() == [[2.0, 4.0]]
    assert F.avg_pool2d(mt.tensor([IMAGE]), 4, divisor_override=1).item() == 47.0


@pytest.mark.parametrize(("size", "count"), [(7, 3), (6, 3), (3, 7), (5, 5), (5, 1)])
def test_adaptive_means_cover_everything(size: int, count: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, size))
    expected = [
        x[:, math.floor(i * size / count) : math.ceil((i + 1) * size / count)].mean(1)
        for i in range(count)
    ]
    y = F.adaptive_avg_pool1d(mt.tensor(x), count)
    np.testing.assert_allclose(np.asarray(y.numpy(), np.float64), np.stack(expected, 1))


def test_an_infinity_stays_in_its_window() -> None:
    x = mt.tensor([[math.inf, 1.0, 2.0, 3.0, 4.0]])
    assert F.adaptive_avg_pool1d(x, 3).tolist() == [[math.inf, 2.0, 3.5]]
    assert F.avg_pool1d(x, 2).tolist() == [[math.inf, 2.5]]


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((1, 4, 4), {"kernel_size": 5}, r"Given input size: \(1, 4, 4\), kernel size: \(5, 5\), "
         r"padding: \(0, 0\). Calculated output size: \(0, 0\). Output size is too small"),
        ((1, 4, 4), {"kernel_size": 0}, r"kernel size should be greater than zero, but got \(0, "),
        ((1, 4, 4), {"kernel_size": 2, "stride": 0}, "stride should be greater than zero, but g"),
        ((1, 4, 4), {"kernel_size": 2, "padding": -1}, r"pad must be non-negative, but got pad"),
        ((1, 4, 4), {"kernel_size": 2, "padding": 2},
         r"pad should be at most half of effective kernel size, but got pad=2, kernel_size=2"),
        ((4, 4), {"kernel_size": 2}, r"Expected 3D or 4D \(batch mode\) tensor with optional 0 dim "
         r"batch size for input, but got: \(4, 4\)"),
        ((2, 0, 4, 4), {"kernel_size": 2}, r"but got: \(2, 0, 4, 4\)"),
        ((1, 4, 4), {"kernel_size": (2, 2, 2)}, r"kernel_size=\(2, 2, 2\)"),
    ],
)  # fmt: skip
def test_windows_that_do_not_fit_are_refused(
    shape: tuple[int, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError, match="max_pool2d: .*" + message):
        F.max_pool2d(mt.zeros(shape), **options)
    with pytest.raises(RuntimeError, match="avg_pool2d: .*" + message):
        F.avg_pool2d(mt.zeros(shape), **options)


def test_a_dilated_window_in_the_padding_alone_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"dilation \(4,\) and padding \(1,\) holds no element"):
        F.max_pool1d(mt.zeros(1, 3), 2, padding=1, dilation=4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: F.avg_pool2d(x, 2, divisor_override=0), "divisor must be not zero"),
        (lambda x: F.avg_pool2d(x.int(), 2), "expected a floating point tensor, but got minito"),
        (lambda x: F.max_pool2d(x != 0, 2), "max_pool2d: not defined for bool tensors"),
        (lambda x: F.adaptive_avg_pool2d(x, (1, 2, 3)), r"one number or 2, but got \(1, 2, 3\)"),
        (lambda x: F.adaptive_avg_pool2d(x, (-1, 3)), r"greater than or equal to 0 but received"),
        (lambda x: F.adaptive_avg_pool2d(x[0], 2), r"Expected 3 to 4 dimensions, but got 2-dim"),
        (lambda x: F.adaptive_avg_pool2d(x[:, :0], 2), r"input has sizes \(1, 0, 4\)"),
    ],
)
def test_other_bad_arguments_are_refused(call: Callable[[Tensor], Tensor], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        call(mt.zeros(1, 4, 4))
