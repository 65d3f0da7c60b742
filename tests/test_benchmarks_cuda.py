"""The table for GPUs where there is none: it says so, and its rows run in both libraries."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / "compare_torch_cuda.py"), *arguments]
    environment = {**os.environ, "MINITORCH_CUDA": "simulator"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_without_a_gpu_nothing_is_measured_and_that_is_said() -> None:
    done = run()
    assert done.returncode == 1
    assert done.stderr.startswith("there is no GPU here, so nothing was measured")
    assert "python -m minitorch_cuda doctor" in done.stderr


def test_every_row_has_a_bar() -> None:
    done = run("--list")
    assert done.returncode == 0
    rows = [line for line in done.stdout.splitlines() if line.startswith("    ")]
    assert len(rows) > 60
    assert all(line.split(": ")[1] for line in rows)


_SMALL = """
import sys
sys.path.insert(0, {folder!r})
import minitorch, torch
from gpu import GROUPS
from gpu.measuring import agree
for group in GROUPS:
    for row in group.rows:
        agree(row, row.small(minitorch, "numpy")(), row.small(torch, "cpu")())
"""


@pytest.mark.parity
def test_the_rows_give_the_same_results_at_small_sizes() -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    code = _SMALL.format(folder=str(FOLDER))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def script() -> ModuleType:
    path = FOLDER / "compare_torch_cuda.py"
    spec = importlib.util.spec_from_file_location("compare_torch_cuda", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_over_its_bar_is_bold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    table = script()
    row = next(row for group in table.GROUPS for row in group.rows if row.name == "add")
    fast, slow = table.Figure(2.5e-4, 2.5e-4), table.Figure(4e-4, 2.5e-4)
    copy = 3.0e12
    assert table.held(row, fast, copy)
    assert not table.held(row, slow, copy)
    assert "| 1.00 | 250 us | 250 us | 3221 GB/s |" in table.line(row, fast, copy)
    assert "**1.60**" in table.line(row, slow, copy)
    assert "differs" in table.line(row, None, copy)
    step = next(row for group in table.GROUPS for row in group.rows if row.memory)
    assert not table.held(step, table.Figure(1.0, 1.0, 200, 100), copy)
    assert "100 of 100 MiB" in table.line(step, table.Figure(1.0, 1.0, 100 << 20, 100 << 20), copy)
