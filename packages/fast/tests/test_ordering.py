"""Sorting, the first few, ranks and binary search against their composites."""

import math
from typing import ParamSpec

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_fast import ordering, threads
from minitorch_tensor import DType, from_numpy
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.buckets import bisect
from minitorch_tensor.op import Op
from minitorch_tensor.order_statistics import of_rank
from minitorch_tensor.ordering import in_order, leading
from minitorch_tensor.reductions import ValuesIndices

from .fused_cases import by_numpy, compare, random, values

P = ParamSpec("P")
FLOATS = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5, -1.5, 1e-40, -1e-40, 3e38, -3e38]
DTYPES = [dtypes.float32, dtypes.int64]


def numbers(dtype: DType, *shape: int) -> npt.NDArray[np.generic]:
    """Many equal ones, and for floats all kinds; for int64 half of the range and more."""
    rng = np.random.default_rng(list(shape))
    if dtype.is_floating_point:
        array = np.where(rng.random(shape) < 0.5, rng.choice(FLOATS, shape), rng.random(shape))
        return array.astype(dtype.numpy)
    low, high = (-(2**63), 2**63 - 1) if shape[-1] > 200 and dtype is dtypes.int64 else (0, 30)
    return rng.integers(low, high, shape).astype(dtype.numpy)


def by_numpy_too(op: Op[P, ValuesIndices], *args: P.args, **kwargs: P.kwargs) -> ValuesIndices:
    """What the composite gives where NumPy computes."""
    with by_numpy():
        return op.composite(*args, **kwargs)


def same(found: ValuesIndices, expected: ValuesIndices) -> None:
    assert found.values.dtype is expected.values.dtype
    assert np.array_equal(np.asarray(found.indices.numpy()), np.asarray(expected.indices.numpy()))
    a, b = values(found.values), values(expected.values)
    assert np.array_equal(a, b, equal_nan=True)
    assert np.array_equal(np.signbit(a[a == 0]), np.signbit(b[b == 0]))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("shape", [(1,), (7, 20), (3, 500), (60, 2, 5), (0, 3), (3, 0)], ids=str)
def test_sort(dtype: DType, shape: tuple[int, ...]) -> None:
    x = from_numpy(numbers(dtype, *shape))
    for dim in range(len(shape)):
        for descending in (False, True):
            found = ordering.sorted_rows(x, dim, descending)
            same(found, by_numpy_too(in_order, x, dim, descending))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("k", [0, 1, 5, 150, 300])
def test_the_first(dtype: DType, k: int) -> None:
    x = from_numpy(numbers(dtype, 4, 300))
    for largest in (False, True):
        found = ordering.leading_of_rows(x, k, 1, largest)
        same(found, by_numpy_too(leading, x, k, 1, largest))
    across = from_numpy(numbers(dtype, 300, 3))
    same(ordering.leading_of_rows(across, k, 0, True), by_numpy_too(leading, across, k, 0, True))


@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.int64], ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("ignore_nan", [False, True])
def test_ranks(dtype: DType, ignore_nan: bool) -> None:
    for shape, dim in (((5, 7), 1), ((5, 150), 1), ((150, 5), 0)):
        x = from_numpy(numbers(dtype, *shape))
        for rank in (-1, 0, shape[dim] // 2, shape[dim] - 1):
            found = ordering.rank_of_rows(x, dim, rank, ignore_nan)
            same(found, by_numpy_too(of_rank, x, dim, rank, ignore_nan))


@pytest.mark.parametrize("kind", ["equal", "ascending", "descending", "organ pipe", "saw"])
def test_orders_that_partitions_dislike(kind: str) -> None:
    n = 3000
    up = np.arange(n)
    array = {
        "equal": up * 0,
        "ascending": up,
        "descending": up[::-1],
        "organ pipe": np.minimum(up, n - up),
        "saw": up % 7,
    }[kind].astype(np.float32)
    x = from_numpy(array.copy())
    for rank in (0, n // 3, n - 1):
        same(ordering.rank_of_rows(x, 0, rank, False), by_numpy_too(of_rank, x, 0, rank, False))


def test_gradients_go_to_where_the_elements_were() -> None:
    array = random(5, 4)
    for dim in (0, 1):
        compare(
            lambda x, dim=dim: ordering.sorted_rows(x * 2.0, dim, True).values,
            lambda x, dim=dim: in_order.composite(x * 2.0, dim, True).values,
            [array],
            1e-9,
        )
        compare(
            lambda x, dim=dim: ordering.leading_of_rows(x * 2.0, 2, dim, True).values,
            lambda x, dim=dim: leading.composite(x * 2.0, 2, dim, True).values,
            [array],
            1e-9,
        )


def test_a_view_and_any_number_of_threads() -> None:
    x = from_numpy(numbers(dtypes.float32, 300, 202))[::2, 1::2]
    before = threads.get_num_threads()
    for n in (1, 2, 4):
        threads.set_num_threads(n)
        same(ordering.sorted_rows(x, 1, False), by_numpy_too(in_order, x, 1, False))
    threads.set_num_threads(before)


@pytest.mark.parametrize("right", [False, True])
def test_binary_search(right: bool) -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 10, 65):
        table = np.sort(rng.integers(0, 20, (3, n)).astype(np.float32), 1)
        table[2, -1] = math.nan
        wanted = rng.integers(-2, 22, (3, 50)).astype(np.float32)
        wanted[1, 4], wanted[2, 5] = math.nan, math.inf
        for sequence, found in ((table, wanted), (table[0], wanted.reshape(-1))):
            a, b = from_numpy(sequence.copy()), from_numpy(found.copy())
            expected = bisect.composite(a, b, right)
            assert ordering.bisect_values(a, b, right).tolist() == expected.tolist()
