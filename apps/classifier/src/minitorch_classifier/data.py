"""Images of handwritten digits: the set the package ships, or MNIST from a folder."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minitorch_classifier.errors import UserError
from minitorch_classifier.idx import read_idx

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
    """The 1,797 digits of the UCI repository; digits/README.md states their source and licence.

    Every fifth image of each digit is a test image: 20%, every digit alike, the same for any seed.
    """
    archive = files("minitorch_classifier") / "digits" / "digits.npz"
    with as_file(archive) as path, np.load(path, allow_pickle=False) as arrays:
        pixels = (np.asarray(arrays["images"], dtype=np.float32) / 16).astype(np.float32)
        labels = np.asarray(arrays["labels"], dtype=np.int64)
    test = np.zeros(len(labels), dtype=np.bool_)
    for digit in range(CLASSES):
        test[np.flatnonzero(labels == digit)[::5]] = True
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
    if _find(folder, "train-images-idx3") is None:
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
    paths = []
    for stem in (f"{part}-images-idx3", f"{part}-labels-idx1"):
        path = _find(folder, stem)
        if path is None:
            raise UserError(f"{folder}: neither {stem}-ubyte nor {stem}-ubyte.gz is there")
        paths.append(path)
    pixels, labels = read_idx(paths[0], 3), read_idx(paths[1], 1)
    if len(pixels) != len(labels):
        raise UserError(f"{paths[0]} has {len(pixels)} images, {paths[1]} {len(labels)} labels")
    if not pixels.size:
        raise UserError(f"{paths[0]}: no images, the header says {pixels.shape}")
    if labels.max() >= CLASSES:
        raise UserError(f"{paths[1]}: label {labels.max()}, but labels must be 0 to {CLASSES - 1}")
    return Images(pixels.astype(np.float32) / np.float32(255), labels.astype(np.int64))


def _find(folder: Path, stem: str) -> Path | None:
    """Find e.g. train-images-idx3-ubyte[.gz], also as train-images.idx3-ubyte."""
    for name in (stem, stem.replace("-idx", ".idx")):
        for suffix in ("-ubyte", "-ubyte.gz"):
            if (path := folder / (name + suffix)).is_file():
                return path
    return None


def _size(images: Images) -> str:
    _, height, width = images.pixels.shape
    return f"{height}x{width}"
