"""The format of safetensors: a JSON header that says where each tensor is, then the tensors.

8 bytes of the header's length, little-endian; `{"name": {"dtype": "F32", "shape": [2, 3],
"data_offsets": [0, 24]}, ..., "__metadata__": {"text": "text"}}`; the numbers, without gaps.
Nothing in such a file can run. It is read and written here rather than by the library of that name,
because tensors go straight between the file and their memory, mapped memory included, and because
NumPy, in whose arrays the library deals, has no bfloat16.
https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from typing import IO, Final

import numpy as np

from minitorch.serialization.damage import DamagedError, require
from minitorch.serialization.sources import MappedSource, Source, native
from minitorch.serialization.tree import Packer, unpack
from minitorch_tensor import (
    Device,
    DType,
    HostArray,
    Layout,
    Storage,
    Tensor,
    bfloat16,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from minitorch_tensor.core import make

TREE: Final = "minitorch"  # the key of the metadata under which the tree of the saved object is
_HEADER_LIMIT: Final = 100_000_000  # the library's own
_DTYPES: Final[dict[str, DType]] = {
    "F64": float64, "F32": float32, "F16": float16, "BF16": bfloat16, "I64": int64, "I32": int32,
    "I16": int16, "I8": int8, "U8": uint8, "BOOL": bool_,
}  # fmt: skip
_NAMES: Final = {dtype: name for name, dtype in _DTYPES.items()}


def prepared(obj: Mapping[str, object]) -> Callable[[IO[bytes]], object]:
    """What writes an object to a file.

    Raises:
        TypeError: if the object has something that cannot be saved.
        ValueError: if it contains itself, or all but the tensors is too large for this format.
    """
    packer = Packer()
    tree = json.dumps(packer.pack(obj, ""))
    # The large elements first, so that all lie at multiples of their size, as the library does.
    names = sorted(packer.tensors, key=lambda name: (-packer.tensors[name].dtype.itemsize, name))
    header: dict[str, object] = {"__metadata__": {"format": "pt", TREE: tree}}
    end = 0
    for name in names:
        x = packer.tensors[name]
        start, end = end, end + x.layout.size * x.dtype.itemsize
        header[name] = {
            "dtype": _NAMES[x.dtype], "shape": list(x.layout.shape), "data_offsets": [start, end],
        }  # fmt: skip
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > _HEADER_LIMIT:
        raise ValueError(
            f"save: the names and the values beside tensors take {len(text)} bytes, and a file of "
            f"safetensors may have {_HEADER_LIMIT}; save large lists as tensors, or under a name "
            "that ends in .pt"
        )

    def write(file: IO[bytes]) -> None:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(_dense(packer.tensors[name]).view(np.uint8).data)

    return write


def _dense(x: Tensor) -> HostArray:
    """The elements in row-major order and little-endian bytes: a view's strides are not kept."""
    dense = x.detach().cpu().contiguous()
    start = dense.layout.offset
    flat = dense.storage.host()[start : start + dense.layout.size]
    return flat if sys.byteorder == "little" else flat.byteswap()


def read(source: Source | MappedSource, device: Device) -> dict[str, object]:
    """The object in a file that `write` made, or the tensors of another file of safetensors.

    Raises:
        DamagedError: if it breaks a rule of the format.
    """
    entries, metadata, begin = _header(source)
    tensors: dict[str, Tensor] = {}
    expected = 0
    for name, (dtype, shape, start, end) in sorted(entries.items(), key=lambda e: e[1][2:]):
        require(
            start == expected and start + math.prod(shape) * dtype.itemsize == end,
            f"the {end - start} bytes at {start} of tensor '{name}' of shape {shape} and "
            f"{dtype} leave a gap, lie over others, or are not as many as that needs",
        )
        expected = end
    require(
        begin + expected == source.size,
        f"the tensors end at {begin + expected}, but the file at {source.size}",
    )
    for name, (dtype, shape, start, _) in entries.items():
        flat = native(source.array(begin + start, math.prod(shape), dtype), dtype, "little")
        storage = Storage(device.backend.upload(flat), device)
        tensors[name] = make(storage, Layout.contiguous(shape), dtype)
    tree = metadata.get(TREE)
    if tree is None:
        return dict(tensors)
    try:
        result = unpack(json.loads(tree), tensors)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedError(f"the tree in its metadata is none: {error}") from error
    if not isinstance(result, dict):
        raise DamagedError("it holds no dictionary")
    return result


_Entry = tuple[DType, tuple[int, ...], int, int]


def _header(source: Source | MappedSource) -> tuple[dict[str, _Entry], dict[str, str], int]:
    """The entry of each tensor, the metadata, and where the tensors begin."""
    require(source.size >= 8, f"the file has {source.size} bytes, not even a length")
    length = int.from_bytes(source.read(0, 8), "little")
    require(
        2 <= length <= min(source.size - 8, _HEADER_LIMIT),
        f"it says that its header has {length} bytes, but the file has {source.size}",
    )
    try:
        header = json.loads(
            source.read(8, length).decode(), object_pairs_hook=_unique, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"its header is no JSON: {error}") from error
    require(isinstance(header, dict), "its header is no dictionary")
    metadata = header.pop("__metadata__", {})
    require(
        isinstance(metadata, dict) and all(isinstance(text, str) for text in metadata.values()),
        "its metadata are not texts by name",
    )
    return {name: _entry(name, entry) for name, entry in header.items()}, metadata, 8 + length


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    require(len(found) == len(pairs), "a name occurs twice in its header")
    return found


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no number")


def _entry(name: str, entry: object) -> _Entry:
    """What the header says about one tensor, checked in itself."""
    require(
        isinstance(entry, dict) and sorted(entry) == ["data_offsets", "dtype", "shape"],
        f"what its header says about '{name}' is not dtype, shape and data_offsets",
    )
    assert isinstance(entry, dict)
    shape, offsets, kind = _sizes(name, entry["shape"]), _sizes(name, entry["data_offsets"]), None
    if isinstance(entry["dtype"], str):
        kind = _DTYPES.get(entry["dtype"])
    if kind is None:
        raise DamagedError(
            f"tensor '{name}' is of dtype {entry['dtype']!r}, which minitorch does not have; it "
            f"has {', '.join(_DTYPES)}"
        )
    require(len(offsets) == 2 and offsets[0] <= offsets[1], f"the offsets of '{name}' are no pair")
    require(len(shape) <= 64, f"tensor '{name}' has {len(shape)} dimensions, more than 64")
    spread = math.prod(max(size, 1) for size in shape) * kind.itemsize
    require(spread <= np.iinfo(np.int64).max, f"tensor '{name}' of shape {shape} is too large")
    return kind, shape, offsets[0], offsets[1]


def _sizes(name: str, value: object) -> tuple[int, ...]:
    require(
        isinstance(value, list) and all(type(size) is int and size >= 0 for size in value),
        f"a shape or offset of '{name}' is no list of whole numbers",
    )
    assert isinstance(value, list)
    return tuple(value)
