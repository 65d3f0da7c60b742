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
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.pool import max_pool2d_values, pooling
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import record_fused

PARALLEL: Final = 200_000
"""From so many elements on, the images are shared out to threads."""


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
    four = _is_four(window)
    y, out = fresh(input, (*input.shape[:-2], *window.output))
    if four:
        kernel = fused.compiled(pool_loops.largest_of_four, dtype)
        threads.run(kernel, _parts(input.shape, window, out, flat(input)))
    else:
        kernel = fused.compiled(pool_loops.largest, dtype)
        threads.run(kernel, _parts(input.shape, window, out, flat(input), extra=(-math.inf,)))
    inputs = (input,)

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        dx, memory = fresh(input, input.shape)
        loop = pool_loops.largest_of_four_gradient if four else pool_loops.largest_gradient
        kernel = fused.compiled(loop, dtype)
        threads.run(kernel, _parts(input.shape, window, memory, flat(input), flat(g)))
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


def _parts(
    shape: Shape, window: Window, *arrays: HostArray, extra: tuple[float, ...] = ()
) -> list[threads.Call]:
    """Calls for parts of the images; each array holds the same number of elements for an image."""
    images = math.prod(shape[:-2])
    team = threads.get_num_threads() if math.prod(shape) >= PARALLEL else 1
    calls: list[threads.Call] = []
    for first, last in threads.cut(images, team, 1):
        own = [a[first * (a.size // images) : last * (a.size // images)] for a in arrays]
        calls.append((*own, *extra, _numbers(last - first, shape[-2:], window)))
    return calls


@lru_cache(maxsize=1024)
def _numbers(images: int, size: Shape, window: Window) -> npt.NDArray[np.int64]:
    numbers = [
        images, *size, *window.output, *window.kernel, *window.stride, *window.before,
        *window.dilation,
    ]  # fmt: skip
    return np.array(numbers, np.int64)
