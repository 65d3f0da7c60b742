"""What a type checker says of a user's program: nothing if it is right, else where it is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable

import pytest

import minitorch
import minitorch_tensor

from .workspace import ROOT

RIGHT = """
import minitorch as torch
from minitorch import Tensor

x: Tensor = torch.randn(3, 4, requires_grad=True)
values, indices = x.sort(dim=1, descending=True)
y: Tensor = torch.where(x > 0, x, 0.0).sum(0, keepdim=True) @ torch.ones(4, 2)
top: Tensor = x.max(1).values + torch.cat([x, x])[0, ::2].mean()
number: float = y.sum().item()
kind: torch.dtype = x.to(torch.float64).dtype
gradient: tuple[Tensor | None, ...] = torch.autograd.grad(y.sum(), [x])
sizes: tuple[int, ...] = x.shape
same: Tensor = x == y
count: float = (x == 1).sum().item()
"""

# Each line holds one mistake.
WRONG = """
import minitorch as torch
x = torch.ones(2, 3)
x.sum(dim="rows")
x.reshape("2", 3)
torch.cat(x, dim="0")
x.to(dtype="float")
torch.zeros(2, dtype=float)
x.softmax(1, axis=2)
torch.nn.functional.relu([1.0, 2.0])
x + "1"
x.requires_grad = "yes"
values, indices, counts = x.sort()
text: str = x.sum()
torch.nn.Linear("3", 4)
x.no_such_method()
torch.manual_seed(seed=None, device=1)
"""


# Their types are of Any by NumPy's own choice, or of functions with any arguments.
OPEN = {
    "mt.DType", "mt.HostArray", "torch.dtype", "torch.central_difference", "torch.derivative_check",
}  # fmt: skip


def public() -> list[str]:
    """Every public function, and every method of a tensor `x`."""
    names = [f"mt.{name}" for name in minitorch_tensor.__all__]
    names += [f"torch.{name}" for name in minitorch.__all__]
    names += [f"torch.linalg.{name}" for name in minitorch.linalg.__all__]
    names += [f"torch.special.{name}" for name in minitorch.special.__all__]
    names += [f"torch.nn.functional.{name}" for name in minitorch.nn.functional.__all__]
    names += [f"x.{name}" for name in dir(minitorch.Tensor) if not name.startswith("_")]
    return [name for name in names if name not in OPEN]


def names(of: Iterable[str]) -> str:
    """A program that looks at each of them, in which no expression may have Any in its type."""
    program = (
        "# mypy: disallow-any-expr\nimport minitorch as torch\nimport minitorch_tensor as mt\n"
    )
    program += "x = torch.ones(2)\n"
    return program + "".join(f"v{i} = {name}\n" for i, name in enumerate(of))


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What mypy says of all programs: it reads the packages once, which takes the time."""
    folder = tmp_path_factory.mktemp("programs")
    programs = {"right.py": RIGHT, "names.py": names(public()), "wrong.py": WRONG}
    programs["open.py"] = names(sorted(OPEN))
    for name, program in programs.items():
        (folder / name).write_text(program)
    command = [
        sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context",
        "--config-file", "", "--cache-dir", str(ROOT / ".mypy_cache" / "users"), *programs,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False).stdout


def of(program: str, said: str) -> list[str]:
    """Of all lines those about one program."""
    return [line for line in said.splitlines() if line.startswith(f"{program}:")]


def test_a_right_program_passes(said: str) -> None:
    assert of("right.py", said) == []


def test_no_public_name_has_any_in_its_type(said: str) -> None:
    assert of("names.py", said) == []
    assert len({line.split()[0] for line in of("open.py", said)}) == len(OPEN)  # it would be seen


def test_nothing_is_said_of_the_packages(said: str) -> None:
    elsewhere = [
        line for line in said.splitlines() if not re.match(r"(right|names|wrong|open)\.py:", line)
    ]
    assert elsewhere == []


def test_each_mistake_is_found_where_it_is(said: str) -> None:
    found = {int(line) for line in re.findall(r"^wrong\.py:(\d+): error", said, re.MULTILINE)}
    lines = WRONG.splitlines()
    assert [lines[i - 1] for i in range(4, len(lines) + 1) if i not in found] == []
