"""What writes LLVM code, as far as `intrinsics` needs it: protocols of parts that have no types.

A `Builder` writes one instruction after the other, and gives a value for each; a `Context` knows
what Numba's types are in LLVM's language; `Ir` has that language's types.

Source: https://llvmlite.readthedocs.io/en/latest/user-guide/ir/ir-builder.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Typed(Protocol):
    """A Numba type: of a pointer, of an array or of a number."""

    dtype: object
    bitwidth: int

    def __call__(self, *arguments: object) -> object:
        """The signature of what takes these and returns one of it."""
        ...


class LlvmValue(Protocol):
    """A value in LLVM's language."""

    type: object


class LlvmType(Protocol):
    """A type in LLVM's language."""

    def as_pointer(self) -> object:
        """The type of its address."""
        ...


class Builder(Protocol):
    """What writes LLVM instructions one after the other."""

    def gep(self, pointer: LlvmValue, indices: list[LlvmValue]) -> LlvmValue:
        """The address of an element."""
        ...

    def bitcast(self, value: LlvmValue, type_: object) -> LlvmValue:
        """The same bits as another type."""
        ...

    def load(self, address: LlvmValue, *, align: int) -> LlvmValue:
        """What is at an address."""
        ...

    def store(self, value: LlvmValue, address: LlvmValue, *, align: int) -> None:
        """Put a value at an address."""
        ...

    def inttoptr(self, value: LlvmValue, type_: object) -> LlvmValue:
        """A number as an address."""
        ...

    def addrspacecast(self, value: LlvmValue, type_: object) -> LlvmValue:
        """An address of one kind of memory as one of any."""
        ...

    def extract_element(self, vector: LlvmValue, index: LlvmValue) -> LlvmValue:
        """One element of a vector."""
        ...

    def insert_element(self, vector: LlvmValue, value: LlvmValue, index: LlvmValue) -> LlvmValue:
        """A vector with one element changed."""
        ...

    def call(self, function: object, arguments: list[LlvmValue]) -> LlvmValue:
        """A call."""
        ...


class Context(Protocol):
    """Numba's knowledge of the target."""

    def get_value_type(self, type_: object) -> object:
        """LLVM's type of Numba's."""
        ...

    def get_dummy_value(self) -> LlvmValue:
        """The result of what has none."""
        ...

    def make_tuple(self, builder: Builder, type_: object, values: list[LlvmValue]) -> LlvmValue:
        """Several values as one."""
        ...


class Ir(Protocol):
    """llvmlite.ir, as Numba imported it."""

    VectorType: Callable[[object, int], LlvmType]
    PointerType: Callable[[object, int], object]
    IntType: Callable[[int], object]
    VoidType: Callable[[], object]
    FunctionType: Callable[[object, list[object]], object]
    Constant: Callable[[object, object], LlvmValue]

    def InlineAsm(self, type_: object, text: str, constraints: str, *, side_effect: bool) -> object:
        """A line of PTX as a function."""
        ...


class Signature(Protocol):
    """A Numba signature."""

    return_type: object


Generator = Callable[[Context, Builder, Signature, list[LlvmValue]], LlvmValue]
Typer = Callable[..., tuple[object, Generator]]
