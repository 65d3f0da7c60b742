"""out[i] = fn(a[i], b[i], ...): one thread an element, and the next one a whole grid further on.

    for each thread:
        for i = its number in the grid, then steps of the grid's size:
            out[position of i] = fn(a[position of i], ...)

The function is the operator's own source, or that of one of its rules. Where all operands lie in
order, the position is i itself; an operand that is one number repeated is read once; only else is i
divided up. These are the plain kernels. `plan_pointwise` looks first for better ones: four elements
at a time (`pointwise_vectors`), squares through shared memory (`pointwise_tiles`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import FunctionType

from minitorch_cuda.collapse import Walk, collapse, fits_32_bits, in_memory_order
from minitorch_cuda.kernel import Kernel, Parameter, Plan, plan, span_of
from minitorch_cuda.kernels.elementwise import Function
from minitorch_cuda.kernels.pointwise_tiles import plan_tiles
from minitorch_cuda.kernels.pointwise_vectors import plan_vectors
from minitorch_cuda.kernels.source import Position, indent, numbers
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout

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
    order = in_memory_order(layouts[0])
    sorted_layouts = [layout.permute(order) for layout in layouts]
    walk = collapse(sorted_layouts[0].shape, [layout.strides for layout in sorted_layouts])
    narrow = fits_32_bits(size, [(layout.shape, layout.strides) for layout in layouts])
    index = "uint32" if narrow else "int64"
    function = Function(fn, compute, dtypes)
    better = plan_vectors(function, layouts, walk, index, limits) or plan_tiles(
        function, layouts, walk, index, limits
    )
    if better is not None:
        return better
    access = _access(walk) if walk.simple and walk.strides[0] in ((), (1,)) else None
    kernel = pointwise_kernel(fn, compute, dtypes, access, walk.rank, index)
    grid, block = limits.cover(size)
    sizes = [] if access is not None else numbers(walk.shape, walk.strides, fast=narrow)
    return plan(kernel, grid, block, [span_of(layout) for layout in layouts], [size, *sizes])


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
    """The plain kernel for one function, its types, and one pattern of access.

    Args:
        fn: the function of an operator, or a rule, as written.
        compute: the dtype operands are cast to.
        dtypes: of `out`, then of the operands.
        access: how each operand is read if all are in order (`i` or `0`); None if strided.
        rank: the number of dimensions, if strided.
        index: `uint32` or `int64`.
    """
    function = Function(fn, compute, dtypes)
    names = function.names
    parameters = [*function.pointers, Parameter("n", index)]
    position = Position(["out", *names], "i", rank, fast=index == "uint32")
    if access is None:
        parameters += position.parameters(index)
        at: Sequence[str] = [f"{name}_i" for name in names]
        how = f"rank {rank}, strided"
    else:
        at = access
        how = "in order" + "".join(
            f", {x} one number" for x, where in zip(names, access, strict=True) if where == "0"
        )
    text = (_SIMPLE if access is not None else _STRIDED).format(
        title=function.title(how, index),
        function=function.program.text,
        name=function.name,
        parameters=", ".join(parameter.name for parameter in parameters),
        position=indent(position.text("i"), 2),
        value=function.value([f"{x}[{where}]" for x, where in zip(names, at, strict=True)]),
    )
    return function.kernel(text, parameters, index)
