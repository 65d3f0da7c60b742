"""The launches of a convolution and its gradients, as products of matrices that are never built.

What the sides of a product read is in `conv_sides`, what a phase is in `conv_phases`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import (
    INDEX_TYPES,
    Kernel,
    Parameter,
    Plan,
    Span,
    computing_type,
    plan,
    storage_type,
    types,
)
from minitorch_cuda.kernels.conv_phases import Phase, forward_phase, gradient_phases
from minitorch_cuda.kernels.conv_sides import (
    finish_places,
    gradients_by_place,
    result_numbers,
    source_numbers,
    weights_by_tap,
    windows_by_place,
    windows_by_tap,
)
from minitorch_cuda.kernels.matmul_choice import LARGE, MEDIUM, Choice, Tile, choose
from minitorch_cuda.kernels.matmul_plan import COUNTS, WHICH_TILE, Product, finish, in_parts
from minitorch_cuda.kernels.matmul_sides import Access, access_of, strided
from minitorch_cuda.kernels.matmul_tiles import Frame, tiled
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType, float32, float64
from minitorch_tensor.functional.conv_fused import Sizes
from minitorch_tensor.layout import Layout, Shape


def _parameters(
    pointers: list[tuple[str, str]], names: tuple[str, ...], rank: int, index: str
) -> tuple[Parameter, ...]:
    return (
        *(Parameter(name, kind, pointer=True) for name, kind in pointers),
        *(Parameter(name, index) for name in names),
        *(Parameter(name, _SIGNED[index]) for name in source_numbers(rank)),
    )


_SIGNED: Final = {"uint32": "int32", "int64": "int64"}


@lru_cache(maxsize=512)
def correlation_kernel(
    dtype: DType,
    tile: Tile,
    taps: Shape,
    access: Access | None,
    biased: bool = False,
    whole: bool = True,
    vector: bool = False,
    parts: bool = False,
    index: str = "uint32",
) -> Kernel:
    """A convolution, or a phase of the gradient of its input.

    Args:
        dtype: of all memory, but for partial results.
        tile: what a block computes.
        taps: how many along each dimension.
        access: how weights are read that lie as rows; None for those of a gradient.
        biased: whether there is a bias.
        whole: whether the places are all of the result.
        vector: whether four of them are written at once.
        parts: whether another launch adds results, which then stay in the computing type.
        index: `uint32` or `int64`.
    """
    stored, value, rank = storage_type(dtype), computing_type(dtype), len(taps)
    a = weights_by_tap(tile, taps) if access is None else strided("a", tile, access)
    b = windows_by_place(tile, taps)
    pointers = [("out", value if parts else stored), ("a", stored), ("b", stored)]
    if biased:
        pointers.append(("bias", stored))
    names = (*COUNTS, *a.parameters, *b.parameters, *result_numbers(rank, whole))
    what = "a convolution" if access is not None else "a gradient of the input"
    size = " x ".join(str(n) for n in taps)
    title = f"{dtype.name}: {what} by {size} taps; tiles of {tile.name}; positions of {index}."
    frame = Frame(
        title,
        "correlation_kernel",
        _parameters(pointers, names, rank, index),
        WHICH_TILE.format(rows=tile.rows, columns=tile.columns),
        finish_places(tile, rank, biased, whole, vector, parts),
    )
    bound = {**types(dtype), "J": INDEX_TYPES[_SIGNED[index]]}
    return tiled(frame, tile, a, b, bound, dtype, index)


@lru_cache(maxsize=512)
def weight_gradient_kernel(
    dtype: DType,
    tile: Tile,
    taps: Shape,
    fours: bool = False,
    vector: bool = False,
    parts: bool = False,
    index: str = "uint32",
) -> Kernel:
    """The gradient of the weights.

    Args:
        dtype: of all memory, but for partial results.
        tile: what a block computes.
        taps: the kernel's sizes.
        fours: whether four places of the result's gradient are read at once.
        vector: whether four weights are written at once.
        parts: whether another launch adds results, which then stay in the computing type.
        index: `uint32` or `int64`.
    """
    stored, value, rank = storage_type(dtype), computing_type(dtype), len(taps)
    a, b = gradients_by_place(tile, fours), windows_by_tap(tile, taps)
    pointers = [("out", value if parts else stored), ("a", stored), ("b", stored)]
    size = " x ".join(str(n) for n in taps)
    frame = Frame(
        f"{dtype.name}: gradient of {size} weights; tiles of {tile.name}; positions of {index}.",
        "weight_gradient_kernel",
        _parameters(pointers, (*COUNTS, *a.parameters, *b.parameters), rank, index),
        WHICH_TILE.format(rows=tile.rows, columns=tile.columns),
        finish(tile, "", vector, parts),
    )
    bound = {**types(dtype), "J": INDEX_TYPES[_SIGNED[index]]}
    return tiled(frame, tile, a, b, bound, dtype, index)


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of a convolution: from a source to a result, by phases."""

    rows: int  # channels of the result in a group
    channels: int  # of the source
    size: Shape  # of the source
    result: Shape
    phases: tuple[Phase, ...]
    forward: bool


def way_of(sizes: Sizes, forward: bool) -> Way:
    """The convolution, or the gradient of its input."""
    outputs, inputs = sizes.weight[0] // sizes.groups, sizes.weight[1]
    window = sizes.window
    if forward:
        phases: tuple[Phase, ...] = (forward_phase(window),)
        return Way(outputs, inputs, window.size, window.output, phases, True)
    return Way(inputs, outputs, window.output, window.size, tuple(gradient_phases(window)), False)


@lru_cache(maxsize=2048)
def plan_correlation(
    sizes: Sizes,
    forward: bool,
    biased: bool,
    dtype: DType,
    limits: Limits,
    offsets: tuple[int, ...] = (0, 0, 0),
) -> tuple[Product, ...]:
    """The launches over out, weight, source and bias, all in order; one for each phase.

    Args:
        sizes: of the convolution.
        forward: whether it is computed, or the gradient of its input.
        biased: whether there is a bias.
        dtype: a floating one.
        limits: how many threads there may be.
        offsets: where weight, source and bias begin; out begins at 0.
    """
    way = way_of(sizes, forward)
    return tuple(_phase(sizes, way, phase, biased, dtype, limits, offsets) for phase in way.phases)


def _phase(
    sizes: Sizes,
    way: Way,
    phase: Phase,
    biased: bool,
    dtype: DType,
    limits: Limits,
    offsets: tuple[int, ...],
) -> Product:
    images, groups = sizes.images, sizes.groups
    rank, positions = len(phase), math.prod(line.count for line in phase)
    taps = tuple(line.taps for line in phase)
    out_plane, source_plane = math.prod(way.result), math.prod(way.size)
    k = way.channels * math.prod(taps)
    if k == 0:  # no tap reaches these places
        taps = (1,) * rank
    m, n = way.rows, images * positions
    choice = choose(m, n, k, groups, limits, dtype is not float64)
    whole = len(way.phases) == 1
    if not whole:
        depth = choice.tile.depth
        choice = Choice(choice.tile, 1, max(-(-k // depth), 1) * depth)
    tile, parts = choice.tile, choice.splits > 1
    out_size = images * groups * m * out_plane
    x_size = images * groups * way.channels * source_plane
    w_size = math.prod(sizes.weight)
    access: Access | None = None
    kernel = math.prod(sizes.window.kernel)
    # From channel to channel of the result, and of the source; the other channel's group is w[0]'s.
    row_step, channel_step = (way.channels * kernel, kernel)
    a_numbers = [m * k, k, 1]
    if way.forward:
        access = access_of((m * k if groups > 1 else 0, k, 1), m, k, offsets[0])
    else:
        row_step, channel_step = kernel, way.rows * kernel
        inner = _steps(sizes.window.kernel)
        first = sum(line.tap * step for line, step in zip(phase, inner, strict=True))
        skips = [line.skip * step for line, step in zip(phase, inner, strict=True)]
        a_numbers = [way.channels * way.rows * kernel, row_step, channel_step, first, *skips]
    vector = whole and positions % 4 == 0
    largest = max(out_size * choice.splits, x_size, w_size)
    index = "uint32" if largest + 256 * max(k, source_plane) < 1 << 31 else "int64"
    made = correlation_kernel(
        dtype, tile, taps, access, biased and not parts, whole, vector, parts, index
    )
    down, across = -(-m // tile.rows), -(-n // tile.columns)
    result = [out_size, groups * m * out_plane, out_plane]
    if not whole:
        inner = _steps(way.result)
        result.append(sum(line.first * step for line, step in zip(phase, inner, strict=True)))
        result += [line.apart * step for line, step in zip(phase, inner, strict=True)]
    numbers = [
        *(down, across, groups, choice.chunk, k, m, n),
        *a_numbers,
        *_source(groups, way.channels, source_plane),
        *(positions, *(line.count for line in phase)),
        *result,
        *_signed(phase, way.size),
    ]
    spans = [
        _span(0, out_size * choice.splits),
        _span(offsets[0], w_size),
        _span(offsets[1], x_size),
    ]
    if biased and not parts:
        spans.append(_span(offsets[2], groups * m))
    grid = (down * across * groups * choice.splits, 1, 1)
    launch = plan(made, grid, tile.block, spans, numbers)
    if not parts:
        return Product(launch)
    out = Layout.contiguous((images, groups * m, out_plane))
    bias = Layout((groups * m,), (1,), offsets[2]) if biased else None
    return in_parts(launch, out, choice, dtype, limits, bias, "rows")


def _span(offset: int, size: int) -> Span:
    return Span(offset, offset, offset + size)


def _source(groups: int, channels: int, plane: int) -> tuple[int, int, int]:
    return groups * channels * plane, channels * plane, plane


def _signed(phase: Phase, size: Shape) -> list[int]:
    return [
        *(line.step for line in phase),
        *(line.origin for line in phase),
        *(line.spread for line in phase),
        *size,
    ]


def _steps(sizes: Shape) -> list[int]:
    """The steps of a dense array."""
    return list(Layout.contiguous(sizes).strides)


@lru_cache(maxsize=2048)
def plan_weight_gradient(
    sizes: Sizes, dtype: DType, limits: Limits, offsets: tuple[int, int] = (0, 0)
) -> Product:
    """The launches over dw, d and x, all in order; `offsets` says where the last two begin."""
    images, groups, phase = sizes.images, sizes.groups, forward_phase(sizes.window)
    m, channels = sizes.weight[0] // groups, sizes.weight[1]
    taps, positions = sizes.window.kernel, math.prod(sizes.window.output)
    source_plane = math.prod(sizes.window.size)
    n, k = channels * math.prod(taps), images * positions
    choice = choose(m, n, k, groups, limits, large=False)
    tile, parts = choice.tile, choice.splits > 1
    w_size, d_size = groups * m * n, groups * m * k
    x_size = images * groups * channels * source_plane
    largest = max(w_size * choice.splits, x_size, d_size)
    index = "uint32" if largest + 256 * max(positions, source_plane) < 1 << 31 else "int64"
    made = weight_gradient_kernel(
        dtype, tile, taps, positions % 4 == offsets[0] % 4 == 0, n % 4 == 0, parts, index
    )
    down, across = -(-m // tile.rows), -(-n // tile.columns)
    numbers = [
        *(down, across, groups, choice.chunk, k, m, n),
        groups * m * positions,
        *_source(groups, channels, source_plane),
        *(positions, *(line.count for line in phase)),
        *_signed(phase, sizes.window.size),
    ]
    spans = [_span(0, w_size * choice.splits), _span(offsets[0], d_size), _span(offsets[1], x_size)]
    grid = (down * across * groups * choice.splits, 1, 1)
    launch: Plan = plan(made, grid, tile.block, spans, numbers)
    if not parts:
        return Product(launch)
    return in_parts(launch, Layout.contiguous((groups * m, n)), choice, dtype, limits)


_TAPS: Final = (3, 3)

GATES: Final = (
    Gate(
        "convolution float32, 3 x 3, 128 x 128",
        partial(correlation_kernel, float32, LARGE, _TAPS, "deep4", vector=True),
        registers=128,
        loads128=2,
        stores128=16,
    ),
    Gate(
        "gradient of a convolution's input float32, 2 x 2 of 3 x 3, 128 x 128",
        partial(correlation_kernel, float32, LARGE, (2, 2), None, whole=False),
        registers=144,
    ),
    Gate(
        "gradient of a convolution's weights float32, 3 x 3, 64 x 64",
        partial(weight_gradient_kernel, float32, MEDIUM, _TAPS, True, True, True),
        registers=64,
        loads128=1,
    ),
)
