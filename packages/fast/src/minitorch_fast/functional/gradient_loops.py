"""The loops of the gradient of a convolution's weights.

    gradient[k, o] = sum over pixels p of x[start[p] + tap[k]] * d[p, o]

is `conv_loops.add_tile` with the two tables exchanged: taps are the rows of a tile, the sum runs
over pixels. d, the gradient of the output, is transposed for it, block by block. So the sums stay
in registers, are never added up across lanes, and a pixel next to the border costs no more.

Where a group has few outputs, the lanes are pixels instead, as in `plane_loops`.
"""

from __future__ import annotations

from minitorch_fast.functional.conv_loops import add_tile, clear, copy, count_starts, pack
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
    rows: Floats, at: int, pitch: int, d: Floats, source: int, area: int, count: int, pixels: int
) -> None:
    """rows[at + p * pitch + o] = d[source + o * area + p] for o < count."""
    for o in range(0, count, LANES):
        if count >= LANES and pixels >= LANES:
            o = min(o, count - LANES)
            for p in range(0, pixels, LANES):
                p = min(p, pixels - LANES)
                turn(d, source + o * area + p, area, rows, at + p * pitch + o, pitch)
        else:
            for other in range(o, min(o + LANES, count)):
                for p in range(pixels):
                    rows[at + p * pitch + other] = d[source + other * area + p]


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
    groups, outputs, count = g[1], g[3], phases[5]
    width = LANES * COLUMNS
    blocks = (outputs + width - 1) // width
    pitch = (to_block - from_block) * width
    area = g[7] * g[8] * g[9]
    long = count + 1
    sums = scratch(count * pitch + 16 + LANES * 2)
    at = aligned(sums)
    for i in range(count * pitch):
        sums[at + i] = 0.0
    for b in range(from_block, to_block):
        for o in range(b % blocks * width, min((b % blocks + 1) * width, outputs)):
            out[(b // blocks * outputs + o) * long + count] = 0.0
    planes = scratch(groups * g[2] * g[24] + 16 + LANES * 2)
    base = aligned(planes)
    clear(planes, base, groups * g[2] * g[24])
    most = g[10] * g[12] * g[14] * g[9]
    rows = scratch(most * pitch + 16 + LANES * 2)
    row = aligned(rows)
    for i in range(most * pitch):
        rows[row + i] = 0.0
    some = 256  # pixels whose part of d stays in the nearest cache
    for unit in range(begin, end):
        strip = unit % g[13]
        band = unit // g[13] % g[11]
        first = unit // g[13] // g[11] * g[10]
        here = min(g[10], g[0] - first)
        pack(
            planes, base, x, g, first, here,
            band * g[12] * g[15] + g[17], strip * g[14] * g[16] + g[18],
        )  # fmt: skip
        deep = min(g[12], g[7] - band * g[12])
        pixels = min(g[14], g[8] - strip * g[14]) * g[9]
        for image in range(here):
            for k in range(deep):
                place = (image * deep + k) * pixels
                source = (first + image) * groups * outputs * area
                source += ((band * g[12] + k) * g[8] + strip * g[14]) * g[9]
                for b in range(from_block, to_block):
                    o = b % blocks * width
                    channel = b // blocks * outputs + o
                    these = min(width, outputs - o)
                    turn_to_pixels(
                        rows, row + place * pitch + (b - from_block) * width, pitch, d,
                        source + channel * area, area, these, pixels,
                    )  # fmt: skip
                    for c in range(channel, channel + these):
                        out[c * long + count] += total(d, source + c * area, pixels)
        n = count_starts(phases, 0, g, here, band, strip)
        for p in range(0, n, some):
            for b in range(from_block, to_block):
                column = (b - from_block) * width
                for k in range(0, count, ROWS):
                    add_tile(
                        sums, at + column, pitch, places, planes, base + b // blocks * g[2] * g[24],
                        taps, k, count - 1, starts, p, min(p + some, n),
                        rows, row + p * pitch + column, pitch,
                    )  # fmt: skip
    for b in range(from_block, to_block):
        for o in range(b % blocks * width, min((b % blocks + 1) * width, outputs)):
            to = (b // blocks * outputs + o) * long
            source = at + (b - from_block) * width + o - b % blocks * width
            for k in range(count):
                out[to + k] = sums[source + k * pitch]


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
            out[at + k + i] += across(acc[i])


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
    groups, outputs, count = g[1], g[3], phases[5]
    in_row, columns, long = phases[3], g[9], count + 1
    for i in range(from_block * long, to_block * long):
        out[i] = 0.0
    planes = scratch(groups * g[2] * g[24] + 16 + LANES * 2)
    base = aligned(planes)
    clear(planes, base, groups * g[2] * g[24] + LANES)
    most = g[10] * g[12] * g[14] * in_row * LANES
    pieces = scratch(most)
    for i in range(most):
        pieces[i] = 0.0
    for unit in range(begin, end):
        strip = unit % g[13]
        band = unit // g[13] % g[11]
        first = unit // g[13] // g[11] * g[10]
        here = min(g[10], g[0] - first)
        pack(
            planes, base, x, g, first, here,
            band * g[12] * g[15] + g[17], strip * g[14] * g[16] + g[18],
        )  # fmt: skip
        deep = min(g[12], g[7] - band * g[12])
        high = min(g[14], g[8] - strip * g[14])
        n = count_starts(phases, 0, g, here, band, strip)
        for c in range(from_block, to_block):
            for image in range(here):
                for k in range(deep):
                    source = ((first + image) * groups * outputs + c) * g[7] + band * g[12] + k
                    source = (source * g[8] + strip * g[14]) * columns
                    out[c * long + count] += total(d, source, high * columns)
                    for i in range(high):
                        line = ((image * deep + k) * high + i) * in_row * LANES
                        copy(pieces, line, d, source + i * columns, columns)
            source = base + c // outputs * g[2] * g[24]
            for k in range(0, count, ROWS):
                add_products(out, c * long, planes, source, taps, k, count, starts, n, pieces)
