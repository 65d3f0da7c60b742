"""What data sets of images have in common: a folder, the split, transforms, a text."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from minitorch.extras import needed_for
from minitorch.utils.data.dataset import Dataset

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["StandardTransform", "VisionDataset"]

Transform = Callable[..., object]
"""One value in, one out; of which types is between neighbours in a pipeline."""


class StandardTransform:
    """One transform for the image, one for the target; either may be None.

    >>> StandardTransform(str.upper, None)("a", 3)
    ('A', 3)
    """

    def __init__(
        self, transform: Transform | None = None, target_transform: Transform | None = None
    ) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: object, target: object) -> tuple[object, object]:
        """Both, transformed."""
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, transform in (
            ("Transform: ", self.transform),
            ("Target transform: ", self.target_transform),
        ):
            if transform is not None:
                lines.append(head + repr(transform).replace("\n", "\n" + " " * len(head)))
        return "\n".join(lines)


class VisionDataset(Dataset[tuple[object, object]]):
    """The base of data sets of images: items are pairs of an image and its class.

    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.VisionDataset.html

    Args:
        root: the folder of its files; `~` is the home folder. None where there is none.
        transforms: takes an image and a target, gives both.
        transform: takes an image; instead of `transforms`.
        target_transform: takes a target; instead of `transforms`.

    Raises:
        ValueError: if `transforms` is given together with one of the others.
    """

    _repr_indent = 4

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        transforms: Callable[..., tuple[object, object]] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError(
                "Only transforms or transform/target_transform can be passed as argument"
            )
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        self.transform = transform
        self.target_transform = target_transform
        if separate:
            transforms = StandardTransform(transform, target_transform)
        self.transforms = transforms

    @abstractmethod
    def __len__(self) -> int:
        """How many images."""

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        indented = (" " * self._repr_indent + part for part in body)
        return "\n".join([f"Dataset {type(self).__name__}", *indented])

    def extra_repr(self) -> str:
        """Further lines of the text; none unless a subclass has some."""
        return ""

    def _item(self, pixels: NDArray[np.generic], target: int) -> tuple[object, object]:
        """The item of an image: (height, width) grey, or (height, width, 3) colours."""
        image: object = to_image(pixels, type(self).__name__)
        label: object = target
        if self.transform is not None:  # asked for each time: a program may replace it
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label


class SplitDataset(VisionDataset):
    """A data set in two parts: `train` tells the one to learn from."""

    train: bool

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {'Train' if self.train else 'Test'}"


def to_image(pixels: NDArray[np.generic], what: str) -> Image.Image:
    """The image of Pillow's with these pixels, which are copied.

    Raises:
        ImportError: if Pillow is missing; it names the command that installs it.
    """
    with needed_for(f"an item of {what}, an image of Pillow's,", "datasets"):
        from PIL import Image
    return Image.fromarray(np.ascontiguousarray(pixels))
