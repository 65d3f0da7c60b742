"""out[i] = fn(a[i], b[i], ...): one thread an element, and the next one a whole grid further on.

    for each thread:
        for i = its number in the grid, then steps of the grid's size:
            out[position of i] = fn(a[position of i], ...)

The function is the operator's own source, or that of one of its rules. Where all operands lie in
order, the position is i itself; an operand that is one number repeated is read at 0; only else is i
divided up.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import FunctionType

from minitorch_cuda.collapse import Walk, collapse, fits_32_bits
from minitorch_cuda.kernel import (
    Kernel,
    Parameter,
    Plan,
    computing_type,
    from_text,
    plan,
    span_of,
    storage_type,
)
from minitorch_cuda.kernels.source import Position, indent, load, numbers, scope, store
from minitorch_cuda.limits import Limits
from minitorch_cuda.target import scope_of, specialised
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout

NAMES = ("a", "b", "c", "d")

_SIMPLE = '''"""{title}"""

{function}

def {name}({parameters}):
    i = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    while i < n:
        out[i] = {value}
        i = I(i + step)
'''

_STRIDED = '''"""{title}"""

{function}

def {name}({parameters}):
    i = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    while i < n:
        {position}
        out[out_i] = {value}
        i = I(i + step)
'''


@lru_cache(maxsize=4096)
def plan_pointwise(
    fn: FunctionType,
    compute: DType,
    layouts: tuple[Layout, ...],
    dtypes: tuple[DType, ...],
    limits: Limits,
) -> Plan:
    """The launch of `fn` over operands that have one shape; the first is `out`."""
    size = layouts[0].size
    operands = [layout.strides for layout in layouts]
    walk = collapse(layouts[0].shape, operands)
    narrow = fits_32_bits(size, [(layout.shape, layout.strides) for layout in layouts])
    access = _access(walk) if walk.simple and _in_order(walk.strides[0]) else None
    kernel = pointwise_kernel(
        fn, compute, dtypes, access, walk.rank, "uint32" if narrow else "int64"
    )
    grid, block = limits.cover(size)
    sizes = [] if access is not None else numbers(walk.shape, walk.strides)
    return plan(kernel, grid, block, [span_of(layout) for layout in layouts], [size, *sizes])


def _in_order(strides: tuple[int, ...]) -> bool:
    return strides in ((), (1,))


def _access(walk: Walk) -> tuple[str, ...]:
    """How each input is read when all is in order: at `i`, or always at `0`."""
    return tuple("i" if strides == (1,) else "0" for strides in walk.strides[1:])


@lru_cache(maxsize=4096)
def pointwise_kernel(
    fn: FunctionType,
    compute: DType,
    dtypes: tuple[DType, ...],
    access: tuple[str, ...] | None,
    rank: int,
    index: str,
) -> Kernel:
    """The kernel for one function, its types, and one pattern of access.

    Args:
        fn: the function of an operator, or a rule, as written.
        compute: the dtype operands are cast to.
        dtypes: of `out`, then of the operands.
        access: how each operand is read if all are in order (`i` or `0`); None if strided.
        rank: the number of dimensions, if strided.
        index: `uint32` or `int64`.
    """
    value = computing_type(compute)
    program = specialised(fn, value)
    names = NAMES[: len(dtypes) - 1]
    pointers = [
        Parameter(name, storage_type(dtype), pointer=True)
        for name, dtype in zip(("out", *names), dtypes, strict=True)
    ]
    parameters = [*pointers, Parameter("n", index)]
    position = Position(["out", *names], "i", rank)
    if access is None:
        parameters += position.parameters(index)
        at: Sequence[str] = [f"{name}_i" for name in names]
        how = f"rank {rank}, strided"
    else:
        at = access
        how = "in order" + "".join(
            f", {x} one number" for x, where in zip(names, access, strict=True) if where == "0"
        )
    operands = ", ".join(
        load(f"{x}[{where}]", dtype, compute)
        for x, where, dtype in zip(names, at, dtypes[1:], strict=True)
    )
    name = f"{program.entry.rstrip('_')}_kernel"
    types = ", ".join(dtype.name for dtype in dtypes[1:])
    text = (_SIMPLE if access is not None else _STRIDED).format(
        title=f"{program.entry}: {types} -> {dtypes[0].name}; {how}; positions of {index}.",
        function=program.text,
        name=name,
        parameters=", ".join(parameter.name for parameter in parameters),
        position=indent(position.text("i"), 2),
        value=store(f"{program.entry}({operands})", dtypes[0], compute),
    )
    bound = {**scope(value, index, compute, *dtypes), **scope_of(program, value)}
    ieee = frozenset(program.ieee)
    return from_text(name, text, parameters, bound, ieee=ieee, value=value)
