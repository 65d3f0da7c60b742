"""From a function of a module to a launch of it: its parameters typed by one letter each.

Hand-written kernels have the same kinds of parameters again and again. The names are in the
function itself; `planned` is told the kinds:

    S, T, I, B, F   memory: elements of the dtype, numbers of the type it is computed in, int64,
                    bytes, float32
    t, i, u, d      numbers: of the type that is computed in, int64, uint32, float64

`I`, the type of positions, is that of 32 bits if there is a `u`.

Plans are kept by all that they depend on, so a second call of a kind only looks up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import FunctionType
from typing import Final

from minitorch_cuda import dsl
from minitorch_cuda.kernel import (
    INDEX_TYPES,
    Dim,
    Kernel,
    Parameter,
    Plan,
    computing_type,
    hand_written,
    plan,
    span_of,
    storage_type,
    types,
)
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout

Flags = tuple[tuple[str, int], ...]
"""Template parameters that are whole numbers, by name."""

WORD: Final = Layout.contiguous((1,))
"""One number, as the word in which a kernel leaves what it found wrong."""


def parameters_of(function: Callable[..., None], kinds: str, dtype: DType) -> tuple[Parameter, ...]:
    """The typed parameters of a kernel for a dtype.

    >>> from minitorch_tensor.dtype import float16
    >>> def scale(out, sums, n): ...
    >>> [str(parameter) for parameter in parameters_of(scale, "STi", float16)]
    ['out: *uint16', 'sums: *float32', 'n: int64']

    Raises:
        TypeError: if there is not one kind for each parameter.
    """
    if not isinstance(function, FunctionType) or len(kinds) != function.__code__.co_argcount:
        raise TypeError(f"{function!r} has not the parameters {kinds!r}")
    value = computing_type(dtype)
    known = {"S": storage_type(dtype), "T": value, "I": "int64", "U": "uint32", "B": "uint8"}
    known |= {"F": "float32", "D": "float64"}
    names = function.__code__.co_varnames
    return tuple(
        Parameter(name, known[kind.upper()], pointer=kind.isupper())
        for name, kind in zip(names, kinds, strict=False)
    )


@lru_cache(maxsize=1024)
def kernel_of(
    function: Callable[..., None], kinds: str, dtype: DType, flags: Flags = (), value: str = ""
) -> Kernel:
    """The kernel that a function of a module is, for a dtype and template parameters.

    It computes in the type `value`, if that is not the dtype's own.
    """
    index = INDEX_TYPES["uint32" if "u" in kinds else "int64"]
    bindings = {**types(dtype), "I": index, **dict(flags)}
    if value:
        bindings["T"] = dsl.TYPES[value]
    parameters = parameters_of(function, kinds, dtype)
    return hand_written(function, parameters, value or computing_type(dtype), "", **bindings)


@lru_cache(maxsize=8192)
def planned(
    function: Callable[..., None],
    kinds: str,
    layouts: tuple[Layout, ...],
    numbers: tuple[float, ...],
    launch: tuple[Dim, Dim],
    dtype: DType,
    flags: Flags = (),
    value: str = "",
) -> Plan:
    """A launch of a kernel over memory with these layouts, and with these numbers.

    Numbers that are left out at the end are given to each launch.
    """
    kernel = kernel_of(function, kinds, dtype, flags, value)
    return plan(kernel, *launch, [span_of(layout) for layout in layouts], numbers)


def narrowed(kinds: str, size: int) -> str:
    """Kinds with positions below `size` in 32 bits, if they fit, each `u`; else in 64.

    >>> narrowed("SSuu", 1000), narrowed("SSuu", 1 << 40)
    ('SSuu', 'SSii')
    """
    return kinds if size < 1 << 31 else kinds.replace("u", "i")
