"""A kernel and a launch of it, as data: what the simulator runs and the compiler compiles.

A `Kernel` is a plain function over pointers and numbers. Its globals hold the names it uses: the
module `dsl` under the name `cuda`, and its template parameters (`T`, the type it computes in;
`TILE`; ...), which `template` binds, as C++ would. A `Plan` adds the grid, the block and the
numbers that follow from shapes: all but the memory, and what changes from launch to launch.
"""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Final, NamedTuple

import numpy as np

from minitorch_cuda import dsl
from minitorch_cuda.instructions import from_bfloat, from_half, to_bfloat, to_half
from minitorch_cuda.target import twin
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout

Dim = tuple[int, int, int]

_KERNELS: Final = "minitorch_cuda.kernels."

INDEX_TYPES: Final = {"uint32": dsl.index32, "int64": dsl.index64, "int32": dsl.signed32}
"""The types of positions, and of coordinates (int32), by the names that parameters use."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a kernel: a pointer to numbers of a type, or one number of it."""

    name: str
    type: str
    pointer: bool = False

    def number(self, value: float) -> np.generic:
        """The number as the kernel is handed it."""
        number: np.generic = np.dtype(self.type).type(value)
        return number

    def __str__(self) -> str:
        return f"{self.name}: {'*' if self.pointer else ''}{self.type}"


@dataclass(frozen=True, eq=False)
class Kernel:
    """A function to be run by every thread of a grid.

    Attributes:
        name: for messages and for the compiled code.
        function: plain Python, with its template parameters bound in its globals.
        parameters: in order.
        ieee: the names `ieee_...` among its globals, which the compiler replaces by the GPU's.
        value: the type it computes in, which decides between `expf` and `exp`.
        text: the source, if it was generated.
    """

    name: str
    function: FunctionType
    parameters: tuple[Parameter, ...]
    ieee: frozenset[str] = frozenset()
    value: str = "float32"
    text: str = ""

    def __repr__(self) -> str:
        return f"<kernel {self.name}({', '.join(str(p) for p in self.parameters)})>"


class Span(NamedTuple):
    """Where a pointer points, and the first and the one after the last element that are its own."""

    offset: int
    low: int
    high: int


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """A launch that only lacks its memory, and what is new each time: a seed, a learning rate.

    So a plan depends on shapes, and can be kept for all launches of a kind.

    Attributes:
        kernel: what runs.
        grid: the number of blocks.
        block: the number of threads in each.
        spans: which part of each buffer is used.
        numbers: the first of the kernel's numbers.
        given: the types of the others, which the launch is given.
    """

    kernel: Kernel
    grid: Dim
    block: Dim
    spans: tuple[Span, ...]
    numbers: tuple[np.generic, ...]
    given: tuple[type[np.generic], ...] = ()

    def all_numbers(self, numbers: Sequence[float]) -> tuple[np.generic, ...]:
        """The kernel's numbers: the plan's own, then those of a launch, each of its type.

        Raises:
            TypeError: if the launch gives more or fewer than the plan leaves open.
        """
        if len(numbers) != len(self.given):
            scalars = [str(p) for p in self.kernel.parameters if not p.pointer]
            names = ", ".join(scalars[len(self.numbers) :]) or "none"
            raise TypeError(
                f"{self.kernel.name}: the launch must give {len(self.given)} numbers ({names}), "
                f"but it gives {len(numbers)}"
            )
        typed = [make(number) for make, number in zip(self.given, numbers, strict=True)]
        return (*self.numbers, *typed)


def plan(
    kernel: Kernel, grid: Dim, block: Dim, spans: Sequence[Span], numbers: Sequence[float]
) -> Plan:
    """Plan a launch: pointers come first among the parameters, then the numbers.

    Numbers that are left out at the end are given to each launch.
    """
    scalars = [p for p in kernel.parameters if not p.pointer]
    assert len(spans) + len(scalars) == len(kernel.parameters)
    assert len(numbers) <= len(scalars)
    own, given = scalars[: len(numbers)], scalars[len(numbers) :]
    typed = tuple([p.number(value) for p, value in zip(own, numbers, strict=True)])
    types = tuple([np.dtype(p.type).type for p in given])
    return Plan(kernel, grid, block, tuple(spans), typed, types)


def span_of(layout: Layout) -> Span:
    """The part of memory that a layout uses."""
    low, high = layout.span()
    return Span(layout.offset, low, high)


def storage_type(dtype: DType) -> str:
    """The type of the elements in device memory: a bool takes a byte, a 16-bit float its bits."""
    if dtype.half:
        return "uint16"
    return "uint8" if dtype.kind == "bool" else dtype.name


def computing_type(dtype: DType) -> str:
    """The type in which a kernel computes: float32, float64, or int64 for integers and bools.

    NumPy's backend does the same, so an intermediate result of int8 wraps around only when stored.
    """
    if dtype.half:
        return "float32"
    return dtype.name if dtype.kind == "float" else "int64"


def types(dtype: DType) -> dict[str, object]:
    """The template parameters of a kernel whose memory holds `dtype`.

    `L` makes a number to compute with (of type `T`) of an element, `S` an element of a number; a
    16-bit float is computed with as float32.

    >>> from minitorch_tensor.dtype import bfloat16, float32
    >>> types(float32)["L"], types(bfloat16)["S"].__name__
    (<class 'numpy.float32'>, 'to_bfloat')
    """
    value = dsl.TYPES[computing_type(dtype)]
    if dtype.name == "float16":
        return {"T": value, "L": from_half, "S": to_half}
    if dtype.name == "bfloat16":
        return {"T": value, "L": from_bfloat, "S": to_bfloat}
    return {"T": value, "L": value, "S": dsl.TYPES[storage_type(dtype)]}


def template(
    function: Callable[..., None], parameters: Sequence[Parameter], **bind: object
) -> FunctionType:
    """`function` with some of its globals bound anew: `T` to a type, `TILE` to a size.

    The functions that it calls are bound likewise, if they come from the same file or another one
    of kernels.

    >>> def scale(out, x, n):
    ...     return T(x)
    >>> template(scale, (), T=int)(0, 2.5, 0)
    2
    """
    if not isinstance(function, FunctionType):
        raise TypeError(f"template: expected a plain function, got {function!r}")
    return _bound(function, bind, {})


def _bound(
    function: FunctionType, bind: Mapping[str, object], made: dict[FunctionType, FunctionType]
) -> FunctionType:
    """A copy of a function, in whose globals the names of `bind` mean something else."""
    found = made.get(function)
    if found is not None:
        return found
    scope = {**function.__globals__, **bind}
    copy = made[function] = FunctionType(function.__code__, scope, function.__name__)
    for name in function.__code__.co_names:
        called = scope.get(name)
        if isinstance(called, FunctionType) and _takes_templates(called, function):
            scope[name] = _bound(called, bind, made)
    return copy


def _takes_templates(called: FunctionType, function: FunctionType) -> bool:
    """Whether what a kernel calls is part of it: from its file, or from one of kernels."""
    return called.__globals__ is function.__globals__ or called.__module__.startswith(_KERNELS)


def hand_written(
    function: Callable[..., None],
    parameters: Sequence[Parameter],
    value: str,
    name: str = "",
    **bind: object,
) -> Kernel:
    """A kernel from a function of a module, for one type of computation.

    The globals that stand for template parameters are declared in the module, for type checkers
    and for readers: `T: cuda.ValueType = cuda.float32`. Functions of mathematics are imported under
    the names `ieee_exp`, ...: they become CUDA's own, and in the simulator the same in this type.

    Args:
        function: the kernel.
        parameters: pointers first, then numbers.
        value: the type it computes in, to which `T` is bound.
        name: of the kernel; that of the function with `_kernel` by default.
        bind: the other template parameters.
    """
    bound = {"T": dsl.TYPES[value], **bind}
    plain = template(function, parameters, **bound)
    used = ieee_names(plain)
    twins = {f"ieee_{known}": twin(known, value) for known in used}
    if twins:
        plain = template(function, parameters, **bound, **twins)
    return Kernel(name or f"{function.__name__}_kernel", plain, tuple(parameters), used, value)


def ieee_names(function: FunctionType) -> frozenset[str]:
    """The functions of `ieee` that a kernel uses, or one that it calls."""
    found: set[str] = set()
    for name in function.__code__.co_names:
        called = function.__globals__.get(name)
        if name.startswith("ieee_"):
            found.add(name.removeprefix("ieee_"))
        elif isinstance(called, FunctionType) and called is not function:
            found |= ieee_names(called)
    return frozenset(found)


def from_text(
    name: str,
    text: str,
    parameters: Sequence[Parameter],
    scope: Mapping[str, object],
    *,
    ieee: frozenset[str] = frozenset(),
    value: str = "float32",
) -> Kernel:
    """The kernel `name` that the source `text` defines, with the names in `scope`.

    The text is given to `linecache`, so that tracebacks and the simulator's messages can quote it.
    """
    file = f"<{name} {hashlib.sha256(text.encode()).hexdigest()[:12]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names: dict[str, object] = {"__name__": f"minitorch_cuda.generated.{name}", **scope}
    exec(compile(text, file, "exec"), names)  # the text is our own generator's
    function = names[name]
    assert isinstance(function, FunctionType)
    return Kernel(name, function, tuple(parameters), ieee, value, text)
