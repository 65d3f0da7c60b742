"""What a convolution's kernel is told: tables of where pixels begin, of taps, and of blocks.

Along one dimension, position m of the output is a sum over taps i of x at `m * step + shift[i]`.
For a convolution, step is its stride and shift[i] = i * dilation - padding. The gradient of the
input is of the same form: with p = position + padding,

    dx[position] = sum of d[(p - i dilation) / stride] * weight[i]

over those i for which that is a whole number. So positions with one remainder of p by the stride
share their taps; they are one `Phase`, in which step is 1. A transposed convolution is that
gradient. All else is common to the two, in one, two and three dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from minitorch_fast.lanes import vector_bytes
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Shape

Numbers = npt.NDArray[np.int64]
Role = Literal["forward", "input", "weight"]
"""The convolution, the gradient of its input, that of its weights."""

NEAR: Final = 65536
"""How many floats of planes, and of sums, are worked on together: they stay in the second cache."""

PIXELS: Final = 256
"""So many pixels at least are computed together, of several images if these are small."""

MANY: Final = 2048
"""From so many pixels on, rows next to the padding have copies of the weights without it."""

SMALL: Final = 10_000_000
"""Convolutions of fewer multiplications share one narrow tile: fewer kernels are compiled."""

# Rows and columns of a tile by the columns: each number loaded is used in a row or a column of it,
# and all sums are in registers: of 32 if a vector has 64 bytes, else of 16.
_PIXEL_TILES: Final = {64: {1: 12, 2: 8, 4: 6}, 32: {1: 8, 2: 6, 3: 4}, 16: {1: 8, 2: 6, 3: 4}}
# Columns by the number of rows.
_PLANE_TILES: Final = {
    64: {1: 8, 2: 6, 3: 6, 4: 5, 6: 4}, 32: {1: 8, 2: 4, 3: 4, 4: 3, 6: 2},
    16: {1: 8, 2: 4, 3: 4, 4: 3, 6: 2},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tables:
    """One call of a kernel of `conv_loops`, `plane_loops` or `gradient_loops`."""

    planes: bool  # whether the lanes are pixels
    lanes: int
    rows: int
    columns: int
    starts: Numbers
    places: Numbers
    taps: Numbers
    weights: Numbers
    phases: Numbers
    numbers: Numbers
    units: int  # blocks of images times bands
    blocks: int  # of outputs


@dataclass(frozen=True, slots=True)
class Phase:
    """Along one dimension: positions `first + m * apart` of the output, m < count."""

    first: int
    apart: int
    count: int
    taps: tuple[tuple[int, int], ...]  # for each tap: its place in the kernel, and its shift
    origin: int = 0  # the position that is counted as 0


def forward_phases(window: Window, dim: int) -> tuple[Phase, ...]:
    """The convolution itself: a single phase."""
    dilation, before = window.dilation[dim], window.before[dim]
    taps = tuple((i, i * dilation - before) for i in range(window.kernel[dim]))
    return (Phase(0, 1, window.output[dim], taps),)


def gradient_phases(window: Window, dim: int) -> tuple[Phase, ...]:
    """The gradient of the input: a phase for each remainder by the stride."""
    stride, dilation, before = window.stride[dim], window.dilation[dim], window.before[dim]
    made = []
    for first in range(min(stride, window.size[dim])):
        p = first + before
        taps = tuple(
            (i, (p - i * dilation) // stride)
            for i in range(window.kernel[dim])
            if (p - i * dilation) % stride == 0
        )
        made.append(Phase(first, stride, -(-(window.size[dim] - first) // stride), taps))
    return tuple(made)


def without_padding(phase: Phase, step: int, size: int) -> Iterator[Phase]:
    """The phase in runs of positions, each with those taps that read x and not only padding.

    In an image of 8 rows with a padding of 1 that leaves out one product in 12; in the gradient of
    one of 12 rows behind a kernel of 5 without padding, one in 3.
    """
    begin = 0
    for m in range(1, phase.count + 1):
        inside = _inside(phase, begin, step, size)
        if m == phase.count or _inside(phase, m, step, size) != inside:
            first = phase.first + begin * phase.apart
            yield Phase(first, phase.apart, m - begin, inside, begin)
            begin = m


def _inside(phase: Phase, m: int, step: int, size: int) -> tuple[tuple[int, int], ...]:
    return tuple(tap for tap in phase.taps if 0 <= m * step + tap[1] < size)


def _three(window: Window) -> Window:
    """The window with dimensions of size 1 in front, so that it has three."""
    more = 3 - len(window.kernel)
    one, none = (1,) * more, (0,) * more
    return Window(
        one + window.kernel, one + window.stride, one + window.dilation, none + window.before,
        none + window.after, one + window.size, one + window.output,
    )  # fmt: skip


@lru_cache(maxsize=1024)
def tables(
    images: int, weight: Shape, window: Window, groups: int, role: Role, itemsize: int
) -> Tables:
    """The tables for one of the three computations of a convolution.

    Args:
        images: how many there are.
        weight: (out, in / groups, *kernel), in the convolution's sense.
        window: its geometry.
        groups: of channels.
        role: which of them.
        itemsize: the size of a number.
    """
    window = _three(window)
    outputs, inputs = weight[0] // groups, weight[1]
    kernel = math.prod(window.kernel)
    if role == "input":
        ci, co = outputs, inputs
        step: Shape = (1, 1, 1)
        phases = [gradient_phases(window, dim) for dim in range(3)]
        size, result = window.output, window.size
        each_output, each_input = kernel, inputs * kernel
    else:
        ci, co, step = inputs, outputs, window.stride
        phases = [forward_phases(window, dim) for dim in range(3)]
        size, result = window.size, window.output
        each_output, each_input = inputs * kernel, kernel
    lanes = vector_bytes() // itemsize
    small = images * math.prod(weight) * math.prod(window.output) < SMALL
    planes, rows, columns = _tile(role, co, result[2], lanes, small)
    cuts = step[2] if planes else 1
    piece = lanes if planes else 1

    shifts = [[shift for p in line for _, shift in p.taps] or [0] for line in phases]
    low = [min(line) for line in shifts]
    extent = [max(line) - min(line) + 1 for line in shifts]
    most = [max(p.count for p in line) for line in phases]
    apart = [line[0].apart for line in phases]
    plane_columns = -(-((most[2] - 1) * step[2] + extent[2]) // cuts)

    width = columns * lanes
    pitch = co if planes else -(-co // width) * width
    block, deep, high = _blocking(
        images,
        ci,
        pitch,
        plane_columns * cuts,
        most,
        step,
        extent,
        apart,
        role == "weight",
    )
    plane_rows = (high - 1) * step[1] + extent[1]
    plane_deep = (deep - 1) * step[0] + extent[0]
    row_pitch = cuts * plane_columns
    image_pitch = plane_deep * plane_rows * row_pitch
    channel = _apart(block * image_pitch)
    band = (deep * apart[0], high * apart[1])

    rows_of = list(phases[1])
    once = deep == most[0] and high == most[1]  # a single band
    # A row next to the padding fills a tile, or it would be computed as a part of an empty one.
    full = not planes or block * deep * -(-most[2] // piece) >= columns
    if role != "weight" and once and full and images * math.prod(window.output) >= MANY:
        rows_of = [run for p in phases[1] for run in without_padding(p, step[1], size[1])]

    starts: list[Numbers] = []
    places: list[Numbers] = []
    taps: list[int] = []
    weights: list[int] = []
    infos: list[int] = []
    found = 0
    for d, r, c in product(phases[0], rows_of, phases[2]):
        in_row = -(-c.count // piece)
        infos += [found, d.count, r.count, in_row, len(taps)]
        infos += [ci * len(d.taps) * len(r.taps) * len(c.taps), d.first, r.first, c.first, c.count]
        i, k, y, q = np.ogrid[:block, : min(deep, d.count), : min(high, r.count), :in_row]
        begins = (
            i * image_pitch
            + (k * step[0] * plane_rows + (y + r.origin) * step[1]) * row_pitch
            + q * piece * (step[2] // cuts)
        )
        place = (i * band[0] + k * d.apart + d.first) * band[1] + y * r.apart + r.first
        starts.append(begins.reshape(-1))
        places.append((place * result[2] + q * c.apart + c.first).reshape(-1))
        found += begins.size
        for n in range(ci):
            for (a, up), (b, down), (e, along) in product(d.taps, r.taps, c.taps):
                column = along - low[2]
                taps.append(
                    n * channel
                    + ((up - low[0]) * plane_rows + down - low[1]) * row_pitch
                    + column % cuts * plane_columns
                    + column // cuts
                )
                place_in_kernel = (a * window.kernel[1] + b) * window.kernel[2] + e
                weights.append(n * each_input + place_in_kernel)
    bands = (-(-most[0] // deep), -(-most[1] // high))
    numbers = [
        images, groups, ci, co, *size, *result, block, bands[0], deep, bands[1], high,
        step[0], step[1], *low, plane_deep, plane_rows, plane_columns, cuts, channel,
        *apart, len(infos) // 10,
        each_output, outputs * inputs * kernel, *band,
        len(taps),
    ]  # fmt: skip
    return Tables(
        planes,
        lanes,
        rows,
        columns,
        np.concatenate(starts).astype(np.int64),
        np.arange(len(taps)) if role == "weight" else np.concatenate(places).astype(np.int64),
        np.array(taps, np.int64),
        np.array(weights, np.int64),
        np.array(infos, np.int64),
        np.array(numbers, np.int64),
        -(-images // block) * bands[0] * bands[1],
        groups * co if planes else groups * -(-co // width),
    )


def _tile(role: Role, outputs: int, width: int, lanes: int, small: bool) -> tuple[bool, int, int]:
    """Whether the lanes are pixels, and the rows and columns of a tile.

    What is compared is the number of multiplications of vectors for one pixel and tap.
    """
    size = vector_bytes()
    vectors = -(-outputs // lanes)
    # (cost, columns): padded columns cost as much as full ones, and narrow tiles load more.
    narrow = 1.15 if vectors > 1 else 1.0
    pixel, columns = min(
        (-(-vectors // c) * c * (narrow if c == 1 else 1.0), -c)
        for c in _PIXEL_TILES[size]
        if c == 1 or not small
    )
    columns = -columns
    padding = -(-width // lanes) * lanes / width
    if role == "weight":
        # One output at a time; two loads for each multiplication.
        plane, rows = outputs * padding / lanes * 1.7, 9
        return (True, rows, 1) if plane < pixel else (False, _PIXEL_TILES[size][columns], columns)
    tiles = _PLANE_TILES[size]
    plane, rows = min(
        (-(-outputs // r) * r / lanes * padding * (1.5 if r == 1 else 1.15), -r) for r in tiles
    )
    if plane < pixel:
        return True, -rows, tiles[-rows]
    return False, _PIXEL_TILES[size][columns], columns


def _blocking(
    images: int,
    channels: int,
    pitch: int,
    row: int,
    most: list[int],
    step: Shape,
    extent: list[int],
    apart: list[int],
    weight: bool,
) -> tuple[int, int, int]:
    """Images in a block, and positions of depth and of rows in a band, of one phase."""

    def fits(block: int, deep: int, high: int) -> bool:
        plane = ((deep - 1) * step[0] + extent[0]) * ((high - 1) * step[1] + extent[1]) * row
        pixels = deep * apart[0] * high * apart[1] * most[2] * apart[2]
        return block * channels * plane <= NEAR and block * pixels * pitch <= NEAR

    deep, high = most[0], most[1]
    while deep > 1 and not fits(1, deep, high):
        deep = -(-deep // 2)
    while high > 1 and not fits(1, deep, high):
        high = -(-high // 2)
    block = 1
    if (deep, high) == (most[0], most[1]):
        pixels = deep * high * most[2]
        while block < images and block * pixels < PIXELS and fits(block + 1, deep, high):
            block += 1
    return block, deep, high


def _apart(n: int) -> int:
    """Floats from channel to channel: not a power of two, whose multiples share few cache lines."""
    n = -(-n // 16) * 16
    return n + 16 if n % 64 == 0 else n
