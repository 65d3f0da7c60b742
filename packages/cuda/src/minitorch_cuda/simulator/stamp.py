"""Who touched a word, after which barriers: that decides whether two accesses are in an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

Index = tuple[int, int, int]

WARP: Final = 32


class Stamp:
    """A thread between two barriers: all that it does there bears this stamp.

    Attributes:
        thread: its number within the block.
        index: its place in the block.
        block: the number of the block within the grid.
        block_index: the place of the block in the grid.
        epoch: how many barriers of the block it has passed.
        warp: the number of its warp within the block.
        lane: its number within the warp.
        time: how many barriers of the warp it has passed.
        seen: for each lane of the warp, how many of that lane's times are over, as far as barriers
            of the warp tell this thread; None before the first of them.
    """

    __slots__ = (
        *("thread", "index", "block", "block_index"),
        *("epoch", "warp", "lane", "time", "seen"),
    )

    def __init__(self, thread: int, index: Index, block: int, block_index: Index) -> None:
        self.thread = thread
        self.index = index
        self.block = block
        self.block_index = block_index
        self.epoch = 0
        self.warp = thread // WARP
        self.lane = thread % WARP
        self.time = 0
        self.seen: tuple[int, ...] | None = None

    def unordered(self, later: Stamp) -> bool:
        """Whether nothing puts what is stamped so before what is stamped `later`.

        One thread runs in order. Threads of one block are ordered by a barrier of the block between
        them, threads of one warp by one of the warp too, if both take part or a third hands on what
        it has seen. Blocks are never ordered.
        """
        if self.block != later.block:
            return True
        if self.epoch != later.epoch or self.thread == later.thread:
            return False
        return self.warp != later.warp or later.seen is None or later.seen[self.lane] <= self.time

    def after_barrier(self) -> Stamp:
        """The stamp of the same thread after one more barrier of its block."""
        stamp = Stamp.__new__(Stamp)  # the half of the time of the constructor
        stamp.thread = self.thread
        stamp.index = self.index
        stamp.block = self.block
        stamp.block_index = self.block_index
        stamp.epoch = self.epoch + 1
        stamp.warp = self.warp
        stamp.lane = self.lane
        stamp.time = self.time
        stamp.seen = self.seen
        return stamp

    def __str__(self) -> str:
        return f"thread {self.index} of block {self.block_index}"


def after_warp_barrier(lanes: Sequence[Stamp]) -> list[Stamp]:
    """The stamps of these lanes of one warp after a barrier of theirs: each has seen what all have.

    >>> a, b, c = (Stamp(i, (i, 0, 0), 0, (0, 0, 0)) for i in range(3))
    >>> after_a, after_b = after_warp_barrier([a, b])
    >>> a.unordered(after_b), c.unordered(after_b)
    (False, True)
    """
    merged = [0] * WARP
    for stamp in lanes:
        if stamp.seen is not None:
            merged = [max(pair) for pair in zip(merged, stamp.seen, strict=True)]
    for stamp in lanes:
        merged[stamp.lane] = max(merged[stamp.lane], stamp.time + 1)
    seen = tuple(merged)
    found = []
    for stamp in lanes:
        later = stamp.after_barrier()
        later.epoch, later.time, later.seen = stamp.epoch, stamp.time + 1, seen
        found.append(later)
    return found
