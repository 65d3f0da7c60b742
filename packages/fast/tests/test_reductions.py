"""Reductions over any dimensions of any layout, their accuracy, and nan."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

import minitorch_operators as op
from minitorch_fast import FastBackend, threads
from minitorch_fast.reductions import Piece
from minitorch_operators import Binary
from minitorch_tensor import Backend, DType, Tensor, float32, from_numpy
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import NumpyBackend

START = {
    op.add: 0.0, op.mul: 1.0, op.maximum: -math.inf, op.minimum: math.inf, op.logical_and: 1.0,
    op.logical_or: 0.0,
}  # fmt: skip


def reduced(
    backend: Backend,
    operator: Binary,
    x: Tensor,
    dims: Sequence[int],
    out: DType,
    start: float | None = None,
) -> npt.NDArray[np.float64]:
    """The result of `backend.reduce`, with the reduced dimensions kept as 1."""
    kept = tuple(1 if i in dims else n for i, n in enumerate(x.shape))
    result = from_numpy(np.zeros(kept, out.numpy))
    strides = tuple(0 if i in dims else s for i, s in enumerate(result.layout.strides))
    target = Piece(result.storage, Layout(x.shape, strides), out)
    backend.reduce(operator, START[operator] if start is None else start, target, x)
    return host(result)


def host(x: Tensor) -> npt.NDArray[np.float64]:
    return np.asarray(x.numpy(), np.float64)


def base(*shape: int) -> Tensor:
    return from_numpy(np.random.default_rng(1).standard_normal(shape).astype(np.float32))


SHAPES = [(7,), (5, 300), (300, 5), (3, 4, 5, 6), (4, 8, 14, 14), (2, 1, 3), (1, 1), (700, 900)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_over_all_choices_of_dimensions(
    fast: FastBackend, reference: NumpyBackend, shape: tuple[int, ...]
) -> None:
    x = base(*shape)
    n = len(shape)
    for order in {tuple(range(n)), tuple(reversed(range(n)))} if n > 1 else {(0,)}:
        y = x.permute(*order)
        for k in range(1, n + 1):
            for dims in itertools.combinations(range(n), k):
                found = reduced(fast, op.add, y, dims, float32)
                expected = reduced(reference, op.add, y, dims, float32)
                np.testing.assert_allclose(found, expected, rtol=1e-6, atol=4e-5)


OTHERS = [
    (op.maximum, float32), (op.maximum, dtypes.uint8), (op.minimum, dtypes.int32),
    (op.mul, float32),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "dtype"), OTHERS)
@pytest.mark.parametrize("dims", [(0,), (0, 1)])
def test_other_operators(
    fast: FastBackend,
    reference: NumpyBackend,
    operator: Binary,
    dims: tuple[int, ...],
    dtype: DType,
) -> None:
    x = from_numpy(
        (1 + np.random.default_rng(2).integers(-1, 2, (130, 40)) * 0.25 * 4).astype(dtype.numpy)
    )
    found = reduced(fast, operator, x, dims, dtype)
    assert np.array_equal(found, reduced(reference, operator, x, dims, dtype))


@pytest.mark.parametrize("dims", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize(
    "operator", [op.logical_and, op.logical_or], ids=lambda operator: operator.name
)
def test_any_and_all_of_floats(fast: FastBackend, operator: Binary, dims: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    values = (rng.random((40, 50)) < (0.97 if operator is op.logical_and else 0.03)) * 0.5
    found = reduced(fast, operator, from_numpy(values.astype(np.float32)), dims, dtypes.bool_)
    expected = np.all(values, dims) if operator is op.logical_and else np.any(values, dims)
    assert np.array_equal(found.reshape(expected.shape), expected)


@pytest.mark.parametrize("dims", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("n", [3, 200, 3000])
def test_nan_wins(fast: FastBackend, dims: tuple[int, ...], n: int) -> None:
    values = np.random.default_rng(4).standard_normal((n, 300)).astype(np.float32)
    values[n // 2, 7] = np.nan
    for operator, expected in ((op.maximum, np.max), (op.minimum, np.min)):
        found = reduced(fast, operator, from_numpy(values), dims, float32)
        assert np.array_equal(
            found.reshape(-1), np.reshape(expected(values, dims), -1), equal_nan=True
        )


def test_the_start_counts_once(fast: FastBackend) -> None:
    x = base(50, 2000)
    for dims in ((0,), (1,), (0, 1)):
        total = host(x).sum(dims, dtype=np.float64) + 3.0
        found = reduced(fast, op.add, x, dims, float32, start=3.0).reshape(np.shape(total))
        np.testing.assert_allclose(found, total, rtol=1e-5, atol=1e-4)


def test_reducing_nothing_gives_the_start(fast: FastBackend) -> None:
    assert reduced(fast, op.add, base(0, 3), (0,), float32).tolist() == [[0.0, 0.0, 0.0]]
    assert reduced(fast, op.mul, base(0, 3), (0, 1), float32).tolist() == [[1.0]]
    assert reduced(fast, op.add, base(0, 3), (1,), float32).shape == (0, 1)


@pytest.mark.parametrize("shape", [(1_000_000,), (1_000_000, 2), (3, 1_000_000)], ids=str)
def test_long_sums_are_as_exact_as_float32_allows(
    fast: FastBackend, shape: tuple[int, ...]
) -> None:
    values = np.random.default_rng(5).random(shape).astype(np.float32)
    dim = int(np.argmax(shape))
    found = reduced(fast, op.add, from_numpy(values), (dim,), float32)
    exact = values.sum(dim, dtype=np.float64, keepdims=True)
    assert np.abs(found / exact - 1).max() < 3e-7


def test_the_same_result_for_any_number_of_threads(fast: FastBackend) -> None:
    x = base(2000, 300)
    results = []
    before = threads.get_num_threads()
    try:
        for n in (1, 2, 2, 4):
            threads.set_num_threads(n)
            found = [reduced(fast, op.add, x, dims, float32) for dims in ((0,), (1,), (0, 1))]
            for dim in (0, 1):
                places = from_numpy(np.empty(x.shape[1 - dim], np.int64))
                fast.arg_reduce(op.gt, places, x, dim)
                found.append(host(places))
            results.append(found)
    finally:
        threads.set_num_threads(before)
    for serial, *others in zip(*results, strict=True):
        for other in others:
            assert np.array_equal(serial, other)


@pytest.mark.parametrize("shape", [(20_000, 3, 4), (3, 20_000, 2), (9000, 40)], ids=str)
def test_many_splits(fast: FastBackend, shape: tuple[int, ...]) -> None:
    """Results of many elements are made in splits, also of strided lines and in gaps of out."""
    x = base(*shape)
    for y in (x, x[::2]):
        for dims in itertools.combinations(range(len(shape)), 2):
            found = reduced(fast, op.add, y, dims, float32)
            expected = host(y).sum(dims, keepdims=True)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)
    out = from_numpy(np.zeros((2, 9), np.float32))[:, 2:8:2]
    target = Piece(out.storage, Layout((2, 3, 200_000), (*out.layout.strides, 0), 2), float32)
    wide = from_numpy(np.ones((2, 3, 200_000), np.float32))
    fast.reduce(op.add, 1.0, target, wide)
    assert out.tolist() == [[200_001.0] * 3] * 2
    assert host(out).sum() == host(from_numpy(np.asarray(out.storage.buffer))).sum()


def test_integers_are_summed_in_the_dtype_of_the_result(fast: FastBackend) -> None:
    x = from_numpy(np.full((10, 50), 100, np.int8))
    assert reduced(fast, op.add, x, (0, 1), dtypes.int64).tolist() == [[50_000]]
    assert (
        reduced(fast, op.add, from_numpy(np.ones((3, 4), np.bool_)), (1,), dtypes.int64).tolist()
        == [[4]] * 3
    )


def test_a_sliced_operand(fast: FastBackend) -> None:
    x = base(60, 70)[5:40:2, 3:60:3]
    for dims in ((0,), (1,), (0, 1)):
        np.testing.assert_allclose(
            reduced(fast, op.add, x, dims, float32),
            host(x).sum(dims, keepdims=True),
            rtol=1e-5,
            atol=1e-5,
        )


@pytest.mark.parametrize("shape", [(6,), (5, 70), (70, 5), (4, 5, 6), (3, 300)], ids=str)
@pytest.mark.parametrize(
    ("dtype", "operator"),
    [(float32, op.gt), (dtypes.int64, op.lt)],
)
def test_positions_of_extremes(
    fast: FastBackend,
    reference: NumpyBackend,
    shape: tuple[int, ...],
    dtype: DType,
    operator: Binary,
) -> None:
    values = np.random.default_rng(6).integers(-3, 4, shape).astype(dtype.numpy)
    for x in (from_numpy(values), from_numpy(values).permute(*range(len(shape) - 1, -1, -1))):
        for dim in range(x.ndim):
            kept = x.shape[:dim] + x.shape[dim + 1 :]
            found, expected = (from_numpy(np.empty(kept, np.int64)) for _ in range(2))
            fast.arg_reduce(operator, found, x, dim)
            reference.arg_reduce(operator, expected, x, dim)
            assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("n", [40, 600])
def test_the_first_nan_is_the_extreme(fast: FastBackend, dim: int, n: int) -> None:
    values = np.random.default_rng(7).standard_normal((n, n)).astype(np.float32)
    values[3, 4] = values[3, 9] = values[8, 4] = values[n - 1, n - 2] = np.nan
    values[5] = -np.inf
    values[:, 6] = np.inf
    for operator, expected in ((op.gt, np.argmax), (op.lt, np.argmin)):
        found = from_numpy(np.empty(n, np.int64))
        fast.arg_reduce(operator, found, from_numpy(values), dim)
        assert found.tolist() == expected(values, dim).tolist()
