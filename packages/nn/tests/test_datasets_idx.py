"""IDX files: what is read, and what is said of a file that is not one."""

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from minitorch.datasets import DatasetError
from minitorch.datasets.idx import read_idx

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
GOOD = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 3, 4) + IMAGES.tobytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.mark.parametrize("content", [GOOD, gzip.compress(GOOD, mtime=0)], ids=["plain", "gzip"])
def test_a_file_is_read_plain_or_gzip_whatever_its_name(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    array = read_idx(path, 3)
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, IMAGES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "wrong magic number 0x, expected 0x00000803"),
        (b"\x89PNG\r\n", "wrong magic number 0x89504e47"),
        (bytes([0, 0, 13, 3]) + GOOD[4:], "wrong magic number 0x00000d03"),
        (bytes([0, 0, 8, 1]) + GOOD[4:], "wrong magic number 0x00000801"),
        (GOOD[:10], "truncated, the header ends after 10 bytes"),
        (GOOD[:-1], "truncated, the header announces 2 x 3 x 4 = 24 bytes, the file holds 23"),
        (GOOD[:16], "truncated, .* the file holds 0"),
        (GOOD + b"x", "too long, .* the file holds more"),
        (GOOD[:4] + b"\xff" * 12 + GOOD[16:], "the header announces .* the most that is read"),
        (GOOD[:4] + struct.pack(">3I", 1, 9, 1 << 20) + GOOD[16:], "truncated, .* holds 24"),
        (gzip.compress(GOOD, mtime=0) + b"garbage", "damaged gzip file"),
        (gzip.compress(GOOD + bytes(1 << 20), mtime=0), "too long, .* the file holds more"),
        (gzip.compress(GOOD, mtime=0)[:-9], "damaged gzip file .* download it again"),
        (gzip.compress(GOOD, mtime=0)[:-8] + b"\0" * 8, "damaged gzip file"),
        (b"\x1f\x8b" + b"\xff" * 20, "damaged gzip file"),
    ],
)
def test_a_damaged_file_is_refused_and_the_reason_named(
    path: Path, content: bytes, message: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"images: {message}"):
        read_idx(path, 3)


def test_a_gzip_file_cut_anywhere_is_refused(path: Path) -> None:
    whole = gzip.compress(GOOD, mtime=0)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DatasetError, match=r"images: "):
            read_idx(path, 3)


def test_a_small_file_cannot_fill_the_memory(path: Path) -> None:
    bomb = GOOD[:4] + struct.pack(">3I", 1 << 20, 1 << 10, 2) + bytes(1 << 22)
    path.write_bytes(gzip.compress(bomb, mtime=0))
    assert path.stat().st_size < 10_000
    tracemalloc.start()
    with pytest.raises(DatasetError, match="= 2147483648 bytes, and 1073741824 are the most"):
        read_idx(path, 3)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_every_damaged_byte_of_the_header_is_found(path: Path) -> None:
    for position in range(16):
        for bit in range(8):
            damaged = bytearray(GOOD)
            damaged[position] ^= 1 << bit
            path.write_bytes(damaged)
            with pytest.raises(DatasetError, match="images: "):
                read_idx(path, 3)


def test_the_numbers_can_be_written_to(path: Path) -> None:
    path.write_bytes(GOOD)
    array = read_idx(path, 3)
    array[0, 0, 0] = 99
    assert array[0, 0, 0] == 99


def test_a_missing_file_and_a_folder_are_os_errors(tmp_path: Path, path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(path, 3)
    with pytest.raises(OSError, match="directory"):
        read_idx(tmp_path, 3)
