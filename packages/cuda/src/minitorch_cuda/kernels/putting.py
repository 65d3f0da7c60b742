"""Writing at positions that are themselves data: of those that meet in one place the last stays.

    nobody:   last[...] = -1
    claimed:  last[index[i]] = i, the largest of those that meet
    put:      out[index[i]] = x[i], if last[index[i]] is i

Which of two threads writes last a GPU does not say. So the elements of the index first claim their
places, by an atomic maximum of their numbers, whose result does not depend on any order; then only
those write that hold their place. An index that is the same for a whole slice claims it once:
`last` has one word a slice then, and a few rows that go into a large table cost no more than these.

Indices were checked before (`CudaBackend.require_range`); one outside is not followed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Final

from minitorch_cuda.collapse import Walk, collapse, fits_32_bits
from minitorch_cuda.gates import Gate
from minitorch_cuda.instructions import red_max
from minitorch_cuda.kernel import (
    Kernel,
    Parameter,
    Plan,
    from_text,
    plan,
    span_of,
    storage_type,
)
from minitorch_cuda.kernels.source import Position, indent, numbers, scope
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType, float32, int64
from minitorch_tensor.layout import Layout, Shape, strides_from_shape
from minitorch_tensor.storage import Array, Buffer

_LOOP = '''"""{title}"""

def {name}({parameters}):
    i = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    while i < n:
        {position}
        {body}
        i = I(i + step)
'''

_NOBODY = "last[last_i] = int64(-1)"

_CLAIM = """\
k = index[index_i]
if k >= 0 and k < size:
    red_max(last, I(last_i + I(k) * last_step), int64(i))"""

_PUT = """\
k = index[index_i]
if k >= 0 and k < size:
    if last[I(last_i + I(k) * last_step)] == int64(turn_i):
        out[I(out_i + I(k) * out_step)] = x[x_i]"""


def last_shape(out: Shape, index: Layout, dim: int) -> Shape:
    """The shape of `last`: a word for each place that elements of the index can meet in."""
    claims = _claims(index, dim)
    return (*claims[:dim], out[dim], *claims[dim + 1 :])


def _claims(index: Layout, dim: int) -> Shape:
    """The shape of the index without repetitions, which claim nothing more."""
    return tuple(
        n if stride or d == dim else 1
        for d, (n, stride) in enumerate(zip(index.shape, index.strides, strict=True))
    )


def _repeating(shape: Shape) -> tuple[int, ...]:
    """Strides of dense memory of this shape, 0 where it repeats its only element."""
    strides = strides_from_shape(shape)
    return tuple(0 if n == 1 else stride for n, stride in zip(shape, strides, strict=True))


def _without(strides: tuple[int, ...], dim: int) -> tuple[int, ...]:
    """The strides with 0 along `dim`: the index says where to go there."""
    return (*strides[:dim], 0, *strides[dim + 1 :])


def _index_type(*layouts: Layout) -> str:
    operands = [(layout.shape, layout.strides) for layout in layouts]
    size = max(layout.size for layout in layouts)
    return "uint32" if fits_32_bits(size, operands) else "int64"


def run_put(
    empty: Callable[[int, DType], Buffer],
    launch: Callable[[Plan, Sequence[Buffer]], None],
    limits: Limits,
    arrays: tuple[Array, Array, Array],
    dim: int,
) -> None:
    """Launch all three over out, index and x; `empty` gives memory for `last`."""
    out, index, x = arrays
    words = Layout.contiguous(last_shape(out.layout.shape, index.layout, dim))
    last = empty(words.size, int64)
    launch(plan_nobody(words, limits), [last])
    claims = plan_claims(out.layout.shape, index.layout, dim, limits)
    launch(claims, [last, index.storage.buffer])
    plan = plan_put(out.layout, index.layout, x.layout, dim, out.dtype, limits)
    launch(plan, [*(array.storage.buffer for array in arrays), last])


@lru_cache(maxsize=1024)
def plan_nobody(last: Layout, limits: Limits) -> Plan:
    """The launch of `nobody` over the dense memory of last."""
    whole = Layout.contiguous((last.size,))
    kernel = nobody_kernel(_index_type(whole))
    return plan(kernel, *limits.cover(last.size), [span_of(whole)], [last.size, 1])


@lru_cache(maxsize=1024)
def plan_claims(out: Shape, index: Layout, dim: int, limits: Limits) -> Plan:
    """The launch of `claimed` over last, which is -1 everywhere, and index."""
    last = Layout.contiguous(last_shape(out, index, dim))
    claims = _claims(index, dim)
    walk = collapse(claims, [_without(_repeating(last.shape), dim), index.strides])
    positions = _index_type(last, index)
    kernel = claim_kernel(walk.rank, positions)
    size = Layout.contiguous(claims).size
    spans = [span_of(last), span_of(index)]
    arguments = [size, *_numbers(walk, positions), out[dim], last.strides[dim]]
    return plan(kernel, *limits.cover(size), spans, arguments)


@lru_cache(maxsize=1024)
def plan_put(out: Layout, index: Layout, x: Layout, dim: int, dtype: DType, limits: Limits) -> Plan:
    """The launch of `put` over out, index, x and last, all but `index` and `last` of a dtype."""
    last = Layout.contiguous(last_shape(out.shape, index, dim))
    operands = [
        _without(out.strides, dim),
        index.strides,
        x.strides,
        _without(_repeating(last.shape), dim),
        _repeating(_claims(index, dim)),
    ]
    walk = collapse(index.shape, operands)
    positions = _index_type(out, index, x, last)
    kernel = put_kernel(dtype, walk.rank, positions)
    spans = [span_of(layout) for layout in (out, index, x, last)]
    steps = [out.shape[dim], out.strides[dim], last.strides[dim]]
    arguments = [index.size, *_numbers(walk, positions), *steps]
    return plan(kernel, *limits.cover(index.size), spans, arguments)


def _numbers(walk: Walk, positions: str) -> list[int]:
    return numbers(walk.shape, walk.strides, fast=positions == "uint32")


@lru_cache(maxsize=2)
def nobody_kernel(index: str) -> Kernel:
    """The kernel of `nobody`."""
    position = Position(["last"], "i", 1)
    title = f"nobody holds a place; positions of {index}."
    return _kernel("nobody_kernel", title, {"last": int64}, position, index, None, _NOBODY)


@lru_cache(maxsize=64)
def claim_kernel(rank: int, index: str) -> Kernel:
    """The kernel of `claimed`."""
    position = Position(["last", "index"], "i", rank, fast=index == "uint32")
    pointers = {"last": int64, "index": int64}
    title = f"the last element of an index for each place; positions of {index}."
    return _kernel("claim_kernel", title, pointers, position, index, ("last_step",), _CLAIM)


@lru_cache(maxsize=256)
def put_kernel(dtype: DType, rank: int, index: str) -> Kernel:
    """The kernel of `put` for elements of a dtype."""
    names = ["out", "index", "x", "last", "turn"]
    position = Position(names, "i", rank, fast=index == "uint32")
    pointers = {"out": dtype, "index": int64, "x": dtype, "last": int64}
    title = f"write {dtype.name} at an index; positions of {index}."
    return _kernel("put_kernel", title, pointers, position, index, ("out_step", "last_step"), _PUT)


def _kernel(
    name: str,
    title: str,
    pointers: dict[str, DType],
    position: Position,
    index: str,
    steps: tuple[str, ...] | None,
    body: str,
) -> Kernel:
    """The kernel that runs `body` for each element; elements are moved as they are."""
    parameters = [
        *(Parameter(name, storage_type(dtype), pointer=True) for name, dtype in pointers.items()),
        Parameter("n", index),
        *position.parameters(index),
    ]
    if steps is not None:
        parameters.append(Parameter("size", "int64"))
        parameters += [Parameter(name, index) for name in steps]
    text = _LOOP.format(
        title=title,
        name=name,
        parameters=", ".join(parameter.name for parameter in parameters),
        position=indent(position.text("i"), 2),
        body=indent(body, 2),
    )
    bound = {**scope("int64", index), "red_max": red_max}
    return from_text(name, text, parameters, bound, value="int64")


GATES: Final = (
    Gate("no claims yet", partial(nobody_kernel, "uint32"), registers=32),
    Gate("claims of an index", partial(claim_kernel, 1, "uint32"), registers=32),
    Gate("put float32", partial(put_kernel, float32, 2, "uint32"), registers=40),
)
