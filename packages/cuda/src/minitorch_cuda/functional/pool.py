"""Maxima and means of windows, regular and adaptive; the kernels are in `kernels.pool`.

Forward keeps the position of each maximum, which is what PyTorch's `return_indices` gives; backward
looks for itself in the positions of the windows around.
"""

from __future__ import annotations

import math

from minitorch_autodiff import is_grad_enabled, no_grad
from minitorch_cuda.functional.launching import dense, fresh, limits_of, run
from minitorch_cuda.kernels.pool import plan_maxima, plan_means, windows_of
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import int64
from minitorch_tensor.functional.adaptive_pool import adaptive_maxima, adaptive_means
from minitorch_tensor.functional.avg_pool import mean_of_windows
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.pool import max_of_windows, max_pool2d_values, pooling
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.fusing import linear_map
from minitorch_tensor.layout import Shape
from minitorch_tensor.views import linear


@max_of_windows.override("cuda")
def max_of_windows_fused(x: Tensor, window: Window, name: str) -> tuple[Tensor, Tensor]:
    """The maxima and their positions in one launch."""
    if not x.dtype.is_floating_point or x.layout.size == 0 or window.may_miss_all:
        return max_of_windows.composite(x, window, name)
    return _maxima(x, window, False)


@adaptive_maxima.override("cuda")
def adaptive_maxima_fused(x: Tensor, output: Shape) -> tuple[Tensor, Tensor]:
    """The maxima of ranges, and their positions, in one launch."""
    if not x.dtype.is_floating_point or x.layout.size == 0 or 0 in output:
        return adaptive_maxima.composite(x, output)
    return _maxima(x, windows_of(tuple(x.shape[-len(output) :]), tuple(output)), True)


@max_pool2d_values.override("cuda")
def max_pool2d_fused(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Without positions, if no gradient will be asked for."""
    window = pooling("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)
    recorded = input.requires_grad and is_grad_enabled()
    plain = input.dtype.is_floating_point and input.layout.size != 0
    if recorded or not plain or window.may_miss_all:
        return max_of_windows(input, window, "max_pool2d")[0]
    y, source = fresh(input, (*input.shape[:-2], *window.output)), dense(input)
    layouts = (y.layout, y.layout, source.layout)
    how = (window, False, False, y.dtype, limits_of(y), False)
    run(plan_maxima(layouts, *how), y, y, source)
    return y


def _maxima(x: Tensor, window: Window, adaptive: bool) -> tuple[Tensor, Tensor]:
    n = len(window.size)
    before = tuple(x.shape)
    after = (*before[:-n], *window.output)
    y, where = fresh(x, after), fresh(x, after, int64)
    limits = limits_of(x)
    tensors = (y, where, dense(x))
    layouts = (y.layout, where.layout, tensors[2].layout)
    run(plan_maxima(layouts, window, adaptive, False, x.dtype, limits), *tensors)
    volumes = y.layout.size // math.prod(window.output)
    indices = where.detach()

    def scatter(g: Tensor) -> Tensor:
        dx, given = fresh(g, before), dense(g)
        layouts = (dx.layout, given.layout, indices.layout)
        run(plan_maxima(layouts, window, adaptive, True, g.dtype, limits), dx, given, indices)
        return dx

    def gather(h: Tensor) -> Tensor:
        with no_grad():
            rows = h.reshape(volumes, -1).gather(1, indices.reshape(volumes, -1))
            return rows.reshape(after)

    def transposed(g: Tensor) -> Tensor:
        return linear_map("MaxPoolBackward", g, scatter, gather)

    return linear(x, y, f"MaxPool{n}DWithIndicesBackward0", transposed), where


@mean_of_windows.override("cuda")
def mean_of_windows_fused(
    x: Tensor, window: Window, count_include_pad: bool, divisor_override: int | None
) -> Tensor:
    """The sums of windows over their counts."""
    if not x.dtype.is_floating_point or x.layout.size == 0:
        return mean_of_windows.composite(x, window, count_include_pad, divisor_override)
    return _means(x, window, False, count_include_pad, divisor_override)


@adaptive_means.override("cuda")
def adaptive_means_fused(x: Tensor, output: Shape) -> Tensor:
    """The means of ranges; that of a whole volume is a plain mean."""
    if not x.dtype.is_floating_point or x.layout.size == 0 or 0 in output:
        return adaptive_means.composite(x, output)
    if math.prod(output) == 1:
        return x.mean(tuple(range(x.ndim - len(output), x.ndim)), True)
    window = windows_of(tuple(x.shape[-len(output) :]), tuple(output))
    return _means(x, window, True, False, None)


def _means(
    x: Tensor, window: Window, adaptive: bool, with_padding: bool, divisor: int | None
) -> Tensor:
    """The means, recorded as the linear map that they are."""
    n = len(window.size)
    before = tuple(x.shape)
    after = (*before[:-n], *window.output)

    def passed(given: Tensor, shape: Shape, gradient: bool) -> Tensor:
        y, source = fresh(given, shape), dense(given)
        how = (window, adaptive, with_padding, divisor, gradient, given.dtype, limits_of(y))
        run(plan_means((y.layout, source.layout), *how), y, source)
        return y

    return linear_map(
        f"AvgPool{n}DBackward0",
        x,
        lambda given: passed(given, after, False),
        lambda g: passed(g, before, True),
    )
