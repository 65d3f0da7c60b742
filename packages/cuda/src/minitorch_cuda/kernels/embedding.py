"""Rows of a table: picked by index, and sums that go back to them, in a fixed order.

    picked_rows   y[i] = table[index[i]]          a thread for four neighbours of a row
    added_rows    table[index[i]] += g[i]         a block for a few rows of the table

For sums, each block looks through all indices, a tile at a time, and notes those that are its own
rows, in order: a thread counts how many of the threads before it have found one too. Then the
threads go through the notes, each adding to columns of its own. So no two threads meet, each row's
sum has the order of i, and every index is read once a block, which costs little: blocks read the
same ones at the same time. `added_by_atomics` is the other way: a thread for each element of g,
in any order.
"""

from __future__ import annotations

import math
from functools import lru_cache

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import load4, red_add, red_min, store4
from minitorch_cuda.kernel import Plan
from minitorch_cuda.kernels.planning import WORD, narrowed, planned
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import Pointer, SharedArray
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout

# The template parameters.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = cuda.index32  # noqa: E741 - positions
QUAD = 1  # elements that a thread copies: 1 or 4
BLOCK = 256  # threads of a block,
WIDTH = 256  # which are so many columns,
WARPS = 8  # and so many warps
FRESH = 1  # 1 if sums start from 0, 0 if from what is there

ALL = 0xFFFFFFFF
WARP = 32


def picked_rows(
    y: Pointer[float],
    table: Pointer[float],
    index: Pointer[int],
    bad: Pointer[int],
    size: int,
    n: int,
    rows: int,
    skipped: int,
    wide: int,
) -> None:
    """y[i] = table[index[i]] for rows of n * QUAD elements; 0 for the index to skip.

    `size` counts the runs of QUAD elements of y. `wide` is 1, or how often the index is repeated:
    then a bad one is reported as the first of its repetitions.
    """
    e = I(cuda.grid(1))
    while e < size:
        i = I(e // n)
        k = index[i]
        to = e * QUAD
        if k < 0 or k >= rows or k == skipped:
            if k < 0 or k >= rows:
                red_min(bad, 0, cuda.int64(i) * wide)
            for q in range(QUAD):
                y[to + q] = S(T(0))
        else:
            at = (k * n + I(e % n)) * QUAD
            if QUAD == 4:
                a, b, c, d = load4(table, at)
                store4(y, to, a, b, c, d)
            else:
                y[to] = table[at]
        e = I(e + cuda.gridsize(1))


def notes_before(mine: int, of_warps: SharedArray[float]) -> tuple[int, int]:
    """How many threads before this one have one, and how many all have; `mine` is 0 or 1."""
    lane = cuda.threadIdx.x % WARP
    count = mine
    step = 1
    while step < WARP:
        below = cuda.shfl_up_sync(ALL, count, step)
        if lane >= step:
            count += int(below)
        step *= 2
    if lane == WARP - 1 or cuda.threadIdx.x == BLOCK - 1:
        of_warps[cuda.threadIdx.x // WARP] = count
    cuda.syncthreads()
    before, total = 0, 0
    for i in range(WARPS):
        if i < cuda.threadIdx.x // WARP:
            before += int(of_warps[i])
        total += int(of_warps[i])
    return before + count - mine, total


def added_rows(
    table: Pointer[float],
    g: Pointer[float],
    index: Pointer[int],
    bad: Pointer[int],
    rows: int,
    n: int,
    count: int,
    skipped: int,
    span: int,
    wide: int,
) -> None:
    """table[index[i]] += g[i] for `span` rows of the table, and WIDTH columns at a time.

    Blocks are (rows / span, parts of the columns, tables): with several tables, of as many g, the
    index is the same for all.
    """
    noted_row = cuda.shared.array(BLOCK, cuda.int64)
    noted_g = cuda.shared.array(BLOCK, cuda.int64)
    of_warps = cuda.shared.array(WARPS, cuda.int64)
    thread = cuda.threadIdx.x
    column, team = thread % WIDTH, thread // WIDTH  # a team takes every so many-th row
    teams = BLOCK // WIDTH
    first = cuda.blockIdx.x * span
    end = min(first + span, rows)
    to, source = cuda.blockIdx.z * rows * n, cuda.blockIdx.z * count * n
    start = cuda.blockIdx.y * WIDTH + column
    across = cuda.gridDim.y * WIDTH
    if FRESH == 1:
        row = first + team
        while row < end:
            j = start
            while j < n:
                table[to + row * n + j] = T(0)
                j += across
            row += teams
    base = 0
    while base < count:
        k = -1
        if base + thread < count:
            k = index[base + thread]
            if (k < 0 or k >= rows) and cuda.blockIdx.x == 0:
                red_min(bad, 0, (base + thread) * wide)
        mine = 1 if k >= first and k < end and k != skipped else 0
        at, total = notes_before(mine, of_warps)
        if mine == 1:
            noted_row[at] = k
            noted_g[at] = base + thread
        cuda.syncthreads()
        for q in range(total):
            row = int(noted_row[q])
            if (row - first) % teams == team:
                j = start
                while j < n:
                    place = to + row * n + j
                    table[place] = table[place] + L(g[source + int(noted_g[q]) * n + j])
                    j += across
        base += BLOCK  # the barrier of `notes_before` comes before the notes are written anew


def added_by_atomics(
    table: Pointer[float],
    g: Pointer[float],
    index: Pointer[int],
    size: int,
    n: int,
    rows: int,
    skipped: int,
) -> None:
    """table[index[i]] += g[i] by a thread for each element, in any order."""
    e = I(cuda.grid(1))
    while e < size:
        k = index[I(e // n)]
        if k >= 0 and k < rows and k != skipped:
            red_add(table, k * n + I(e % n), L(g[e]))
        e = I(e + cuda.gridsize(1))


# --- launches ------------------------------------------------------------------------------------

_MOST_BLOCKS = 1024


@lru_cache(maxsize=1024)
def plan_picked_rows(
    y: Layout,
    table: Layout,
    index: Layout,
    skipped: int,
    dtype: DType,
    limits: Limits,
    wide: int = 1,
) -> Plan:
    """The launch over y (count, n), table (rows, n), index (count,) and a word for a bad index."""
    rows, n = table.shape
    quad = 4 if n % 4 == 0 and y.offset % 4 == 0 and table.offset % 4 == 0 else 1
    size = y.size // quad
    return planned(
        picked_rows,
        narrowed("SSIIuuiii", size),
        (y, table, index, WORD),
        (size, n // quad, rows, skipped, wide),
        limits.cover(size),
        dtype,
        (("QUAD", quad),),
    )


@lru_cache(maxsize=1024)
def plan_added_rows(
    table: Layout,
    g: Layout,
    index: Layout,
    skipped: int,
    dtype: DType,
    fresh: bool,
    limits: Limits,
    wide: int = 1,
) -> Plan:
    """The launch over table (tables, rows, n), g (tables, count, n), index (count,) and a word.

    The table is of the type that is computed in; for 16-bit floats it must be `fresh`.
    """
    tables, rows, n = table.shape
    block = limits.threads
    width = block
    while width > 4 and width // 2 >= n:
        width //= 2
    span = max(-(-rows // _MOST_BLOCKS), block // width)
    across = min(-(-n // width), 64)
    flags = (("BLOCK", block), ("WIDTH", width), ("WARPS", max(block // WARP, 1)))
    return planned(
        added_rows,
        "TSIIiiiiii",
        (table, g, index, WORD),
        (rows, n, index.size, skipped, span, wide),
        ((-(-rows // span), across, tables), (block, 1, 1)),
        dtype,
        (*flags, ("FRESH", int(fresh))),
    )


@lru_cache(maxsize=1024)
def plan_added_by_atomics(
    table: Layout, g: Layout, index: Layout, skipped: int, dtype: DType, limits: Limits
) -> Plan:
    """The launch over table (rows, n), which is 0, g (count, n) and index (count,)."""
    rows, n = table.shape
    kinds = narrowed("TSIuuii", g.size)
    numbers, launch = (g.size, n, rows, skipped), limits.cover(g.size)
    return planned(added_by_atomics, kinds, (table, g, index), numbers, launch, dtype)


_MOST_COLUMNS = 1 << 15
"""With so many columns a thread for each keeps a GPU busy, and no notes are needed."""

_AS_COMPUTED = frozenset({"float32", "float64", "int64"})


def plan_index_add(
    out: Layout, index: Layout, x: Layout, dim: int, dtypes: tuple[DType, DType], limits: Limits
) -> Plan | None:
    """The launch of scatter_add over out, x, index and a word, if whole rows go to one index.

    None if the index differs within a row, if memory is not dense, or if it would not be faster.
    """
    rows = _rows(out, index, x, dim)
    if rows is None or dtypes[0] is not dtypes[1] or dtypes[0].name not in _AS_COMPUTED:
        return None
    table, g, flat = rows
    columns = table.shape[0] * table.shape[2]
    if flat.size <= limits.serial or columns > _MOST_COLUMNS or table.shape[0] > 65535:
        return None
    return plan_added_rows(table, g, flat, -1, dtypes[0], False, limits, table.shape[2])


def plan_index_select(
    out: Layout, x: Layout, index: Layout, dim: int, dtypes: tuple[DType, DType], limits: Limits
) -> Plan | None:
    """The launch of gather over out, x, index and a word, if whole rows have one index.

    None if not, or if memory is not dense.
    """
    rows = _rows(x, index, out, dim)
    if rows is None or dtypes[0] is not dtypes[1] or rows[0].shape[0] != 1:
        return None
    table, y, flat = rows
    return plan_picked_rows(
        Layout(y.shape[1:], y.strides[1:], y.offset),
        Layout(table.shape[1:], table.strides[1:], table.offset),
        flat,
        -1,
        dtypes[0],
        limits,
        y.shape[2],
    )


@lru_cache(maxsize=1024)
def _rows(
    table: Layout, index: Layout, g: Layout, dim: int
) -> tuple[Layout, Layout, Layout] | None:
    """(tables, rows, n), (tables, count, n) and (count,), if only `dim` tells indices apart."""
    if not table.shape or not index.shape:
        return None
    repeated = all(
        stride == 0 or size == 1
        for d, (size, stride) in enumerate(zip(index.shape, index.strides, strict=True))
        if d != dim
    )
    before, after = math.prod(table.shape[:dim]), math.prod(table.shape[dim + 1 :])
    whole = (*table.shape[:dim], index.shape[dim], *table.shape[dim + 1 :]) == index.shape
    count = index.shape[dim]
    if not (repeated and whole and index.shape == g.shape and after > 1):
        return None
    if not (table.is_contiguous() and g.is_contiguous() and index.strides[dim] == 1):
        return None
    one, other = table.reshape((before, table.shape[dim], after)), g.reshape((before, count, after))
    if one is None or other is None:
        return None
    return one, other, Layout((count,), (1,), index.offset)
