"""The records of a zip archive as PyTorch writes it: stored, not compressed, one after another.

Python's zipfile reads the directory; what the directory says is then held against the file, so that
no record lies outside it, over another, or is larger than its bytes.
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from minitorch.serialization.damage import DamagedError, require
from minitorch.serialization.sources import ByteOrder, MappedSource, Source, native
from minitorch_tensor import DType, HostArray

_LOCAL = struct.Struct("<4s5H3I2H")  # the header before each record
_UTF8, _ENCRYPTED = 0x800, 0x1


class Record(NamedTuple):
    """A file in the archive: where its bytes are, and their checksum."""

    start: int
    size: int
    crc: int


class Archive:
    """The records of an archive, without the folder that they are in.

    Raises:
        DamagedError: if the archive is no proper one.
    """

    def __init__(self, source: Source | MappedSource) -> None:
        self._source = source
        try:
            with zipfile.ZipFile(source.file) as archive:
                entries, end = archive.infolist(), archive.start_dir
        except (
            zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, IndexError,
            OverflowError, OSError,
        ) as error:  # fmt: skip
            raise DamagedError(f"its directory cannot be read: {error}") from error
        require(bool(entries), "it is an archive without records")
        folder = entries[0].filename.partition("/")[0] + "/"
        self.records: dict[str, Record] = {}
        for entry in entries:
            name = entry.filename.removeprefix(folder)
            require(name not in self.records, f"it has two records '{name}'")
            self.records[name] = self._record(entry)
        reached = 0
        for name, record in sorted(self.records.items(), key=lambda item: item[1]):
            require(record.start >= reached, f"record '{name}' lies over another")
            reached = record.start + record.size
        require(reached <= end, "a record reaches into the directory")

    def _record(self, entry: zipfile.ZipInfo) -> Record:
        name = entry.filename
        require(not entry.flag_bits & _ENCRYPTED, f"record '{name}' is encrypted")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise DamagedError(
                f"record '{name}' is compressed, which torch.save never does; save it anew"
            )
        at = entry.header_offset
        head = _LOCAL.unpack(self._source.read(at, _LOCAL.size))
        signature, flags, name_size, extra_size = head[0], head[2], head[9], head[10]
        at += _LOCAL.size
        try:
            stated = self._source.read(at, name_size).decode("utf-8" if flags & _UTF8 else "cp437")
        except UnicodeDecodeError as error:
            raise DamagedError(f"record '{name}' has another name: {error}") from error
        require(
            signature == b"PK\x03\x04" and stated == entry.orig_filename,
            f"record '{name}' is not where the directory says",
        )
        return Record(at + name_size + extra_size, entry.file_size, entry.CRC)

    def read(self, name: str) -> bytes:
        """The bytes of a record, held against their checksum."""
        record = self._find(name)
        content = self._source.read(record.start, record.size)
        require(zlib.crc32(content) == record.crc, f"record '{name}' has a wrong checksum")
        return content

    def array(self, name: str, count: int, dtype: DType, order: ByteOrder) -> HostArray:
        """The numbers in a record; held against their checksum unless they are mapped."""
        record = self._find(name)
        require(
            record.size == count * dtype.itemsize,
            f"record '{name}' has {record.size} bytes, but {count} elements of {dtype} are wanted",
        )
        array = self._source.array(record.start, count, dtype)
        if not self._source.mapped:
            crc = zlib.crc32(array.view(np.uint8).data)
            require(crc == record.crc, f"record '{name}' has a wrong checksum")
        return native(array, dtype, order)

    def _find(self, name: str) -> Record:
        record = self.records.get(name)
        if record is None:
            raise DamagedError(f"it has no record '{name}'")
        return record
