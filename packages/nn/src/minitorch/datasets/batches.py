"""The batches of CIFAR: pickles of Python 2, read without running anything that is in them.

A pickle is a program that may name any function and call it. It runs in the machine that reads
PyTorch's files, which calls only what it was given (see `serialization.pickle_machine`). Here every
name but the three that NumPy's arrays are made of is refused, and those three stand for objects of
this file, which only remember what they are given. The array is then made from the bytes that were
remembered.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch.datasets.errors import DatasetError
from minitorch.serialization.damage import DamagedError, RefusedError, require
from minitorch.serialization.pickle_machine import Function, Machine, Stateful

__all__ = ["Batch", "read_batch"]

PIXELS = 3 * 32 * 32
CLASSES = 10


class Batch(NamedTuple):
    """The images of a file: (n, 32, 32, 3), and the class of each."""

    pixels: NDArray[np.uint8]
    labels: list[int]


def read_batch(content: bytes, name: str) -> Batch:
    """Read a file of CIFAR-10's Python version (https://www.cs.toronto.edu/~kriz/cifar.html).

    Args:
        content: of the file.
        name: for messages.

    Raises:
        DatasetError: if it is no such pickle, or holds anything else.
    """
    machine = Machine(content, 0, _resolve, _persistent, raw=True)
    try:
        found = machine.run()
        require(machine.at == len(content), "something follows its end")
    except RefusedError as error:
        raise DatasetError(f"{name}: refused: {error.what}") from error
    except DamagedError as error:
        raise DatasetError(f"{name}: damaged, no pickle of a batch ({error})") from error
    if not isinstance(found, dict) or not found.keys() >= {b"data", b"labels"}:
        raise DatasetError(f"{name}: expected a dictionary with 'data' and 'labels'")
    pixels, labels = _pixels(found[b"data"], name), _labels(found[b"labels"], name)
    if len(pixels) != len(labels):
        raise DatasetError(f"{name}: {len(pixels)} images, but {len(labels)} labels")
    return Batch(pixels, labels)


def _pixels(found: object, name: str) -> NDArray[np.uint8]:
    """(n, 3072), colour after colour -> (n, 32, 32, 3)."""
    state = found.state if isinstance(found, _Made) and found.kind == "array" else None
    match state:
        case (1, (int() as n, int() as width), _Made() as dtype, False, bytes() as body):
            if dtype.arguments[:1] != (b"u1",):
                raise DatasetError(f"{name}: the pixels must be of type u1, unsigned bytes")
            if n < 0 or width != PIXELS or n * width != len(body):
                raise DatasetError(
                    f"{name}: expected images of {PIXELS} bytes each, but the shape is "
                    f"({n}, {width}), and {len(body)} bytes are there"
                )
            planes = np.frombuffer(body, dtype=np.uint8).reshape(n, 3, 32, 32)
            return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
        case _:
            raise DatasetError(f"{name}: 'data' must be an array of NumPy's with two dimensions")


def _labels(found: object, name: str) -> list[int]:
    if not isinstance(found, list):
        raise DatasetError(f"{name}: 'labels' must be a list")
    labels = [label for label in found if type(label) is int and 0 <= label < CLASSES]
    if len(labels) != len(found):
        raise DatasetError(f"{name}: labels must be integers from 0 to {CLASSES - 1}")
    return labels


class _Made(Stateful):
    """What a call in the pickle makes: it remembers with what it was called."""

    def __init__(self, kind: Literal["array", "dtype"], arguments: tuple[object, ...]) -> None:
        super().__init__()
        self.kind = kind
        self.arguments = arguments


_NAMES: Final = {
    name: Function(name, call)
    for name, call in (
        ("numpy.core.multiarray._reconstruct", lambda arguments: _Made("array", arguments)),
        ("numpy.ndarray", None),
        ("numpy.dtype", lambda arguments: _Made("dtype", arguments)),
    )
}


def _resolve(name: str) -> object:
    if name not in _NAMES:
        raise RefusedError(f"the file names {name}, which no batch of CIFAR needs", "")
    return _NAMES[name]


def _persistent(key: object) -> object:
    raise RefusedError("the file names something outside, which no batch of CIFAR does", "")
