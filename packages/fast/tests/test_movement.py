"""copy, gather, scatter_add and matmul against NumPy, for all kinds of layouts."""

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_fast import FastBackend
from minitorch_tensor import DType, Tensor, float32, from_numpy
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.numpy_backend import NumpyBackend


def host(x: Tensor) -> npt.NDArray[np.float64]:
    return np.asarray(x.numpy(), np.float64)


def base(*shape: int) -> Tensor:
    return from_numpy(np.random.default_rng(8).standard_normal(shape).astype(np.float32))


SHAPES = [(), (3,), (0, 4), (5, 70), (300, 40), (200, 301)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("way", ["dense", "transposed", "sliced", "expanded", "into a slice"])
def test_copy(fast: FastBackend, shape: tuple[int, ...], way: str) -> None:
    x = base(*shape)
    if way == "transposed":
        x = base(*reversed(shape)).permute(*range(len(shape) - 1, -1, -1))
    elif way == "sliced" and shape:
        x = base(*(2 * n + 1 for n in shape))[tuple(slice(1, 2 * n + 1, 2) for n in shape)]
    elif way == "expanded" and shape:
        x = base(*shape[:-1], 1).expand(*shape)
    out = from_numpy(np.empty(shape, np.float32))
    if way == "into a slice" and shape:
        out = base(*(2 * n + 1 for n in shape))[tuple(slice(1, 2 * n + 1, 2) for n in shape)]
    fast.copy(out, x)
    assert np.array_equal(host(out), host(x))


FLOATS = [0.0, -0.0, 0.5, 1.7, -1.7, 127.9, -128.9, 200.0, 1e6, float("inf"), float("nan")]


@pytest.mark.parametrize("n", [1, 400])
@pytest.mark.parametrize(  # NumPy has no bfloat16
    "to", [d for d in dtypes.ALL if d is not dtypes.bfloat16], ids=lambda dtype: dtype.name
)
@pytest.mark.parametrize(
    "source", [float32, dtypes.int64, dtypes.bool_], ids=lambda dtype: dtype.name
)
def test_copy_casts_as_c_does(
    fast: FastBackend, reference: NumpyBackend, source: DType, to: DType, n: int
) -> None:
    values = FLOATS if source is float32 and to.kind != "int" else [0, 1, 5, 100, 1.9]
    x = from_numpy(np.array(values * n).astype(source.numpy))
    found, expected = (from_numpy(np.empty((2, x.shape[0]), to.numpy)) for _ in range(2))
    fast.copy(found, x.expand(2, x.shape[0]))
    reference.copy(expected, x.expand(2, x.shape[0]))
    assert np.array_equal(host(found), host(expected), equal_nan=to.is_floating_point)


def gather_pair(
    fast: FastBackend, reference: NumpyBackend, x: Tensor, index: Tensor, dim: int
) -> tuple[Tensor, Tensor]:
    found, expected = (from_numpy(np.empty(index.shape, x.dtype.numpy)) for _ in range(2))
    fast.gather(found, x, index, dim)
    reference.gather(expected, x, index, dim)
    return found, expected


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize(
    "dtype", [float32, dtypes.int64, dtypes.bool_], ids=lambda dtype: dtype.name
)
def test_gather_and_its_transpose(
    fast: FastBackend, reference: NumpyBackend, dim: int, dtype: DType
) -> None:
    rng = np.random.default_rng(9)
    x = from_numpy(rng.integers(0, 9, (4, 5, 6)).astype(dtype.numpy))
    shape = [3, 4, 5]
    shape[dim] = 7
    index = from_numpy(rng.integers(0, x.shape[dim], shape))
    for source, places in ((x, index), (x.permute(0, 2, 1).permute(0, 2, 1)[:, :, ::1], index)):
        found, expected = gather_pair(fast, reference, source, places, dim)
        assert found.tolist() == expected.tolist()
    if dtype is not dtypes.bool_:
        totals = [from_numpy(np.zeros((4, 5, 6), dtype.numpy)) for _ in range(2)]
        fast.scatter_add(totals[0], index, found, dim)
        reference.scatter_add(totals[1], index, found, dim)
        assert totals[0].tolist() == totals[1].tolist()


@pytest.mark.parametrize("rows", [10, 8000])
def test_rows_of_a_table(fast: FastBackend, reference: NumpyBackend, rows: int) -> None:
    table = base(50, 32)
    index = from_numpy(np.random.default_rng(10).integers(0, 50, (rows, 1))).expand(rows, 32)
    found, expected = gather_pair(fast, reference, table, index, 0)
    assert np.array_equal(host(found), host(expected))
    sums = [from_numpy(np.zeros((50, 32), np.float32)) for _ in range(2)]
    fast.scatter_add(sums[0], index, found, 0)
    reference.scatter_add(sums[1], index, found, 0)
    np.testing.assert_allclose(host(sums[0]), host(sums[1]), rtol=1e-5, atol=1e-5)


def test_gather_along_the_columns_of_a_transposed_matrix(
    fast: FastBackend, reference: NumpyBackend
) -> None:
    x = base(6, 9).permute(1, 0)
    index = from_numpy(np.random.default_rng(11).integers(0, 6, (4, 9))).permute(1, 0)
    found, expected = gather_pair(fast, reference, x, index, 1)
    assert np.array_equal(host(found), host(expected))


@pytest.mark.parametrize("bad", [5, -1, 2**40, -(2**62)])
@pytest.mark.parametrize("repeated", [False, True])
def test_indices_out_of_range_raise_and_change_nothing(
    fast: FastBackend, bad: int, repeated: bool
) -> None:
    x, values = base(5, 3), base(2, 3)
    index = from_numpy(np.array([[1], [bad]])).expand(2, 3)
    if not repeated:
        index = from_numpy(np.array([[0, 1, 2], [3, bad, 4]]))
    out = from_numpy(np.zeros((2, 3), np.float32))
    with pytest.raises(IndexError, match=rf"gather: index {bad} .*dimension 0 with size 5"):
        fast.gather(out, x, index, 0)
    before = x.numpy().copy()
    with pytest.raises(IndexError, match=rf"scatter_add: index {bad} .*dimension 0 with size 5"):
        fast.scatter_add(x, index, values, 0)
    assert np.array_equal(host(x), before)


MATRICES = {
    "plain": lambda: (base(5, 7), base(7, 3)),
    "transposed": lambda: (base(7, 5).permute(1, 0), base(3, 7).permute(1, 0)),
    "sliced": lambda: (base(9, 20)[2:7, 3:10], base(14, 9)[::2, 1:4]),
    "every other column": lambda: (base(5, 14)[:, ::2], base(7, 6)[:, ::2]),
    "batched": lambda: (base(4, 5, 7), base(4, 7, 3)),
    "batched transposed": lambda: (base(4, 7, 5).permute(0, 2, 1), base(4, 3, 7).permute(0, 2, 1)),
    "one matrix for all": lambda: (base(2, 4, 5, 7), base(7, 3).expand(2, 4, 7, 3)),
    "one matrix for all, transposed": lambda: (
        base(4, 5, 7),
        base(3, 7).permute(1, 0).expand(4, 7, 3),
    ),
    "repeated rows": lambda: (base(1, 7).expand(5, 7), base(7, 1).expand(7, 3)),
    "heads": lambda: (base(2, 5, 4, 7).permute(0, 2, 1, 3), base(2, 3, 4, 7).permute(0, 2, 3, 1)),
    "vector": lambda: (base(1, 7), base(7, 1)),
    "nothing to add": lambda: (base(5, 0), base(0, 3)),
    "empty": lambda: (base(0, 7), base(7, 3)),
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize(
    "dtype", [float32, dtypes.float64, dtypes.int64], ids=lambda dtype: dtype.name
)
def test_matmul(fast: FastBackend, name: str, dtype: DType) -> None:
    a, b = (x.to(dtype) for x in MATRICES[name]())
    out = from_numpy(np.full((*a.shape[:-1], b.shape[-1]), 9, dtype.numpy))
    fast.matmul(out, a, b)
    np.testing.assert_allclose(host(out), np.matmul(host(a), host(b)), rtol=1e-5, atol=1e-5)


def test_matmul_of_infinities_is_silent(fast: FastBackend) -> None:
    a = from_numpy(np.array([[np.inf, -np.inf]], np.float32))
    b = from_numpy(np.ones((2, 1), np.float32))
    out = from_numpy(np.zeros((1, 1), np.float32))
    fast.matmul(out, a, b)
    assert np.isnan(host(out)).all()
