"""Device memory that is asked for once and used again: asking the driver waits for the GPU.

The driver gives segments, and blocks are cut from them. Small requests, up to 1 MiB, share segments
of 2 MiB; larger ones come from segments of their own. A request takes the smallest free block that
is large enough; what is left over of it stays free. Sizes and rules are PyTorch's, so its numbers
(`memory_allocated`, `memory_reserved`) are these.

A block belongs to the stream it was asked for on. Work on one stream is done in order, so there a
freed block may be given out at once: what still runs on it ends before what comes next. Another
stream that used it is waited for, by a mark in that stream's queue (`record_stream`).

Large free neighbours are joined at once. Small ones are joined only when nothing fits: a network
asks for the same sizes again and again, and joining blocks to cut them again costs more than all
else here.

https://docs.pytorch.org/docs/stable/notes/cuda.html#memory-management
"""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from minitorch_cuda.memory_stats import Usage, out_of_memory, size_of

GRAIN: Final = 512
SMALL: Final = 1 << 20  # the largest size of the small pool
SMALL_SEGMENT: Final = 2 << 20
LARGE_SEGMENT: Final = 20 << 20  # for requests below
LARGE: Final = 10 << 20
LARGE_GRAIN: Final = 2 << 20


class Mark(Protocol):
    """A place in the queue of a stream."""

    def done(self) -> bool:
        """Whether the GPU has come to it."""
        ...


class Queue(Protocol):
    """A stream, as the allocator knows it."""

    def mark(self) -> Mark:
        """A mark behind all that was launched on it so far."""
        ...


class Driver(Protocol):
    """Where segments come from."""

    def take(self, nbytes: int) -> int:
        """The address of new memory.

        Raises:
            MemoryError: if there is none.
        """
        ...

    def give_back(self, pointer: int) -> None:
        """Free memory."""
        ...

    def wait(self) -> None:
        """Wait for all streams."""
        ...


class Block:
    """A part of a segment: in use, or free; its neighbours in the segment."""

    __slots__ = ("after", "before", "free", "nbytes", "pointer", "pool", "shared", "used_on")

    def __init__(self, pool: Pool, pointer: int, nbytes: int) -> None:
        self.pool = pool
        self.pointer = pointer
        self.nbytes = nbytes
        self.free = False
        self.before: Block | None = None
        self.after: Block | None = None
        self.used_on: set[Queue] | None = None  # streams other than its own
        self.shared = False  # whether all streams use it

    def join(self) -> None:
        """Take in the block after this one, which is free."""
        after = self.after
        assert after is not None
        self.nbytes += after.nbytes
        self.after = after.after
        if after.after is not None:
            after.after.before = self
        after.nbytes = 0  # it is no block any more

    def cut(self, nbytes: int) -> Block:
        """Keep the first `nbytes`; the rest is a new block."""
        rest = Block(self.pool, self.pointer + nbytes, self.nbytes - nbytes)
        rest.before, rest.after = self, self.after
        if self.after is not None:
            self.after.before = rest
        self.after = rest
        self.nbytes = nbytes
        return rest


class Pool:
    """The free blocks of one stream and kind, by size."""

    __slots__ = ("bins", "sizes", "small")

    def __init__(self, *, small: bool) -> None:
        self.small = small
        self.bins: dict[int, dict[Block, None]] = {}  # a dict keeps the order, and forgets fast
        self.sizes: list[int] = []  # the keys of bins, sorted

    def put(self, block: Block) -> None:
        """Keep a free block."""
        block.free = True
        size = block.nbytes
        kept = self.bins.get(size)
        if kept is None:
            kept = self.bins[size] = {}
            insort(self.sizes, size)
        kept[block] = None

    def remove(self, block: Block) -> None:
        """Forget a free block."""
        del self.bins[block.nbytes][block]

    def fitting(self, nbytes: int) -> Block | None:
        """The smallest free block of at least `nbytes`, which is kept no more."""
        sizes = self.sizes
        for i in range(bisect_left(sizes, nbytes), len(sizes)):
            kept = self.bins[sizes[i]]
            if kept:
                return kept.popitem()[0]
        return None

    def keep(self, block: Block) -> None:
        """Take a block that is not used any more; if it is large, join it with free neighbours."""
        if not self.small:
            after, before = block.after, block.before
            if after is not None and after.free:
                self.remove(after)
                block.join()
            if before is not None and before.free:
                self.remove(before)
                before.join()
                block = before
        self.put(block)

    def join_all(self) -> None:
        """Join all free neighbours."""
        kept = [block for bin in self.bins.values() for block in bin]
        self.bins.clear()
        self.sizes.clear()
        for block in kept:
            if block.nbytes and (block.before is None or not block.before.free):
                while block.after is not None and block.after.free:
                    block.join()
        for block in kept:
            if block.nbytes:
                self.put(block)

    def whole(self) -> list[Block]:
        """The free blocks that are whole segments, which are kept no more."""
        self.join_all()
        found = [b for bin in self.bins.values() for b in bin if b.before is b.after is None]
        for block in found:
            self.remove(block)
        return found


NOTHING: Final = Block(Pool(small=True), 0, 0)
"""The memory of an empty tensor."""


class CachingAllocator:
    """Gives out blocks of one device, and keeps those that come back.

    Args:
        driver: gives segments.
        device: as messages name it.
        queues: gives all streams of the device.

    Attributes:
        limit: how many bytes may be taken from the driver, if not as many as it has.
        release: keeps a block, no longer in use, for later requests. It only notes it: a tensor may
            be freed by the garbage collector at any line, also of this class.
    """

    def __init__(
        self,
        driver: Driver,
        device: str = "cuda:0",
        queues: Callable[[], Sequence[Queue]] = tuple,
    ) -> None:
        self._driver = driver
        self._device = device
        self._queues = queues
        self._pools: dict[Queue, tuple[Pool, Pool]] = {}  # for large blocks, and for small ones
        self._waiting: deque[tuple[Block, list[Mark]]] = deque()
        self._returned: deque[Block] = deque()
        self._lock = threading.Lock()
        self._usage = Usage()
        self.limit: int | None = None
        self.release: Callable[[Block], None] = self._returned.append

    @property
    def usage(self) -> Usage:
        """The counters."""
        with self._lock:
            self._take_in()
            return self._usage

    def allocate(self, nbytes: int, queue: Queue) -> Block:
        """A block of at least `nbytes` for work on a stream.

        Raises:
            OutOfMemoryError: if the driver has none, and giving back what is kept does not help.
        """
        if not nbytes:
            return NOTHING
        size = (nbytes + GRAIN - 1) // GRAIN * GRAIN
        small = size <= SMALL
        with self._lock:
            if self._returned:
                self._take_in()
            if self._waiting:
                self._look_at_marks()
            pools = self._pools.get(queue)
            if pools is None:
                pools = self._pools[queue] = Pool(small=False), Pool(small=True)
            pool = pools[small]
            kept = pool.bins.get(size)
            block = kept.popitem()[0] if kept else self._found(pool, size)
            block.free = False
            self._usage.allocate(block.nbytes, small)
            return block

    def record(self, block: Block, queue: Queue) -> None:
        """Another stream uses a block: when it is released, that stream must be waited for."""
        if block.nbytes:
            with self._lock:
                block.used_on = {*(block.used_on or ()), queue}

    def share(self, block: Block) -> None:
        """All streams use a block, also those that come later."""
        block.shared = True

    def empty_cache(self) -> None:
        """Give all segments that are wholly free back to the driver."""
        with self._lock:
            self._take_in()
            self._look_at_marks()
            self._trim()

    # --- the parts ---------------------------------------------------------------------------

    def _take_in(self) -> None:
        """Keep what came back."""
        returned, usage = self._returned, self._usage
        while returned:
            block = returned.popleft()
            size, pool = block.nbytes, block.pool
            if not size:  # nothing, or not ours
                continue
            usage.release(size, pool.small)
            used_on = self._queues() if block.shared else block.used_on
            if used_on:
                self._waiting.append((block, [queue.mark() for queue in used_on]))
                block.used_on, block.shared = None, False
            elif pool.small:
                pool.put(block)
            else:
                pool.keep(block)

    def _look_at_marks(self) -> None:
        """Keep the blocks that other streams have done with."""
        for _ in range(len(self._waiting)):
            block, marks = self._waiting.popleft()
            left = [mark for mark in marks if not mark.done()]
            if left:
                self._waiting.append((block, left))
            else:
                block.pool.keep(block)

    def _found(self, pool: Pool, size: int) -> Block:
        """A block of at least `size`: a free one, or one of a new segment."""
        block = pool.fitting(size)
        if block is None and pool.small:
            pool.join_all()
            block = pool.fitting(size)
        if block is None:
            block = self._segment(pool, size)
        rest = block.nbytes - size
        if rest >= GRAIN if pool.small else rest > SMALL:
            pool.put(block.cut(size))
        return block

    def _segment(self, pool: Pool, size: int) -> Block:
        nbytes = segment_size(size)
        try:
            pointer = self._taken(nbytes)
        except MemoryError:
            self._driver.wait()  # after which no stream uses what waits
            self._look_at_marks()
            self._trim()
            self._usage.retries += 1
            try:
                pointer = self._taken(nbytes)
            except MemoryError as error:
                self._usage.failures += 1
                raise out_of_memory(self._device, size, self._usage, str(error)) from error
        self._usage.reserve(nbytes, pool.small)
        return Block(pool, pointer, nbytes)

    def _taken(self, nbytes: int) -> int:
        """Memory of the driver's, within the limit.

        Raises:
            MemoryError: if there is none.
        """
        if self.limit is not None and self._usage.reserved[2].current + nbytes > self.limit:
            raise MemoryError(f"this process may take no more than {size_of(self.limit)} of it")
        return self._driver.take(nbytes)

    def _trim(self) -> None:
        for pools in self._pools.values():
            for pool in pools:
                for block in pool.whole():
                    self._driver.give_back(block.pointer)
                    self._usage.unreserve(block.nbytes, pool.small)


def segment_size(size: int) -> int:
    """How much is asked of the driver for a request of a size.

    >>> [segment_size(n) >> 20 for n in (512, 2 << 20, 30 << 20)]
    [2, 20, 30]
    """
    if size <= SMALL:
        return SMALL_SEGMENT
    if size < LARGE:
        return LARGE_SEGMENT
    return (size + LARGE_GRAIN - 1) // LARGE_GRAIN * LARGE_GRAIN
