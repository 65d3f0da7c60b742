"""Transforms that happen or not: mirrors, turns, erased parts, and any others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from minitorch.nn.module import Module
from minitorch.transforms import functional as F
from minitorch.transforms.arguments import as_range, check_pair
from minitorch.transforms.draws import chance, exceeds, integer, proportion, uniform
from minitorch.transforms.images import Fill, ImageModule, ImageT, dimensions
from minitorch.transforms.interpolation import InterpolationMode, as_mode
from minitorch_tensor import Tensor, empty, tensor

__all__ = [
    "RandomApply",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomRotation",
    "RandomVerticalFlip",
]


class _Flip(ImageModule):
    """A mirror with a probability: one number is drawn."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"


class RandomHorizontalFlip(_Flip):
    """`functional.hflip` with probability p.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomHorizontalFlip.html

    >>> import minitorch as torch
    >>> RandomHorizontalFlip(p=1)(torch.tensor([[1, 2]])).tolist()
    [[2, 1]]
    """

    def forward(self, img: ImageT) -> ImageT:
        """The image, or its mirror image."""
        return F.hflip(img) if chance(self.p) else img


class RandomVerticalFlip(_Flip):
    """`functional.vflip` with probability p.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomVerticalFlip.html
    """

    def forward(self, img: ImageT) -> ImageT:
        """The image, or its mirror image."""
        return F.vflip(img) if chance(self.p) else img


class RandomApply(Module):
    """Several transforms, one after another, with probability p; otherwise none of them.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomApply.html

    Args:
        transforms: a sequence, or an `nn.ModuleList`.
        p: the probability.

    >>> RandomApply([str.upper], p=1)("a")
    'A'
    """

    def __init__(self, transforms: Iterable[Callable[..., object]], p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img: object) -> object:
        """The image, or what the transforms make of it."""
        if exceeds(self.p):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        lines = "".join(f"\n    {transform}" for transform in self.transforms)
        return f"{type(self).__name__}(\n    p={self.p}{lines}\n)"


class RandomRotation(ImageModule):
    """`functional.rotate` by an angle that is drawn.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomRotation.html

    Args:
        degrees: the least and the greatest angle, or one number for both sides of 0.
        interpolation: the way, or Pillow's number of it.
        expand: whether the result is large enough for all of the turned image.
        center: (x, y) of the point that stays; None: the middle.
        fill: what comes from beyond the image: one number or one for each channel.

    Raises:
        TypeError: if an argument is of a wrong type.
        ValueError: if the angle is negative, or there are not two of something.

    >>> RandomRotation(10)
    RandomRotation(degrees=[-10.0, 10.0], interpolation=nearest, expand=False, fill=0)
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Fill = 0,
    ) -> None:
        super().__init__()
        self.degrees = as_range("degrees", degrees)
        self.interpolation = as_mode(interpolation)
        self.expand = expand
        if center is not None and not isinstance(center, Sequence):
            raise TypeError(f"center should be a sequence of length 2, got {center!r}.")
        if center is not None and len(center) != 2:
            raise ValueError(f"center should be a sequence of length 2, got {len(center)}.")
        self.center = center
        if not isinstance(fill, int | float | Sequence | None):
            raise TypeError("Fill should be either a sequence or a number.")
        self.fill: Fill = 0 if fill is None else fill

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """Draw an angle."""
        return uniform(degrees[0], degrees[1])

    def forward(self, img: ImageT) -> ImageT:
        """The turned image."""
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, self.fill)

    def extra_repr(self) -> str:
        """The arguments."""
        center = "" if self.center is None else f", center={self.center}"
        return (
            f"degrees={self.degrees}, interpolation={self.interpolation.value}, "
            f"expand={self.expand}{center}, fill={self.fill}"
        )


class RandomErasing(Module):
    """A rectangle anywhere becomes a number, or noise, with probability p. For tensors.

    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomErasing.html
    (Zhong et al., 2017, arXiv 1708.04896)

    Draws whether; an area and a proportion (uniform in its logarithm), up to ten times until the
    rectangle fits; the noise; the row and the column.

    Args:
        p: the probability.
        scale: the least and the greatest share of the image's area.
        ratio: the least and the greatest height over width.
        value: one number, one for each channel, or "random": normal noise.
        inplace: whether to change the image itself.

    Raises:
        TypeError: if an argument is of a wrong type.
        ValueError: if it is out of its range; in a call, if `value` does not fit the channels.

    >>> RandomErasing()
    RandomErasing(p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False)
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: float | str | Sequence[float] = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, int | float | str | tuple | list):
            raise TypeError(
                f"Argument value should be either a number or str or a sequence, got {value!r}"
            )
        if isinstance(value, str) and value != "random":
            raise ValueError(f"If value is str, it should be 'random', got {value!r}")
        self.scale = check_pair("scale", scale)
        self.ratio = check_pair("ratio", ratio)
        if self.scale[0] < 0 or self.scale[1] > 1:
            raise ValueError(f"Scale should be between 0 and 1, got {scale}")
        if not 0 <= p <= 1:
            raise ValueError(f"Random erasing probability should be between 0 and 1, got {p}")
        self.p = p
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor,
        scale: Sequence[float],
        ratio: Sequence[float],
        value: Sequence[float] | None = None,
    ) -> tuple[int, int, int, int, Tensor]:
        """Draw a rectangle: row, column, height, width, and what it becomes.

        If none fits in ten attempts, it is all of the image, as it is.
        """
        channels, height, width = dimensions(img)
        for _ in range(10):
            area = height * width * uniform(scale[0], scale[1])
            aspect = proportion(ratio)
            rows, columns = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if rows < height and columns < width:
                if value is None:
                    new = empty(channels, rows, columns).normal_()
                else:
                    new = tensor(list(value)).reshape(-1, 1, 1)
                top, left = integer(0, height - rows), integer(0, width - columns)
                return top, left, rows, columns, new.to(img.device)
        return 0, 0, height, width, img

    def forward(self, img: Tensor) -> Tensor:
        """The image, perhaps with its rectangle."""
        if not chance(self.p):
            return img
        values = None if isinstance(self.value, str) else _numbers(self.value)
        channels = dimensions(img).channels
        if values is not None and len(values) not in (1, channels):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{channels} (number of input channels)"
            )
        top, left, rows, columns, new = self.get_params(img, self.scale, self.ratio, values)
        return F.erase(img, top, left, rows, columns, new, self.inplace)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"p={self.p}, scale={self.scale}, ratio={self.ratio}, value={self.value}, "
            f"inplace={self.inplace}"
        )


def _numbers(value: float | Sequence[float]) -> list[float]:
    return [float(value)] if isinstance(value, int | float) else [float(one) for one in value]
