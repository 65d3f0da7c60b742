"""Bags of rows of a table: their sum, mean or maximum, and sums that go back to the rows.

    summed_bags      y[b] = sum of w[i] table[index[i]] over the i of bag b    a thread for four
    largest_bags     y[b] = their maximum, and which row it is of              columns of a bag
    places_of_bags   in which bag each i is, and by what its row is multiplied
    added_bags       table[index[i]] += w[i] g[bag[i]], a block for a few rows
    gathered_bags    the same, where the indices were sorted: as summed_bags

No row is copied: a bag is read where the table lies. The way back is that of `embedding`: a block
for a few rows of the table looks through all indices, notes its own in order, and adds. With very
many indices it is less to sort them first: then those of a row are neighbours, still in order.

A bag is either `each` indices long, or begins at an offset and ends where the next one begins.
Offsets that are none are left in a word, as bad indices are, and their bag is empty.
"""

from __future__ import annotations

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import load4, red_min, store4
from minitorch_cuda.kernels.embedding import notes_before
from minitorch_cuda.simulator import Pointer

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


def gathered_bags(
    table: Pointer[float],
    g: Pointer[float],
    order: Pointer[int],
    starts: Pointer[int],
    bag: Pointer[int],
    factor: Pointer[float],
    size: int,
    n: int,
) -> None:
    """table[r] = sum of factor[i] g[bag[i]] over i = order[j], from starts[r] to starts[r + 1].

    `n` counts runs of QUAD columns, and `size` those of the table.
    """
    e = I(cuda.grid(1))
    while e < size:
        row, column = I(e // n), I(e % n)
        s0, s1, s2, s3 = T(0), T(0), T(0), T(0)
        j = starts[row]
        end = starts[row + 1]
        while j < end:
            i = order[j]
            b = bag[i]
            if b >= 0:
                w = T(factor[i])
                at = (b * n + column) * QUAD
                if QUAD == 4:
                    q0, q1, q2, q3 = load4(g, at)
                    s0 = T(s0 + w * L(q0))
                    s1 = T(s1 + w * L(q1))
                    s2 = T(s2 + w * L(q2))
                    s3 = T(s3 + w * L(q3))
                else:
                    s0 = T(s0 + w * L(g[at]))
            j += 1
        to = e * QUAD
        if QUAD == 4:
            store4(table, to, s0, s1, s2, s3)
        else:
            table[to] = s0
        e = I(e + cuda.gridsize(1))
