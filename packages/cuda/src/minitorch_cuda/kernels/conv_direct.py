"""A convolution and its gradients, number by number: for groups of few channels, as depthwise ones.

    for each number of the result, one thread:
        for each channel of its group, for each tap:
            total += weight times source, if that is no padding

    for each weight, one block:
        each thread adds up products of every THREADS-th place of all images,
        then half of the threads add the sums of the other half to theirs, and again

There is too little to share between neighbours for tiles, which would be almost empty. What the
threads of a block read lies side by side, so that most of it comes from the first cache. Along each
dimension the source of a place is that of `conv_phases.Line`.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Final

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import (
    INDEX_TYPES,
    Kernel,
    Parameter,
    Plan,
    Span,
    computing_type,
    hand_written,
    plan,
    storage_type,
    types,
)
from minitorch_cuda.kernels.conv_phases import Line, Phase, forward_phase, gradient_phases
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.functional.conv_fused import Sizes
from minitorch_tensor.layout import Layout, Shape

# Template parameters, bound anew for each kernel.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = INDEX_TYPES["uint32"]  # noqa: E741 - the name it has in all kernels
J = INDEX_TYPES["int32"]
BIASED = False
TAPS0 = 1
TAPS1 = 3
TAPS2 = 3
THREADS = 256


def direct(
    out: Pointer[float],
    weight: Pointer[float],
    x: Pointer[float],
    bias: Pointer[float],
    n: int,
    groups: int,
    rows: int,
    channels: int,
    out_plane: int,
    out_first: int,
    out_step0: int,
    out_step1: int,
    out_step2: int,
    w_group: int,
    w_row: int,
    w_channel: int,
    w_first: int,
    w_tap0: int,
    w_tap1: int,
    w_tap2: int,
    count0: int,
    count1: int,
    count2: int,
    step0: int,
    step1: int,
    step2: int,
    origin0: int,
    origin1: int,
    origin2: int,
    spread0: int,
    spread1: int,
    spread2: int,
    size0: int,
    size1: int,
    size2: int,
) -> None:
    """The places of one phase; `bias` is read if BIASED."""
    number = I(cuda.grid(1))
    while number < n:
        q2 = I(number % count2)
        rest = I(number // count2)
        q1 = I(rest % count1)
        rest = I(rest // count1)
        q0 = I(rest % count0)
        plane = I(rest // count0)  # of the result
        row = I(plane % rows)
        part = I(plane // rows)  # a group of an image
        group = I(part % groups)
        c0 = J(origin0 + J(q0) * step0)
        c1 = J(origin1 + J(q1) * step1)
        c2 = J(origin2 + J(q2) * step2)
        total = T(0)
        for channel in range(channels):
            at = I(I(part * channels + channel) * I(size0 * size1 * size2))
            from_w = I(group * w_group + row * w_row + channel * w_channel + w_first)
            for u0 in range(TAPS0):
                s0 = J(c0 + u0 * spread0)
                for u1 in range(TAPS1):
                    s1 = J(c1 + u1 * spread1)
                    for u2 in range(TAPS2):
                        s2 = J(c2 + u2 * spread2)
                        if 0 <= s0 < size0 and 0 <= s1 < size1 and 0 <= s2 < size2:
                            w = L(weight[I(from_w + u0 * w_tap0 + u1 * w_tap1 + u2 * w_tap2)])
                            total += w * L(x[I(at + (s0 * size1 + s1) * size2 + s2)])
        if BIASED:
            total += L(bias[I(group * rows + row)])
        to = I(out_first + q0 * out_step0 + q1 * out_step1 + q2 * out_step2)
        out[I(plane * out_plane + to)] = S(total)
        number = I(number + cuda.gridsize(1))


def direct_weights(
    out: Pointer[float],
    d: Pointer[float],
    x: Pointer[float],
    images: int,
    groups: int,
    rows: int,
    channels: int,
    count0: int,
    count1: int,
    count2: int,
    step0: int,
    step1: int,
    step2: int,
    origin0: int,
    origin1: int,
    origin2: int,
    spread0: int,
    spread1: int,
    spread2: int,
    size0: int,
    size1: int,
    size2: int,
) -> None:
    """One weight a block: the products of d with the source at its tap."""
    sums = cuda.shared.array(THREADS, T)
    t = cuda.threadIdx.x
    weight = I(cuda.blockIdx.x)
    tap = I(weight % I(TAPS0 * TAPS1 * TAPS2))
    rest = I(weight // I(TAPS0 * TAPS1 * TAPS2))
    channel = I(rest % channels)
    output = I(rest // channels)
    group = I(output // rows)
    c0 = J(origin0 + J(tap // I(TAPS1 * TAPS2)) * spread0)
    c1 = J(origin1 + J(I(tap // TAPS2) % TAPS1) * spread1)
    c2 = J(origin2 + J(tap % TAPS2) * spread2)
    positions = I(count0 * count1 * count2)
    total = T(0)
    i = I(t)
    while i < images * positions:
        image = I(i // positions)
        p = I(i - image * positions)
        rest = I(p // count2)
        s0 = J(c0 + J(rest // count1) * step0)
        s1 = J(c1 + J(rest % count1) * step1)
        s2 = J(c2 + J(p % count2) * step2)
        if 0 <= s0 < size0 and 0 <= s1 < size1 and 0 <= s2 < size2:
            at = I(I(I(image * groups + group) * channels + channel) * I(size0 * size1 * size2))
            g = L(d[I(I(image * I(groups * rows) + output) * positions + p)])
            total += g * L(x[I(at + (s0 * size1 + s1) * size2 + s2)])
        i = I(i + THREADS)
    sums[t] = total
    cuda.syncthreads()
    half = THREADS // 2
    while half > 0:
        if t < half:
            sums[t] += sums[t + half]
        cuda.syncthreads()
        half = half // 2
    if t == 0:
        out[weight] = S(sums[0])


_SIGNED: Final = ("step", "origin", "spread", "size")


@lru_cache(maxsize=256)
def direct_kernel(dtype: DType, taps: Shape, biased: bool, index: str) -> Kernel:
    """The kernel of a phase with so many taps along three dimensions."""
    bound = {**_bound(dtype, taps, index), "BIASED": biased}
    parameters = _parameters(direct, 4, dtype, index)
    return hand_written(direct, parameters, computing_type(dtype), "", **bound)


@lru_cache(maxsize=256)
def direct_weights_kernel(dtype: DType, taps: Shape, threads: int, index: str) -> Kernel:
    """The kernel of the gradient of weights with so many taps."""
    bound = {**_bound(dtype, taps, index), "THREADS": threads}
    parameters = _parameters(direct_weights, 3, dtype, index)
    return hand_written(direct_weights, parameters, computing_type(dtype), "", **bound)


def _bound(dtype: DType, taps: Shape, index: str) -> dict[str, object]:
    signed = "int32" if index == "uint32" else "int64"
    names = {f"TAPS{d}": size for d, size in enumerate(taps)}
    known = {name: value for name, value in types(dtype).items() if name != "T"}
    return {**known, **names, "I": INDEX_TYPES[index], "J": INDEX_TYPES[signed]}


def _parameters(function: object, pointers: int, dtype: DType, index: str) -> tuple[Parameter, ...]:
    """Pointers, positions, and the signed numbers of a phase."""
    names = _names(function)
    signed = "int32" if index == "uint32" else "int64"
    return tuple(
        Parameter(name, storage_type(dtype), pointer=True)
        if i < pointers
        else Parameter(name, signed if name[:-1] in _SIGNED else index)
        for i, name in enumerate(names)
    )


def _names(function: object) -> tuple[str, ...]:
    code = getattr(function, "__code__")  # noqa: B009
    found: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    return found


_NONE: Final = Line(1, 0, 1, 1, 0, 1, 1, 0, 1)


def _three(phase: Phase) -> Phase:
    """With dimensions of size 1 in front."""
    return (_NONE,) * (3 - len(phase)) + phase


def _sizes(sizes: Shape) -> Shape:
    return (1,) * (3 - len(sizes)) + tuple(sizes)


def _source(phase: Phase, size: Shape) -> list[int]:
    """The numbers of a phase that both kernels have."""
    words = ("count", "step", "origin", "spread")
    return [*(getattr(line, word) for word in words for line in phase), *size]


@lru_cache(maxsize=2048)
def plan_direct(
    sizes: Sizes,
    forward: bool,
    biased: bool,
    dtype: DType,
    limits: Limits,
    offsets: tuple[int, ...] = (0, 0, 0),
) -> tuple[Plan, ...]:
    """The launches over out, weight, source and bias, all in order; one for each phase.

    Without a bias the weights take its place, which nobody reads.
    """
    outputs, inputs = sizes.weight[0] // sizes.groups, sizes.weight[1]
    window = sizes.window
    kernel = Layout.contiguous(_sizes(window.kernel))
    if forward:
        phases = [forward_phase(window)]
        rows, channels, size, result = outputs, inputs, window.size, window.output
        steps = (inputs * kernel.size, kernel.size)
    else:
        phases = gradient_phases(window)
        rows, channels, size, result = inputs, outputs, window.output, window.size
        steps = (kernel.size, inputs * kernel.size)
    made = Layout.contiguous(_sizes(result))
    planes = sizes.images * sizes.groups
    elements = (
        planes * rows * made.size,
        math.prod(sizes.weight),
        planes * channels * math.prod(size),
    )
    index = "uint32" if max(elements) + limits.threads * limits.blocks < 1 << 31 else "int64"
    ends = [(0, elements[0]), *zip(offsets, elements[1:], strict=False)]
    spans = [Span(at, at, at + length) for at, length in ends]
    spans.append(
        Span(offsets[2], offsets[2], offsets[2] + sizes.groups * rows) if biased else spans[1]
    )
    plans = []
    for phase in map(_three, phases):
        taps = tuple(line.taps for line in phase)
        n = planes * rows * math.prod(line.count for line in phase)
        numbers = [
            *(n, sizes.groups, rows, channels, made.size),
            sum(line.first * step for line, step in zip(phase, made.strides, strict=True)),
            *(line.apart * step for line, step in zip(phase, made.strides, strict=True)),
            outputs * inputs * kernel.size,
            *steps,
            sum(line.tap * step for line, step in zip(phase, kernel.strides, strict=True)),
            *(line.skip * step for line, step in zip(phase, kernel.strides, strict=True)),
            *_source(phase, _sizes(size)),
        ]
        found = direct_kernel(dtype, taps, biased, index)
        plans.append(plan(found, *limits.cover(n), spans, numbers))
    return tuple(plans)


@lru_cache(maxsize=2048)
def plan_direct_weights(
    sizes: Sizes, dtype: DType, limits: Limits, offsets: tuple[int, int] = (0, 0)
) -> Plan:
    """The launch over dw, d and x, all in order."""
    window, count = sizes.window, math.prod(sizes.weight)
    rows, channels = sizes.weight[0] // sizes.groups, sizes.weight[1]
    phase = _three(forward_phase(window))
    planes = sizes.images * sizes.groups
    d_size = planes * rows * math.prod(window.output)
    x_size = planes * channels * math.prod(window.size)
    index = "uint32" if max(d_size, x_size) + limits.threads < 1 << 31 else "int64"
    spans = [
        Span(0, 0, count),
        Span(offsets[0], offsets[0], offsets[0] + d_size),
        Span(offsets[1], offsets[1], offsets[1] + x_size),
    ]
    numbers = [sizes.images, sizes.groups, rows, channels, *_source(phase, _sizes(window.size))]
    kernel = direct_weights_kernel(dtype, _sizes(window.kernel), limits.threads, index)
    return plan(kernel, (count, 1, 1), (limits.threads, 1, 1), spans, numbers)


GATES: Final = (
    Gate(
        "direct convolution float32, 3 x 3",
        partial(direct_kernel, float32, (1, 3, 3), True, "uint32"),
        registers=40,
    ),
    Gate(
        "gradient of a direct convolution's weights float32, 3 x 3",
        partial(direct_weights_kernel, float32, (1, 3, 3), 256, "uint32"),
        registers=32,
    ),
)
