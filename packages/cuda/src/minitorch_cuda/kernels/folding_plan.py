"""Which way a fold goes: by the strides of what is folded, and by how much of it there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from minitorch_cuda.collapse import Walk, collapse, fits_32_bits
from minitorch_cuda.kernel import Plan, plan, span_of
from minitorch_cuda.kernels.folding import FOUR, WARP, Way, fold_kernel
from minitorch_cuda.kernels.folds import WIDE, Fold
from minitorch_cuda.kernels.source import numbers
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Buffer

_MOST_CHUNKS = 65535  # the largest grid in y


@dataclass(frozen=True, slots=True)
class Stage:
    """A launch of a fold: it leaves `partials` states for the next one, or the results if 0."""

    launch: Plan
    partials: int = 0
    dtypes: tuple[DType, ...] = ()


Stages = tuple[Stage, ...]


def run_stages(
    stages: Stages,
    empty: Callable[[int, DType], Buffer],
    launch: Callable[[Plan, list[Buffer]], None],
    outputs: list[Buffer],
    source: Buffer,
) -> None:
    """Launch all stages, with memory for the states in between."""
    sources = [source]
    for stage in stages:
        targets = outputs
        if stage.partials:
            targets = [empty(stage.partials, dtype) for dtype in stage.dtypes]
        launch(stage.launch, [*targets, *sources])
        sources = targets


@dataclass(frozen=True, slots=True)
class Parts:
    """A fold taken apart: the dimensions that are kept, and those that are folded."""

    out: Layout  # the kept dimensions
    kept: Walk  # out, x
    reduced: Walk  # x
    x: Layout
    index: str

    @property
    def n(self) -> int:
        """Outputs."""
        return self.out.size

    @property
    def m(self) -> int:
        """Elements of each."""
        size = 1
        for length in self.reduced.shape:
            size *= length
        return size

    @property
    def columns(self) -> bool:
        """Whether neighbours in memory belong to several outputs."""
        if not self.kept.rank or not self.reduced.rank:
            return False
        return self.kept.strides[1][-1] < self.reduced.strides[0][-1]

    def fours(self, walk: Walk, other: Walk, operand: int) -> bool:
        """Whether x can be read by fours along the innermost dimension of `walk`."""
        strides = walk.strides[operand]
        if not walk.rank or strides[-1] != 1 or walk.shape[-1] % FOUR or self.x.offset % FOUR:
            return False
        outer = (*strides[:-1], *other.strides[1 - operand])
        return all(stride % FOUR == 0 for stride in outer)


def take_apart(out: Layout, x: Layout) -> Parts:
    """The kept and the reduced dimensions of x: along the latter, `out` has stride 0."""
    kept = [i for i, stride in enumerate(out.strides) if stride != 0]
    reduced = [i for i, stride in enumerate(out.strides) if stride == 0]
    return parts_of(out.permute(kept), x.permute(kept), x.permute(reduced), x)


def parts_of(out: Layout, x_kept: Layout, x_reduced: Layout, x: Layout) -> Parts:
    """A fold whose dimensions are apart already."""
    operands = [(part.shape, part.strides) for part in (out, x_kept, x_reduced)]
    narrow = fits_32_bits(x_kept.size * x_reduced.size, operands)
    return Parts(
        out,
        collapse(out.shape, [out.strides, x_kept.strides]),
        collapse(x_reduced.shape, [x_reduced.strides]),
        x,
        "uint32" if narrow else "int64",
    )


def plan_fold(
    fold: Fold, parts: Parts, arguments: tuple[float, ...], limits: Limits, *, states: bool = False
) -> Stages:
    """The launches of a fold; none if there is no output.

    Args:
        fold: what is kept of the elements.
        parts: the dimensions.
        arguments: the fold's own numbers.
        limits: how many threads there may be.
        states: whether a launch before left states, one after the other for each output.
    """
    if parts.n == 0:
        return ()
    ranks = parts.kept.rank, parts.reduced.rank
    way = Way("serial", ranks, parts.index, states=states)
    if parts.m > (limits.serial if parts.columns else FOUR):
        way = _columns(way, parts, limits) if parts.columns else _rows(way, parts, limits)
    m, reduced = parts.m, parts.reduced
    if way.four and way.how == "rows":
        shape = (*reduced.shape[:-1], reduced.shape[-1] // FOUR)
        strides = ((*reduced.strides[0][:-1], FOUR),)
        m, reduced = m // FOUR, Walk(shape, strides)
    together = _outputs(way)
    chunk, chunks = _chunks(way, parts, m, limits)
    if chunks > 1:
        way = replace(way, partial=True)
    fast = parts.index == "uint32"
    kept = numbers(
        parts.kept.shape, parts.kept.strides[1:] if way.partial else parts.kept.strides, fast=fast
    )
    rest = [*kept, *numbers(reduced.shape, reduced.strides, fast=fast), *arguments]
    kernel = fold_kernel(fold, way)
    source = [span_of(parts.x)] * (len(fold.state) if states else 1)
    if way.how == "serial":
        grid, block = limits.cover(parts.n)
        spans = [span_of(parts.out)] * len(fold.outputs) + source
        return (Stage(plan(kernel, grid, block, spans, [parts.n, m, *rest])),)
    grid, block = (-(-parts.n // together), chunks, 1), (way.width, way.height, 1)
    values = [parts.n, m, chunk, *rest]
    if not way.partial:
        spans = [span_of(parts.out)] * len(fold.outputs) + source
        return (Stage(plan(kernel, grid, block, spans, values)),)
    between = Layout.contiguous((*parts.out.shape, chunks))
    spans = [span_of(between)] * len(fold.state) + source
    first = Stage(
        plan(kernel, grid, block, spans, values),
        between.size,
        tuple(WIDE[name] for name in fold.state.values()),
    )
    last = parts.out.ndim
    folded = parts_of(parts.out, between.permute(range(last)), between.permute([last]), between)
    return (first, *plan_fold(fold, folded, arguments, limits, states=True))


def _outputs(way: Way) -> int:
    """The outputs of a block."""
    return way.height if way.how == "rows" else way.width * way.accumulators


def _rows(way: Way, parts: Parts, limits: Limits) -> Way:
    """GROUP threads an output: about two loads each for short rows, a block for long ones."""
    four = not way.states and parts.fours(parts.reduced, parts.kept, 0)
    loads = -(-parts.m // (FOUR if four else 1))
    group = 1
    while group < WARP and 2 * group < loads:
        group *= 2
    if loads > 8 * WARP:
        group = limits.threads
    return replace(way, how="rows", width=group, height=limits.threads // group, four=four)


def _columns(way: Way, parts: Parts, limits: Limits) -> Way:
    """A warp side by side, or a quarter of the block if that is less; HEIGHT is 4 at least."""
    width = min(WARP, limits.threads // 4)
    four = not way.states and parts.fours(parts.kept, parts.reduced, 1) and parts.n >= 4 * width
    return replace(way, how="columns", width=width, height=limits.threads // width, four=four)


def _chunks(way: Way, parts: Parts, m: int, limits: Limits) -> tuple[int, int]:
    """Into how many parts each output's elements are cut, and how long these are.

    Enough for the GPU to be busy where outputs are few, if each thread has some elements to do;
    and so many that no thread has more than `limits.each`.
    """
    if way.how == "serial":
        return m, 1
    threads = way.width if way.how == "rows" else way.height
    blocks = -(-parts.n // _outputs(way))
    wanted = max(limits.blocks // 4 // blocks, 1)
    chunk = min(max(-(-m // wanted), threads * max(limits.each // 16, 1)), threads * limits.each)
    chunk = max(-(-chunk // threads) * threads, -(-m // _MOST_CHUNKS))
    return chunk, max(-(-m // chunk), 1)


@lru_cache(maxsize=4096)
def plan_dims(
    fold: Fold, arguments: tuple[float, ...], out: Layout, x: Layout, limits: Limits
) -> Stages:
    """The launches of a fold along the dimensions where `out`, of x's shape, has stride 0."""
    return plan_fold(fold, take_apart(out, x), arguments, limits)
