"""A kernel to be read: its source, its PTX, and what the assembler makes of it.

`python -m minitorch_cuda explain NAME`, for an operator or a row of the table of gates.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import textwrap

from minitorch_cuda.compiler import Ptx, compile_ptx
from minitorch_cuda.explain import kernel_of_operator
from minitorch_cuda.gates.gate import CAPABILITIES, Capability, architecture
from minitorch_cuda.gates.registry import gates
from minitorch_cuda.gates.report import Report
from minitorch_cuda.gates.toolkit import WHEELS, measure, missing
from minitorch_cuda.kernel import Kernel
from minitorch_cuda.probe import INSTALL
from minitorch_operators import ALL

LINES = 60
"""So much PTX is shown."""


def explained(name: str, capability: Capability = CAPABILITIES[-1]) -> str:
    """All there is to say about a kernel: source; PTX and instructions, if the tools are there.

    Args:
        name: of an operator, or of a gate.
        capability: of the GPU it is compiled for.

    Raises:
        KeyError: if there is no kernel of that name.
    """
    kernel = named(name)
    arch = architecture(capability)
    parts = [f"{kernel!r}", source(kernel)]
    if importlib.util.find_spec("numba_cuda") is None:
        parts.append(f"PTX: numba-cuda makes it, and is not installed; run: {INSTALL}")
        return "\n\n".join(parts)
    ptx = compile_ptx(kernel, capability)
    parts.append(f"PTX for {arch}:\n{excerpt(ptx)}")
    absent = missing()
    if absent:
        wheels = " ".join(WHEELS[tool] for tool in absent)
        parts.append(f"Instructions: not read without {' and '.join(absent)}; pip install {wheels}")
        return "\n\n".join(parts)
    (report,) = measure([ptx], capability)
    parts.append(f"Machine code for {arch}:\n{statistics(report)}")
    return "\n\n".join(parts)


def named(name: str) -> Kernel:
    """The kernel of an operator, or of a gate; of those whose names have a part in common, one.

    Raises:
        KeyError: if there is none, or are several; the message has names that are near.

    >>> named("relu").name, named("mm_practice").name
    ('relu_kernel', 'mm_practice_kernel')
    """
    if name in ALL:
        return kernel_of_operator(ALL[name])
    of = {gate.name: gate for gate in gates()}
    found = [name] if name in of else [known for known in of if name in known]
    if len(found) == 1:
        return of[found[0]].make()
    if found:
        raise KeyError(f"{name!r} may be {', '.join(map(repr, found))}")
    raise KeyError(f"no operator and no gate is called {name!r}; packages/cuda/gates.md lists them")


def source(kernel: Kernel) -> str:
    """The kernel's source: generated text, or the function as written, without what it calls."""
    text = kernel.text or textwrap.dedent(inspect.getsource(kernel.function))
    return text.rstrip()


def excerpt(ptx: Ptx, lines: int = LINES) -> str:
    """The instructions of a kernel, without declarations; the first of them if there are many."""
    entry = ptx.text.index(".entry")
    body = ptx.text[ptx.text.index("{", entry) + 1 :].split("\n}", 1)[0]
    shown = [
        line.replace(ptx.entry, "kernel").expandtabs(4).rstrip()
        for line in body.splitlines()
        if line.strip() and not re.match(r"\s*(\.reg|//)", line)
    ]
    if len(shown) > lines:
        rest = len(shown) - lines
        shown = [*shown[:lines], f"    ... and {rest} lines more"]
    return "\n".join(shown)


def statistics(report: Report) -> str:
    """A report in words, and the instructions that are most."""
    kinds = sorted(report.opcodes.items(), key=lambda item: (-item[1], item[0]))
    most = ", ".join(f"{times} {opcode}" for opcode, times in kinds[:8])
    lines = (
        f"registers {report.registers}, spills {report.spills} bytes, stack {report.stack} bytes, "
        f"shared {report.shared} bytes a block",
        f"instructions {report.instructions}: {report.ffma} FFMA, {report.lds} LDS, "
        f"{report.loads128} loads and {report.stores128} stores of 128 bits, "
        f"{report.float64} in float64",
        f"most of them: {most}",
    )
    return "\n".join(lines)
