"""Borders around images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from minitorch.transforms.images import Fill, ImageT, as_pillow, require_image_tensor
from minitorch_tensor import Tensor, from_numpy, functional

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["check_padding", "pad", "pillow_colour"]

_MODES = ("constant", "edge", "reflect", "symmetric")


def pad(
    img: ImageT,
    padding: int | Sequence[int],
    fill: Fill = 0,
    padding_mode: str = "constant",
) -> ImageT:
    """The image with a border.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.pad.html

    Args:
        img: the image.
        padding: pixels at each side: one number, (left and right, top and bottom), or (left, top,
            right, bottom); negative ones cut off.
        fill: the pixels' value for "constant"; for Pillow's images also one for each channel.
        padding_mode: "constant"; "edge": as the last pixel; "reflect": mirrored without it;
            "symmetric": mirrored with it.

    Raises:
        TypeError: if it is no image, or an argument is of a wrong type.
        ValueError: if there are not 1, 2 or 4 numbers of pixels, or there is no such mode.

    >>> import minitorch as torch
    >>> pad(torch.tensor([[1, 2]]), [1, 0], padding_mode="edge").tolist()
    [[1, 1, 2, 2]]
    """
    left, top, right, bottom = check_padding(padding, fill, padding_mode)
    if isinstance(img, Tensor):
        require_image_tensor(img)
        if padding_mode == "constant":
            if isinstance(fill, Sequence):
                raise TypeError(f"Got inappropriate fill arg: {fill}; a tensor's is one number")
            return functional.pad(img, (left, right, top, bottom), value=float(fill or 0))
        for dim, before, after in ((-2, top, bottom), (-1, left, right)):
            places = _border(np.arange(img.shape[dim]), [(before, after)], padding_mode)
            img = img.index_select(dim, from_numpy(places).to(img.device))
        return img
    image = as_pillow(img)
    from PIL import Image

    if padding_mode == "constant":
        size = (left + image.width + right, top + image.height + bottom)
        padded = Image.new(image.mode, size, pillow_colour(image, fill))
        padded.paste(image, (left, top))
    else:
        widths = [(top, bottom), (left, right), (0, 0)]
        pixels = np.asarray(image)
        padded = Image.fromarray(_border(pixels, widths[: pixels.ndim], padding_mode))
    if image.mode == "P" and (palette := image.getpalette()):
        padded.putpalette(palette)
    return padded


def check_padding(
    padding: int | Sequence[int], fill: Fill, padding_mode: str
) -> tuple[int, int, int, int]:
    """The pixels at the left, top, right and bottom, if the arguments of `pad` are right."""
    if not isinstance(padding, int | tuple | list):
        raise TypeError(f"Got inappropriate padding arg: {padding!r}")
    if not isinstance(fill, int | float | tuple | list | None):
        raise TypeError(f"Got inappropriate fill arg: {fill!r}")
    if padding_mode not in _MODES:
        raise ValueError(
            "Padding mode should be either constant, edge, reflect or symmetric, "
            f"but got {padding_mode!r}"
        )
    sides = (padding,) if isinstance(padding, int) else tuple(padding)
    if len(sides) not in (1, 2, 4):
        raise ValueError(
            f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(sides)} element "
            "tuple"
        )
    left, top, right, bottom = sides * (4 // len(sides))
    return left, top, right, bottom


def pillow_colour(image: Image.Image, fill: Fill) -> float | tuple[float, ...]:
    """A fill as Pillow takes it: a number for each channel, integers unless the image has floats.

    Raises:
        ValueError: if there is another number of channels.
    """
    bands = len(image.getbands())
    values = tuple(fill) if isinstance(fill, Sequence) else (fill or 0,) * bands
    if len(values) != bands:
        raise ValueError(
            "The number of elements in 'fill' does not match the number of channels of the image "
            f"({len(values)} != {bands})"
        )
    if image.mode != "F":
        values = tuple(int(value) for value in values)
    return values[0] if bands == 1 else values


def _border(
    array: NDArray[np.generic], widths: Sequence[tuple[int, int]], mode: str
) -> NDArray[np.generic]:
    """`numpy.pad`, whose negative widths cut off."""
    kept = tuple(
        slice(max(-before, 0), size - max(-after, 0))
        for size, (before, after) in zip(array.shape, widths, strict=True)
    )
    added = [(max(before, 0), max(after, 0)) for before, after in widths]
    if mode == "edge":
        return np.pad(array[kept], added, "edge")
    return np.pad(array[kept], added, "reflect" if mode == "reflect" else "symmetric")
