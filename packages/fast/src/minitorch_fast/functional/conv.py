"""conv2d by shifted planes, forward and backward; the loops are in `conv_loops`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, threads
from minitorch_fast.functional import conv_loops
from minitorch_fast.functional.memory import flat, fresh, kind
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.conv import Padding, conv2d, convolution
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import record_fused

PIECE: Final = 512
"""About so many positions of a plane are computed together: what they need stays in cache."""

PARALLEL: Final = 2_000_000
"""From so many multiplications on, the images are shared out to threads."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sums:
    """One call of `conv_loops.correlate`: geometry, taps, and which weights belong to them."""

    numbers: Numbers
    taps: Numbers
    rows: tuple[int, ...]  # the rows of the kernel that take part, and the columns
    columns: tuple[int, ...]


@conv2d.override("cpu")
def conv2d_planes(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Padding = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """`conv2d` in one pass over blocks of images, without building its windows."""
    dtype = kind(input.dtype)
    geometry = convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)
    window = geometry.window
    shape = input.shape if geometry.batched else (1, *input.shape)
    if dtype is None or 0 in shape:
        return conv2d.composite(input, weight, bias, stride, padding, dilation, groups)
    y, out = fresh(input, (shape[0], weight.shape[0], *window.output))
    x, w = flat(input), flat(weight)
    offsets = np.zeros(weight.shape[0], out.dtype) if bias is None else flat(bias)
    calls: list[threads.Call] = []
    for a, b in _ranges(shape, weight.shape, window):
        sums = forward_sums((b - a, *shape[1:]), weight.shape, window, groups)
        own = _images(out, a, b, shape[0]), _images(x, a, b, shape[0])
        calls.append((*own, w, offsets, sums.taps, sums.numbers))
    threads.run(fused.compiled(conv_loops.correlate, dtype), calls)
    if not geometry.batched:
        y = y._view(y.layout.select(0, 0))
    inputs = (input, weight) if bias is None else (input, weight, bias)

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        return gradients(inputs, g, shape, window, groups)

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        x, w = fresh_inputs[0], fresh_inputs[1]
        b = fresh_inputs[2] if len(fresh_inputs) > 2 else None
        return conv2d.composite(x, w, b, stride, padding, dilation, groups)

    return record_fused("ConvolutionBackward0", y, inputs, backward, composite)


def gradients(
    inputs: Sequence[Tensor], g: Tensor, shape: Shape, window: Window, groups: int
) -> Sequence[Tensor | None]:
    """The gradients of the input, of the weight and of the bias that are needed."""
    input, weight = inputs[0], inputs[1]
    dtype = kind(input.dtype)
    if dtype is None:
        raise TypeError(f"conv2d: no kernel for {input.dtype}")
    d = flat(g)
    ranges = _ranges(shape, weight.shape, window)
    found: list[Tensor | None] = [None] * len(inputs)
    if input.requires_grad:
        dx, memory = fresh(input, input.shape)
        w = flat(weight).reshape(groups, -1, *weight.shape[1:])
        nothing = np.zeros(shape[1], memory.dtype)
        for phase in range(math.prod(window.stride)):
            calls: list[threads.Call] = []
            for a, b in ranges:
                part = (b - a, *shape[1:])
                sums = backward_sums(part, weight.shape, window, groups)[phase]
                taken = w[:, :, :, list(sums.rows)][..., list(sums.columns)]
                # (groups, out, in, rows, columns) -> (groups, in, out, rows, columns)
                turned = np.ascontiguousarray(taken.transpose(0, 2, 1, 3, 4)).reshape(-1)
                own = _images(memory, a, b, shape[0]), _images(d, a, b, shape[0])
                calls.append((*own, turned, nothing, sums.taps, sums.numbers))
            threads.run(fused.compiled(conv_loops.correlate, dtype), calls)
        found[0] = dx
    if weight.requires_grad or (len(inputs) > 2 and inputs[2].requires_grad):
        channels, taps = weight.shape[0], math.prod(weight.shape[1:])
        x = flat(input)
        parts = np.empty((len(ranges), channels + 1, taps + 1), d.dtype)
        calls = []
        for part_of, (a, b) in zip(parts, ranges, strict=True):
            sums = forward_sums((b - a, *shape[1:]), weight.shape, window, groups)
            own = _images(x, a, b, shape[0]), _images(d, a, b, shape[0])
            calls.append((part_of.reshape(-1), *own, sums.taps, sums.numbers))
        threads.run(fused.compiled(conv_loops.weight_gradient, dtype), calls)
        total: npt.NDArray[np.generic] = np.add.reduce(parts)
        dw, memory = fresh(weight, weight.shape)
        memory.reshape(channels, taps)[...] = total[:channels, :taps]
        found[1] = dw
        if len(inputs) > 2:
            db, memory = fresh(weight, (channels,))
            memory[...] = total[:channels, taps]
            found[2] = db
    return found


def _ranges(shape: Shape, weight: Shape, window: Window) -> list[tuple[int, int]]:
    """The images of each thread."""
    work = shape[0] * math.prod(weight) * math.prod(window.output)
    return threads.cut(shape[0], threads.get_num_threads() if work >= PARALLEL else 1, 1)


def _images(array: HostArray, first: int, last: int, images: int) -> HostArray:
    each = array.size // images
    return array[first * each : last * each]


@lru_cache(maxsize=1024)
def forward_sums(shape: Shape, weight: Shape, window: Window, groups: int) -> Sums:
    """The convolution itself: one set of planes for each remainder by the stride, and all taps."""
    (sh, sw), (dh, dw), (kh, kw) = window.stride, window.dilation, weight[2:]
    # The rows and columns that the last window reaches, divided among the planes.
    rows = window.output[0] + (dh * (kh - 1)) // sh
    columns = window.output[1] + (dw * (kw - 1)) // sw
    numbers = [
        shape[0], *shape[1:], window.before[0], window.before[1], sh, rows, columns,
        weight[0], *window.output, *window.output, 1, 0, 1, 0, groups, math.prod(weight[1:]),
    ]  # fmt: skip
    blocks = _blocks(shape[0], rows, columns)
    plane = blocks[0] * rows * columns
    taps = [
        (c * sh * sw + (i * dh % sh) * sw + j * dw % sw) * plane
        + (i * dh // sh) * columns
        + j * dw // sw
        for c in range(weight[1])
        for i in range(kh)
        for j in range(kw)
    ]
    behind = (kh * dh) // sh * columns + (kw * dw) // sw + 8
    return Sums(
        np.array([*numbers, *blocks, behind, sw], np.int64),
        np.array(taps, np.int64),
        tuple(range(kh)),
        tuple(range(kw)),
    )


@lru_cache(maxsize=1024)
def backward_sums(shape: Shape, weight: Shape, window: Window, groups: int) -> tuple[Sums, ...]:
    """The gradient of the input, d: the gradient of the output.

    With p = row + padding, dx[row] = sum of d[(p - i dilation) / stride] * weight[i] over those i
    for which that is a whole number. So rows with one remainder of p by the stride share their
    taps: a sum for each.
    """
    return tuple(
        _backward_phase(shape, weight, window, groups, a, b)
        for a in range(window.stride[0])
        for b in range(window.stride[1])
    )


def _backward_phase(
    shape: Shape, weight: Shape, window: Window, groups: int, a: int, b: int
) -> Sums:
    row = _phase(a, shape[2], weight[2], window, 0)
    column = _phase(b, shape[3], weight[3], window, 1)
    rows, columns = row.count + row.reach, column.count + column.reach
    outputs = weight[0] // groups
    numbers = [
        shape[0], weight[0], *window.output, row.before, column.before, 1, rows, columns,
        *shape[1:], row.count, column.count, window.stride[0], row.first, window.stride[1],
        column.first, groups, outputs * len(row.taps) * len(column.taps),
    ]  # fmt: skip
    blocks = _blocks(shape[0], rows, columns)
    plane = blocks[0] * rows * columns
    taps = [
        o * plane + i * columns + j
        for o in range(outputs)
        for i in row.shifts
        for j in column.shifts
    ]
    behind = row.reach * columns + column.reach + 8
    return Sums(
        np.array([*numbers, *blocks, behind, 1], np.int64),
        np.array(taps, np.int64),
        row.taps,
        column.taps,
    )


@dataclass(frozen=True, slots=True)
class _Phase:
    """Along one dimension: which positions of the input have one remainder, and their taps."""

    first: int  # the first position, and how many there are, a stride apart
    count: int
    taps: tuple[int, ...]
    shifts: tuple[int, ...]  # for each tap: where it reads, from the position's place in the plane
    before: int  # zeros in front of d in the plane (negative: so much of d is left out)
    reach: int


def _phase(remainder: int, size: int, kernel: int, window: Window, dim: int) -> _Phase:
    stride, dilation, padding = window.stride[dim], window.dilation[dim], window.before[dim]
    first = (remainder - padding) % stride
    count = max(-(-(size - first) // stride), 0)
    taps = tuple(i for i in range(kernel) if (i * dilation - remainder) % stride == 0)
    back = [(i * dilation - remainder) // stride for i in taps]  # how far in front of the position
    reach = max(back, default=0)
    place = (first + padding - remainder) // stride  # of the first position, in d
    return _Phase(first, count, taps, tuple(reach - j for j in back), reach - place, reach)


def _blocks(images: int, rows: int, columns: int) -> tuple[int, int]:
    """How many images are packed together, and how many rows are one piece.

    Small images are packed together, so that the inner loops are long.
    """
    together = max(min(PIECE // max(rows * columns, 1), images), 1)
    return together, max(PIECE // max(columns, 1), 1)
