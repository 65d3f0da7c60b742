"""Pooling: a window slides over the input and keeps its largest element, or the mean."""

from __future__ import annotations

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F

Sizes = int | tuple[int, ...]


class MaxPool(Module):
    """What `MaxPool1d` and `MaxPool2d` share: the window."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        *,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        """The window."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(MaxPool):
    """The largest element of each window of (n, c, length).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html

    Args:
        kernel_size: the size of the window.
        stride: the distance of its steps; `kernel_size` if omitted.
        padding: minus infinities before and after the input, at most half of `kernel_size`.
        dilation: the distance of the elements that a window sees.
        ceil_mode: let the last window hang over the edge.

    >>> import minitorch as torch
    >>> MaxPool1d(2)(torch.tensor([[[1.0, 3.0, 2.0, 0.0]]])).tolist()
    [[[3.0, 2.0]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The largest element of each window."""
        return F.max_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
        )


class MaxPool2d(MaxPool):
    """The largest element of each window of (n, c, h, w).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html

    Args:
        kernel_size: the height and width of the window; one number stands for both, here and below.
        stride: the distance of its steps; `kernel_size` if omitted.
        padding: minus infinities around the input, at most half of `kernel_size`.
        dilation: the distance of the elements that a window sees.
        ceil_mode: let the last windows hang over the edge.

    >>> import minitorch as torch
    >>> MaxPool2d(2)(torch.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The largest element of each window."""
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
        )


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
        kernel_size: int | tuple[int],
        stride: int | tuple[int] | None = None,
        padding: int | tuple[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = self.kernel_size if stride is None else _single(stride)
        self.padding = _single(padding)
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


def _single(value: int | tuple[int]) -> tuple[int]:
    return (value,) if isinstance(value, int) else value


class AvgPool2d(Module):
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

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
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

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Module):
    """Means of windows that are chosen such that the output is of a given size.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html

    Args:
        output_size: the height and width of the output; None keeps that of the input.

    >>> import minitorch as torch
    >>> AdaptiveAvgPool2d(1)(torch.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[7.5]]]]
    """

    def __init__(self, output_size: int | tuple[int | None, int | None] | None) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        """The size."""
        return f"output_size={self.output_size}"
