"""CIFAR-10: 60,000 coloured images of 32x32 pixels, in ten classes."""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from minitorch.datasets.batches import read_batch
from minitorch.datasets.download import download, has_checksum
from minitorch.datasets.errors import DatasetError
from minitorch.datasets.published import PublishedDataset

__all__ = ["CIFAR10"]

LIMIT = 64 << 20
"""Most bytes of one batch; a published one has 31 million."""


class CIFAR10(PublishedDataset):
    """Animals and vehicles (Krizhevsky, 2009, https://www.cs.toronto.edu/~kriz/cifar.html).

    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.CIFAR10.html

    The files lie in root/cifar-10-batches-py, as torchvision unpacks them, or packed in
    root/cifar-10-python.tar.gz, out of which they are read: nothing is unpacked to the disk. Each
    must have its published checksum, and nothing in it is run (`datasets/batches.py`).

    An image is one of Pillow's, mode "RGB", which `transform` may turn into a tensor.

    Args:
        root: the folder of all data sets; if omitted `$MINITORCH_DATA_DIR`, or minitorch/datasets
            in the user's folder of caches.
        train: the 50,000 images to learn from, rather than the 10,000 to test.
        transform: takes the image.
        target_transform: takes the number of the class.
        download: whether to get the archive if the files are not there.
        progress: whether a download draws a bar; None: if standard error is a terminal.

    Attributes:
        data: all images, (n, 32, 32, 3) uint8, an array of NumPy's as in torchvision.
        targets: their classes, a list.
        classes: a name for each class.
        class_to_idx: the number of each class by its name.

    Raises:
        DatasetError: (a RuntimeError) if files are not there, cannot be had, or are damaged.
        ImportError: if a download needs a library that is not installed.
    """

    base_folder: ClassVar[str] = "cifar-10-batches-py"
    urls: ClassVar[Sequence[str]] = (
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "https://cave.cs.toronto.edu/kriz/cifar-10-python.tar.gz",
    )
    filename: ClassVar[str] = "cifar-10-python.tar.gz"
    tgz_md5: ClassVar[str] = "c58f30108f718f92721af3b95e74349a"
    train_list: ClassVar[Sequence[tuple[str, str]]] = (
        ("data_batch_1", "c99cafc152244af753f735de768cd75f"),
        ("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
        ("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
        ("data_batch_4", "634d18415352ddfa80567beed471001a"),
        ("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
    )
    test_list: ClassVar[Sequence[tuple[str, str]]] = (
        ("test_batch", "40351d587109b95175f43aff81a1287e"),
    )
    classes: Sequence[str] = (
        "airplane", "automobile", "bird", "cat", "deer",
        "dog", "frog", "horse", "ship", "truck",
    )  # fmt: skip

    def _read(self) -> None:
        batches = [read_batch(content, name) for name, content in self._contents()]
        self.data = np.concatenate([batch.pixels for batch in batches])
        self.targets = [label for batch in batches for label in batch.labels]
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}

    def __len__(self) -> int:
        """How many images."""
        return len(self.data)

    def __getitem__(self, index: int, /) -> tuple[object, object]:
        """The image (or what `transform` makes of it) and its class."""
        return self._item(self.data[index], self.targets[index])

    def download(self, progress: bool | None = None) -> None:
        """Get the archive, unless its files are there already.

        Raises:
            DatasetError: if it cannot be had.
        """
        names = [name for name, _ in (*self.train_list, *self.test_list)]
        if not all((self._folder / self.base_folder / name).is_file() for name in names):
            md5 = f"md5:{self.tgz_md5}"
            download(self._folder, self.filename, self.urls, md5, progress=progress)

    @property
    def _folder(self) -> Path:
        return Path(self.root or ".")

    def _contents(self) -> Iterator[tuple[str, bytes]]:
        """The names and contents of the part's files, in order, each with the right checksum."""
        wanted = dict(self.train_list if self.train else self.test_list)
        unpacked, archive = self._folder / self.base_folder, self._folder / self.filename
        if all((unpacked / name).is_file() for name in wanted):
            found = {name: _read_file(unpacked / name) for name in wanted}
        elif archive.is_file():
            if not has_checksum(archive, f"md5:{self.tgz_md5}"):
                raise DatasetError(
                    f"{archive}: damaged, its md5 is not {self.tgz_md5}; use download=True"
                )
            found = _read_archive(archive, [f"{self.base_folder}/{name}" for name in wanted])
        else:
            raise DatasetError(
                "Dataset not found or corrupted. You can use download=True to download it "
                f"(neither the files of {unpacked} nor {archive} are there)"
            )
        for name, md5 in wanted.items():
            digest = hashlib.md5(found[name], usedforsecurity=False).hexdigest()
            if digest != md5:
                raise DatasetError(
                    f"{unpacked / name}: damaged, its md5 is {digest} and not {md5}; remove "
                    f"{unpacked} and {archive}, and use download=True"
                )
            yield str(unpacked / name), found[name]


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LIMIT)


def _read_archive(path: Path, members: Sequence[str]) -> dict[str, bytes]:
    """Files of an archive by their last names; nothing of it is written anywhere."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for info in archive:
                file = archive.extractfile(info) if info.name in members and info.isfile() else None
                if file is not None:
                    found[Path(info.name).name] = file.read(LIMIT)
    except (OSError, EOFError, ValueError, zlib.error, tarfile.TarError) as error:
        raise DatasetError(
            f"{path}: damaged archive ({error}); remove it, and use download=True"
        ) from error
    missing = [member for member in members if Path(member).name not in found]
    if missing:
        raise DatasetError(f"{path}: not in the archive: {', '.join(missing)}")
    return found
