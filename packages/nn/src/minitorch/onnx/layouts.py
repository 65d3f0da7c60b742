"""From a layout to ONNX: which Reshape, Slice and Transpose show memory as a view does.

A backend never sees a view being made: it sees memory, and the layout through which it is read or
written. The graph knows what the memory holds as a value with a layout of its own, so each use of a
view is worked out from the two layouts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from minitorch.onnx.graph import Operand, Sizes, Value
from minitorch.onnx.writing import Writer
from minitorch_tensor import Layout

Box = dict[int, tuple[int, int, int]]
"""Start, end and step of what is taken of dimensions."""


@dataclass(frozen=True)
class Part:
    """A view as a part of a base: what is taken of each dimension, and how these are ordered.

    Several dimensions of a view may run along one of the base, as those of sliding windows do.
    """

    starts: tuple[int, ...]  # for each dimension of the base
    runs: tuple[tuple[tuple[int, int], ...], ...]  # for each, its (size, step) in the view
    order: tuple[int, ...]  # the dimension of the base of each dimension of the view above size 1

    @property
    def slices(self) -> bool:
        """Whether one dimension of the view at most runs along each of the base."""
        return all(len(runs) < 2 for runs in self.runs)

    def range(self, dim: int) -> tuple[int, int, int]:
        """What is taken of a dimension that one of the view runs along, or none: a slice."""
        start = self.starts[dim]
        if not self.runs[dim]:
            return start, start + 1, 1
        ((n, step),) = self.runs[dim]
        return start, start + (n - 1) * step + 1, step

    def places(self, dim: int) -> npt.NDArray[np.int64]:
        """What is taken of any dimension: an array with as many dimensions as run along it."""
        found = np.array(self.starts[dim])
        for n, step in self.runs[dim]:
            found = found[..., None] + np.arange(n) * step
        return found


def whole(layout: Layout, size: int) -> bool:
    """Whether a layout shows each of `size` elements of memory exactly once."""
    return layout.size == size and layout.offset == 0 and not layout.repeats()


def without_repeats(layout: Layout) -> Layout:
    """The layout with size 1 where it repeats elements."""
    if all(stride or n == 1 for n, stride in zip(layout.shape, layout.strides, strict=True)):
        return layout
    shape = tuple(n if s else 1 for n, s in zip(layout.shape, layout.strides, strict=True))
    return Layout(shape, layout.strides, layout.offset)


def part_of(base: Layout, view: Layout) -> Part | None:
    """The view as a part of the base, if each of its dimensions runs along one of the base."""
    dims = sorted((i for i, n in enumerate(base.shape) if n != 1), key=lambda i: -base.strides[i])
    rest, starts = view.offset, [0] * base.ndim
    for i in dims:
        starts[i], rest = divmod(rest, base.strides[i])
    runs: list[list[tuple[int, int]]] = [[] for _ in base.shape]
    order: list[int] = []
    for n, stride in zip(view.shape, view.strides, strict=True):
        if n == 1:
            continue
        along = next((i for i in dims if base.strides[i] <= stride), None)
        if along is None or stride % base.strides[along]:
            return None
        runs[along].append((n, stride // base.strides[along]))
        order.append(along)
    for i in range(base.ndim):
        if starts[i] + sum((n - 1) * step for n, step in runs[i]) >= base.shape[i]:
            return None
    return None if rest else Part(tuple(starts), tuple(map(tuple, runs)), tuple(order))


def factored(view: Layout, size: int) -> Layout | None:
    """A row-major layout of all the memory with a dimension for each stride of the view."""
    strides = sorted(
        {s for n, s in zip(view.shape, view.strides, strict=True) if n != 1} | {1}, reverse=True
    )
    shape, outer = [], size
    for stride in strides:
        if outer % stride:
            return None
        shape.append(outer // stride)
        outer = stride
    return Layout.contiguous(tuple(shape))


def in_memory_order(writer: Writer, value: Value, base: Layout) -> Value:
    """The value transposed so that its elements are in the order of the memory."""
    order = sorted(range(base.ndim), key=lambda i: (-base.strides[i], base.shape[i] != 1, i))
    return value if base.is_contiguous() else writer.transpose(value, order)


def read(writer: Writer, value: Value, base: Layout, view: Layout) -> Value:
    """What `view`, which repeats nothing, shows of the memory that `value` is through `base`."""
    if view == base:
        return value
    if base.is_contiguous() and view.dense and view.size == base.size:
        return _as_shape(writer, value, base, view)
    part, fine = part_of(base, view), factored(view, base.size)
    if part is not None and part.slices:
        return _taken(writer, value, base, part, view.shape)
    finer = None if fine is None else part_of(fine, view)
    flat = in_memory_order(writer, value, base)
    if fine is not None and finer is not None and finer.slices:
        return _taken(writer, writer.reshape(flat, fine.shape), fine, finer, view.shape)
    if part is not None:
        return _taken(writer, value, base, part, view.shape)
    return writer.gather(writer.reshape(flat, (base.size,)), positions(view), 0)


def _as_shape(writer: Writer, value: Value, base: Layout, view: Layout) -> Value:
    if [n for n in base.shape if n != 1] == [n for n in view.shape if n != 1]:
        return writer.with_ones(value, view.shape)
    return writer.reshape(value, view.shape)


def _taken(writer: Writer, value: Value, base: Layout, part: Part, shape: tuple[int, ...]) -> Value:
    """The part cut out, its dimensions ordered, and those of size 1 put where the view has them."""
    slices = {i: part.range(i) for i, runs in enumerate(part.runs) if len(runs) < 2}
    value = writer.slice(value, slices)
    origin: list[int] = []  # the dimension of the base of each dimension
    for dim, runs in enumerate(part.runs):
        if len(runs) > 1:
            value = writer.gather(value, part.places(dim), len(origin))
        origin += [dim] * max(len(runs), 1)
    spare = [i for i, dim in enumerate(origin) if not part.runs[dim]]
    kept = sorted(range(len(part.order)), key=lambda k: part.order[k])  # by place in the value
    places = [i for i in range(len(origin)) if i not in spare]
    order = [places[kept.index(k)] for k in range(len(part.order))]
    if order == places:
        return writer.with_ones(value, shape)
    if len(shape) == len(origin):
        ones, others = iter(spare), iter(order)
        return writer.transpose(value, [next(ones) if n == 1 else next(others) for n in shape])
    narrow = writer.squeeze(value, *spare) if spare else value
    ordered = writer.transpose(narrow, [places.index(i) for i in order])
    return writer.with_ones(ordered, shape)


def write(
    writer: Writer, value: Value, base: Layout, view: Layout, piece: Value
) -> tuple[Value, Layout]:
    """The memory after `piece` was written through `view`, and the layout it then has."""
    part = part_of(base, view)
    if part is None or not part.slices:
        flat = writer.reshape(in_memory_order(writer, value, base), (base.size,))
        places = writer.constant(positions(view).reshape(-1))
        new = writer.reshape(piece, (view.size,))
        after = writer.node("ScatterElements", [flat, places, new], flat.shape, value.dtype)
        return after, Layout.contiguous((base.size,))
    box = {i: part.range(i) for i in range(base.ndim)}
    narrow = writer.with_ones(piece, tuple(n for n in view.shape if n != 1))
    rank = {dim: i for i, dim in enumerate(part.order)}
    narrow = writer.transpose(narrow, [rank[dim] for dim in sorted(part.order)])
    narrow = writer.with_ones(narrow, tuple(len(range(*box[i])) for i in range(base.ndim)))
    stepped = [i for i, (_, _, step) in box.items() if step != 1]
    if stepped:
        rest = writer.slice(value, {i: r for i, r in box.items() if i not in stepped})
        narrow = _interleaved(writer, rest, narrow, {i: box[i] for i in stepped})
        box |= {i: (0, base.shape[i], 1) for i in stepped}
    elif value.fill is not None:
        return _padded(writer, value, value.fill, narrow, box), base
    dims = [i for i in range(base.ndim) if box[i] != (0, base.shape[i], 1)]
    return _replaced(writer, value, narrow, box, dims), base


def _interleaved(writer: Writer, value: Value, piece: Value, box: Box) -> Value:
    """The value with every so-manieth element along some dimensions replaced."""
    mask = np.ones((1,) * len(value.shape), np.bool_)
    for dim, (start, end, step) in box.items():
        n = value.shape[dim]
        source, here = np.zeros(n, np.int64), np.zeros(n, np.bool_)
        source[start:end:step] = np.arange(len(range(start, end, step)))
        here[start:end:step] = True
        piece = writer.gather(piece, source, dim)
        mask = mask & here.reshape((n,) + (1,) * (len(value.shape) - dim - 1))
    return writer.where(writer.constant(mask), piece, value)


def _padded(writer: Writer, value: Value, fill: Value, piece: Value, box: Box) -> Value:
    """The piece among copies of one number: what Pad does."""
    before = tuple(box[i][0] for i in range(len(value.shape)))
    after = tuple(n - box[i][1] for i, n in enumerate(value.shape))
    if not any(before) and not any(after):
        return piece
    inputs: list[Operand] = [piece, Sizes(before + after), writer.with_ones(fill, ())]
    return writer.node("Pad", inputs, value.shape, value.dtype)


def _replaced(writer: Writer, value: Value, piece: Value, box: Box, dims: list[int]) -> Value:
    """The value with a box of it replaced: what is before, the box, and what is behind it."""
    if not dims:
        return piece
    dim, *rest = dims
    start, end, _ = box[dim]
    n = value.shape[dim]
    inner = writer.slice(value, {dim: (start, end, 1)}) if rest else value
    parts = [_replaced(writer, inner, piece, box, rest)]
    if start:
        parts.insert(0, writer.slice(value, {dim: (0, start, 1)}))
    if end < n:
        parts.append(writer.slice(value, {dim: (end, n, 1)}))
    return writer.concat(parts, dim)


def tiled(pieces: list[tuple[Layout, Value]], size: int) -> tuple[int, Layout] | None:
    """The dimension along which pieces, in order, make up all of a row-major memory, if they do."""
    first = pieces[0][0]
    for dim in range(first.ndim):
        at, total = 0, sum(layout.shape[dim] for layout, _ in pieces)
        shape = (*first.shape[:dim], total, *first.shape[dim + 1 :])
        full = Layout.contiguous(shape)
        if full.size != size:
            continue
        for layout, _ in pieces:
            expected = full.narrow(dim, at, layout.shape[dim])
            if layout.strides != expected.strides or layout.offset != expected.offset:
                break
            if layout.shape != expected.shape:
                break
            at += layout.shape[dim]
        else:
            return dim, full
    return None


def positions(view: Layout) -> npt.NDArray[np.int64]:
    """The place in memory of each element of a view."""
    grid = np.full(view.shape, view.offset, np.int64)
    for dim, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        grid += (np.arange(n) * stride).reshape((n,) + (1,) * (view.ndim - dim - 1))
    return grid


def elements(memory: npt.NDArray[np.generic], view: Layout) -> npt.NDArray[np.generic]:
    """The elements of a view of memory of the host."""
    if view.size == 0:
        return np.empty(view.shape, memory.dtype)
    width = memory.itemsize
    strides = tuple(stride * width for stride in view.strides)
    return np.ndarray(view.shape, memory.dtype, memory, view.offset * width, strides)
