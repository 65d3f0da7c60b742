"""Running sums, products, extremes and logarithms of sums against their composites."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from minitorch_fast import scans, threads
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.op import Op
from minitorch_tensor.ordering import running_product, running_sum
from minitorch_tensor.scans import cummax, cummin, running_extreme, running_logsumexp

from .fused_cases import compare, random, values

SHAPES = [(9,), (1, 1), (5, 3), (3, 2600), (6, 1030), (2, 40, 6)]
FLOATS = [
    (running_sum, scans.sum_scan), (running_product, scans.product_scan),
    (running_logsumexp, scans.logsumexp_scan),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("op", "fused"), FLOATS, ids=["sum", "product", "logsumexp"])
def test_same_as_the_composite(
    op: Op[[Tensor, int], Tensor], fused: Callable[[Tensor, int], Tensor], shape: tuple[int, ...]
) -> None:
    array = random(*shape)
    array = array * 0.03 + 1.0 if op is running_product else array
    for dim in range(len(shape)):
        short = shape[dim] < 50 and op is running_sum
        compare(
            lambda x, dim=dim: fused(x, dim),
            lambda x, dim=dim: op.composite(x, dim),
            [array],
            1e-8,
            second=short,
        )


@pytest.mark.parametrize("zeros", [[0], [3], [2, 4], [0, 1, 2, 3, 4, 5]])
def test_the_gradient_of_a_product_with_zeros(zeros: list[int]) -> None:
    array = random(3, 6)
    array[1, zeros] = 0.0
    for x in (array, array.T.copy()):
        dim = 1 if x is array else 0
        compare(
            lambda x, dim=dim: scans.product_scan(x, dim),
            lambda x, dim=dim: running_product.composite(x, dim),
            [x],
            1e-9,
        )


@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.int64], ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("shape", [*SHAPES, (4, 0)], ids=str)
def test_extremes(shape: tuple[int, ...], dtype: dtypes.DType) -> None:
    array = np.random.default_rng(1).integers(-9, 9, shape).astype(dtype.numpy)
    if dtype is dtypes.int64 and array.size:
        array.flat[array.size // 2] = np.iinfo(np.int64).min
    x = from_numpy(array)
    for dim in range(len(shape)):
        for largest in (True, False):
            found = scans.extreme_scan(x, dim, largest)
            expected = running_extreme.composite(x, dim, largest)
            assert found.values.tolist() == expected.values.tolist()
            assert found.indices.tolist() == expected.indices.tolist()


@pytest.mark.parametrize("dim", [0, 1])
def test_extremes_with_nan_and_signed_zeros(dim: int) -> None:
    array = random(70, 70).astype(np.float32)
    array[5, 6] = array[40, 6] = array[5, 66] = math.nan
    array[:, 9] = -0.0
    x = from_numpy(array)
    for largest in (True, False):
        found = scans.extreme_scan(x, dim, largest)
        expected = running_extreme.composite(x, dim, largest)
        assert np.array_equal(values(found.values), values(expected.values), equal_nan=True)
        assert np.array_equal(
            np.signbit(values(found.values)[:, 9]), np.signbit(values(expected.values)[:, 9])
        )
        assert found.indices.tolist() == expected.indices.tolist()


def test_the_gradient_of_extremes() -> None:
    for function in (cummax, cummin):
        compare(
            lambda x, function=function: function(x.permute(1, 0), 1).values * 2.0,
            lambda x, largest=function is cummax: (
                running_extreme.composite(x.permute(1, 0), 1, largest).values * 2.0
            ),
            [random(5, 4)],
            1e-9,
        )


def test_sums_of_infinities() -> None:
    array = np.ones((2, 3000), np.float32)
    array[0, 700] = math.inf
    for x, dim in ((array, 1), (array.T.copy(), 0)):
        found = scans.sum_scan(from_numpy(x), dim)
        with np.errstate(all="ignore"):
            assert np.array_equal(values(found), np.cumsum(x, dim))


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_logsumexp_of_what_is_not_finite(bad: float) -> None:
    array = random(2, 7)
    array[0, 3] = bad
    array[1, :2] = -math.inf
    found = scans.logsumexp_scan(from_numpy(array), 1)
    expected = running_logsumexp.composite(from_numpy(array), 1)
    np.testing.assert_allclose(values(found), values(expected), rtol=1e-12)


@pytest.mark.parametrize("dim", [0, 1])
def test_long_sums_are_exact_and_alike_for_any_number_of_threads(dim: int) -> None:
    array = np.random.default_rng(2).random((70, 3000)).astype(np.float32)
    array = array if dim == 1 else array.T.copy()
    before = threads.get_num_threads()
    found = []
    for n in (1, 2, 4):
        threads.set_num_threads(n)
        found.append(values(scans.sum_scan(from_numpy(array), dim)))
        found.append(values(scans.extreme_scan(from_numpy(array), dim, True).indices))
    threads.set_num_threads(before)
    for other in found[2:]:
        assert any(np.array_equal(other, first) for first in found[:2])
    exact = np.cumsum(array.astype(np.float64), dim)
    assert np.abs(found[0] / exact - 1).max() < 3e-6
