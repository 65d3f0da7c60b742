"""The table of gates: what was measured, in a file that a diff shows line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from minitorch_cuda.gates.report import Report

COLUMNS: Final[dict[str, Callable[[Report], int]]] = {
    "registers": lambda report: report.registers,
    "spills": lambda report: report.spills,
    "stack": lambda report: report.stack,
    "shared": lambda report: report.shared,
    "instructions": lambda report: report.instructions,
    "FFMA": lambda report: report.ffma,
    "LDS": lambda report: report.lds,
    "loads128": lambda report: report.loads128,
    "stores128": lambda report: report.stores128,
    "float64": lambda report: report.float64,
}
"""What is measured, by the heads of the columns."""

REGISTERS: Final = 2
"""A row may differ from the table by so many registers, ..."""
INSTRUCTIONS: Final = 0.1
"""... and by this part of its instructions and of its FFMA and LDS; in all else by nothing."""

_SLACK: Final = {"instructions", "FFMA", "LDS"}
_NAME_WIDTH: Final = 48  # fixed, so that a new row changes no other line
_PROMISES_WIDTH: Final = 60

_HEAD = """\
# Compile gates

What the assembler says about each kernel; `python -m minitorch_cuda gates --write` writes it. Each
promises no spills and no stack, and what its row says. `tests/test_gates.py`, in CI the step
`gpu-code`, compiles all anew and fails where a promise is broken, a row is missing, or a number is
another one: by more than {registers} registers, or {instructions:.0%} of instructions, FFMA, LDS.

spills, stack: bytes of each thread. shared: bytes of each block. FFMA, LDS: instructions, not how
often they run. loads128, stores128: accesses to global memory of 128 bits. float64: instructions
that work in float64.

Compiled by {versions}.

"""


class Row(NamedTuple):
    """One kernel for one architecture."""

    name: str
    arch: str
    promises: str
    numbers: tuple[int, ...]

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.name, self.arch


def row(name: str, arch: str, promises: str, report: Report) -> Row:
    """The row of a report."""
    return Row(name, arch, promises, tuple(measured(report) for measured in COLUMNS.values()))


def rendered(rows: Sequence[Row], versions: Mapping[str, str]) -> str:
    """The table as text.

    Args:
        rows: in the order of the file.
        versions: of the compilers.
    """
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    heads = list(COLUMNS)
    lines = [
        _line("kernel", "arch", "promises", heads),
        "|---|---|---|" + "---:|" * len(heads),
        *(_line(r.name, r.arch, r.promises, [str(n) for n in r.numbers]) for r in rows),
    ]
    head = _HEAD.format(registers=REGISTERS, instructions=INSTRUCTIONS, versions=named)
    return head + "\n".join(lines) + "\n"


def _line(name: str, arch: str, promises: str, numbers: Sequence[str]) -> str:
    cells = [number.rjust(len(head)) for number, head in zip(numbers, COLUMNS, strict=True)]
    return (
        f"| {name.ljust(_NAME_WIDTH)} | {arch.ljust(5)} | {promises.ljust(_PROMISES_WIDTH)} | "
        f"{' | '.join(cells)} |"
    )


def parsed(text: str) -> tuple[list[Row], dict[str, str]]:
    """The rows and the versions of a table.

    Raises:
        ValueError: if a line is no row of this table.
    """
    compiled = re.search(r"^Compiled by (.*)\.$", text, re.MULTILINE)
    pairs = [] if compiled is None else [one.split(" ") for one in compiled.group(1).split(", ")]
    versions = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    rows = []
    for line in [line for line in text.splitlines() if line.startswith("|")][2:]:
        name, arch, promises, *numbers = [cell.strip() for cell in line.strip("|").split("|")]
        if len(numbers) != len(COLUMNS):
            raise ValueError(f"not a row of {len(COLUMNS)} numbers: {line}")
        rows.append(Row(name, arch, promises, tuple(int(number) for number in numbers)))
    return rows, versions


def differences(written: Sequence[Row], found: Sequence[Row], *, whole: bool = True) -> list[str]:
    """Where the table says something else than was measured, a sentence each.

    Args:
        written: the rows of the file.
        found: the rows that were measured.
        whole: whether all rows were measured, so that one that is only in the file is too many.
    """
    table = {r.key: r for r in written}
    lines = []
    for measured in found:
        known = table.pop(measured.key, None)
        of = f"{measured.name} ({measured.arch})"
        if known is None:
            lines.append(f"{of}: has no row in the table")
            continue
        if known.promises != measured.promises:
            lines.append(f"{of}: promises {measured.promises!r}, in the table {known.promises!r}")
        for head, now, then in zip(COLUMNS, measured.numbers, known.numbers, strict=True):
            slack = REGISTERS if head == "registers" else 0
            if head in _SLACK:
                slack = int(INSTRUCTIONS * then)
            if abs(now - then) > slack:
                lines.append(f"{of}: {head} {now}, in the table {then}")
    if whole:
        lines += [f"{r.name} ({r.arch}): is in the table, but no gate" for r in table.values()]
    return lines
