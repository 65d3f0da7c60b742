"""minitorch beside torch, in one process: `uv run python benchmarks/compare_torch.py`.

Every number is a ratio, ours / torch (below 1: we are faster). Each round times both libraries one
after the
other, and the figure is the median of the rounds' ratios: a machine that slows down slows both.
Results of the
two are compared before they are timed. The table goes to the screen and to `benchmarks/results/`.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from cases import CASES, Case, Step

RESULTS = Path(__file__).parent / "results"


def _arrays(result: object) -> list[np.ndarray]:
    if isinstance(result, (list, tuple)):
        return [np.asarray(item.detach().numpy()) for item in result]
    return _arrays([result])


def _agree(case: Case, ours: object, theirs: object) -> None:
    for a, b in zip(_arrays(ours), _arrays(theirs), strict=True):
        scale = max(1.0, float(np.abs(b).max())) if b.size else 1.0
        worst = float(np.abs(a.astype(np.float64) - b).max()) / scale if b.size else 0.0
        if a.shape != b.shape or worst > case.tolerance:
            raise SystemExit(
                f"{case.group} / {case.name}: results differ by {worst:.2e}; not timed"
            )


def _time(step: Step, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats


def measure(case: Case, minitorch: ModuleType, torch: ModuleType, rounds: int) -> list[float]:
    """Median seconds of ours and of torch, and the median ratio."""
    ours, theirs = case.make(minitorch), case.make(torch)
    _agree(case, ours(), theirs())
    once = max(_time(theirs, 1), _time(ours, 1))
    repeats = max(1, min(1000, int(0.01 / max(once, 1e-7))))
    _time(ours, repeats), _time(theirs, repeats)
    mine, other = [], []
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        mine.append(_time(ours, repeats))
        other.append(_time(theirs, repeats))
    gc.enable()
    ratios = [a / b for a, b in zip(mine, other, strict=True)]
    return [statistics.median(mine), statistics.median(other), statistics.median(ratios)]


def _table(rows: Iterable[tuple[Case, dict[int, list[float]]]], threads: list[int]) -> str:
    head = "| work | " + " | ".join(f"{n} thread{'s' * (n > 1)}" for n in threads) + " |"
    lines, group = [], ""
    for case, figures in rows:
        if case.group != group:
            group = case.group
            lines += ["", f"**{group}**", "", head, "|---" * (len(threads) + 1) + "|"]
        cells = " | ".join(f"{figures[n][2]:.2f}" for n in threads)
        lines.append(f"| {case.name} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Measure every case, print the table and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="rounds of each case (median taken)")
    parser.add_argument("--only", default="", help="cases whose group or name contains this")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, e.g. 1,2")
    parser.add_argument("--out", default="compare_torch.md", help="file in benchmarks/results")
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        raise SystemExit(
            "this compares with torch, which is not installed; it is no dependency of minitorch: "
            "uv pip install torch"
        ) from None
    import minitorch

    cases = [c for c in CASES if options.only in f"{c.group} {c.name}"]
    threads = [int(n) for n in options.threads.split(",")]
    rows: list[tuple[Case, dict[int, list[float]]]] = [(case, {}) for case in cases]
    for n in threads:
        torch.set_num_threads(n)
        minitorch.set_num_threads(n)
        for case, figures in rows:
            figures[n] = measure(case, minitorch, torch, options.rounds)
            ours, theirs, ratio = figures[n]
            print(
                f"{n} threads  {case.group} / {case.name}: {ratio:.2f} "
                f"({ours * 1e6:.1f} us against {theirs * 1e6:.1f} us)",
                flush=True,
            )
    import numba

    load = ", ".join(f"{x:.2f}" for x in os.getloadavg())
    text = "\n".join(
        [
            "# minitorch beside torch",
            "",
            "Ratios of time, ours / torch: below 1 we are faster. One process, interleaved, "
            "medians of "
            f"{options.rounds} rounds.",
            "",
            f"`uv run python benchmarks/compare_torch.py`, {time.strftime('%Y-%m-%d')}: Python "
            f"{platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}, "
            "numba "
            f"{numba.__version__}, {os.cpu_count()} cores ({platform.machine()}), load {load} at "
            "the end.",
            _table(rows, threads),
            "",
        ]
    )
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / options.out).write_text(text)


if __name__ == "__main__":
    main()
