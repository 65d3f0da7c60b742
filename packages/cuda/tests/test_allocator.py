"""The caching allocator, with a driver of our own that has little memory."""

import pytest

from minitorch_cuda.allocator import Block, CachingAllocator, OutOfMemoryError, rounded


class Driver:
    """Memory of a fixed size; an owner that ends gives its bytes back."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.requests: list[int] = []

    def take(self, nbytes: int) -> Block:
        self.requests.append(nbytes)
        if nbytes > self.room:
            raise MemoryError
        self.room -= nbytes
        return Block(len(self.requests) << 32, nbytes, Owner(self, nbytes))


class Owner:
    def __init__(self, driver: Driver, nbytes: int) -> None:
        self.driver = driver
        self.nbytes = nbytes

    def __del__(self) -> None:
        self.driver.room += self.nbytes


def test_a_block_that_comes_back_is_given_out_again() -> None:
    driver = Driver(1 << 20)
    allocator = CachingAllocator(driver.take)
    first = allocator.allocate(100)
    allocator.release(first)
    assert allocator.allocate(500) is first
    assert allocator.allocate(500) is not first
    assert driver.requests == [512, 512]


def test_usage_is_counted() -> None:
    allocator = CachingAllocator(Driver(1 << 20).take)
    a, b = allocator.allocate(1), allocator.allocate(1000)
    allocator.release(a)
    assert allocator.usage.allocated == 1024
    assert allocator.usage.peak == 1536
    assert allocator.usage.reserved == 1536
    allocator.empty_cache()
    assert allocator.usage.reserved == 1024
    assert b.nbytes == 1024


def test_sizes_are_rounded() -> None:
    assert [rounded(n) for n in (0, 512, 1 << 20, (1 << 20) + 1)] == [512, 512, 1 << 20, 2 << 20]


def test_what_is_kept_is_freed_before_memory_runs_out() -> None:
    driver = Driver(4096)
    allocator = CachingAllocator(driver.take)
    allocator.release(allocator.allocate(2048))
    assert allocator.allocate(4096).nbytes == 4096
    assert allocator.usage.reserved == 4096


def test_running_out_of_memory_says_how_much_is_in_use() -> None:
    allocator = CachingAllocator(Driver(4096).take)
    kept = allocator.allocate(2048)
    with pytest.raises(
        OutOfMemoryError,
        match=r"CUDA out of memory: tried to allocate 4,096 bytes; 2,048 are in use by tensors",
    ):
        allocator.allocate(4000)
    assert kept.nbytes == 2048
