"""How pixels between pixels are made up."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["InterpolationMode", "as_mode"]


class InterpolationMode(Enum):
    """Ways to resample an image; tensors know the first four.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.InterpolationMode.html
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"

    @property
    def resampling(self) -> Image.Resampling:
        """What Pillow calls it."""
        from PIL import Image

        name = "NEAREST" if self is InterpolationMode.NEAREST_EXACT else self.name
        return Image.Resampling[name]


_BY_NUMBER = {
    0: InterpolationMode.NEAREST,
    1: InterpolationMode.LANCZOS,
    2: InterpolationMode.BILINEAR,
    3: InterpolationMode.BICUBIC,
    4: InterpolationMode.BOX,
    5: InterpolationMode.HAMMING,
}


def as_mode(interpolation: InterpolationMode | int) -> InterpolationMode:
    """The mode, also for Pillow's number of it.

    Raises:
        TypeError: if it is neither.

    >>> as_mode(2)
    <InterpolationMode.BILINEAR: 'bilinear'>
    """
    if isinstance(interpolation, InterpolationMode):
        return interpolation
    if not isinstance(interpolation, int) or interpolation not in _BY_NUMBER:
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow "
            f"integer constant, got {interpolation!r}"
        )
    return _BY_NUMBER[interpolation]
