"""Bags of rows of a table: their sum, mean or maximum, and sums that go back to the rows.

    summed_bags      y[b] = sum of w[i] table[index[i]] over the i of bag b    a thread for four
    largest_bags     y[b] = their maximum, and which row it is of              columns of a bag
    places_of_bags   in which bag each i is, and by what its row is multiplied
    added_bags       table[index[i]] += w[i] g[bag[i]]

No row is copied: a bag is read where the table lies. The way back is that of `embedding`: a block
for a few rows of the table looks through all indices, notes its own in order, and adds.

A bag is either `each` indices long, or begins at an offset and ends where the next one begins.
Offsets that are none are left in a word, as bad indices are, and their bag is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.instructions import load4, red_min, store4
from minitorch_cuda.kernel import Kernel, Plan
from minitorch_cuda.kernels.embedding import WARP, notes_before
from minitorch_cuda.kernels.planning import WORD, Flags, kernel_of, narrowed, planned
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.layout import Layout

# The template parameters.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = cuda.index32  # noqa: E741 - positions
QUAD = 1  # columns that a thread sums: 1 or 4
OFFSETS = 1  # 1 if bags begin at offsets, 0 if each has `each` indices
WEIGHTED = 0  # 1 if there is a factor for each index
MEAN = 0  # 1 if sums are divided by how many they are of
BLOCK = 256  # threads of a block,
WIDTH = 256  # which are so many columns,
WARPS = 8  # and so many warps


def ends_of(
    offsets: Pointer[int], b: int, bags: int, each: int, count: int, last: int
) -> tuple[int, int]:
    """Where bag b begins, and where the next one does; `last` is 1 if offsets say where all end."""
    if OFFSETS == 0:
        return cuda.int64(b) * each, (cuda.int64(b) + 1) * each
    end = count
    if b + 1 < bags + last:
        end = offsets[b + 1]
    return offsets[b], end


def is_none(start: int, end: int, b: int, count: int) -> bool:
    """Whether these are no ends of a bag."""
    return start < 0 or start > end or end > count or (b == 0 and start != 0)


def summed_bags(
    y: Pointer[float],
    counts: Pointer[int],
    table: Pointer[float],
    index: Pointer[int],
    offsets: Pointer[int],
    weights: Pointer[float],
    bad: Pointer[int],
    wrong: Pointer[int],
    size: int,
    n: int,
    bags: int,
    each: int,
    count: int,
    last: int,
    rows: int,
    skipped: int,
) -> None:
    """The sum or mean of each bag, and of how many rows it is.

    `n` counts runs of QUAD columns, and `size` those of y.
    """
    e = I(cuda.grid(1))
    while e < size:
        b, column = I(e // n), I(e % n)
        start, end = ends_of(offsets, b, bags, each, count, last)
        if is_none(start, end, b, count):
            red_min(wrong, 0, cuda.int64(b))
            end = start
        s0, s1, s2, s3 = T(0), T(0), T(0), T(0)
        found = 0
        i = start
        while i < end:
            k = index[i]
            if k < 0 or k >= rows:
                red_min(bad, 0, cuda.int64(i))
            elif k != skipped:
                found += 1
                w = T(1)
                if WEIGHTED == 1:
                    w = T(L(weights[i]))
                at = (k * n + column) * QUAD
                if QUAD == 4:
                    q0, q1, q2, q3 = load4(table, at)
                    s0 = T(s0 + w * L(q0))
                    s1 = T(s1 + w * L(q1))
                    s2 = T(s2 + w * L(q2))
                    s3 = T(s3 + w * L(q3))
                else:
                    s0 = T(s0 + w * L(table[at]))
            i += 1
        if MEAN == 1 and found > 1:
            d = T(found)
            s0, s1, s2, s3 = T(s0 / d), T(s1 / d), T(s2 / d), T(s3 / d)
        to = e * QUAD
        if QUAD == 4:
            store4(y, to, S(s0), S(s1), S(s2), S(s3))
        else:
            y[to] = S(s0)
        if column == 0:
            counts[b] = found
        e = I(e + cuda.gridsize(1))


def largest_bags(
    y: Pointer[float],
    counts: Pointer[int],
    winner: Pointer[int],
    table: Pointer[float],
    index: Pointer[int],
    offsets: Pointer[int],
    bad: Pointer[int],
    wrong: Pointer[int],
    size: int,
    n: int,
    bags: int,
    each: int,
    count: int,
    last: int,
    rows: int,
    skipped: int,
) -> None:
    """The first of the largest of each bag, or its first nan; 0 and row -1 for an empty one."""
    e = I(cuda.grid(1))
    while e < size:
        b, column = I(e // n), I(e % n)
        start, end = ends_of(offsets, b, bags, each, count, last)
        if is_none(start, end, b, count):
            red_min(wrong, 0, cuda.int64(b))
            end = start
        best = T(0)
        row = cuda.int64(-1)
        found = 0
        i = start
        while i < end:
            k = index[i]
            if k < 0 or k >= rows:
                red_min(bad, 0, cuda.int64(i))
            elif k != skipped:
                found += 1
                v = T(L(table[k * n + column]))
                if row < 0 or v > best or (v != v and best == best):
                    best, row = v, cuda.int64(k)
            i += 1
        y[e] = S(best)
        winner[e] = row
        if column == 0:
            counts[b] = found
        e = I(e + cuda.gridsize(1))


def places_of_bags(
    bag: Pointer[int],
    factor: Pointer[float],
    index: Pointer[int],
    offsets: Pointer[int],
    weights: Pointer[float],
    counts: Pointer[int],
    bags: int,
    each: int,
    count: int,
    last: int,
    rows: int,
    skipped: int,
) -> None:
    """The bag of each index, or -1 if it does not count, and its factor in that bag's sum.

    A bag with offsets is found by halving: the last that begins at the index or before it.
    """
    i = cuda.int64(cuda.grid(1))
    while i < count:
        k = index[i]
        low, high = cuda.int64(0), cuda.int64(bags)
        if OFFSETS == 1:
            while low < high:
                middle = (low + high) // 2
                if offsets[middle] <= i:
                    low = middle + 1
                else:
                    high = middle
            low -= 1
        else:
            low = i // each
        w = T(1)
        if low >= 0:
            _, end = ends_of(offsets, low, bags, each, count, last)
            if k < 0 or k >= rows or k == skipped or i >= end:
                low = cuda.int64(-1)
            elif MEAN == 1:
                w = T(T(1) / T(counts[low]))
        if WEIGHTED == 1:
            w = T(w * L(weights[i]))
        bag[i] = low
        factor[i] = w
        i += cuda.gridsize(1)


def added_bags(
    table: Pointer[float],
    g: Pointer[float],
    index: Pointer[int],
    bag: Pointer[int],
    factor: Pointer[float],
    rows: int,
    n: int,
    count: int,
    span: int,
) -> None:
    """table[index[i]] = sum of factor[i] g[bag[i]], for `span` rows and WIDTH columns at a time.

    As `added_rows` of `embedding`, but each note says of which bag the gradient is, and how much.
    """
    noted_row = cuda.shared.array(BLOCK, cuda.int64)
    noted_bag = cuda.shared.array(BLOCK, cuda.int64)
    noted_factor = cuda.shared.array(BLOCK, T)
    of_warps = cuda.shared.array(WARPS, cuda.int64)
    thread = cuda.threadIdx.x
    column, team = thread % WIDTH, thread // WIDTH
    teams = BLOCK // WIDTH
    first = cuda.blockIdx.x * span
    end = min(first + span, rows)
    start = cuda.blockIdx.y * WIDTH + column
    across = cuda.gridDim.y * WIDTH
    row = first + team
    while row < end:
        j = start
        while j < n:
            table[row * n + j] = T(0)
            j += across
        row += teams
    base = 0
    while base < count:
        k, b = cuda.int64(-1), cuda.int64(-1)
        if base + thread < count:
            k, b = index[base + thread], bag[base + thread]
        mine = 1 if k >= first and k < end and b >= 0 else 0
        at, total = notes_before(mine, of_warps)
        if mine == 1:
            noted_row[at] = k
            noted_bag[at] = b
            noted_factor[at] = factor[base + thread]
        cuda.syncthreads()
        for q in range(total):
            row = int(noted_row[q])
            if (row - first) % teams == team:
                j = start
                while j < n:
                    more = T(noted_factor[q]) * L(g[int(noted_bag[q]) * n + j])
                    table[row * n + j] = T(table[row * n + j] + more)
                    j += across
        cuda.syncthreads()  # the notes are written anew
        base += BLOCK


# --- launches ------------------------------------------------------------------------------------

_MOST_BLOCKS: Final = 1024


class Bags(NamedTuple):
    """What all launches over the same bags have in common.

    Attributes:
        indices: how many there are.
        number: how many bags.
        offsets: where the bags begin; None if all are of one size.
        last: whether the last offset is where the last bag ends.
        rows: how many rows the table has.
        skipped: the row that does not count, or -1.
    """

    indices: int
    number: int
    offsets: Layout | None
    last: bool
    rows: int
    skipped: int

    @property
    def flags(self) -> Flags:
        """The template parameters."""
        return (("OFFSETS", int(self.offsets is not None)),)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The parameters from `bags` on."""
        each = self.indices // max(self.number, 1)
        last = int(self.last)
        return self.number, each, self.indices, last, self.rows, self.skipped


def plan_summed_bags(
    y: Layout, table: Layout, bags: Bags, index: Layout, weights: Layout | None, mean: bool,
    dtype: DType, limits: Limits,
) -> Plan:  # fmt: skip
    """The launch over y (bags, n), counts (bags,), table (rows, n) and what `Bags` has.

    That is the index, offsets, weights; then two words.
    """
    n = table.shape[1]
    quad = 4 if n % 4 == 0 and y.offset % 4 == 0 and table.offset % 4 == 0 else 1
    size = y.size // quad
    flags = (("QUAD", quad), ("WEIGHTED", int(weights is not None)), ("MEAN", int(mean)))
    offsets = index if bags.offsets is None else bags.offsets
    counts = Layout.contiguous((bags.number,))
    return planned(
        summed_bags,
        narrowed("SISIISIIuuiiiiii", size),
        (y, counts, table, index, offsets, table if weights is None else weights, WORD, WORD),
        (size, n // quad, *bags.numbers),
        limits.cover(size),
        dtype,
        (*bags.flags, *flags),
    )


def plan_largest_bags(
    y: Layout, table: Layout, bags: Bags, index: Layout, dtype: DType, limits: Limits
) -> Plan:
    """The launch over y, counts, winner (bags, n), table (rows, n), index, offsets, two words."""
    offsets = index if bags.offsets is None else bags.offsets
    counts = Layout.contiguous((bags.number,))
    return planned(
        largest_bags,
        narrowed("SIISIIIIuuiiiiii", y.size),
        (y, counts, y, table, index, offsets, WORD, WORD),
        (y.size, table.shape[1], *bags.numbers),
        limits.cover(y.size),
        dtype,
        bags.flags,
    )


def plan_places_of_bags(
    bags: Bags, index: Layout, weights: Layout | None, mean: bool, dtype: DType, limits: Limits
) -> Plan:
    """The launch over bag and factor (count,), index, offsets, weights and counts (bags,)."""
    flat = Layout.contiguous((bags.indices,))
    offsets = index if bags.offsets is None else bags.offsets
    counts = Layout.contiguous((bags.number,))
    flags = (("WEIGHTED", int(weights is not None)), ("MEAN", int(mean)))
    return planned(
        places_of_bags,
        "ITIISIiiiiii",
        (flat, flat, index, offsets, flat if weights is None else weights, counts),
        bags.numbers,
        limits.cover(bags.indices),
        dtype,
        (*bags.flags, *flags),
    )


def plan_added_bags(table: Layout, g: Layout, index: Layout, dtype: DType, limits: Limits) -> Plan:
    """The launch over table (rows, n), g (bags, n), index, bag and factor (count,).

    The table is of the type that is computed in.
    """
    rows, n = table.shape
    block = limits.threads
    width = block
    while width > 4 and width // 2 >= n:
        width //= 2
    span = max(-(-rows // _MOST_BLOCKS), block // width)
    across = min(-(-n // width), 64)
    flat = Layout.contiguous((index.size,))
    return planned(
        added_bags,
        "TSIITiiii",
        (table, g, index, flat, flat),
        (rows, n, index.size, span),
        ((-(-rows // span), across, 1), (block, 1, 1)),
        dtype,
        (("BLOCK", block), ("WIDTH", width), ("WARPS", max(block // WARP, 1))),
    )


def _of(function: Callable[..., None], kinds: str, flags: Flags = ()) -> partial[Kernel]:
    return partial(kernel_of, function, kinds, float32, flags)


_FOURS: Final[Flags] = (("QUAD", 4), ("WEIGHTED", 1))
_MEAN: Final[Flags] = (("QUAD", 4), ("MEAN", 1))

GATES: Final = (
    Gate("embedding_bag float32, sum", _of(summed_bags, "SISIISIIuuiiiiii", _FOURS), 48, 1, 1),
    Gate("embedding_bag float32, mean", _of(summed_bags, "SISIISIIuuiiiiii", _MEAN), 48, 1, 1),
    Gate("embedding_bag float32, max", _of(largest_bags, "SIISIIIIuuiiiiii"), registers=48),
    Gate(
        "embedding_bag float32, places",
        _of(places_of_bags, "ITIISIiiiiii", (("MEAN", 1), ("WEIGHTED", 1))),
        registers=48,
    ),
    Gate("embedding_bag float32, gradient", _of(added_bags, "TSIITiiii"), registers=56),
)
