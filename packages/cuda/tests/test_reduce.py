"""Reductions: every layout of what is kept and what is reduced, both ways to fold, nans."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from minitorch_cuda.backend import Temporary
from minitorch_cuda.kernels.arg_reduce import plan_arg_reduce
from minitorch_cuda.kernels.folding import Way, fold_kernel
from minitorch_cuda.kernels.folding_plan import run_stages
from minitorch_cuda.kernels.folds import OperatorFold
from minitorch_cuda.kernels.reduce import plan_reduce
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

from .helpers import (
    CUDA,
    LAUNCHER,
    NUMPY,
    READABLE,
    Spec,
    compare,
    contents,
    dense,
    sparse,
    transposed,
)

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


@pytest.mark.parametrize("shape", [(700,), (2, 600), (300, 2)], ids=str)
def test_a_long_reduction_takes_two_launches(shape: Shape) -> None:
    dims = (len(shape) - 1,) if shape != (300, 2) else (0,)
    for source in (dense, transposed, sparse):
        reduced(add, target(shape, dims, float32), source(shape), exact=False)
    out = target(shape, dims, float32)
    x = Layout.contiguous(shape)
    plan = plan_reduce(add, 0.0, out.layout, x, (float32, float32), SIMULATOR)
    assert [stage.partials > 0 for stage in plan] == [True, False]


def test_neighbouring_threads_read_neighbours_in_memory() -> None:
    x = Layout.contiguous((4096, 4096))
    rows = Layout((4096, 4096), (1, 0))
    columns = Layout((4096, 4096), (0, 1))
    (by_row,) = plan_reduce(add, 0.0, rows, x, (float32, float32), DEVICE)
    by_column, after = plan_reduce(add, 0.0, columns, x, (float32, float32), DEVICE)
    assert (by_row.launch.grid, by_row.launch.block) == ((4096, 1, 1), (256, 1, 1))
    assert (by_column.launch.grid, by_column.launch.block) == ((32, 32, 1), (32, 8, 1))
    assert after.partials == 0
    for stage in (by_row, by_column):
        assert "load4(x, I(x_k + x_r))" in stage.launch.kernel.text


def test_a_long_sum_is_shared_by_many_blocks() -> None:
    x = Layout.contiguous((1 << 26,))
    first, second = plan_reduce(add, 0.0, Layout(x.shape, (0,)), x, (float32,) * 2, DEVICE)
    assert (first.launch.grid, first.partials) == ((1, 1024, 1), 1024)
    assert second.launch.grid == (1, 1, 1)


@pytest.mark.parametrize("shape", [(3, 260), (2, 3, 40), (3, 1100)], ids=str)
@pytest.mark.parametrize("threads", [32, 64])
def test_rows_by_fours_by_warps_and_by_blocks(shape: Shape, threads: int) -> None:
    limits = replace(SIMULATOR, threads=threads)
    for start in (0, 1, 4):
        whole = dense((*shape[:-1], shape[-1] + 8), float32)
        x = Spec(whole.memory, whole.layout.narrow(len(shape) - 1, start, shape[-1]))
        for operator in (add, maximum):
            out = target(shape, (len(shape) - 1,), float32).on(CUDA)
            source = x.on(CUDA)
            stages = plan_reduce(
                operator, STARTS[operator], out.layout, x.layout, (float32, float32), limits
            )
            run_stages(
                stages,
                LAUNCHER.empty,
                LAUNCHER.launch,
                [out.storage.buffer],
                source.storage.buffer,
            )
            expected = target(shape, (len(shape) - 1,), float32).on(NUMPY)
            NUMPY.reduce(operator, STARTS[operator], expected, x.on(NUMPY))
            got = contents(CUDA, out).astype(np.float64)
            exact = contents(NUMPY, expected).astype(np.float64)
            np.testing.assert_allclose(got, exact, rtol=1e-5, atol=1e-4)
            assert ("load4" in stages[0].launch.kernel.text) == (start % 4 == 0)


@pytest.mark.parametrize("shape", [(50, 32), (2, 40, 64), (9, 35)], ids=str)
def test_columns_by_fours(shape: Shape) -> None:
    dims = (len(shape) - 2,)
    reduced(add, target(shape, dims, float32), dense(shape), exact=False)
    reduced(maximum, target(shape, dims, float32), dense(shape))
    stages = plan_reduce(
        add,
        0.0,
        target(shape, dims, float32).layout,
        dense(shape).layout,
        (float32,) * 2,
        SIMULATOR,
    )
    assert ("load4" in stages[0].launch.kernel.text) == (shape[-1] % 4 == 0)


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


@pytest.mark.parametrize("shape", [(700,), (2, 600), (300, 2)], ids=str)
@pytest.mark.parametrize("operator", [gt, lt], ids=lambda o: o.name)
def test_a_long_search_takes_two_launches(shape: Shape, operator: Binary) -> None:
    dim = 0 if shape == (300, 2) else len(shape) - 1
    x = dense(shape)
    x.memory[:] = np.round(x.memory)
    arg_reduced(operator, x, dim)
    x.memory[[5, 290]] = math.nan
    arg_reduced(operator, x, dim)
    kept = Layout.contiguous((*shape[:dim], *shape[dim + 1 :]))
    assert len(plan_arg_reduce(operator, kept, x.layout, dim, float32, SIMULATOR)) == 2


def test_a_fold_shows_how_lanes_exchange_what_they_have() -> None:
    way = Way("rows", (1, 1), "uint32", 32, 8, four=True)
    text = fold_kernel(OperatorFold(float32, maximum, float32), way).text
    assert "total_o = cuda.shfl_xor_sync(ALL, total0, 16)" in text
    assert "total0 = maximum(total0, total_o)" in text
