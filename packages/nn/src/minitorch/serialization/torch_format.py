"""Reading the files that torch.save writes: an archive since PyTorch 1.6, before that one stream.

The archive has a pickle (`data.pkl`), a record of raw memory for each storage (`data/0`, ...) and
the order of bytes in them. The stream has five pickles one after another (a magic number, a
version, what the machine was like, the object, the keys of the storages), then the storages.
https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

from typing import Final, Literal

from minitorch.serialization.damage import DamagedError, RefusedError, require
from minitorch.serialization.pickle_machine import Machine
from minitorch.serialization.sources import ByteOrder, MappedSource, Source, native
from minitorch.serialization.torch_values import Values
from minitorch.serialization.zip_records import Archive
from minitorch_tensor import Device, DType, Storage

_MAGIC: Final = 0x1950A86A20F9469CFC6C  # of the stream
_VERSION: Final = 1001

Format = Literal["archive", "stream", "tar"]


def format_of(head: bytes) -> Format | None:
    """Which of PyTorch's formats begins with these 512 bytes, if any."""
    if head.startswith(b"PK\x03\x04"):
        return "archive"
    if head[:1] == b"\x80" and head[2:14] == b"\x8a\x0a" + _MAGIC.to_bytes(10, "little"):
        return "stream"
    return "tar" if head[257:262] == b"ustar" else None


def read_archive(source: Source | MappedSource, device: Device) -> object:
    """The object in an archive.

    Raises:
        DamagedError: if it is damaged.
        RefusedError: if it has what is not loaded.
    """
    archive = Archive(source)
    if "constants.pkl" in archive.records:
        raise RefusedError(
            "a program of torch.jit", "in PyTorch, save the state_dict() of the module"
        )
    order: ByteOrder = "little"
    if "byteorder" in archive.records:
        stated = archive.read("byteorder")
        require(stated in (b"little", b"big"), f"its order of bytes is {stated[:20]!r}")
        order = "big" if stated == b"big" else "little"
    values = Values(_Records(archive, order, device))
    pickled = archive.read("data.pkl")
    return Machine(pickled, 0, values.resolve, values.memory).run()


class _Records:
    """The storages of an archive, each read when it is first asked for."""

    def __init__(self, archive: Archive, order: ByteOrder, device: Device) -> None:
        self._archive, self._order, self._device = archive, order, device
        self._known: dict[str, tuple[DType, Storage]] = {}

    def storage(self, key: str, dtype: DType, count: int) -> Storage:
        """The memory of a key."""
        if key not in self._known:
            array = self._archive.array(f"data/{key}", count, dtype, self._order)
            storage = Storage(self._device.backend.upload(array), self._device)
            self._known[key] = dtype, storage
        known, storage = self._known[key]
        require(
            known is dtype and len(storage.buffer) == count,
            f"storage '{key}' is of {known} and of {dtype}, or of two sizes",
        )
        return storage


def read_stream(source: Source | MappedSource, device: Device) -> object:
    """The object in the stream that PyTorch wrote before 1.6.

    Raises:
        DamagedError: if it is damaged.
        RefusedError: if it has what is not loaded.
    """
    if source.mapped:
        raise RefusedError(
            "a file of PyTorch's before 1.6 with mmap=True", "load it without, or save it anew"
        )
    storages = _Demands(device)
    values = Values(storages)
    data = source.read(0, source.size)
    at = 0
    found: list[object] = []
    for _ in range(5):
        machine = Machine(data, at, values.resolve, values.memory)
        found.append(machine.run())
        at = machine.at
    magic, version, _, result, keys = found
    require((magic, version) == (_MAGIC, _VERSION), "its version is unknown")
    if type(keys) is not list or not all(type(key) is str for key in keys):
        raise DamagedError("the keys of its storages are no list of strings")
    for key in keys:
        at = storages.fill(key, source, at)
    require(not storages.empty, f"its storages {[*storages.empty][:3]} are missing")
    return result


class _Demands:
    """The storages of a stream, which come after the object: they are filled when all are known."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.empty: dict[str, tuple[DType, int, Storage]] = {}

    def storage(self, key: str, dtype: DType, count: int) -> Storage:
        """The memory of a key, still without its numbers."""
        if key not in self.empty:
            nothing = self._device.backend.empty(0, dtype)
            self.empty[key] = dtype, count, Storage(nothing, self._device)
        known, size, storage = self.empty[key]
        require(
            known is dtype and size == count,
            f"storage '{key}' is of {known} and of {dtype}, or of two sizes",
        )
        return storage

    def fill(self, key: str, source: Source | MappedSource, at: int) -> int:
        """Read the storage that begins here: its count, then its numbers; where it ends."""
        require(key in self.empty, f"storage '{key}' belongs to nothing, or comes twice")
        dtype, count, storage = self.empty.pop(key)
        stated = int.from_bytes(source.read(at, 8), "little", signed=True)
        require(stated == count, f"storage '{key}' has {stated} elements, not {count}")
        array = native(source.array(at + 8, count, dtype), dtype, "little")
        storage.buffer = self._device.backend.upload(array)
        return at + 8 + count * dtype.itemsize
