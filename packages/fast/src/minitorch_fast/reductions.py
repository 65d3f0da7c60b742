"""reduce: sums, products, extremes and logic over any dimensions of any layout.

The loops are in `reduction_templates`; here the dimensions are sorted into those that are kept and
those that are reduced, and work for several threads is cut: between outputs if there are enough,
else a long reduction into parts, whose results are reduced again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

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

PARALLEL: Final = 300_000
"""From so many elements on, the work is cut for threads."""

_NEUTRAL: Final = {
    add: 0.0, mul: 1.0, maximum: -math.inf, minimum: math.inf, logical_and: 1.0, logical_or: 0.0,
}  # fmt: skip
_LIMIT: Final = 4096  # plans to remember

Ints = npt.NDArray[np.int64]
_Dim = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """How to reduce arrays of two layouts: the form of the kernel, and a plan for each part.

    The numbers of a plan are: units of work, runs for each unit, length of a run, its stride in x,
    kept and reduced outer dimensions, depth of the tournament, columns and their strides in x and
    out, offsets of out and x; then for each kept dimension its size and strides in out and x, then
    for each reduced one its size and stride in x.
    """

    columns: bool
    form: str
    parts: tuple[Ints, ...]
    results: tuple[Layout, Layout] | None = None  # where parts of one reduction meet: see `_cut`


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
        self._reducers: dict[tuple[Binary, float, DType, DType, bool, str], Kernel] = {}
        self._walks: dict[tuple[Layout, Layout, int], Walk] = {}

    def reduce(self, operator: Binary, start: float, out: Array, x: Array, /) -> None:
        """out[i] = start, then for each index i: out[i] = operator.fn(out[i], x[i])."""
        if x.dtype.half or out.dtype.half:
            reference.reduce(operator, start, out, x)
            return
        size = x.layout.size
        if size == 0:
            _fill(start, out)
            return
        team = threads.get_num_threads() if size >= PARALLEL else 1
        key = (out.layout, x.layout, team)
        walk = self._walks.get(key)
        if walk is None:
            if len(self._walks) >= _LIMIT:
                self._walks.clear()
            walk = self._walks[key] = plan_walk(out.layout, x.layout, team)
        if walk.results is None:
            kernel = self._reducer(operator, start, out.dtype, x.dtype, walk)
            buffers = (out.storage.buffer, x.storage.buffer)
            threads.run(kernel, [(*buffers, part) for part in walk.parts])
            return
        target, meeting = walk.results
        memory: npt.NDArray[np.generic] = np.empty(meeting.size, out.dtype.numpy)
        kernel = self._reducer(operator, _NEUTRAL[operator], out.dtype, x.dtype, walk)
        threads.run(kernel, [(memory, x.storage.buffer, part) for part in walk.parts])
        results = Piece(Storage(memory, out.storage.device), meeting, out.dtype)
        self.reduce(operator, start, Piece(out.storage, target, out.dtype), results)

    def _reducer(self, operator: Binary, start: float, out: DType, x: DType, walk: Walk) -> Kernel:
        key = (operator, start, out, x, walk.columns, walk.form)
        kernel = self._reducers.get(key)
        if kernel is None:
            from minitorch_fast import cache  # loaded for the first kernel

            kernel = self._reducers[key] = cache.load(*source(*key))
        return kernel


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


def plan_walk(out: Layout, x: Layout, team: int) -> Walk:
    """The form and the plans for reducing x to out, neither of them empty."""
    columns, form, numbers = _plan(out, x)
    if team > 1:
        pairs, results = _cut(out, x, team)
        made = [_plan(*pair) for pair in pairs]
        if made and all((c, f) == made[0][:2] for c, f, _ in made):
            parts = tuple(np.array(part, np.int64) for _, _, part in made)
            return Walk(made[0][0], made[0][1], parts, results)
    return Walk(columns, form, (np.array(numbers, np.int64),))


def _plan(out: Layout, x: Layout) -> tuple[bool, str, list[int]]:
    """Whether columns are reduced, the form, and the numbers."""
    dims = merge([out, x])
    # Innermost the dimension whose elements lie closest together in x.
    dims.sort(key=lambda dim: (dim[2] == 0, abs(dim[2])), reverse=True)
    inner = dims.pop()
    kept = [dim for dim in dims if dim[1] != 0]
    reduced = [(n, s) for n, t, s in dims if t == 0]
    if inner[1] != 0:
        length, step = reduced.pop() if reduced else (1, 0)
        columns, x_column, out_column = inner[0], inner[2], inner[1]
        dense = x_column == 1 and out_column == 1
        pieces_each = -(-length // reduction_templates.ROWS)
    else:
        length, step = inner[0], inner[2]
        columns, x_column, out_column = 1, 0, 0
        dense = step == 1
        pieces_each = -(-length // reduction_templates.LINE)
    units = math.prod(n for n, _, _ in kept) * -(-columns // reduction_templates.WIDTH)
    runs = math.prod(n for n, _ in reduced)
    depth = (runs * pieces_each).bit_length() + 1
    numbers = [units, runs, length, step, len(kept), len(reduced), depth]
    numbers += [columns, x_column, out_column, out.offset, x.offset]
    for dim in kept:
        numbers += dim
    for pair in reduced:
        numbers += pair
    return inner[1] != 0, "dense" if dense else "strided", numbers


def _cut(
    out: Layout, x: Layout, team: int
) -> tuple[list[tuple[Layout, Layout]], tuple[Layout, Layout] | None]:
    """Layouts of out and x for each of several threads.

    A dimension that is kept is cut, if one is long enough. Else one that is reduced: the parts then
    have results of their own, which are reduced again; returned are, too, the layouts for that, of
    out and of all results.
    """
    kept = [i for i, s in enumerate(out.strides) if s != 0 and x.shape[i] >= team]
    if kept:
        dim = max(kept, key=lambda i: x.strides[i])
        ranges = threads.cut(x.shape[dim], team, 1)
        return [(out.narrow(dim, a, b - a), x.narrow(dim, a, b - a)) for a, b in ranges], None
    dim = max(range(x.ndim), key=lambda i: x.shape[i] if out.strides[i] == 0 else 0)
    if out.strides[dim] != 0 or x.shape[dim] < 2 * team:
        return [], None
    ranges = threads.cut(x.shape[dim], team, 1)
    shape = tuple(1 if s == 0 else n for n, s in zip(out.shape, out.strides, strict=True))
    results = Layout.contiguous((len(ranges), *shape))
    strides = tuple(
        0 if s == 0 else t for s, t in zip(out.strides, results.strides[1:], strict=True)
    )
    pairs = []
    for i, (a, b) in enumerate(ranges):
        taken = x.narrow(dim, a, b - a)
        pairs.append((Layout(taken.shape, strides, i * results.strides[0]), taken))
    return pairs, (Layout(results.shape, (0, *out.strides), out.offset), results)


def source(
    operator: Binary, start: float, out: DType, x: DType, columns: bool, form: str
) -> tuple[str, str, str]:
    """A reduction kernel as (name, text, signature)."""
    from minitorch_fast import templates
    from minitorch_fast.kernels import array_type
    from minitorch_fast.target import Body, NumbaTarget, inline, kind_of

    kind = kind_of(out)
    target = NumbaTarget(kind)
    body = Body(kind)
    first = inline(operator.fn, target, ["a", "b"], body)
    if first.lines:
        raise TypeError(f"reduce: {operator.name} is no single expression")

    def combine(a: str, b: str) -> str:
        return inline(operator.fn, target, [a, b], Body(kind, constants=body.constants)).result

    def element(place: str) -> str:
        return templates.read(f"X[{place}]", x, out)

    def constant(value: float) -> str:
        literal = target.literal(start_of(value, out))
        return body.constants.setdefault(literal, f"c{len(body.constants) + 1}")

    write = reduction_templates.columns if columns else reduction_templates.lines
    result = templates.written("h", out, kind)
    neutral = constant(_NEUTRAL[operator])
    loop = write(combine, element, constant(start), neutral, result, kind, form)
    layout = "columns" if columns else "lines"
    what = f"{operator.name} of {x.name} to {out.name}, along {layout}, {form}"
    title = f"{what} (see minitorch_fast.reductions)."
    name = "_".join(["reduce", operator.name, out.name, layout, form])
    types = f"{array_type(out)}[::1], {array_type(x)}[::1], int64[::1]"
    return name, templates.head(title, body) + loop, f"void({types})"
