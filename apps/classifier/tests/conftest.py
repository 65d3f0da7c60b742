"""Tiny data and short ways to call the command, shared by the classifier's tests."""

import gzip
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from minitorch_classifier.cli import main


class Result(NamedTuple):
    """What a call of `classify` left behind."""

    code: int
    out: str
    err: str


Call = Callable[..., Result]


@pytest.fixture
def classify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """`classify("train", "--epochs", "1")` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert isinstance(exit_.value.code, int)
        return Result(exit_.value.code, out, err)

    return call


def idx(array: NDArray[np.uint8]) -> bytes:
    """The bytes of an IDX file."""
    return (
        bytes([0, 0, 8, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.tobytes()
    )


def blocks(n: int, side: int = 8) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images that are easy to learn: each digit lights a block of its own."""
    rng = np.random.default_rng(0)
    labels = (np.arange(n) % 10).astype(np.uint8)
    images = rng.integers(0, 60, (n, side, side)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = label % 5, label // 5 * (side // 2)
        image[row : row + 2, column : column + side // 2] = 255
    return images, labels


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """A folder with 80 training and 20 test images, 8x8, one file of each pair gzipped."""
    folder = tmp_path / "data"
    folder.mkdir()
    for part, n in (("train", 80), ("t10k", 20)):
        images, labels = blocks(n)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder


def contents(folder: Path) -> dict[str, str]:
    """The digest of every file below a folder: pytest would explain other bytes for minutes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
