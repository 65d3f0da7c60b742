"""The ladder of matrix products on a GPU: what each rung gains, and what its code is made of.

    uv run python benchmarks/cuda_ladder.py                 TFLOP/s, on a GPU
    uv run python benchmarks/cuda_ladder.py --static        the compiled code alone: needs no GPU
    uv run python benchmarks/cuda_ladder.py --write         the same, into benchmarks/results
    MINITORCH_CUDA=simulator uv run python benchmarks/cuda_ladder.py --sizes 16     a trial run

A time is the median of runs between two events, after one that is not counted; before each run
another buffer is filled, so that nothing is left in the cache. Every product is compared with
NumPy's first. Where torch has a GPU, its product (TF32 off) is the last line.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import minitorch_cuda as cuda
import minitorch_tensor as t
from minitorch_cuda.choice import choice
from minitorch_cuda.gates.gate import architecture
from minitorch_cuda.kernels.ladder.rungs import RUNGS, Rung, rung_kernel
from minitorch_tensor.dtype import float32

RUNS = 20
FLUSHED = 64 << 20  # elements of a buffer that is larger than any cache
RESULT = Path(__file__).with_name("results") / "cuda_ladder.md"


def milliseconds(run: Callable[[], object], flush: Callable[[], object]) -> float:
    """The median of event-timed runs."""
    run()
    times = []
    for _ in range(RUNS):
        flush()
        begin, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return statistics.median(times)


def teraflops(rung: Rung, n: int, *, large: bool) -> float:
    """How many 10**12 multiplications and additions a second a rung does for n x n matrices."""
    launcher = choice.get()
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, n, n), np.float32)
    plan = rung.plan(n, n, n, large=large)
    buffers = [launcher.empty(n * n, float32), launcher.upload(a), launcher.upload(b)]
    launcher.launch(plan, buffers)
    error = np.abs(launcher.download(buffers[0]).reshape(n, n) - a @ b).max()
    if error > 1e-3 * n**0.5:
        sys.exit(f"{rung.name}: the product is wrong by {error}")
    time = milliseconds(
        lambda: launcher.launch(plan, buffers),
        lambda: t.ones(FLUSHED if large else 1, device="cuda"),
    )
    return 2 * n**3 / time * 1e-9


def of_torch(n: int) -> float | None:
    """The same of torch, if it is here and has a GPU."""
    try:
        import torch
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    torch.backends.cuda.matmul.allow_tf32 = False
    a, b = torch.randn(2, n, n, device="cuda")
    flushed = torch.empty(FLUSHED, device="cuda")
    times = []
    for _ in range(RUNS + 1):
        flushed.zero_()
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        a @ b
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return float(2 * n**3 / statistics.median(times[1:]) * 1e-9)


def measured(sizes: Sequence[int], *, large: bool) -> str:
    """A table: TFLOP/s of each rung for each size, and its gain over the one before at the last."""
    name = cuda.get_device_name()
    lines = [
        f"{name}; TFLOP/s of float32, TF32 off, median of {RUNS} event-timed runs.",
        "",
        "| rung | what is new | " + " | ".join(map(str, sizes)) + " | gain |",
        "|---|---|" + "---:|" * (len(sizes) + 1),
    ]
    before = None
    for rung in RUNGS:
        found = [teraflops(rung, n, large=large) for n in sizes]
        gain = "" if before is None else f"{found[-1] / before:.2f}"
        before = found[-1]
        numbers = " | ".join(f"{value:.3g}" for value in found)
        lines.append(f"| `{rung.name}` | {rung.idea} | {numbers} | {gain} |")
    theirs = [of_torch(n) for n in sizes]
    if None not in theirs:
        lines.append(
            "| torch | cuBLAS | " + " | ".join(f"{value:.3g}" for value in theirs) + " | |"
        )
    return "\n".join(lines) + "\n"


def static() -> str:
    """A table of what the compiled code of each rung is made of."""
    from minitorch_cuda.compiler import compile_ptx
    from minitorch_cuda.gates.toolkit import measure

    capability = (9, 0)
    lines = [
        f"Compiled for {architecture(capability)}; FFMA: multiplications with addition; LDS: loads "
        "from shared memory; LDG: from global memory.",
        "",
        "| rung | what is new | FFMA per LDS | FFMA | LDS | LDG | barriers | registers | shared |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for rung in RUNGS:
        ptx = compile_ptx(rung_kernel(rung, rung.large), capability)
        (report,) = measure([ptx], capability)
        ratio = f"{report.ffma / report.lds:.1f}" if report.lds else ""
        numbers = (report.ffma, report.lds, report.count("LDG"), report.count("BAR"))
        lines.append(
            f"| `{rung.name}` | {rung.idea} | {ratio} | {' | '.join(map(str, numbers))} | "
            f"{report.registers} | {report.shared} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--static", action="store_true", help="look at the compiled code alone")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    parser.add_argument("--write", action="store_true", help=f"write {RESULT.name} too")
    chosen = parser.parse_args()
    if chosen.static:
        print(static(), end="")
        return
    if not cuda.is_available():
        sys.exit("there is no GPU here; --static looks at the compiled code without one")
    table = measured(chosen.sizes, large=cuda.get_device_name() != "simulator")
    print(table, end="")
    if chosen.write:
        RESULT.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
