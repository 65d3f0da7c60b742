"""conv2d by shifted planes, forward and backward; the loops are in `conv_loops`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, threads
from minitorch_fast.functional import conv_loops
from minitorch_fast.functional.memory import flat, fresh, kind
from minitorch_tensor import Tensor
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.conv import Padding, conv2d, convolution
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import record_fused

if TYPE_CHECKING:
    from minitorch_fast.cache import Kernel
    from minitorch_fast.target import Kind

PIECE: Final = 512
"""About so many positions of a plane are computed together: what they need stays in cache."""

PARALLEL: Final = 200_000
"""From so many multiplications on, threads pay for their start."""

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
    plan = forward_sums(shape, weight.shape, window, groups, _team(shape, weight.shape, window))
    offsets = np.zeros(weight.shape[0], out.dtype) if bias is None else flat(bias)
    _correlate(dtype, plan, out, flat(input), flat(weight), offsets)
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
    team = _team(shape, weight.shape, window)
    d = flat(g)
    found: list[Tensor | None] = [None] * len(inputs)
    if input.requires_grad:
        dx, memory = fresh(input, input.shape)
        w = flat(weight).reshape(groups, -1, *weight.shape[1:])
        nothing = np.zeros(shape[1], memory.dtype)
        for sums in backward_sums(shape, weight.shape, window, groups, team):
            part = w[:, :, :, list(sums.rows)][..., list(sums.columns)]
            # (groups, out, in, rows, columns) -> (groups, in, out, rows, columns)
            turned = np.ascontiguousarray(part.transpose(0, 2, 1, 3, 4)).reshape(-1)
            _correlate(dtype, sums, memory, d, turned, nothing)
        found[0] = dx
    if weight.requires_grad or (len(inputs) > 2 and inputs[2].requires_grad):
        plan = forward_sums(shape, weight.shape, window, groups, team)
        teams = int(plan.numbers[23])
        channels, taps = weight.shape[0], math.prod(weight.shape[1:])
        parts = np.empty(teams * (channels + 1) * (taps + 1), d.dtype)
        kernel = _kernel("weight_gradient", dtype, teams > 1)
        kernel(parts, flat(input), d, plan.taps, plan.numbers)
        total: npt.NDArray[np.generic] = np.add.reduce(parts.reshape(teams, channels + 1, taps + 1))
        dw, memory = fresh(weight, weight.shape)
        memory.reshape(channels, taps)[...] = total[:channels, :taps]
        found[1] = dw
        if len(inputs) > 2:
            db, memory = fresh(weight, (channels,))
            memory[...] = total[:channels, taps]
            found[2] = db
    return found


def _kernel(name: str, dtype: Kind, parallel: bool) -> Kernel:
    function = conv_loops.correlate if name == "correlate" else conv_loops.weight_gradient
    return fused.compiled(function, dtype, parallel)


def _correlate(
    dtype: Kind, sums: Sums, out: npt.NDArray[np.generic], x: npt.NDArray[np.generic],
    weights: npt.NDArray[np.generic], bias: npt.NDArray[np.generic],
) -> None:  # fmt: skip
    kernel = _kernel("correlate", dtype, bool(sums.numbers[23] > 1))
    kernel(out, x, weights, bias, sums.taps, sums.numbers)


def _team(shape: Shape, weight: Shape, window: Window) -> int:
    work = shape[0] * math.prod(weight) * math.prod(window.output)
    return threads.team() if work >= PARALLEL else 1


@lru_cache(maxsize=1024)
def forward_sums(shape: Shape, weight: Shape, window: Window, groups: int, team: int) -> Sums:
    """The convolution itself: one set of planes for each remainder by the stride, and all taps."""
    (sh, sw), (dh, dw), (kh, kw) = window.stride, window.dilation, weight[2:]
    # The rows and columns that the last window reaches, divided among the planes.
    rows = window.output[0] + (dh * (kh - 1)) // sh
    columns = window.output[1] + (dw * (kw - 1)) // sw
    numbers = [
        shape[0], *shape[1:], window.before[0], window.before[1], sh, rows, columns,
        weight[0], *window.output, *window.output, 1, 0, 1, 0, groups, math.prod(weight[1:]),
    ]  # fmt: skip
    blocks = _blocks(shape[0], rows, columns, team)
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
        np.array([*numbers, *blocks[:2], behind, blocks[2], sw], np.int64),
        np.array(taps, np.int64),
        tuple(range(kh)),
        tuple(range(kw)),
    )


@lru_cache(maxsize=1024)
def backward_sums(
    shape: Shape, weight: Shape, window: Window, groups: int, team: int
) -> tuple[Sums, ...]:
    """The gradient of the input, d: the gradient of the output.

    With p = row + padding, dx[row] = sum of d[(p - i dilation) / stride] * weight[i] over those i
    for which that is a whole number. So rows with one remainder of p by the stride share their
    taps: a sum for each.
    """
    return tuple(
        _backward_phase(shape, weight, window, groups, team, a, b)
        for a in range(window.stride[0])
        for b in range(window.stride[1])
    )


def _backward_phase(
    shape: Shape, weight: Shape, window: Window, groups: int, team: int, a: int, b: int
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
    blocks = _blocks(shape[0], rows, columns, team)
    plane = blocks[0] * rows * columns
    taps = [
        o * plane + i * columns + j
        for o in range(outputs)
        for i in row.shifts
        for j in column.shifts
    ]
    behind = row.reach * columns + column.reach + 8
    return Sums(
        np.array([*numbers, *blocks[:2], behind, blocks[2], 1], np.int64),
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


def _blocks(images: int, rows: int, columns: int, team: int) -> tuple[int, int, int]:
    """How many images are packed together, how many rows are one piece, how many teams there are.

    Small images are packed together, so that the inner loops are long; but each thread gets a
    block.
    """
    together = max(PIECE // max(rows * columns, 1), 1)
    together = max(min(together, images // (2 * team) if team > 1 else images), 1)
    piece = max(PIECE // max(columns, 1), 1)
    return together, piece, min(team, -(-images // together))
