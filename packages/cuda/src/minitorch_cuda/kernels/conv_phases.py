"""A convolution, or the gradient of its input, as sums over windows of one form.

Along each dimension, place m of the result is a sum over taps u = 0, 1, ... of the source at

    origin + m step + u spread

For a convolution, step is its stride, spread its dilation and origin -padding. In the gradient of
its input, place p is a sum over those taps i for which (p + padding - i dilation) / stride is a
whole number, the place in the source. Places with one remainder by the stride have the same taps,
which are evenly spaced; they are one `Phase`, in which the source advances by 1. So no product with
0 is computed for what a stride leaves out. A transposed convolution is that gradient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

from minitorch_tensor.functional.windows import Window


@dataclass(frozen=True, slots=True)
class Line:
    """A phase along one dimension.

    Attributes:
        count: places of the result, which are first, first + apart, first + 2 apart, ...
        step: from one place to the next, in the source.
        origin: the source of place 0 and tap 0.
        spread: from one tap to the next, in the source.
        taps: how many.
        tap: the first of them in the kernel.
        skip: from one of them to the next, in the kernel.
    """

    count: int
    first: int
    apart: int
    step: int
    origin: int
    spread: int
    taps: int
    tap: int
    skip: int


Phase = tuple[Line, ...]


def forward_phase(window: Window) -> Phase:
    """The convolution itself.

    >>> window = Window((3,), (2,), (1,), (1,), (1,), (8,), (4,))
    >>> line = forward_phase(window)[0]
    >>> [[line.origin + m * line.step + u * line.spread for u in range(3)] for m in range(4)]
    [[-1, 0, 1], [1, 2, 3], [3, 4, 5], [5, 6, 7]]
    """
    return tuple(
        Line(output, 0, 1, stride, -before, dilation, kernel, 0, 1)
        for output, stride, before, dilation, kernel in zip(
            window.output, window.stride, window.before, window.dilation, window.kernel, strict=True
        )
    )


def gradient_phases(window: Window) -> list[Phase]:
    """The gradient of the input: all combinations of the phases along each dimension."""
    return list(product(*(_lines(window, dim) for dim in range(len(window.kernel)))))


def _lines(window: Window, dim: int) -> list[Line]:
    """The phases of one dimension; one without taps is a gradient of 0.

    >>> for line in _lines(Window((3,), (2,), (1,), (1,), (1,), (8,), (4,)), 0):
    ...     print(line.first, [line.tap + u * line.skip for u in range(line.taps)], line.origin)
    0 [1] 0
    1 [0, 2] 1
    """
    stride, dilation, kernel = window.stride[dim], window.dilation[dim], window.kernel[dim]
    shared = math.gcd(stride, dilation)
    lines = []
    for first in range(min(stride, window.size[dim])):
        begin = first + window.before[dim]
        count = -(-(window.size[dim] - first) // stride)
        found = [i for i in range(kernel) if (begin - i * dilation) % stride == 0]
        tap = found[0] if found else 0
        origin = (begin - tap * dilation) // stride
        skip, spread = stride // shared, -(dilation // shared)
        lines.append(Line(count, first, stride, 1, origin, spread, len(found), tap, skip))
    return lines
