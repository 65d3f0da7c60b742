"""The loops of a convolution in which one vector is several pixels of one output channel.

For few output channels (a gray image's gradient, six feature maps, one channel a group): vectors of
channels would be mostly empty there. Neighbouring pixels read neighbouring elements of the planes,
so the vectors are pieces of rows:

    out[o, piece q] = bias[o] + sum over k of weights[o, k] * planes[start[q] + tap[k] ...]
"""

from __future__ import annotations

from minitorch_fast.functional.conv_loops import clear, copy, count_starts, pack
from minitorch_fast.lanes import aligned, fma, indices, load, registers, spread, store, unrolled
from minitorch_fast.loops import Floats, Ints, scratch

LANES, ROWS, COLUMNS = 4, 1, 2  # of a tile; a kernel is given others


def plane_tile(
    out: Floats,
    pitch: int,
    bias: Floats,
    weights: Floats,
    group: int,
    o: int,
    rows: Ints,
    x: Floats,
    base: int,
    starts: Ints,
    q: int,
    last: int,
    taps: Ints,
    begin: int,
    end: int,
    at: int,
    g: Ints,
) -> None:
    """out[i, at + j] = the sums of outputs o + i < o + ROWS for pieces q + j < q + COLUMNS."""
    acc = registers()
    output = indices()
    source = indices()
    values = registers()
    for i in unrolled(ROWS):
        output[i] = group * g[30] + min(o + i, g[3] - 1) * g[29]
        for j in unrolled(COLUMNS):
            acc[i, j] = spread(bias[group * g[3] + min(o + i, g[3] - 1)])
    for j in unrolled(COLUMNS):
        source[j] = base + starts[min(q + j, last)]
    for k in range(begin, end):
        tap = taps[k]
        weight = rows[k]
        for j in unrolled(COLUMNS):
            values[j] = load(x, source[j] + tap)
        for i in unrolled(ROWS):
            one = spread(weights[output[i] + weight])
            for j in unrolled(COLUMNS):
                acc[i, j] = fma(one, values[j], acc[i, j])
    for i in unrolled(ROWS):
        for j in unrolled(COLUMNS):
            store(out, i * pitch + at + LANES * j, acc[i, j])


def correlate_planes(
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
    """As `correlate_pixels`, for few output channels a group.

    for each block of images or band of rows: pack it; for each ROWS outputs: for each tile: sum;
        copy the rows to where they belong
    """
    groups, outputs = g[1], g[3]
    deep, high, broad = g[7], g[8], g[9]
    planes = scratch(g[2] * g[24] + 16 + LANES * 2)
    base = aligned(planes)
    clear(planes, base, g[2] * g[24] + LANES)
    pitch = (g[10] * g[12] * g[14] * phases[3] + COLUMNS) * LANES  # no phase has more positions
    sums = scratch(ROWS * pitch)
    for unit in range(begin, end):
        strip = unit % g[13]
        band = unit // g[13] % g[11]
        first = unit // g[13] // g[11] * g[10]
        here = min(g[10], g[0] - first)
        for group in range(groups):
            pack(
                planes, base, x, g, group, first, here,
                band * g[12] * g[15] + g[17], strip * g[14] * g[16] + g[18],
            )  # fmt: skip
            for phase in range(0, g[28] * 10, 10):
                starts_at, taps_at, count = phases[phase], phases[phase + 4], phases[phase + 5]
                pieces = count_starts(phases, phase, g, here, band, strip)
                in_row, columns = phases[phase + 3], phases[phase + 9]
                deep_here = max(min(g[12], phases[phase + 1] - band * g[12]), 0)
                high_here = max(min(g[14], phases[phase + 2] - strip * g[14]), 0)
                for o in range(0, outputs, ROWS):
                    for q in range(0, pieces, COLUMNS):
                        plane_tile(
                            sums, pitch, bias, weights, group, o, rows, planes, base, starts,
                            starts_at + q, starts_at + pieces - 1, taps, taps_at, taps_at + count,
                            q * LANES, g,
                        )  # fmt: skip
                    for other in range(o, min(o + ROWS, outputs)):
                        line = (other - o) * pitch
                        for image in range(here):
                            channel = (first + image) * groups * outputs + group * outputs + other
                            for k in range(deep_here):
                                z = (band * g[12] + k) * g[25] + phases[phase + 6]
                                for i in range(high_here):
                                    y = (strip * g[14] + i) * g[26] + phases[phase + 7]
                                    to = ((channel * deep + z) * high + y) * broad
                                    to += phases[phase + 8]
                                    if g[27] == 1:
                                        copy(out, to, sums, line, columns)
                                    else:
                                        for j in range(columns):
                                            out[to + j * g[27]] = sums[line + j]
                                    line += in_row * LANES
