"""What a kernel found wrong with its input, told to the host without making it wait.

A kernel cannot raise. One that meets an index outside leaves the number of that element in a word
of memory which the host can read at any time; the host looks at it when it next waits for the GPU
anyway, and raises then. So `gather` costs no wait, and a wrong label is named all the same, though
a few lines late; in blocking mode, and in the simulator, at once.

The words lie in pinned memory of the host, a ring of them: one for each launch that was not waited
for yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple
from weakref import ReferenceType, ref

import numpy as np
import numpy.typing as npt

from minitorch_cuda.driver import BLOCKING
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Buffer

NONE_BAD: Final = (1 << 63) - 1
"""What a word holds while nothing was found."""

WORDS: Final = 1024


class Check(NamedTuple):
    """What a launch looks for: an index outside [low, size).

    Attributes:
        operation: what it is an index of.
        layout: of the index.
        size: that of the dimension it counts.
        dim: which that is.
        message: what to say, if that is all there is to say.
        error: what to raise.
        low: the smallest that is right: -size where indices may count from the end.
    """

    operation: str
    layout: Layout
    size: int
    dim: int
    message: str = ""
    error: type[Exception] = IndexError
    low: int = 0


class _Pending(NamedTuple):
    """A launch that may find something, and on which queue it runs.

    Its index is not kept alive: that memory may be large, and the launch may be long past.
    """

    slot: int
    queue: object
    check: Check
    memory: ReferenceType[Buffer]  # of the index


class Faults:
    """The words of one device.

    Args:
        words: the memory, which kernels write and the host reads.
        wait: waits for the device, when all words are taken.
        download: reads an index, to say what is wrong with it.
    """

    def __init__(
        self,
        words: npt.NDArray[np.int64],
        wait: Callable[[], None],
        download: Callable[[Buffer], HostArray],
    ) -> None:
        words[:] = NONE_BAD
        self._words = words
        self._wait = wait
        self._download = download
        self._free = list(range(len(words) - 1, -1, -1))
        self._pending: deque[_Pending] = deque()

    def expect(self, check: Check, index: Buffer, queue: object) -> int:
        """The number of a word for a launch on a queue that reads an index."""
        if not self._free:
            self._wait()  # a program that never looks at a number: once in a thousand launches
            self.look()
        slot = self._free.pop()
        self._pending.append(_Pending(slot, queue, check, ref(index)))
        return slot

    def look(self, queue: object = None) -> None:
        """Raise what was found, after waiting for a queue, or for all.

        Raises:
            IndexError: if an index was outside; the first such launch is named.
            Exception: what else a check says.
        """
        found: tuple[_Pending, int] | None = None
        for _ in range(len(self._pending)):
            pending = self._pending.popleft()
            if queue is not None and pending.queue is not queue:
                self._pending.append(pending)
                continue
            number = int(self._words[pending.slot])
            self._words[pending.slot] = NONE_BAD
            self._free.append(pending.slot)
            if number != NONE_BAD and found is None:
                found = pending, number
        if found is not None:
            raise found[0].check.error(self._message(*found))

    def _message(self, pending: _Pending, number: int) -> str:
        check = pending.check
        if check.message:
            return check.message
        layout = check.layout
        where = tuple(int(i) for i in np.unravel_index(number, layout.shape))
        offset = layout.offset + sum(i * s for i, s in zip(where, layout.strides, strict=True))
        value = self._value(pending, offset)
        bounds = f"is out of bounds for dimension {check.dim} with size {check.size}"
        if value is not None:
            return f"{check.operation}: index {value} at position {where} {bounds}"
        return (
            f"{check.operation}: the index at position {where} {bounds}; it is in memory no more, "
            f"{BLOCKING[0]}=1 tells it"
        )

    def _value(self, pending: _Pending, offset: int) -> int | None:
        """The index, if its memory still holds it."""
        index = pending.memory()
        if index is None:
            return None
        value = int(self._download(index)[offset])
        # What is right by now was written over since.
        return None if pending.check.low <= value < pending.check.size else value
