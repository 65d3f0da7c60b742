"""Each rung of the ladder multiplies matrices of any size, and does what its step promises."""

import re
from dataclasses import replace

import numpy as np
import pytest

from minitorch_cuda.kernels.ladder.rungs import RUNGS, Rung, Sizes, rung_kernel
from minitorch_cuda.simulator import Trace, record, simulate

BY_NAME = {rung.name: rung for rung in RUNGS}
Floats = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def matrices(n: int, k: int, m: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(0)
    return random.random((n, k), np.float32), random.random((k, m), np.float32)


def multiply(rung: Rung, n: int, k: int, m: int) -> tuple[Floats, Floats]:
    """What a rung computes, and what NumPy does."""
    a, b = matrices(n, k, m)
    out = np.full((n, m), np.nan, np.float32)
    plan = rung.plan(n, k, m)
    simulate(plan.kernel.function, plan.grid, plan.block, out, a, b, n, k, m)
    return out, a @ b


@pytest.mark.parametrize("size", [(1, 4, 4), (9, 12, 20), (17, 4, 8)], ids=str)
@pytest.mark.parametrize("name", BY_NAME)
def test_a_rung_multiplies(name: str, size: tuple[int, int, int]) -> None:
    out, expected = multiply(BY_NAME[name], *size)
    np.testing.assert_allclose(out, expected, rtol=1e-5)


@pytest.mark.parametrize("name", [rung.name for rung in RUNGS if not rung.fours])
def test_a_rung_without_vectors_multiplies_odd_sizes(name: str) -> None:
    for size in ((1, 1, 1), (5, 7, 9)):
        out, expected = multiply(BY_NAME[name], *size)
        np.testing.assert_allclose(out, expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["by_fours", "two_tiles"])
def test_a_rung_with_vectors_says_what_it_needs(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}: .* multiples of 4; got k = 6, m = 8; square"):
        BY_NAME[name].plan(4, 6, 8)


def test_two_groups_of_four_a_thread_work_as_on_a_gpu() -> None:
    for name in ("by_fours", "two_tiles"):
        rung = replace(BY_NAME[name], small=Sizes(16, 16, 4, 8, 8))
        with pytest.raises(AssertionError):  # 4 threads cannot fetch 16 fours
            rung.plan(16, 4, 16)
        rung = replace(BY_NAME[name], small=Sizes(32, 32, 2 * 2, 8, 4))
        out, expected = multiply(rung, 20, 8, 36)
        np.testing.assert_allclose(out, expected, rtol=1e-5)


def trace_of(name: str, n: int = 8) -> Trace:
    a, b = matrices(n, n, n)
    plan = BY_NAME[name].plan(n, n, n)
    out = np.empty((n, n), np.float32)
    return record(plan.kernel.function, plan.grid, plan.block, out, a, b, n, n, n)


def test_each_rung_reads_less_than_the_one_before() -> None:
    n = 8
    assert trace_of("naive").count("global read") == 2 * n**3
    tile = BY_NAME["shared_tile"].small.rows
    shared = trace_of("shared_tile")
    assert shared.count("global read") == 2 * n**3 // tile
    assert shared.count("shared read") == 2 * n**3
    up = BY_NAME["column"].small.up
    assert trace_of("column").count("shared read") == n**3 * (up + 1) // up
    sizes = BY_NAME["square"].small
    reads = n**3 * (sizes.up + sizes.across) // (sizes.up * sizes.across)
    assert trace_of("square").count("shared read") == reads


def test_two_tiles_need_half_of_the_barriers() -> None:
    barriers = {name: trace_of(name).count("barrier") for name in ("by_fours", "two_tiles")}
    assert barriers["by_fours"] == 2 * barriers["two_tiles"] > 0


def test_the_sizes_for_a_gpu_fit_one() -> None:
    for rung in RUNGS:
        kernel = rung_kernel(rung, rung.large)
        assert rung.large.threads <= 1024
        assert re.fullmatch(r"ladder_\w+", kernel.name)
        assert kernel.function.__globals__["ROWS"] == rung.large.rows
