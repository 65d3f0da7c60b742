"""One instruction on its way to Python: its operands as expressions, its result as a line.

Registers hold bits: an instruction for numbers with a sign looks at them through `view`, one for
fewer bits takes the lowest. Whatever is left of an opcode when its line is written, a way of
rounding that nobody asked about, is an error that names the instruction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from minitorch_cuda.ptx.errors import PtxError
from minitorch_cuda.ptx.flow import Opcode, opcode
from minitorch_cuda.ptx.text import SIZES, Instruction, Module

_SPECIAL: Final = re.compile(r"%(?:(n?tid|n?ctaid)\.([xyz])|laneid)$")
_INTEGER: Final = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|\d+)U?$")
_FLOAT: Final = re.compile(r"0([fFdD])([0-9a-fA-F]+)$")
_ADDRESS: Final = re.compile(r"\[\s*([%\w$]+)\s*(?:\+\s*(-?\w+)|(-\d+))?\s*\]$")
_HINTS: Final = {"nc", "ca", "cg", "cs", "lu", "cv", "wt", "wb", "volatile", "relaxed", "gpu"}
_SPACES: Final = ("global", "shared", "local", "const", "param")


@dataclass(frozen=True, slots=True)
class Names:
    """What all functions of a kernel share.

    Attributes:
        module: the kernel.
        slots: the place of each register that outlives its block.
        same: the registers with one value for all threads.
        constants: what the names of constants stand for: bits, and their type; it grows.
    """

    module: Module
    slots: Mapping[str, int]
    same: frozenset[str]
    constants: dict[str, tuple[int, str]]

    def constant(self, bits: int, type_: str) -> str:
        """A name for an array of one number."""
        width = 8 * SIZES[type_]
        name = f"{dtype(type_)}_{bits & ((1 << width) - 1):x}"
        self.constants[name] = (bits & ((1 << width) - 1), type_)
        return name


def stored(type_: str) -> str:
    """The type of the array for a register of a type: the bits, or the float."""
    if type_ in ("pred", "f32", "f64"):
        return type_
    return f"u{8 * max(SIZES[type_], 2)}"


def dtype(type_: str) -> str:
    """What the functions call the dtype of a type: `F32`; a register may be called `f32`."""
    return type_.upper()


def bits(type_: str) -> str:
    """The unsigned type of the same size, in which sums wrap around."""
    return f"u{8 * SIZES[type_]}" if type_ not in ("pred", "f32", "f64") else type_


def local(register: str) -> str:
    """The variable of a register."""
    return re.sub(r"\W", "_", register.removeprefix("%"))


class Writer:
    """Writes the lines of one instruction."""

    def __init__(self, names: Names, instruction: Instruction) -> None:
        self.names = names
        self.module = names.module
        self.instruction = instruction
        self.code: Opcode = opcode(instruction.op)
        self.operands = instruction.operands
        self.modifiers = set(self.code.modifiers)

    def unknown(self, why: str = "") -> PtxError:
        """An error that names the instruction."""
        return PtxError(f"the instruction has no meaning here: {self.instruction}{why}")

    def take(self, *modifiers: str) -> str:
        """Which of some modifiers the instruction has; nothing if none."""
        found = [modifier for modifier in modifiers if modifier in self.modifiers]
        self.modifiers.difference_update(found)
        return found[0] if found else ""

    @property
    def type(self) -> str:
        """The instruction's type; that of the result, if it has two."""
        if not self.code.types:
            raise self.unknown("; it has no type")
        return self.code.types[0]

    @property
    def floating(self) -> bool:
        """Whether it computes with floats."""
        return self.type in ("f32", "f64")

    # --- operands --------------------------------------------------------------------------------

    def value(self, operand: str, type_: str) -> str:
        """An expression for an operand as an array of a type."""
        if _INTEGER.match(operand):
            return self.names.constant(int(operand.rstrip("U"), 0), type_)
        if float_ := _FLOAT.match(operand):
            bits, single = int(float_[2], 16), float_[1] in "fF"
            if {"f32": single, "f64": not single}.get(type_, True):
                return self.names.constant(bits, type_)
            raise self.unknown(f"; {operand} is not of type {type_}")
        special = _SPECIAL.match(operand)
        if special:
            return self._special(operand, type_)
        held = self.module.type_of(operand)
        if held:
            return self._register(operand, stored(held), type_)
        if operand in self.module.variables and type_ in ("u64", "s64", "b64"):
            return f"M.symbol({operand!r})"
        raise self.unknown(f"; {operand} is not known")

    def _special(self, operand: str, type_: str) -> str:
        name = operand.removeprefix("%").replace(".", "_")
        which = "" if name.startswith(("ntid", "nctaid")) else "[at]"
        return self._seen(f"M.{name}{which}", "u32", type_)

    def _register(self, operand: str, held: str, type_: str) -> str:
        if (held == "pred") != (type_ == "pred"):
            raise self.unknown(f"; {operand} is of type {held}")
        return self._seen(local(operand), held, type_)

    def _seen(self, name: str, held: str, type_: str) -> str:
        """An array that is held as one type, as an array of another."""
        wanted = type_.replace("b", "u") if type_[0] == "b" else type_
        if type_ in ("f16", "bf16"):
            wanted = "u16"
        if held == wanted:
            return name
        if SIZES[held] == SIZES[wanted]:
            return f"{name}.view({dtype(wanted)})"
        if SIZES[held] < SIZES[wanted] or held[0] == "f":
            raise self.unknown(f"; {name} is of type {held}")
        low = f"{name}.astype(U{8 * SIZES[wanted]})"
        return low if wanted[0] == "u" else f"{low}.view({dtype(wanted)})"

    def result(self, expression: str, type_: str, register: str = "") -> str:
        """The line that gives the result its value; the expression is an array of a type."""
        register = register or self.operands[0]
        held = self.module.type_of(register)
        if not held:
            raise self.unknown(f"; {register} is no register")
        to, name = stored(held), local(register)
        if type_ in ("f16", "bf16") or type_[0] == "b":
            type_ = f"u{8 * SIZES[type_]}"
        if to == type_:
            return f"{name} = {expression}"
        if SIZES[to] == SIZES[type_]:
            return f"{name} = ({expression}).view({dtype(to)})"
        if SIZES[to] < SIZES[type_] or to[0] == "f":
            raise self.unknown(f"; {register} is too small")
        if type_[0] == "s":
            return f"{name} = ({expression}).astype(S{8 * SIZES[to]}).view({dtype(to)})"
        return f"{name} = ({expression}).astype({dtype(to)})"

    def values(self, type_: str = "", start: int = 1) -> list[str]:
        """All operands from one on, as arrays of the instruction's type."""
        return [self.value(operand, type_ or self.type) for operand in self.operands[start:]]

    def address(self, operand: str) -> tuple[str, str]:
        """An address as an expression of bytes; the name of the parameter, if it is that of one."""
        found = _ADDRESS.match(operand)
        if found is None:
            raise self.unknown(f"; {operand} is no address")
        offset = int(found[2] or found[3] or "0", 0)
        if found[1] in self.module.variables:
            variable = self.module.variables[found[1]]
            if variable.space == "param":
                if offset:
                    raise self.unknown("; a part of a parameter")
                return "", variable.name
        start = self.value(found[1], "u64")
        plus = f" + {self.names.constant(offset, 'u64')}" if offset else ""
        return start + plus, ""

    def parts(self, operand: str) -> list[str]:
        """The parts of `{%f1, %f2}`, or the operand alone."""
        return [part.strip() for part in operand.strip("{}").split(",")]

    def space(self) -> str:
        """Which memory is used; nothing if the address is of any."""
        self.modifiers -= _HINTS
        return self.take(*_SPACES)

    @property
    def number(self) -> int:
        """The line of the instruction."""
        return self.instruction.number


Write = Callable[[Writer], "str | list[str]"]
WRITERS: Final[dict[str, Write]] = {}
"""What writes the lines of an instruction, by the first word of its opcode."""


def writes(*bases: str) -> Callable[[Write], Write]:
    """Make a function the one that writes instructions of these names."""

    def register(write: Write) -> Write:
        for base in bases:
            assert base not in WRITERS
            WRITERS[base] = write
        return write

    return register
