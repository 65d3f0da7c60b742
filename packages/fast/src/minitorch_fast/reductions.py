"""reduce: sums, products, extremes and logic over any dimensions of any layout.

The loops are in `reduction_templates`; here the dimensions are sorted into those that are kept and
those that are reduced, and work for several threads is cut: between outputs if there are enough,
else a long reduction into parts, whose results are reduced again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import reduction_templates, threads
from minitorch_fast.plan import merge
from minitorch_operators import Binary, add, logical_and, logical_or, maximum, minimum, mul
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import start_of
from minitorch_tensor.storage import Array, Storage

if TYPE_CHECKING:
    from minitorch_fast.cache import Kernel

PARALLEL: Final = 65536
"""From so many elements on, threads pay for their start."""

_NEUTRAL: Final = {
    add: 0.0, mul: 1.0, maximum: -math.inf, minimum: math.inf, logical_and: 1.0, logical_or: 0.0,
}  # fmt: skip
_LIMIT: Final = 4096  # plans to remember

Ints = npt.NDArray[np.int64]
_Dim = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """How to reduce arrays of two layouts: the kernel's form and its plan.

    The numbers are: teams (threads), units of work, runs for each unit, length of a run, its stride
    in x, kept and reduced outer dimensions, depth of the tournament, columns and their strides in x
    and out, offsets of out and x; then for each kept dimension its size and strides in out and x,
    then for each reduced one its size and stride in x.
    """

    columns: bool
    form: str
    numbers: Ints


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
        size = x.layout.size
        if size >= PARALLEL and (team := threads.team()) > 1:
            parts = (
                None if _outputs(out.layout) >= 4 * team else _cut(out.layout, x.layout, 4 * team)
            )
            if parts is None:
                self._reduce(operator, start, out, x, team)
                return
            partial_layouts, pieces = parts
            results = Piece(self._scratch(out, pieces[-1].size), pieces[-1], out.dtype)
            for made, taken in partial_layouts:
                self._reduce(
                    operator,
                    _NEUTRAL[operator],
                    Piece(results.storage, made, out.dtype),
                    Piece(x.storage, taken, x.dtype),
                    team,
                )
            self._reduce(operator, start, Piece(out.storage, pieces[0], out.dtype), results, 1)
            return
        if size == 0:
            _fill(start, out)
            return
        self._reduce(operator, start, out, x, 1)

    def _scratch(self, like: Array, size: int) -> Storage:
        return Storage(np.empty(size, like.dtype.numpy), like.storage.device)

    def _reduce(self, operator: Binary, start: float, out: Array, x: Array, team: int) -> None:
        key = (out.layout, x.layout, team)
        walk = self._walks.get(key)
        if walk is None:
            if len(self._walks) >= _LIMIT:
                self._walks.clear()
            walk = self._walks[key] = plan_walk(out.layout, x.layout, team)
        form = (operator, start, out.dtype, x.dtype, walk.columns, walk.form)
        kernel = self._reducers.get(form)
        if kernel is None:
            from minitorch_fast import cache  # loaded for the first kernel

            kernel = self._reducers[form] = cache.load(*source(*form))
        kernel(out.storage.buffer, x.storage.buffer, walk.numbers)


def _outputs(layout: Layout) -> int:
    return math.prod(n for n, s in zip(layout.shape, layout.strides, strict=True) if s != 0)


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
    """The form and the plan for reducing x to out, neither of them empty."""
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
    teams = min(team * 4, units) if team > 1 else 1
    numbers = [teams, units, runs, length, step, len(kept), len(reduced), depth]
    numbers += [columns, x_column, out_column, out.offset, x.offset]
    for dim in kept:
        numbers += dim
    for pair in reduced:
        numbers += pair
    form = ("dense" if dense else "strided") + (" threads" if teams > 1 else "")
    return Walk(inner[1] != 0, form, np.array(numbers, np.int64))


def _cut(
    out: Layout, x: Layout, parts: int
) -> tuple[list[tuple[Layout, Layout]], tuple[Layout, Layout]] | None:
    """Cut the longest reduced dimension into parts, for threads.

    Returns pairs of layouts, (results of some parts, what they are made of), and the layouts of the
    second step: of `out`, and of all results. None if no dimension is long enough.
    """
    reduced = [i for i, s in enumerate(out.strides) if s == 0 and x.shape[i] > 1]
    if not reduced:
        return None
    longest = max(reduced, key=lambda i: x.shape[i])
    length = x.shape[longest] // parts
    if length < 2:
        return None
    rest = x.shape[longest] - parts * length
    kept_shape = tuple(1 if s == 0 else n for n, s in zip(out.shape, out.strides, strict=True))
    count = parts + (1 if rest else 0)
    results = Layout.contiguous((count, *kept_shape))
    stride = x.strides[longest]

    def piece(first: int, n: int, size: int) -> tuple[Layout, Layout]:
        inner = tuple(size if i == longest else m for i, m in enumerate(x.shape))
        made = Layout(
            (n, *inner),
            (
                results.strides[0],
                *(
                    0 if s == 0 else t
                    for s, t in zip(out.strides, results.strides[1:], strict=True)
                ),
            ),
            first * results.strides[0],
        )
        taken = Layout((n, *inner), (size * stride, *x.strides), x.offset + first * length * stride)
        return made, taken

    pieces = [piece(0, parts, length)]
    if rest:
        pieces.append(piece(parts, 1, rest))
    final = Layout(results.shape, (0, *out.strides), out.offset)
    return pieces, (final, results)


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

    body.constants.setdefault(target.literal(start_of(start, out)), "START")
    start_name = body.constants[target.literal(start_of(start, out))]
    write = reduction_templates.columns if columns else reduction_templates.lines
    loop = write(combine, element, start_name, templates.written("h", out, kind), kind, form)
    layout = "columns" if columns else "lines"
    what = f"{operator.name} of {x.name} to {out.name}, along {layout}, {form}"
    title = f"{what} (see minitorch_fast.reductions)."
    name = "_".join(["reduce", operator.name, out.name, layout, *form.split()])
    types = f"{array_type(out)}[::1], {array_type(x)}[::1], int64[::1]"
    return name, templates.head(title, body) + loop, f"void({types})"
