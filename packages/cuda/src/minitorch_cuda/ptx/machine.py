"""What the functions of a kernel see as `M`: who each thread is, memory, and the other threads.

All threads of some blocks run in step, in order: first those of the first block. `at` says which of
them run now, as a slice or as their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from minitorch_cuda.ptx.errors import Fault
from minitorch_cuda.ptx.memory import POISON, Lanes, Memory, Places, Values, Words
from minitorch_cuda.ptx.text import Variable
from minitorch_cuda.simulator.errors import SimulationError, UndefinedShuffleError
from minitorch_cuda.simulator.stamp import WARP, Index

U32 = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]


class TrapError(SimulationError):
    """A thread came to an instruction that stops the kernel."""


Passed = dict[tuple[int, int], Values]
"""What a function is called with, by the place of the parameter and an offset in it."""


class Call(Protocol):
    """Runs a function that a kernel calls."""

    def __call__(self, name: str, passed: Passed, wanted: list[int], at: Lanes, /) -> list[Values]:
        """The parts of its result that begin at these offsets."""
        ...


class Machine(Memory):
    """Threads that run in step.

    Args:
        variables: those of the kernel.
        parameters: its parameters, an array of one number each.
        grid: how many blocks there are.
        block: how many threads each of them has.
    """

    def __init__(
        self,
        variables: Sequence[Variable],
        parameters: Mapping[str, Values],
        grid: Index,
        block: Index,
    ) -> None:
        super().__init__(variables)
        self.parameters = dict(parameters)
        self.grid, self.block = grid, block
        self.threads = block[0] * block[1] * block[2]
        self.ntid_x, self.ntid_y, self.ntid_z = (np.array([n], np.uint32) for n in block)
        self.nctaid_x, self.nctaid_y, self.nctaid_z = (np.array([n], np.uint32) for n in grid)
        self.copies = Copies(self)
        self._symbols: dict[str, Words] = {}
        self.call: Call | None = None  # set by `run`

    def begin(self, first: int, blocks: int) -> None:
        """Let the threads be those of some blocks, counted along x first."""
        count = blocks * self.threads
        block, thread = np.divmod(np.arange(count), self.threads)
        self.first = first
        self.blocks: Places = block  # of each thread, among those that run now
        self.part(block, self.threads, count)
        self.tid_x, self.tid_y, self.tid_z = _indices(thread, self.block)
        self.ctaid_x, self.ctaid_y, self.ctaid_z = _indices(block + first, self.grid)
        self.laneid = (thread % WARP).astype(np.uint32)
        self.warps = block * -(-self.threads // WARP) + thread // WARP
        self.starts = np.arange(count) - thread % WARP  # the first thread of each one's warp
        self.ended = np.zeros(count, np.bool_)
        self.copies.forget()
        self._symbols.clear()

    def name(self, thread: int) -> str:
        """A thread and its block, as messages name them."""
        me = (int(self.tid_x[thread]), int(self.tid_y[thread]), int(self.tid_z[thread]))
        block = (int(self.ctaid_x[thread]), int(self.ctaid_y[thread]), int(self.ctaid_z[thread]))
        return f"thread {me} of block {block}"

    def symbol(self, name: str) -> Words:
        """Where an array lies."""
        found = self._symbols.get(name)
        if found is None:
            found = self._symbols[name] = np.array([self.symbols[name]], np.uint64)
        return found

    def numbers(self, at: Lanes) -> Places:
        """The threads that run, by their numbers."""
        found: Places = np.arange(self.count)[at]
        return found

    def trap(self, at: Lanes, no: int) -> None:
        """Stop.

        Raises:
            Fault: always.
        """
        all_ = np.ones(len(self.numbers(at)), np.bool_)
        raise Fault(TrapError, "comes to an instruction that stops the kernel", no, all_)

    # --- lanes of a warp -------------------------------------------------------------------------

    def together(self, masks: U32, at: Lanes) -> Mask:
        """Which threads can go on: all lanes that their masks name are here, or have ended."""
        numbers = self.numbers(at)
        here = np.zeros(self.count, np.bool_)
        here[numbers] = True
        here |= self.ended
        go = np.ones(len(numbers), np.bool_)
        for lane in range(min(WARP, self.threads)):
            other = self.starts[numbers] + lane
            inside = np.minimum(other, self.count - 1)
            same = (other < self.count) & (self.warps[inside] == self.warps[numbers])
            named = (masks >> np.uint32(lane)) & np.uint32(1) != 0
            go &= ~named | ~same | here[inside]
        return go

    def shuffle(
        self, how: str, a: U32, b: U32, c: U32, mask: U32, at: Lanes, no: int
    ) -> tuple[U32, Mask]:
        """`shfl.sync`: the value of another lane, and whether there is such a lane.

        Raises:
            Fault: if that lane takes no part.
        """
        numbers = self.numbers(at)
        lane = self.laneid[at].astype(np.int64)
        clamp, segment = (c & np.uint32(31)).astype(np.int64), (c >> np.uint32(8)).astype(np.int64)
        segment &= 31
        low, top = lane & segment, (lane & segment) | (clamp & ~segment)
        by = (b & np.uint32(31)).astype(np.int64)
        if how == "up":
            source, inside = lane - by, lane - by >= top
        elif how == "down":
            source, inside = lane + by, lane + by <= top
        elif how == "bfly":
            source, inside = lane ^ by, (lane ^ by) <= top
        else:
            source = low | (by & ~segment)
            inside = source <= top
        source = np.where(inside, source, lane)
        value = np.zeros(self.count, np.uint32)
        value[numbers] = a
        here = np.zeros(self.count, np.bool_)
        here[numbers] = True
        place = self.starts[numbers] + source
        kept = np.minimum(place, self.count - 1)
        wrong = (place >= self.count) | ~here[kept] | (self.warps[kept] != self.warps[numbers])
        wrong |= (mask >> source.astype(np.uint32)) & np.uint32(1) == 0
        if wrong.any():
            lane_ = int(source[np.flatnonzero(wrong)[0]])
            what = f"asks for the value of lane {lane_}, which takes no part"
            raise Fault(UndefinedShuffleError, what, no, wrong)
        return value[kept], np.broadcast_to(inside, len(numbers))

    def vote(self, how: str, a: Mask, mask: U32, at: Lanes, no: int) -> U32 | Mask:
        """`vote.sync`: where a condition holds, among the lanes of a mask."""
        numbers = self.numbers(at)
        found = self._ballot(np.broadcast_to(a, len(numbers)), numbers) & mask
        if how == "ballot":
            return found
        here = self._ballot(np.ones(len(numbers), np.bool_), numbers) & mask
        every: Mask = found == here
        none: Mask = found == 0
        return {"any": ~none, "all": every, "uni": every | none}[how]

    def active(self, at: Lanes) -> U32:
        """`activemask`: the lanes that run now."""
        numbers = self.numbers(at)
        return self._ballot(np.ones(len(numbers), np.bool_), numbers)

    def _ballot(self, a: Mask, numbers: Places) -> U32:
        bits = np.zeros(int(self.warps[-1]) + 1, np.uint32)
        one = np.where(a, np.uint32(1) << self.laneid[numbers], np.uint32(0))
        np.bitwise_or.at(bits, self.warps[numbers], one)
        found: U32 = bits[self.warps[numbers]]
        return found


class Copies:
    """The asynchronous copies of each thread: groups of copies that were not waited for yet.

    Args:
        memory: from which to which.
    """

    def __init__(self, memory: Machine) -> None:
        self._memory = memory
        self._groups: dict[int, list[list[tuple[Words, Words, int, int]]]] = {}

    def forget(self) -> None:
        """None is under way."""
        self._groups.clear()

    def _of(self, thread: int) -> list[list[tuple[Words, Words, int, int]]]:
        return self._groups.setdefault(thread, [[]])

    def start(self, to: Words, of: Words, size: int, at: Lanes, no: int) -> None:
        """Begin a copy; until it is waited for, nobody knows what is there."""
        words = size // 4
        gone = np.frombuffer(bytes([POISON] * 4), np.uint32)
        self._memory.store("shared", [gone] * words, to, at, no)
        self._memory.load("global", np.dtype(np.uint32), words, of, at, no)  # may it be read?
        for i, thread in enumerate(self._memory.numbers(at).tolist()):
            one = to[i : i + 1] if len(to) > 1 else to, of[i : i + 1] if len(of) > 1 else of
            self._of(thread)[-1].append((*one, words, no))

    def commit(self, at: Lanes) -> None:
        """Close the group of each thread."""
        for thread in self._memory.numbers(at).tolist():
            self._of(thread).append([])

    def wait(self, at: Lanes, groups: int) -> None:
        """Let all groups of these threads arrive but the last `groups` that were closed."""
        for thread in self._memory.numbers(at).tolist():
            mine, me = self._of(thread), np.array([thread])
            while len(mine) - 1 > groups:
                for to, of, words, no in mine.pop(0):
                    got = self._memory.load("global", np.dtype(np.uint32), words, of, me, no)
                    self._memory.store("shared", got, to, me, no)


def _indices(number: Places, size: Index) -> tuple[U32, U32, U32]:
    """The place in a grid of a number that counts along x first."""
    x, y = number % size[0], number // size[0] % size[1]
    z = number // (size[0] * size[1])
    return x.astype(np.uint32), y.astype(np.uint32), z.astype(np.uint32)
