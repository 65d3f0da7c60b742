"""Does CI catch what it is there to catch? Faults planted in a copy of the repository say so.

    uv run python .ci/planted_faults.py             every fault of the table
    uv run python .ci/planted_faults.py NAME ...    these only
    uv run python .ci/planted_faults.py --list      the table

For each fault: the command passes on the untouched copy, fails with the fault in place, and its
output names the fault. A check that fails for another reason has caught nothing. Run by hand when
a check, a layer's contract or this table changes; nothing outside a temporary folder is touched.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Fault:
    """Replace `old` by `new` in `file` (or append `new` if `old` is empty); `command` must fail.

    `says` is a pattern that the output of the failing command must hold.
    """

    name: str
    file: str
    old: str
    new: str
    command: str
    says: str


IMPORTS = "lint-imports"
LAYERS = "pytest -q tests/test_layers.py"
TYPES = "mypy"
RULES = "pytest -q tests/test_source_rules.py"

FAULTS = (
    Fault(
        name="upward-import-in-a-function",
        file="packages/operators/src/minitorch_operators/arithmetic.py",
        old="",
        new="""

def _planted() -> object:
    from minitorch_autodiff import Scalar

    return Scalar
""",
        command=IMPORTS,
        says=r"minitorch_operators\.arithmetic -> minitorch_autodiff",
    ),
    Fault(
        name="upward-import-for-a-type",
        file="packages/autodiff/src/minitorch_autodiff/engine.py",
        old="",
        new="""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import minitorch_tensor
""",
        command=IMPORTS,
        says=r"minitorch_autodiff\.engine -> minitorch_tensor",
    ),
    Fault(
        name="upward-import-by-name",
        file="packages/tensor/src/minitorch_tensor/layout.py",
        old="",
        new="""

import importlib

_PLANTED = importlib.import_module("minitorch_fast")
""",
        command=LAYERS,
        says=r"layout\.py:\d+ imports minitorch_fast",
    ),
    Fault(
        name="import-between-fast-and-cuda",
        file="packages/cuda/src/minitorch_cuda/__init__.py",
        old="",
        new="\nimport minitorch_fast\n",
        command=IMPORTS,
        says=r"minitorch_cuda -> minitorch_fast",
    ),
    Fault(
        name="third-party-import-in-operators",
        file="packages/operators/src/minitorch_operators/arithmetic.py",
        old="",
        new="\nimport numpy\n",
        command=IMPORTS,
        says=r"minitorch_operators\.arithmetic -> numpy",
    ),
    Fault(
        name="type-error-across-packages",
        file="packages/autodiff/src/minitorch_autodiff/engine.py",
        old="",
        new="""

def _planted() -> str:
    from minitorch_operators import exp

    return exp.fn(1.0)
""",
        command=TYPES,
        says=r'engine\.py:\d+: error: .*got "float", expected "str"',
    ),
    Fault(
        name="ignored-type-error",
        file="packages/autodiff/src/minitorch_autodiff/engine.py",
        old="",
        new="\n_PLANTED: int = ''  # type: ignore[assignment]\n",
        command=RULES,
        says=r"engine\.py:\d+: # type: ignore\[assignment\]",
    ),
    Fault(
        name="wrong-gradient",
        file="packages/operators/src/minitorch_operators/arithmetic.py",
        old="def _inv_vjp(g: V, x: V, y: V) -> V:\n    return -(g * (y * y))\n",
        new="def _inv_vjp(g: V, x: V, y: V) -> V:\n    return -(g * y)\n",
        command="pytest -q packages/operators/tests",
        says=r"FAILED .*derivative.*inv",
    ),
    Fault(
        name="wrong-gradient-of-an-operator-above",  # the scalar engine sees the same rule
        file="packages/operators/src/minitorch_operators/arithmetic.py",
        old="def _inv_vjp(g: V, x: V, y: V) -> V:\n    return -(g * (y * y))\n",
        new="def _inv_vjp(g: V, x: V, y: V) -> V:\n    return -(g * y)\n",
        command="pytest -q packages/autodiff/tests/test_operators.py",
        says=r"FAILED .*derivative.*inv",
    ),
    Fault(
        name="wrong-gradient-of-a-tensor-function",
        file="packages/tensor/src/minitorch_tensor/views.py",
        old="lambda g: permute(g, inverse)\n",
        new="lambda g: permute(g, order)\n",
        command="pytest -q packages/tensor/tests/test_views.py",
        says=r"FAILED .*test_views",
    ),
    Fault(
        name="wrong-kernel-on-the-cpu",
        file="packages/fast/src/minitorch_fast/functional/pool_loops.py",
        old="last = min(columns, (width - 1 + left - j * g[12]) // stride + 1)\n",
        new="last = min(columns, (width - 1 + left - j * g[12]) // stride)\n",
        command="pytest -q packages/fast/tests/test_pool.py",
        says=r"FAILED .*test_pool",
    ),
    Fault(
        name="wrong-kernel-on-the-gpu",
        file="packages/cuda/src/minitorch_cuda/kernels/matmul.py",
        old="            total += a_tile[ty, q] * b_tile[q, tx]\n"
        "        cuda.syncthreads()  # the tiles are overwritten next\n",
        new="            total += a_tile[ty, q] * b_tile[q, tx]\n",
        command="pytest -q packages/cuda/tests/test_matmul.py",
        says=r"FAILED .*test_matmul",
    ),
    Fault(
        name="missing-barrier-on-the-gpu",  # a warp reads notes that another has not written yet
        file="packages/cuda/src/minitorch_cuda/kernels/embedding.py",
        old="        cuda.syncthreads()\n        for q in range(total):\n",
        new="        for q in range(total):\n",
        command="pytest -q packages/cuda/tests/test_embedding.py",
        says=r"UninitialisedReadError: added_rows",
    ),
    Fault(
        name="index-off-by-one-on-the-gpu",  # past the end where the size is no multiple of four
        file="packages/cuda/src/minitorch_cuda/kernels/random.py",
        old="            if at + 3 < n:\n",
        new="            if at + 3 <= n:\n",
        command="pytest -q packages/cuda/tests/test_random.py",
        says=r"OutOfBoundsError: uniform_kernel: .* writes out\[\d+\]",
    ),
)


def copy_repository(target: Path) -> None:
    """Everything that git tracks or would track, as it lies in the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def attempt(command: str, copy: Path) -> subprocess.CompletedProcess[str]:
    """Run one check inside the copy, in the copy's own environment."""
    # Without these the copy's environment would be somebody else's, or write beside the copy.
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment |= {"CI": "1", "MINITORCH_CACHE_DIR": str(copy.parent / "kernels")}
    return subprocess.run(
        ["uv", *command.split()],
        cwd=copy,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def verdict(fault: Fault, copy: Path) -> str:
    """Plant, run, take out again; what happened, beginning with "caught" if all is well."""
    path = copy / fault.file
    original = path.read_text(encoding="utf-8")
    if fault.old and original.count(fault.old) != 1:
        return f"NOT PLANTED: {fault.file} holds its old text {original.count(fault.old)} times"
    planted = original.replace(fault.old, fault.new) if fault.old else original + fault.new
    path.write_text(planted, encoding="utf-8")
    try:
        done = attempt(f"run --no-sync {fault.command}", copy)
    finally:
        path.write_text(original, encoding="utf-8")
    if done.returncode == 0:
        return f"MISSED: `{fault.command}` passes"
    said = re.search(f"^.*{fault.says}.*$", done.stdout, re.MULTILINE)
    if said is None:
        return f"FAILED OTHERWISE: `{fault.command}` does not name the fault:\n{done.stdout}"
    return f"caught by `{fault.command}`: {said.group().strip()}"


def main() -> int:
    """Try the faults named, or all; 1 if one was not caught."""
    parser = argparse.ArgumentParser(description="Plant faults in a copy; CI must catch each.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults to try (default: all)")
    parser.add_argument("--list", action="store_true", help="print the table and stop")
    arguments = parser.parse_args()
    table = {fault.name: fault for fault in FAULTS}
    unknown = [name for name in arguments.names if name not in table]
    if unknown:
        parser.error(f"no fault named {', '.join(unknown)}; there are: {', '.join(table)}")
    chosen = [table[name] for name in arguments.names] or list(FAULTS)
    if arguments.list:
        for fault in chosen:
            print(f"{fault.name:32} {fault.command:60} {fault.file}")
        return 0

    uncaught = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "repository"
        copy_repository(copy)
        synced = attempt("sync --locked --quiet", copy)
        if synced.returncode != 0:
            print(f"uv sync failed in the copy:\n{synced.stdout}")
            return 1
        passes: dict[str, subprocess.CompletedProcess[str]] = {}
        for fault in chosen:
            if fault.command not in passes:
                passes[fault.command] = attempt(f"run --no-sync {fault.command}", copy)
            control = passes[fault.command]
            if control.returncode == 0:
                said = verdict(fault, copy)
            else:
                said = f"NOT TRIED: `{fault.command}` fails without it:\n{control.stdout[-2000:]}"
            uncaught += not said.startswith("caught")
            print(f"{fault.name}: {said}", flush=True)
    print(f"{len(chosen) - uncaught} of {len(chosen)} faults caught")
    return int(uncaught > 0)


if __name__ == "__main__":
    sys.exit(main())
