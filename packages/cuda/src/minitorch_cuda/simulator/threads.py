"""The threads of one block, as greenlets: each runs until it must wait for others.

A kernel that never waits needs no greenlets: its threads are plain calls, one after the other.

What a thread waits for is a `Wait`: a barrier of the block, or an operation of its warp. When every
thread waits or has ended, the scheduler looks who can go on: a warp whose lanes all arrived
exchanges its values; a block whose threads all arrived passes its barrier; anything else is
divergence, an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING, Final

import numpy as np

from minitorch_cuda.simulator.errors import DivergenceError, UndefinedShuffleError
from minitorch_cuda.simulator.machine import Place, machine, place, site, spell
from minitorch_cuda.simulator.stamp import WARP, Index, Stamp, after_warp_barrier

if TYPE_CHECKING:
    from greenlet import greenlet

Exchange = Callable[[dict[int, float], int], float | None]
"""From the values of the lanes and one lane's number, what that lane receives."""


@dataclass(slots=True)
class Wait:
    """What a thread waits for. Threads go on together if their waits have one `key`."""

    key: tuple[str, int, object]  # the operation, its mask of lanes, its place in the source
    where: Place
    value: float = 0.0  # what a lane brings
    exchange: Exchange | None = None  # None for a barrier of the block


class SimThread:
    """One simulated thread: who it is, where it stopped, what it waits for."""

    __slots__ = ("answer", "greenlet", "stamp", "wait")

    def __init__(self, stamp: Stamp) -> None:
        self.stamp = stamp
        self.greenlet: greenlet | None = None
        self.wait: Wait | None = None
        self.answer: float | None = None

    @property
    def ended(self) -> bool:
        """Whether it has returned from the kernel."""
        return self.greenlet is not None and self.greenlet.dead

    @property
    def lane(self) -> int:
        """Its number within the warp."""
        return self.stamp.lane


class Block:
    """The threads of one block, and the taking of turns."""

    def __init__(self, body: Callable[[], object], stamps: Sequence[Stamp]) -> None:
        from greenlet import getcurrent, greenlet  # when the first barrier needs it

        self.threads = [SimThread(stamp) for stamp in stamps]
        self.current = self.threads[0]
        self.hub = getcurrent()

        def run() -> None:
            # Each greenlet starts with NumPy's default state, whatever the scheduler's is.
            with np.errstate(all="ignore"):
                body()

        for thread in self.threads:
            thread.greenlet = greenlet(run, self.hub)

    def run(self) -> None:
        """Let all threads run to their end."""
        global _running
        before, _running = _running, self
        try:
            ready = self.threads
            while ready:
                for thread in ready:
                    self._turn(thread)
                ready = self._released()
        finally:
            _running = before

    def _turn(self, thread: SimThread) -> None:
        assert thread.greenlet is not None
        self.current, thread.wait = thread, None
        stamp = thread.stamp
        at = machine.thread_idx
        at.x, at.y, at.z = stamp.index
        machine.stamp = stamp
        thread.greenlet.switch()

    def _released(self) -> list[SimThread]:
        """The threads that may go on, now that each of them waits or has ended."""
        first = self.threads[0].wait
        if first is not None and first.exchange is None and self._all_wait(first):
            return self._past_barrier(self.threads)
        waiting = [thread for thread in self.threads if thread.wait is not None]
        released = [t for warp in self._warps() for t in _complete(warp)]
        if released or not waiting:
            return released
        self._check_convergence(waiting)
        return self._past_barrier(waiting)

    def _all_wait(self, wait: Wait) -> bool:
        return all(thread.wait is wait for thread in self.threads)

    def _past_barrier(self, threads: list[SimThread]) -> list[SimThread]:
        _tell("syncthreads", threads)
        for thread in threads:
            thread.stamp = thread.stamp.after_barrier()
        return threads

    def _warps(self) -> list[list[SimThread]]:
        return [self.threads[i : i + WARP] for i in range(0, len(self.threads), WARP)]

    def _check_convergence(self, waiting: list[SimThread]) -> None:
        """All threads must stand at one barrier of the block."""
        first = waiting[0]
        assert first.wait is not None
        machine.stamp = first.stamp
        for other in self.threads:
            if other.ended:
                rest = f"{other.stamp} has ended and will never arrive"
            elif other.wait is not None and other.wait.key != first.wait.key:
                rest = f"{other.stamp} waits in {other.wait.key[0]}{spell(other.wait.where)}"
            else:
                continue
            error = DivergenceError(
                f"{machine.who()} waits in {first.wait.key[0]}{spell(first.wait.where)}\n"
                f"  but {rest}"
            )
            error.where = first.wait.where
            raise error


_running: Block | None = None


def pause(wait: Wait) -> float | None:
    """Stop the running thread until those that it waits for have arrived.

    Raises:
        RuntimeError: outside a kernel, or if the simulator had not seen that the kernel waits.
    """
    running = _running
    if running is None:
        machine.now()
        raise RuntimeError(
            f"{machine.who()} calls {wait.key[0]} by a name that the simulator did not see; "
            f"call it as cuda.{wait.key[0]}, in the kernel or in a function of a module"
            f"{spell(wait.where)}"
        )
    thread = running.current
    thread.wait = wait
    running.hub.switch()
    return thread.answer


def _tell(name: str, threads: list[SimThread]) -> None:
    if machine.recorder is not None:
        waits = [thread.wait for thread in threads]
        wheres = [wait.where for wait in waits if wait is not None]
        machine.recorder.released(name, [thread.stamp for thread in threads], wheres)


def _complete(warp: list[SimThread]) -> list[SimThread]:
    """The lanes that may go on: those whose whole mask of lanes waits in the same operation."""
    released: list[SimThread] = []
    groups: dict[tuple[str, int, object], list[SimThread]] = {}
    for thread in warp:
        if thread.wait is not None and thread.wait.exchange is not None:
            groups.setdefault(thread.wait.key, []).append(thread)
    for (name, mask, _), group in groups.items():
        arrived = {thread.lane for thread in group}
        expected = {t.lane for t in warp if mask >> t.lane & 1 and not t.ended}
        if arrived != expected:
            continue
        _tell(name, group)
        values = {t.lane: t.wait.value for t in group if t.wait is not None}
        for thread in group:
            if thread.wait is not None and thread.wait.exchange is not None:
                machine.stamp = thread.stamp
                thread.answer = thread.wait.exchange(values, thread.lane)
        if name == "syncwarp":
            stamps = after_warp_barrier([thread.stamp for thread in group])
            for thread, stamp in zip(group, stamps, strict=True):
                thread.stamp = stamp
        released += group
    return released


# --- what a kernel calls, through `dsl` ----------------------------------------------------------

FULL: Final = 0xFFFFFFFF


def barrier(code: CodeType, instruction: int) -> None:
    """Wait for all threads of the block, at this place of the source."""
    pause(_barrier(code, instruction))


@lru_cache(maxsize=4096)
def _barrier(code: CodeType, instruction: int) -> Wait:
    """The wait of each thread that is there: one for all of them."""
    line = list(code.co_positions())[instruction // 2][0]
    where = code.co_filename, code.co_firstlineno if line is None else line
    return Wait(("syncthreads", FULL, (code, instruction)), where)


def warp_operation(name: str, mask: int, value: float, exchange: Exchange) -> float | None:
    """Wait for the lanes in `mask`, and take what `exchange` makes of their values."""
    lane = machine.now().lane
    if not mask >> lane & 1:
        raise DivergenceError(
            f"{machine.who()} calls {name} with the mask {mask:#010x}, in which its own lane "
            f"{lane} is missing{site()}"
        )
    return pause(Wait((name, mask, None), place(), value, exchange))


def value_of_lane(values: dict[int, float], source: int, name: str) -> float:
    """What another lane brought.

    Raises:
        UndefinedShuffleError: if that lane takes no part; the hardware would return anything.
    """
    if source not in values:
        raise UndefinedShuffleError(
            f"{machine.who()} asks in {name} for the value of lane {source}, which takes no part"
        )
    return values[source]


def run_threads(body: Callable[[], object], stamps: Sequence[Stamp], *, waits: bool) -> None:
    """Run one block: with greenlets if its kernel ever waits, else by plain calls."""
    if waits:
        Block(body, stamps).run()
        return
    at = machine.thread_idx
    for stamp in stamps:
        at.x, at.y, at.z = stamp.index
        machine.stamp = stamp
        body()


@lru_cache(maxsize=64)
def stamps_of_block(block: Index, number: int, size: Index) -> tuple[Stamp, ...]:
    """One stamp a thread, x first, as CUDA numbers the threads of a block.

    Every launch may have the same ones: stamps never change, and what bears them is forgotten.
    """
    w, h, d = size
    indices = [(x, y, z) for z in range(d) for y in range(h) for x in range(w)]
    return tuple(Stamp(i, index, number, block) for i, index in enumerate(indices))
