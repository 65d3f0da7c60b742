"""Transforms of colours."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch.transforms import functional as F
from minitorch.transforms.arguments import as_factors
from minitorch.transforms.draws import chance, uniform
from minitorch.transforms.images import ImageModule, ImageT, dimensions
from minitorch_tensor import randperm

__all__ = ["ColorJitter", "Grayscale", "RandomGrayscale"]

Factors = tuple[float, float] | None
"""A range, or None for what is left as it is."""


class Grayscale(ImageModule):
    """`functional.rgb_to_grayscale`.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Grayscale.html

    Args:
        num_output_channels: 1, or 3 equal ones.

    >>> Grayscale()
    Grayscale(num_output_channels=1)
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: ImageT) -> ImageT:
        """The grey image."""
        return F.rgb_to_grayscale(img, self.num_output_channels)

    def extra_repr(self) -> str:
        """The channels."""
        return f"num_output_channels={self.num_output_channels}"


class RandomGrayscale(ImageModule):
    """`functional.rgb_to_grayscale` with probability p, with as many channels as before.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomGrayscale.html
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: ImageT) -> ImageT:
        """The image, or a grey one."""
        channels = dimensions(img).channels
        return F.rgb_to_grayscale(img, channels) if chance(self.p) else img

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"


class ColorJitter(ImageModule):
    """Other brightness, contrast, saturation and hue, in any order.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ColorJitter.html

    Draws the order, then a factor for each that has a range.

    Args:
        brightness: factors from 1 - brightness to 1 + brightness, but not below 0; or their range.
        contrast: likewise.
        saturation: likewise.
        hue: from -hue to hue, or a range; within -0.5 and 0.5.

    Raises:
        TypeError: if one is neither a number nor two.
        ValueError: if one is out of its range.

    >>> ColorJitter(brightness=0.5)
    ColorJitter(brightness=(0.5, 1.5), contrast=None, saturation=None, hue=None)
    """

    def __init__(
        self,
        brightness: float | Sequence[float] = 0,
        contrast: float | Sequence[float] = 0,
        saturation: float | Sequence[float] = 0,
        hue: float | Sequence[float] = 0,
    ) -> None:
        super().__init__()
        self.brightness = as_factors("brightness", brightness)
        self.contrast = as_factors("contrast", contrast)
        self.saturation = as_factors("saturation", saturation)
        self.hue = as_factors("hue", hue, centre=0.0, bound=(-0.5, 0.5))

    @staticmethod
    def get_params(
        brightness: Factors, contrast: Factors, saturation: Factors, hue: Factors
    ) -> tuple[list[int], float | None, float | None, float | None, float | None]:
        """Draw the order, 0 to 3, and a factor for each range."""
        order = [int(number.item()) for number in randperm(4)]
        b, c, s, h = (
            None if factors is None else uniform(factors[0], factors[1])
            for factors in (brightness, contrast, saturation, hue)
        )
        return order, b, c, s, h

    def forward(self, img: ImageT) -> ImageT:
        """The image in other colours."""
        order, brightness, contrast, saturation, hue = self.get_params(
            self.brightness, self.contrast, self.saturation, self.hue
        )
        for which in order:
            if which == 0 and brightness is not None:
                img = F.adjust_brightness(img, brightness)
            elif which == 1 and contrast is not None:
                img = F.adjust_contrast(img, contrast)
            elif which == 2 and saturation is not None:
                img = F.adjust_saturation(img, saturation)
            elif which == 3 and hue is not None:
                img = F.adjust_hue(img, hue)
        return img

    def extra_repr(self) -> str:
        """The ranges."""
        return (
            f"brightness={self.brightness}, contrast={self.contrast}, "
            f"saturation={self.saturation}, hue={self.hue}"
        )
