"""Layers that move elements between channels, or between channels and space."""

from __future__ import annotations

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F


class PixelShuffle(Module):
    """(..., c * r * r, h, w) -> (..., c, h * r, w * r): channels become a finer grid.

    Source: Shi et al. 2016, https://arxiv.org/abs/1609.05158
    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html

    Args:
        upscale_factor: r.

    >>> import minitorch as torch
    >>> PixelShuffle(2)(torch.arange(4.0).reshape(4, 1, 1)).tolist()
    [[[0.0, 1.0], [2.0, 3.0]]]
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """The finer grid."""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """(..., c, h * r, w * r) -> (..., c * r * r, h, w): undoes `PixelShuffle`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html

    Args:
        downscale_factor: r.

    >>> import minitorch as torch
    >>> PixelUnshuffle(2)(torch.arange(4.0).reshape(1, 2, 2)).flatten().tolist()
    [0.0, 1.0, 2.0, 3.0]
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """The coarser grid."""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """The channels of (n, c, ...), in groups, dealt out such that each group gets some of each.

    Source: Zhang et al. 2017, https://arxiv.org/abs/1707.01083
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html

    >>> import minitorch as torch
    >>> ChannelShuffle(2)(torch.arange(4.0).reshape(1, 4, 1)).flatten().tolist()
    [0.0, 2.0, 1.0, 3.0]
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """The channels in their new order."""
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """How many groups."""
        return f"groups={self.groups}"
