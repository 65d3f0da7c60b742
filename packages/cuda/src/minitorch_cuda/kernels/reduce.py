"""out[o] = fold of fn over all x[o, r]: by one thread, or by those of a block, in a tree.

    serial: each thread folds all elements of one output.
    tree:   HEIGHT threads share one output: each folds every HEIGHT-th element, then half of them
            fold the results of the other half into theirs, and again, until one is left.

A block of the tree does WIDTH outputs side by side. Threads that are neighbours should read
neighbours in memory: if those belong to one output (a row is summed), WIDTH is 1; if to several (a
column is), WIDTH is 32.

No thread of a tree adds up more than a few dozen numbers in a row: a reduction longer than that is
cut into chunks, a block each, and a second launch folds their results. So a float32 sum of n
numbers has an error of about log2(n) + 64 roundings at most, without any float64, and always the
same: no atomics, a fixed tree.

Source: Harris, Optimizing Parallel Reduction in CUDA,
https://developer.download.nvidia.com/assets/cuda/files/reduction.pdf
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from minitorch_cuda.collapse import Walk, collapse, fits_32_bits
from minitorch_cuda.gates import Gate
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
from minitorch_operators import Binary, add
from minitorch_tensor.dtype import DType, float32, float64, int64
from minitorch_tensor.layout import Layout

WARP = 32

_SERIAL = '''"""{title}"""

{function}

def {name}({parameters}):
    k = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    while k < n:
        {kept}
        total = start
        r = I(0)
        while r < m:
            {reduced}
            total = {fn}(total, {value})
            r = I(r + 1)
        out[out_k] = {result}
        k = I(k + step)
'''

_TREE = '''"""{title}"""

{function}

def {name}({parameters}):
    tile = cuda.shared.array(THREADS, T)
    tx = cuda.threadIdx.x  # which of the block's WIDTH outputs
    ty = cuda.threadIdx.y  # which of the HEIGHT threads that share it
    k = I(cuda.blockIdx.x * WIDTH + tx)
    first = I(cuda.blockIdx.y * chunk)
    length = I(min(chunk, m - first))
    at = ty * WIDTH + tx
    if k < n and ty < length:
        {kept}
        r = I(first + ty)
        {reduced}
        total = {value}
        r = I(r + HEIGHT)
        while r < first + length:
            {reduced_again}
            total = {fn}(total, {value})
            r = I(r + HEIGHT)
        tile[at] = total
    cuda.syncthreads()
    half = HEIGHT // 2
    while half > 0:
        if k < n and ty < half and ty + half < length:
            tile[at] = {fn}(tile[at], tile[at + half * WIDTH])
        cuda.syncthreads()
        half = half // 2
    if k < n and ty == 0:
        {finish}
'''

# The last launch starts from `start`; one before it leaves what each chunk gave.
_LAST = "out[out_k] = {result}"
_PARTIAL = "out[I(k * cuda.gridDim.y + cuda.blockIdx.y)] = tile[at]"

_MOST_CHUNKS = 65535  # the largest grid in y


@dataclass(frozen=True, slots=True)
class Parts:
    """A reduction taken apart: the dimensions that are kept, and those that are reduced."""

    out: Layout  # the kept dimensions
    kept: Walk  # out, x
    reduced: Walk  # x
    n: int  # outputs
    m: int  # elements of each
    index: str

    @property
    def ranks(self) -> tuple[int, int]:
        """The number of kept and of reduced dimensions, after collapsing."""
        return self.kept.rank, self.reduced.rank

    @property
    def columns(self) -> bool:
        """Whether neighbours in memory belong to several outputs."""
        if not self.kept.rank or not self.reduced.rank:
            return False
        return abs(self.kept.strides[1][-1]) < abs(self.reduced.strides[0][-1])


def take_apart(out: Layout, x: Layout) -> Parts:
    """The kept and the reduced dimensions of x: along the latter, `out` has stride 0."""
    kept = [i for i, stride in enumerate(out.strides) if stride != 0]
    reduced = [i for i, stride in enumerate(out.strides) if stride == 0]
    return parts_of(out.permute(kept), x.permute(kept), x.permute(reduced))


def parts_of(out: Layout, x_kept: Layout, x_reduced: Layout) -> Parts:
    """A reduction whose dimensions are apart already."""
    operands = [(part.shape, part.strides) for part in (out, x_kept, x_reduced)]
    narrow = fits_32_bits(x_kept.size * x_reduced.size, operands)
    return Parts(
        out,
        collapse(out.shape, [out.strides, x_kept.strides]),
        collapse(x_reduced.shape, [x_reduced.strides]),
        out.size,
        x_reduced.size,
        "uint32" if narrow else "int64",
    )


@dataclass(frozen=True, slots=True)
class Reduction:
    """A launch; if it only leaves `partials` numbers of type `dtype`, also what folds those."""

    launch: Plan
    partials: int = 0
    dtype: DType = float32
    then: Reduction | None = None


@lru_cache(maxsize=4096)
def plan_reduce(
    operator: Binary,
    start: float,
    out: Layout,
    x: Layout,
    dtypes: tuple[DType, DType],
    limits: Limits,
) -> Reduction | None:
    """The launches of a reduction; None if there is no output.

    Args:
        operator: an associative one.
        start: the first number that is folded.
        out: of x's shape, with stride 0 along the reduced dimensions.
        x: what is reduced.
        dtypes: of out and of x.
        limits: how many threads there may be.
    """
    parts = take_apart(out, x)
    if parts.n == 0:
        return None
    spans = [span_of(parts.out), span_of(x)]
    counts = [parts.n, parts.m]
    reduced = numbers(parts.reduced.shape, parts.reduced.strides)
    if parts.m <= limits.serial:
        kernel = reduce_kernel(operator, dtypes, parts.ranks, parts.index)
        grid, block = limits.cover(parts.n)
        kept = numbers(parts.kept.shape, parts.kept.strides)
        return Reduction(plan(kernel, grid, block, spans, [*counts, *kept, *reduced, start]))

    width, height = shape_of_block(parts, limits)
    chunk = max(height * limits.each, -(-parts.m // _MOST_CHUNKS))
    chunks = -(-parts.m // chunk)
    partial = chunks > 1
    kernel = reduce_kernel(operator, dtypes, parts.ranks, parts.index, (width, height), partial)
    grid, block = (-(-parts.n // width), chunks, 1), (width, height, 1)
    kept = numbers(parts.kept.shape, parts.kept.strides[1:] if partial else parts.kept.strides)
    arguments = [*counts, *kept, *reduced, chunk, start]
    if not partial:
        return Reduction(plan(kernel, grid, block, spans, arguments))
    between = Layout.contiguous((*parts.out.shape, chunks))
    folded = Layout(between.shape, (*parts.out.strides, 0), parts.out.offset)
    dtype = _COMPUTING[computing_type(dtypes[0])]
    return Reduction(
        plan(kernel, grid, block, [span_of(between), span_of(x)], arguments),
        between.size,
        dtype,
        plan_reduce(operator, start, folded, between, (dtypes[0], dtype), limits),
    )


_COMPUTING = {"float32": float32, "float64": float64, "int64": int64}


def shape_of_block(parts: Parts, limits: Limits) -> tuple[int, int]:
    """WIDTH and HEIGHT of a tree's block: powers of two, no higher than there is to fold."""
    width = min(WARP, limits.threads // 2) if parts.columns else 1
    height = limits.threads // width
    while height > 2 and height >= 2 * parts.m:
        height //= 2
    return width, height


@lru_cache(maxsize=4096)
def reduce_kernel(
    operator: Binary,
    dtypes: tuple[DType, DType],
    ranks: tuple[int, int],
    index: str,
    tree: tuple[int, int] | None = None,
    partial: bool = False,
) -> Kernel:
    """The kernel for one operator, its types and ranks.

    Args:
        operator: what folds.
        dtypes: of out and of x.
        ranks: of the kept and of the reduced dimensions.
        index: `uint32` or `int64`.
        tree: WIDTH and HEIGHT of a block; None if a thread folds alone.
        partial: whether a later launch folds the results, which then stay in the computing type.
    """
    out, x = dtypes
    value = computing_type(out)
    program = specialised(operator.fn, value)
    fn = program.entry
    kept = Position(["x"] if partial else ["out", "x"], "k", ranks[0])
    reduced = Position(["x"], "r", ranks[1])
    parameters = [
        Parameter("out", value if partial else storage_type(out), pointer=True),
        Parameter("x", storage_type(x), pointer=True),
        Parameter("n", index),
        Parameter("m", index),
        *kept.parameters(index),
        *reduced.parameters(index),
        *([] if tree is None else [Parameter("chunk", index)]),
        Parameter("start", value),
    ]
    element = load("x[I(x_k + x_r)]", x, out)
    result = store("total" if tree is None else f"{fn}(start, tile[at])", out, out)
    name = f"{fn.rstrip('_')}_reduce_kernel"
    how = "alone" if tree is None else f"{tree[1]} threads an output, {tree[0]} outputs a block"
    text = (_SERIAL if tree is None else _TREE).format(
        title=f"Fold {x.name} by {fn} into {value if partial else out.name}: {how}.",
        function=program.text,
        name=name,
        fn=fn,
        parameters=", ".join(parameter.name for parameter in parameters),
        kept=indent(kept.text("k"), 2),
        reduced=indent(reduced.text("r"), 3 if tree is None else 2),
        reduced_again=indent(reduced.text("r"), 3),
        value=element,
        result=result,
        finish=_PARTIAL if partial else _LAST.format(result=result),
    )
    bound = {**scope(value, index, out, x), **scope_of(program, value)}
    if tree is not None:
        width, height = tree
        bound |= {"WIDTH": width, "HEIGHT": height, "THREADS": width * height}
    ieee = frozenset(program.ieee)
    return from_text(name, text, parameters, bound, ieee=ieee, value=value)


def _sum(
    ranks: tuple[int, int], tree: tuple[int, int] | None = None, partial: bool = False
) -> Kernel:
    return reduce_kernel(add, (float32, float32), ranks, "uint32", tree, partial)


GATES: Final = (
    Gate("sum float32, alone", partial(_sum, (1, 1)), registers=40),
    Gate("sum float32, rows", partial(_sum, (1, 1), (1, 256)), registers=32),
    Gate("sum float32, rows, in chunks", partial(_sum, (1, 1), (1, 256), True), registers=32),
    Gate("sum float32, columns", partial(_sum, (1, 1), (32, 8)), registers=32),
    Gate("sum float32, rank 2 of 2, rows", partial(_sum, (2, 2), (1, 256)), registers=32),
)
