"""The caching allocator, with a driver of our own that has little memory."""

import gc
import random
from itertools import pairwise

import pytest

from minitorch_cuda import use_simulator
from minitorch_cuda.allocator import NOTHING, Block, CachingAllocator
from minitorch_cuda.memory import (
    get_per_process_memory_fraction,
    set_per_process_memory_fraction,
)
from minitorch_cuda.memory_stats import summary
from minitorch_tensor import empty
from minitorch_tensor.accelerator import OutOfMemoryError

MIB = 1 << 20


class Driver:
    """Memory of a fixed size."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken: dict[int, int] = {}
        self.requests: list[int] = []
        self.waits = 0
        self.queues: list[Queue] = []

    def take(self, nbytes: int) -> int:
        if nbytes > self.room:
            raise MemoryError("no room")
        self.room -= nbytes
        self.requests.append(nbytes)
        pointer = len(self.requests) << 40
        self.taken[pointer] = nbytes
        return pointer

    def give_back(self, pointer: int) -> None:
        self.room += self.taken.pop(pointer)

    def wait(self) -> None:
        self.waits += 1
        for queue in self.queues:
            queue.behind = False


class Queue:
    """A stream; while it is behind, it has not come to its marks."""

    def __init__(self) -> None:
        self.behind = False
        self.marks = 0

    def mark(self) -> "Queue":
        self.marks += 1
        return self

    def done(self) -> bool:
        return not self.behind


@pytest.fixture
def driver() -> Driver:
    return Driver(100 * MIB)


@pytest.fixture
def allocator(driver: Driver) -> CachingAllocator:
    return CachingAllocator(driver)


MAIN, SIDE = Queue(), Queue()


def place(block: Block) -> tuple[int, int]:
    return block.pointer, block.nbytes


def test_small_blocks_are_cut_from_one_segment(driver: Driver, allocator: CachingAllocator) -> None:
    a, b = allocator.allocate(1, MAIN), allocator.allocate(513, MAIN)
    assert (a.nbytes, b.nbytes) == (512, 1024)
    assert b.pointer == a.pointer + 512
    assert driver.requests == [2 * MIB]


def test_segments_have_pytorchs_sizes(driver: Driver, allocator: CachingAllocator) -> None:
    for nbytes in (MIB, MIB + 1, 10 * MIB, 11 * MIB + 1):
        allocator.allocate(nbytes, MAIN)
    assert driver.requests == [2 * MIB, 20 * MIB, 12 * MIB]  # the third fits into the second
    assert allocator.usage.bytes[2].current == MIB + (MIB + 512) + 10 * MIB + 12 * MIB


def test_a_block_that_comes_back_is_given_out_again(
    driver: Driver, allocator: CachingAllocator
) -> None:
    first = allocator.allocate(100, MAIN)
    allocator.release(first)
    assert allocator.allocate(500, MAIN) is first
    assert allocator.allocate(500, MAIN) is not first


def test_the_smallest_block_that_fits_is_taken(allocator: CachingAllocator) -> None:
    sizes = (4 * MIB, 2 * MIB, 3 * MIB)
    # Blocks in use between them, lest they be joined.
    blocks = [(allocator.allocate(n, MAIN), allocator.allocate(2 * MIB, MAIN)) for n in sizes]
    for block, _ in blocks:
        allocator.release(block)
    assert allocator.allocate(2 * MIB + 512, MAIN) is blocks[2][0]
    assert allocator.allocate(2 * MIB + 512, MAIN) is blocks[0][0]


def test_a_large_remainder_stays_free_and_is_joined_again(
    driver: Driver, allocator: CachingAllocator
) -> None:
    a, b, c = (allocator.allocate(5 * MIB, MAIN) for _ in range(3))
    for block in (a, c, b):
        allocator.release(block)
    assert allocator.allocate(20 * MIB, MAIN).nbytes == 20 * MIB
    assert driver.requests == [20 * MIB]


def test_small_blocks_are_joined_when_nothing_fits(
    driver: Driver, allocator: CachingAllocator
) -> None:
    blocks = [allocator.allocate(512 << 10, MAIN) for _ in range(4)]
    for block in blocks:
        allocator.release(block)
    assert allocator.allocate(MIB, MAIN).pointer == blocks[0].pointer
    assert driver.requests == [2 * MIB]


def test_an_empty_tensor_has_no_memory(allocator: CachingAllocator, driver: Driver) -> None:
    block = allocator.allocate(0, MAIN)
    assert block is NOTHING
    allocator.record(block, SIDE)
    allocator.release(block)
    assert (driver.requests, allocator.usage.blocks.added) == ([], 0)


def test_each_stream_has_its_own(allocator: CachingAllocator) -> None:
    first = allocator.allocate(100, MAIN)
    allocator.release(first)
    assert allocator.allocate(100, SIDE) is not first
    assert allocator.allocate(100, MAIN) is first


def test_a_block_that_another_stream_used_waits_for_it(allocator: CachingAllocator) -> None:
    side = Queue()
    first = allocator.allocate(100, MAIN)
    allocator.record(first, side)
    side.behind = True
    allocator.release(first)
    assert allocator.usage.bytes[2].current == 0
    assert allocator.allocate(100, MAIN) is not first
    side.behind = False
    assert allocator.allocate(100, MAIN) is first
    assert side.marks == 1
    allocator.release(first)  # the next user of the block has nothing to do with that stream
    assert allocator.allocate(100, MAIN) is first
    assert side.marks == 1


def test_a_block_that_all_streams_use_waits_for_all_there_are_by_then(driver: Driver) -> None:
    queues = [MAIN]
    allocator = CachingAllocator(driver, queues=lambda: queues)
    first = allocator.allocate(100, MAIN)
    allocator.share(first)
    later = Queue()
    queues.append(later)
    later.behind = True
    allocator.release(first)
    assert allocator.allocate(100, MAIN) is not first
    later.behind = False
    assert allocator.allocate(100, MAIN) is first
    allocator.release(first)  # it is shared no more
    assert later.marks == 1


def test_usage_is_counted(allocator: CachingAllocator) -> None:
    a, b = allocator.allocate(1, MAIN), allocator.allocate(1000, MAIN)
    c = allocator.allocate(3 * MIB, MAIN)
    for block in (a, c):
        allocator.release(block)
    stats = allocator.usage.as_dict()
    assert stats["allocated_bytes.all.current"] == 1024
    assert stats["allocated_bytes.all.peak"] == 1536 + 3 * MIB
    assert stats["allocated_bytes.small_pool.peak"] == 1536
    assert stats["allocated_bytes.large_pool.freed"] == 3 * MIB
    assert stats["allocation.all.allocated"] == 3
    assert stats["reserved_bytes.all.current"] == 22 * MIB
    assert stats["segment.all.current"] == 2
    allocator.empty_cache()
    assert allocator.usage.reserved[2].current == 2 * MIB
    allocator.usage.reset_peak()
    assert allocator.usage.bytes[2].peak == 1024
    allocator.usage.reset_accumulated()
    assert allocator.usage.as_dict()["allocated_bytes.all.freed"] == 0
    assert "| allocated          |     1.00 KiB |" in summary("cuda:0", allocator.usage)
    allocator.release(b)
    allocator.empty_cache()
    assert allocator.usage.reserved[2].current == 0


def test_what_is_kept_is_given_back_before_memory_runs_out() -> None:
    driver = Driver(24 * MIB)
    allocator = CachingAllocator(driver)
    small, side = allocator.allocate(2048, MAIN), Queue()
    large = allocator.allocate(3 * MIB, MAIN)
    allocator.record(large, side)
    side.behind = True
    driver.queues.append(side)
    allocator.release(small)
    allocator.release(large)
    assert allocator.allocate(24 * MIB, MAIN).nbytes == 24 * MIB
    assert driver.waits == 1
    assert allocator.usage.retries == 1
    assert allocator.usage.reserved[2].current == 24 * MIB


def test_running_out_of_memory_says_how_much_is_in_use() -> None:
    allocator = CachingAllocator(Driver(22 * MIB), "cuda:1")
    kept = allocator.allocate(2048, MAIN)
    gone = allocator.allocate(2 * MIB, MAIN)
    rest = allocator.allocate(4 * MIB, MAIN)
    allocator.release(gone)
    message = (
        r"CUDA out of memory. Tried to allocate 20.00 MiB on cuda:1: no room. 4.00 MiB are "
        r"allocated by tensors \(at most 6.00 MiB so far\), and 18.00 MiB are reserved but unalloc"
        r"ated, in pieces that are too small. Use smaller batches, drop tensors"
    )
    with pytest.raises(OutOfMemoryError, match=message):
        allocator.allocate(20 * MIB, MAIN)
    assert allocator.usage.failures == 1
    assert (kept.nbytes, rest.nbytes) == (2048, 4 * MIB)


def test_a_process_may_be_held_to_a_part_of_the_memory() -> None:
    allocator = CachingAllocator(Driver(100 * MIB))
    allocator.limit = 30 * MIB
    kept = allocator.allocate(20 * MIB, MAIN)
    with pytest.raises(OutOfMemoryError, match=r"this process may take no more than 30.00 MiB"):
        allocator.allocate(12 * MIB, MAIN)
    allocator.release(kept)
    assert allocator.allocate(30 * MIB, MAIN).nbytes == 30 * MIB
    with use_simulator():
        assert get_per_process_memory_fraction() == 1.0
        set_per_process_memory_fraction(0.0)
        with pytest.raises(OutOfMemoryError, match=r"this process may take no more than 0 bytes"):
            empty(1 << 24, device="cuda")
        with pytest.raises(ValueError, match=r"fraction must be from 0 to 1, but got 1.5"):
            set_per_process_memory_fraction(1.5)
        with pytest.raises(TypeError, match=r"fraction must be a float, but got int"):
            set_per_process_memory_fraction(1)
        set_per_process_memory_fraction(1.0)


def test_the_garbage_collector_may_free_a_tensor_within_the_allocator() -> None:
    class Greedy(Driver):
        def take(self, nbytes: int) -> int:
            gc.collect()
            return super().take(nbytes)

    collected = CachingAllocator(Greedy(100 * MIB))

    class Tensor:
        def __init__(self) -> None:
            self.block = collected.allocate(512, MAIN)
            self.me = self  # only the garbage collector frees it

        def __del__(self) -> None:
            collected.release(self.block)

    Tensor()
    kept = collected.allocate(8 * MIB, MAIN)
    assert collected.usage.bytes[2].current == 8 * MIB == kept.nbytes


def test_no_two_blocks_overlap_whatever_is_done() -> None:
    draw = random.Random(0)
    driver = Driver(200 * MIB)
    allocator = CachingAllocator(driver)
    used: list[Block] = []
    for step in range(3000):
        if used and draw.random() < 0.5:
            allocator.release(used.pop(draw.randrange(len(used))))
        else:
            nbytes = draw.choice([draw.randrange(1, 4096), draw.randrange(1, 4 * MIB)])
            try:
                used.append(allocator.allocate(nbytes, draw.choice([MAIN, SIDE])))
            except OutOfMemoryError:
                allocator.release(used.pop())
        if step % 100 == 0:
            spans = sorted(place(block) for block in used)
            for (start, nbytes), (following, _) in pairwise(spans):
                assert start + nbytes <= following
            assert allocator.usage.bytes[2].current == sum(nbytes for _, nbytes in spans)
    for block in used:
        allocator.release(block)
    allocator.empty_cache()
    assert driver.taken == {}
