"""out[i] = fn(a[i], b[i], ...), four elements at a time: 128 bits an access, the widest there is.

    ordered: all lie in order: a thread takes elements 4 i to 4 i + 3 (two fours where an element
             has 16 bits), and what is left at the end goes one by one.
    rows:    the innermost dimension is a multiple of four, and each operand either lies in order
             along it, or repeats one number: so are biases added, and parts of rows copied.

A vector's position must be a multiple of four, or the access is none. Where that does not hold, or
the function is so long that it hardly matters, there are the plain kernels.
"""

from __future__ import annotations

from functools import lru_cache
from types import FunctionType

from minitorch_cuda.collapse import Walk
from minitorch_cuda.instructions import load4, store4
from minitorch_cuda.kernel import Kernel, Parameter, Plan, plan, span_of
from minitorch_cuda.kernels.elementwise import Function
from minitorch_cuda.kernels.source import Position, indent, numbers
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout

FOUR = 4

LONGEST = 1500
"""Functions of more characters compute so long that memory has time; five copies cost more."""

_ORDERED = '''"""{title}"""

{function}

def {name}({parameters}):
    i = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    groups = I(n // {width})
    {before}
    while i < groups:
        p = I(i * {width})
        {body}
        i = I(i + step)
    i = I(groups * {width} + cuda.grid(1))
    if i < n:
        out[i] = {value}
'''

_ROWS = '''"""{title}"""

{function}

def {name}({parameters}):
    i = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    while i < n:
        {position}
        {body}
        i = I(i + step)
'''


def plan_vectors(
    function: Function, layouts: tuple[Layout, ...], walk: Walk, index: str, limits: Limits
) -> Plan | None:
    """The launch by fours, if there is one."""
    size = layouts[0].size
    if size < limits.threads or len(function.program.text) > LONGEST:
        return None
    inner = [strides[-1] for strides in walk.strides]
    if inner[0] != 1 or not all(stride in (0, 1) for stride in inner):
        return None
    if any(
        layout.offset % FOUR or any(stride % FOUR for stride in strides[:-1])
        for layout, strides in zip(layouts, walk.strides, strict=True)
        if strides[-1] == 1
    ):
        return None
    access = tuple("i" if stride else "0" for stride in inner[1:])
    spans = [span_of(layout) for layout in layouts]
    if walk.rank == 1:
        kernel = ordered_kernel(*function.key, access, index)
        grid, block = limits.cover_vectors(-(-size // width(function.dtypes)))
        return plan(kernel, grid, block, spans, [size])
    if walk.shape[-1] % FOUR:
        return None
    kernel = rows_kernel(*function.key, access, walk.rank, index)
    shape = (*walk.shape[:-1], walk.shape[-1] // FOUR)
    strides = [(*operand[:-1], FOUR * operand[-1]) for operand in walk.strides]
    arguments = [size // FOUR, *numbers(shape, strides, fast=index == "uint32")]
    grid, block = limits.cover_vectors(size // FOUR)
    return plan(kernel, grid, block, spans, arguments)


def width(dtypes: tuple[DType, ...]) -> int:
    """How many elements a thread takes at a time: twice four where all are narrow."""
    return FOUR if max(dtype.itemsize for dtype in dtypes) > 2 else 2 * FOUR


def _body(function: Function, access: tuple[str, ...], fours: int, at: str) -> str:
    """Load, compute and store `fours` times four elements.

    Args:
        function: what is computed.
        access: `i` where an operand is read by fours, `0` where it is one number x_0.
        fours: how many.
        at: where they are: the variable of each operand is this after its name, or this itself.
    """
    lines: list[str] = []
    for f in range(fours):
        plus = f" + {FOUR * f}" if f else ""
        for name, how in zip(function.names, access, strict=True):
            if how == "i":
                four = ", ".join(f"{name}{FOUR * f + k}" for k in range(FOUR))
                lines.append(f"{four} = load4({name}, I({_place(name, at)}{plus}))")
    for f in range(fours):
        plus = f" + {FOUR * f}" if f else ""
        values = [
            function.value(
                [
                    f"{name}{FOUR * f + k}" if how == "i" else f"{name}_0"
                    for name, how in zip(function.names, access, strict=True)
                ]
            )
            for k in range(FOUR)
        ]
        arguments = "".join(f",\n    {value}" for value in values)
        lines.append(f"store4(out, I({_place('out', at)}{plus}){arguments})")
    return "\n".join(lines)


def _place(name: str, at: str) -> str:
    return at if at == "p" else f"{name}{at}"


@lru_cache(maxsize=4096)
def ordered_kernel(
    fn: FunctionType,
    compute: DType,
    dtypes: tuple[DType, ...],
    access: tuple[str, ...],
    index: str,
) -> Kernel:
    """The kernel for operands in order (`i`) or of one number (`0`)."""
    function = Function(fn, compute, dtypes)
    parameters = [*function.pointers, Parameter("n", index)]
    pairs = list(zip(function.names, access, strict=True))
    single = [f"{name}_0 = {name}[0]" for name, how in pairs if how == "0"]
    fours = width(dtypes) // FOUR
    text = _ORDERED.format(
        title=function.title(_how("in order, by fours", pairs), index),
        function=function.program.text,
        name=function.name,
        parameters=", ".join(parameter.name for parameter in parameters),
        width=width(dtypes),
        before=indent("\n".join(single), 1),
        body=indent(_body(function, access, fours, "p"), 2),
        value=function.value([f"{name}[i]" if how == "i" else f"{name}_0" for name, how in pairs]),
    )
    return function.kernel(text, parameters, index, load4=load4, store4=store4)


@lru_cache(maxsize=4096)
def rows_kernel(
    fn: FunctionType,
    compute: DType,
    dtypes: tuple[DType, ...],
    access: tuple[str, ...],
    rank: int,
    index: str,
) -> Kernel:
    """The kernel for operands that lie in order (`i`) or repeat a number (`0`) along each row."""
    function = Function(fn, compute, dtypes)
    position = Position(["out", *function.names], "i", rank, fast=index == "uint32")
    parameters = [*function.pointers, Parameter("n", index), *position.parameters(index)]
    pairs = list(zip(function.names, access, strict=True))
    single = [f"{name}_0 = {name}[{name}_i]\n" for name, how in pairs if how == "0"]
    text = _ROWS.format(
        title=function.title(_how(f"rank {rank}, rows by fours", pairs), index),
        function=function.program.text,
        name=function.name,
        parameters=", ".join(parameter.name for parameter in parameters),
        position=indent(position.text("i"), 2),
        body=indent("".join(single) + _body(function, access, 1, "_i"), 2),
    )
    return function.kernel(text, parameters, index, load4=load4, store4=store4)


def _how(how: str, pairs: list[tuple[str, str]]) -> str:
    return how + "".join(f", {name} one number" for name, where in pairs if where == "0")
