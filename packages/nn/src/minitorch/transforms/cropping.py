"""Other sizes: resized, cropped in the middle or anywhere, with a border."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch.transforms import functional as F
from minitorch.transforms.arguments import as_size, check_pair, rounded
from minitorch.transforms.draws import integer, proportion, uniform
from minitorch.transforms.images import Fill, ImageModule, ImageT, dimensions
from minitorch.transforms.interpolation import InterpolationMode, as_mode
from minitorch.transforms.padding import check_padding

__all__ = ["CenterCrop", "Pad", "RandomCrop", "RandomResizedCrop", "Resize"]


class Resize(ImageModule):
    """`functional.resize`: the image in another size.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Resize.html

    Args:
        size: (height, width), or one number for the shorter side.
        interpolation: the way, or Pillow's number of it.
        max_size: the most that the longer side may have.
        antialias: for tensors that shrink: whether a new pixel is of all old ones that it covers.

    Raises:
        TypeError: if a size or way is none.
        ValueError: if there are not one or two sizes.

    >>> Resize(8)
    Resize(size=8, interpolation=bilinear, max_size=None, antialias=True)
    """

    def __init__(
        self,
        size: int | Sequence[int] | None,
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, int | Sequence | None):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError(f"If size is a sequence, it should have 1 or 2 values, got {size}")
        self.size = size
        self.interpolation = as_mode(interpolation)
        self.max_size = max_size
        self.antialias = antialias

    def forward(self, img: ImageT) -> ImageT:
        """The image in the new size."""
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias}"
        )


class CenterCrop(ImageModule):
    """`functional.center_crop`: the part in the middle.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.CenterCrop.html

    Args:
        size: (height, width), or one number for both.

    Raises:
        ValueError: if there are not one or two sizes.

    >>> CenterCrop(10)
    CenterCrop(size=(10, 10))
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = as_size(size)

    def forward(self, img: ImageT) -> ImageT:
        """The part."""
        return F.center_crop(img, self.size)

    def extra_repr(self) -> str:
        """The size."""
        return f"size={self.size}"


class Pad(ImageModule):
    """`functional.pad`: the image with a border.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Pad.html

    Args:
        padding: pixels: one number, (left and right, top and bottom), or (left, top, right,
            bottom).
        fill: the pixels' value for "constant".
        padding_mode: "constant", "edge", "reflect" or "symmetric".

    Raises:
        TypeError: if an argument is of a wrong type.
        ValueError: if there are not 1, 2 or 4 numbers of pixels, or there is no such mode.

    >>> Pad(2)
    Pad(padding=2, fill=0, padding_mode=constant)
    """

    def __init__(
        self, padding: int | Sequence[int], fill: Fill = 0, padding_mode: str = "constant"
    ) -> None:
        super().__init__()
        check_padding(padding, fill, padding_mode)
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: ImageT) -> ImageT:
        """The image with its border."""
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode}"


class RandomCrop(ImageModule):
    """A part anywhere in the image, each place as likely.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomCrop.html

    Draws the row, then the column; nothing if the image has the size already.

    Args:
        size: (height, width), or one number for both.
        padding: a border before, as for `Pad`; None: none.
        pad_if_needed: whether an image that is too small gets a border.
        fill: the border's value for "constant".
        padding_mode: the border's kind, as for `Pad`.

    Raises:
        ValueError: if there are not one or two sizes; in a call, if the image is too small.

    >>> RandomCrop(32, padding=4)
    RandomCrop(size=(32, 32), padding=4)
    """

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Fill = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = as_size(size)
        check_padding(0 if padding is None else padding, fill, padding_mode)
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: object, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Draw where a part begins: row, column, height, width.

        Raises:
            ValueError: if the image is smaller than the part.
        """
        _, height, width = dimensions(img)
        rows, columns = output_size
        if height < rows or width < columns:
            raise ValueError(
                f"Required crop size {(rows, columns)} is larger than input image size "
                f"{(height, width)}"
            )
        if (height, width) == (rows, columns):
            return 0, 0, height, width
        return integer(0, height - rows), integer(0, width - columns), rows, columns

    def forward(self, img: ImageT) -> ImageT:
        """The part."""
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, height, width = dimensions(img)
        rows, columns = self.size
        if self.pad_if_needed and width < columns:
            img = F.pad(img, [columns - width, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and height < rows:
            img = F.pad(img, [0, rows - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def extra_repr(self) -> str:
        """The size and the border."""
        return f"size={self.size}, padding={self.padding}"


class RandomResizedCrop(ImageModule):
    """A part of any area and proportion, resized: how networks for ImageNet are trained.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomResizedCrop.html

    Draws an area and a proportion (uniform in its logarithm), up to ten times until the part fits,
    then the row and the column.

    Args:
        size: (height, width) of the result, or one number for both.
        scale: the least and the greatest share of the image's area.
        ratio: the least and the greatest width over height.
        interpolation: the way, or Pillow's number of it.
        antialias: as for `Resize`.

    Raises:
        TypeError: if `scale` or `ratio` is no sequence.
        ValueError: if they are not two numbers in order.

    >>> RandomResizedCrop(4).size
    (4, 4)
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = as_size(size)
        self.scale = check_pair("scale", scale)
        self.ratio = check_pair("ratio", ratio)
        self.interpolation = as_mode(interpolation)
        self.antialias = antialias

    @staticmethod
    def get_params(
        img: object, scale: Sequence[float], ratio: Sequence[float]
    ) -> tuple[int, int, int, int]:
        """Draw a part: row, column, height, width; the largest one in the middle if none fits."""
        _, height, width = dimensions(img)
        for _ in range(10):
            area = height * width * uniform(scale[0], scale[1])
            aspect = proportion(ratio)
            columns, rows = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < columns <= width and 0 < rows <= height:
                return integer(0, height - rows), integer(0, width - columns), rows, columns
        rows, columns = height, width
        if width / height < min(ratio):
            rows = round(width / min(ratio))
        elif width / height > max(ratio):
            columns = round(height * max(ratio))
        return (height - rows) // 2, (width - columns) // 2, rows, columns

    def forward(self, img: ImageT) -> ImageT:
        """The part in the new size."""
        top, left, height, width = self.get_params(img, self.scale, self.ratio)
        mode, antialias = self.interpolation, self.antialias
        return F.resized_crop(img, top, left, height, width, self.size, mode, antialias)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"size={self.size}, scale={rounded(self.scale)}, ratio={rounded(self.ratio)}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias}"
        )
