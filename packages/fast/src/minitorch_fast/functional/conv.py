"""Convolutions in 1, 2 and 3 dimensions, and transposed ones: values and gradients.

Three computations serve them all (`conv_plan.tables` says how each is one set of tables):

    convolution         the convolution; the gradient of a transposed one's input
    input's gradient    that of a convolution; the transposed convolution itself
    weight's gradient   of both, with the two sides exchanged
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, threads
from minitorch_fast.functional import conv_1x1, conv_loops, gradient_loops, plane_loops
from minitorch_fast.functional.conv_plan import Role, Tables, tables
from minitorch_fast.functional.memory import flat, fresh, kind
from minitorch_fast.threads import Kernel
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.conv import (
    Convolution,
    Padding,
    conv1d,
    conv2d,
    conv3d,
    convolution,
)
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import Op, record_fused

PARALLEL: Final = 1_000_000
"""From so many multiplications on, the work is shared out to threads."""

CHUNKS: Final = 8
"""Into so many parts the images are cut for the weights' gradient; the parts are added in order.

A fixed number: the result does not depend on the number of threads.
"""

LARGE: Final = 1 << 18
"""With more weights than this, not the images are shared out, but the outputs."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The convolution that a computation belongs to."""

    images: int
    weight: Shape
    window: Window
    groups: int

    @property
    def work(self) -> int:
        """How many multiplications it takes."""
        return self.images * math.prod(self.weight) * math.prod(self.window.output)

    def tables(self, role: Role, itemsize: int) -> Tables:
        """What its kernel is told."""
        return tables(self.images, self.weight, self.window, self.groups, role, itemsize)


def correlate(
    role: Role, out: HostArray, x: HostArray, weight: Tensor, bias: Tensor | None, sizes: Sizes
) -> None:
    """The convolution, or the gradient of its input (role "input"), into `out`."""
    w = flat(weight)
    offsets = None if bias is None else flat(bias)
    if conv_1x1.fits(sizes.window, sizes.groups):
        matrix = w.reshape(weight.shape[:2])
        conv_1x1.correlate_1x1(role, out, x, matrix, offsets, sizes.images, sizes.window)
        return
    plan = sizes.tables(role, weight.dtype.itemsize)
    if offsets is None:
        offsets = np.zeros(int(plan.numbers[1] * plan.numbers[3]), out.dtype)
    loop = plane_loops.correlate_planes if plan.planes else conv_loops.correlate_pixels
    head = (
        out, x, w, offsets, plan.starts, plan.places, plan.taps, plan.weights, plan.phases,
        plan.numbers,
    )  # fmt: skip
    parts = threads.get_num_threads() if sizes.work >= PARALLEL else 1
    calls = [(*head, a, b) for a, b in threads.cut(plan.units, parts, 1)]
    threads.run(_compiled(loop, plan, weight), calls)


def weight_gradient(
    x: HostArray, d: HostArray, weight: Tensor, sizes: Sizes
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    """The gradients of the weights, (out, taps), and of the bias, (out,)."""
    if conv_1x1.fits(sizes.window, sizes.groups):
        return conv_1x1.weight_gradient_1x1(x, d, sizes.images, sizes.window)
    plan = sizes.tables("weight", weight.dtype.itemsize)
    loop = gradient_loops.gradient_planes if plan.planes else gradient_loops.gradient_pixels
    kernel = _compiled(loop, plan, weight)
    channels, taps = weight.shape[0], math.prod(weight.shape[1:])
    tail = (x, d, plan.starts, plan.places, plan.taps, plan.phases, plan.numbers)
    parallel = threads.get_num_threads() if sizes.work >= PARALLEL else 1
    if channels * taps > LARGE or plan.units == 1:
        made = np.empty((1, channels, taps + 1), d.dtype)
        ranges = threads.cut(plan.blocks, parallel, 1)
        calls: list[threads.Call] = [
            (made.reshape(-1), *tail, 0, plan.units, a, b) for a, b in ranges
        ]
    else:
        chunks = threads.cut(plan.units, CHUNKS, 1)
        made = np.empty((len(chunks), channels, taps + 1), d.dtype)
        calls = [
            (part.reshape(-1), *tail, a, b, 0, plan.blocks)
            for part, (a, b) in zip(made, chunks, strict=True)
        ]
    if parallel == 1:
        for call in calls:
            kernel(*call)
    else:
        threads.run(kernel, calls)
    total: npt.NDArray[np.generic] = made[0] if len(made) == 1 else np.add.reduce(made)
    return total[:, :taps], total[:, taps]


def _compiled(loop: object, plan: Tables, weight: Tensor) -> Kernel:
    dtype = kind(weight.dtype)
    assert dtype is not None
    assert callable(loop)
    return fused.compiled(
        loop, dtype, LANES=plan.lanes, ROWS=plan.rows, COLUMNS=plan.columns,
        NEAREST=conv_loops.NEAREST,
    )  # fmt: skip


def run(
    op: Op[..., Tensor],
    geometry: Convolution,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    numbers: tuple[object, ...],
    transposed: bool = False,
) -> Tensor:
    """A convolution or a transposed one, recorded; `numbers` are the arguments after the bias."""
    window, groups = geometry.window, geometry.groups
    shape = input.shape if geometry.batched else (1, *input.shape)
    if kind(input.dtype) is None or 0 in shape or 0 in weight.shape:
        return op.composite(input, weight, bias, *numbers)
    channels, positions = weight.shape[0], window.output
    if transposed:
        channels, positions = weight.shape[1] * groups, window.size
    y, out = fresh(input, (shape[0], channels, *positions))
    sizes = Sizes(shape[0], weight.shape, window, groups)
    correlate("input" if transposed else "forward", out, flat(input), weight, bias, sizes)
    if not geometry.batched:
        y = y._view(y.layout.select(0, 0))
    inputs = (input, weight) if bias is None else (input, weight, bias)

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        d = flat(g)
        found: list[Tensor | None] = [None] * len(inputs)
        if input.requires_grad:
            found[0], memory = fresh(input, input.shape)
            correlate("forward" if transposed else "input", memory, d, weight, None, sizes)
        if any(x.requires_grad for x in inputs[1:]):
            sides = (d, flat(input)) if transposed else (flat(input), d)
            dw, db = weight_gradient(*sides, weight, sizes)
            found[1], memory = fresh(weight, weight.shape)
            memory.reshape(dw.shape)[...] = dw
            if bias is not None:
                if transposed:  # `db` are the sums of the input
                    each = np.add.reduce(d.reshape(shape[0], channels, -1), 2)
                    db = np.add.reduce(each, 0)
                found[2], memory = fresh(bias, bias.shape)
                memory[...] = db
        return found

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        x, w = fresh_inputs[0], fresh_inputs[1]
        b = fresh_inputs[2] if len(fresh_inputs) > 2 else None
        return op.composite(x, w, b, *numbers)

    return record_fused("ConvolutionBackward0", y, inputs, backward, composite)


@conv1d.override("cpu")
def conv1d_fused(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Padding = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """`conv1d` without building its windows."""
    geometry = convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)
    numbers = (stride, padding, dilation, groups)
    return run(conv1d, geometry, input, weight, bias, numbers)


@conv2d.override("cpu")
def conv2d_fused(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Padding = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """`conv2d` without building its windows."""
    geometry = convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)
    numbers = (stride, padding, dilation, groups)
    return run(conv2d, geometry, input, weight, bias, numbers)


@conv3d.override("cpu")
def conv3d_fused(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Padding = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """`conv3d` without building its windows."""
    geometry = convolution("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)
    numbers = (stride, padding, dilation, groups)
    return run(conv3d, geometry, input, weight, bias, numbers)
