"""Convolutions: one small matrix slides over the input."""

from __future__ import annotations

import math

from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_tensor import Device, DType, Tensor, empty
from minitorch_tensor import functional as F


class Convolution(Module):
    """What `Conv1d` and `Conv2d` share: the weight (out, in / groups, *kernel), its start."""

    weight: Parameter
    bias: Parameter | None
    dimensions: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        name = self._get_name()
        if groups <= 0:
            raise ValueError(f"{name}: groups must be a positive integer, but got {groups}")
        if in_channels % groups != 0:
            raise ValueError(
                f"{name}: in_channels must be divisible by groups, but got {in_channels} and "
                f"{groups}"
            )
        if out_channels % groups != 0:
            raise ValueError(
                f"{name}: out_channels must be divisible by groups, but got {out_channels} and "
                f"{groups}"
            )
        if padding_mode != "zeros":
            raise ValueError(f"{name}: padding_mode must be 'zeros', but got '{padding_mode}'")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._sizes("kernel_size", kernel_size)
        self.stride = self._sizes("stride", stride)
        self.dilation = self._sizes("dilation", dilation)
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(
                f"Invalid padding string '{padding}', should be one of ('valid', 'same')"
            )
        if padding == "same" and any(step != 1 for step in self.stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
        self.padding = padding if isinstance(padding, str) else self._sizes("padding", padding)
        self.groups = groups
        self.padding_mode = padding_mode
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, dtype=dtype, device=device))
        if bias:
            self.bias = Parameter(empty(out_channels, dtype=dtype, device=device))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _sizes(self, what: str, value: int | tuple[int, ...]) -> tuple[int, ...]:
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
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        return text


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
        padding_mode: "zeros".
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> Conv1d(2, 4, 3)(torch.ones(1, 2, 10)).shape
    torch.Size([1, 4, 8])
    """

    dimensions = 1

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of the input with the weight, plus the bias."""
        return F.conv1d(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
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
        padding_mode: "zeros".
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> Conv2d(3, 8, 5, padding=2)(torch.ones(1, 3, 10, 10)).shape
    torch.Size([1, 8, 10, 10])
    """

    dimensions = 2

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of the input with the weight, plus the bias."""
        return F.conv2d(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )
