"""minitorch beside torch, in one process: `uv run python benchmarks/compare_torch.py`.

Every number is a ratio, ours / torch (below 1: we are faster); `timing.py` says how it is taken.
The table, with the bars of each group, goes to the screen and to `benchmarks/results/`.

    --only conv            the groups or rows whose name contains this
    --threads 1            instead of 1 and 2
    --rounds 11            faster, and rougher
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import processes
from cases import GROUPS
from cases.case import Group
from timing import Disagree, Figure, measure

RESULTS = Path(__file__).parent / "results"
Figures = dict[tuple[str, int], Figure | None]  # by case and threads; None: not the same results


def _cell(figure: Figure | None, bar: float | None) -> str:
    if figure is None:
        return "differs"
    over = bar is not None and figure.ratio > bar
    return f"**{figure.ratio:.2f}**" if over else f"{figure.ratio:.2f}"


def _summary(group: Group, figures: Figures, threads: Sequence[int]) -> list[str]:
    """The lines below a group's rows: its geometric mean and its worst row, with their bars."""
    lines = []
    ratios = {
        n: [f.ratio for c in group.cases if (f := figures.get((c.name, n))) is not None]
        for n in threads
    }
    for title, bars, of in (
        ("geometric mean", group.mean, lambda r: math.exp(sum(map(math.log, r)) / len(r))),
        ("worst", group.worst, max),
    ):
        if len(group.cases) > 1 and all(ratios.values()):
            cells = []
            for n in threads:
                value = of(ratios[n])
                bar = None if bars is None else bars[min(n, 2) - 1]
                aim = "" if bar is None else f" (bar {bar:g})"
                figure = f"**{value:.2f}**" if bar is not None and value > bar else f"{value:.2f}"
                cells.append(figure + aim)
            lines.append(f"| *{title}* | {' | '.join(cells)} |")
    return lines


def table(groups: Sequence[Group], figures: Figures, threads: Sequence[int]) -> str:
    """All groups in Markdown; what is above its bar is bold."""
    head = "| work | " + " | ".join(f"{n} thread{'s' * (n > 1)}" for n in threads) + " |"
    lines = []
    for group in groups:
        lines += ["", f"**{group.title}**", "", head, "|---" * (len(threads) + 1) + "|"]
        for case in group.cases:
            cells = []
            for n in threads:
                worst = None if group.worst is None else group.worst[min(n, 2) - 1]
                bar = worst if case.bar is None else case.bar[min(n, 2) - 1]
                aim = "" if case.bar is None else f" (bar {bar:g})"
                cells.append(_cell(figures[case.name, n], bar) + aim)
            lines.append(f"| {case.name} | {' | '.join(cells)} |")
        lines += _summary(group, figures, threads)
    return "\n".join(lines)


def main() -> None:
    """Measure every case, print the table and write it down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=31, help="rounds of each case (median taken)")
    parser.add_argument("--only", default="", help="cases whose group or name contains this")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, e.g. 1,2")
    parser.add_argument("--out", default=None, help="file in benchmarks/results")
    options = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        raise SystemExit(
            "this compares with torch, which is not installed; it is no dependency of minitorch: "
            "uv pip install torch"
        )
    # Before either library is here, whose threads might hold a core.
    others = [] if options.only else [*processes.start(), "", *processes.memory(), ""]
    import torch

    import minitorch

    groups = []
    for group in GROUPS:
        cases = [c for c in group.cases if options.only in f"{group.title} {c.name}"]
        if cases:
            groups.append(Group(group.title, cases, group.mean, group.worst))
    threads = [int(n) for n in options.threads.split(",")]
    figures: Figures = {}
    load = [os.getloadavg()]
    for n in threads:
        torch.set_num_threads(n)
        minitorch.set_num_threads(n)
        for group in groups:
            for case in group.cases:
                try:
                    figure = measure(case, minitorch, torch, n, options.rounds)
                    said = f"{figure.ratio:.2f} ({figure.ours * 1e6:.1f} us against "
                    said += f"{figure.theirs * 1e6:.1f} us)"
                except Disagree as error:
                    figure, said = None, str(error)
                figures[case.name, n] = figure
                print(f"{n} threads  {group.title} / {case.name}: {said}", flush=True)
    load.append(os.getloadavg())
    import numba

    loads = " and ".join(", ".join(f"{x:.2f}" for x in each) for each in load)
    lines = [
        "# minitorch beside torch",
        "",
        "Ratios of time, ours / torch: below 1 we are faster; bold is above the bar. One process, "
        f"interleaved, medians of {options.rounds} rounds; processor time at 1 thread, the clock's "
        "at more.",
        "",
        f"`uv run python benchmarks/compare_torch.py`, {time.strftime('%Y-%m-%d')}: Python "
        f"{platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}, numba "
        f"{numba.__version__}, {os.cpu_count()} cores ({platform.machine()}), load {loads} at the "
        "start and at the end.",
        table(groups, figures, threads),
        "",
    ]
    text = "\n".join([*lines, *others])
    print(text)
    RESULTS.mkdir(exist_ok=True)
    # A part of the table does not take the place of the whole.
    name = options.out or ("compare_torch.md" if not options.only else "part.md")
    (RESULTS / name).write_text(text)


if __name__ == "__main__":
    main()
