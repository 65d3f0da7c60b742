"""The tiled matrix product at odd sizes, with every kind of strides."""

from collections.abc import Callable

import numpy as np
import pytest

from minitorch_cuda.backend import Temporary
from minitorch_cuda.kernels.matmul import matmul_kernel, plan_matmul, with_one_batch
from minitorch_tensor.backend import Backend
from minitorch_tensor.dtype import DType, float32, float64, int32, int64, uint8
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


@pytest.mark.parametrize("dtype", [float64, int64, int32, uint8], ids=str)
def test_products_of_other_dtypes(dtype: DType) -> None:
    multiply(dense((5, 9), dtype), dense((9, 4), dtype), dtype)


def test_a_nan_outside_the_edge_does_not_come_in() -> None:
    # Both operands are corners of arrays that hold nan everywhere else.
    memory = np.full((12, 12), np.nan, np.float32)
    memory[:5, :6] = 1
    corner = Layout((5, 5), (12, 1))
    multiply(Spec(memory.reshape(-1), corner), Spec(memory.reshape(-1), corner))


def test_tiles_fit_the_matrix_and_blocks_the_batch() -> None:
    small, large = Layout.contiguous((3, 4, 4)), Layout.contiguous((3, 40, 40))
    assert plan_matmul(small, small, small, float32).block == (8, 8, 1)
    plan = plan_matmul(large, large, large, float32)
    assert plan.block == (16, 16, 1)
    assert plan.grid == (27, 1, 1)
    assert matmul_kernel(float32, 16) is plan.kernel
