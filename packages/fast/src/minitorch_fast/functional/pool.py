"""Maxima and means of windows, regular and adaptive, in up to three dimensions.

The loops are in `pool_loops`. Where a gradient is wanted, forward keeps the position of each
maximum in 32 bits; backward is then one addition for each window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import is_grad_enabled
from minitorch_fast import fused, threads
from minitorch_fast.functional import pool_loops as loops
from minitorch_fast.functional.memory import flat, fresh, kind, shares
from minitorch_tensor import Tensor, from_numpy
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.functional.adaptive_pool import adaptive_maxima, adaptive_means, ranges
from minitorch_tensor.functional.avg_pool import divisors, mean_of_windows
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.pool import max_of_windows, max_pool2d_values, pooling
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.fusing import linear_map
from minitorch_tensor.layout import Shape
from minitorch_tensor.views import linear

if TYPE_CHECKING:
    from minitorch_fast.target import Kind

PARALLEL: Final = 100_000
"""From so many elements on, the volumes are shared out to threads."""

EXACT: Final = 1 << 24
"""Up to so many elements of a volume float32 holds each position."""

Whole = npt.NDArray[np.int64]


@max_pool2d_values.override("cpu")
def fused_max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Without positions, if no gradient will be asked for."""
    computed = kind(input.dtype)
    window = pooling("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)
    recorded = input.requires_grad and is_grad_enabled()
    if recorded or computed is None or input.layout.size == 0 or window.may_miss_all:
        return max_of_windows(input, window, "max_pool2d")[0]
    y, out = fresh(input, (*input.layout.shape[:-2], *window.output))
    source, numbers = flat(input), _numbers(window)
    plane = math.prod(window.size)
    calls: list[threads.Call] = []
    each = math.prod(window.output)
    four = _is_four(window)
    for first, last in shares(source.size // plane, source.size, PARALLEL):
        arrays = (out[first * each : last * each], source[first * plane : last * plane])
        g = np.concatenate([[last - first], numbers])
        calls.append((*arrays, g) if four else (*arrays, -math.inf, g))
    threads.run(fused.compiled(loops.largest_of_four if four else loops.largest, computed), calls)
    return y


def _is_four(window: Window) -> bool:
    """Whether the windows are 2 x 2, do not overlap, and lie inside the image."""
    fits = all(2 * p <= n for p, n in zip(window.output, window.size, strict=True))
    return window.kernel == window.stride == (2, 2) and not window.padded and fits


@lru_cache(maxsize=1024)
def _numbers(window: Window) -> Whole:
    numbers = (
        *window.size, *window.output, *window.kernel, *window.stride, *window.before,
        *window.dilation,
    )  # fmt: skip
    return np.array(numbers, np.int64)


@max_of_windows.override("cpu")
def fused_max_of_windows(x: Tensor, window: Window, name: str) -> tuple[Tensor, Tensor]:
    """The maxima and their positions."""
    computed = kind(x.dtype)
    plan = _regular(window)
    large = math.prod(plan.numbers[6:9].tolist()) > EXACT
    if computed is None or x.layout.size == 0 or window.may_miss_all or large:
        return max_of_windows.composite(x, window, name)
    volumes = x.layout.size // math.prod(window.size)
    y, out = fresh(x, (*x.layout.shape[: -len(window.size)], *window.output))
    where = np.empty(out.size, np.uint32)
    arrays: threads.Call = (out, where, flat(x))
    if _is_four(window) and window.size[1] == 2 * window.output[1]:
        arrays = (*arrays, _place(window.size, window.output))
        kernel = fused.compiled(loops.maxima_of_four, computed)
    else:
        places = plan.places if computed == "float32" else plan.places.astype(np.float64)
        arrays = (*arrays, places, -math.inf, plan.numbers)
        kernel = fused.compiled(loops.maxima, computed)
    parts = shares(volumes, x.layout.size, PARALLEL)
    threads.run(kernel, [(*arrays, first, last) for first, last in parts])
    return _winners(x, y, where, len(window.size))


class _Regular(NamedTuple):
    numbers: Whole  # as `pool_loops.maxima` wants them
    places: npt.NDArray[np.float32]


def _three(numbers: Sequence[int], missing: int) -> tuple[int, ...]:
    """Numbers for depth, height and width."""
    return (missing,) * (3 - len(numbers)) + tuple(numbers)


@lru_cache(maxsize=256)
def _regular(window: Window) -> _Regular:
    size, output = _three(window.size, 1), _three(window.output, 1)
    step, stride = _three(window.dilation, 1), _three(window.stride, 1)
    taps, before = _three(window.kernel, 1), _three(window.before, 0)
    room = [
        max(b + n, (m - 1) * s + (k - 1) * d + 1)
        for b, n, m, s, k, d in zip(before, size, output, stride, taps, step, strict=True)
    ]
    numbers = np.array([*size, *output, *room, *step, *stride, *taps, *before], np.int64)
    places = np.zeros(room, np.float64)
    for i in range(3):  # what lies in the padding has the position of the nearest element
        line = np.clip(np.arange(room[i]) - before[i], 0, size[i] - 1)
        shape = [1, 1, 1]
        shape[i] = room[i]
        places += line.reshape(shape) * math.prod(size[i + 1 :])
    return _Regular(numbers, places.astype(np.float32).reshape(-1))


def _winners(x: Tensor, y: Tensor, where: npt.NDArray[np.uint32], n: int) -> tuple[Tensor, Tensor]:
    """y, recorded as the elements of x at these places of its last n dimensions; and the places."""
    before, after = x.layout.shape, y.layout.shape
    volume, windows = math.prod(before[-n:]), math.prod(after[-n:])

    def scattered(g: Tensor) -> Tensor:
        dx, out = fresh(g, before)
        computed = kind(g.dtype)
        assert computed is not None
        kernel = fused.compiled(loops.maxima_gradient, computed)
        parts = shares(out.size // volume, out.size, PARALLEL)
        d = flat(g)
        threads.run(kernel, [(out, d, where, volume, windows, a, b) for a, b in parts])
        return linear(g, dx, "MaxPoolBackward", gathered)

    def gathered(h: Tensor) -> Tensor:
        z, out = fresh(h, after)
        rows = flat(h).reshape(-1, volume)
        out.reshape(-1, windows)[...] = np.take_along_axis(
            rows, where.reshape(-1, windows).astype(np.int64), 1
        )
        return linear(h, z, "GatherBackward0", scattered)

    found = from_numpy(where.astype(np.int64).reshape(after)).to(x.device)
    return linear(x, y, f"MaxPool{n}DWithIndicesBackward0", scattered), found


@adaptive_maxima.override("cpu")
def fused_adaptive_maxima(x: Tensor, output: Shape) -> tuple[Tensor, Tensor]:
    """The maxima of ranges, and their positions."""
    computed = kind(x.dtype)
    size = x.layout.shape[-len(output) :]
    if computed is None or x.layout.size == 0 or 0 in output:
        return adaptive_maxima.composite(x, output)
    y, out = fresh(x, (*x.layout.shape[: -len(output)], *output))
    where = np.empty(out.size, np.uint32)
    plan = _adaptive(size, output)
    arrays = (out, where, flat(x), plan.place, plan.begin, plan.end)
    parts = shares(x.layout.size // math.prod(size), x.layout.size, PARALLEL)
    kernel = fused.compiled(loops.maxima_of_ranges, computed)
    threads.run(kernel, [(*arrays, first, last) for first, last in parts])
    return _winners(x, y, where, len(output))


class _Ranges(NamedTuple):
    """Windows as ranges: see `pool_loops`."""

    place: Whole
    begin: Whole
    end: Whole
    share: npt.NDArray[np.float64]
    line: tuple[int, int, int] = (0, 0, 0)  # elements before a row, taps, stride; if regular


@lru_cache(maxsize=256)
def _place(size: Shape, output: Shape) -> Whole:
    return np.array([*_three(size, 1), *_three(output, 1)], np.int64)


def _ranges(
    size: Shape, output: Shape, windows: Sequence[Sequence[tuple[int, int]]],
    counts: Sequence[Sequence[int]],
) -> _Ranges:  # fmt: skip
    missing = 3 - len(size)
    every = [[(0, 1)]] * missing + list(windows)
    share = [[1]] * missing + list(counts)
    begin = [first for line in every for first, _ in line]
    end = [last for line in every for _, last in line]
    return _Ranges(
        _place(size, output), np.array(begin, np.int64), np.array(end, np.int64),
        np.array([k for line in share for k in line], np.float64),
    )  # fmt: skip


@lru_cache(maxsize=256)
def _adaptive(size: Shape, output: Shape) -> _Ranges:
    windows = [ranges(n, count) for n, count in zip(size, output, strict=True)]
    return _ranges(size, output, windows, [[b - a for a, b in line] for line in windows])


@lru_cache(maxsize=256)
def _cut(window: Window, count_include_pad: bool, divisor: int | None) -> _Ranges:
    """The windows of a pooling, as far as they lie inside."""
    windows = [
        [(max(p * s - b, 0), min(p * s - b + k, n)) for p in range(m)]
        for k, s, b, n, m in zip(
            window.kernel, window.stride, window.before, window.size, window.output, strict=True
        )
    ]
    counts = divisors(window, count_include_pad)
    if divisor is not None:
        counts = [[1] * m for m in window.output]
        counts[0] = [divisor] * window.output[0]
    made = _ranges(window.size, window.output, windows, counts)
    return made._replace(line=(window.before[-1], window.kernel[-1], window.stride[-1]))


@mean_of_windows.override("cpu")
def fused_mean_of_windows(
    x: Tensor, window: Window, count_include_pad: bool, divisor_override: int | None
) -> Tensor:
    """The sums of windows over their counts."""
    computed = kind(x.dtype)
    if computed is None or x.layout.size == 0:
        return mean_of_windows.composite(x, window, count_include_pad, divisor_override)
    return _averages(x, computed, window.output, _cut(window, count_include_pad, divisor_override))


@adaptive_means.override("cpu")
def fused_adaptive_means(x: Tensor, output: Shape) -> Tensor:
    """The means of ranges; that of a whole volume is a plain mean."""
    computed = kind(x.dtype)
    if computed is None or x.layout.size == 0 or 0 in output:
        return adaptive_means.composite(x, output)
    if math.prod(output) == 1:
        return x.mean(tuple(range(x.ndim - len(output), x.ndim)), True)
    return _averages(x, computed, output, _adaptive(x.layout.shape[-len(output) :], output))


def _averages(x: Tensor, computed: Kind, output: Shape, plan: _Ranges) -> Tensor:
    """The means, recorded as the linear map that they are."""
    n = len(output)
    before = x.layout.shape
    after = (*before[:-n], *output)
    volumes = x.layout.size // math.prod(before[-n:])
    share: HostArray = plan.share.astype(x.dtype.numpy)
    arrays = (share, plan.place, plan.begin, plan.end)
    parts = shares(volumes, x.layout.size, PARALLEL)

    def averaged(given: Tensor) -> Tensor:
        y, out = fresh(given, after)
        source = flat(given)
        kernel = fused.compiled(loops.means, computed)
        threads.run(kernel, [(out, source, *arrays, *plan.line, a, b) for a, b in parts])
        return y

    def spread(g: Tensor) -> Tensor:
        dx, out = fresh(g, before)
        source = flat(g)
        kernel = fused.compiled(loops.means_gradient, computed)
        threads.run(kernel, [(out, source, *arrays, a, b) for a, b in parts])
        return dx

    return linear_map(f"AvgPool{n}DBackward0", x, averaged, spread)
