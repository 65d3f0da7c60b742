"""The first steps give the right numbers, and break in the ways that they are meant to teach."""

from collections.abc import Callable

import numpy as np
import pytest

from minitorch_cuda.kernels.practice import (
    BLOCK,
    add_broadcast,
    mm_practice,
    sum_by_shuffle,
    sum_practice,
)
from minitorch_cuda.simulator import UndefinedShuffleError, simulate


@pytest.mark.parametrize("kernel", [sum_practice, sum_by_shuffle])
@pytest.mark.parametrize("size", [1, 31, 32, 33, 100])
def test_sums_of_runs_of_32(kernel: Callable[..., None], size: int) -> None:
    x = np.random.default_rng(0).random(size, np.float32)
    blocks = -(-size // BLOCK)
    out = np.empty(blocks, np.float32)
    simulate(kernel, blocks, BLOCK, out, x, size)
    padded = np.concatenate([x, np.zeros(blocks * BLOCK - size, np.float32)])
    np.testing.assert_allclose(out, padded.reshape(blocks, BLOCK).sum(1), rtol=1e-6)


@pytest.mark.parametrize("n", [1, 5, 16])
def test_a_product_in_one_block(n: int) -> None:
    a, b = np.random.default_rng(0).random((2, n, n), np.float32)
    out = np.empty((n, n), np.float32)
    simulate(mm_practice, 1, (n + 1, n + 1), out, a, b, n)
    np.testing.assert_allclose(out, a @ b, rtol=1e-5)


def test_a_row_is_added_to_each_row() -> None:
    a, b = np.ones((5, 7), np.float32), np.arange(7, dtype=np.float32)
    out = np.empty_like(a)
    simulate(add_broadcast, (2, 2), (4, 4), out, a, b, 5, 7)
    np.testing.assert_array_equal(out, a + b)


def test_a_warp_that_is_not_full_cannot_sum_by_shuffles() -> None:
    out, x = np.empty(1, np.float32), np.ones(16, np.float32)
    with pytest.raises(UndefinedShuffleError):
        simulate(sum_by_shuffle, 1, 16, out, x, 16)
