"""A folder of IDX files: images and labels that belong together."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minitorch.datasets.errors import DatasetError
from minitorch.datasets.idx import read_idx

__all__ = ["MissingFileError", "find_idx", "read_images"]


class MissingFileError(DatasetError):
    """A file is not in its folder."""


def find_idx(folder: str | os.PathLike[str], stem: str) -> Path | None:
    """The file `<stem>-ubyte` or `<stem>-ubyte.gz`, also with `.idx` for `-idx`, or None.

    >>> find_idx("no/such/folder", "train-images-idx3") is None
    True
    """
    for name in (stem, stem.replace("-idx", ".idx")):
        for suffix in ("-ubyte", "-ubyte.gz"):
            if (path := Path(folder, name + suffix)).is_file():
                return path
    return None


def read_images(
    folder: str | os.PathLike[str], part: str, classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, height, width) and their labels (n,), from 0 to classes - 1.

    Args:
        folder: where the two files lie.
        part: how their names begin: "train" or "t10k".
        classes: how many there are.

    Raises:
        OSError: if a file cannot be read.
        MissingFileError: if a file is not there.
        DatasetError: if one is damaged, or images and labels do not fit together.
    """
    images, labels = (_find(folder, f"{part}-{kind}") for kind in ("images-idx3", "labels-idx1"))
    pixels, targets = read_idx(images, 3), read_idx(labels, 1)
    if len(pixels) != len(targets):
        raise DatasetError(f"{images} has {len(pixels)} images, {labels} {len(targets)} labels")
    if not pixels.size:
        raise DatasetError(f"{images}: no images, the header says {pixels.shape}")
    if targets.max() >= classes:
        raise DatasetError(
            f"{labels}: label {targets.max()}, but labels must be 0 to {classes - 1}"
        )
    return pixels, targets.astype(np.int64)


def _find(folder: str | os.PathLike[str], stem: str) -> Path:
    path = find_idx(folder, stem)
    if path is None:
        raise MissingFileError(
            f"{os.fspath(folder)}: neither {stem}-ubyte nor {stem}-ubyte.gz is there"
        )
    return path
