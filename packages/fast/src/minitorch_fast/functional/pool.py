"""max_pool2d without an index array; the loops are in `pool_loops`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, threads
from minitorch_fast.functional import pool_loops
from minitorch_fast.functional.memory import flat, fresh, kind
from minitorch_tensor import Tensor
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.pool import max_pool2d_values, pooling
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import record_fused

PARALLEL: Final = 65536
"""From so many elements on, threads pay for their start."""


@max_pool2d_values.override("cpu")
def max_pool2d_search(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window; backward searches the winners again."""
    dtype = kind(input.dtype)
    window = pooling("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)
    if dtype is None or input.layout.size == 0 or _may_be_empty(window):
        return max_pool2d_values.composite(input, kernel_size, stride, padding, dilation, ceil_mode)
    numbers = _numbers(input.shape, window)
    four = _is_four(window)
    parallel = input.layout.size >= PARALLEL and threads.team() > 1
    y, out = fresh(input, (*input.shape[:-2], *window.output))
    if four:
        fused.compiled(pool_loops.largest_of_four, dtype, parallel)(out, flat(input), numbers)
    else:
        lowest = -math.inf
        fused.compiled(pool_loops.largest, dtype, parallel)(out, flat(input), lowest, numbers)
    inputs = (input,)

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        dx, memory = fresh(input, input.shape)
        loop = pool_loops.largest_of_four_gradient if four else pool_loops.largest_gradient
        fused.compiled(loop, dtype, parallel)(memory, flat(input), flat(g), numbers)
        return (dx,)

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        return max_pool2d_values.composite(
            fresh_inputs[0], kernel_size, stride, padding, dilation, ceil_mode
        )

    return record_fused("MaxPool2DWithIndicesBackward0", y, inputs, backward, composite)


def _is_four(window: Window) -> bool:
    fits = all(2 * p <= n for p, n in zip(window.output, window.size, strict=True))
    return window.kernel == window.stride == (2, 2) and not window.padded and fits


def _may_be_empty(window: Window) -> bool:
    """Whether a window might lie in the padding alone: then the composite looks, and says which."""
    return any(d > 1 for d in window.dilation) and window.padded


@lru_cache(maxsize=1024)
def _numbers(shape: Shape, window: Window) -> npt.NDArray[np.int64]:
    numbers = [
        math.prod(shape[:-2]), *shape[-2:], *window.output, *window.kernel, *window.stride,
        *window.before, *window.dilation,
    ]  # fmt: skip
    return np.array(numbers, np.int64)
