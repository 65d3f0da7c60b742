"""What an image is: one of Pillow's, or a tensor (..., channels, height, width).

Every function on images takes either kind and gives the same kind. Pillow is never imported here
for a tensor's sake: where its module is not loaded, nothing can be an image of Pillow's.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeGuard, TypeVar, overload

from minitorch.nn.module import HasForward, Module, P, R_co
from minitorch_tensor import Tensor

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Fill", "ImageModule", "ImageT", "as_pillow", "dimensions", "is_pillow"]

ImageT = TypeVar("ImageT", Tensor, "Image.Image")
"""Either kind of image, the same in one call."""

Fill = float | Sequence[float] | None
"""What new pixels are: one number, or one for each channel."""


class Dimensions(NamedTuple):
    """The sizes of an image."""

    channels: int
    height: int
    width: int


def is_pillow(value: object) -> TypeGuard[Image.Image]:
    """Whether it is an image of Pillow's."""
    if "PIL.Image" not in sys.modules:
        return False
    from PIL import Image

    return isinstance(value, Image.Image)


def as_pillow(value: object) -> Image.Image:
    """The image of Pillow's that it is.

    Raises:
        TypeError: if it is none.

    >>> as_pillow(3)
    Traceback (most recent call last):
        ...
    TypeError: img should be PIL Image. Got <class 'int'>
    """
    if not is_pillow(value):
        raise TypeError(f"img should be PIL Image. Got {type(value)}")
    return value


def require_image_tensor(img: Tensor) -> None:
    """Raise unless a tensor has a height and a width."""
    if img.ndim < 2:
        raise TypeError(f"Tensor is not a torch image: its shape is {tuple(img.shape)}")


def dimensions(img: object) -> Dimensions:
    """Channels, height and width.

    Raises:
        TypeError: if it is no image.

    >>> import minitorch as torch
    >>> dimensions(torch.zeros(3, 20, 30))
    Dimensions(channels=3, height=20, width=30)
    """
    if isinstance(img, Tensor):
        require_image_tensor(img)
        return Dimensions(1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1])
    if not is_pillow(img):
        raise TypeError(f"Unexpected type {type(img)}: an image is of Pillow's or a tensor")
    return Dimensions(len(img.getbands()), img.height, img.width)


class ImageModule(Module):
    """The base of transforms: a module whose call takes either kind of image."""

    if TYPE_CHECKING:

        @overload
        def __call__(self, img: Image.Image, /) -> Image.Image: ...
        @overload
        def __call__(self: HasForward[P, R_co], *args: P.args, **kwargs: P.kwargs) -> R_co: ...
        @overload
        def __call__(self, *args: Tensor, **kwargs: Tensor) -> Tensor: ...
        def __call__(self, *args: object, **kwargs: object) -> object:
            """`forward`, between the hooks."""
