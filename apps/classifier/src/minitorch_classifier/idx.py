"""IDX, the format of MNIST: two zero bytes, a type, a number of dimensions, the sizes, the numbers.

http://yann.lecun.com/exdb/mnist (kept at https://web.archive.org) describes it. MNIST and its
relatives hold unsigned bytes only, and so does this reader.
"""

from __future__ import annotations

import gzip
import math
import zlib
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from minitorch_classifier.errors import UserError, explain_os_errors

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read the bytes of an IDX file, plain or gzip (told apart by the content, not the name).

    Args:
        path: the file.
        dimensions: 3 for images (n, height, width), 1 for labels (n,).

    Raises:
        UserError: if the file is not there, is no IDX file of unsigned bytes with that many
            dimensions, or holds fewer or more bytes than its header announces.
    """
    with explain_os_errors("read", path):
        raw = path.read_bytes()
    try:
        with gzip.open(BytesIO(raw)) if raw.startswith(GZIP_MAGIC) else BytesIO(raw) as stream:
            return _parse(stream, path, dimensions)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path}: damaged gzip file ({error}); download it again") from error


def _parse(stream: IO[bytes] | gzip.GzipFile, path: Path, dimensions: int) -> NDArray[np.uint8]:
    expected = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    magic = stream.read(4)
    if magic != expected:
        raise UserError(
            f"{path}: wrong magic number 0x{magic.hex()}, expected 0x{expected.hex()} "
            f"(an IDX file of unsigned bytes with {dimensions} dimension(s))"
        )
    header = stream.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise UserError(f"{path}: truncated, the header ends after {4 + len(header)} bytes")
    shape = tuple(int(size) for size in np.frombuffer(header, dtype=">u4"))
    size = math.prod(shape)
    body = _read_at_most(stream, size + 1)
    if len(body) != size:
        found = f"{len(body)}" if len(body) < size else "more"
        state = "truncated" if len(body) < size else "too long"
        raise UserError(
            f"{path}: {state}, the header announces {' x '.join(map(str, shape))} = {size} bytes, "
            f"the file holds {found}"
        )
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)


def _read_at_most(stream: IO[bytes] | gzip.GzipFile, size: int) -> bytes:
    """Up to `size` bytes, in pieces: a header that lies must not allocate what it announces."""
    pieces: list[bytes] = []
    while size > 0 and (piece := stream.read(min(size, CHUNK))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
