"""Kernels called without Python: from an address, with arguments that lie in memory as numbers.

A thread that calls a kernel as Python does needs Python's lock before and after, and two threads
that finish together wait for each other there, which costs more than many a kernel. Compiled code
needs no lock. It finds here what it has to know: the address of a kernel, and the address of a
small function that takes such a kernel's arguments from memory and calls it.

A call is a row of 64-bit words: the kernel's address; for an array the address of NumPy's object,
whose fields say where its elements are, and how many; for a number its bits; at the end there is
place for the result, and for the status, which is 0 if nothing was raised.

NumPy's fields: https://numpy.org/doc/stable/reference/c-api/types-and-structures.html
How Numba passes an array, as seven values, of which the first two say who owns the memory (here
nobody): https://numba.readthedocs.io/en/stable/developer/architecture.html
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

_NUMBERS: Final = {
    "int64": "i64", "uint64": "i64", "int32": "i32", "uint32": "i32", "float64": "double",
    "float32": "float", "boolean": "i8",
}  # fmt: skip
_SIZES: Final = {
    "float64": 8, "int64": 8, "uint64": 8, "float32": 4, "int32": 4, "uint32": 4, "float16": 2,
    "int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "boolean": 1, "bool": 1,
}  # fmt: skip

FIELDS: Final = object.__basicsize__
"""Where in an array's object its own fields begin: data, the number of dimensions, their sizes."""

Kind = str | int
"""Of an argument: LLVM's type of a number; for an array the size of an element."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a kernel is called from compiled code."""

    address: int
    kinds: tuple[Kind, ...]
    result: str  # "void", or Numba's name of a type
    width: int  # how many words a call has
    fixed: tuple[int, ...] = ()  # the first arguments, which are not given

    def starting_with(self, *numbers: int) -> Entry:
        """The same with its first arguments given, which are whole numbers."""
        rest = self.kinds[len(numbers) :]
        return replace(self, kinds=rest, fixed=numbers)

    @property
    def caller(self) -> int:
        """The address of what makes such calls."""
        return caller(("i64",) * len(self.fixed) + self.kinds)

    def words(self, calls: Sequence[Sequence[object]]) -> array[int]:
        """Rows for several calls. The arrays must be kept as long as the rows are used."""
        words: list[int] = []
        for call in calls:
            words.append(self.address)
            words += self.fixed
            for kind, value in zip(self.kinds, call, strict=True):
                if type(value) is np.ndarray:
                    words.append(id(value))
                elif value is None:
                    words.append(0)
                elif kind == "i64" and type(value) is int:
                    words.append(value)
                else:
                    words.append(_bits(kind, value))
            words += (0, 0)
        return array("q", words)

    def results(self, words: array[int]) -> list[object] | None:
        """What the calls returned; None if one of them raised an error."""
        if any(words[self.width - 1 :: self.width]):
            return None
        found = words[self.width - 2 :: self.width]
        if self.result == "void":
            return [None] * len(found)
        if self.result == "int64":
            return [*found]
        bits = np.array(found, np.int64).view(np.uint64)
        if self.result == "boolean":
            return [*((bits & 255) != 0).tolist()]
        kind = np.dtype(self.result)
        return [*(bits if kind.itemsize == 8 else bits.astype(np.uint32)).view(kind).tolist()]


def _bits(kind: Kind, value: object) -> int:
    """A number as a whole one, with the same bits."""
    if isinstance(kind, int) or not isinstance(value, (int, float, np.generic)):
        raise TypeError(f"a kernel takes arrays and numbers, not {type(value).__name__}")
    if kind == "double":
        return int.from_bytes(struct.pack("=d", value), sys.byteorder, signed=True)
    if kind == "float":
        return int(np.float32(value).view(np.int32))
    return int(value)


class _Description(Protocol):
    llvm_func_name: str


class _Library(Protocol):
    def get_pointer_to_function(self, name: str) -> int: ...


class _Compiled(Protocol):
    """What Numba knows of a compiled function."""

    fndesc: _Description
    library: _Library


entries: Final[dict[Callable[..., object], Entry]] = {}
"""Of the kernels that are loaded."""


def register(kernel: Callable[..., object], compiled: _Compiled, signature: str) -> None:
    """Let a kernel be called from compiled code, if its arguments are arrays and numbers."""
    found = _entry(compiled, signature)
    if found is not None:
        entries[kernel] = found


def _entry(compiled: _Compiled, signature: str) -> Entry | None:
    result, _, rest = signature.partition("(")
    kinds: list[Kind] = []
    for text in rest.rstrip(")").split(","):
        name = text.strip()
        kind: Kind | None = _NUMBERS.get(name)
        if name.endswith("[::1]"):
            kind = _SIZES.get(name.removesuffix("[::1]"))
        if kind is None:
            return None
        kinds.append(kind)
    if (result != "void" and result not in _NUMBERS) or not fields_are_known():
        return None
    address = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return Entry(address, tuple(kinds), result, 3 + len(kinds))


@functools.cache
def fields_are_known() -> bool:
    """Whether arrays have their fields where they are looked for."""
    size = 5
    x = np.empty(size, np.int8)
    pointers = ctypes.c_void_p * 3
    data, _, sizes = pointers.from_address(id(x) + FIELDS)
    return data == x.ctypes.data and ctypes.c_ssize_t.from_address(sizes or 0).value == size


_engines: Final[list[object]] = []  # the machine code of callers goes with them


@functools.cache
def caller(kinds: tuple[Kind, ...]) -> int:
    """The address of a function of a row's address, which makes the call that the row is."""
    binding = importlib.import_module("llvmlite.binding")
    module = binding.parse_assembly(_text(kinds))
    module.verify()
    machine = binding.Target.from_default_triple().create_target_machine(opt=2)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    _engines.append(engine)
    address: int = engine.get_function_address("call")
    return address


def _text(kinds: tuple[Kind, ...]) -> str:
    """That function in LLVM's language."""
    lines = ["%result = alloca i64", "%raised = alloca ptr", "store i64 0, ptr %result"]

    def load(name: str, kind: str, begin: str, at: int) -> None:
        lines.append(f"%at.{name} = getelementptr i8, ptr {begin}, i64 {at}")
        lines.append(f"%{name} = load {kind}, ptr %at.{name}")

    load("kernel", "ptr", "%row", 0)
    given = ["ptr %result", "ptr %raised"]
    for i, kind in enumerate(kinds):
        if isinstance(kind, int):
            load(f"object{i}", "ptr", "%row", 8 * (i + 1))
            load(f"data{i}", "ptr", f"%object{i}", FIELDS)
            load(f"sizes{i}", "ptr", f"%object{i}", FIELDS + 16)
            lines.append(f"%length{i} = load i64, ptr %sizes{i}")
            sizes = f"i64 %length{i}", f"i64 {kind}"
            given += ["ptr null", "ptr null", *sizes, f"ptr %data{i}", *sizes]
            continue
        load(f"word{i}", "i64", "%row", 8 * (i + 1))
        if kind == "float":
            lines.append(f"%half{i} = trunc i64 %word{i} to i32")
            lines.append(f"%number{i} = bitcast i32 %half{i} to float")
        else:
            how = {"i64": "add i64 0,", "double": "bitcast i64"}.get(kind, "trunc i64")
            to = "" if kind == "i64" else f" to {kind}"
            lines.append(f"%number{i} = {how} %word{i}{to}")
        given.append(f"{kind} %number{i}")
    lines += [
        f"%status = call i32 %kernel({', '.join(given)})", "%wide = sext i32 %status to i64",
        "%returned = load i64, ptr %result",
        f"%to.returned = getelementptr i64, ptr %row, i64 {len(kinds) + 1}",
        "store i64 %returned, ptr %to.returned",
        f"%to.status = getelementptr i64, ptr %row, i64 {len(kinds) + 2}",
        "store i64 %wide, ptr %to.status", "ret void",
    ]  # fmt: skip
    return "define void @call(ptr %row) {\n  " + "\n  ".join(lines) + "\n}\n"
