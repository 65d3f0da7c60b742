"""Adaptive pooling: the size of the output is given, and the windows are chosen for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic

from minitorch.nn.max_pooling import R
from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F

Ints = int | Sequence[int]
Sizes = int | Sequence[int | None] | None


class AdaptiveAvgPool1d(Module):
    """The means of as many windows of (n, c, length) as are asked for.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html

    Args:
        output_size: the length of the output.

    >>> AdaptiveAvgPool1d(2)(Tensor([[[1.0, 2.0, 3.0, 6.0]]])).tolist()
    [[[1.5, 4.5]]]
    """

    def __init__(self, output_size: Ints) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return F.adaptive_avg_pool1d(input, self.output_size)

    def extra_repr(self) -> str:
        """The size."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool(Module):
    """What `AdaptiveAvgPool2d` and `AdaptiveAvgPool3d` share: the size."""

    def __init__(self, output_size: Sizes) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        """The size."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """Means of windows that are chosen such that the output is of a given size.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html

    Args:
        output_size: the height and width of the output; None keeps that of the input.

    >>> import minitorch as torch
    >>> AdaptiveAvgPool2d(1)(torch.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[7.5]]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """`AdaptiveAvgPool2d` of (n, c, d, h, w).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return F.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool(Module, Generic[R]):
    """What `AdaptiveMaxPool1d` to `AdaptiveMaxPool3d` share: all but the name of the function."""

    function: ClassVar[str]

    def __init__(self, output_size: Sizes, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> R:
        """The largest elements; with `return_indices` their places too."""
        found: R = getattr(F, self.function)(input, self.output_size, self.return_indices)
        return found

    def extra_repr(self) -> str:
        """The size."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(AdaptiveMaxPool[R], Generic[R]):
    """The largest elements of as many windows of (n, c, length) as are asked for.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html

    Args:
        output_size: the length of the output.
        return_indices: give the places of the elements too.

    >>> AdaptiveMaxPool1d(2)(Tensor([[[1.0, 2.0, 3.0, 6.0]]])).tolist()
    [[[2.0, 6.0]]]
    """

    function = "adaptive_max_pool1d"


class AdaptiveMaxPool2d(AdaptiveMaxPool[R], Generic[R]):
    """`AdaptiveMaxPool1d` of (n, c, h, w); in the size None keeps that of the input.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    function = "adaptive_max_pool2d"


class AdaptiveMaxPool3d(AdaptiveMaxPool[R], Generic[R]):
    """`AdaptiveMaxPool1d` of (n, c, d, h, w); in the size None keeps that of the input.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
    """

    function = "adaptive_max_pool3d"
