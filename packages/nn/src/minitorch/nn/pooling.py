"""Pooling: a window slides over the input and keeps its largest element, or the mean, or a norm."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch.nn.module import Module
from minitorch.nn.sizes import repeated
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F

Ints = int | Sequence[int]


class AvgPool1d(Module):
    """The mean of each window of (n, c, length).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html

    Args:
        kernel_size: the size of the window.
        stride: the distance of its steps; `kernel_size` if omitted.
        padding: zeros before and after the input, at most half of `kernel_size`.
        ceil_mode: let the last window hang over the edge.
        count_include_pad: whether the zeros count in the mean.

    >>> import minitorch as torch
    >>> AvgPool1d(2)(torch.tensor([[[1.0, 3.0, 2.0, 0.0]]])).tolist()
    [[[2.0, 1.0]]]
    """

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = repeated(kernel_size, 1)
        self.stride = self.kernel_size if stride is None else repeated(stride, 1)
        self.padding = repeated(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """The mean of each window."""
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool(Module):
    """What `AvgPool2d` and `AvgPool3d` share: the window."""

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(AvgPool):
    """The mean of each window of (n, c, h, w).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html

    Args:
        kernel_size: the height and width of the window; one number stands for both, here and below.
        stride: the distance of its steps; `kernel_size` if omitted.
        padding: zeros around the input, at most half of `kernel_size`.
        ceil_mode: let the last windows hang over the edge.
        count_include_pad: whether the zeros count in the mean.
        divisor_override: divide the sum of a window by this, not by its size.

    >>> import minitorch as torch
    >>> AvgPool2d(2)(torch.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[2.5, 4.5], [10.5, 12.5]]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The mean of each window."""
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool3d(AvgPool):
    """The mean of each window of (n, c, d, h, w); see `AvgPool2d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html

    >>> import minitorch as torch
    >>> AvgPool3d(2)(torch.arange(8.0).reshape(1, 1, 2, 2, 2)).item()
    3.5
    """

    def forward(self, input: Tensor) -> Tensor:
        """The mean of each window."""
        return F.avg_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class LPPool(Module):
    """What `LPPool1d` to `LPPool3d` share: the norm and the window."""

    def __init__(
        self,
        norm_type: float,
        kernel_size: Ints,
        stride: Ints | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        """The norm and the window."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(LPPool):
    """sum(x^p)^(1/p) of each window of (n, c, length).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html

    Args:
        norm_type: p; 1 gives sums, infinity maxima.
        kernel_size: the size of the window.
        stride: the distance of its steps; `kernel_size` if omitted.
        ceil_mode: let the last window hang over the edge.

    >>> LPPool1d(2, 2)(Tensor([[[3.0, 4.0, 0.0, 1.0]]])).tolist()
    [[[5.0, 1.0]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The norm of each window."""
        return F.lp_pool1d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class LPPool2d(LPPool):
    """sum(x^p)^(1/p) of each window of (n, c, h, w); see `LPPool1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """The norm of each window."""
        return F.lp_pool2d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class LPPool3d(LPPool):
    """sum(x^p)^(1/p) of each window of (n, c, d, h, w); see `LPPool1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """The norm of each window."""
        return F.lp_pool3d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )
