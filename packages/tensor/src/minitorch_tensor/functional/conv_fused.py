"""Convolutions on a device that has kernels for them: arguments, records, which gradient is which.

Two computations serve all six functions and their gradients:

    correlate        the convolution; the gradient of a transposed one's input
                     backwards: the gradient of a convolution's input; the transposed one itself
    weight gradient  of both, with the two sides exchanged

A device hands these to `override_convolutions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from minitorch_tensor import core
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.conv import (
    Convolution,
    Padding,
    conv1d,
    conv2d,
    conv3d,
    convolution,
)
from minitorch_tensor.functional.conv_transpose import (
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    transposed_convolution,
)
from minitorch_tensor.functional.windows import Window
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.op import Op, record_fused


@dataclass(frozen=True, slots=True)
class Sizes:
    """The convolution that a computation belongs to."""

    images: int
    weight: Shape
    window: Window
    groups: int

    @property
    def work(self) -> int:
        """How many multiplications it takes."""
        return self.images * math.prod(self.weight) * math.prod(self.window.output)


class Convolver(Protocol):
    """The kernels of a device; tensors may have any strides, `out` is fresh."""

    def takes(self, dtype: DType, /) -> bool:
        """Whether there are kernels for this dtype."""
        ...

    def correlate(
        self, forward: bool, out: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None,
        sizes: Sizes, /,
    ) -> None:  # fmt: skip
        """The convolution of x into `out`; if not `forward`, the gradient of its input for x."""
        ...

    def weight_gradient(
        self, x: Tensor, d: Tensor, weight: Tensor, sizes: Sizes, /
    ) -> tuple[Tensor, Tensor | None]:
        """The weights' gradient; and the sums of d for each channel, if they are found on the way.

        Args:
            x: the convolution's input.
            d: the gradient of its output.
            weight: whose shape and dtype the gradient has.
            sizes: of the convolution.
        """
        ...


def _fresh(like: Tensor, shape: Shape) -> Tensor:
    return core.fresh(Layout.contiguous(shape), like.dtype, like.storage.device)


def _convolved(
    kernels: Convolver,
    op: Op[..., Tensor],
    geometry: Convolution,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    numbers: tuple[object, ...],
    transposed: bool,
) -> Tensor:
    """A convolution or a transposed one, recorded; `numbers` are the arguments after the bias."""
    window, groups = geometry.window, geometry.groups
    shape = input.shape if geometry.batched else (1, *input.shape)
    if not kernels.takes(input.dtype) or 0 in shape or 0 in weight.shape:
        return op.composite(input, weight, bias, *numbers)
    channels, positions = weight.shape[0], window.output
    if transposed:
        channels, positions = weight.shape[1] * groups, window.size
    y = _fresh(input, (shape[0], channels, *positions))
    sizes = Sizes(shape[0], tuple(weight.shape), window, groups)
    kernels.correlate(not transposed, y, input, weight, bias, sizes)
    if not geometry.batched:
        y = y._view(y.layout.select(0, 0))
    inputs = (input, weight) if bias is None else (input, weight, bias)

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        found: list[Tensor | None] = [None] * len(inputs)
        if input.requires_grad:
            dx = found[0] = _fresh(input, tuple(input.shape))
            kernels.correlate(transposed, dx, g, weight, None, sizes)
        if any(x.requires_grad for x in inputs[1:]):
            sides = (g, input) if transposed else (input, g)
            found[1], sums = kernels.weight_gradient(*sides, weight, sizes)
            if bias is not None:
                n = len(positions)
                places = tuple(range(-n, 0)) if not geometry.batched else (0, *range(-n, 0))
                found[2] = g.sum(places) if transposed or sums is None else sums
        return found

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        x, w = fresh_inputs[0], fresh_inputs[1]
        b = fresh_inputs[2] if len(fresh_inputs) > 2 else None
        return op.composite(x, w, b, *numbers)

    return record_fused("ConvolutionBackward0", y, inputs, backward, composite)


Fused = tuple[Callable[..., Tensor], Callable[..., Tensor], Callable[..., Tensor]]
"""In one, two and three dimensions."""


def override_convolutions(device_type: str, kernels: Convolver) -> tuple[Fused, Fused]:
    """Let a type of device compute all convolutions by its kernels.

    Returns:
        what was registered: of the convolutions, of the transposed ones.
    """
    return (
        (
            _convolution(1, conv1d, device_type, kernels),
            _convolution(2, conv2d, device_type, kernels),
            _convolution(3, conv3d, device_type, kernels),
        ),
        (
            _transposed(1, conv_transpose1d, device_type, kernels),
            _transposed(2, conv_transpose2d, device_type, kernels),
            _transposed(3, conv_transpose3d, device_type, kernels),
        ),
    )


def _convolution(
    n: int, op: Op[..., Tensor], device_type: str, kernels: Convolver
) -> Callable[..., Tensor]:
    @op.override(device_type)
    def fused(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Padding = 0,
        dilation: Ints = 1,
        groups: int = 1,
    ) -> Tensor:
        numbers = (stride, padding, dilation, groups)
        geometry = convolution(f"conv{n}d", n, input, weight, bias, *numbers)
        return _convolved(kernels, op, geometry, input, weight, bias, numbers, False)

    return fused


def _transposed(
    n: int, op: Op[..., Tensor], device_type: str, kernels: Convolver
) -> Callable[..., Tensor]:
    @op.override(device_type)
    def fused(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        dilation: Ints = 1,
    ) -> Tensor:
        numbers = (stride, padding, output_padding, groups, dilation)
        geometry = transposed_convolution(f"conv_transpose{n}d", n, input, weight, bias, *numbers)
        return _convolved(kernels, op, geometry, input, weight, bias, numbers, True)

    return fused
