"""A kernel watched at work: what each thread did at each step, to look at one step after the other.

A step is one use of memory, one barrier, or one operation of a warp. The simulator runs a thread
until it must wait, a GPU runs them side by side; so the first use of each thread after a barrier is
put into the same step, the second into the next, and so on. In a kernel without faults no order but
that of the barriers shows in the result.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_cuda.simulator.errors import SimulationError
from minitorch_cuda.simulator.machine import Place, machine, place
from minitorch_cuda.simulator.run import Size, launch, pointers, three
from minitorch_cuda.simulator.stamp import Index, Stamp
from minitorch_cuda.simulator.traced import TracedPointer

LIMIT: Final = 20_000
"""A recording of more events would be no drawing any more."""


@dataclass(frozen=True, slots=True)
class Event:
    """What one thread did at one step.

    Attributes:
        step: when, from 0 on; blocks run side by side.
        block: the number of its block in the grid.
        thread: its number in the block.
        kind: `global read`, `global write`, `global atomic`, the same with `shared` and `local`,
            `barrier`, `warp`, or `error`.
        what: the element, `tile[3]`; the name of the barrier or operation; the error's message.
        value: what was read or written, as text.
        line: of the kernel's source, from 1 on; 0 if it was in a function elsewhere.
    """

    step: int
    block: int
    thread: int
    kind: str
    what: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class SharedState:
    """An array of a block's shared memory at the end of a step; None where nothing was written."""

    block: int
    name: str
    shape: tuple[int, ...]
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What all threads did at one step, and what shared memory holds then."""

    number: int
    events: tuple[Event, ...]
    shared: tuple[SharedState, ...]


@dataclass(frozen=True)
class Trace:
    """All that a kernel did.

    Attributes:
        kernel: its name.
        grid: how many blocks.
        block: how many threads in each.
        source: the lines of the kernel.
        first_line: the number of the first of them in its file.
        events: in order of steps.
        error: what went wrong, if anything did: nothing is recorded after it.
    """

    kernel: str
    grid: Index
    block: Index
    source: tuple[str, ...]
    first_line: int
    events: tuple[Event, ...]
    arrays: tuple[tuple[int, str, tuple[int, ...]], ...]
    writes: tuple[tuple[int, int, str, int, str], ...]
    error: SimulationError | None = None

    @property
    def threads(self) -> int:
        """How many threads a block has."""
        return self.block[0] * self.block[1] * self.block[2]

    @property
    def length(self) -> int:
        """How many steps there are."""
        return 1 + max((event.step for event in self.events), default=-1)

    def steps(self) -> list[Step]:
        """One step after the other.

        >>> from minitorch_cuda.kernels.practice import add_one
        >>> trace = record(add_one, 1, 2, np.empty(2), np.ones(2), 2)
        >>> [[event.kind for event in step.events] for step in trace.steps()]
        [['global read', 'global read'], ['global write', 'global write']]
        """
        events: list[list[Event]] = [[] for _ in range(self.length)]
        for event in self.events:
            events[event.step].append(event)
        held: dict[tuple[int, str], list[str | None]] = {
            (block, name): [None] * int(np.prod(shape)) for block, name, shape in self.arrays
        }
        waiting = sorted(self.writes, key=lambda write: write[0])
        found, done = [], 0
        for number in range(self.length):
            while done < len(waiting) and waiting[done][0] <= number:
                _, block, name, word, value = waiting[done]
                held[block, name][word] = value
                done += 1
            shared = tuple(
                SharedState(block, name, shape, tuple(held[block, name]))
                for block, name, shape in self.arrays
            )
            found.append(Step(number, tuple(events[number]), shared))
        return found

    def count(self, kind: str) -> int:
        """How many events are of a kind; `count("shared")` takes reads, writes and atomics."""
        return sum(event.kind == kind or event.kind.split()[0] == kind for event in self.events)

    def to_html(self, path: str | Path) -> Path:
        """Draw it: one page that needs no network, with buttons for one step forward and back.

        Returns:
            Where it was written.
        """
        from minitorch_cuda.simulator.drawing import drawn  # it draws what is defined here

        target = Path(path)
        target.write_text(drawn(self), encoding="utf-8")
        return target


def record(
    kernel: Callable[..., None],
    grid: Size,
    block: Size,
    *arguments: npt.NDArray[np.generic] | float,
) -> Trace:
    """Run a kernel as `simulate` does, and write down what each thread does.

    Args:
        kernel: a function written with the names of `minitorch_cuda.dsl`.
        grid: the number of blocks: n, (x, y) or (x, y, z).
        block: the number of threads in each block.
        arguments: as those of `simulate`; arrays are changed in the same way.

    Returns:
        The trace. If the simulator found a fault the trace ends there, and holds it as `error`.

    Raises:
        ValueError: if more happens than can be drawn, or for what `simulate` refuses.

    >>> from minitorch_cuda.kernels.practice import sum_practice
    >>> trace = record(sum_practice, 1, 32, np.empty(1), np.ones(32), 32)
    >>> trace.count("shared write"), trace.count("barrier") // trace.threads, trace.error
    (63, 6, None)
    """
    recorder = Recorder(kernel)
    before, machine.recorder = machine.recorder, recorder
    error = None
    try:
        seen = pointers(kernel, arguments, TracedPointer)
        launch(kernel, kernel.__name__, three(grid), three(block), seen)
    except SimulationError as found:
        error = found
    finally:
        machine.recorder = before
    return recorder.trace(three(grid), three(block), error)


@dataclass
class Recorder:
    """What the simulator tells, in the order in which it runs."""

    kernel: Callable[..., None]
    events: list[Event] = field(default_factory=list)
    arrays: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)
    writes: list[tuple[int, int, str, int, str]] = field(default_factory=list)
    clocks: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = self.kernel.__name__
        self.file, self.first_line, self.source = _source(self.kernel)

    def array(self, name: str, shape: tuple[int, ...]) -> None:
        """The running block has a shared array."""
        self.arrays.append((machine.now().block, name, shape))

    def note(
        self, space: str, use: str, name: str, index: int | tuple[int, ...], value: float
    ) -> None:
        """The running thread used memory."""
        now = machine.now()
        step = self.clocks.get((now.block, now.thread), 0)
        indices = index if isinstance(index, tuple) else (index,)
        text = _short(value)
        what = f"{name}[{', '.join(str(i) for i in indices)}]"
        self._add(Event(step, now.block, now.thread, f"{space} {use}", what, text, self._line()))
        self.clocks[now.block, now.thread] = step + 1
        if space == "shared" and use != "read":
            shape = next(s for b, n, s in self.arrays if (b, n) == (now.block, name))
            word = int(np.ravel_multi_index(indices, shape))
            self.writes.append((step, now.block, name, word, text))

    def released(self, name: str, stamps: Sequence[Stamp], wheres: Sequence[Place]) -> None:
        """These threads have met, and go on."""
        step = max(self.clocks.get((stamp.block, stamp.thread), 0) for stamp in stamps)
        kind = "barrier" if name == "syncthreads" else "warp"
        for stamp, where in zip(stamps, wheres, strict=True):
            line = where[1] - self.first_line + 1 if where[0] == self.file else 0
            self._add(Event(step, stamp.block, stamp.thread, kind, name, "", line))
            self.clocks[stamp.block, stamp.thread] = step + 1

    def failed(self, error: SimulationError) -> None:
        """The running thread met a fault."""
        now = machine.stamp
        if now is not None:
            step = self.clocks.get((now.block, now.thread), 0)
            line = self._line_of(error)
            self._add(Event(step, now.block, now.thread, "error", str(error), "", line))

    def trace(self, grid: Index, block: Index, error: SimulationError | None) -> Trace:
        """All of it."""
        return Trace(
            kernel=self.name,
            grid=grid,
            block=block,
            source=self.source,
            first_line=self.first_line,
            events=tuple(sorted(self.events, key=lambda e: (e.step, e.block, e.thread))),
            arrays=tuple(self.arrays),
            writes=tuple(self.writes),
            error=error,
        )

    def _add(self, event: Event) -> None:
        if len(self.events) >= LIMIT:
            raise ValueError(
                f"record: {self.name} does more than {LIMIT} things; record fewer threads, or "
                "less work"
            )
        self.events.append(event)

    def _line(self) -> int:
        file, line = place()
        return line - self.first_line + 1 if file == self.file else 0

    def _line_of(self, error: SimulationError) -> int:
        """Where it was raised: the last line of the kernel in its traceback, or what it says."""
        where = error.where
        found = 0 if where is None or where[0] != self.file else where[1] - self.first_line + 1
        traceback = error.__traceback__
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if code.co_filename == self.file and not found:
                found = traceback.tb_lineno - self.first_line + 1
            traceback = traceback.tb_next
        return found if 0 < found <= len(self.source) else 0


def _source(kernel: Callable[..., None]) -> tuple[str, int, tuple[str, ...]]:
    """The file of a kernel, and its lines: as far as its code goes."""
    if not isinstance(kernel, FunctionType):
        return "", 1, ()
    code = kernel.__code__
    first = code.co_firstlineno
    last = max((line for _, _, line in code.co_lines() if line is not None), default=first)
    lines = tuple(linecache.getline(code.co_filename, i).rstrip() for i in range(first, last + 1))
    return code.co_filename, first, lines


def _short(value: float) -> str:
    """A number in few letters."""
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(int(value))
