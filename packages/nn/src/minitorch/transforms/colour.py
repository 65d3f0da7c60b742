"""Colours: grey, brightness, contrast, saturation, hue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch.transforms.conversion import convert_image_dtype
from minitorch.transforms.images import ImageT, as_pillow, dimensions
from minitorch_tensor import Tensor, float32, iinfo, stack, where, zeros_like

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_hue",
    "adjust_saturation",
    "rgb_to_grayscale",
    "to_grayscale",
]


def rgb_to_grayscale(img: ImageT, num_output_channels: int = 1) -> ImageT:
    """Grey: 0.2989 red + 0.587 green + 0.114 blue.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.rgb_to_grayscale.html

    Args:
        img: the image; of a tensor that is grey already, it is that.
        num_output_channels: 1, or 3 equal ones.

    Raises:
        TypeError: if it is no image, or a tensor without 1 or 3 channels.
        ValueError: for another number of channels.

    >>> import minitorch as torch
    >>> rgb_to_grayscale(torch.ones(3, 1, 2))
    Tensor([[[0.9999, 0.9999]]], requires_grad=False)
    """
    if num_output_channels not in (1, 3):
        raise ValueError(f"num_output_channels should be either 1 or 3, got {num_output_channels}")
    if not isinstance(img, Tensor):
        return _grey(as_pillow(img), num_output_channels)
    if img.ndim < 3:
        raise TypeError(
            f"Input image tensor should have at least 3 dimensions, but found {img.ndim}"
        )
    _check_channels(img)
    grey = img.clone()
    if img.shape[-3] == 3:
        red, green, blue = (img.select(-3, channel) for channel in range(3))
        grey = (0.2989 * red + 0.587 * green + 0.114 * blue).to(img.dtype).unsqueeze(-3)
    if num_output_channels == 1:
        return grey
    return grey.expand(*img.shape[:-3], 3, *img.shape[-2:])


def to_grayscale(img: Image.Image, num_output_channels: int = 1) -> Image.Image:
    """`rgb_to_grayscale` for Pillow's images of any mode.

    Raises:
        TypeError: if it is none.
    """
    return rgb_to_grayscale(as_pillow(img), num_output_channels)


def adjust_brightness(img: ImageT, brightness_factor: float) -> ImageT:
    """All pixels times a factor: 0 is black, 1 the image.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.adjust_brightness.html

    Raises:
        TypeError: if it is no image, or a tensor without 1 or 3 channels.
        ValueError: if the factor is negative, for a tensor.
    """
    if not isinstance(img, Tensor):
        from PIL import ImageEnhance

        return ImageEnhance.Brightness(as_pillow(img)).enhance(brightness_factor)
    _check_factor("brightness_factor", brightness_factor)
    _check_channels(img)
    return _blend(img, zeros_like(img), brightness_factor)


def adjust_contrast(img: ImageT, contrast_factor: float) -> ImageT:
    """Farther from the mean grey, or nearer: 0 is grey all over, 1 the image.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.adjust_contrast.html

    Errors as for `adjust_brightness`.
    """
    if not isinstance(img, Tensor):
        from PIL import ImageEnhance

        return ImageEnhance.Contrast(as_pillow(img)).enhance(contrast_factor)
    _check_factor("contrast_factor", contrast_factor)
    _check_channels(img)
    grey = rgb_to_grayscale(img) if dimensions(img).channels == 3 else img
    dtype = img.dtype if img.dtype.is_floating_point else float32
    dims = (-3, -2, -1) if img.ndim > 2 else (-2, -1)
    return _blend(img, grey.to(dtype).mean(dim=dims, keepdim=True), contrast_factor)


def adjust_saturation(img: ImageT, saturation_factor: float) -> ImageT:
    """More colour or less: 0 is grey, 1 the image.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.adjust_saturation.html

    Errors as for `adjust_brightness`.
    """
    if not isinstance(img, Tensor):
        from PIL import ImageEnhance

        return ImageEnhance.Color(as_pillow(img)).enhance(saturation_factor)
    _check_factor("saturation_factor", saturation_factor)
    _check_channels(img)
    if dimensions(img).channels == 1:
        return img
    return _blend(img, rgb_to_grayscale(img), saturation_factor)


def adjust_hue(img: ImageT, hue_factor: float) -> ImageT:
    """All colours further around the circle of hues; grey stays.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.adjust_hue.html

    Args:
        img: the image.
        hue_factor: the part of the circle, -0.5 to 0.5.

    Raises:
        TypeError: if it is no image, or a tensor without 1 or 3 channels.
        ValueError: if the factor is beyond its range.
    """
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if not isinstance(img, Tensor):
        return _turn_hue(as_pillow(img), hue_factor)
    _check_channels(img)
    if dimensions(img).channels == 1:
        return img
    hue, saturation, value = _to_hsv(convert_image_dtype(img, float32))
    turned = _from_hsv((hue + hue_factor) % 1.0, saturation, value)
    return convert_image_dtype(turned, img.dtype)


def _grey(image: Image.Image, channels: int) -> Image.Image:
    grey = image.convert("L")
    if channels == 1:
        return grey
    from PIL import Image

    return Image.merge("RGB", (grey, grey, grey))


def _turn_hue(image: Image.Image, factor: float) -> Image.Image:
    if image.mode in ("L", "1", "I", "F"):
        return image
    from PIL import Image

    hue, saturation, value = image.convert("HSV").split()
    turned = (np.asarray(hue).astype(np.int32) + int(factor * 255)) % 256
    bands = (Image.fromarray(turned.astype(np.uint8)), saturation, value)
    return Image.merge("HSV", bands).convert(image.mode)


def _check_factor(name: str, factor: float) -> None:
    if not factor >= 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def _check_channels(img: Tensor) -> None:
    channels = dimensions(img).channels
    if channels not in (1, 3):
        raise TypeError(
            f"Input image tensor permitted channel values are [1, 3], but found {channels}"
        )


def _blend(img: Tensor, other: Tensor, ratio: float) -> Tensor:
    """Between two images, or beyond the first, within the range of the dtype."""
    bound = 1.0 if img.dtype.is_floating_point else float(iinfo(img.dtype).max)
    return (ratio * img + (1.0 - ratio) * other).clamp(0, bound).to(img.dtype)


def _to_hsv(img: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(..., 3, h, w) from 0 to 1 -> hue, saturation, value, each (..., h, w).

    As Pillow: https://en.wikipedia.org/wiki/HSL_and_HSV#From_RGB
    """
    red, green, blue = (img.select(-3, channel) for channel in range(3))
    value, least = img.amax(dim=-3), img.amin(dim=-3)
    grey = value == least  # without hue and saturation: divide by 1 there
    spread = value - least
    saturation = spread / where(grey, 1.0, value)
    divisor = where(grey, 1.0, spread)
    from_red, from_green, from_blue = (
        (value - channel) / divisor for channel in (red, green, blue)
    )
    hue = where(
        value == red,
        from_blue - from_green,
        where(value == green, 2.0 + from_red - from_blue, 4.0 + from_green - from_red),
    )
    return (hue / 6.0 + 1.0).fmod(1.0), saturation, value


def _from_hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """The inverse of `_to_hsv`: six pieces of the circle, in each one channel rises or falls."""
    piece = (hue * 6.0).floor()
    part = hue * 6.0 - piece
    low = (value * (1.0 - saturation)).clamp(0.0, 1.0)
    falling = (value * (1.0 - saturation * part)).clamp(0.0, 1.0)
    rising = (value * (1.0 - saturation * (1.0 - part))).clamp(0.0, 1.0)
    number = piece % 6

    def channel(pieces: tuple[Tensor, ...]) -> Tensor:
        result = pieces[5]
        for i in range(5):
            result = where(number == i, pieces[i], result)
        return result

    red = (value, falling, low, low, rising, value)
    green = (rising, value, value, falling, low, low)
    blue = (low, low, rising, value, value, falling)
    return stack([channel(red), channel(green), channel(blue)], dim=-3)
