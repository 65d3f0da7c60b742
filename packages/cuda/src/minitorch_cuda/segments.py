"""Where a GPU's allocators get memory: segments of the device, locked pages of the host.

Both are slow to get, and giving a segment back waits for all streams, so `allocator` and `pinned`
ask seldom and keep what they got.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from minitorch_cuda.driver import NO_ROOM, Functions, Health
from minitorch_cuda.memory_stats import size_of

_SHARED_BY_HOST: Final = 3  # CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP


class Segments:
    """The memory of one GPU, as its driver gives it.

    Args:
        driver: whose functions are called.
        health: of the GPU; after a fault nothing is given back.
        enter: makes the GPU the current one of this thread.
    """

    def __init__(self, driver: Functions, health: Health, enter: Callable[[], None]) -> None:
        self._driver = driver
        self._health = health
        self._enter = enter

    def take(self, nbytes: int) -> int:
        """A segment of the GPU's memory.

        Raises:
            MemoryError: if there is not so much.
        """
        self._enter()
        error, pointer = self._driver.cuMemAlloc(nbytes)
        if int(error) == NO_ROOM:
            free, total = self.free_and_total()
            raise MemoryError(f"{size_of(free)} of {size_of(total)} are free")
        self._health.check("asking for memory", error)
        return int(pointer)

    def give_back(self, pointer: int) -> None:
        """Free a segment."""
        if not self._health.lost:
            self._enter()
            (error,) = self._driver.cuMemFree(pointer)
            self._health.check("giving memory back", error)

    def lock_host(self, nbytes: int) -> int:
        """Pinned memory of the host.

        Raises:
            MemoryError: if no more can be locked.
        """
        error, pointer = self._driver.cuMemHostAlloc(nbytes, _SHARED_BY_HOST)
        if int(error) == NO_ROOM:
            raise MemoryError(f"pin_memory: the host has no {size_of(nbytes)} that can be locked")
        self._health.check("locking memory of the host", error)
        return int(pointer)

    def wait(self) -> None:
        """Wait for all streams."""
        self._enter()
        (error,) = self._driver.cuCtxSynchronize()
        self._health.check("waiting for the GPU", error)

    def free_and_total(self) -> tuple[int, int]:
        """The bytes that are free on the GPU, and all that it has."""
        self._enter()
        error, free, total = self._driver.cuMemGetInfo()
        self._health.check("asking for the free memory", error)
        return int(free), int(total)
