"""Images turned around a point."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minitorch.transforms.images import Fill, ImageT, as_pillow, dimensions
from minitorch.transforms.interpolation import InterpolationMode, as_mode
from minitorch.transforms.padding import pillow_colour
from minitorch_tensor import (
    Tensor,
    cat,
    float32,
    functional,
    linspace,
    ones_like,
    stack,
    tensor,
    where,
)

__all__ = ["rotate"]

_TENSOR_MODES = ("nearest", "bilinear")


def rotate(
    img: ImageT,
    angle: float,
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Fill = None,
) -> ImageT:
    """The image, turned against the clock.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.rotate.html

    Args:
        img: the image; a tensor of integers is computed in float32, and rounded.
        angle: in degrees.
        interpolation: NEAREST or BILINEAR, for Pillow's images also BICUBIC, or Pillow's number.
        expand: whether the result is large enough for all of the turned image.
        center: (x, y) of the point that stays, from the top left corner; None: the middle.
        fill: what comes from beyond the image: one number or one for each channel; 0 if omitted.

    Raises:
        TypeError: if it is no image, or an argument is of a wrong type.
        ValueError: if there are not two coordinates, not a number for each channel, or a tensor
            does not know the way.

    >>> import minitorch as torch
    >>> rotate(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), 90).tolist()
    [[[2.0, 4.0], [1.0, 3.0]]]
    """
    mode = as_mode(interpolation)
    if not isinstance(angle, int | float):
        raise TypeError(f"Argument angle should be int or float, got {angle!r}")
    if center is not None and not isinstance(center, list | tuple):
        raise TypeError(f"Argument center should be a sequence, got {center!r}")
    if center is not None and len(center) != 2:
        raise ValueError(f"Argument center should have two numbers, x and y, got {center!r}")
    if isinstance(img, Tensor):
        return _rotate_tensor(img, angle, mode, expand, center, fill)
    image = as_pillow(img)
    middle = None if center is None else (center[0], center[1])
    colour = pillow_colour(image, fill)
    return image.rotate(angle, mode.resampling, expand, middle, fillcolor=colour)


def _rotate_tensor(
    img: Tensor,
    angle: float,
    mode: InterpolationMode,
    expand: bool,
    center: Sequence[float] | None,
    fill: Fill,
) -> Tensor:
    """Each new pixel is looked up where it comes from: the inverse turn of its place."""
    channels, height, width = dimensions(img)
    if mode.value not in _TENSOR_MODES:
        raise ValueError(
            f"This interpolation mode is unsupported with Tensor input: {mode.value}; "
            f"there are {', '.join(_TENSOR_MODES)}"
        )
    cx, cy = (0.0, 0.0) if center is None else (center[0] - width / 2, center[1] - height / 2)
    radians = math.radians(angle)
    cos, sin = math.cos(radians), math.sin(radians)
    # x' = R (x - c) + c, with places measured from the image's middle
    inverse = [[cos, -sin, cx - cos * cx + sin * cy], [sin, cos, cy - sin * cx - cos * cy]]
    new_height, new_width = _expanded(inverse, height, width) if expand else (height, width)
    dtype = img.dtype if img.dtype.is_floating_point else float32
    x = img.to(dtype).reshape(-1, channels, height, width)  # leading dimensions as one
    if fill is not None:  # one more channel says how much of a new pixel is of the image
        x = cat([x, ones_like(x[:, :1])], dim=1)
    ys, xs = (
        linspace(0.5 - n / 2, n / 2 - 0.5, n, dtype=dtype, device=img.device)
        for n in (new_height, new_width)
    )
    shape = (new_height, new_width)
    base = [xs.expand(shape), ys.reshape(-1, 1).expand(shape), ones_like(xs).expand(shape)]
    # `grid_sample` measures places in halves of the image.
    turn = tensor(inverse, dtype=dtype, device=img.device).t()
    turn = turn / tensor([width / 2, height / 2], dtype=dtype, device=img.device)
    grid = stack(base, dim=-1).reshape(-1, 3).matmul(turn).reshape(1, *shape, 2)
    grid = grid.expand(x.shape[0], *shape, 2)
    seen = functional.grid_sample(x, grid, mode.value, "zeros", align_corners=False)
    if fill is not None:
        seen = _fill(seen[:, :-1], seen[:, -1:], fill, mode)
    if not img.dtype.is_floating_point:
        seen = seen.round().to(img.dtype)
    return seen.reshape(*img.shape[:-2], *shape)


def _fill(seen: Tensor, share: Tensor, fill: Fill, mode: InterpolationMode) -> Tensor:
    """`fill` where the image does not reach."""
    values = [float(value) for value in fill] if isinstance(fill, Sequence) else [float(fill or 0)]
    channels = seen.shape[1]
    if len(values) not in (1, channels):
        raise ValueError(
            "The number of elements in 'fill' cannot broadcast to match the number of channels of "
            f"the image ({len(values)} != {channels})"
        )
    colour = tensor(values, dtype=seen.dtype, device=seen.device).reshape(1, -1, 1, 1)
    if mode is InterpolationMode.NEAREST:
        return where(share < 0.5, colour, seen)
    return seen * share + (1.0 - share) * colour


def _expanded(inverse: Sequence[Sequence[float]], height: int, width: int) -> tuple[int, int]:
    """The size that holds the turned image: in float32, as torchvision has it to the pixel."""
    half = np.array([width / 2, height / 2], dtype=np.float32)
    corners = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]], dtype=np.float32) * half
    turn = np.array(inverse, dtype=np.float32)
    ends = corners @ turn[:, :2].T + turn[:, 2] + half
    # Cut to four digits: 1e-15 too much is not one more pixel.
    tolerance = np.float32(1e-4)
    last = np.ceil(np.trunc(ends.max(axis=0) / tolerance) * tolerance)
    first = np.floor(np.trunc(ends.min(axis=0) / tolerance) * tolerance)
    new_width, new_height = (int(size) for size in last - first)
    return new_height, new_width
