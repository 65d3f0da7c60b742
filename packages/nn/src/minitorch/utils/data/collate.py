"""From a list of items to a batch: what becomes of tensors, tuples, dictionaries, numbers."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from operator import attrgetter
from typing import overload

import numpy as np

from minitorch_tensor import HostArray, Tensor, as_tensor, float64, stack, tensor

Item = Tensor | float | HostArray | np.generic
"""What becomes a tensor with one more dimension."""

_NO_NUMBERS = "SaUO"
_UNKNOWN = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


@overload
def default_collate(batch: Sequence[Item]) -> Tensor: ...
@overload
def default_collate(batch: Sequence[str]) -> Sequence[str]: ...
@overload
def default_collate(batch: Sequence[tuple[Item, ...]]) -> list[Tensor]: ...
@overload
def default_collate(batch: Sequence[Mapping[str, Item]]) -> dict[str, Tensor]: ...
@overload
def default_collate(batch: Sequence[object]) -> object: ...
def default_collate(batch: Sequence[object]) -> object:
    """Items as a batch, with one more dimension in front.

    Tensors are stacked; arrays and numbers become tensors (floats of dtype float64); strings stay
    as they are. A batch of tuples becomes a list with a batch for each place; one of dictionaries,
    a dictionary with a batch for each key; named tuples, lists, and other kinds of mappings and
    sequences keep their kind.
    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_collate

    Raises:
        TypeError: if an item is of another type.
        RuntimeError: if tuples or lists differ in length, or tensors in shape.

    >>> default_collate([(0, 1.0), (2, 3.0)])
    [Tensor([0, 2], requires_grad=False), Tensor([1., 3.], dtype=float64, requires_grad=False)]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack([x for x in batch if isinstance(x, Tensor)])
    if isinstance(first, np.ndarray):
        if first.dtype.kind in _NO_NUMBERS:
            raise TypeError(_UNKNOWN.format(first.dtype))
        return stack([as_tensor(x) for x in batch if isinstance(x, np.ndarray)])
    if isinstance(first, (np.bool_, np.number)):
        return as_tensor(np.array(batch))
    if isinstance(first, float):
        return tensor([x for x in batch if isinstance(x, (int, float))], dtype=float64)
    if isinstance(first, int):
        return tensor([x for x in batch if isinstance(x, (int, float))])
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        rows = [row for row in batch if isinstance(row, Mapping)]
        return _like(first, {key: default_collate([row[key] for row in rows]) for key in first})
    if isinstance(first, Sequence):
        return _filled(first, [default_collate(column) for column in _columns(batch)])
    raise TypeError(_UNKNOWN.format(type(first)))


def default_convert(data: object) -> object:
    """One item as `default_collate` would, but without a new dimension: arrays become tensors.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_convert

    >>> default_convert((np.array([1, 2]), "a"))
    [Tensor([1, 2], requires_grad=False), 'a']
    """
    if isinstance(data, (np.ndarray, np.bool_, np.number)):
        return data if data.dtype.kind in _NO_NUMBERS else as_tensor(data)
    if isinstance(data, Mapping):
        return _like(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _filled(data, [default_convert(value) for value in data])
    return data


def _columns(batch: Sequence[object]) -> list[tuple[object, ...]]:
    rows = [row for row in batch if isinstance(row, Sequence)]
    if len({len(row) for row in rows}) > 1:
        raise RuntimeError(
            "each element in list of batch should be of equal size, but the sizes are "
            f"{sorted({len(row) for row in rows})}"
        )
    return list(zip(*rows, strict=True))


def _like(original: Mapping[object, object], values: dict[object, object]) -> object:
    """A mapping of the kind of another one, with other values; a dictionary if that cannot be."""
    try:
        if isinstance(original, MutableMapping):  # a copy, for one with more than its entries
            made = copy.copy(original)
            made.update(values)
            return made
        return attrgetter("__class__")(original)(values)
    except TypeError:
        return values


def _filled(original: Sequence[object], values: list[object]) -> object:
    """A sequence of the kind of another one, with other values; a list if that cannot be.

    Of tuples only named ones stay what they are, as in PyTorch.
    """
    if isinstance(original, tuple):
        return original._make(values) if hasattr(original, "_make") else values
    try:
        if isinstance(original, MutableSequence):
            made = copy.copy(original)
            for i, value in enumerate(values):
                made[i] = value
            return made
        return attrgetter("__class__")(original)(values)
    except TypeError:
        return values
