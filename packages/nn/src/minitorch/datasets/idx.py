"""IDX, the format of MNIST: two zero bytes, a type, a number of dimensions, the sizes, the numbers.

http://yann.lecun.com/exdb/mnist (kept at https://web.archive.org) describes it. MNIST and its
relatives hold unsigned bytes only, and so does this reader.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from typing import IO

import numpy as np
from numpy.typing import NDArray

from minitorch.datasets.errors import DatasetError

__all__ = ["read_idx"]

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20
LIMIT = 1 << 30
"""Most bytes of numbers: a few kilobytes of gzip could otherwise fill the memory."""


def read_idx(path: str | os.PathLike[str], dimensions: int) -> NDArray[np.uint8]:
    """Read the bytes of an IDX file, plain or gzip (told apart by the content, not the name).

    Args:
        path: the file.
        dimensions: 3 for images (n, height, width), 1 for labels (n,).

    Raises:
        OSError: if the file cannot be read.
        DatasetError: if it is no IDX file of unsigned bytes with that many dimensions, holds fewer
            or more bytes than its header announces, or more than a GiB.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     count = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     file.flush()
    ...     read_idx(file.name, 1)
    array([5, 0, 4], dtype=uint8)
    """
    name = os.fspath(path)
    with open(name, "rb") as file:
        zipped = file.read(2) == GZIP_MAGIC
        file.seek(0)
        if not zipped:
            return _parse(file, name, dimensions)
        try:
            with gzip.open(file) as stream:
                return _parse(stream, name, dimensions)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DatasetError(f"{name}: damaged gzip file ({error}); download it again") from error


def _parse(stream: IO[bytes] | gzip.GzipFile, name: str, dimensions: int) -> NDArray[np.uint8]:
    expected = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    magic = stream.read(4)
    if magic != expected:
        raise DatasetError(
            f"{name}: wrong magic number 0x{magic.hex()}, expected 0x{expected.hex()} "
            f"(an IDX file of unsigned bytes with {dimensions} dimension(s))"
        )
    header = stream.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise DatasetError(f"{name}: truncated, the header ends after {4 + len(header)} bytes")
    shape = tuple(int(size) for size in np.frombuffer(header, dtype=">u4"))
    size = math.prod(shape)
    announced = f"the header announces {' x '.join(map(str, shape))} = {size} bytes"
    if size > LIMIT:
        raise DatasetError(f"{name}: {announced}, and {LIMIT} are the most that is read")
    body = read_at_most(stream, size + 1)
    if len(body) != size:
        found = f"{len(body)}" if len(body) < size else "more"
        state = "truncated" if len(body) < size else "too long"
        raise DatasetError(f"{name}: {state}, {announced}, the file holds {found}")
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)


def read_at_most(stream: IO[bytes] | gzip.GzipFile, size: int) -> bytearray:
    """Up to `size` bytes, in pieces: a header that lies must not allocate what it announces.

    >>> from io import BytesIO
    >>> read_at_most(BytesIO(b"abc"), 10**12)
    bytearray(b'abc')
    """
    body = bytearray()  # and not bytes: the array of them can be written to
    while len(body) < size and (piece := stream.read(min(size - len(body), CHUNK))):
        body += piece
    return body
