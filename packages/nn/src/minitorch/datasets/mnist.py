"""MNIST and two sets of its format: 70,000 grey images of 28x28 pixels, in ten classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from minitorch.datasets.download import download
from minitorch.datasets.errors import DatasetError
from minitorch.datasets.idx_folder import MissingFileError, read_images
from minitorch.datasets.published import PublishedDataset
from minitorch_tensor import from_numpy

__all__ = ["KMNIST", "MNIST", "FashionMNIST"]


class MNIST(PublishedDataset):
    """Handwritten digits (LeCun et al., 1998, doi 10.1109/5.726791): item i is (image, digit).

    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.MNIST.html

    The files lie in root/MNIST/raw, plain or gzip, where torchvision puts them: one folder
    serves both.
    An image is one of Pillow's, mode "L", which `transform` may turn into a tensor.

    Args:
        root: the folder of all data sets; if omitted `$MINITORCH_DATA_DIR`, or minitorch/datasets
            in the user's folder of caches.
        train: the 60,000 images to learn from, rather than the 10,000 to test.
        transform: takes the image.
        target_transform: takes the digit.
        download: whether to get files that are not there.
        progress: whether a download draws a bar; None: if standard error is a terminal.

    Attributes:
        data: all images, (n, 28, 28) uint8.
        targets: their digits, (n,) int64.
        classes: a name for each digit.

    Raises:
        DatasetError: (a RuntimeError) if a file is not there, cannot be had, or is damaged.
        ImportError: if a download needs a library that is not installed.

    >>> import tempfile
    >>> MNIST(tempfile.gettempdir() + "/empty")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
        ...
    minitorch.datasets.errors.DatasetError: Dataset not found. You can use download=True ...
    """

    mirrors: ClassVar[Sequence[str]] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )
    resources: ClassVar[Sequence[tuple[str, str]]] = (
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    )
    classes: Sequence[str] = (
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four",
        "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine",
    )  # fmt: skip

    def _read(self) -> None:
        part = "train" if self.train else "t10k"
        try:
            pixels, labels = read_images(self.raw_folder, part, len(self.classes))
        except MissingFileError as error:
            raise DatasetError(
                f"Dataset not found. You can use download=True to download it ({error})"
            ) from error
        self.data = from_numpy(pixels)
        self.targets = from_numpy(labels)

    def __len__(self) -> int:
        """How many images."""
        return len(self.data)

    def __getitem__(self, index: int, /) -> tuple[object, object]:
        """The image (or what `transform` makes of it) and its class."""
        return self._item(self.data[index].numpy(), int(self.targets[index].item()))

    @property
    def raw_folder(self) -> str:
        """Where the files lie."""
        return os.path.join(os.fspath(self.root or "."), type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class by its name."""
        return {name: number for number, name in enumerate(self.classes)}

    def download(self, progress: bool | None = None) -> None:
        """Get those of the four files that are not there, plain, or as they were published.

        Raises:
            DatasetError: if one cannot be had.
        """
        for name, md5 in self.resources:
            if not os.path.isfile(os.path.join(self.raw_folder, name.removesuffix(".gz"))):
                urls = [mirror + name for mirror in self.mirrors]
                download(self.raw_folder, name, urls, f"md5:{md5}", progress=progress)


class FashionMNIST(MNIST):
    """Articles of clothing (Xiao et al., 2017, arXiv 1708.07747), instead of digits.

    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.FashionMNIST.html

    Arguments, attributes and errors as for `MNIST`; the folder is root/FashionMNIST/raw.
    """

    mirrors = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    )
    resources = (
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    )
    classes = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )  # fmt: skip


class KMNIST(MNIST):
    """Cursive Japanese characters (Clanuwat et al., 2018, arXiv 1812.01718), instead of digits.

    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.KMNIST.html

    Arguments, attributes and errors as for `MNIST`; the folder is root/KMNIST/raw.
    """

    mirrors = (
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    )
    resources = (
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    )
    classes = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
