"""An object as tensors and a tree: JSON that says where in the object each tensor belongs.

What JSON lacks is a dictionary with one key that says what it is: `{"tuple": [...]}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from minitorch.nn.parameter import typename
from minitorch_tensor import Tensor

REMEDY = (
    "minitorch saves tensors, numbers, strings and None, in dictionaries, lists and tuples; save a "
    "model as model.state_dict()"
)


class Packer:
    """Takes the tensors out of an object and leaves their names in the tree."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[int, str] = {}
        self._inside: set[int] = set()

    def pack(self, value: object, path: str) -> object:
        """`value` as JSON.

        Raises:
            TypeError: if it cannot be saved.
            ValueError: if it contains itself.
        """
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
            raise contains_itself(path)
        self._inside.add(id(value))
        packed = self._container(value, path)
        self._inside.discard(id(value))
        return packed

    def _container(self, value: object, path: str) -> object:
        if isinstance(value, Mapping):
            items = []
            for key, item in value.items():
                if not isinstance(key, (str, int, float)):
                    raise bad_key(key, path)
                below = f"{path}.{key}" if path else str(key)
                items.append([self.pack(key, below), self.pack(item, below)])
            return {"dict": items}
        if isinstance(value, (list, tuple)):
            packed = [self.pack(item, f"{path}.{i}") for i, item in enumerate(value)]
            return {"tuple" if isinstance(value, tuple) else "list": packed}
        raise bad_value(value, path)

    def _name(self, x: Tensor, path: str) -> str:
        known = self._names.get(id(x))
        if known is not None:
            return known
        name, number = path, 0
        while name in self.tensors or name in ("", "__metadata__"):
            number += 1
            name = f"{path}#{number}"
        self.tensors[name] = x
        self._names[id(x)] = name
        return name


def unpack(tree: object, tensors: Mapping[str, Tensor]) -> object:
    """The inverse of `Packer.pack`.

    Raises:
        ValueError: if the tree is not one that `pack` makes; or TypeError or KeyError.
    """
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "float":
        return float(content)
    if kind == "dict":
        return {unpack(key, tensors): unpack(item, tensors) for key, item in content}
    if kind in ("list", "tuple"):
        items = [unpack(item, tensors) for item in content]
        return items if kind == "list" else tuple(items)
    raise ValueError(f"unknown kind of value '{kind}' in the metadata")


def contains_itself(path: str) -> ValueError:
    """The error of a container that is inside itself."""
    return ValueError(f"save: the value at {path or 'the top'} contains itself")


def bad_key(key: object, path: str) -> TypeError:
    """The error of a dictionary's key that cannot be saved."""
    return TypeError(
        f"save: cannot save the key {key!r} of type {typename(key)} at {path or 'the top'}; keys "
        "must be strings or numbers"
    )


def bad_value(value: object, path: str) -> TypeError:
    """The error of a value that cannot be saved."""
    return TypeError(f"save: cannot save a value of type {typename(value)} at '{path}'; {REMEDY}")
