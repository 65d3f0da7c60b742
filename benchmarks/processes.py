"""What is measured in processes of their own: the start, and the peak of memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent

_IMPORT = "import time; start = time.perf_counter(); import {0}; print(time.perf_counter() - start)"

_FIRST = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
import {{0}} as torch
from cases.training import MODELS
MODELS["LeNet 28x28"](torch)()
"""

_MEMORY = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
import {{0}} as torch
torch.set_num_threads({{2}})
from cases.training import MODELS
step = MODELS[{{1!r}}](torch)
for _ in range(10):
    step()
# Not ru_maxrss, which begins at what the process had that started this one.
print(int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024)
"""


def _run(code: str, **environment: str) -> tuple[float, str]:
    """Seconds of the process, and what it printed."""
    # Python keeps what it makes of a library's text, as after any installation.
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**inherited, **environment},
    )  # fmt: skip
    return time.perf_counter() - start, run.stdout


def start() -> list[str]:
    """Lines on the cold start: seconds, and the aims on an idle machine with 2 cores."""
    imports = {}
    for library in ("minitorch", "torch"):
        _run(_IMPORT.format(library))
        imports[library] = statistics.median(
            float(_run(_IMPORT.format(library))[1]) for _ in range(7)
        )
    with tempfile.TemporaryDirectory() as cache:
        _run("import numba")
        cold = _run(_FIRST.format("minitorch"), MINITORCH_CACHE_DIR=cache)[0]
        warm = statistics.median(
            _run(_FIRST.format("minitorch"), MINITORCH_CACHE_DIR=cache)[0] for _ in range(5)
        )
    theirs = statistics.median(_run(_FIRST.format("torch"))[0] for _ in range(5))
    return [
        "| start, seconds | minitorch | torch | aim |",
        "|---|---|---|---|",
        f"| import | {imports['minitorch']:.2f} | {imports['torch']:.2f} | 0.2 |",
        f"| first LeNet step, from an empty kernel cache | {cold:.1f} | {theirs:.1f} | 15 |",
        f"| first LeNet step, from a full one | {warm:.2f} | {theirs:.2f} | 1.5 |",
    ]


def memory() -> list[str]:
    """Lines on the peak resident memory of 10 steps, in MiB."""
    lines = ["| peak resident memory, MiB | minitorch | torch | ratio |", "|---|---|---|---|"]
    for model in ("CNN 32-64 28x28", "ResNet-20 32x32x3"):
        ours, theirs = (
            float(_run(_MEMORY.format(library, model, 2))[1]) for library in ("minitorch", "torch")
        )
        lines.append(f"| {model} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.2f} |")
    return lines
