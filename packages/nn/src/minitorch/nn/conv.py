"""Convolutions: one small matrix slides over the input.

`conv_transpose` has the other direction, `lazy` the forms that find out their number of channels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_tensor import Device, DType, Tensor, empty
from minitorch_tensor import functional as F
from minitorch_tensor.arguments import require_tensor

Ints = int | Sequence[int]
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Filters(Module):
    """What all convolutions share: the weight and the bias, their start, and the numbers.

    The weight is (out, in / groups, *kernel), and (in, out / groups, *kernel) if `transposed`.
    """

    weight: Parameter
    bias: Parameter | None
    padding: tuple[int, ...] | str
    dimensions: ClassVar[int]
    transposed: ClassVar[bool] = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints,
        padding: Ints | str,
        dilation: Ints,
        output_padding: Ints,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: str | Device | None,
        dtype: DType | None,
    ) -> None:
        super().__init__()
        name = self._get_name()
        if groups <= 0:
            raise ValueError(f"{name}: groups must be a positive integer, but got {groups}")
        for what, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups != 0:
                raise ValueError(
                    f"{name}: {what} must be divisible by groups, but got {channels} and {groups}"
                )
        self.stride = self._sizes("stride", stride)
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(
                f"Invalid padding string '{padding}', should be one of ('valid', 'same')"
            )
        if padding == "same" and any(step != 1 for step in self.stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {PADDING_MODES}, but got "
                f"padding_mode='{padding_mode}'"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._sizes("kernel_size", kernel_size)
        self.padding = padding if isinstance(padding, str) else self._sizes("padding", padding)
        self.dilation = self._sizes("dilation", dilation)
        self.output_padding = self._sizes("output_padding", output_padding)
        self.groups = groups
        self.padding_mode = padding_mode
        self.weight = Parameter(empty(self._weight_shape(), dtype=dtype, device=device))
        if bias:
            self.bias = Parameter(empty(out_channels, dtype=dtype, device=device))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        return (first, second // self.groups, *self.kernel_size)

    def _sizes(self, what: str, value: Ints) -> tuple[int, ...]:
        if isinstance(value, int):
            return (value,) * self.dimensions
        if len(value) != self.dimensions:
            raise ValueError(
                f"{self._get_name()}: {what} must be an int or {self.dimensions} of them, but got "
                f"{tuple(value)}"
            )
        return tuple(value)

    def reset_parameters(self) -> None:
        """Draw the first values: uniform on [-1/sqrt(fan in), 1/sqrt(fan in))."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init.fans(self.weight)
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes, and what differs from the defaults."""
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != (0,) * self.dimensions:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.dimensions:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self.dimensions:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class Convolution(Filters):
    """What `Conv1d` to `Conv3d` share: their arguments, and padding with other than zeros."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints | str = 0,
        dilation: Ints = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _padded(self, input: Tensor) -> tuple[Tensor, tuple[int, ...] | str]:
        """The input, and the zeros that the convolution shall put around it."""
        require_tensor(self._get_name(), "input", input)
        if self.padding_mode == "zeros":
            return input, self.padding
        around: list[int] = []
        for d in reversed(range(self.dimensions)):  # F.pad begins at the last dimension
            before = after = 0
            if not isinstance(self.padding, str):
                before = after = self.padding[d]
            elif self.padding == "same":
                total = self.dilation[d] * (self.kernel_size[d] - 1)
                before, after = total // 2, total - total // 2
            around += (before, after)
        return F.pad(input, around, self.padding_mode), (0,) * self.dimensions


class Conv1d(Convolution):
    """A convolution over (n, c, length) -> (n, out_channels, new length).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html

    Args:
        in_channels: c.
        out_channels: the number of filters.
        kernel_size: the length of a filter.
        stride: the distance of its steps.
        padding: zeros before and after the input; "same" keeps the length, "valid" is 0.
        dilation: the distance of the elements that a filter sees.
        groups: of channels that do not see one another.
        bias: whether there is one.
        padding_mode: "zeros"; or "reflect", "replicate", "circular": what to put around instead.
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> Conv1d(2, 4, 3)(torch.ones(1, 2, 10)).shape
    torch.Size([1, 4, 8])
    """

    dimensions = 1

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of the input with the weight, plus the bias."""
        input, padding = self._padded(input)
        return F.conv1d(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )


class Conv2d(Convolution):
    """A convolution over (n, c, h, w) -> (n, out_channels, new h, new w).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html

    Args:
        in_channels: c.
        out_channels: the number of filters.
        kernel_size: the height and width of a filter; one number stands for both, here and below.
        stride: the distance of its steps.
        padding: zeros around the input; "same" keeps h and w, "valid" is 0.
        dilation: the distance of the elements that a filter sees.
        groups: of channels that do not see one another.
        bias: whether there is one.
        padding_mode: "zeros"; or "reflect", "replicate", "circular": what to put around instead.
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> Conv2d(3, 8, 5, padding=2)(torch.ones(1, 3, 10, 10)).shape
    torch.Size([1, 8, 10, 10])
    """

    dimensions = 2

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of the input with the weight, plus the bias."""
        input, padding = self._padded(input)
        return F.conv2d(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )


class Conv3d(Convolution):
    """A convolution over (n, c, d, h, w) -> (n, out_channels, new d, new h, new w); see `Conv2d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
    """

    dimensions = 3

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of the input with the weight, plus the bias."""
        input, padding = self._padded(input)
        return F.conv3d(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )
