"""Parts of images, borders around them, mirrors, other sizes."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch.transforms.images import ImageT, as_pillow, dimensions, require_image_tensor
from minitorch.transforms.interpolation import InterpolationMode, as_mode
from minitorch.transforms.padding import pad
from minitorch_tensor import Tensor, functional, uint8

__all__ = [
    "center_crop",
    "crop",
    "erase",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "resize",
    "resized_crop",
    "vflip",
]


def get_dimensions(img: object) -> list[int]:
    """Channels, height and width, as a list.

    Raises:
        TypeError: if it is no image.
    """
    return [*dimensions(img)]


def get_image_size(img: object) -> list[int]:
    """Width and height, as a list; errors as for `get_dimensions`."""
    _, height, width = dimensions(img)
    return [width, height]


def get_image_num_channels(img: object) -> int:
    """How many channels; errors as for `get_dimensions`."""
    return dimensions(img).channels


def hflip(img: ImageT) -> ImageT:
    """Left becomes right.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.hflip.html

    Raises:
        TypeError: if it is no image.

    >>> import minitorch as torch
    >>> hflip(torch.tensor([[1, 2], [3, 4]])).tolist()
    [[2, 1], [4, 3]]
    """
    if isinstance(img, Tensor):
        require_image_tensor(img)
        return img.flip(-1)
    image = as_pillow(img)
    from PIL import Image

    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def vflip(img: ImageT) -> ImageT:
    """Top becomes bottom; errors as for `hflip`.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.vflip.html
    """
    if isinstance(img, Tensor):
        require_image_tensor(img)
        return img.flip(-2)
    image = as_pillow(img)
    from PIL import Image

    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def crop(img: ImageT, top: int, left: int, height: int, width: int) -> ImageT:
    """The part of `height` rows from `top` and `width` columns from `left`; 0 beyond the image.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.crop.html

    Raises:
        TypeError: if it is no image.

    >>> import minitorch as torch
    >>> crop(torch.tensor([[1, 2, 3], [4, 5, 6]]), 1, 1, 2, 2).tolist()
    [[5, 6], [0, 0]]
    """
    if not isinstance(img, Tensor):
        return as_pillow(img).crop((left, top, left + width, top + height))
    _, rows, columns = dimensions(img)
    right, bottom = left + width, top + height
    inside = img[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left >= 0 and top >= 0 and right <= columns and bottom <= rows:
        return inside
    border = [
        max(-left + min(0, right), 0),
        max(-top + min(0, bottom), 0),
        max(right - max(columns, left), 0),
        max(bottom - max(rows, top), 0),
    ]
    return pad(inside, border)


def center_crop(img: ImageT, output_size: int | Sequence[int]) -> ImageT:
    """The part in the middle; an image that is smaller gets a border of 0 first.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.center_crop.html

    Args:
        img: the image.
        output_size: (height, width), or one number for both.

    Raises:
        TypeError: if it is no image.
    """
    sizes = (output_size,) if isinstance(output_size, int) else tuple(output_size)
    crop_height, crop_width = sizes * 2 if len(sizes) == 1 else sizes
    _, height, width = dimensions(img)
    if crop_width > width or crop_height > height:
        more_width, more_height = max(crop_width - width, 0), max(crop_height - height, 0)
        border = [more_width // 2, more_height // 2, (more_width + 1) // 2, (more_height + 1) // 2]
        img = pad(img, border)
        _, height, width = dimensions(img)
        if crop_width == width and crop_height == height:
            return img
    top, left = round((height - crop_height) / 2.0), round((width - crop_width) / 2.0)
    return crop(img, top, left, crop_height, crop_width)


def resize(
    img: ImageT,
    size: int | Sequence[int] | None,
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> ImageT:
    """The image in another size.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.resize.html

    Args:
        img: the image; a tensor of integers is computed in float32, and rounded.
        size: (height, width); or one number, for the shorter side, the other in proportion; or
            None: `max_size` is for the longer one.
        interpolation: the way, or Pillow's number of it.
        max_size: the most that the longer side may have; then the shorter is in proportion.
        antialias: for tensors that shrink, whether a new pixel is of all old ones that it covers;
            Pillow's images are always so.

    Raises:
        TypeError: if it is no image, or a size or way is none.
        ValueError: if sizes contradict one another, or a tensor does not know the way.
    """
    mode = as_mode(interpolation)
    _, height, width = dimensions(img)
    new_height, new_width = _new_size(height, width, size, max_size)
    if (new_height, new_width) == (height, width):
        return img
    if isinstance(img, Tensor):
        return _resize_tensor(img, new_height, new_width, mode, bool(antialias))
    return as_pillow(img).resize((new_width, new_height), mode.resampling)


def resized_crop(
    img: ImageT,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> ImageT:
    """A part of the image, `crop`, in another size, `resize`."""
    part = crop(img, top, left, height, width)
    return resize(part, size, interpolation, antialias=antialias)


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """A tensor in which `h` rows from `i` and `w` columns from `j` are `v`.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.erase.html

    Raises:
        TypeError: if it is no tensor.
    """
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    x = img if inplace else img.clone()
    x[..., i : i + h, j : j + w] = v
    return x


def _new_size(
    height: int, width: int, size: int | Sequence[int] | None, max_size: int | None
) -> tuple[int, int]:
    if isinstance(size, Sequence):
        if len(size) not in (1, 2):
            raise ValueError(
                "Size must be an int or a 1 or 2 element tuple/list, not a "
                f"{len(size)} element tuple/list"
            )
        if len(size) == 2:
            if max_size is not None:
                raise ValueError(
                    "max_size should only be passed if size specifies the length of the smaller "
                    f"edge, i.e. size should be an int, but size is {tuple(size)}"
                )
            return size[0], size[1]
        size = size[0]
    short, long = min(height, width), max(height, width)
    if size is None:
        if max_size is None:
            raise ValueError("max_size must be an integer when size is None, but got None")
        new_short, new_long = int(max_size * short / long), max_size
    else:
        new_short, new_long = size, int(size * long / short)
        if max_size is not None:
            if max_size <= size:
                raise ValueError(
                    f"max_size = {max_size} must be strictly greater than the requested size for "
                    f"the smaller edge size = {size}"
                )
            if new_long > max_size:
                new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if width <= height else (new_short, new_long)


_TENSOR_MODES = ("nearest", "nearest-exact", "bilinear", "bicubic")


def _resize_tensor(
    img: Tensor, height: int, width: int, mode: InterpolationMode, antialias: bool
) -> Tensor:
    name = mode.value
    if name not in _TENSOR_MODES:
        raise ValueError(
            f"This interpolation mode is unsupported with Tensor input: {name}; "
            f"there are {', '.join(_TENSOR_MODES)}"
        )
    x = img.reshape(-1, *dimensions(img))  # leading dimensions as one
    smooth = name in ("bilinear", "bicubic")
    whole = not img.dtype.is_floating_point
    if whole:
        x = x.float()
    corners = False if smooth else None
    x = functional.interpolate(
        x, (height, width), mode=name, align_corners=corners, antialias=antialias and smooth
    )
    if whole:
        if name == "bicubic" and img.dtype is uint8:
            x = x.clamp(0, 255)
        x = x.round().to(img.dtype)
    return x.reshape(*img.shape[:-2], height, width)
