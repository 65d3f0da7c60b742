"""Windows that slide over the last dimensions of a tensor: a view, and its transpose.

A convolution is a matrix product of windows, a pooling a reduction of them. With

    x (..., height, width)  ->  windows (..., kernel_h, kernel_w, out_h, out_w),
    windows[..., i, j, p, q] = x[..., p * stride + i * dilation, q * stride + j * dilation]

taking windows is pure layout arithmetic, and the transpose adds every element of a window to where
it came from: one strided addition for each position in the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from minitorch_operators import add
from minitorch_tensor import views
from minitorch_tensor.core import Tensor
from minitorch_tensor.layout import Shape, make


@dataclass(frozen=True, slots=True)
class Window:
    """How a window slides over n dimensions; each field has n entries.

    `after` is what the last window needs beyond the input, which may differ from `before`: less
    where the stride leaves a rest, more with PyTorch's ceil_mode.
    """

    kernel: Shape
    stride: Shape
    dilation: Shape
    before: Shape  # padding in front of each dimension
    after: Shape  # padding behind it
    size: Shape  # of the input, without padding
    output: Shape  # the number of positions of the window

    @property
    def padded(self) -> bool:
        """Whether any padding is needed."""
        return any(self.before) or any(self.after)

    @property
    def may_miss_all(self) -> bool:
        """Whether a window might lie in the padding alone."""
        return any(d > 1 for d in self.dilation) and self.padded

    def offsets(self) -> Iterator[Shape]:
        """The positions in the kernel, in row-major order."""
        return product(*(range(k) for k in self.kernel))


def reach(size: int, before: int, kernel: int, stride: int, dilation: int, output: int) -> int:
    """The padding needed behind a dimension for `output` positions.

    >>> reach(size=5, before=1, kernel=3, stride=2, dilation=1, output=3)
    1
    """
    return max((output - 1) * stride + dilation * (kernel - 1) + 1 - before - size, 0)


def take_windows(x: Tensor, window: Window) -> Tensor:
    """(..., *padded size) -> (..., *kernel, *output), a view of x, which was padded before."""
    lead = x.ndim - len(window.kernel)
    strides = x.layout.strides
    layout = make(
        x.shape[:lead] + window.kernel + window.output,
        strides[:lead]
        + tuple(s * d for s, d in zip(strides[lead:], window.dilation, strict=True))
        + tuple(s * step for s, step in zip(strides[lead:], window.stride, strict=True)),
        x.layout.offset,
    )
    before = x.shape
    y = x._view(layout)
    return views.linear(x, y, "UnfoldBackward0", lambda g: add_windows(g, before, window))


def add_windows(g: Tensor, shape: Shape, window: Window) -> Tensor:
    """(..., *kernel, *output) -> (..., *padded size): the transpose of `take_windows`."""
    n = len(window.kernel)
    lead = len(shape) - n
    y = g._full(shape, 0.0, g.dtype)
    backend = g.storage.device.backend
    for offset in window.offsets():
        part, piece = y.layout, g.layout
        for i in range(n):
            start = offset[i] * window.dilation[i]
            part = part.narrow(lead + i, start, window.output[i], window.stride[i])
            piece = piece.select(lead, offset[i])
        target = y._view(part)
        backend.zip(add, target, target, g._view(piece))
    return views.linear(g, y, "FoldBackward0", lambda h: take_windows(h, window))
