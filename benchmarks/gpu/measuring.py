"""How two libraries are timed on one GPU.

Results are compared first. Then each round times both, one after the other, by events of the GPU
around a number of calls, and the figure is the median of the rounds. The calls go round several
sets of buffers that together are larger than the second cache, so that what is read comes from
memory. For host times the clock of the host is read instead, and the GPU emptied after each round.
"""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from .row import Row, Step

CACHE = 128 << 20
"""More than twice the second cache of an H100 or H200."""

MOST_SETS = 16
ROUND = 2e-3
"""Seconds that a round takes at least, by repeating what is shorter."""


@dataclass(frozen=True)
class Figure:
    """Medians in seconds, and peaks of memory in bytes."""

    ours: float
    theirs: float
    our_peak: int = 0
    their_peak: int = 0

    @property
    def ratio(self) -> float:
        """Our time in torch's."""
        return self.ours / self.theirs


class Disagree(Exception):
    """The results of the two libraries are not the same; nothing was timed."""


def arrays(result: object) -> list[np.ndarray]:
    """Results as arrays of the host."""
    if isinstance(result, (list, tuple)):
        return [one for item in result for one in arrays(item)]
    return [np.asarray(result.detach().to("cpu").numpy())]  # type: ignore[attr-defined]


def agree(row: Row, ours: object, theirs: object) -> None:
    """Compare results.

    Raises:
        Disagree: if they differ.
    """
    for a, b in zip(arrays(ours), arrays(theirs), strict=True):
        scale = max(1.0, float(np.abs(b).max())) if b.size else 1.0
        worst = float(np.abs(a.astype(np.float64) - b).max()) / scale if b.size else 0.0
        if a.shape != b.shape or not worst <= row.tolerance:
            raise Disagree(f"{row.name}: results differ by {worst:.2e}")


class Turn:
    """One library's side: steps on rotating buffers, and how long some of them take."""

    def __init__(self, row: Row, torch: ModuleType) -> None:
        sets = 1
        if row.nbytes and not row.host:
            sets = min(max(-(-CACHE // row.nbytes), 2), MOST_SETS)
        self.steps: list[Step] = [row.make(torch, "cuda") for _ in range(sets)]
        self.torch = torch
        self.host = row.host
        self.next = 0

    def _call(self) -> None:
        self.steps[self.next]()
        self.next = (self.next + 1) % len(self.steps)

    def seconds(self, calls: int) -> float:
        """Of one call, on the average of so many."""
        cuda = self.torch.cuda
        if self.host:
            cuda.synchronize()
            start = time.perf_counter()
            for _ in range(calls):
                self._call()
            taken = time.perf_counter() - start
            cuda.synchronize()
            return taken / calls
        first, last = (cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        for _ in range(calls):
            self._call()
        last.record()
        last.synchronize()
        return first.elapsed_time(last) / 1000 / calls

    def peak(self) -> int:
        """Bytes that one more step needs at most, and all that is kept."""
        cuda = self.torch.cuda
        cuda.synchronize()
        cuda.reset_peak_memory_stats()
        self._call()
        cuda.synchronize()
        return int(cuda.max_memory_allocated())


def measure(row: Row, minitorch: ModuleType, torch: ModuleType, rounds: int) -> Figure:
    """The figure of one row.

    Raises:
        Disagree: if the results differ.
    """
    gc.collect()
    turns = [Turn(row, library) for library in (minitorch, torch)]
    ours, theirs = turns
    agree(row, ours.steps[0](), theirs.steps[0]())
    for _ in range(2):  # not counted: kernels are compiled, memory is found
        once = max(turn.seconds(2) for turn in turns)
    calls = max(1, min(2000, int(ROUND / max(once, 1e-7))))
    samples: list[list[float]] = [[], []]
    gc.disable()
    try:
        for _ in range(rounds):
            for turn, taken in zip(turns, samples, strict=True):
                taken.append(turn.seconds(calls))
    finally:
        gc.enable()
    medians = [statistics.median(taken) for taken in samples]
    peaks = [turn.peak() for turn in turns] if row.memory else [0, 0]
    return Figure(medians[0], medians[1], peaks[0], peaks[1])
