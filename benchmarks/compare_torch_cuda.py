"""minitorch beside torch on one GPU: `uv run python benchmarks/compare_torch_cuda.py`.

Every row compares results first, then times both libraries (`gpu/measuring.py` says how), without
TF32 on either side. The table, with the bars, goes to the screen and to `benchmarks/results/`.

    --only conv            the groups or rows whose name contains this
    --rounds 21            rounds of each row; the median is taken
    --list                 the rows and their bars, without a GPU
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parent))

from gpu import GROUPS
from gpu.measuring import Disagree, Figure, measure
from gpu.row import Group, Row

RESULTS = Path(__file__).parent / "results"
PEAK = 1.15
"""Our peak of memory is at most so many times torch's."""


def wanted(part: str) -> list[Group]:
    """The groups, with the rows whose names contain a part."""
    groups = []
    for group in GROUPS:
        rows = [row for row in group.rows if part in f"{group.title} {row.name}"]
        if rows:
            groups.append(Group(group.title, rows))
    return groups


def aim(row: Row) -> str:
    """The bars of a row, in words."""
    words = []
    if row.bar is not None:
        words.append(f"{row.bar:.2f} of torch's time")
    if row.most is not None:
        words.append(f"{row.most:g} microseconds")
    if row.of_copy is not None:
        words.append(f"{row.of_copy:g} of a copy's bandwidth")
    if row.memory:
        words.append(f"{PEAK:g} of torch's memory")
    return ", ".join(words)


def spelled(seconds: float) -> str:
    """A time with three figures.

    >>> spelled(1.234e-5), spelled(0.0123)
    ('12.3 us', '12.3 ms')
    """
    return f"{seconds * 1e6:.3g} us" if seconds < 1e-3 else f"{seconds * 1e3:.3g} ms"


def rate(row: Row, figure: Figure) -> str:
    """Bandwidth or work a second, ours."""
    if row.flops:
        return f"{row.flops / figure.ours / 1e12:.1f} TFLOP/s"
    return f"{row.nbytes / figure.ours / 1e9:.0f} GB/s" if row.nbytes else ""


def held(row: Row, figure: Figure, copy: float) -> bool:
    """Whether all bars of a row hold; `copy` is the bandwidth of a copy, bytes a second."""
    return (
        (row.bar is None or figure.ratio <= row.bar)
        and (row.most is None or figure.ours * 1e6 <= row.most)
        and (row.of_copy is None or row.nbytes / figure.ours >= row.of_copy * copy)
        and (not row.memory or figure.our_peak <= PEAK * figure.their_peak)
    )


def line(row: Row, figure: Figure | None, copy: float) -> str:
    """A row of the table; what is over its bar is bold."""
    if figure is None:
        return f"| {row.name} | differs | | | | {aim(row)} |"
    ratio = f"{figure.ratio:.2f}"
    if not held(row, figure, copy):
        ratio = f"**{ratio}**"
    said = rate(row, figure)
    if row.memory:
        mib = [peak / (1 << 20) for peak in (figure.our_peak, figure.their_peak)]
        said = f"{mib[0]:.0f} of {mib[1]:.0f} MiB"
    times = f"{spelled(figure.ours)} | {spelled(figure.theirs)}"
    return f"| {row.name} | {ratio} | {times} | {said} | {aim(row)} |"


def ready() -> tuple[ModuleType, ModuleType]:
    """minitorch and torch, if both can use a GPU.

    Raises:
        SystemExit: if not, with what is missing.
    """
    import minitorch

    if not minitorch.cuda.is_available() or minitorch.cuda.get_device_name() == "simulator":
        raise SystemExit(
            "there is no GPU here, so nothing was measured: this compares times on an NVIDIA GPU; "
            "`python -m minitorch_cuda doctor` says what is missing"
        )
    if importlib.util.find_spec("torch") is None:
        raise SystemExit(
            "this compares with torch, which is not installed; it is no dependency of minitorch: "
            "uv pip install torch"
        )
    import torch

    if not torch.cuda.is_available():
        raise SystemExit(
            f"nothing was measured: torch {torch.__version__} cannot use the GPU that minitorch "
            "sees; install a build of torch with CUDA"
        )
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True  # torch's best
    return minitorch, torch


def copy_bandwidth(torch: ModuleType) -> float:
    """Bytes a second, read and written, of torch's copy of 512 MiB."""
    source = torch.empty(128 << 20, device="cuda")
    target = torch.empty_like(source)
    best = 0.0
    for _ in range(20):
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        target.copy_(source)
        last.record()
        last.synchronize()
        best = max(best, 2 * source.nbytes / (first.elapsed_time(last) / 1000))
    return best


def machine(torch: ModuleType) -> str:
    """The GPU, its driver and clocks, and the versions."""
    query = [
        "nvidia-smi",
        "--query-gpu=driver_version,clocks.sm,clocks.max.sm",
        "--format=csv,noheader",
    ]
    try:
        said = subprocess.run(query, capture_output=True, text=True, check=True).stdout
        driver, clock, most = (part.strip() for part in said.splitlines()[0].split(","))
        smi = f"driver {driver}, clock {clock} of {most}"
    except (OSError, subprocess.CalledProcessError, ValueError):
        smi = "driver unknown (no nvidia-smi)"
    return (
        f"{torch.cuda.get_device_name()}, {smi}; Python {platform.python_version()}, torch "
        f"{torch.__version__} (CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()})"
    )


def main() -> None:
    """Measure every row, print the table and write it down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=21, help="rounds of each row")
    parser.add_argument("--only", default="", help="rows whose group or name contains this")
    parser.add_argument("--list", action="store_true", help="print the rows and their bars")
    parser.add_argument("--out", default=None, help="file in benchmarks/results")
    options = parser.parse_args()
    groups = wanted(options.only)
    if options.list:
        for group in groups:
            print(group.title)
            for row in group.rows:
                print(f"    {row.name}: {aim(row)}")
        return
    minitorch, torch = ready()
    copy = copy_bandwidth(torch)
    lines = [
        "# minitorch beside torch on a GPU",
        "",
        f"{machine(torch)}; {time.strftime('%Y-%m-%d')}.",
        "",
        "Our time in torch's: below 1 we are faster; bold is above a bar. Medians of "
        f"{options.rounds} rounds, interleaved, timed by events of the GPU (host rows by the "
        "clock), buffers larger than the second cache, TF32 off on both sides, cuDNN's benchmark "
        f"mode on. A copy moves {copy / 1e9:.0f} GB/s.",
    ]
    for group in groups:
        lines += ["", f"**{group.title}**", "", "| work | ratio | ours | torch | | bar |"]
        lines.append("|---|---|---|---|---|---|")
        for row in group.rows:
            figure: Figure | None = None
            try:
                figure = measure(row, minitorch, torch, options.rounds)
            except Disagree as error:
                print(error, file=sys.stderr)
            for library in (minitorch, torch):  # what one row kept is not the next one's
                library.cuda.empty_cache()
            lines.append(line(row, figure, copy))
            print(lines[-1], flush=True)
    text = "\n".join([*lines, ""])
    RESULTS.mkdir(exist_ok=True)
    name = options.out or ("compare_torch_cuda.md" if not options.only else "part_cuda.md")
    (RESULTS / name).write_text(text)


if __name__ == "__main__":
    main()
