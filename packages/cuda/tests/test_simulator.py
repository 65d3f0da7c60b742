"""The simulator runs right kernels as a GPU does, always in the same order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import red_add, red_min
from minitorch_cuda.simulator import IndexOverflowError, Pointer, SimulationError, simulate

Floats = NDArray[np.float32]
FULL = 0xFFFFFFFF


def zeros(size: int) -> Floats:
    return np.zeros(size, np.float32)


def count(size: int) -> Floats:
    return np.arange(size, dtype=np.float32)


def test_each_thread_knows_its_place_in_three_dimensions() -> None:
    def kernel(out: Pointer[int]) -> None:
        x, y, z = cuda.grid(3)
        w, h, d = cuda.gridsize(3)
        at = (z * h + y) * w + x
        out[at] = cuda.threadIdx.x + 10 * cuda.blockIdx.y + 100 * cuda.threadIdx.z + 1000 * d

    out = np.zeros(4 * 3 * 2, np.int64)
    simulate(kernel, (2, 3), (2, 1, 2), out)
    expected = [
        x % 2 + 10 * y + 100 * z + 2000 for z in range(2) for y in range(3) for x in range(4)
    ]
    assert out.tolist() == expected


def test_two_dimensions_of_a_grid() -> None:
    def kernel(out: Pointer[int]) -> None:
        x, y = cuda.grid(2)
        w, h = cuda.gridsize(2)
        out[y * w + x] = w * h

    out = np.zeros(6, np.int64)
    simulate(kernel, (3, 1), (1, 2), out)
    assert out.tolist() == [6] * 6


def test_threads_see_what_others_wrote_before_a_barrier() -> None:
    def reverse(out: Pointer[float], x: Pointer[float]) -> None:
        tile = cuda.shared.array(8, cuda.float32)
        me = cuda.threadIdx.x
        tile[me] = x[me]
        cuda.syncthreads()
        out[me] = tile[7 - me]

    out = zeros(8)
    simulate(reverse, 1, 8, out, count(8))
    assert out.tolist() == [7, 6, 5, 4, 3, 2, 1, 0]


def test_shared_memory_belongs_to_one_block() -> None:
    def kernel(out: Pointer[float]) -> None:
        tile = cuda.shared.array(1, cuda.float32)
        tile[0] = cuda.blockIdx.x
        out[cuda.blockIdx.x] = tile[0]

    out = zeros(3)
    simulate(kernel, 3, 1, out)
    assert out.tolist() == [0, 1, 2]


def test_two_arrays_of_one_line_are_two() -> None:
    def kernel(out: Pointer[float]) -> None:
        a, b = cuda.shared.array(1, cuda.float32), cuda.shared.array(1, cuda.float32)
        a[0], b[0] = 1, 2
        out[0] = 10 * a[0] + b[0]

    out = zeros(1)
    simulate(kernel, 1, 1, out)
    assert out[0] == 12


def test_a_local_array_belongs_to_one_thread() -> None:
    def kernel(out: Pointer[float]) -> None:
        mine = cuda.local.array((2, 2), cuda.float32)
        mine[1, 0] = cuda.threadIdx.x
        cuda.syncthreads()
        out[cuda.threadIdx.x] = mine[1, 0]

    out = zeros(4)
    simulate(kernel, 1, 4, out)
    assert out.tolist() == [0, 1, 2, 3]


def _shuffled(shuffle: Callable[[float], float], size: int = 32) -> list[float]:
    def kernel(out: Pointer[float]) -> None:
        out[cuda.threadIdx.x] = shuffle(cuda.threadIdx.x)

    out = zeros(size)
    simulate(kernel, 1, size, out)
    return [float(value) for value in out]


def shuffle_down(value: float) -> float:
    return cuda.shfl_down_sync(FULL, value, 3)


def shuffle_up(value: float) -> float:
    return cuda.shfl_up_sync(FULL, value, 3)


def shuffle_xor(value: float) -> float:
    return cuda.shfl_xor_sync(FULL, value, 5)


def shuffle_from_two(value: float) -> float:
    return cuda.shfl_sync(FULL, value, 2)


def test_shuffles_move_values_from_lane_to_lane() -> None:
    lanes = range(32)
    assert _shuffled(shuffle_down) == [lane + 3 if lane < 29 else lane for lane in lanes]
    assert _shuffled(shuffle_up) == [lane - 3 if lane >= 3 else lane for lane in lanes]
    assert _shuffled(shuffle_xor) == [lane ^ 5 for lane in lanes]
    assert _shuffled(shuffle_from_two) == [2] * 32
    assert _shuffled(shuffle_from_two, 64) == [2] * 32 + [34] * 32


def test_votes_of_a_warp() -> None:
    def kernel(out: Pointer[int]) -> None:
        lane = cuda.laneid
        odd = cuda.ballot_sync(FULL, lane % 2 == 1)
        some = cuda.any_sync(FULL, lane == 7)
        every = cuda.all_sync(FULL, lane < 31)
        if lane == 0:
            out[0], out[1], out[2] = odd, some, every

    out = np.zeros(3, np.int64)
    simulate(kernel, 1, 32, out)
    assert out.tolist() == [0xAAAAAAAA, 1, 0]


def test_lanes_outside_the_mask_need_not_come() -> None:
    def kernel(out: Pointer[int]) -> None:
        if cuda.laneid < 8:
            out[cuda.laneid] = cuda.ballot_sync(0xFF, cuda.laneid > 5)
        cuda.syncthreads()

    out = np.zeros(8, np.int64)
    simulate(kernel, 1, 32, out)
    assert out.tolist() == [0xC0] * 8


def test_a_warp_barrier_orders_its_lanes() -> None:
    def kernel(out: Pointer[float]) -> None:
        tile = cuda.shared.array(32, cuda.float32)
        me = cuda.threadIdx.x
        tile[me] = me
        cuda.syncwarp()
        out[me] = tile[31 - me]

    out = zeros(32)
    simulate(kernel, 1, 32, out)
    assert out.tolist() == list(range(31, -1, -1))


def test_atomics_of_all_threads_add_up() -> None:
    def kernel(total: Pointer[float], least: Pointer[int], x: Pointer[float]) -> None:
        i = cuda.grid(1)
        red_add(total, 0, x[i])
        red_min(least, 0, 100 - i)

    total, least = zeros(1), np.array([1000])
    simulate(kernel, 2, 8, total, least, count(16))
    assert total[0] == 120
    assert least[0] == 85


def test_float32_arithmetic_stays_float32() -> None:
    def kernel(out: Pointer[float], x: Pointer[float]) -> None:
        third = cuda.float32(1.0) / x[0]
        out[0] = third * x[0] - cuda.float32(1.0)
        assert isinstance(third, np.float32)

    out = zeros(1)
    simulate(kernel, 1, 1, out, np.full(1, 3, np.float32))
    assert out[0] == np.float32(1) / np.float32(3) * np.float32(3) - np.float32(1)


def test_division_by_zero_and_overflow_are_silent_as_on_a_gpu() -> None:
    def kernel(out: Pointer[float], x: Pointer[float]) -> None:
        cuda.syncthreads()  # with greenlets too
        out[0] = x[1] / x[0]
        out[1] = x[1] * cuda.float32(3e38) * cuda.float32(10)

    out = zeros(2)
    simulate(kernel, 1, 1, out, count(2))
    assert out.tolist() == [np.inf, np.inf]


def test_integers_wrap_around() -> None:
    assert cuda.int8(300) == 44
    assert cuda.uint8(-1) == 255
    assert cuda.int32(2.7) == 2
    assert repr(cuda.int8) == "dsl.int8"


def test_an_index_that_needs_more_than_32_bits_is_an_error() -> None:
    def kernel(n: int) -> None:
        cuda.index32(n)

    simulate(kernel, 1, 1, 2**32 - 1)
    with pytest.raises(
        IndexOverflowError, match=r"kernel: thread \(0, 0, 0\) of .* the 32-bit index 4294967296"
    ):
        simulate(kernel, 1, 1, 2**32)
    assert cuda.index64(2**40) == 2**40


def test_an_error_of_pythons_says_which_thread_met_it() -> None:
    def kernel(n: int) -> None:
        if cuda.threadIdx.x == 2:
            [][n]

    with pytest.raises(IndexError) as caught:
        simulate(kernel, 1, 4, 0)
    (note,) = caught.value.__notes__
    assert note.startswith("in kernel: thread (2, 0, 0) of block (0, 0, 0)")


def test_after_an_error_the_next_kernel_runs() -> None:
    def waits(out: Pointer[float], n: int) -> None:
        cuda.syncthreads()
        out[cuda.threadIdx.x + n] = 1

    with pytest.raises(SimulationError):
        simulate(waits, 1, 4, zeros(4), 1)
    out = zeros(4)
    simulate(waits, 1, 4, out, 0)
    assert out.tolist() == [1] * 4


def test_two_threads_of_python_may_simulate_at_once() -> None:
    def kernel(out: Pointer[float]) -> None:
        tile = cuda.shared.array(16, cuda.float32)
        tile[cuda.threadIdx.x] = cuda.threadIdx.x
        cuda.syncthreads()
        out[cuda.threadIdx.x] = tile[15 - cuda.threadIdx.x]

    def run(_: int) -> list[float]:
        out = zeros(16)
        simulate(kernel, 1, 16, out)
        return [float(value) for value in out]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(8))) == [[float(i) for i in range(15, -1, -1)]] * 8


@pytest.mark.parametrize(
    ("grid", "block"),
    [
        (0, 1),
        (1, 0),
        (1, 1025),
        (1, (33, 32)),
        ((1, 65536), 1),
        ((1, 1, 65536), 1),
        (1, (1, 1, 65)),
    ],
)
def test_a_launch_that_no_gpu_does_is_refused(
    grid: int | tuple[int, ...], block: int | tuple[int, ...]
) -> None:
    def kernel() -> None:
        raise AssertionError

    with pytest.raises(
        ValueError, match=r"kernel: a grid of .* a block may have 1024 threads, 64 along z"
    ):
        simulate(kernel, grid, block)


def test_an_array_must_be_contiguous() -> None:
    def kernel(x: Pointer[float]) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="array x of kernel must be contiguous; pass a copy"):
        simulate(kernel, 1, 1, count(8)[::2])


def test_names_of_kernels_mean_nothing_outside_one() -> None:
    for use in (cuda.syncthreads, lambda: cuda.laneid, lambda: cuda.shared.array(1, cuda.float32)):
        with pytest.raises(RuntimeError, match="only inside a kernel"):
            use()
    with pytest.raises(AttributeError, match="has no attribute 'block'"):
        getattr(cuda, "block")  # noqa: B009


def test_a_shared_array_needs_a_type_of_the_dsl() -> None:
    def kernel(dtype: cuda.ValueType) -> None:
        cuda.shared.array(1, dtype)

    with pytest.raises(TypeError, match=r"expected a type such as cuda.float32, got <class 'int'>"):
        simulate(lambda: kernel(int), 1, 1)


def test_a_pointer_outside_a_kernel_checks_its_bounds() -> None:
    pointer: Pointer[float] = Pointer(count(4), "x", base=1, low=1, high=3)
    assert pointer[1] == 2
    pointer[0] = 7
    with pytest.raises(IndexError, match=r"outside a kernel reads x\[2\]; only 0 to 1 are its own"):
        pointer[2]
