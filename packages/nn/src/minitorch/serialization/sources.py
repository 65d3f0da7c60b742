"""Where the bytes of a checkpoint come from: read into memory of their own, or mapped.

Each tensor is read straight into its own array, so that a file is in memory once, and nothing is
allocated that the file does not hold.
"""

from __future__ import annotations

import io
import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, Literal

import numpy as np

from minitorch.serialization.damage import require
from minitorch_tensor import DType, HostArray
from minitorch_tensor import bool_ as boolean

ByteOrder = Literal["little", "big"]
_CHUNK: Final = 2**20  # of bytes read at a time on their way into an array


class Source:
    """The bytes of a file, read where they are wanted."""

    mapped: Final = False

    def __init__(self, file: BinaryIO, path: str | None = None) -> None:
        self.file, self.path = file, path
        self.size = file.seek(0, os.SEEK_END)

    def read(self, start: int, count: int) -> bytes:
        """A part of the file."""
        require_inside(start, count, self.size)
        self.file.seek(start)
        part = self.file.read(count)
        require(len(part) == count, "the file became shorter while it was read")
        return part

    def array(self, start: int, count: int, dtype: DType) -> HostArray:
        """`count` elements as they are in the file, in memory of their own."""
        require_inside(start, count * dtype.itemsize, self.size)
        array = np.empty(count, dtype.numpy)
        rest = array.view(np.uint8).data
        self.file.seek(start)
        while rest:
            part = self.file.read(min(len(rest), _CHUNK))
            require(bool(part), "the file became shorter while it was read")
            rest[: len(part)] = part
            rest = rest[len(part) :]
        return array


class MappedSource:
    """The bytes of a file in mapped memory: read at first use, and private once they are written.

    Arrays keep the mapping alive. A file that is replaced stays as it was in the mapping; one that
    is cut short in place takes the memory away under the arrays.
    """

    mapped: Final = True

    def __init__(self, file: BinaryIO, path: str) -> None:
        self.size = os.fstat(file.fileno()).st_size
        self.file, self.path = file, path
        self._memory = mmap.mmap(file.fileno(), self.size, access=mmap.ACCESS_COPY)

    def read(self, start: int, count: int) -> bytes:
        """A part of the file."""
        require_inside(start, count, self.size)
        return self._memory[start : start + count]

    def array(self, start: int, count: int, dtype: DType) -> HostArray:
        """`count` elements, in the mapping itself if they lie at a multiple of their size."""
        require_inside(start, count * dtype.itemsize, self.size)
        if not count:
            return np.empty(0, dtype.numpy)
        array = np.frombuffer(self._memory, dtype.numpy, count, start)
        return array if array.flags.aligned else array.copy()


@contextmanager
def opened(f: str | os.PathLike[str] | BinaryIO, mapped: bool) -> Iterator[Source | MappedSource]:
    """The bytes of a path or an open file.

    Raises:
        ValueError: if an open file shall be mapped.
    """
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            if not file.seekable():  # such as /dev/stdin
                yield Source(io.BytesIO(file.read()))
            elif mapped and os.fstat(file.fileno()).st_size:  # nothing cannot be mapped
                yield MappedSource(file, os.fspath(f))
            else:
                yield Source(file, os.fspath(f))
    elif mapped:
        raise ValueError("load: f must be a file path in order to use the mmap argument")
    else:
        yield Source(io.BytesIO(f.read()))


def require_inside(start: int, count: int, size: int) -> None:
    """Raise unless these bytes are in a file of this size.

    Raises:
        DamagedError: if they are not.
    """
    require(
        0 <= start <= start + count <= size,
        f"{count} bytes at {start} are wanted, but the file has {size}",
    )


def native(array: HostArray, dtype: DType, order: ByteOrder) -> HostArray:
    """What was read, in the byte order of this machine; a bool is what is not 0."""
    if order != sys.byteorder and dtype.itemsize > 1:
        return array.byteswap()
    if dtype is boolean:
        numbers = array.view(np.uint8)
        if numbers.size and numbers.max() > 1:
            array = np.not_equal(numbers, 0)
    return array
