"""Saving and loading: tensors as safetensors, all else as JSON in the file's metadata.

A file holds no code, so loading one cannot run any. It is written beside its destination and then
moved there in one step: a crash, a full disk or an error leaves the old file as it was. Format:
https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Mapping
from typing import BinaryIO, Protocol

import numpy as np

from minitorch.nn.parameter import typename
from minitorch_tensor import Device, HostArray, Tensor, tensor

__all__ = ["load", "save"]

_TREE = "minitorch"  # the key of the metadata under which the tree of the saved object is
_REMEDY = (
    "minitorch saves tensors, numbers, strings and None, in dictionaries, lists and tuples; save a "
    "model as model.state_dict()"
)


class Writable(Protocol):
    """An open binary file."""

    def write(self, data: bytes, /) -> int:
        """Append bytes."""


def save(obj: Mapping[str, object], f: str | os.PathLike[str] | Writable) -> None:
    """Save a state dictionary, or several in a dictionary with whatever belongs to them.

    Tensors are saved by value, from any device, without history or `requires_grad`.
    https://docs.pytorch.org/docs/stable/generated/torch.save.html

    Args:
        obj: a dictionary of tensors, numbers, strings and None, and of dictionaries, lists and
            tuples of
            them. A dictionary of tensors becomes a file that any safetensors reader understands.
        f: a path; an existing file is replaced only once the new one is complete. Or an open file.

    Raises:
        TypeError: if something of another type is in `obj`; the message says where.
        ValueError: if `obj` contains itself.
        OSError: if the file cannot be written; an old one is then left as it was.

    >>> import minitorch as torch, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save({"w": torch.ones(2), "epoch": 3}, f"{folder}/run.safetensors")
    ...     torch.load(f"{folder}/run.safetensors")
    {'w': Tensor([1., 1.], requires_grad=False), 'epoch': 3}
    """
    if not isinstance(obj, Mapping):
        raise TypeError(
            f"save: expected a dictionary, but got {typename(obj)}; {_REMEDY}, and a single tensor "
            "in a dictionary"
        )
    packer = _Packer()
    tree = packer.pack(obj, "")
    import json  # these take time to import, and are often not needed

    from safetensors.numpy import save as to_bytes

    content = to_bytes(packer.arrays, {_TREE: json.dumps(tree)})
    if isinstance(f, (str, os.PathLike)):
        _replace(os.fspath(f), content)
    else:
        f.write(content)


def load(
    f: str | os.PathLike[str] | BinaryIO,
    map_location: str | Device | None = None,
    *,
    weights_only: bool = True,
) -> dict[str, object]:
    """Load what `save` saved, or any file of safetensors.

    https://docs.pytorch.org/docs/stable/generated/torch.load.html

    Args:
        f: a path, or an open file.
        map_location: the device of the tensors; the CPU if omitted.
        weights_only: as in PyTorch; both values mean the same, for a file never holds code.

    Returns:
        The dictionary. (Its values are of type `object` to a type checker; `load_state_dict` of
        modules, optimizers and schedules accepts them as they are.)

    Raises:
        RuntimeError: if the file is damaged, or of another format; the message names it.
        OSError: if it cannot be read.
    """
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            name, content = f"'{os.fspath(f)}'", file.read()
    else:
        name, content = getattr(f, "name", "the given stream"), f.read()
    import json

    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    try:
        arrays = from_bytes(content)
        tree = _tree(content)
        device = None if map_location is None else Device(map_location)
        tensors = {key: tensor(array, device=device) for key, array in arrays.items()}
        result = dict(tensors) if tree is None else _unpack(json.loads(tree), tensors)
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise RuntimeError(
            f"load: {name} cannot be read as safetensors ({error}): it is damaged, incomplete, or "
            "of another format. A file that torch.save wrote must be saved anew by "
            "safetensors.torch.save_file"
        ) from error
    if not isinstance(result, dict):
        raise RuntimeError(f"load: {name} holds no dictionary: it is damaged")
    return result


class _Packer:
    """Takes the tensors out of an object and leaves their names in the tree."""

    def __init__(self) -> None:
        self.arrays: dict[str, HostArray] = {}
        self._names: dict[int, str] = {}
        self._inside: set[int] = set()

    def pack(self, value: object, path: str) -> object:
        """`value` as JSON: what JSON lacks is a dictionary with one key that says what it is."""
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"float": repr(float(value))}
        if isinstance(value, Tensor):
            return {"tensor": self._name(value, path)}
        if id(value) in self._inside:
            raise ValueError(f"save: the value at {path or 'the top'} contains itself")
        self._inside.add(id(value))
        packed = self._container(value, path)
        self._inside.discard(id(value))
        return packed

    def _container(self, value: object, path: str) -> object:
        if isinstance(value, Mapping):
            items = []
            for key, item in value.items():
                if not isinstance(key, (str, int, float)):
                    raise TypeError(
                        f"save: cannot save the key {key!r} of type {typename(key)} at "
                        f"{path or 'the top'}; keys must be strings or numbers"
                    )
                below = f"{path}.{key}" if path else str(key)
                items.append([self.pack(key, below), self.pack(item, below)])
            return {"dict": items}
        if isinstance(value, (list, tuple)):
            packed = [self.pack(item, f"{path}.{i}") for i, item in enumerate(value)]
            return {"tuple" if isinstance(value, tuple) else "list": packed}
        raise TypeError(
            f"save: cannot save a value of type {typename(value)} at '{path}'; {_REMEDY}"
        )

    def _name(self, x: Tensor, path: str) -> str:
        known = self._names.get(id(x))
        if known is not None:
            return known
        name, number = path, 0
        while name in self.arrays or name in ("", "__metadata__"):
            number += 1
            name = f"{path}#{number}"
        # A copy in order: a view would be saved with its strides forgotten.
        self.arrays[name] = np.array(x.detach().cpu().numpy(), order="C")
        self._names[id(x)] = name
        return name


def _unpack(tree: object, tensors: Mapping[str, Tensor]) -> object:
    """The inverse of `_Packer.pack`."""
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "float":
        return float(content)
    if kind == "dict":
        return {_unpack(key, tensors): _unpack(item, tensors) for key, item in content}
    if kind in ("list", "tuple"):
        items = [_unpack(item, tensors) for item in content]
        return items if kind == "list" else tuple(items)
    raise ValueError(f"unknown kind of value '{kind}' in the metadata")


def _tree(content: bytes) -> str | None:
    """The tree in the metadata; None for a file of somebody else's."""
    import json

    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    tree: str | None = metadata.get(_TREE)
    return tree


def _replace(path: str, content: bytes) -> None:
    """Let a file have this content; at no time is it incomplete."""
    folder, name = os.path.split(os.path.realpath(path))  # a link stays a link
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            errno.ENOENT, "save: the folder of the file does not exist; make it first", folder
        )
    target = os.path.join(folder, name)
    temporary = os.path.join(folder, f".{name}.{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    if hasattr(os, "O_DIRECTORY"):  # not on Windows; makes the new name survive a power cut
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
