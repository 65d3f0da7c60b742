"""Memory of large tensors, used again.

The operating system gives memory page by page, each cleared when it is first touched: that takes
longer than to compute what is written there (an addition of 1e7 numbers takes 1.8 times as long in
new memory, the activations of a training step, which are made and dropped together, up to 10
times). So the memory of a large tensor goes to a pool when the tensor dies, and the next one of
about that size gets it.

What is lent is a NumPy array that looks at a block of memory. All other arrays on that memory, also
those a user has by `x.numpy()`, and what DLPack exports, keep that one alive. When it dies, at once
and without the garbage collector, a weak reference to it tells the pool.

The pool never makes a process larger than its tensors alone made it: what is lent and what is held
are together at most what was once lent, or the blocks that were held longest are given back. And it
holds at most `limit` bytes.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_tensor.dtype import HostArray

LARGE: Final = 16_384
"""Arrays of so many elements come from the pool. To lend one takes 1 microsecond."""

LIMIT: Final = 1 << 30
"""The most bytes to hold, or a sixteenth of the machine's memory if that is less."""

_ALIGNMENT: Final = 64  # bytes: a line of the cache, and the widest vector


class _Block:
    """A piece of memory of `nbytes` bytes, aligned."""

    __slots__ = ("memory", "nbytes")

    def __init__(self, nbytes: int) -> None:
        whole: npt.NDArray[np.uint8] = np.empty(nbytes + _ALIGNMENT, np.uint8)
        start = -whole.ctypes.data % _ALIGNMENT
        # Not an array: views of an array that looks at an array keep only the latter alive.
        self.memory = whole.data[start : start + nbytes]
        self.nbytes = nbytes


class _Loan(weakref.ref[HostArray]):
    """A weak reference to an array that was lent, which knows the memory that it looks at."""

    __slots__ = ("block",)
    block: _Block


class Pool:
    """Blocks of memory that are free, and those that are lent.

    Whoever does not get the lock at once goes on without the pool. So it cannot come to a deadlock,
    also not where an array dies, or a finalizer makes one, in the midst of the pool's own code.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.lock = threading.Lock()
        self.loans: dict[int, _Loan] = {}  # to keep the weak references themselves
        self.returned: deque[_Block] = deque()  # by arrays that died, not yet counted
        self.sizes: dict[int, list[_Block]] = {}  # what is held, by size
        self.ages: dict[_Block, None] = {}  # the same, the oldest first
        self.rounded: dict[int, int] = {}  # `rounded` of sizes that were asked for
        self.held = self.lent = self.most = 0  # bytes; `most` is the most that was ever lent

    def empty(self, size: int, dtype: np.dtype[np.generic]) -> HostArray:
        """An array with any contents."""
        if not self.lock.acquire(False):
            return np.empty(size, dtype)
        try:
            block = self._take(size * dtype.itemsize)
        finally:
            self.lock.release()
        lent: HostArray = np.frombuffer(block.memory, dtype, size)
        loan = _Loan(lent, self._take_back)
        loan.block = block
        self.loans[id(loan)] = loan
        return lent

    def clear(self) -> None:
        """Give back all that is free; what is in use counts as the most that was ever lent."""
        if self.lock.acquire(timeout=1.0):
            try:
                self._count()
                self._shrink(0)
                self.most = self.lent
            finally:
                self.lock.release()

    def _take(self, wanted: int) -> _Block:
        """A block for so many bytes; the lock is held."""
        nbytes = self.rounded.get(wanted)
        if nbytes is None:
            if len(self.rounded) >= 4096:
                self.rounded.clear()
            nbytes = self.rounded[wanted] = rounded(wanted)
        if self.returned:
            self._count()
        blocks = self.sizes.get(nbytes)
        if blocks:
            block = blocks.pop()  # the latest: it may still be in the processor's cache
            del self.ages[block]
            self.held -= nbytes
        else:
            self._shrink(max(0, self.most - self.lent - nbytes))
            try:
                block = _Block(nbytes)
            except MemoryError:
                self._shrink(0)
                block = _Block(nbytes)
        self.lent += nbytes
        if self.lent > self.most:
            self.most = self.lent
        return block

    def _take_back(self, loan: weakref.ref[HostArray]) -> None:
        """What the weak reference calls when the array has died, in whatever thread that is."""
        self.returned.append(self.loans.pop(id(loan)).block)
        if self.lock.acquire(False):
            try:
                self._count()
            finally:
                self.lock.release()

    def _count(self) -> None:
        """Put the blocks that have come back among those that are held; the lock is held."""
        while self.returned:
            block = self.returned.popleft()
            nbytes = block.nbytes
            self.lent -= nbytes
            self.held += nbytes
            blocks = self.sizes.get(nbytes)
            if blocks is None:
                blocks = self.sizes[nbytes] = []
            blocks.append(block)
            self.ages[block] = None
        if self.held > self.limit:
            self._shrink(self.limit)

    def _shrink(self, most: int) -> None:
        """Hold no more than so many bytes; the lock is held."""
        while self.held > most:
            block = next(iter(self.ages))
            del self.ages[block]
            self.sizes[block.nbytes].remove(block)
            self.held -= block.nbytes


def rounded(nbytes: int) -> int:
    """The size of the block for so many bytes: at most an eighth larger.

    >>> rounded(1_000_000), rounded(1_048_576)
    (1048576, 1048576)
    """
    step = max(4096, 1 << max(0, (nbytes - 1).bit_length() - 4))
    return -(-nbytes // step) * step


def _limit() -> int:
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows does not say
        return LIMIT
    return min(LIMIT, whole // 16)


pool: Final = Pool(_limit())


def empty_cache() -> None:
    """Give the memory of dead tensors back to the operating system.

    Named after https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory.empty_cache.html

    >>> empty_cache()
    >>> pool.held
    0
    """
    pool.clear()


def _after_fork() -> None:
    """In a child, another thread of the parent may have held the lock; it is not here."""
    pool.lock = threading.Lock()
    pool.sizes, pool.ages, pool.held = {}, {}, 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
