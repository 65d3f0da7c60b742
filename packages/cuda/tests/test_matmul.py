"""Matrix products at odd sizes, with every kind of strides, in tiles and by the textbook.

Integers take the textbook kernel, floats the tiles.
"""

from collections.abc import Callable

import numpy as np
import pytest

from minitorch_cuda.backend import Temporary
from minitorch_cuda.kernels.matmul import matmul_kernel, plan_matmul, with_one_batch
from minitorch_cuda.kernels.matmul_choice import (
    LARGE,
    MEDIUM,
    SMALL,
    TINY,
    WIDE,
    Choice,
    Tile,
    choose,
)
from minitorch_cuda.kernels.matmul_plan import Bias, plan_product, tiled_matmul_kernel
from minitorch_cuda.kernels.matmul_sides import access_of
from minitorch_cuda.limits import DEVICE, SIMULATOR
from minitorch_cuda.simulator import simulate
from minitorch_tensor.backend import Backend
from minitorch_tensor.dtype import (
    DType,
    bfloat16,
    float16,
    float32,
    float64,
    int32,
    int64,
    uint8,
)
from minitorch_tensor.layout import Layout, Shape

from .helpers import Spec, compare, dense, sparse, transposed


def multiply(a: Spec, b: Spec, dtype: DType = float32) -> None:
    def run(backend: Backend, arrays: list[Temporary]) -> None:
        backend.matmul(arrays[0], arrays[1], arrays[2])

    out = dense((*a.layout.shape[:-1], b.layout.shape[-1]), dtype)
    compare(run, out, a, b, exact=dtype.kind == "int")


def flipped(shape: Shape, dtype: DType = float32, seed: int = 0) -> Spec:
    """The last two dimensions exchanged, as in a.transpose(-1, -2)."""
    spec = dense((*shape[:-2], shape[-1], shape[-2]), dtype, seed)
    order = [*range(len(shape) - 2), len(shape) - 1, len(shape) - 2]
    return Spec(spec.memory, spec.layout.permute(order))


@pytest.mark.parametrize(
    ("n", "k", "m"),
    [
        *((1, 1, 1), (3, 4, 5), (8, 8, 8), (9, 7, 3), (16, 16, 16), (17, 5, 18), (2, 33, 20)),
        *((0, 3, 2), (2, 3, 0), (2, 0, 3), (1, 40, 1)),
    ],
)
@pytest.mark.parametrize("make", [dense, flipped])
def test_products_of_every_size(n: int, k: int, m: int, make: Callable[[Shape], Spec]) -> None:
    multiply(make((n, k)), make((k, m)))


@pytest.mark.parametrize("a", [dense, flipped, transposed, sparse])
@pytest.mark.parametrize("b", [dense, flipped, transposed, sparse])
def test_batches_with_every_kind_of_strides(
    a: Callable[[Shape], Spec], b: Callable[[Shape], Spec]
) -> None:
    multiply(a((2, 3, 5)), b((2, 5, 4)))


def test_a_repeated_batch_and_several_leading_dimensions() -> None:
    one = dense((3, 4))
    repeated = Spec(one.memory, one.layout.expand((2, 2, 3, 4)))
    multiply(repeated, dense((2, 2, 4, 3)))
    assert with_one_batch(repeated.layout) is not None
    partly = dense((2, 1, 3, 4))
    partly = Spec(partly.memory, partly.layout.expand((2, 2, 3, 4)))
    assert with_one_batch(partly.layout) is None  # needs a copy
    multiply(partly, flipped((2, 2, 4, 3)))
    multiply(transposed((2, 3, 2, 4)), partly_transposed())


def partly_transposed() -> Spec:
    spec = dense((3, 2, 4, 2))
    return Spec(spec.memory, spec.layout.permute((1, 0, 2, 3)))


@pytest.mark.parametrize("dtype", [int64, int32, uint8], ids=str)
def test_products_of_other_dtypes(dtype: DType) -> None:
    multiply(dense((5, 9), dtype), dense((9, 4), dtype), dtype)


def test_a_nan_outside_the_edge_does_not_come_in() -> None:
    # Both operands are corners of arrays that hold nan everywhere else.
    memory = np.full((12, 12), np.nan, np.float32)
    memory[:5, :6] = 1
    corner = Layout((5, 5), (12, 1))
    multiply(Spec(memory.reshape(-1), corner), Spec(memory.reshape(-1), corner))


def test_the_textbook_tiles_fit_the_matrix_and_blocks_the_batch() -> None:
    small, large = Layout.contiguous((3, 4, 4)), Layout.contiguous((3, 40, 40))
    assert plan_matmul(small, small, small, int32).block == (8, 8, 1)
    plan = plan_matmul(large, large, large, int32)
    assert plan.block == (16, 16, 1)
    assert plan.grid == (27, 1, 1)
    assert matmul_kernel(int32, 16) is plan.kernel


# --- tiles of registers ---------------------------------------------------------------------------

EIGHT = Tile(64, 64, 4, 8, 8, 1.0, 1)  # eight rows and columns a thread, as on a GPU


@pytest.mark.parametrize("dtype", [float64, float16, bfloat16], ids=str)
@pytest.mark.parametrize("k", [6, 40])
def test_other_floats_whole_and_in_parts(dtype: DType, k: int) -> None:
    def run(backend: Backend, arrays: list[Temporary]) -> None:
        backend.matmul(arrays[0], arrays[1], arrays[2])

    a, b = dense((5, k), dtype), flipped((k, 4), dtype)
    compare(run, dense((5, 4), dtype), a, b, exact=False)


def test_a_long_k_is_cut_and_its_parts_are_added_in_order() -> None:
    multiply(dense((3, 50)), dense((50, 5)))
    layouts = [Layout.contiguous(shape) for shape in ((1, 3, 5), (1, 3, 50), (1, 50, 5))]
    product = plan_product(*layouts, float32, SIMULATOR)
    assert product.partials == 4 * 15
    assert product.then is not None
    assert choose(3, 5, 50, 1, SIMULATOR) == Choice(TINY[0], 4, 16)


def by_tile(tile: Tile, a: Layout, b: Layout, along: Bias = "") -> None:
    """One launch of the kernel for a tile; small whole numbers, so that the result is exact."""
    (m, k), n = a.shape, b.shape[1]
    random = np.random.default_rng(m * n)
    memory = [random.integers(-4, 5, layout.span()[1]).astype(np.float32) for layout in (a, b)]
    bias = random.integers(-9, 9, m if along == "rows" else n).astype(np.float32)
    access = (
        access_of((0, *a.strides), m, k, a.offset),
        access_of((0, b.strides[1], b.strides[0]), n, k, b.offset),
    )
    kernel = tiled_matmul_kernel(float32, tile, access, along, n % 4 == 0)
    down, across = -(-m // tile.rows), -(-n // tile.columns)
    numbers = [down, across, 1, 64, k, m, n, 0, *a.strides, 0, b.strides[1], b.strides[0]]
    out = np.full((m, n), np.nan, np.float32)
    arrays = [out, *memory, *([bias] if along else [])]
    simulate(kernel.function, down * across, tile.block, *arrays, *numbers)
    matrices = [
        np.lib.stride_tricks.as_strided(
            x[layout.offset :], layout.shape, [4 * s for s in layout.strides]
        )
        for x, layout in zip(memory, (a, b), strict=True)
    ]
    expected = matrices[0] @ matrices[1]
    if along:
        expected += bias[:, None] if along == "rows" else bias
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("flip", [False, True])
def test_eight_rows_and_columns_a_thread(flip: bool) -> None:
    a, b = Layout.contiguous((66, 5)), Layout.contiguous((5, 68))
    if flip:
        a, b = Layout((66, 5), (1, 66)), Layout((5, 68), (1, 5))
    by_tile(EIGHT, a, b)


@pytest.mark.parametrize("along", ["rows", "columns"])
@pytest.mark.parametrize("n", [8, 9])
def test_a_bias_for_each_row_or_column(along: Bias, n: int) -> None:
    by_tile(TINY[0], Layout.contiguous((18, 3)), Layout.contiguous((3, n)), along)


def test_squares_of_tiles_cover_the_matrix() -> None:
    by_tile(TINY[0], Layout((290, 1), (1, 1)), Layout.contiguous((1, 20)))  # 19 x 2 tiles


def test_how_operands_are_read() -> None:
    aligned = (0, 64, 1)
    assert access_of(aligned, 64, 64, 0) == "deep4"
    assert access_of(aligned, 64, 62, 0) == "deep"  # a four would hang over
    assert access_of((6, 64, 1), 64, 64, 0) == "deep"
    assert access_of((0, 1, 64), 64, 64, 0) == "long4"
    assert access_of((0, 1, 64), 63, 64, 0) == "long"
    assert access_of((0, 2, 64), 64, 64, 0) == "long"
    assert access_of((0, 64, 0), 64, 64, 0) == "deep"


@pytest.mark.parametrize(
    ("sizes", "tile", "splits"),
    [
        ((8192, 8192, 8192), LARGE, 1),
        ((1024, 1024, 1024), LARGE, 4),
        ((2048, 500, 64), MEDIUM, 1),
        ((10, 128, 4096), SMALL, 16),
        ((30, 8192, 4096), WIDE, 8),
        ((4096, 10, 128), SMALL, 1),
        ((32, 32, 32), SMALL, 1),
    ],
)
def test_what_is_chosen_for_a_gpu(sizes: tuple[int, int, int], tile: Tile, splits: int) -> None:
    choice = choose(*sizes, 1, DEVICE)
    assert choice.tile is tile
    assert choice.splits == splits
    assert choice.splits * choice.chunk >= sizes[2]


def test_positions_that_need_64_bits() -> None:
    far = Layout((1, 4, 4), (0, 1 << 30, 1))
    plan = plan_product(Layout.contiguous((1, 4, 4)), far, far, float32, SIMULATOR)
    assert "positions of int64" in plan.launch.kernel.text
