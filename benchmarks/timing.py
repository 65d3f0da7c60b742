"""How two libraries are timed beside each other.

Each round times both, one after the other, and the figure is the median of the rounds' ratios: a
machine that slows down slows both. With one thread the processor's time is taken, which leaves out
what other programs do on the same cores; with more, the clock's, and each library's turn begins
after a pause, since PyTorch's threads go on spinning for a while after theirs and would hold a core
of ours. Results are compared first.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from cases.case import Case, Step

ROUND = 0.01  # seconds that a round takes at least, by repeating what is shorter
PAUSE = 0.02  # seconds before a turn of several threads


@dataclass(frozen=True)
class Figure:
    """Medians: seconds of ours and of torch, and the ratio."""

    ours: float
    theirs: float
    ratio: float


class Disagree(Exception):
    """The results of the two libraries are not the same; nothing was timed."""


def _arrays(result: object) -> list[np.ndarray]:
    if isinstance(result, (list, tuple)):
        return [array for item in result for array in _arrays(item)]
    return [np.asarray(result.detach().numpy())]  # type: ignore[attr-defined]


def _agree(case: Case, ours: object, theirs: object) -> None:
    for a, b in zip(_arrays(ours), _arrays(theirs), strict=True):
        scale = max(1.0, float(np.abs(b).max())) if b.size else 1.0
        worst = float(np.abs(a.astype(np.float64) - b).max()) / scale if b.size else 0.0
        if a.shape != b.shape or not worst <= case.tolerance:
            raise Disagree(f"{case.name}: results differ by {worst:.2e}")


def _time(clock: Callable[[], float], step: Step, repeats: int) -> float:
    if clock is time.perf_counter:
        time.sleep(PAUSE)
        step()  # wakes its threads
    start = clock()
    for _ in range(repeats):
        step()
    return (clock() - start) / repeats


def measure(
    case: Case, minitorch: ModuleType, torch: ModuleType, threads: int, rounds: int
) -> Figure:
    """The figure of one case.

    Raises:
        Disagree: if the results differ.
    """
    clock = time.process_time if threads == 1 else time.perf_counter
    ours, theirs = case.make(minitorch), case.make(torch)
    _agree(case, ours(), theirs())
    once = max(_time(time.perf_counter, theirs, 1), _time(time.perf_counter, ours, 1))
    repeats = max(1, min(1000, int(ROUND / max(once, 1e-7))))
    mine, other = [], []
    gc.collect()
    gc.disable()
    try:
        for _ in range(2):  # not counted
            _time(clock, ours, repeats), _time(clock, theirs, repeats)
        for _ in range(rounds):
            mine.append(_time(clock, ours, repeats))
            other.append(_time(clock, theirs, repeats))
    finally:
        gc.enable()
    ratios = [a / b for a, b in zip(mine, other, strict=True)]
    return Figure(statistics.median(mine), statistics.median(other), statistics.median(ratios))
