"""Images of handwritten digits: the set the package ships, or MNIST from a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minitorch.datasets import DatasetError, digits
from minitorch.datasets.idx_folder import find_idx, read_images
from minitorch_classifier.errors import UserError, explain_os_errors

CLASSES = 10
DATASETS = ("digits", "mnist")


@dataclass(frozen=True)
class Images:
    """Grey images, bright ink on dark ground, with the digit each shows.

    Attributes:
        pixels: (n, height, width) float32 from 0 (ground) to 1 (ink).
        labels: (n,) int64 from 0 to 9.
    """

    pixels: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        """How many images."""
        return len(self.labels)


@dataclass(frozen=True)
class InputSpec:
    """What a model expects of an image: its size, and the scale on which pixels have mean 0, std 1.

    Attributes:
        height: rows of pixels.
        width: columns of pixels.
        mean: of the training pixels.
        std: standard deviation of the training pixels.
    """

    height: int
    width: int
    mean: float
    std: float

    def apply(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, height, width) from 0 to 1 -> (n, 1, height, width) with the training set's scale."""
        scaled = (pixels - np.float32(self.mean)) / np.float32(self.std)
        return np.ascontiguousarray(scaled[:, None], dtype=np.float32)


@dataclass(frozen=True)
class Dataset:
    """A name, what to learn from, and what never to learn from."""

    name: str
    train: Images
    test: Images

    def first(self, samples: int) -> Dataset:
        """The first so many images to learn from, and as many to test."""
        train, test = (
            Images(part.pixels[:samples], part.labels[:samples]) for part in (self.train, self.test)
        )
        return Dataset(self.name, train, test)

    def spec(self) -> InputSpec:
        """What a model trained on this set expects."""
        _, height, width = self.train.pixels.shape
        mean = float(self.train.pixels.mean(dtype=np.float64))
        std = float(self.train.pixels.std(dtype=np.float64))
        return InputSpec(height, width, mean, std or 1.0)  # std is 0 for images all of one grey


def load(name: str, data_dir: Path | None = None) -> Dataset:
    """Load a data set by its name on the command line.

    Raises:
        UserError: if there is no such data set, or its files are missing or damaged.

    >>> dataset = load("digits")
    >>> len(dataset.train), len(dataset.test), dataset.train.pixels.shape
    (1433, 364, (1433, 8, 8))
    """
    if name == "digits":
        if data_dir is not None:
            raise UserError("--data-dir belongs to --dataset mnist; digits come with the package")
        return load_digits()
    if name == "mnist":
        if data_dir is None:
            raise UserError("--dataset mnist needs --data-dir, the folder of its IDX files")
        return load_mnist(data_dir)
    raise UserError(f"no data set '{name}'; there are: {', '.join(DATASETS)}")


def load_digits() -> Dataset:
    """The 1,797 digits that come with minitorch; a fifth of each digit is to test."""
    images, labels = digits.read_digits()
    pixels = (images.astype(np.float32) / digits.INK).astype(np.float32)
    test = digits.is_test(labels)
    return Dataset(
        "digits",
        Images(pixels[~test], labels[~test]),
        Images(pixels[test], labels[test]),
    )


def load_mnist(folder: Path) -> Dataset:
    """MNIST, or any set of the same format: `train-*` to learn from, `t10k-*` to test.

    Where only the t10k files are there, their first four fifths (8,000 of 10,000) are to learn
    from and the rest to test.

    Raises:
        UserError: if files are missing or damaged, or images and labels do not fit together.
    """
    if not folder.is_dir():
        raise UserError(f"--data-dir {folder}: no such folder")
    test = _read_pair(folder, "t10k")
    if find_idx(folder, "train-images-idx3") is None:
        cut = len(test) * 4 // 5
        train = Images(test.pixels[:cut], test.labels[:cut])
        test = Images(test.pixels[cut:], test.labels[cut:])
        if not len(train):
            raise UserError(f"{folder}: {len(test)} image(s) are too few to learn from and to test")
    else:
        train = _read_pair(folder, "train")
    if train.pixels.shape[1:] != test.pixels.shape[1:]:
        raise UserError(
            f"{folder}: training images are {_size(train)}, test images {_size(test)}; "
            "all must have one size"
        )
    return Dataset("mnist", train, test)


def _read_pair(folder: Path, part: str) -> Images:
    with explain_os_errors("read", folder):
        try:
            pixels, labels = read_images(folder, part, CLASSES)
        except DatasetError as error:
            raise UserError(str(error)) from error
    return Images(pixels.astype(np.float32) / np.float32(255), labels)


def _size(images: Images) -> str:
    _, height, width = images.pixels.shape
    return f"{height}x{width}"
