"""Maxima and means of windows in up to three dimensions, and their gradients, by reading alone.

    forward:  a thread a window: over its elements
    backward: a thread an element: over the windows that it is in

So no two threads write to one place, nothing is added atomically, and sums have one order.

Along a dimension, window p of a pooling begins at p stride, counted with the padding in front; an
element is in it at q = its place + padding if q - p stride is one of the kernel's. Window p of an
adaptive pooling is floor(p size / count) to ceil((p + 1) size / count), and, which is the same
turned round, an element e is in the windows floor(e count / size) to ceil((e + 1) count / size).

A nan beats every number; of several equal elements the first wins, of several nans the last.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Final

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import INDEX_TYPES, Plan
from minitorch_cuda.kernels.planning import kernel_of, narrowed, planned
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Layout, Shape

# Template parameters, bound anew for each kernel.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = INDEX_TYPES["uint32"]  # noqa: E741 - the name it has in all kernels
ADAPTIVE = 0
PLACES = 1  # whether the positions of maxima are wanted
WITH_PADDING = 0  # whether the padding counts in a mean
OVERRIDE = 0  # whether a number given by the caller is the count


def _begin(p: int, size: int, count: int, stride: int) -> int:
    """Where window p begins, counted with the padding."""
    return I(I(p * size) // count) if ADAPTIVE else I(p * stride)


def _taps(p: int, size: int, count: int, kernel: int) -> int:
    """How many elements window p has along a dimension, padding included."""
    if ADAPTIVE:
        return I(I(I(I(p + 1) * size) + count - 1) // count - I(p * size) // count)
    return kernel


def _first(e: int, size: int, count: int, kernel: int, stride: int, dilation: int) -> int:
    """The first window that element e, counted with the padding, may be in."""
    if ADAPTIVE:
        return I(I(e * count) // size)
    reach = I(I(kernel - 1) * dilation)
    return I(I(e - reach + stride - 1) // stride) if e > reach else I(0)


def _last(e: int, size: int, count: int, stride: int) -> int:
    """The one after the last."""
    if ADAPTIVE:
        return I(I(I(I(e + 1) * count) + size - 1) // size)
    return I(min(e // stride + 1, count))


def _share(p: int, size: int, count: int, kernel: int, stride: int, before: int) -> int:
    """By what the sum of window p is divided, as far as this dimension says."""
    if ADAPTIVE:
        return _taps(p, size, count, kernel)
    begin = I(p * stride)
    if WITH_PADDING:  # but not what a window of ceil_mode has beyond it
        return I(min(begin + kernel, size + 2 * before) - begin)
    return I(min(begin + kernel, before + size) - max(begin, before))


def maxima(
    out: Pointer[float], where: Pointer[int], x: Pointer[float], n: int,
    size0: int, size1: int, size2: int, count0: int, count1: int, count2: int,
    kernel0: int, kernel1: int, kernel2: int, stride0: int, stride1: int, stride2: int,
    before0: int, before1: int, before2: int, dilation0: int, dilation1: int, dilation2: int,
) -> None:  # fmt: skip
    """The largest element of each window, and if PLACES its number in the volume."""
    i = I(cuda.grid(1))
    while i < n:
        p2 = I(i % count2)
        rest = I(i // count2)
        p1 = I(rest % count1)
        rest = I(rest // count1)
        p0 = I(rest % count0)
        at = I(I(rest // count0) * I(size0 * size1 * size2))
        begin0 = _begin(p0, size0, count0, stride0)
        begin1 = _begin(p1, size1, count1, stride1)
        begin2 = _begin(p2, size2, count2, stride2)
        best = T(0)
        found = I(0)
        none = True
        for j0 in range(_taps(p0, size0, count0, kernel0)):
            q0 = I(begin0 + j0 * dilation0)
            for j1 in range(_taps(p1, size1, count1, kernel1)):
                q1 = I(begin1 + j1 * dilation1)
                if before0 <= q0 < before0 + size0 and before1 <= q1 < before1 + size1:
                    row = I(I(I(q0 - before0) * size1 + I(q1 - before1)) * size2)
                    for j2 in range(_taps(p2, size2, count2, kernel2)):
                        q2 = I(begin2 + j2 * dilation2)
                        if before2 <= q2 < before2 + size2:
                            here = I(row + I(q2 - before2))
                            v = L(x[I(at + here)])
                            if none or v > best or v != v:
                                best = v
                                found = here
                                none = False
        out[i] = S(best)
        if PLACES:
            where[i] = found
        i = I(i + cuda.gridsize(1))


def maxima_gradient(
    out: Pointer[float], g: Pointer[float], where: Pointer[int], n: int,
    size0: int, size1: int, size2: int, count0: int, count1: int, count2: int,
    kernel0: int, kernel1: int, kernel2: int, stride0: int, stride1: int, stride2: int,
    before0: int, before1: int, before2: int, dilation0: int, dilation1: int, dilation2: int,
) -> None:  # fmt: skip
    """The sum of g over the windows whose largest an element is."""
    i = I(cuda.grid(1))
    volume = I(size0 * size1 * size2)
    while i < n:
        image = I(i // volume)
        own = I(i - image * volume)
        e2 = I(own % size2 + before2)
        rest = I(own // size2)
        e1 = I(rest % size1 + before1)
        e0 = I(rest // size1 + before0)
        total = T(0)
        p0 = _first(e0, size0, count0, kernel0, stride0, dilation0)
        while p0 < _last(e0, size0, count0, stride0):
            p1 = _first(e1, size1, count1, kernel1, stride1, dilation1)
            while p1 < _last(e1, size1, count1, stride1):
                row = I(I(I(image * count0 + p0) * count1 + p1) * count2)
                p2 = _first(e2, size2, count2, kernel2, stride2, dilation2)
                while p2 < _last(e2, size2, count2, stride2):
                    if where[I(row + p2)] == own:
                        total += L(g[I(row + p2)])
                    p2 = I(p2 + 1)
                p1 = I(p1 + 1)
            p0 = I(p0 + 1)
        out[i] = S(total)
        i = I(i + cuda.gridsize(1))


def means(
    out: Pointer[float], x: Pointer[float], n: int,
    size0: int, size1: int, size2: int, count0: int, count1: int, count2: int,
    kernel0: int, kernel1: int, kernel2: int, stride0: int, stride1: int, stride2: int,
    before0: int, before1: int, before2: int, divisor: float,
) -> None:  # fmt: skip
    """The sum of each window over its count."""
    i = I(cuda.grid(1))
    while i < n:
        p2 = I(i % count2)
        rest = I(i // count2)
        p1 = I(rest % count1)
        rest = I(rest // count1)
        p0 = I(rest % count0)
        at = I(I(rest // count0) * I(size0 * size1 * size2))
        begin0 = _begin(p0, size0, count0, stride0)
        begin1 = _begin(p1, size1, count1, stride1)
        begin2 = _begin(p2, size2, count2, stride2)
        total = T(0)
        for j0 in range(_taps(p0, size0, count0, kernel0)):
            q0 = I(begin0 + j0)
            for j1 in range(_taps(p1, size1, count1, kernel1)):
                q1 = I(begin1 + j1)
                if before0 <= q0 < before0 + size0 and before1 <= q1 < before1 + size1:
                    row = I(at + I(I(q0 - before0) * size1 + I(q1 - before1)) * size2)
                    for j2 in range(_taps(p2, size2, count2, kernel2)):
                        q2 = I(begin2 + j2)
                        if before2 <= q2 < before2 + size2:
                            total += L(x[I(row + I(q2 - before2))])
        share = _share(p0, size0, count0, kernel0, stride0, before0)
        share = I(share * _share(p1, size1, count1, kernel1, stride1, before1))
        share = I(share * _share(p2, size2, count2, kernel2, stride2, before2))
        out[i] = S(total / (divisor if OVERRIDE else T(share)))
        i = I(i + cuda.gridsize(1))


def means_gradient(
    out: Pointer[float], g: Pointer[float], n: int,
    size0: int, size1: int, size2: int, count0: int, count1: int, count2: int,
    kernel0: int, kernel1: int, kernel2: int, stride0: int, stride1: int, stride2: int,
    before0: int, before1: int, before2: int, divisor: float,
) -> None:  # fmt: skip
    """The sum of g over count of the windows that an element is in."""
    i = I(cuda.grid(1))
    volume = I(size0 * size1 * size2)
    while i < n:
        image = I(i // volume)
        own = I(i - image * volume)
        e2 = I(own % size2 + before2)
        rest = I(own // size2)
        e1 = I(rest % size1 + before1)
        e0 = I(rest // size1 + before0)
        total = T(0)
        p0 = _first(e0, size0, count0, kernel0, stride0, 1)
        while p0 < _last(e0, size0, count0, stride0):
            share0 = _share(p0, size0, count0, kernel0, stride0, before0)
            p1 = _first(e1, size1, count1, kernel1, stride1, 1)
            while p1 < _last(e1, size1, count1, stride1):
                share1 = I(share0 * _share(p1, size1, count1, kernel1, stride1, before1))
                row = I(I(I(image * count0 + p0) * count1 + p1) * count2)
                p2 = _first(e2, size2, count2, kernel2, stride2, 1)
                while p2 < _last(e2, size2, count2, stride2):
                    share = I(share1 * _share(p2, size2, count2, kernel2, stride2, before2))
                    total += L(g[I(row + p2)]) / (divisor if OVERRIDE else T(share))
                    p2 = I(p2 + 1)
                p1 = I(p1 + 1)
            p0 = I(p0 + 1)
        out[i] = S(total)
        i = I(i + cuda.gridsize(1))


_MAXIMA: Final = "SIS" + "u" * 19
_MAXIMA_GRADIENT: Final = "SSI" + "u" * 19
_MEANS: Final = "SS" + "u" * 16 + "t"


@lru_cache(maxsize=1024)
def windows_of(size: Shape, output: Shape) -> Window:
    """The windows of an adaptive pooling; only their sizes are used."""
    none, one = (0,) * len(size), (1,) * len(size)
    return Window(one, one, one, none, none, size, output)


def _numbers(window: Window, words: tuple[str, ...]) -> list[int]:
    """Three numbers for each word: dimensions of size 1 stand in front."""
    found: list[int] = []
    for word in words:
        values: Shape = getattr(window, word)
        found += [0 if word == "before" else 1] * (3 - len(values)) + list(values)
    return found


_WORDS: Final = ("size", "output", "kernel", "stride", "before")


def _kinds(kinds: str, window: Window, volumes: int) -> str:
    """In 32 bits, if all positions fit."""
    sizes = [
        n + 2 * b + k for n, b, k in zip(window.size, window.before, window.kernel, strict=True)
    ]
    most = max(
        math.prod(sizes) * volumes,
        math.prod(window.output) * volumes,
        *(n * (m + 1) for n, m in zip(window.size, window.output, strict=True)),
    )
    return narrowed(kinds, most + (1 << 24))


@lru_cache(maxsize=2048)
def plan_maxima(
    layouts: tuple[Layout, Layout, Layout],
    window: Window,
    adaptive: bool,
    gradient: bool,
    dtype: DType,
    limits: Limits,
    places: bool = True,
) -> Plan:
    """The launch over out, where and x; of the gradient over dx, g and where; all in order.

    If not `places`, nothing is written to `where`, and any memory may be given.
    """
    n, volumes = layouts[0].size, layouts[0].size
    volumes //= math.prod(window.size if gradient else window.output)
    function, kinds = (maxima_gradient, _MAXIMA_GRADIENT) if gradient else (maxima, _MAXIMA)
    numbers = (n, *_numbers(window, (*_WORDS, "dilation")))
    kinds = _kinds(kinds, window, volumes)
    flags = (("ADAPTIVE", int(adaptive)), ("PLACES", int(places)))
    return planned(function, kinds, layouts, numbers, limits.cover(n), dtype, flags)


@lru_cache(maxsize=2048)
def plan_means(
    layouts: tuple[Layout, Layout],
    window: Window,
    adaptive: bool,
    with_padding: bool,
    divisor: int | None,
    gradient: bool,
    dtype: DType,
    limits: Limits,
) -> Plan:
    """The launch over out and x; of the gradient over dx and g; all in order."""
    n, volumes = layouts[0].size, layouts[0].size
    volumes //= math.prod(window.size if gradient else window.output)
    numbers = (n, *_numbers(window, _WORDS), 1 if divisor is None else divisor)
    flags = (
        ("ADAPTIVE", int(adaptive)),
        ("WITH_PADDING", int(with_padding)),
        ("OVERRIDE", int(divisor is not None)),
    )
    function = means_gradient if gradient else means
    kinds = _kinds(_MEANS, window, volumes)
    return planned(function, kinds, layouts, numbers, limits.cover(n), dtype, flags)


_REGULAR: Final = (("ADAPTIVE", 0),)

GATES: Final = (
    Gate(
        "maxima of windows float32",
        partial(kernel_of, maxima, _MAXIMA, float32, _REGULAR),
        registers=40,
    ),
    Gate(
        "gradient of maxima float32",
        partial(kernel_of, maxima_gradient, _MAXIMA_GRADIENT, float32, _REGULAR),
        registers=40,
    ),
    Gate(
        "means of windows float32",
        partial(kernel_of, means, _MEANS, float32, _REGULAR),
        registers=40,
    ),
    Gate(
        "gradient of adaptive means float32",
        partial(kernel_of, means_gradient, _MEANS, float32, (("ADAPTIVE", 1),)),
        registers=40,
    ),
)
