"""Pinned memory of the host: locked by the driver, so that a GPU copies from it by itself.

Locking takes long, so a block is kept when nobody uses it any more, and given out again once the
copies from it, which may still go on, have ended. Sizes are powers of two, as in PyTorch.

https://docs.pytorch.org/docs/stable/notes/cuda.html#use-pinned-memory-buffers
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from threading import Lock
from typing import Final, Protocol

from minitorch_cuda.allocator import Mark

SMALLEST: Final = 512


class HostDriver(Protocol):
    """Where locked memory comes from."""

    def lock_host(self, nbytes: int) -> int:
        """The address of new memory of the host that a GPU can read and write."""
        ...


class _Block:
    """Some memory, and the copies from it that may still go on."""

    __slots__ = ("marks", "nbytes", "pointer")

    def __init__(self, pointer: int, nbytes: int) -> None:
        self.pointer = pointer
        self.nbytes = nbytes
        self.marks: list[Mark] = []


class Pinned:
    """Pinned memory for as long as somebody holds this."""

    __slots__ = ("_block", "_mark", "_returned", "nbytes")

    def __init__(
        self, block: _Block, nbytes: int, returned: deque[_Block], mark: Callable[[int], Mark]
    ) -> None:
        self._block = block
        self._returned = returned
        self._mark = mark
        self.nbytes = nbytes

    @property
    def pointer(self) -> int:
        """The address of its first byte."""
        return self._block.pointer

    def used_by(self, device: int, /) -> None:
        """A copy of it was started on the current stream of a device: wait before reusing it."""
        self._block.marks.append(self._mark(device))

    def __del__(self) -> None:
        self._returned.append(self._block)  # only noted: the garbage collector may be the caller


class PinnedPool:
    """Gives out pinned memory, and keeps what comes back.

    Args:
        driver: locks memory.
        mark: a mark in the current stream of a device, for which a copy is to be waited.
    """

    def __init__(self, driver: HostDriver, mark: Callable[[int], Mark]) -> None:
        self._driver = driver
        self._mark = mark
        self._free: defaultdict[int, deque[_Block]] = defaultdict(deque)
        self._returned: deque[_Block] = deque()
        self._lock = Lock()

    def allocate(self, nbytes: int) -> Pinned:
        """Memory of at least `nbytes`.

        Raises:
            MemoryError: if no more can be locked.
        """
        size = max(SMALLEST, 1 << (max(nbytes, 1) - 1).bit_length())
        with self._lock:
            while self._returned:
                block = self._returned.popleft()
                self._free[block.nbytes].append(block)
            free = self._free[size]
            for _ in range(len(free)):
                block = free.popleft()
                block.marks = [mark for mark in block.marks if not mark.done()]
                if not block.marks:
                    return Pinned(block, nbytes, self._returned, self._mark)
                free.append(block)
            block = _Block(self._driver.lock_host(size), size)
            return Pinned(block, nbytes, self._returned, self._mark)
