"""max_pool2d without indices against its composite."""

import math

import numpy as np
import pytest

from minitorch_fast.functional.pool import max_pool2d_search
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.pool import max_pool2d, max_pool2d_values

from .fused_cases import compare, random, values

CASES: list[tuple[tuple[int, ...], Ints, Ints | None, Ints, Ints, bool]] = [
    ((2, 3, 8, 8), 2, None, 0, 1, False),
    ((2, 3, 9, 7), 2, None, 0, 1, False),  # a row and a column are left over
    ((3, 8, 6), 2, None, 0, 1, False),
    ((2, 3, 9, 11), 3, 2, 1, 1, False),
    ((2, 3, 9, 11), 3, 1, 0, 1, False),
    ((2, 3, 9, 11), (3, 2), (1, 2), (1, 1), 1, True),
    ((2, 3, 9, 10), 2, 1, 0, 2, False),
    ((2, 3, 9, 10), 3, 3, 0, 1, True),
    ((2, 3, 9, 10), 3, 2, 1, 2, False),
    ((1, 1, 2, 2), 2, None, 1, 1, False),
    ((60, 6, 24, 24), 2, None, 0, 1, False),
    ((60, 6, 24, 24), 3, 2, 1, 1, False),
]


@pytest.mark.parametrize(("shape", "kernel", "stride", "padding", "dilation", "ceil"), CASES)
def test_same_as_the_composite(
    shape: tuple[int, ...],
    kernel: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil: bool,
) -> None:
    # Whole numbers, so that there are ties; the first of equals wins.
    array = np.round(random(*shape) * 2).astype(np.float32)

    def fused(x: Tensor) -> Tensor:
        return max_pool2d_search(x, kernel, stride, padding, dilation, ceil)

    def composite(x: Tensor) -> Tensor:
        return max_pool2d_values.composite(x, kernel, stride, padding, dilation, ceil)

    compare(fused, composite, [array], tolerance=1e-6, second=array.size < 1000)


@pytest.mark.parametrize(("kernel", "padding"), [(2, 0), (3, 1)])
def test_nan_and_infinities(kernel: int, padding: int) -> None:
    array = random(2, 2, 6, 6).astype(np.float32)
    array[0, 0, 1, 1] = array[0, 0, 4, 4] = array[0, 0, 4, 5] = np.nan
    array[0, 1] = -np.inf
    array[1, 0, 2:4, 2:4] = np.inf
    results = []
    for function in (max_pool2d_search, max_pool2d_values.composite):
        x = from_numpy(array.copy())
        x.requires_grad = True
        y = function(x, kernel, None, padding)
        y.backward(from_numpy(np.ones(y.shape, np.float32)))
        assert x.grad is not None
        results.append((values(y), values(x.grad)))
    for found, expected in zip(*results, strict=True):
        assert np.array_equal(found, expected, equal_nan=True)


def test_a_view_as_input() -> None:
    x = from_numpy(random(8, 6, 3).astype(np.float32)).permute(2, 0, 1)
    assert np.array_equal(
        values(max_pool2d_search(x, 2)), values(max_pool2d_values.composite(x, 2))
    )


def test_integers_and_windows_in_the_padding_take_the_way_of_the_composite() -> None:
    x = from_numpy(np.arange(16).reshape(1, 4, 4))
    assert max_pool2d_search(x, 2).tolist() == [[[5, 7], [13, 15]]]
    with pytest.raises(RuntimeError, match="holds no element"):
        max_pool2d_search(from_numpy(random(1, 1, 1)), 2, 1, 1, 2)


def test_max_pool2d_runs_this_kernel() -> None:
    assert "cpu" in max_pool2d_values.overridden()
    y = max_pool2d(from_numpy(np.array([[[1.0, math.nan], [2.0, 3.0]]])), 2)
    assert math.isnan(y.item())
