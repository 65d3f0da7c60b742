"""Files of safetensors, by the library of that name.

https://huggingface.co/docs/safetensors

The library checks them, and knows where each tensor lies. It deals in NumPy's arrays, and NumPy has
no bfloat16; so what is taken from it here is one step lower, bytes with a dtype and a shape. All
that is no tensor is a tree of JSON in the file's metadata. Nothing in such a file can run.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Final, TypedDict

import numpy as np
from safetensors import SafetensorError, TensorSpec, safe_open, serialize

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
_DTYPES: Final[dict[str, DType]] = {
    "F64": float64, "F32": float32, "F16": float16, "BF16": bfloat16, "I64": int64, "I32": int32,
    "I16": int16, "I8": int8, "U8": uint8, "BOOL": bool_,
}  # fmt: skip


def prepared(obj: Mapping[str, object]) -> Callable[[IO[bytes]], object]:
    """What writes an object to a file.

    Raises:
        TypeError: if the object has something that cannot be saved.
        ValueError: if it contains itself, or all but the tensors is too large for this format.
    """
    packer = Packer()
    metadata = {"format": "pt", TREE: json.dumps(packer.pack(obj, ""))}
    arrays = {name: _dense(x) for name, x in packer.tensors.items()}
    specs = {
        name: TensorSpec(
            dtype=x.dtype.name, shape=list(x.layout.shape), data_ptr=arrays[name].ctypes.data,
            data_len=arrays[name].nbytes,
        )
        for name, x in packer.tensors.items()
    }  # fmt: skip
    try:
        content = serialize(specs, metadata)
    except SafetensorError as error:
        raise ValueError(
            f"save: a file of safetensors cannot hold this ({error}); save it under a name that "
            "ends in .pt"
        ) from error
    return lambda file: file.write(content)


def _dense(x: Tensor) -> HostArray:
    """The elements in row-major order and little-endian bytes: a view's strides are not kept."""
    dense = x.detach().cpu().contiguous()
    start = dense.layout.offset
    flat = dense.storage.host()[start : start + dense.layout.size]
    return flat if sys.byteorder == "little" else flat.byteswap()


class _Entry(TypedDict):
    """What the library says of a tensor."""

    dtype: str
    shape: list[int]
    data: bytearray


_Part = tuple[str, str, tuple[int, ...], HostArray]
"""A tensor: name, dtype, shape, and its bytes."""


def read(source: Source | MappedSource, device: Device) -> dict[str, object]:
    """The object in a file that `prepared` made, or the tensors of another file of safetensors.

    Raises:
        DamagedError: if it breaks a rule of the format, or has a dtype that minitorch has not.
    """
    tensors: dict[str, Tensor] = {}
    try:
        for name, kind, shape, content in (
            _streamed(source) if source.path is None else _filed(source)
        ):
            dtype = _dtype(name, kind)
            size = math.prod(max(n, 1) for n in shape) * dtype.itemsize
            require(
                size <= np.iinfo(np.int64).max, f"tensor '{name}' of shape {shape} is too large"
            )
            flat = native(content.view(dtype.numpy), dtype, "little")
            storage = Storage(device.backend.upload(flat), device)
            tensors[name] = make(storage, Layout.contiguous(shape), dtype)
        # The library has looked at the header, and tells neither the order nor a stream's metadata.
        header = json.loads(source.read(8, int.from_bytes(source.read(0, 8), "little")))
    except (SafetensorError, ValueError, TypeError, RecursionError) as error:
        raise DamagedError(str(error)) from error
    tree = header.pop("__metadata__", {}).get(TREE)
    if tree is None:
        return {name: tensors[name] for name in header}
    try:
        result = unpack(json.loads(tree), tensors)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedError(f"the tree in its metadata is none: {error}") from error
    if not isinstance(result, dict):
        raise DamagedError("it holds no dictionary")
    return result


def _dtype(name: str, kind: str) -> DType:
    dtype = _DTYPES.get(kind)
    if dtype is None:
        raise DamagedError(
            f"tensor '{name}' is of dtype {kind!r}, which minitorch does not have; it has "
            f"{', '.join(_DTYPES)}"
        )
    return dtype


def _streamed(source: Source | MappedSource) -> Iterator[_Part]:
    """The tensors of what has no path."""
    # The library has a type for everything but this.
    deserialize: Callable[[bytes], list[tuple[str, _Entry]]]
    deserialize = importlib.import_module("safetensors").deserialize
    for name, entry in deserialize(source.read(0, source.size)):
        yield name, entry["dtype"], tuple(entry["shape"]), np.frombuffer(entry["data"], np.uint8)


def _filed(source: Source | MappedSource) -> Iterator[_Part]:
    """The tensors of a file: they lie there one after the other, and are read, or mapped, there."""
    path = str(source.path)
    at = 8 + int.from_bytes(source.read(0, 8), "little")
    with safe_open(path, "numpy") as file:
        same = os.path.samestat(os.stat(path), os.fstat(source.file.fileno()))
        require(same, "the file was replaced while it was read")
        for name in file.offset_keys():
            entry = file.get_slice(name)
            shape, kind = tuple(entry.get_shape()), entry.get_dtype()
            count = math.prod(shape) * _dtype(name, kind).itemsize
            yield name, kind, shape, source.array(at, count, uint8)
            at += count
