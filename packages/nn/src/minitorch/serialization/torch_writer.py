"""Writing PyTorch's own format, so that torch.load reads it, with `weights_only=True` too.

The pickle is of protocol 2 and names only what PyTorch's allow-list has. As in PyTorch, memory is
written once for all tensors that are views of it, whole, and they are views of one memory again
when they are loaded. Devices are not kept: all of it is of the CPU.
https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import pickle
import struct
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import IO, Final

import numpy as np

from minitorch.nn.parameter import Parameter
from minitorch.serialization.torch_values import STORAGES
from minitorch.serialization.tree import bad_key, bad_value, contains_itself
from minitorch_tensor import Device, DType, HostArray, Size, Tensor

_NAMES: Final = {dtype: name for name, dtype in STORAGES.items()}
_ALIGNMENT: Final = 64  # of storages in the file, as PyTorch has it, so that they can be mapped
_FOLDER: Final = "archive"


def prepared(obj: Mapping[str, object]) -> Callable[[IO[bytes]], object]:
    """What writes an object to a file.

    Raises:
        TypeError: if the object has something that cannot be saved.
        ValueError: if it contains itself; or if memory is seen as two dtypes.
    """
    pickler = _Pickler()
    pickler.put(obj, "")
    stream = pickle.PROTO + b"\x02" + b"".join(pickler.parts) + pickle.STOP
    return lambda file: _write(file, stream, pickler.storages)


def _write(file: IO[bytes], stream: bytes, storages: list[Tensor]) -> None:
    import zipfile

    with zipfile.ZipFile(file, "w") as archive:

        def add(name: str, content: bytes | memoryview) -> None:
            info = zipfile.ZipInfo(f"{_FOLDER}/{name}")  # dated 1980: equal objects, equal files
            large = len(content) * 1.05 > zipfile.ZIP64_LIMIT  # then zipfile adds 20 bytes
            begin = archive.start_dir + 30 + len(info.filename) + 4 + 20 * large
            # A field of the header that says nothing fills it up.
            fill = -begin % _ALIGNMENT
            info.extra = struct.pack("<2sH", b"FB", fill) + b"Z" * fill
            archive.writestr(info, content)

        add("data.pkl", stream)
        add("byteorder", sys.byteorder.encode())
        for key, x in enumerate(storages):
            add(f"data/{key}", _memory(x).view(np.uint8).data)
        add("version", b"3\n")


def _memory(x: Tensor) -> HostArray:
    """All the memory under a tensor."""
    return x.device.backend.download(x.storage.buffer)


class _Pickler:
    """Makes the program of a pickle."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.storages: list[Tensor] = []  # one tensor for each memory, which is its key
        self._keys: dict[int, int] = {}
        self._memo: dict[int, int] = {}
        self._kept: list[object] = []  # so that no id is used twice
        self._inside: set[int] = set()

    def put(self, value: object, path: str) -> None:
        """The instructions that make a value."""
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, (bool, int, float, str, bytes, DType)):
            self.parts.append(_simple(value))
        elif id(value) in self._memo:
            self._emit(pickle.LONG_BINGET + struct.pack("<I", self._memo[id(value)]))
        elif id(value) in self._inside:
            raise contains_itself(path)
        else:
            self._inside.add(id(value))
            self._made(value, path)
            self._inside.discard(id(value))
            self._emit(pickle.LONG_BINPUT + struct.pack("<I", len(self._memo)))
            self._memo[id(value)] = len(self._memo)
            self._kept.append(value)

    def _emit(self, *parts: bytes) -> None:
        self.parts += parts

    def _made(self, value: object, path: str) -> None:
        if isinstance(value, Parameter):
            self._emit(_name("torch._utils", "_rebuild_parameter"), pickle.MARK)
            self._tensor(value.detach(), False, path)
            self._emit(_simple(value.requires_grad), _EMPTY_ORDERED, pickle.TUPLE, pickle.REDUCE)
        elif isinstance(value, Tensor):
            self._tensor(value.detach(), value.requires_grad, path)
        elif isinstance(value, Mapping):
            self._mapping(value, path)
        elif isinstance(value, Size):
            self._emit(_name("torch", "Size"), _sizes(value), pickle.TUPLE1, pickle.REDUCE)
        elif isinstance(value, Device):
            self._emit(_name("torch", "device"), _simple(str(value)), pickle.TUPLE1, pickle.REDUCE)
        elif isinstance(value, tuple):
            self._items(pickle.MARK, value, pickle.TUPLE, path)
        elif isinstance(value, list):
            self._items(pickle.EMPTY_LIST + pickle.MARK, value, pickle.APPENDS, path)
        elif isinstance(value, set):
            self._emit(_name("__builtin__", "set"))
            self._items(pickle.EMPTY_LIST + pickle.MARK, [*value], pickle.APPENDS, path)
            self._emit(pickle.TUPLE1, pickle.REDUCE)
        else:
            raise bad_value(value, path)

    def _items(
        self, begin: bytes, items: list[object] | tuple[object, ...], end: bytes, path: str
    ) -> None:
        self._emit(begin)
        for i, item in enumerate(items):
            self.put(item, f"{path}.{i}")
        self._emit(end)

    def _mapping(self, value: Mapping[object, object], path: str) -> None:
        if isinstance(value, Counter):  # schedules have one
            self._emit(_name("collections", "Counter"))
        self._emit(_EMPTY_ORDERED if isinstance(value, OrderedDict) else pickle.EMPTY_DICT)
        self._emit(pickle.MARK)
        for key, item in value.items():
            for part in key if isinstance(key, tuple) else (key,):
                if not isinstance(part, (str, int, float, np.generic)):
                    raise bad_key(key, path)
            below = f"{path}.{key}" if path else str(key)
            self.put(key, below)
            self.put(item, below)
        self._emit(pickle.SETITEMS)
        if isinstance(value, Counter):
            self._emit(pickle.TUPLE1, pickle.REDUCE)
        metadata = getattr(value, "_metadata", None)
        if isinstance(value, OrderedDict) and metadata is not None:  # of torch's state_dict()
            self.put({"_metadata": metadata}, f"{path}._metadata")
            self._emit(pickle.BUILD)

    def _tensor(self, x: Tensor, requires_grad: bool, path: str) -> None:
        """A tensor over a storage, which comes as a persistent id."""
        memory = x.storage.root()
        key = self._keys.setdefault(id(memory), len(self.storages))
        if key == len(self.storages):
            self.storages.append(x)
        if self.storages[key].dtype is not x.dtype:
            raise ValueError(
                f"save: the tensor at '{path}' sees as {x.dtype} the memory that another sees as "
                f"{self.storages[key].dtype}, which PyTorch's format does not allow; save x.clone()"
            )
        self._emit(
            _name("torch._utils", "_rebuild_tensor_v2"), pickle.MARK, pickle.MARK,
            _simple("storage"), _name(*_NAMES[x.dtype].split(".")), _simple(str(key)),
            _simple("cpu"), _simple(len(x.storage.buffer)), pickle.TUPLE, pickle.BINPERSID,
            _simple(x.layout.offset), _sizes(x.layout.shape), _sizes(x.layout.strides),
            _simple(requires_grad), _EMPTY_ORDERED, pickle.TUPLE, pickle.REDUCE,
        )  # fmt: skip


def _simple(value: float | str | bytes | DType | None) -> bytes:
    """The instruction that makes a value with nothing inside."""
    if value is None:
        return pickle.NONE
    if isinstance(value, bool):
        return pickle.NEWTRUE if value else pickle.NEWFALSE
    if isinstance(value, float):
        return pickle.BINFLOAT + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        return pickle.BINUNICODE + struct.pack("<I", len(text)) + text
    if isinstance(value, bytes):  # protocol 2 has none
        arguments = _simple(value.decode("latin1")) + _simple("latin1") + pickle.TUPLE2
        return _name("_codecs", "encode") + arguments + pickle.REDUCE
    if isinstance(value, DType):
        return _name("torch", value.name)
    if -(2**31) <= value < 2**31:
        return pickle.BININT + struct.pack("<i", value)
    size = value.bit_length() // 8 + 1
    head = pickle.LONG1 + bytes([size]) if size < 256 else pickle.LONG4 + struct.pack("<i", size)
    return head + value.to_bytes(size, "little", signed=True)


def _sizes(values: tuple[int, ...]) -> bytes:
    return pickle.MARK + b"".join(map(_simple, values)) + pickle.TUPLE


def _name(module: str, name: str) -> bytes:
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


_EMPTY_ORDERED: Final = _name("collections", "OrderedDict") + pickle.EMPTY_TUPLE + pickle.REDUCE
