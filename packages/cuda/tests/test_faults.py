"""What the simulator finds: a kernel for each fault, and the words that name it."""

import re
from collections.abc import Callable
from operator import truediv

import numpy as np
import pytest
from numpy.typing import NDArray

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import red_add
from minitorch_cuda.simulator import (
    DataRaceError,
    DivergenceError,
    OutOfBoundsError,
    Pointer,
    SimulationError,
    UndefinedShuffleError,
    UninitialisedReadError,
    simulate,
)

FULL = 0xFFFFFFFF


def zeros(size: int = 64) -> NDArray[np.float32]:
    return np.zeros(size, np.float32)


def one_too_far(out: Pointer[float], n: int) -> None:
    i = cuda.grid(1)
    if i <= n:  # should be <
        out[i] = 1


def one_too_early(out: Pointer[float], n: int) -> None:
    out[0] = out[cuda.grid(1) - 1]


def beyond_the_tile(out: Pointer[float], n: int) -> None:
    tile = cuda.shared.array((4, 8), cuda.float32)
    tile[cuda.threadIdx.x, 0] = 1


def flat_into_a_tile(out: Pointer[float], n: int) -> None:
    tile = cuda.shared.array((4, 8), cuda.float32)
    tile[3] = 1


def no_barrier_before_reading(out: Pointer[float], n: int) -> None:
    tile = cuda.shared.array(8, cuda.float32)
    me = cuda.threadIdx.x
    tile[me] = me
    out[me] = tile[0]  # thread 0 wrote it: no barrier between


def no_barrier_before_writing(out: Pointer[float], n: int) -> None:
    tile = cuda.shared.array(8, cuda.float32)
    me = cuda.threadIdx.x
    tile[me] = me
    cuda.syncthreads()
    out[me] = tile[7 - me]
    tile[me] = 0  # others may still read


def two_write_one_word(out: Pointer[float], n: int) -> None:
    tile = cuda.shared.array(8, cuda.float32)
    tile[cuda.threadIdx.x // 2] = 1


def read_before_written(out: Pointer[float], n: int) -> None:
    tile = cuda.shared.array(8, cuda.float32)
    if cuda.threadIdx.x > 0:
        tile[cuda.threadIdx.x] = 1
    cuda.syncthreads()
    out[cuda.threadIdx.x] = tile[cuda.threadIdx.x]


def local_read_before_written(out: Pointer[float], n: int) -> None:
    mine = cuda.local.array(2, cuda.float32)
    out[0] = mine[1]


def barrier_for_some(out: Pointer[float], n: int) -> None:
    if cuda.threadIdx.x < 4:
        cuda.syncthreads()


def two_barriers(out: Pointer[float], n: int) -> None:
    if cuda.threadIdx.x < 4:
        cuda.syncthreads()
    else:
        cuda.syncthreads()


def early_return(out: Pointer[float], n: int) -> None:
    if cuda.threadIdx.x == 5:
        return
    cuda.syncthreads()


def warp_operation_for_some(out: Pointer[float], n: int) -> None:
    if cuda.threadIdx.x < 4:
        cuda.shfl_down_sync(FULL, 1.0, 1)
    cuda.syncthreads()


def own_lane_not_in_mask(out: Pointer[float], n: int) -> None:
    cuda.ballot_sync(0b1, True)


def lane_that_is_not_there(out: Pointer[float], n: int) -> None:
    cuda.shfl_down_sync(FULL, 1.0, 1)  # a block of 8: lane 7 asks for lane 8


def blocks_share_a_word(out: Pointer[float], n: int) -> None:
    out[0] = cuda.blockIdx.x


def blocks_pass_a_word_on(out: Pointer[float], n: int) -> None:
    out[cuda.grid(1) + 1] = out[cuda.grid(1)]


def sum_without_atomic(out: Pointer[float], n: int) -> None:
    out[0] += 1


def atomic_and_plain(out: Pointer[float], n: int) -> None:
    red_add(out, 0, 1.0)
    if cuda.threadIdx.x == 3:
        out[1] = out[0]


def plain_and_atomic(out: Pointer[float], n: int) -> None:
    if cuda.threadIdx.x == 0:
        out[0] = 1
    else:
        red_add(out, 0, 1.0)


def plain_read_then_atomic(out: Pointer[float], n: int) -> None:
    if cuda.threadIdx.x == 0:
        out[1] = out[0]
    else:
        red_add(out, 0, 1.0)


def atomic_beyond(out: Pointer[float], n: int) -> None:
    red_add(out, n, 1.0)


def too_much_shared_memory(out: Pointer[float], n: int) -> None:
    cuda.shared.array(6144, cuda.float64)
    more = cuda.shared.array(1, cuda.float32)
    more[0] = 1


Kernel = Callable[[Pointer[float], int], None]
FAULTS: list[tuple[Kernel, type[SimulationError], str]] = [
    (
        one_too_far,
        OutOfBoundsError,
        "thread (0, 0, 0) of block (1, 0, 0) writes out[8]; only 0 to 7",
    ),
    (
        one_too_early,
        OutOfBoundsError,
        "thread (0, 0, 0) of block (0, 0, 0) reads out[-1]; only 0 to 7",
    ),
    (
        beyond_the_tile,
        OutOfBoundsError,
        "thread (4, 0, 0) of block (0, 0, 0) writes tile[4, 0], but",
    ),
    (flat_into_a_tile, OutOfBoundsError, "writes tile[3], but its shape is (4, 8)"),
    (
        no_barrier_before_reading,
        DataRaceError,
        "thread (1, 0, 0) of block (0, 0, 0) reads tile[0], which thread (0, 0, 0) of block "
        "(0, 0, 0) used too; no cuda.syncthreads() stands between the two",
    ),
    (
        no_barrier_before_writing,
        DataRaceError,
        "thread (4, 0, 0) of block (0, 0, 0) reads tile[3], which thread (3, 0, 0)",
    ),
    (
        two_write_one_word,
        DataRaceError,
        "thread (1, 0, 0) of block (0, 0, 0) writes tile[0], which",
    ),
    (
        read_before_written,
        UninitialisedReadError,
        "thread (0, 0, 0) of block (0, 0, 0) reads tile[0], which no thread has written yet",
    ),
    (
        local_read_before_written,
        UninitialisedReadError,
        "reads mine[1], which no thread has written",
    ),
    (
        barrier_for_some,
        DivergenceError,
        "thread (0, 0, 0) of block (0, 0, 0) waits in syncthreads\n  line",
    ),
    (
        two_barriers,
        DivergenceError,
        "but thread (4, 0, 0) of block (0, 0, 0) waits in syncthreads\n",
    ),
    (
        early_return,
        DivergenceError,
        "but thread (5, 0, 0) of block (0, 0, 0) has ended and will never",
    ),
    (warp_operation_for_some, DivergenceError, "waits in shfl_down_sync"),
    (own_lane_not_in_mask, DivergenceError, "mask 0x00000001, in which its own lane 1 is missing"),
    (lane_that_is_not_there, UndefinedShuffleError, "value of lane 8, which takes no part"),
    (
        blocks_share_a_word,
        DataRaceError,
        "thread (1, 0, 0) of block (0, 0, 0) writes out[0], which thread (0, 0, 0) of block (0,",
    ),
    (blocks_pass_a_word_on, DataRaceError, "no cuda.syncthreads() stands between"),
    (
        sum_without_atomic,
        DataRaceError,
        "reads out[0], which thread (0, 0, 0) of block (0, 0, 0) used",
    ),
    (
        atomic_and_plain,
        DataRaceError,
        "thread (3, 0, 0) of block (0, 0, 0) reads out[0], which thread",
    ),
    (plain_and_atomic, DataRaceError, "thread (1, 0, 0) of block (0, 0, 0) updates out[0]"),
    (plain_read_then_atomic, DataRaceError, "thread (1, 0, 0) of block (0, 0, 0) updates out[0]"),
    (atomic_beyond, OutOfBoundsError, "updates out[8]; only 0 to 7 are its own"),
    (
        too_much_shared_memory,
        SimulationError,
        "more makes 49156 bytes of shared memory; a block may",
    ),
]


@pytest.mark.parametrize(
    ("kernel", "error", "words"), FAULTS, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_fault_is_found_and_named(
    kernel: Kernel, error: type[SimulationError], words: str
) -> None:
    with pytest.raises(error, match=re.escape(words)) as caught:
        simulate(kernel, 2, 8, zeros(8), 8)
    assert str(caught.value).startswith(f"{kernel.__name__}: thread")


def test_a_fault_shows_its_line() -> None:
    with pytest.raises(OutOfBoundsError, match=r"\n  line \d+: out\[i\] = 1$"):
        simulate(one_too_far, 2, 8, zeros(8), 8)


def test_blocks_that_meet_are_told_to_use_an_atomic() -> None:
    with pytest.raises(DataRaceError, match="blocks run in no order: use an atomic, or a second"):
        simulate(blocks_share_a_word, 2, 1, zeros(8), 8)


def test_an_earlier_epoch_still_races_with_another_block() -> None:
    def kernel(out: Pointer[float]) -> None:
        if cuda.blockIdx.x == 0:
            out[1] = out[0]
        cuda.syncthreads()
        if cuda.blockIdx.x == 1:
            out[0] = 1

    with pytest.raises(DataRaceError, match=r"of block \(1, 0, 0\) writes out\[0\]"):
        simulate(kernel, 2, 1, zeros(2))


def test_a_warp_barrier_does_not_order_another_warp() -> None:
    def kernel(out: Pointer[float]) -> None:
        tile = cuda.shared.array(64, cuda.float32)
        me = cuda.threadIdx.x
        tile[me] = me
        cuda.syncwarp()
        out[me] = tile[63 - me]

    with pytest.raises((DataRaceError, UninitialisedReadError)):
        simulate(kernel, 1, 64, zeros(64))


def hand_on(mask: int, out: Pointer[float]) -> None:
    """Lane 0 writes, the lanes of `mask` meet, lane 3 reads."""
    tile = cuda.shared.array(32, cuda.float32)
    me = cuda.threadIdx.x
    if me == 0:
        tile[0] = 7
    if mask >> me & 1:
        cuda.syncwarp(mask)
    if me == 3:
        out[0] = tile[0]


def test_a_barrier_of_some_lanes_orders_these_alone() -> None:
    def met(out: Pointer[float]) -> None:
        hand_on(0b1001, out)

    def missed(out: Pointer[float]) -> None:
        hand_on(0b1010, out)

    out = zeros(1)
    simulate(met, 1, 32, out)
    assert out[0] == 7
    with pytest.raises(DataRaceError, match=r"thread \(3, 0, 0\) .* reads tile\[0\], which thread"):
        simulate(missed, 1, 32, zeros(1))


def test_what_a_lane_has_seen_is_handed_on() -> None:
    def kernel(out: Pointer[float]) -> None:
        tile = cuda.shared.array(32, cuda.float32)
        me = cuda.threadIdx.x
        if me == 0:
            tile[0] = 7
        if me < 2:
            cuda.syncwarp(0b011)  # lane 1 has seen what lane 0 did
        if 0 < me < 3:
            cuda.syncwarp(0b110)  # and so has lane 2 now
        if me == 2:
            out[0] = tile[0]

    out = zeros(1)
    simulate(kernel, 1, 3, out)
    assert out[0] == 7


def test_each_reader_of_a_warp_counts_though_others_have_met() -> None:
    def kernel(out: Pointer[float]) -> None:
        tile = cuda.shared.array(1, cuda.float32)
        me = cuda.threadIdx.x
        if me == 0:
            tile[0] = 7
        cuda.syncthreads()
        out[me] = tile[0]
        if me != 4:
            cuda.syncwarp(0b1111)
        if me == 3:
            tile[0] = 8  # lane 4 may still read

    with pytest.raises(DataRaceError, match=r"writes tile\[0\], which thread \(4, 0, 0\)"):
        simulate(kernel, 1, 5, zeros(5))


def test_a_shuffle_is_no_barrier() -> None:
    def kernel(out: Pointer[float]) -> None:
        tile = cuda.shared.array(32, cuda.float32)
        me = cuda.threadIdx.x
        tile[me] = me
        cuda.shfl_down_sync(FULL, 1.0, 1)
        out[me] = tile[31 - me]

    with pytest.raises(DataRaceError, match="reads tile"):
        simulate(kernel, 1, 32, zeros(32))


def test_an_array_given_twice_is_one_memory() -> None:
    def shift(out: Pointer[float], x: Pointer[float]) -> None:
        i = cuda.grid(1)
        if i > 0:
            out[i - 1] = x[i]

    x = zeros(8)
    with pytest.raises(DataRaceError, match=r"thread \(2, 0, 0\) .* writes out\[1\], which thread"):
        simulate(shift, 1, 8, x, x)


def test_a_third_reader_is_found_too() -> None:
    """Two readers of a word are remembered: whoever writes races with one of them."""

    def kernel(out: Pointer[float], writer: int) -> None:
        tile = cuda.shared.array(1, cuda.float32)
        me = cuda.threadIdx.x
        if me == 0:
            tile[0] = 1
        cuda.syncthreads()
        out[me] = tile[0]
        if me == writer:
            tile[0] = 2

    for writer in range(1, 5):
        with pytest.raises(DataRaceError, match=r"writes tile\[0\], which thread \(0, 0, 0\)"):
            simulate(kernel, 1, 5, zeros(5), writer)
    with pytest.raises(
        DataRaceError, match=r"thread \(1, 0, 0\) .* reads tile\[0\], which thread \(0"
    ):
        simulate(kernel, 1, 5, zeros(5), 0)


def test_an_index_that_is_no_integer_is_named_with_its_thread() -> None:
    def kernel(out: Pointer[float], n: int) -> None:
        tile = cuda.shared.array(4, cuda.float32)
        tile[cuda.threadIdx.x] = 1
        out[0] = tile[truediv(n, 4)]

    with pytest.raises(TypeError) as caught:
        simulate(kernel, 1, 2, zeros(8), 8)
    assert "in kernel: thread (0, 0, 0) of block (0, 0, 0)" in caught.value.__notes__[0]


def test_a_barrier_called_by_an_unseen_name_is_an_error() -> None:
    wait = {"wait": cuda.syncthreads}

    def kernel() -> None:
        wait["wait"]()

    with pytest.raises(RuntimeError, match=r"syncthreads by a name that the simulator did not see"):
        simulate(kernel, 1, 2)
