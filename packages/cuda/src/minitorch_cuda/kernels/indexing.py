"""Reading and adding at positions that are themselves data: gather, and its transpose scatter_add.

    gather:       out[i, j] = x[index[i, j], j]            one thread an element
    scatter_add:  out[index[i, j], j] += x[i, j]           one thread a column j, for all i in order
    from_front:   out[i] = index[i], or size + index[i]    one thread an element

An index that lies outside is not followed. Instead the number of the first such element is left in
`bad`, a word that the host can read too, by an atomic minimum; when the host next looks at it, it
raises an IndexError that names the element (see `faults`). from_front makes -far of it, which is
outside as well, whatever the positions in other dimensions add to it.

In scatter_add no two threads meet, since each has its own column: the sums come in the order of i,
as on the CPU, with no atomics. `atomic=True` gives each element a thread of its own: faster where
columns are few and long, but the hardware then adds in any order, and float sums may differ from
run to run.
"""

from __future__ import annotations

from functools import lru_cache, partial
from math import prod
from typing import Final

from minitorch_cuda.collapse import collapse, fits_32_bits
from minitorch_cuda.gates import Gate
from minitorch_cuda.instructions import red_add, red_min
from minitorch_cuda.kernel import (
    Kernel,
    Parameter,
    Plan,
    Span,
    computing_type,
    from_text,
    plan,
    span_of,
    storage_type,
)
from minitorch_cuda.kernels.source import Position, indent, load, numbers, scope, store
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.layout import Layout

ATOMIC_TYPES = frozenset({"float32", "float64", "int32", "int64"})
"""What the hardware can add atomically."""

_LOOP = '''"""{title}"""

def {name}({parameters}):
    i = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    while i < n:
        {position}
        {body}
        i = I(i + step)
'''

_GATHER = """\
k = index[index_i]
if k >= 0 and k < size:
    out[out_i] = {value}
else:
    red_min(bad, 0, int64(i))"""

_CHECK = """\
k = index[index_i]
if k < low or k >= size:
    red_min(bad, 0, int64(i))"""

_FROM_FRONT = """\
k = index[index_i]
if k < -size or k >= size:
    red_min(bad, 0, int64(i))
    k = -far - size
out[out_i] = k + size if k < 0 else k"""

_SCATTER = """\
r = I(0)
while r < m:
    k = index[I(index_i + r * index_step)]
    if k >= 0 and k < size:
        to = I(out_i + I(k) * out_step)
        out[to] = {value}
    else:
        {place}
        red_min(bad, 0, int64(place_c + r * inner))
    r = I(r + 1)"""

_SCATTER_ATOMIC = """\
k = index[index_i]
if k >= 0 and k < size:
    red_add(out, I(out_i + I(k) * out_step), {value})
else:
    red_min(bad, 0, int64(i))"""


def _without(strides: tuple[int, ...], dim: int) -> tuple[int, ...]:
    """The strides with 0 along `dim`: the index says where to go there."""
    return (*strides[:dim], 0, *strides[dim + 1 :])


def _index_type(*layouts: Layout) -> str:
    size = max(layout.size for layout in layouts)
    operands = [(layout.shape, layout.strides) for layout in layouts]
    return "uint32" if fits_32_bits(size, operands) else "int64"


_BAD = Parameter("bad", "int64", pointer=True)
_ONE_WORD = Span(0, 0, 1)


@lru_cache(maxsize=1024)
def plan_gather(
    out: Layout, x: Layout, index: Layout, dim: int, dtypes: tuple[DType, DType], limits: Limits
) -> Plan:
    """The launch of gather over out, x, index, bad; dtypes are those of out and of x."""
    walk = collapse(out.shape, [out.strides, _without(x.strides, dim), index.strides])
    kernel = gather_kernel(dtypes, walk.rank, _index_type(out, x, index))
    grid, block = limits.cover(out.size)
    spans = [span_of(out), span_of(x), span_of(index), _ONE_WORD]
    sizes = numbers(walk.shape, walk.strides, fast=_fast(kernel))
    arguments = [out.size, *sizes, x.shape[dim], x.strides[dim]]
    return plan(kernel, grid, block, spans, arguments)


@lru_cache(maxsize=256)
def gather_kernel(dtypes: tuple[DType, DType], rank: int, index: str) -> Kernel:
    """The kernel of gather for the dtypes of out and x."""
    out, x = dtypes
    position = Position(["out", "x", "index"], "i", rank, fast=index == "uint32")
    parameters = [
        Parameter("out", storage_type(out), pointer=True),
        Parameter("x", storage_type(x), pointer=True),
        Parameter("index", "int64", pointer=True),
        _BAD,
        Parameter("n", index),
        *position.parameters(index),
        Parameter("size", "int64"),
        Parameter("x_step", index),
    ]
    value = store(load("x[I(x_i + I(k) * x_step)]", x, out), out, out)
    body = _GATHER.format(value=value)
    return _looping("gather_kernel", f"{x.name} at an index", parameters, position, body, dtypes)


@lru_cache(maxsize=1024)
def plan_check(index: Layout, size: int, limits: Limits, low: int = 0) -> Plan:
    """The launch that looks for an index outside [low, size), over index, bad."""
    walk = collapse(index.shape, [index.strides])
    kernel = check_kernel(walk.rank, _index_type(index))
    grid, block = limits.cover(index.size)
    sizes = numbers(walk.shape, walk.strides, fast=_fast(kernel))
    arguments = [index.size, *sizes, low, size]
    return plan(kernel, grid, block, [span_of(index), _ONE_WORD], arguments)


@lru_cache(maxsize=64)
def check_kernel(rank: int, index: str) -> Kernel:
    """The kernel that finds the first index outside."""
    position = Position(["index"], "i", rank, fast=index == "uint32")
    parameters = [
        Parameter("index", "int64", pointer=True),
        _BAD,
        Parameter("n", index),
        *position.parameters(index),
        Parameter("low", "int64"),
        Parameter("size", "int64"),
    ]
    return _looping("check_kernel", "the first bad index", parameters, position, _CHECK, ())


@lru_cache(maxsize=1024)
def plan_from_front(out: Layout, index: Layout, size: int, far: int, limits: Limits) -> Plan:
    """The launch that counts an index from the front, and looks for one outside [-size, size).

    It is over out, index, bad.
    """
    walk = collapse(out.shape, [out.strides, index.strides])
    kernel = from_front_kernel(walk.rank, _index_type(out, index))
    grid, block = limits.cover(out.size)
    sizes = numbers(walk.shape, walk.strides, fast=_fast(kernel))
    spans = [span_of(out), span_of(index), _ONE_WORD]
    return plan(kernel, grid, block, spans, [out.size, *sizes, size, far])


@lru_cache(maxsize=64)
def from_front_kernel(rank: int, index: str) -> Kernel:
    """The kernel that counts an index from the front."""
    position = Position(["out", "index"], "i", rank, fast=index == "uint32")
    parameters = [
        Parameter("out", "int64", pointer=True),
        Parameter("index", "int64", pointer=True),
        _BAD,
        Parameter("n", index),
        *position.parameters(index),
        Parameter("size", "int64"),
        Parameter("far", "int64"),
    ]
    title = "an index counted from the front"
    return _looping("from_front_kernel", title, parameters, position, _FROM_FRONT, ())


@lru_cache(maxsize=1024)
def plan_scatter_add(
    out: Layout,
    index: Layout,
    x: Layout,
    dim: int,
    dtypes: tuple[DType, DType],
    limits: Limits,
    *,
    atomic: bool = False,
) -> Plan:
    """The launch of scatter_add over out, index, x, bad; dtypes are those of out and of x."""
    shape, strides = index.shape, [_without(out.strides, dim), index.strides, x.strides]
    if not atomic:
        shape = (*shape[:dim], 1, *shape[dim + 1 :])
    walk = collapse(shape, strides)
    name = _index_type(out, index, Layout(index.shape, x.strides))
    kernel = scatter_kernel(dtypes, walk.rank, name, atomic=atomic)
    size = index.size if atomic else index.size // max(index.shape[dim], 1)
    grid, block = limits.cover(size)
    fast = _fast(kernel)
    steps = [out.shape[dim], out.strides[dim]]
    if not atomic:
        m, inner = index.shape[dim], max(prod(index.shape[dim + 1 :]), 1)
        steps += [m, index.strides[dim], x.strides[dim], inner]
        steps += numbers((1, inner), [(m * inner, 1)], fast=fast)
    spans = [span_of(out), span_of(index), span_of(x), _ONE_WORD]
    sizes = numbers(walk.shape, walk.strides, fast=fast)
    return plan(kernel, grid, block, spans, [size, *sizes, *steps])


@lru_cache(maxsize=256)
def scatter_kernel(
    dtypes: tuple[DType, DType], rank: int, index: str, *, atomic: bool = False
) -> Kernel:
    """The kernel of scatter_add for the dtypes of out and x."""
    out, x = dtypes
    fast = index == "uint32"
    position = Position(["out", "index", "x"], "i", rank, fast=fast)
    parameters = [
        Parameter("out", storage_type(out), pointer=True),
        Parameter("index", "int64", pointer=True),
        Parameter("x", storage_type(x), pointer=True),
        _BAD,
        Parameter("n", index),
        *position.parameters(index),
        Parameter("size", "int64"),
        Parameter("out_step", index),
    ]
    if atomic:
        value = store(load("x[x_i]", x, out), out, out)
        body = _SCATTER_ATOMIC.format(value=value)
        how = "each element by an atomic of its own"
    else:
        # Where column i begins among the elements of the index: only a bad one asks.
        column = Position(["place"], "c", 2, fast=fast)
        parameters += [Parameter(name, index) for name in ("m", "index_step", "x_step", "inner")]
        parameters += column.parameters(index)
        before, more = load("out[to]", out, out), load("x[I(x_i + r * x_step)]", x, out)
        value = store(f"{before} + {more}", out, out)
        body = _SCATTER.format(value=value, place=indent(column.text("i"), 2))
        how = "column by column, in order"
    title = f"add {x.name} at an index, {how}"
    return _looping("scatter_kernel", title, parameters, position, body, dtypes)


def _fast(kernel: Kernel) -> bool:
    """Whether the kernel's positions have 32 bits, so that a multiplication divides them."""
    return any(p.name == "n" and p.type == "uint32" for p in kernel.parameters)


def _looping(
    name: str,
    title: str,
    parameters: list[Parameter],
    position: Position,
    body: str,
    dtypes: tuple[DType, ...],
) -> Kernel:
    """The kernel that runs `body` for each element."""
    index = next(p.type for p in parameters if p.name == "n")
    value = computing_type(dtypes[0]) if dtypes else "int64"
    text = _LOOP.format(
        title=f"{title}; positions of {index}.",
        name=name,
        parameters=", ".join(parameter.name for parameter in parameters),
        position=indent(position.text("i"), 2),
        body=indent(body, 2),
    )
    bound = {**scope(value, index, *dtypes), "red_add": red_add, "red_min": red_min}
    return from_text(name, text, parameters, bound, value=value)


_FLOATS = (float32, float32)

GATES: Final = (
    Gate("gather float32", partial(gather_kernel, _FLOATS, 2, "uint32"), registers=40),
    Gate("check of an index", partial(check_kernel, 2, "uint32"), registers=32),
    Gate("index from the front", partial(from_front_kernel, 2, "uint32"), registers=32),
    Gate("scatter_add float32", partial(scatter_kernel, _FLOATS, 2, "uint32"), registers=48),
    Gate(
        "scatter_add float32, atomic",
        partial(scatter_kernel, _FLOATS, 2, "uint32", atomic=True),
        registers=40,
    ),
)
