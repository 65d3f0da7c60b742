"""reduce: sums, products, extremes and logic over any dimensions of any layout.

The loops are in `reduction_templates`; here the dimensions are sorted into those that are kept and
those that are reduced, and the work is cut into units. A long reduction is cut into splits, whose
results are reduced again; how, the layouts alone decide, so that a sum is the same for any number
of threads. Threads then take units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch_fast import reduction_templates, threads
from minitorch_fast.half import reference
from minitorch_fast.plan import merge
from minitorch_fast.threads import Kernel
from minitorch_operators import Binary, add, logical_and, logical_or, maximum, minimum, mul
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import start_of
from minitorch_tensor.storage import Array, Storage

PARALLEL: Final = 100_000
"""From so many elements on, the work is cut for threads."""

LONG: Final = 16
"""Pieces of a line that are one split; of short lines it is `reduction_templates.PIECES`."""

_NEUTRAL: Final = {
    add: 0.0, mul: 1.0, maximum: -math.inf, minimum: math.inf, logical_and: 1.0, logical_or: 0.0,
}  # fmt: skip
_EXTREMES: Final = {maximum: ("larger", "maximum"), minimum: ("smaller", "minimum")}
_LIMIT: Final = 4096  # plans to remember

Ints = npt.NDArray[np.int64]
_Dim = tuple[int, ...]


class Form(NamedTuple):
    """What decides which kernel serves."""

    columns: bool  # whether rows are combined, or lines reduced
    dense: bool  # whether the elements of a row or line lie side by side
    outer: bool  # whether there are more dimensions than one that is kept and one that is reduced


@dataclass(frozen=True, slots=True)
class Walk:
    """How to reduce arrays of two layouts: the form of the kernel, and a plan for each part.

    The numbers of a plan are: the first unit of work and the one after the last, splits of each
    result, pieces in a split, pieces in a run, length of a run, its stride in x, runs, kept and
    reduced outer dimensions, columns (or lines), how many are one unit, their strides in x and
    out, offsets of out and x; then for each kept dimension its size and strides in out and x, then
    for each reduced one its size and stride in x.
    """

    form: Form
    parts: tuple[Ints, ...]
    results: tuple[Layout, Layout] | None = None  # of out, and of the splits' results


@dataclass(slots=True)
class Piece:
    """An array of intermediate results."""

    storage: Storage
    layout: Layout
    dtype: DType


class ReductionKernels:
    """The reductions of a backend."""

    def __init__(self) -> None:
        super().__init__()
        self._reducers: dict[tuple[Binary, float, DType, DType, Form, bool], Kernel] = {}
        self._walks: dict[tuple[Layout, Layout, int], Walk] = {}

    def reduce(self, operator: Binary, start: float, out: Array, x: Array, /) -> None:
        """out[i] = start, then for each index i: out[i] = operator.fn(out[i], x[i])."""
        if x.dtype.half or out.dtype.half:
            reference.reduce(operator, start, out, x)
        elif x.layout.size == 0:
            _fill(start, out)
        else:
            self._reduce(operator, start, out, x)

    def deviations(self, out: Array, x: Array, middle: Array, /) -> None:
        """out[i] = 0, then for each index i: out[i] += (x[i] - middle[i]) ** 2.

        All are of one floating dtype; middle and out lie alike, densely.
        """
        self._reduce(add, 0.0, out, x, middle)

    def _reduce(self, operator: Binary, start: float, out: Array, x: Array, *around: Array) -> None:
        walk = self.walk(out.layout, x.layout)
        first = start if walk.results is None else _NEUTRAL[operator]
        key = (operator, first, out.dtype, x.dtype, walk.form, bool(around))
        kernel = self._reducers.get(key)
        if kernel is None:
            from minitorch_fast import cache  # loaded for the first kernel

            kernel = self._reducers[key] = cache.load(*source(*key))
        target = out if walk.results is None else _results(out, walk.results[1])
        buffers = (target.storage.buffer, x.storage.buffer, *(m.storage.buffer for m in around))
        if len(walk.parts) == 1:
            kernel(*buffers, walk.parts[0])
        else:
            threads.run(kernel, [(*buffers, part) for part in walk.parts])
        if walk.results is not None:
            self._reduce(operator, start, Piece(out.storage, walk.results[0], out.dtype), target)

    def walk(self, out: Layout, x: Layout) -> Walk:
        """How to reduce x to out with the threads there are."""
        team = threads.get_num_threads() if x.size >= PARALLEL else 1
        key = (out, x, team)
        walk = self._walks.get(key)
        if walk is None:
            if len(self._walks) >= _LIMIT:
                self._walks.clear()
            walk = self._walks[key] = plan_walk(out, x, team)
        return walk


def _results(out: Array, layout: Layout) -> Piece:
    """Memory for the results of splits."""
    memory: npt.NDArray[np.generic] = np.empty(layout.span()[1], out.dtype.numpy)
    return Piece(Storage(memory, out.storage.device), layout, out.dtype)


def _fill(start: float, out: Array) -> None:
    """The result of reducing nothing."""
    buffer = out.storage.buffer
    if isinstance(buffer, np.ndarray):
        kept = Layout(
            tuple(n for n, s in zip(out.layout.shape, out.layout.strides, strict=True) if s != 0),
            tuple(s for s in out.layout.strides if s != 0),
            out.layout.offset,
        )
        if kept.size:
            itemsize = buffer.itemsize
            strides = tuple(s * itemsize for s in kept.strides)
            view: npt.NDArray[np.generic] = np.ndarray(
                kept.shape, buffer.dtype, buffer, kept.offset * itemsize, strides
            )
            view[...] = start_of(start, out.dtype)


def plan_walk(out: Layout, x: Layout, team: int, *, whole: bool = False) -> Walk:
    """The form and the plans for reducing x to out, neither of them empty.

    Args:
        out: the layout of the results, with stride 0 where x is reduced.
        x: of the elements.
        team: the number of threads to share the work out to.
        whole: whether a result must be computed at once, not in splits.
    """
    dims = merge([out, x])
    # Innermost the dimension whose elements lie closest together in x.
    dims.sort(key=lambda dim: (dim[2] == 0, abs(dim[2])), reverse=True)
    columns = dims[-1][1] != 0
    kept = [dim for dim in dims if dim[1] != 0]
    reduced = [(n, s) for n, t, s in dims if t == 0]
    lines, out_column, x_column = kept.pop() if kept else (1, 0, 0)
    length, step = reduced.pop() if reduced else (1, 0)
    piece = reduction_templates.ROWS if columns else reduction_templates.LINE
    pieces = -(-length // piece)
    runs = math.prod(n for n, _ in reduced)
    share = runs * pieces if whole else min(runs * pieces, reduction_templates.PIECES)
    if not (whole or columns) and length > piece:
        share = min(share, LONG)  # more splits than one for two threads, soon
    splits = -(-runs * pieces // share)
    others = math.prod(n for n, _, _ in kept) * splits
    chunk = reduction_templates.WIDTH if columns else lines
    if team > others:  # cut the columns or lines too: it changes nothing but who computes them
        wanted = -(-lines // -(-team // others))
        chunk = min(chunk, -(-wanted // 32) * 32 if columns else wanted)
    chunk = min(chunk, lines)
    units = others * -(-lines // chunk)
    offset = 0 if splits > 1 else out.offset
    numbers = [splits, share, pieces, length, step, runs, len(kept), len(reduced)]
    numbers += [lines, chunk, x_column, out_column * splits]
    numbers += [offset, x.offset]
    for n, t, s in reversed(kept):
        numbers += (n, t * splits, s)
    for pair in reversed(reduced):
        numbers += pair
    parts = tuple(np.array([*ends, *numbers], np.int64) for ends in threads.cut(units, team, 1))
    form = Form(columns, (x_column if columns else step) == 1, bool(kept or reduced))
    return Walk(form, parts, _meeting(out, splits))


def _meeting(out: Layout, splits: int) -> tuple[Layout, Layout] | None:
    """The layouts for reducing the results of several splits, which lie side by side, to out."""
    if splits == 1:
        return None
    shape = tuple(1 if s == 0 else n for n, s in zip(out.shape, out.strides, strict=True))
    results = Layout((*shape, splits), (*(s * splits for s in out.strides), 1))
    return Layout(results.shape, (*out.strides, 0), out.offset), results


def source(
    operator: Binary, start: float, out: DType, x: DType, form: Form, around: bool = False
) -> tuple[str, str, str]:
    """A reduction kernel as (name, text, signature); around: of squared distances from numbers."""
    from minitorch_fast import templates
    from minitorch_fast.kernels import array_type
    from minitorch_fast.target import Body, NumbaTarget, inline, kind_of

    kind = kind_of(out)
    target = NumbaTarget(kind)
    body = Body(kind)
    extreme = _EXTREMES.get(operator) if kind != "int64" else None
    if extreme is None and inline(operator.fn, target, ["a", "b"], body).lines:
        raise TypeError(f"reduce: {operator.name} is no single expression")

    def combine(a: str, b: str) -> str:
        if extreme is not None:
            return f"{extreme[0]}({a}, {b})"
        return inline(operator.fn, target, [a, b], Body(kind, constants=body.constants)).result

    def element(name: str, place: str) -> list[str]:
        value = templates.read(f"X[{place}]", x, out)
        return [f"{name} = {value} - m", f"{name} *= {name}"] if around else [f"{name} = {value}"]

    def constant(value: float) -> str:
        literal = target.literal(start_of(value, out))
        return body.constants.setdefault(literal, f"c{len(body.constants) + 1}")

    spec = reduction_templates.Spec(
        combine,
        element,
        constant(start),
        constant(_NEUTRAL[operator]),
        lambda result: templates.written(result, out, kind),
        kind,
        form.dense,
        form.outer,
        around,
    )
    loop = reduction_templates.columns(spec) if form.columns else reduction_templates.lines(spec)
    text = reduction_templates.functions(extreme) + loop
    words = ["squares" if around else operator.name, "columns" if form.columns else "lines"]
    words.append("dense" if form.dense else "strided")
    title = f"{words[0]} of {x.name} to {out.name}, along {words[1]}, {words[2]}"
    title += ", several dimensions" if form.outer else ""
    name = "_".join(["reduce", words[0], out.name, *words[1:]])
    types = f"{array_type(out)}[::1], {array_type(x)}[::1], "
    types += f"{array_type(out)}[::1], " if around else ""
    head = templates.head(f"{title} (see minitorch_fast.reductions).", body)
    return name, head + text, f"void({types}int64[::1])"
