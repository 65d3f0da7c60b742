"""Kernels called without Python: from an address, with arguments that lie in memory as numbers.

A thread that calls a kernel as Python does needs Python's lock before and after, and two threads
that finish together wait for each other there, which costs more than many a kernel. Compiled code
needs no lock. It finds here what it has to know: the address of a kernel, and the address of a
small function that takes such a kernel's arguments from memory and calls it.

A call is a row of 64-bit words: the kernel's address; for an array its length, the size of an
element and the address of the first; for a number its bits; at the end there is place for the
result, and for the status, which is 0 if nothing was raised. Arrays are passed as Numba passes them
(https://numba.readthedocs.io/en/stable/developer/architecture.html): seven values, of which the
first two say who owns the memory, here nobody.
"""

from __future__ import annotations

import functools
import importlib
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]

_NUMBERS: Final = {
    "int64": "i64", "uint64": "i64", "int32": "i32", "uint32": "i32", "float64": "double",
    "float32": "float", "boolean": "i8",
}  # fmt: skip
_ARRAY: Final = "array"


@dataclass(frozen=True, slots=True)
class Entry:
    """How a kernel is called from compiled code."""

    address: int
    kinds: tuple[str, ...]  # of the arguments: "array", or LLVM's type of a number
    result: str  # "void", or Numba's name of a type

    @property
    def width(self) -> int:
        """How many words a call has."""
        return 3 + sum(3 if kind == _ARRAY else 1 for kind in self.kinds)

    def caller(self) -> int:
        """The address of what makes such calls."""
        return _caller(self.kinds)

    def words(self, calls: Sequence[Sequence[object]]) -> Words:
        """Rows for several calls. The arrays must be kept as long as the rows are used."""
        known: dict[int, tuple[int, int, int]] = {}
        rows = []
        for call in calls:
            row = [self.address]
            for kind, value in zip(self.kinds, call, strict=True):
                if isinstance(value, np.ndarray):
                    found = known.get(id(value))
                    if found is None:
                        address: int = value.__array_interface__["data"][0]
                        found = known[id(value)] = value.size, value.itemsize, address
                    row += found
                else:
                    row.append(_bits(kind, value))
            rows.append([*row, 0, 0])
        return np.array(rows, np.int64)

    def results(self, words: Words) -> list[object] | None:
        """What the calls returned; None if one of them raised an error."""
        if words[:, -1].any():
            return None
        found = np.ascontiguousarray(words[:, -2]).view(np.uint64)
        if self.result == "void":
            return [None] * len(words)
        if self.result == "boolean":
            return [*((found & 255) != 0).tolist()]
        kind = np.dtype(self.result)
        return [*(found if kind.itemsize == 8 else found.astype(np.uint32)).view(kind).tolist()]


def _bits(kind: str, value: object) -> int:
    """A number as a whole one, with the same bits."""
    if not isinstance(value, (int, float, np.generic)):
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
    kinds = []
    for text in rest.rstrip(")").split(","):
        name = text.strip()
        kind = _ARRAY if name.endswith("[::1]") else _NUMBERS.get(name)
        if kind is None:
            return None
        kinds.append(kind)
    if result != "void" and result not in _NUMBERS:
        return None
    address = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return Entry(address, tuple(kinds), result)


_engines: Final[list[object]] = []  # the machine code of callers goes with them


@functools.cache
def _caller(kinds: tuple[str, ...]) -> int:
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


def _text(kinds: tuple[str, ...]) -> str:
    """That function in LLVM's language."""
    lines = ["%result = alloca i64", "%raised = alloca ptr", "store i64 0, ptr %result"]
    at = 0

    def word(name: str) -> None:
        nonlocal at
        lines.append(f"%at.{name} = getelementptr i64, ptr %row, i64 {at}")
        lines.append(f"%{name} = load i64, ptr %at.{name}")
        at += 1

    word("address")
    lines.append("%kernel = inttoptr i64 %address to ptr")
    given = ["ptr %result", "ptr %raised"]
    for i, kind in enumerate(kinds):
        if kind == _ARRAY:
            for name in ("length", "size", "begin"):
                word(f"{name}{i}")
            lines.append(f"%data{i} = inttoptr i64 %begin{i} to ptr")
            sizes = f"i64 %length{i}", f"i64 %size{i}"
            given += ["ptr null", "ptr null", *sizes, f"ptr %data{i}", *sizes]
            continue
        word(f"word{i}")
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
        f"%to.returned = getelementptr i64, ptr %row, i64 {at}",
        "store i64 %returned, ptr %to.returned",
        f"%to.status = getelementptr i64, ptr %row, i64 {at + 1}",
        "store i64 %wide, ptr %to.status", "ret void",
    ]  # fmt: skip
    return "define void @call(ptr %row) {\n  " + "\n  ".join(lines) + "\n}\n"
