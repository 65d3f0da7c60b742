"""out[p, q] = fn(a[q, p], b[p, q], ...): what lies across goes through a square of shared memory.

    for each square of TILE by TILE elements, one block:
        read it from a, along the dimension in which a lies in order
        wait until all have
        write it to out, along the dimension in which out lies in order

Neighbouring threads then always use neighbours in memory. Without the square, each thread would
fetch 32 bytes for every 4 of a that it needs. The square's rows are one element longer than TILE,
so that a column of it lies in different banks of the shared memory.

Source: Ruetsch and Micikevicius, Optimizing Matrix Transpose in CUDA, 2009
"""

from __future__ import annotations

from functools import lru_cache
from types import FunctionType

from minitorch_cuda import dsl
from minitorch_cuda.collapse import Walk
from minitorch_cuda.kernel import Kernel, Parameter, Plan, plan, span_of, storage_type
from minitorch_cuda.kernels.elementwise import Function
from minitorch_cuda.kernels.source import Position, indent, numbers
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout

_TEXT = '''"""{title}"""

{function}

def {name}({parameters}):
    {tiles}
    tx = I(cuda.threadIdx.x)
    ty = I(cuda.threadIdx.y)
    square = I(cuda.blockIdx.x)  # its number among those of all batches k
    across = I(I((n_p + (TILE - 1)) // TILE))
    down = I(I((n_q + (TILE - 1)) // TILE))
    k = I(I(square // across) // down)
    p0 = I(I(square % across) * TILE)
    q0 = I(I(I(square // across) % down) * TILE)
    {position}
    r = ty
    while r < TILE:
        p = I(p0 + r)
        q = I(q0 + tx)
        if p < n_p and q < n_q:
            {read}
        r = I(r + ROWS)
    cuda.syncthreads()
    r = ty
    while r < TILE:
        p = I(p0 + tx)
        q = I(q0 + r)
        if p < n_p and q < n_q:
            out[I(out_k + p * out_p + q * out_q)] = {value}
        r = I(r + ROWS)
'''


def plan_tiles(
    function: Function, layouts: tuple[Layout, ...], walk: Walk, index: str, limits: Limits
) -> Plan | None:
    """The launch through squares, if an operand lies across; its largest dimensions decide."""
    if walk.rank < 2 or walk.strides[0][-1] != 1 or walk.shape[-1] < limits.tile:
        return None
    p = walk.rank - 1
    q = next(
        (
            strides.index(1)
            for strides in walk.strides[1:]
            if strides[p] not in (0, 1) and 1 in strides
        ),
        None,
    )
    if q is None or walk.shape[q] < limits.tile:
        return None
    across = tuple(strides[q] == 1 and strides[p] > 1 for strides in walk.strides[1:])
    rest = [dim for dim in range(walk.rank) if dim not in (p, q)]
    shape = tuple(walk.shape[dim] for dim in rest)
    strides = [tuple(operand[dim] for dim in rest) for operand in walk.strides]
    kernel = tiles_kernel(*function.key, across, len(rest), index, limits.tile)
    blocks = 1
    for size in shape:
        blocks *= size
    for dim in (p, q):
        blocks *= -(-walk.shape[dim] // limits.tile)
    steps = [operand[dim] for operand in walk.strides for dim in (p, q)]
    return plan(
        kernel,
        (blocks, 1, 1),
        (limits.tile, rows_of(limits.tile), 1),
        [span_of(layout) for layout in layouts],
        [walk.shape[p], walk.shape[q], *steps, *numbers(shape, strides, fast=index == "uint32")],
    )


def rows_of(tile: int) -> int:
    """The rows of threads that fill a square: each thread moves four elements."""
    return tile // 4


@lru_cache(maxsize=1024)
def tiles_kernel(
    fn: FunctionType,
    compute: DType,
    dtypes: tuple[DType, ...],
    across: tuple[bool, ...],
    rank: int,
    index: str,
    tile: int,
) -> Kernel:
    """The kernel for operands of which some lie across; `rank` dimensions besides p and q."""
    function = Function(fn, compute, dtypes)
    names = ["out", *function.names]
    position = Position(names, "k", rank, fast=index == "uint32")
    numbers = ["n_p", "n_q", *(f"{name}_{dim}" for name in names for dim in "pq")]
    parameters = [
        *function.pointers,
        *(Parameter(name, index) for name in numbers),
        *position.parameters(index),
    ]
    crossing = [name for name, crosses in zip(function.names, across, strict=True) if crosses]
    at = {name: f"I({name}_k + p * {name}_p + q * {name}_q)" for name in names}
    types = dict(zip(names, map(storage_type, dtypes), strict=True))
    text = _TEXT.format(
        title=function.title(f"{', '.join(crossing)} across", index),
        function=function.program.text,
        name=function.name,
        parameters=", ".join(parameter.name for parameter in parameters),
        tiles=indent(
            "\n".join(f"{x}_tile = cuda.shared.array((TILE, WIDE), {x}_type)" for x in crossing), 1
        ),
        position=indent(position.text("k"), 1),
        read=indent("\n".join(f"{x}_tile[r, tx] = {x}[{at[x]}]" for x in crossing), 3),
        value=function.value(
            [f"{x}_tile[tx, r]" if x in crossing else f"{x}[{at[x]}]" for x in function.names]
        ),
    )
    bind: dict[str, object] = {"TILE": tile, "WIDE": tile + 1, "ROWS": rows_of(tile)}
    bind |= {f"{x}_type": dsl.TYPES[types[x]] for x in crossing}
    return function.kernel(text, parameters, index, **bind)
