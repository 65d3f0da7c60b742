"""The matrix product as a loop one can read: what BLAS does, without its assembly.

    for each block of DEPTH steps along the sums:
        arrange the block of b in panels, as wide as a tile        (pack)
        for each band of rows of a, each panel, each ROWS rows:
            add a tile of ROWS rows and COLUMNS vectors to the result

A tile is in the processor's registers while it goes along the sums: then ROWS + COLUMNS numbers
or vectors are loaded for ROWS * COLUMNS multiplications of vectors, and the processor multiplies
all the time. For that a step must find its COLUMNS vectors of b side by side: so b is arranged in
panels, DEPTH steps long, that stay in the first cache while all rows of the band pass by; the band
stays in the second. Rows of a are read where they lie, transposed or not.

Each element of the result is summed in the same order, whatever part of the rows is computed.
"""

from __future__ import annotations

from minitorch_fast.lanes import aligned, fma, load, registers, spread, store, turn, unrolled
from minitorch_fast.loops import Floats, Ints, scratch

LANES, ROWS, COLUMNS = 4, 2, 2  # of a tile; a kernel is given others
DEPTH, BAND = 8, 4


def pack(
    panels: Floats, start: int, b: Floats, at: int, row: int, column: int, depth: int, columns: int
) -> None:
    """Arrange depth rows of b, from b[at] on: panel after panel, each step of one side by side."""
    width = LANES * COLUMNS
    for j in range(0, columns, width):
        to = start + j * depth
        turned = 0  # steps that squares were turned for
        if column == 1 and j + width <= columns:
            for k in range(depth):
                for c in unrolled(COLUMNS):
                    store(panels, to + k * width + LANES * c, load(b, at + k * row + j + LANES * c))
        else:
            if row == 1 and j + width <= columns:  # b is transposed
                turned = depth - depth % LANES
                for c in range(0, width, LANES):
                    for k in range(0, turned, LANES):
                        turn(
                            b, at + (j + c) * column + k, column, panels, to + k * width + c, width
                        )
            for c in range(width):
                inside = min(j + c, columns - 1) * column  # beyond the last column, that again
                for k in range(turned, depth):
                    panels[to + k * width + c] = b[at + k * row + inside]


def tile(
    out: Floats,
    at: int,
    pitch: int,
    a: Floats,
    a_at: int,
    row: int,
    column: int,
    panels: Floats,
    panel: int,
    depth: int,
    first: bool,
) -> None:
    """Add (`first`: write) depth steps of the sums of a tile."""
    acc = registers()
    v = registers()
    for i in unrolled(ROWS):
        for j in unrolled(COLUMNS):
            acc[i, j] = spread(0.0)
    for k in range(depth):
        for j in unrolled(COLUMNS):
            v[j] = load(panels, panel + (k * COLUMNS + j) * LANES)
        for i in unrolled(ROWS):
            one = spread(a[a_at + i * row + k * column])
            for j in unrolled(COLUMNS):
                acc[i, j] = fma(one, v[j], acc[i, j])
    for i in unrolled(ROWS):
        for j in unrolled(COLUMNS):
            if first:
                store(out, at + i * pitch + LANES * j, acc[i, j])
            else:
                before = load(out, at + i * pitch + LANES * j)
                store(out, at + i * pitch + LANES * j, fma(spread(1.0), before, acc[i, j]))


def matrix_products(out: Floats, a: Floats, b: Floats, g: Ints) -> None:
    """out[s] = a[s] @ b[s] for some matrices of a stack, or some rows of one; each of out dense.

    g is the first row and the one after the last, the sums' length, the columns, the strides of a
    and those of b; the first matrix and the one after the last, and how far the matrices of out are
    apart; how many are in a row, how far these are apart in a and in b, and how far the rows; and
    where a and b begin.
    """
    for s in range(g[8], g[9]):
        row = s // g[11]
        i = s - row * g[11]
        a_at = g[16] + row * g[14] + i * g[12]
        b_at = g[17] + row * g[15] + i * g[13]
        matrix_product(out, s * g[10], a, a_at, b, b_at, g)


def matrix_product(
    out: Floats, out_at: int, a: Floats, a_at: int, b: Floats, b_at: int, g: Ints
) -> None:
    """The same for the matrices that begin there."""
    begin = g[0]
    end = g[1]
    length = g[2]
    columns = g[3]
    a_row = g[4]
    a_column = g[5]
    b_row = g[6]
    b_column = g[7]
    width = LANES * COLUMNS
    panels = scratch((columns + width) * DEPTH + 16)
    start = aligned(panels)
    edge = scratch(ROWS * width)  # a tile that is partly outside
    rest = scratch(ROWS * DEPTH)  # rows of a, where there are fewer than a tile has
    for r in range(ROWS * DEPTH):
        rest[r] = 0.0
    for k in range(0, length, DEPTH):
        depth = min(DEPTH, length - k)
        pack(panels, start, b, b_at + k * b_row, b_row, b_column, depth, columns)
        for band in range(begin, end, BAND):
            for j in range(0, columns, width):
                for i in range(band, min(band + BAND, end), ROWS):
                    panel = start + j * depth
                    here = min(ROWS, end - i)
                    inside = here == ROWS and j + width <= columns
                    at = a_at + i * a_row + k * a_column
                    source = a if here == ROWS else rest
                    if here < ROWS:
                        for r in range(here):
                            for s in range(depth):
                                rest[r * DEPTH + s] = a[at + r * a_row + s * a_column]
                    tile(
                        out if inside else edge,
                        out_at + i * columns + j if inside else 0,
                        columns if inside else width,
                        source,
                        at if here == ROWS else 0,
                        a_row if here == ROWS else DEPTH,
                        a_column if here == ROWS else 1,
                        panels,
                        panel,
                        depth,
                        k == 0 or not inside,
                    )
                    if not inside:
                        for r in range(here):
                            for c in range(min(width, columns - j)):
                                to = out_at + (i + r) * columns + j + c
                                before = out[to] if k > 0 else 0.0
                                out[to] = before + edge[r * width + c]
