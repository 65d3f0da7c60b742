"""The assembler and the disassembler of NVIDIA's wheels, run on many kernels at once.

Starting the disassembler takes half a second, so the PTX of all kernels is joined to one text, with
one call of each program. Names of the top level get a number in front: two kernels may both have a
table or an array of one name.
"""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from minitorch_cuda.compiler import Ptx
from minitorch_cuda.gates.gate import Capability, architecture
from minitorch_cuda.gates.report import Report, opcodes_of, resources_of

WHEELS: Final = {"ptxas": "nvidia-cuda-nvcc", "nvdisasm": "nvidia-cuda-nvdisasm"}
"""The programs, and the distributions that bring them."""

COMPILERS: Final = ("numba-cuda", "numba", "llvmlite", "nvidia-nvvm", "nvidia-cuda-nvcc")
"""All that has a hand in the code: another version of any may give other code."""

_DIRECTIVE = re.compile(r"^\s*\.(version|target|address_size)\b.*\n", re.MULTILINE)
_DECLARED = re.compile(
    r"^\s*(?:\.(?:visible|weak|common|entry|func|global|const|shared)\b)"
    r"(?:\s*\([^)]*\))?(?:\s*\.\w+(?:\s+\d+)?(?:\s*\([^)]*\))?)*\s+([A-Za-z_$][\w$]*)",
    re.MULTILINE,
)


class MissingToolError(RuntimeError):
    """A program of NVIDIA's is not installed."""


def missing() -> list[str]:
    """The programs that are not there; empty if kernels can be measured."""
    return [name for name in WHEELS if _found(name) is None]


def tool(name: str) -> Path:
    """Where a program is: in the wheel of this environment, else on the PATH.

    Raises:
        MissingToolError: if it is in neither.
    """
    found = _found(name)
    if found is None:
        raise MissingToolError(
            f"{name} reads compiled kernels and is not installed; run: pip install {WHEELS[name]}"
        )
    return found


@lru_cache(maxsize=8)
def _found(name: str) -> Path | None:
    try:
        files = importlib.metadata.files(WHEELS[name]) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.stem == name and file.suffix in ("", ".exe"):
            return Path(str(file.locate()))
    on_path = shutil.which(name)
    return None if on_path is None else Path(on_path)


def versions() -> dict[str, str]:
    """The versions of the compilers; "" for one that is not installed."""
    return {name: _version(name) for name in COMPILERS}


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def measure(
    kernels: Sequence[Ptx], capability: Capability, *, most_registers: int = 0
) -> list[Report]:
    """A report of each kernel, in order.

    Args:
        kernels: compiled for that capability.
        capability: of the GPU they are assembled for.
        most_registers: forbid more of them, at the price of spills; 0: as many as are wanted.

    Raises:
        MissingToolError: if a program is not installed.
        RuntimeError: if the assembler refuses a kernel; the message is the assembler's.
    """
    if not kernels:
        return []
    assemble = [str(tool("ptxas")), "-v", f"-arch={architecture(capability)}"]
    if most_registers:
        assemble.append(f"-maxrregcount={most_registers}")
    with tempfile.TemporaryDirectory() as folder:
        source, code = Path(folder, "kernels.ptx"), Path(folder, "kernels.cubin")
        source.write_text(joined(kernels), encoding="ascii")
        log = _run([*assemble, str(source), "-o", str(code)])
        listing = _run([str(tool("nvdisasm")), "-ndf", "-c", str(code)])
    resources, opcodes = resources_of(log), opcodes_of(listing)
    names = [f"k{i}" for i in range(len(kernels))]
    return [Report(resources[name], dict(opcodes[name])) for name in names]


def joined(kernels: Sequence[Ptx]) -> str:
    """The PTX of several kernels as one; the i-th is called `ki`."""
    head = "".join(found.group() for found in _DIRECTIVE.finditer(kernels[0].text))
    parts = [head.replace("\t", " ")]
    for i, ptx in enumerate(kernels):
        new = {name: f"k{i}_{name}" for name in _DECLARED.findall(ptx.text)}
        new[ptx.entry] = f"k{i}"
        parts.append(_renamed(_DIRECTIVE.sub("", ptx.text), new))
    return "\n".join(parts)


def _renamed(text: str, new: dict[str, str]) -> str:
    """The text with whole names replaced."""
    names = "|".join(re.escape(name) for name in sorted(new, key=len, reverse=True))
    return re.sub(rf"(?<![\w$])(?:{names})(?![\w$])", lambda found: new[found.group()], text)


def _run(command: list[str]) -> str:
    done = subprocess.run(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed:\n{done.stdout}")
    return done.stdout
