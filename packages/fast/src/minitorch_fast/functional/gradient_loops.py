"""The loops of the gradient of a convolution's weights.

    gradient[k, o] = sum over pixels p of x[start[p] + tap[k]] * d[p, o]

is `conv_loops.add_tile` with the two tables exchanged: taps are the rows of a tile, the sum runs
over pixels. d, the gradient of the output, is transposed for it, block by block. So the sums stay
in registers, are never added up across lanes, and a pixel next to the border costs no more.

Where a group has few outputs, the lanes are pixels instead, as in `plane_loops`.
"""

from __future__ import annotations

from minitorch_fast.functional.conv_loops import (
    NEAREST,
    add_tile,
    clear,
    copy,
    count_starts,
    pack,
)
from minitorch_fast.lanes import (
    across,
    aligned,
    fma,
    indices,
    load,
    registers,
    spread,
    turn,
    unrolled,
)
from minitorch_fast.loops import Floats, Ints, reordered, scratch

LANES, ROWS, COLUMNS = 4, 2, 1  # of a tile; a kernel is given others


def turn_to_pixels(
    rows: Floats, at: int, width: int, d: Floats, source: int, area: int, count: int, pixels: int
) -> None:
    """rows[at + p * width + o] = d[source + o * area + p] for o < count."""
    for o in range(0, count, LANES):
        if o + LANES <= count and pixels >= LANES:
            for p in range(0, pixels, LANES):
                last = min(p, pixels - LANES)
                turn(d, source + o * area + last, area, rows, at + last * width + o, width)
        else:
            for other in range(o, min(o + LANES, count)):
                for p in range(pixels):
                    rows[at + p * width + other] = d[source + other * area + p]


@reordered
def total(d: Floats, at: int, n: int) -> float:
    """The sum of n numbers."""
    s = 0.0
    for v in range(n):
        s += d[at + v]
    return s


def gradient_pixels(
    out: Floats,
    x: Floats,
    d: Floats,
    starts: Ints,
    places: Ints,
    taps: Ints,
    phases: Ints,
    g: Ints,
    begin: int,
    end: int,
    from_block: int,
    to_block: int,
) -> None:
    """out[o, k] = the gradient of weight k of output o; out[o, taps] = that of its bias.

    For the blocks of images from begin to end, and the blocks of outputs between the last two
    numbers (those of all groups are counted through).
    """
    outputs, count = g[3], phases[5]
    width = LANES * COLUMNS
    blocks = (outputs + width - 1) // width
    area = g[7] * g[8] * g[9]
    long = count + 1
    sums = scratch((to_block - from_block) * count * width + 16 + LANES)
    sum_base = aligned(sums)
    clear(sums, sum_base, (to_block - from_block) * count * width)
    for b in range(from_block, to_block):
        for o in range(b % blocks * width, min((b % blocks + 1) * width, outputs)):
            out[(b // blocks * outputs + o) * long + count] = 0.0
    planes = scratch(g[2] * g[24] + 16 + LANES * 2)
    base = aligned(planes)
    clear(planes, base, g[2] * g[24])
    pixels = g[10] * g[12] * g[14] * g[9]
    rows = scratch(pixels * width + 16 + LANES)
    row_base = aligned(rows)
    clear(rows, row_base, pixels * width)
    some = max(NEAREST // width, 1)
    for unit in range(begin, end):
        strip = unit % g[13]
        band = unit // g[13] % g[11]
        first = unit // g[13] // g[11] * g[10]
        here = min(g[10], g[0] - first)
        deep = min(g[12], g[7] - band * g[12])
        in_slice = min(g[14], g[8] - strip * g[14]) * g[9]
        n = count_starts(phases, 0, g, here, band, strip)
        for group in range(from_block // blocks, (to_block + blocks - 1) // blocks):
            pack(
                planes, base, x, g, group, first, here,
                band * g[12] * g[15] + g[17], strip * g[14] * g[16] + g[18],
            )  # fmt: skip
            for b in range(max(from_block, group * blocks), min(to_block, (group + 1) * blocks)):
                o = b % blocks * width
                channel = group * outputs + o
                these = min(width, outputs - o)
                for image in range(here):
                    for k in range(deep):
                        source = ((first + image) * g[1] * outputs + channel) * area
                        source += ((band * g[12] + k) * g[8] + strip * g[14]) * g[9]
                        to = row_base + (image * deep + k) * in_slice * width
                        turn_to_pixels(rows, to, width, d, source, area, these, in_slice)
                        for c in range(these):
                            bias = (channel + c) * long + count
                            out[bias] += total(d, source + c * area, in_slice)
                at = sum_base + (b - from_block) * count * width
                for p in range(0, n, some):
                    for k in range(0, count, ROWS):
                        add_tile(
                            sums, at, places, planes, base, taps, k, count - 1,
                            starts, p, min(p + some, n), rows, row_base + p * width,
                        )  # fmt: skip
    for b in range(from_block, to_block):
        for o in range(b % blocks * width, min((b % blocks + 1) * width, outputs)):
            to = (b // blocks * outputs + o) * long
            source = sum_base + (b - from_block) * count * width + o - b % blocks * width
            for k in range(count):
                out[to + k] = sums[source + k * width]


def plain_products(
    x: Floats, at: int, starts: Ints, n: int, d: Floats, in_row: int, columns: int
) -> float:
    """The sum of d times x, without what lies past the ends of rows.

    There d is 0; but 0 times an infinity of the next row is nan.
    """
    s = 0.0
    for q in range(n):
        for j in range(min(LANES, columns - q % in_row * LANES)):
            s += d[q * LANES + j] * x[at + starts[q] + j]
    return s


def add_products(
    out: Floats,
    at: int,
    x: Floats,
    base: int,
    taps: Ints,
    k: int,
    count: int,
    starts: Ints,
    n: int,
    d: Floats,
    in_row: int,
    columns: int,
) -> None:
    """out[at + k + i] += the sum over n pieces of d times x at tap k + i, i < ROWS."""
    acc = registers()
    source = indices()
    for i in unrolled(ROWS):
        source[i] = base + taps[min(k + i, count - 1)]
        acc[i] = spread(0.0)
    for q in range(n):
        start = starts[q]
        values = load(d, q * LANES)
        for i in unrolled(ROWS):
            acc[i] = fma(values, load(x, source[i] + start), acc[i])
    for i in unrolled(ROWS):
        if k + i < count:
            s = across(acc[i])
            if s != s:
                s = plain_products(x, source[i], starts, n, d, in_row, columns)
            out[at + k + i] += s


def gradient_planes(
    out: Floats,
    x: Floats,
    d: Floats,
    starts: Ints,
    places: Ints,
    taps: Ints,
    phases: Ints,
    g: Ints,
    begin: int,
    end: int,
    from_block: int,
    to_block: int,
) -> None:
    """As `gradient_pixels`, with pieces of rows for vectors; its blocks are single outputs."""
    outputs, count = g[3], phases[5]
    in_row, columns, long = phases[3], g[9], count + 1
    for i in range(from_block * long, to_block * long):
        out[i] = 0.0
    planes = scratch(g[2] * g[24] + 16 + LANES * 2)
    base = aligned(planes)
    clear(planes, base, g[2] * g[24] + LANES)
    most = g[10] * g[12] * g[14] * in_row * LANES
    pieces = scratch(most)
    for i in range(most):
        pieces[i] = 0.0
    for unit in range(begin, end):
        strip = unit % g[13]
        band = unit // g[13] % g[11]
        first = unit // g[13] // g[11] * g[10]
        here = min(g[10], g[0] - first)
        deep = min(g[12], g[7] - band * g[12])
        high = min(g[14], g[8] - strip * g[14])
        n = count_starts(phases, 0, g, here, band, strip)
        for group in range(from_block // outputs, (to_block + outputs - 1) // outputs):
            pack(
                planes, base, x, g, group, first, here,
                band * g[12] * g[15] + g[17], strip * g[14] * g[16] + g[18],
            )  # fmt: skip
            for c in range(max(from_block, group * outputs), min(to_block, (group + 1) * outputs)):
                for image in range(here):
                    for k in range(deep):
                        source = ((first + image) * g[1] * outputs + c) * g[7] + band * g[12] + k
                        source = (source * g[8] + strip * g[14]) * columns
                        out[c * long + count] += total(d, source, high * columns)
                        for i in range(high):
                            line = ((image * deep + k) * high + i) * in_row * LANES
                            copy(pieces, line, d, source + i * columns, columns)
                for k in range(0, count, ROWS):
                    add_products(
                        out, c * long, planes, base, taps, k, count, starts, n, pieces,
                        in_row, columns,
                    )  # fmt: skip
