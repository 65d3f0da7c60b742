"""The loops of a convolution in which one vector is several output channels of one pixel.

    out[p, o] = bias[o] + sum over k of x[start[p] + tap[k]] * weights[k, o]

x is a block of images, padded, in planes. Where the window of pixel p begins there, and how far
each of its elements k is from that, are numbers in two tables: nothing else knows of strides, of
dilation, of the number of dimensions. So this is a matrix product whose left side, the matrix of
windows, is never built: its elements are read where they lie.

It is computed tile by tile (`add_tile`): the sums of ROWS pixels times COLUMNS vectors stay in
registers while k runs, so that each number is loaded once for several multiplications, and the
processor's two multipliers are busy all the time. The gradient of the weights is the same product
with pixels and taps exchanged (`gradient_loops`); the gradient of the input is the convolution of
the output's gradient, and only its tables are others (`conv_plan`).
"""

from __future__ import annotations

from minitorch_fast.lanes import (
    aligned,
    fma,
    indices,
    load,
    registers,
    spread,
    store,
    turn,
    unrolled,
)
from minitorch_fast.loops import Floats, Ints, scratch

LANES, ROWS, COLUMNS = 4, 2, 1  # of a tile; a kernel is given others
NEAREST = 4096  # how many weights of a block are used for all pixels before the next ones

# The numbers in `g`; `conv_plan` fills them in.
#
#  0 images              1 groups              2 channels of x       3 of out, for one group
#  4 depth of x          5 height              6 width
#  7 depth of out        8 height              9 width
# 10 images in a block  11 depth: bands       12 positions in one   13 rows: bands
# 14 positions in one   15 depth: step in x   16 row: step in x
# 17 first depth, 18 row, 19 column of the planes, as places in x
# 20 depth of a plane   21 rows               22 columns            23 columns are cut into so many
# 24 floats from channel to channel           25 depth: step in out 26 row step  27 column step
# 28 phases             29 weights: from output to output           30 from group to group
# 31 depth of a band in out                   32 rows of a band in out      33 taps of all phases
#
# `phases` has ten numbers for each set of pixels that share their taps (a convolution has one):
#
#  0 first of its starts   1 depth positions     2 rows of them        3 starts in a row
#  4 first of its taps     5 number of taps      6 first depth in out  7 row    8 column
#  9 columns


def copy(out: Floats, to: int, x: Floats, at: int, n: int) -> None:
    """Copy n neighbouring numbers: few, so that a loop which LLVM vectorises costs too much."""
    if n >= LANES:
        for j in range(0, n, LANES):
            last = min(j, n - LANES)  # the last vector overlaps the one before
            store(out, to + last, load(x, at + last))
    else:
        for j in range(n):
            out[to + j] = x[at + j]


def clear(out: Floats, to: int, n: int) -> None:
    """Write n zeros, and up to LANES - 1 more."""
    for j in range(0, n, LANES):
        store(out, to + j, spread(0.0))


def pack(
    planes: Floats,
    base: int,
    x: Floats,
    g: Ints,
    group: int,
    first: int,
    here: int,
    depth: int,
    row: int,
) -> None:
    """Copy a group's channels of some images into planes[channel, image, depth, row, column].

    The planes were cleared once. The columns beside x stay zero; rows above and below are cleared
    again, for in another band they were rows of x. With columns cut into s parts, those of one
    remainder by s lie together: what a step of s picks is dense again.
    """
    deep, high, broad, low = g[4], g[5], g[6], g[19]
    rows, columns, cuts = g[21], g[22], g[23]
    left = max(0, -low)
    count = min(columns, broad - low) - left
    stop = min(columns * cuts, broad - low) + cuts - 1
    top = min(rows, max(0, -row))  # rows of the plane above x, and where those below x begin
    bottom = max(top, min(rows, high - row))
    for c in range(g[2]):
        for image in range(here):
            channel = ((first + image) * g[1] + group) * g[2] + c
            for k in range(g[20]):
                z = depth + k
                to = base + c * g[24] + (image * g[20] + k) * rows * cuts * columns
                line = ((channel * deep + z) * high + row) * broad
                begin, end = top, bottom
                if z < 0 or z >= deep:
                    begin, end = rows, rows
                clear(planes, to, begin * cuts * columns)
                if cuts > 1:
                    for i in range(begin, end):
                        for cut in range(cuts):
                            target = to + (i * cuts + cut) * columns
                            at = line + i * broad + low + cut
                            for j in range((left - cut + cuts - 1) // cuts, (stop - cut) // cuts):
                                planes[target + j] = x[at + j * cuts]
                elif count == columns and broad == columns:
                    size = (end - begin) * columns
                    copy(planes, to + begin * columns, x, line + begin * columns, size)
                else:
                    for i in range(begin, end):
                        at = line + i * broad + low + left
                        copy(planes, to + i * columns + left, x, at, count)
                for i in range(end, rows):
                    clear(planes, to + i * cuts * columns, cuts * columns)


def add_tile(
    out: Floats,
    at: int,
    places: Ints,
    x: Floats,
    base: int,
    starts: Ints,
    p: int,
    last: int,
    steps: Ints,
    begin: int,
    end: int,
    rows: Floats,
    row: int,
) -> None:
    """out[places[p + i], lane] += sum over r of x[starts[p + i] + steps[r]] * rows[r, lane].

    i < ROWS, and COLUMNS vectors of lanes. Behind the last p that one is computed again, and
    written to its own place again.
    """
    acc = registers()
    to = indices()
    source = indices()
    values = registers()
    for i in unrolled(ROWS):
        to[i] = at + places[min(p + i, last)] * LANES * COLUMNS
        source[i] = base + starts[min(p + i, last)]
        for j in unrolled(COLUMNS):
            acc[i, j] = load(out, to[i] + LANES * j)
    for r in range(begin, end):
        step = steps[r]
        for j in unrolled(COLUMNS):
            values[j] = load(rows, row + LANES * j)
        row += LANES * COLUMNS
        for i in unrolled(ROWS):
            one = spread(x[source[i] + step])
            for j in unrolled(COLUMNS):
                acc[i, j] = fma(one, values[j], acc[i, j])
    for i in unrolled(ROWS):
        for j in unrolled(COLUMNS):
            store(out, to[i] + LANES * j, acc[i, j])


def to_panels(
    panels: Floats, base: int, weights: Floats, rows: Ints, phases: Ints, g: Ints
) -> None:
    """Copy the weights to panels[group, phase, block of outputs][tap, output]."""
    width = LANES * COLUMNS
    for group in range(g[1]):
        for phase in range(0, g[28] * 10, 10):
            taps, count = phases[phase + 4], phases[phase + 5]
            for block in range(0, g[3], width):
                for k in range(count):
                    source = group * g[30] + block * g[29] + rows[taps + k]
                    for lane in range(width):
                        panels[base + lane] = (
                            weights[source + lane * g[29]] if block + lane < g[3] else 0.0
                        )
                    base += width


def turn_to_planes(
    out: Floats, to: int, area: int, sums: Floats, at: int, width: int, count: int, pixels: int
) -> None:
    """out[to + o * area + p] = sums[at + p * width + o], o < count: pixels' channels to planes."""
    for o in range(0, count, LANES):
        if o + LANES <= count and pixels >= LANES:
            for p in range(0, pixels, LANES):
                last = min(p, pixels - LANES)  # the last square overlaps the one before
                turn(sums, at + last * width + o, width, out, to + o * area + last, area)
        else:
            for other in range(o, min(o + LANES, count)):
                for p in range(pixels):
                    out[to + other * area + p] = sums[at + p * width + other]


def count_starts(phases: Ints, phase: int, g: Ints, here: int, band: int, strip: int) -> int:
    """How many starts of a phase belong to a block of images, a band of depth and one of rows."""
    deep = min(g[12], phases[phase + 1] - band * g[12])
    high = min(g[14], phases[phase + 2] - strip * g[14])
    return here * max(deep, 0) * max(high, 0) * phases[phase + 3]


def correlate_pixels(
    out: Floats,
    x: Floats,
    weights: Floats,
    bias: Floats,
    starts: Ints,
    places: Ints,
    taps: Ints,
    rows: Ints,
    phases: Ints,
    g: Ints,
    begin: int,
    end: int,
) -> None:
    """The sums over taps for each pixel and channel of out, for the blocks from begin to end.

    for each block of images or band of rows, for each group: pack it; start all sums from the bias;
        for some taps (their weights stay in the nearest cache), for each tile: add them;
        transpose the sums to where they belong
    """
    outputs = g[3]
    width = LANES * COLUMNS
    blocks = (outputs + width - 1) // width
    deep, high, broad = g[7], g[8], g[9]
    area = deep * high * broad
    panels = scratch(g[1] * blocks * width * g[33] + 16)
    panel_base = aligned(panels)
    to_panels(panels, panel_base, weights, rows, phases, g)
    planes = scratch(g[2] * g[24] + 16 + LANES * 2)
    base = aligned(planes)
    clear(planes, base, g[2] * g[24])
    pixels = g[10] * g[31] * g[32] * broad
    sums = scratch(blocks * pixels * width + 16)
    sum_base = aligned(sums)
    first_sums = scratch(blocks * width)
    some = max(NEAREST // width, 1)
    for unit in range(begin, end):
        strip = unit % g[13]
        band = unit // g[13] % g[11]
        first = unit // g[13] // g[11] * g[10]
        here = min(g[10], g[0] - first)
        here_deep = min(g[31], deep - band * g[31])
        here_high = min(g[32], high - strip * g[32])
        panel = panel_base
        for group in range(g[1]):
            pack(
                planes, base, x, g, group, first, here,
                band * g[12] * g[15] + g[17], strip * g[14] * g[16] + g[18],
            )  # fmt: skip
            for o in range(blocks * width):
                first_sums[o] = bias[group * outputs + o] if o < outputs else 0.0
            for block in range(blocks):
                for p in range(block * pixels, block * pixels + here * g[31] * g[32] * broad):
                    for j in unrolled(COLUMNS):
                        value = load(first_sums, block * width + j * LANES)
                        store(sums, sum_base + p * width + j * LANES, value)
            for phase in range(0, g[28] * 10, 10):
                starts_at, taps_at, count = phases[phase], phases[phase + 4], phases[phase + 5]
                last = starts_at + count_starts(phases, phase, g, here, band, strip) - 1
                for k in range(0, count, some):
                    to = min(k + some, count)
                    for block in range(blocks):
                        for p in range(starts_at, last + 1, ROWS):
                            add_tile(
                                sums, sum_base + block * pixels * width, places,
                                planes, base, starts, p, last, taps, taps_at + k, taps_at + to,
                                panels, panel + (block * count + k) * width,
                            )  # fmt: skip
                panel += blocks * count * width
            for image in range(here):
                for k in range(here_deep):
                    at = (image * g[31] + k) * g[32] * broad
                    target = ((first + image) * g[1] + group) * outputs * area
                    target += ((band * g[31] + k) * high + strip * g[32]) * broad
                    for block in range(blocks):
                        turn_to_planes(
                            out, target + block * width * area, area, sums,
                            sum_base + (block * pixels + at) * width, width,
                            min(width, outputs - block * width), here_high * broad,
                        )  # fmt: skip
