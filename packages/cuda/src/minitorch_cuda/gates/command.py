"""`python -m minitorch_cuda gates`: compile, measure, compare."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from minitorch_cuda.compiler import compile_for
from minitorch_cuda.gates.gate import CAPABILITIES, Gate, architecture
from minitorch_cuda.gates.registry import chosen, gates, make, modules, without_gate
from minitorch_cuda.gates.table import Row, differences, parsed, rendered, row
from minitorch_cuda.gates.toolkit import measure, versions
from minitorch_cuda.kernel import Kernel

TABLE: Final = Path(__file__).resolve().parents[3] / "gates.md"
"""The table, where the sources lie in their repository; an installed package has none."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured, and what is wrong with it."""

    rows: tuple[Row, ...]
    broken: tuple[str, ...]


def look(gates: Sequence[Gate], kernels: Sequence[Kernel]) -> Findings:
    """Compile and measure the kernels of gates for all capabilities of the table.

    Raises:
        ImportError: if numba-cuda is not installed.
        MissingToolError: if a program of the toolkit is not installed.
    """
    compiled = [compile_for(kernel, CAPABILITIES) for kernel in kernels]
    reports = [
        measure([ptx[i] for ptx in compiled], capability)
        for i, capability in enumerate(CAPABILITIES)
    ]
    rows: list[Row] = []
    broken: list[str] = []
    for i, (gate, kernel) in enumerate(zip(gates, kernels, strict=True)):
        for capability, of in zip(CAPABILITIES, reports, strict=True):
            arch = architecture(capability)
            rows.append(row(gate.name, arch, gate.promises(kernel), of[i]))
            broken += gate.broken(kernel, of[i], arch)
    return Findings(tuple(rows), tuple(broken))


def compared(rows: Sequence[Row], text: str, *, whole: bool = True) -> tuple[list[str], str]:
    """What differs from the table, and a line that says if it was compiled by others.

    The numbers of another compiler are others: then they are not compared.
    """
    written, by = parsed(text)
    now = versions()
    if by != now:
        other = ", ".join(
            f"{name} {now[name] or 'none'}" for name in now if by.get(name) != now[name]
        )
        return [], f"the numbers are not compared: the table was not compiled by {other}"
    return differences(written, rows, whole=whole), ""


def main(arguments: Sequence[str], table: Path = TABLE) -> int:
    """Run the command; 1 if something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m minitorch_cuda gates",
        description="Compile kernels without a GPU, and compare with what they promise.",
    )
    parser.add_argument("part", nargs="?", default="", help="only gates with this in their names")
    parser.add_argument("--new", action="store_true", help="only gates that have no rows yet")
    parser.add_argument("--write", action="store_true", help="write their rows to the table")
    asked = parser.parse_args(arguments)
    if not table.parent.joinpath("pyproject.toml").is_file():
        print("the table of gates lies in the repository of minitorch: run this there")
        return 1
    before = table.read_text(encoding="utf-8") if table.is_file() else ""
    written, by = parsed(before)
    known = {r.name for r in written} if asked.new else set()
    found = [gate for gate in chosen(asked.part) if gate.name not in known]
    whole = len(found) == len(gates())
    if asked.write and not whole and by != versions():
        parser.error("the table was compiled by others: write all of it, with --write alone")

    made = make(found)
    looked = look(found, made.kernels)
    rows, problems = looked.rows, list(looked.broken)
    if whole:
        problems += without_gate(modules(), made)
    print("\n".join(line for line in rendered(rows, {}).splitlines() if line.startswith("|")))
    if asked.write:
        table.write_text(rendered(merged(written, rows), versions()), encoding="utf-8")
        print(f"{table.name}: {len(rows)} rows written")
    else:
        differ, said = compared(rows, before, whole=whole)
        problems += differ
        if said:
            print(said)
    for line in problems:
        print(f"error: {line}")
    print(f"{len(found)} of {len(gates())} gates, {len(problems)} problems")
    return int(bool(problems))


def merged(written: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    """The rows of a table with new ones in place of the old; without those that have no gate."""
    new = {r.key: r for r in rows}
    names = {gate.name for gate in gates()}
    kept = [r for r in written if r.name in names and r.key not in new]
    return in_order([*kept, *rows], gates())


def in_order(rows: Sequence[Row], gates: Sequence[Gate]) -> list[Row]:
    """The rows by their gates, and each gate's by architecture."""
    place = {gate.name: i for i, gate in enumerate(gates)}
    return sorted(rows, key=lambda r: (place[r.name], r.arch))
