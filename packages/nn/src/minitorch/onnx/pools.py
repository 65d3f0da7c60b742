"""The kernels of pooling for the device type "onnx"."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minitorch.onnx.graph import Attribute, Value
from minitorch.onnx.recorder import DEVICE_TYPE, Recorder, paused, recording
from minitorch_tensor import Tensor
from minitorch_tensor.functional.adaptive_pool import adaptive_maxima, adaptive_means, ranges
from minitorch_tensor.functional.avg_pool import divisors, mean_of_windows
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.pool import (
    max_of_windows,
    max_pool1d_values,
    max_pool2d_values,
    pooling,
)
from minitorch_tensor.functional.pool3d import max_pool3d_values
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import Op

Attributes = dict[str, Attribute]


def _pooled(
    recorder: Recorder, operator: str, x: Value, shape: Shape, attributes: Attributes, n: int
) -> Value:
    """A pooling of (batch, channels, ...), or of one sample without the batch."""
    if len(x.shape) == n + 2:
        return recorder.node(operator, [x], shape, x.dtype, attributes)
    wide = recorder.unsqueeze(x, 0)
    return recorder.squeeze(recorder.node(operator, [wide], (1, *shape), x.dtype, attributes), 0)


def _window(window: Window) -> Attributes:
    """The attributes of a window. What it needs behind the input stands for PyTorch's ceil_mode."""
    return {
        "kernel_shape": window.kernel, "strides": window.stride,
        "pads": (*window.before, *window.after),
    }  # fmt: skip


def _poolable(x: Tensor, n: int) -> bool:
    return x.dtype.is_floating_point and not x.dtype.half and x.ndim in (n + 1, n + 2)


def _max_pool(op: Op[..., Tensor], name: str, n: int) -> None:
    @op.override(DEVICE_TYPE)
    def kernel(
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        ceil_mode: bool = False,
    ) -> Tensor:
        recorder = recording()
        given = (kernel_size, stride, padding, dilation, ceil_mode)
        if recorder is None or not _poolable(input, n):
            return op.composite(input, *given)
        with paused():
            y = op.composite(input, *given)
        return recorder.result(y, _maximum(recorder, input, y, pooling(name, n, input, *given)))


def _maximum(recorder: Recorder, x: Tensor, y: Tensor, window: Window) -> Value:
    attributes = _window(window) | {"dilations": window.dilation}
    n = len(window.kernel)
    return _pooled(recorder, "MaxPool", recorder.read(x), y.layout.shape, attributes, n)


for _n, _op in enumerate((max_pool1d_values, max_pool2d_values, max_pool3d_values), start=1):
    _max_pool(_op, f"max_pool{_n}d", _n)


@max_of_windows.override(DEVICE_TYPE)
def _max_of_windows(x: Tensor, window: Window, name: str) -> tuple[Tensor, Tensor]:
    recorder = recording()
    if recorder is None or not _poolable(x, len(window.kernel)):
        return max_of_windows.composite(x, window, name)
    with paused():
        y, found = max_of_windows.composite(x, window, name)
    recorder.refuse(found, f"the indices of {name} cannot be exported; use its values alone")
    return recorder.result(y, _maximum(recorder, x, y, window)), found


@mean_of_windows.override(DEVICE_TYPE)
def _mean_of_windows(
    x: Tensor, window: Window, count_include_pad: bool, divisor_override: int | None
) -> Tensor:
    recorder = recording()
    n = len(window.kernel)
    given = (window, count_include_pad, divisor_override)
    if recorder is None or not _poolable(x, n):
        return mean_of_windows.composite(x, *given)
    with paused():
        y = mean_of_windows.composite(x, *given)
    # All windows are divided by the size of the kernel; then what they should be divided by is
    # made up for, at the borders.
    cells = math.prod(window.kernel)
    attributes = _window(window) | {"count_include_pad": 1}
    value = _pooled(recorder, "AveragePool", recorder.read(x), y.layout.shape, attributes, n)
    counts = np.ones(())
    for factors in divisors(window, count_include_pad):
        counts = np.multiply.outer(counts, np.array(factors))
    scale = cells / (counts if divisor_override is None else np.full((), divisor_override))
    if np.any(scale != 1):
        if np.all(scale == scale.flat[0]):
            scale = scale.reshape(-1)[:1].reshape(())
        constant = recorder.constant(scale.astype(x.dtype.numpy), x.dtype)
        value = recorder.elementwise("Mul", value, constant)
    return recorder.result(y, value)


@adaptive_means.override(DEVICE_TYPE)
def _adaptive_means(x: Tensor, output: Shape) -> Tensor:
    y = _adaptive(x, output, "AveragePool", "ReduceMean")
    return adaptive_means.composite(x, output) if y is None else y


@adaptive_maxima.override(DEVICE_TYPE)
def _adaptive_maxima(x: Tensor, output: Shape) -> tuple[Tensor, Tensor]:
    recorder = recording()
    y = _adaptive(x, output, "MaxPool", "ReduceMax")
    with paused():
        values, found = adaptive_maxima.composite(x, output)
    if recorder is None or y is None:
        return values, found
    recorder.refuse(found, "the indices of adaptive_max_pool cannot be exported; use its values")
    return y, found


def _adaptive(x: Tensor, output: Shape, pool: str, reduction: str) -> Tensor | None:
    """As many windows as asked for: a pooling if they are of one size, else one by one."""
    recorder = recording()
    n = len(output)
    if recorder is None or not _poolable(x, n) or 0 in output:
        return None
    op = adaptive_means if reduction == "ReduceMean" else adaptive_maxima
    with paused():
        y = (
            adaptive_means.composite(x, output)
            if op is adaptive_means
            else (adaptive_maxima.composite(x, output)[0])
        )
    value, size = recorder.read(x), x.shape[-n:]
    if set(output) == {1}:
        dims = range(x.ndim - n, x.ndim)
        return recorder.result(y, recorder.reduce(reduction, value, dims))
    if all(k % count == 0 for k, count in zip(size, output, strict=True)):
        kernel = tuple(k // count for k, count in zip(size, output, strict=True))
        attributes: Attributes = {"kernel_shape": kernel, "strides": kernel}
        return recorder.result(y, _pooled(recorder, pool, value, y.layout.shape, attributes, n))
    for i, (k, count) in enumerate(zip(size, output, strict=True)):
        value = _along(recorder, value, x.ndim - n + i, ranges(k, count), reduction)
    return recorder.result(y, value)


def _along(
    recorder: Recorder, x: Value, dim: int, windows: Sequence[tuple[int, int]], reduction: str
) -> Value:
    """Windows of several sizes along one dimension, reduced one by one."""
    parts = [recorder.slice(x, {dim: (start, end, 1)}) for start, end in windows]
    return recorder.concat([recorder.reduce(reduction, part, [dim]) for part in parts], dim)
