"""Device memory that is asked for once and used again: asking the driver is slow.

A block that is given back is kept, under its rounded size, for the next request of that size. All
work runs on one stream, so a block may be reused at once: what still runs on it ends before what
comes next.

The scheme, much reduced, is PyTorch's:
https://docs.pytorch.org/docs/stable/notes/cuda.html#memory-management
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

SMALL = 1 << 20
GRAIN = 512
LARGE_GRAIN = 2 << 20


class Block(NamedTuple):
    """Some device memory: its address, its size, and the object whose end frees it."""

    pointer: int
    nbytes: int
    owner: object


class OutOfMemoryError(RuntimeError):
    """The device has no room left, even after everything kept was freed."""


@dataclass(slots=True)
class Usage:
    """Bytes: in use now, taken from the driver, and the most that were ever in use."""

    allocated: int = 0
    reserved: int = 0
    peak: int = 0


def rounded(nbytes: int) -> int:
    """The size that is really taken: multiples of 512 bytes, above 1 MiB of 2 MiB.

    >>> rounded(1), rounded(513), rounded(3 << 20)
    (512, 1024, 4194304)
    """
    grain = GRAIN if nbytes <= SMALL else LARGE_GRAIN
    return max(-(-nbytes // grain), 1) * grain


class CachingAllocator:
    """Gives out blocks, and keeps those that come back.

    Args:
        take: asks the driver for memory; raises `MemoryError` if there is none.
    """

    def __init__(self, take: Callable[[int], Block]) -> None:
        self._take = take
        self._free: defaultdict[int, list[Block]] = defaultdict(list)
        self._lock = threading.Lock()
        self.usage = Usage()

    def allocate(self, nbytes: int) -> Block:
        """A block of at least `nbytes`.

        Raises:
            OutOfMemoryError: if the driver has none, and freeing what is kept does not help.
        """
        size = rounded(nbytes)
        with self._lock:
            kept = self._free[size]
            block = kept.pop() if kept else self._taken(size)
            usage = self.usage
            usage.allocated += size
            usage.peak = max(usage.peak, usage.allocated)
            return block

    def release(self, block: Block) -> None:
        """Keep a block for the next request of its size."""
        with self._lock:
            self.usage.allocated -= block.nbytes
            self._free[block.nbytes].append(block)

    def empty_cache(self) -> None:
        """Give all kept blocks back to the driver."""
        with self._lock:
            self._empty()

    def _empty(self) -> None:
        for size, blocks in self._free.items():
            self.usage.reserved -= size * len(blocks)
        self._free.clear()  # their owners end here

    def _taken(self, size: int) -> Block:
        try:
            block = self._take(size)
        except MemoryError:
            self._empty()
            try:
                block = self._take(size)
            except MemoryError as error:
                usage = self.usage
                raise OutOfMemoryError(
                    f"CUDA out of memory: tried to allocate {size:,} bytes; "
                    f"{usage.allocated:,} are in use by tensors (at most {usage.peak:,} so far). "
                    "Use smaller batches, or drop tensors that are no longer needed"
                ) from error
        self.usage.reserved += size
        return block
