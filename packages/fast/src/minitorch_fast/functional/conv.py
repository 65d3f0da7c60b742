"""Convolutions in 1, 2 and 3 dimensions, and transposed ones: values and gradients.

Three computations serve them all (`conv_plan.tables` says how each is one set of tables):

    convolution         the convolution; the gradient of a transposed one's input
    input's gradient    that of a convolution; the transposed convolution itself
    weight's gradient   of both, with the two sides exchanged
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, threads
from minitorch_fast.functional import conv_1x1, conv_loops, gradient_loops, plane_loops
from minitorch_fast.functional.conv_plan import Role, Tables, tables
from minitorch_fast.functional.memory import flat, fresh, kind
from minitorch_fast.threads import Kernel
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.functional.conv_fused import Sizes, override_convolutions

PARALLEL: Final = 1_000_000
"""From so many multiplications on, the work is shared out to threads."""

CHUNKS: Final = 8
"""Into so many parts the images are cut for the weights' gradient; the parts are added in order.

A fixed number: the result does not depend on the number of threads.
"""

LARGE: Final = 1 << 18
"""With more weights than this, not the images are shared out, but the outputs."""


def tables_of(sizes: Sizes, role: Role, itemsize: int) -> Tables:
    """What the kernel for a computation is told."""
    return tables(sizes.images, sizes.weight, sizes.window, sizes.groups, role, itemsize)


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
    plan = tables_of(sizes, role, weight.dtype.itemsize)
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
    plan = tables_of(sizes, "weight", weight.dtype.itemsize)
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


class FastConvolver:
    """The kernels of the CPU."""

    def takes(self, dtype: DType, /) -> bool:
        """float32 and float64."""
        return kind(dtype) is not None

    def correlate(
        self, forward: bool, out: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None,
        sizes: Sizes, /,
    ) -> None:  # fmt: skip
        """The convolution of x, or the gradient of its input for x."""
        correlate("forward" if forward else "input", flat(out), flat(x), weight, bias, sizes)

    def weight_gradient(
        self, x: Tensor, d: Tensor, weight: Tensor, sizes: Sizes, /
    ) -> tuple[Tensor, Tensor]:
        """The weights' gradient, and the sums of d for each channel."""
        dw, sums = weight_gradient(flat(x), flat(d), weight, sizes)
        made, memory = fresh(weight, sizes.weight)
        memory.reshape(dw.shape)[...] = dw
        total, memory = fresh(weight, sizes.weight[:1])
        memory[...] = sums
        return made, total


(
    (conv1d_fused, conv2d_fused, conv3d_fused),
    (conv_transpose1d_fused, conv_transpose2d_fused, conv_transpose3d_fused),
) = override_convolutions("cpu", FastConvolver())
