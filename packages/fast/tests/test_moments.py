"""Variance and mean in two passes against the composite."""

import math

import numpy as np
import pytest

from minitorch_fast import threads
from minitorch_fast.moments import two_passes
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.moments import var, variance_and_mean

from .fused_cases import compare, random, values


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("dims", [(0,), (1,), (2,), (0, 2), (0, 1, 2)])
def test_same_as_the_composite(dims: tuple[int, ...], part: int) -> None:
    def fused(x: Tensor) -> Tensor:
        return two_passes(x, dims, 3.0)[part]

    def composite(x: Tensor) -> Tensor:
        return variance_and_mean.composite(x, dims, 3.0)[part]

    compare(fused, composite, [random(5, 7, 9).astype(np.float32) + 10.0])


def test_both_results_have_gradients() -> None:
    def fused(x: Tensor) -> Tensor:
        y, middle = two_passes(x.permute(1, 0), (1,), 3.0)
        return y * middle

    def composite(x: Tensor) -> Tensor:
        y, middle = variance_and_mean.composite(x.permute(1, 0), (1,), 3.0)
        return y * middle

    compare(fused, composite, [random(4, 300)], 1e-9)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite(bad: float) -> None:
    array = random(3, 40).astype(np.float32)
    array[1, 2] = bad
    found = values(two_passes(from_numpy(array), (1,), 39.0)[0]).reshape(-1)
    assert np.isnan(found).tolist() == [False, True, False]


def test_no_degree_of_freedom() -> None:
    x = from_numpy(np.array([[1.0, 2.0]]))
    assert math.isinf(two_passes(x, (1,), 0.0)[0].item())
    assert math.isnan(two_passes(x[:, :1], (1,), 0.0)[0].item())


@pytest.mark.parametrize("dim", [0, 1])
def test_far_from_zero_and_for_any_number_of_threads(dim: int) -> None:
    array = random(900, 400).astype(np.float32) + 1e4
    before = threads.get_num_threads()
    found = []
    for n in (1, 2, 4):
        threads.set_num_threads(n)
        found.append(values(var(from_numpy(array), dim)))
    threads.set_num_threads(before)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
    np.testing.assert_allclose(found[0], array.astype(np.float64).var(dim, ddof=1), rtol=1e-4)
