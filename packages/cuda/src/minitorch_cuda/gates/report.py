"""What the assembler and the disassembler say about a kernel, as numbers.

`ptxas -v` tells registers, spills, stack and shared memory; `nvdisasm` prints the instructions that
a GPU runs, of which each kind is counted:

    /*0090*/              @!P0 LDG.E.128 R4, desc[UR4][R2.64] ;
                               ^^^^^^^^^ the opcode, its modifiers behind the points

Source: https://docs.nvidia.com/cuda/cuda-binary-utilities/, section on instruction sets
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

# D...: arithmetic in float64. F64: conversions, atomics. 64H: the upper half of 1/x or 1/sqrt(x).
_DOUBLE = re.compile(r"D(ADD|MUL|FMA|SETP|MNMX|MMA)\b|.*\.(F64|RCP64H|RSQ64H)\b")

_FUNCTION = re.compile(r"Compiling entry function '([^']+)' for '\w+'")
_STACK = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_REGISTERS = re.compile(r"Used (\d+) registers")
_SHARED = re.compile(r"(\d+) bytes smem")
_SECTION = re.compile(r"^\s*\.section\s+\.text\.([\w$]+)", re.MULTILINE)
_INSTRUCTION = re.compile(r"^\s*/\*[0-9a-f]+\*/\s+(?:@!?U?PT?\d*\s+)?([A-Z][\w.]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Resources:
    """What a kernel takes of an SM: bytes, but for the registers."""

    registers: int
    spills: int
    stack: int
    shared: int


@dataclass(frozen=True, slots=True)
class Report:
    """A compiled kernel in numbers.

    Attributes:
        resources: registers, spills, stack and shared memory.
        opcodes: how many instructions there are of each kind.

    >>> report = Report(Resources(12, 0, 0, 0), {"LDG.E.128": 2, "FADD": 4, "EXIT": 1})
    >>> report.instructions, report.loads128, report.float64
    (7, 2, 0)
    """

    resources: Resources
    opcodes: Mapping[str, int]

    @property
    def registers(self) -> int:
        """Registers of each thread."""
        return self.resources.registers

    @property
    def spills(self) -> int:
        """Bytes written to memory because registers did not suffice, and bytes read back."""
        return self.resources.spills

    @property
    def stack(self) -> int:
        """Bytes of memory of each thread: spills, and arrays that are not in registers."""
        return self.resources.stack

    @property
    def shared(self) -> int:
        """Bytes of shared memory of each block."""
        return self.resources.shared

    @property
    def instructions(self) -> int:
        """All instructions, but for those that fill up the end."""
        return sum(self.opcodes.values())

    @property
    def ffma(self) -> int:
        """Multiplications and additions of float32 in one."""
        return self.count("FFMA")

    @property
    def lds(self) -> int:
        """Loads from shared memory, of any width."""
        return self.count("LDS")

    @property
    def loads128(self) -> int:
        """Loads of 128 bits from global memory, to registers or to shared memory."""
        return self.count("LDG", "128") + self.count("LDGSTS", "128")

    @property
    def stores128(self) -> int:
        """Stores of 128 bits to global memory."""
        return self.count("STG", "128")

    @property
    def doubles(self) -> tuple[str, ...]:
        """The kinds of instructions that work in float64."""
        return tuple(sorted(opcode for opcode in self.opcodes if _DOUBLE.match(opcode)))

    @property
    def float64(self) -> int:
        """Instructions that work in float64."""
        return sum(self.opcodes[opcode] for opcode in self.doubles)

    def count(self, name: str, modifier: str = "") -> int:
        """The instructions of a name, with a modifier if one is given.

        >>> Report(Resources(8, 0, 0, 0), {"LDS.128": 2, "LDS": 1, "LDSM": 1}).count("LDS")
        3
        """
        total = 0
        for opcode, times in self.opcodes.items():
            first, *modifiers = opcode.split(".")
            if first == name and (not modifier or modifier in modifiers):
                total += times
        return total


def resources_of(log: str) -> dict[str, Resources]:
    """The resources of each kernel, from what `ptxas -v` prints.

    >>> log = '''ptxas info : Compiling entry function 'add' for 'sm_90'
    ... ptxas info : Function properties for add
    ...     8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
    ... ptxas info : Used 12 registers, used 1 barriers, 64 bytes smem, 380 bytes cmem[0]'''
    >>> resources_of(log)
    {'add': Resources(registers=12, spills=16, stack=8, shared=64)}
    """
    parts = _FUNCTION.split(log)
    return {
        name: _resources(name, text) for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def _resources(name: str, text: str) -> Resources:
    # A function that was not inlined comes with a stack of its own: the sums are what counts.
    frames = [tuple(map(int, found)) for found in _STACK.findall(text)]
    registers, shared = _REGISTERS.search(text), _SHARED.search(text)
    if not frames or registers is None:
        raise ValueError(f"ptxas says nothing of {name}: is it another version?\n{text}")
    return Resources(
        int(registers.group(1)),
        sum(stores + loads for _, stores, loads in frames),
        sum(stack for stack, _, _ in frames),
        0 if shared is None else int(shared.group(1)),
    )


def opcodes_of(listing: str) -> dict[str, Counter[str]]:
    """How many instructions of each kind the kernels have, from what `nvdisasm -c` prints.

    >>> listing = '''
    ...     .section .text.add
    ...         /*0000*/      LDC R1, c[0x0][0x28] ;
    ...         /*0010*/ @P0  EXIT ;
    ...         /*0020*/      NOP ;'''
    >>> opcodes_of(listing)
    {'add': Counter({'LDC': 1, 'EXIT': 1})}
    """
    parts = _SECTION.split(listing)
    counted = {
        name: Counter(_INSTRUCTION.findall(text))
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    for opcodes in counted.values():
        del opcodes["NOP"]  # behind the end: code is filled up to 128 bytes
    return counted
