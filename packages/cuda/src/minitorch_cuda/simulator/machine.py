"""Who runs now: the one simulated thread of the moment, its block, and its kernel.

Simulated threads take turns inside one thread of Python, so "now" is a single place. The scheduler
sets it before each turn; the names in `dsl` (`threadIdx`, `syncthreads`, ...) and the memory read
it.
"""

from __future__ import annotations

import linecache
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from minitorch_cuda.simulator.errors import SimulationError
from minitorch_cuda.simulator.stamp import WARP as WARP
from minitorch_cuda.simulator.stamp import Index, Stamp

_PACKAGE: Final = os.path.dirname(os.path.abspath(__file__))
_DSL: Final = tuple(
    os.path.join(os.path.dirname(_PACKAGE), name) for name in ("dsl.py", "instructions.py")
)


Place = tuple[str, int]
"""A line of a source: the name of its file, its number."""


class Dim3:
    """Three numbers x, y, z: an index or a size, as CUDA's threadIdx and blockDim."""

    __slots__ = ("x", "y", "z")

    def __init__(self, x: int = 0, y: int = 0, z: int = 0) -> None:
        self.x, self.y, self.z = x, y, z

    def set(self, value: Index) -> None:
        """Take the three numbers of a tuple."""
        self.x, self.y, self.z = value

    def __repr__(self) -> str:
        return f"({self.x}, {self.y}, {self.z})"


class Copies:
    """The asynchronous copies of each thread: groups of copies that were not waited for yet."""

    __slots__ = ("_groups",)

    def __init__(self) -> None:
        self._groups: dict[tuple[int, int], list[list[Callable[[], None]]]] = {}

    def _mine(self) -> list[list[Callable[[], None]]]:
        """The groups of the running thread, the last of them still open."""
        now = machine.now()
        return self._groups.setdefault((now.block, now.thread), [[]])

    def add(self, arrive: Callable[[], None]) -> None:
        """Start a copy: `arrive` does it."""
        self._mine()[-1].append(arrive)

    def commit(self) -> None:
        """Close the open group."""
        self._mine().append([])

    def wait(self, groups: int) -> None:
        """Let all groups arrive but the last `groups` that were closed."""
        mine = self._mine()
        while len(mine) - 1 > groups:
            for arrive in mine.pop(0):
                arrive()

    def forget(self) -> None:
        """Before a block: none is under way."""
        self._groups.clear()


class Recorder(Protocol):
    """Who watches a kernel: see `recording`."""

    def array(self, name: str, shape: tuple[int, ...]) -> None:
        """The running block has a shared array."""
        ...

    def note(
        self, space: str, use: str, name: str, index: int | tuple[int, ...], value: float
    ) -> None:
        """The running thread used memory."""
        ...

    def released(self, name: str, stamps: Sequence[Stamp], wheres: Sequence[Place]) -> None:
        """These threads have met, and go on."""
        ...

    def failed(self, error: SimulationError) -> None:
        """The running thread met a fault."""
        ...


class Machine:
    """The state that a running kernel sees."""

    __slots__ = (
        "block_dim",
        "block_idx",
        "copies",
        "exact",
        "grid_dim",
        "kernel",
        "lock",
        "recorder",
        "stamp",
        "thread_idx",
    )

    def __init__(self) -> None:
        self.thread_idx = Dim3()
        self.block_idx = Dim3()
        self.block_dim = Dim3()
        self.grid_dim = Dim3()
        self.kernel = ""
        self.copies = Copies()
        self.exact = False  # whether the kernel has barriers of warps
        self.stamp: Stamp | None = None
        self.recorder: Recorder | None = None
        self.lock = threading.RLock()  # one kernel at a time, whichever thread of Python asks

    def now(self) -> Stamp:
        """The stamp of the running thread.

        Raises:
            RuntimeError: if no kernel is running.
        """
        stamp = self.stamp
        if stamp is None:
            raise RuntimeError(
                "this name means something only inside a kernel: run it with "
                "minitorch_cuda.simulate(kernel, grid, block, ...)"
            )
        return stamp

    def who(self) -> str:
        """The running kernel, thread and block, as messages begin."""
        return f"{self.kernel}: {self.stamp}" if self.stamp is not None else "outside a kernel"


machine: Final = Machine()


def place() -> Place:
    """The line of the kernel that is running: the nearest caller outside the simulator."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if name not in _DSL and not name.startswith(_PACKAGE):
            break
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def spell(where: Place) -> str:
    """A line as messages show it; nothing if its source is unknown."""
    line = linecache.getline(*where).strip()
    return f"\n  line {where[1]}: {line}" if line else ""


def site() -> str:
    """The line of the kernel that is running, as messages show it."""
    return spell(place())
