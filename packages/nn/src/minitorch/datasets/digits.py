"""The digits that come with the package: 1,797 images of 8x8 pixels (data/README.md says whose)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from minitorch.datasets.vision import SplitDataset, Transform
from minitorch_tensor import from_numpy

__all__ = ["INK", "Digits", "is_test", "read_digits"]

INK = 16
"""The darkest ink in the file; the ground is 0."""


def read_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All images, (1797, 8, 8) from 0 to 16, and their digits, (1797,), in the file's order.

    >>> images, labels = read_digits()
    >>> images.shape, int(images.max()), labels[:5]
    ((1797, 8, 8), 16, array([0, 1, 2, 3, 4]))
    """
    archive = files("minitorch.datasets") / "data" / "digits.npz"
    with as_file(archive) as path, np.load(path, allow_pickle=False) as arrays:
        images = np.asarray(arrays["images"], dtype=np.uint8)
        return images, np.asarray(arrays["labels"], dtype=np.int64)


def is_test(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which images are to test: every fifth of each digit, so 20%, every digit alike.

    >>> is_test(np.array([3, 3, 7, 3, 3, 3, 3]))
    array([ True, False,  True, False, False, False,  True])
    """
    test = np.zeros(len(labels), dtype=np.bool_)
    for digit in np.unique(labels):
        test[np.flatnonzero(labels == digit)[::5]] = True
    return test


class Digits(SplitDataset):
    """Handwritten digits of 8x8 pixels, without a download: item i is (image, digit).

    Used like `MNIST`: an image is one of Pillow's, mode "L", bright ink on dark ground.

    Args:
        train: the 1,433 images to learn from, rather than the 364 to test.
        transform: takes the image.
        target_transform: takes the digit.

    Attributes:
        data: all images, (n, 8, 8) uint8 from 0 to 255, rounded from the file's 0 to 16.
        targets: their digits, (n,) int64.
        classes: a name for each digit.

    >>> digits = Digits(train=False)
    >>> len(digits), digits.data.shape
    (364, torch.Size([364, 8, 8]))
    >>> digits
    Dataset Digits
        Number of datapoints: 364
        Split: Test
    """

    classes: Sequence[str] = tuple("0123456789")

    def __init__(
        self,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        super().__init__(None, transform=transform, target_transform=target_transform)
        self.train = train
        images, labels = read_digits()
        chosen = is_test(labels) != train
        bright = np.rint(images[chosen] * (255 / INK)).astype(np.uint8)
        self.data = from_numpy(bright)
        self.targets = from_numpy(labels[chosen])

    def __len__(self) -> int:
        """How many images."""
        return len(self.data)

    def __getitem__(self, index: int, /) -> tuple[object, object]:
        """The image (or what `transform` makes of it) and its digit."""
        return self._item(self.data[index].numpy(), int(self.targets[index].item()))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class by its name."""
        return {name: number for number, name in enumerate(self.classes)}
