"""Fused pooling against its composites."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from minitorch_fast.functional import pool as kernels
from minitorch_tensor import Tensor, from_numpy, no_grad
from minitorch_tensor.functional.adaptive_pool import adaptive_maxima, adaptive_means
from minitorch_tensor.functional.avg_pool import mean_of_windows
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.pool import (
    max_of_windows,
    max_pool2d,
    max_pool2d_values,
    pooling,
)
from minitorch_tensor.layout import Shape

from .fused_cases import compare, random, values

Case = tuple[tuple[int, ...], Ints, Ints | None, Ints, Ints, bool]

CASES: list[Case] = [
    ((2, 3, 8, 8), 2, None, 0, 1, False),
    ((2, 3, 9, 7), 2, None, 0, 1, False),  # a row and a column are left over
    ((3, 8, 6), 2, None, 0, 1, False),
    ((2, 3, 9, 11), 3, 2, 1, 1, False),
    ((2, 3, 9, 11), 3, 1, 0, 1, False),
    ((2, 3, 9, 11), (3, 2), (1, 2), (1, 1), 1, True),
    ((2, 3, 9, 10), 2, 1, 0, 2, False),
    ((2, 3, 9, 10), 3, 3, 0, 1, True),
    ((1, 1, 2, 2), 2, None, 1, 1, False),
    ((60, 6, 24, 24), 2, None, 0, 1, False),
    ((60, 6, 24, 24), 3, 2, 1, 1, False),
]
VOLUMES: list[Case] = [
    ((2, 3, 11), 3, 2, 1, 1, True),
    ((2, 3, 11), 2, 1, 0, 3, False),
    ((2, 3, 5, 6, 7), 2, None, 0, 1, False),
    ((2, 3, 5, 6, 7), (3, 2, 3), (1, 2, 2), 1, 1, True),
    ((1, 7, 6, 5), 2, 1, 0, (3, 1, 2), False),
]


def whole(shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Whole numbers, so that there are ties; the first of equals wins."""
    return np.round(random(*shape) * 2).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "kernel", "stride", "padding", "dilation", "ceil"), CASES + VOLUMES
)
def test_maxima(
    shape: tuple[int, ...],
    kernel: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil: bool,
) -> None:
    array = whole(shape)
    n = min(len(shape) - 1, 2) if len(shape) < 5 else 3
    n = 1 if len(shape) == 3 and shape[-1] == 11 else 3 if shape[-1] == 5 else n
    window = pooling("max_pool", n, from_numpy(array), kernel, stride, padding, dilation, ceil)
    positions = []

    def run(function: Callable[..., tuple[Tensor, Tensor]]) -> Callable[[Tensor], Tensor]:
        def found(x: Tensor) -> Tensor:
            y, where = function(x, window, "max_pool")
            positions.append(where)
            return y

        return found

    fused, composite = run(kernels.fused_max_of_windows), run(max_of_windows.composite)
    compare(fused, composite, [array], 1e-6, second=array.size < 1000)
    assert positions[0].dtype is positions[1].dtype
    assert positions[0].tolist() == positions[1].tolist()
    if n == 2:
        arguments = (from_numpy(array), kernel, stride, padding, dilation, ceil)
        found, expected = (
            kernels.fused_max_pool2d(*arguments),
            max_pool2d_values.composite(*arguments),
        )
        assert np.array_equal(values(found), values(expected))


@pytest.mark.parametrize("include", [False, True])
@pytest.mark.parametrize(
    ("shape", "kernel", "stride", "padding", "dilation", "ceil"),
    [case for case in CASES + VOLUMES if case[4] == 1],
)
def test_means(
    shape: tuple[int, ...],
    kernel: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil: bool,
    include: bool,
) -> None:
    n = len(shape) - 2 if len(shape) > 3 else 1 if shape[-1] == 11 else 2
    array = random(*shape).astype(np.float32)
    window = pooling("avg_pool", n, from_numpy(array), kernel, stride, padding, dilation, ceil)
    divisor = 3 if include and n > 1 else None

    def run(function: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda x: function(x, window, include, divisor)

    fused, composite = run(kernels.fused_mean_of_windows), run(mean_of_windows.composite)
    compare(fused, composite, [array], second=array.size < 1000)


@pytest.mark.parametrize(
    ("shape", "output"),
    [((2, 3, 9), (4,)), ((2, 3, 9, 7), (4, 3)), ((3, 9, 7), (1, 1)), ((2, 3, 5, 4, 6), (2, 3, 4)),
     ((2, 3, 4), (6,)), ((2, 3, 4, 4), (0, 2))],
)  # fmt: skip
def test_adaptive(shape: tuple[int, ...], output: Shape) -> None:
    array = whole(shape)
    compare(
        lambda x: kernels.fused_adaptive_means(x, output),
        lambda x: adaptive_means.composite(x, output),
        [array],
    )
    compare(
        lambda x: kernels.fused_adaptive_maxima(x, output)[0],
        lambda x: adaptive_maxima.composite(x, output)[0],
        [array],
    )
    found = kernels.fused_adaptive_maxima(from_numpy(array), output)[1]
    assert found.tolist() == adaptive_maxima.composite(from_numpy(array), output)[1].tolist()


@pytest.mark.parametrize(("kernel", "padding"), [(2, 0), (3, 1)])
def test_nan_and_infinities(kernel: int, padding: int) -> None:
    array = random(2, 2, 6, 6).astype(np.float32)
    array[0, 0, 1, 1] = array[0, 0, 4, 4] = array[0, 0, 4, 5] = np.nan
    array[0, 1] = -np.inf
    array[1, 0, 2:4, 2:4] = np.inf
    window = pooling("max_pool2d", 2, from_numpy(array), kernel, None, padding, 1, False)
    results = []
    for function in (kernels.fused_max_of_windows, max_of_windows.composite):
        x = from_numpy(array.copy())
        x.requires_grad = True
        y, where = function(x, window, "max_pool2d")
        y.backward(from_numpy(np.ones(y.shape, np.float32)))
        assert x.grad is not None
        results.append((values(y), values(x.grad), values(where)))
    with no_grad():
        y = kernels.fused_max_pool2d(from_numpy(array), kernel, None, padding)
    assert np.array_equal(values(y), results[1][0], equal_nan=True)
    for found, expected in zip(*results, strict=True):
        assert np.array_equal(found, expected, equal_nan=True)


def test_a_view_as_input_and_float64() -> None:
    x = from_numpy(random(8, 6, 3)).permute(2, 0, 1)
    assert np.array_equal(
        values(kernels.fused_max_pool2d(x, 2)), values(max_pool2d_values.composite(x, 2))
    )
    compare(
        lambda x: kernels.fused_adaptive_means(x, (2, 3)),
        lambda x: adaptive_means.composite(x, (2, 3)),
        [random(2, 5, 7)],
        1e-12,
    )


def test_integers_and_windows_in_the_padding_take_the_way_of_the_composite() -> None:
    x = from_numpy(np.arange(16).reshape(1, 4, 4))
    assert kernels.fused_max_pool2d(x, 2).tolist() == [[[5, 7], [13, 15]]]
    with pytest.raises(RuntimeError, match="holds no element"):
        kernels.fused_max_pool2d(from_numpy(random(1, 1, 1)), 2, 1, 1, 2)


def test_max_pool2d_runs_these_kernels() -> None:
    assert "cpu" in max_pool2d_values.overridden()
    y = max_pool2d(from_numpy(np.array([[[1.0, math.nan], [2.0, 3.0]]])), 2)
    assert math.isnan(y.item())
