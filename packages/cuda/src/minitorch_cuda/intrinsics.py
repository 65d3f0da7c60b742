"""The atomic updates that Numba cannot do through a plain pointer, as one line of PTX each.

Numba's own `cuda.atomic` wants its array type. An intrinsic is a function that writes LLVM code
itself: here, the address of the element, then the instruction.

Source:
    https://docs.nvidia.com/cuda/parallel-thread-execution/#parallel-synchronization-and-communication-instructions-red
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Protocol


class Typed(Protocol):
    """A Numba type of a pointer."""

    dtype: object


class LlvmValue(Protocol):
    """A value in LLVM's language."""

    type: object


class Builder(Protocol):
    """What writes LLVM instructions one after the other."""

    def gep(self, pointer: LlvmValue, indices: list[LlvmValue]) -> LlvmValue:
        """The address of an element."""
        ...

    def call(self, function: object, arguments: list[LlvmValue]) -> LlvmValue:
        """A call."""
        ...


class Context(Protocol):
    """Numba's knowledge of the target."""

    def get_value_type(self, type_: object) -> object:
        """LLVM's type of Numba's."""
        ...

    def get_dummy_value(self) -> object:
        """The result of what has none."""
        ...


Generator = Callable[[Context, Builder, object, list[LlvmValue]], object]
Typer = Callable[[object, Typed, object, object], tuple[object, Generator]]

_ADD = {
    "float32": ("red.global.add.f32", "f"),
    "float64": ("red.global.add.f64", "d"),
    "int32": ("red.global.add.s32", "r"),
    "int64": ("red.global.add.u64", "l"),  # two's complement: the same bits as with a sign
}
_MIN = {"int64": ("red.global.min.s64", "l")}


def red_add() -> object:
    """The intrinsic behind `dsl.red_add`."""
    return _reduction("red_add", _ADD)


def red_min() -> object:
    """The intrinsic behind `dsl.red_min`."""
    return _reduction("red_min", _MIN)


def _reduction(name: str, instructions: dict[str, tuple[str, str]]) -> object:
    """A function (pointer, index, value) that runs the instruction for the pointer's type."""
    types = importlib.import_module("numba.cuda.types")
    intrinsic: Callable[[Typer], object] = importlib.import_module("numba.cuda.extending").intrinsic
    ir = importlib.import_module("numba.cuda.cgutils").ir  # llvmlite's, as Numba imported it

    def typer(
        typing: object, pointer: Typed, index: object, value: object
    ) -> tuple[object, Generator]:
        found = instructions.get(str(pointer.dtype))
        if found is None:
            raise TypeError(
                f"{name}: no atomic instruction for {pointer.dtype}; there is one for "
                f"{', '.join(instructions)}"
            )
        instruction, register = found

        def generate(
            context: Context, builder: Builder, signature: object, arguments: list[LlvmValue]
        ) -> object:
            address = builder.gep(arguments[0], [arguments[1]])
            element = context.get_value_type(pointer.dtype)
            assembly = ir.InlineAsm(
                ir.FunctionType(ir.VoidType(), [address.type, element]),
                f"{instruction} [$0], $1;",
                f"l,{register}",
                side_effect=True,
            )
            builder.call(assembly, [address, arguments[2]])
            return context.get_dummy_value()

        return types.void(pointer, types.int64, pointer.dtype), generate

    return intrinsic(typer)
