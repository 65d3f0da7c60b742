"""Transposed convolutions: each is the gradient of a convolution's input, so `conv` computes it."""

from __future__ import annotations

from minitorch_fast.functional.conv import run
from minitorch_tensor import Tensor
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.conv_transpose import (
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    transposed_convolution,
)


@conv_transpose1d.override("cpu")
def conv_transpose1d_fused(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """`conv_transpose1d` without its matrix of windows."""
    numbers = (stride, padding, output_padding, groups, dilation)
    geometry = transposed_convolution("conv_transpose1d", 1, input, weight, bias, *numbers)
    return run(conv_transpose1d, geometry, input, weight, bias, numbers, transposed=True)


@conv_transpose2d.override("cpu")
def conv_transpose2d_fused(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """`conv_transpose2d` without its matrix of windows."""
    numbers = (stride, padding, output_padding, groups, dilation)
    geometry = transposed_convolution("conv_transpose2d", 2, input, weight, bias, *numbers)
    return run(conv_transpose2d, geometry, input, weight, bias, numbers, transposed=True)


@conv_transpose3d.override("cpu")
def conv_transpose3d_fused(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """`conv_transpose3d` without its matrix of windows."""
    numbers = (stride, padding, output_padding, groups, dilation)
    geometry = transposed_convolution("conv_transpose3d", 3, input, weight, bias, *numbers)
    return run(conv_transpose3d, geometry, input, weight, bias, numbers, transposed=True)
