"""Reductions: every layout of what is kept and what is reduced, both ways to fold, nans."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from minitorch_cuda.backend import Temporary
from minitorch_cuda.kernels.reduce import plan_reduce, reduce_kernel
from minitorch_cuda.limits import DEVICE, SIMULATOR
from minitorch_operators import (
    Binary,
    add,
    gt,
    logical_and,
    logical_or,
    lt,
    maximum,
    minimum,
    mul,
)
from minitorch_tensor.backend import Backend
from minitorch_tensor.dtype import (
    DType,
    bool_,
    float32,
    float64,
    int8,
    int32,
    int64,
    uint8,
)
from minitorch_tensor.layout import Layout, Shape

from .helpers import CUDA, READABLE, Spec, compare, contents, dense, sparse, transposed

STARTS: dict[Binary, float] = {
    add: 0.0,
    mul: 1.0,
    maximum: -math.inf,
    minimum: math.inf,
    logical_and: 1.0,
    logical_or: 0.0,
}


def target(shape: Shape, dims: tuple[int, ...], dtype: DType) -> Spec:
    """Where a reduction of `dims` goes: the kept dimensions in order, the others with stride 0."""
    kept = tuple(1 if i in dims else n for i, n in enumerate(shape))
    small = Layout.contiguous(kept)
    strides = tuple(0 if i in dims else s for i, s in enumerate(small.strides))
    return Spec(np.full(small.size, 7).astype(dtype.numpy), Layout(shape, strides))


def reduced(operator: Binary, out: Spec, x: Spec, *, exact: bool = True) -> None:
    def run(backend: Backend, arrays: list[Temporary]) -> None:
        backend.reduce(operator, STARTS[operator], arrays[0], arrays[1])

    compare(run, out, x, exact=exact)


CASES: list[tuple[Shape, tuple[int, ...]]] = [
    ((), ()),
    ((1,), (0,)),
    ((5,), (0,)),
    ((40,), (0,)),
    ((3, 0), (0,)),
    ((4, 1), (1,)),
    ((3, 50), (1,)),
    ((50, 3), (0,)),
    ((50, 20), (0,)),
    ((3, 4, 5), (0, 2)),
    ((3, 4, 5), (1,)),
    ((2, 33, 3), (1,)),
    ((9, 2, 7), (0, 2)),
    ((2, 3, 4), ()),
]


@pytest.mark.parametrize(("shape", "dims"), CASES, ids=str)
@pytest.mark.parametrize("source", READABLE)
def test_sums_over_every_layout(
    shape: Shape, dims: tuple[int, ...], source: Callable[[Shape], Spec]
) -> None:
    reduced(add, target(shape, dims, float32), source(shape), exact=False)


@pytest.mark.parametrize("dtype", [float32, float64, int64, int32, int8, uint8, bool_], ids=str)
@pytest.mark.parametrize("operator", [add, maximum, minimum, mul], ids=lambda o: o.name)
@pytest.mark.parametrize("shape", [(3, 4), (2, 30)], ids=str)
def test_folds_of_every_dtype(operator: Binary, dtype: DType, shape: Shape) -> None:
    x = dense(shape, dtype)
    if operator is mul:
        signs = np.where(x.memory.astype(np.float64) < 0, -1, 1)
        x = Spec(signs.astype(dtype.numpy), x.layout)
    reduced(operator, target(shape, (1,), dtype), x, exact=operator is not add)


@pytest.mark.parametrize("operator", [logical_and, logical_or], ids=lambda o: o.name)
@pytest.mark.parametrize("dtype", [float32, int8, bool_], ids=str)
def test_logical_folds_give_bools(operator: Binary, dtype: DType) -> None:
    x = dense((4, 30), dtype)
    x.memory[:30] = 0
    x.memory[30:60] = 1
    reduced(operator, target((4, 30), (1,), bool_), x)


def test_a_sum_is_cast_before_it_is_added() -> None:
    x = Spec(np.array([200, 100, 100], np.uint8), Layout.contiguous((3,)))
    reduced(add, target((3,), (0,), int64), x)


@pytest.mark.parametrize(("shape", "dims"), [((0,), (0,)), ((3, 0), (1,)), ((0, 3), (0, 1))])
def test_nothing_folds_to_the_start(shape: Shape, dims: tuple[int, ...]) -> None:
    for operator, start in ((add, 0.0), (mul, 1.0), (maximum, -math.inf)):
        out = target(shape, dims, float32).on(CUDA)
        CUDA.reduce(operator, start, out, dense(shape).on(CUDA))
        assert set(contents(CUDA, out).tolist()) == {start}


@pytest.mark.parametrize("operator", [maximum, minimum, add], ids=lambda o: o.name)
@pytest.mark.parametrize("size", [3, 50])
@pytest.mark.parametrize("place", [0, -1])
def test_a_nan_wins(operator: Binary, size: int, place: int) -> None:
    x = dense((size,))
    x.memory[place] = math.nan
    out = target((size,), (0,), float32).on(CUDA)
    CUDA.reduce(operator, STARTS[operator], out, x.on(CUDA))
    assert math.isnan(contents(CUDA, out)[0])


def test_the_start_is_folded_once() -> None:
    for size in (0, 3, 50, 500):  # alone, in a tree, in two launches
        out = target((size,), (0,), float32).on(CUDA)
        ones = Spec(np.ones(size, np.float32), Layout.contiguous((size,)))
        CUDA.reduce(add, 10.0, out, ones.on(CUDA))
        assert contents(CUDA, out)[0] == 10 + size


@pytest.mark.parametrize("shape", [(700,), (2, 300), (300, 2)], ids=str)
def test_a_long_reduction_takes_two_launches(shape: Shape) -> None:
    dims = (len(shape) - 1,) if shape != (300, 2) else (0,)
    for source in (dense, transposed, sparse):
        reduced(add, target(shape, dims, float32), source(shape), exact=False)
    out = target(shape, dims, float32)
    x = Layout.contiguous(shape)
    plan = plan_reduce(add, 0.0, out.layout, x, (float32, float32), SIMULATOR)
    assert plan is not None
    assert plan.then is not None
    assert plan.then.then is None


def test_neighbouring_threads_read_neighbours_in_memory() -> None:
    x = Layout.contiguous((4096, 4096))
    rows = Layout((4096, 4096), (1, 0))
    columns = Layout((4096, 4096), (0, 1))
    by_row = plan_reduce(add, 0.0, rows, x, (float32, float32), DEVICE)
    by_column = plan_reduce(add, 0.0, columns, x, (float32, float32), DEVICE)
    assert by_row is not None
    assert by_column is not None
    assert by_row.launch.block == (1, 256, 1)
    assert by_column.launch.block == (32, 8, 1)
    assert by_column.launch.grid == (128, 8, 1)


def test_a_sum_of_many_float32_is_accurate() -> None:
    x = Spec(np.full(3000, 0.1, np.float32), Layout.contiguous((3000,)))
    out = target((3000,), (0,), float32).on(CUDA)
    CUDA.reduce(add, 0.0, out, x.on(CUDA))
    exact = 3000 * float(np.float32(0.1))
    assert contents(CUDA, out)[0] == pytest.approx(exact, rel=2e-7)  # one after another: 2e-6


def test_the_same_sum_has_the_same_bits() -> None:
    out, x = target((700,), (0,), float32), dense((700,))
    bits = set()
    for _ in range(2):
        made = out.on(CUDA)
        CUDA.reduce(add, 0.0, made, x.on(CUDA))
        bits.add(contents(CUDA, made).tobytes())
    assert len(bits) == 1


# --- arg_reduce -----------------------------------------------------------------------------------


def arg_reduced(operator: Binary, x: Spec, dim: int) -> list[int]:
    shape = (*x.layout.shape[:dim], *x.layout.shape[dim + 1 :])
    size = Layout.contiguous(shape).size
    out = Spec(np.full(size, -1), Layout.contiguous(shape))

    def run(backend: Backend, arrays: list[Temporary]) -> None:
        backend.arg_reduce(operator, arrays[0], arrays[1], dim)

    return [int(k) for k in compare(run, out, x)]


@pytest.mark.parametrize("operator", [gt, lt], ids=lambda o: o.name)
@pytest.mark.parametrize("source", READABLE)
@pytest.mark.parametrize(
    ("shape", "dim"),
    [
        *(((1,), 0), ((5,), 0), ((50,), 0), ((3, 4), 0), ((3, 4), 1), ((40, 3), 0), ((3, 40), 1)),
        *(((2, 3, 4), 1), ((0, 3), 1), ((2, 9, 0), 1), ((2, 17, 5), 1)),
    ],
)
def test_the_place_of_the_best(
    operator: Binary, source: Callable[[Shape], Spec], shape: Shape, dim: int
) -> None:
    arg_reduced(operator, source(shape), dim)


@pytest.mark.parametrize("dtype", [float64, int64, int8, uint8, bool_], ids=str)
@pytest.mark.parametrize("size", [4, 40])
def test_the_place_of_the_best_for_every_dtype(dtype: DType, size: int) -> None:
    arg_reduced(gt, dense((3, size), dtype), 1)
    arg_reduced(lt, dense((3, size), dtype), 1)


@pytest.mark.parametrize("size", [4, 40])
def test_the_first_of_equals_and_the_first_nan_win(size: int) -> None:
    values = np.zeros(size, np.float32)
    values[[1, 3]] = 5
    x = Spec(values, Layout.contiguous((size,)))
    assert arg_reduced(gt, x, 0) == [1]
    assert arg_reduced(lt, x, 0) == [0]
    values[[2, size - 1]] = math.nan
    assert arg_reduced(gt, x, 0) == [2]
    assert arg_reduced(lt, x, 0) == [2]
    values[:] = math.inf
    assert arg_reduced(gt, x, 0) == [0]
    values[:] = math.nan
    assert arg_reduced(lt, x, 0) == [0]


def test_a_kernel_for_a_fold_shows_its_tree() -> None:
    kernel = reduce_kernel(maximum, (float32, float32), (1, 1), "uint32", (32, 8))
    assert "tile = cuda.shared.array(THREADS, T)" in kernel.text
    assert "maximum(tile[at], tile[at + half * WIDTH])" in kernel.text
