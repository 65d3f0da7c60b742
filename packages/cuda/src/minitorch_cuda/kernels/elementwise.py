"""A function of numbers as kernels call it: its source, its types, its operands by their names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from types import FunctionType

from minitorch_cuda.kernel import Kernel, Parameter, computing_type, from_text, storage_type
from minitorch_cuda.kernels.source import load, scope, store
from minitorch_cuda.target import scope_of, specialised
from minitorch_operators import id
from minitorch_tensor.dtype import DType
from minitorch_tensor.specialise import Program

NAMES = ("a", "b", "c", "d")


class Function:
    """The function of an operator, or a rule, for operands of some dtypes.

    Args:
        fn: the function, as written.
        compute: the dtype operands are cast to.
        dtypes: of `out`, then of the operands.
    """

    def __init__(self, fn: FunctionType, compute: DType, dtypes: tuple[DType, ...]) -> None:
        self.fn = fn
        self.compute = compute
        self.dtypes = dtypes
        self.names = NAMES[: len(dtypes) - 1]

    @property
    def key(self) -> tuple[FunctionType, DType, tuple[DType, ...]]:
        """What kernels are kept by."""
        return self.fn, self.compute, self.dtypes

    @property
    def type(self) -> str:
        """What it computes in: `float32`, `float64` or `int64`."""
        return computing_type(self.compute)

    @cached_property
    def program(self) -> Program:
        """Its source, and that of all it calls."""
        return specialised(self.fn, self.type)

    @property
    def copies(self) -> bool:
        """Whether it moves elements as they are: then their bits are not looked at."""
        return self.fn is id.fn and self.dtypes[0] is self.dtypes[1]

    @property
    def name(self) -> str:
        """Of its kernels."""
        return f"{self.program.entry.rstrip('_')}_kernel"

    @property
    def pointers(self) -> list[Parameter]:
        """The kernel's first parameters."""
        return [
            Parameter(name, storage_type(dtype), pointer=True)
            for name, dtype in zip(("out", *self.names), self.dtypes, strict=True)
        ]

    def title(self, how: str, index: str) -> str:
        """The first line of a kernel's text."""
        types = ", ".join(dtype.name for dtype in self.dtypes[1:])
        out = self.dtypes[0].name
        return f"{self.program.entry}: {types} -> {out}; {how}; positions of {index}."

    def value(self, elements: Sequence[str]) -> str:
        """What is stored, of elements that are loaded so."""
        if self.copies:
            return elements[0]
        operands = ", ".join(
            load(element, dtype, self.compute)
            for element, dtype in zip(elements, self.dtypes[1:], strict=True)
        )
        return store(f"{self.program.entry}({operands})", self.dtypes[0], self.compute)

    def kernel(
        self, text: str, parameters: Sequence[Parameter], index: str, **bind: object
    ) -> Kernel:
        """The kernel that a text defines."""
        bound = {
            **scope(self.type, index, self.compute, *self.dtypes),
            **scope_of(self.program, self.type),
            **bind,
        }
        ieee = frozenset(self.program.ieee)
        return from_text(self.name, text, parameters, bound, ieee=ieee, value=self.type)
