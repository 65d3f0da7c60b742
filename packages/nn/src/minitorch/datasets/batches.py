"""The batches of CIFAR: pickles of Python 2, read without running anything that is in them.

A pickle is a program that may name any function and call it. Here every name but the three that
NumPy's arrays are made of is refused, and those three stand for objects of this file, which only
remember what they are given. The array is then made from the bytes that were remembered. So are all
instructions refused but those that such a file has.
https://docs.python.org/3/library/pickle.html#restricting-globals
"""

from __future__ import annotations

import pickle
import pickletools
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch.datasets.errors import DatasetError

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
    try:
        _check_instructions(content)
        found: object = _Reader(BytesIO(content), encoding="bytes").load()
    except DatasetError as error:
        raise DatasetError(f"{name}: {error}") from error
    except Exception as error:  # of a damaged pickle any kind comes, and all mean the same
        reason = f"{type(error).__name__}: {error}"
        raise DatasetError(f"{name}: damaged, no pickle of a batch ({reason})") from error
    if not isinstance(found, dict) or not found.keys() >= {b"data", b"labels"}:
        raise DatasetError(f"{name}: expected a dictionary with 'data' and 'labels'")
    pixels, labels = _pixels(found[b"data"], name), _labels(found[b"labels"], name)
    if len(pixels) != len(labels):
        raise DatasetError(f"{name}: {len(pixels)} images, but {len(labels)} labels")
    return Batch(pixels, labels)


def _pixels(found: object, name: str) -> NDArray[np.uint8]:
    """(n, 3072), colour after colour -> (n, 32, 32, 3)."""
    state = found.state if isinstance(found, _Remembered) and found.kind == "array" else None
    match state:
        case (1, (int() as n, int() as width), _Remembered() as dtype, False, bytes() as body):
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


class _Remembered:
    """What a name of the pickle, or a call of one, becomes: it does nothing but remember."""

    __slots__ = ("arguments", "kind", "state")

    def __init__(self, kind: str, arguments: tuple[object, ...] = ()) -> None:
        self.kind = kind
        self.arguments = arguments
        self.state: object = None

    def __call__(self, *arguments: object) -> _Remembered:
        kind = {"_reconstruct": "array", "dtype": "dtype"}.get(self.kind)
        if kind is None:
            raise DatasetError(f"refused: the file calls {self.kind}")
        return _Remembered(kind, arguments)

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Reader(pickle._Unpickler):  # in Python: the one in C trusts the numbers in a file
    def find_class(self, module_name: str, global_name: str, /) -> _Remembered:
        name = f"{module_name}.{global_name}"
        if name not in ("numpy.core.multiarray._reconstruct", "numpy.ndarray", "numpy.dtype"):
            raise DatasetError(f"refused: the file names {name}, which no batch of CIFAR needs")
        return _Remembered(global_name)


def _check_instructions(content: bytes) -> None:
    """Refuse what Python 2 did not write, and more tuples than a batch has.

    Hashing a tuple that is nested very deeply would exhaust the stack of the interpreter.
    """
    tuples, end = 0, 0
    for code, _, position in pickletools.genops(content):
        if code.name not in _INSTRUCTIONS:
            raise DatasetError(f"refused: the instruction {code.name}, which no batch of CIFAR has")
        tuples += code.name.startswith("TUPLE")
        end = position or 0
    if tuples > _TUPLES_LIMIT:
        raise DatasetError(f"refused: {tuples} tuples, where a batch of CIFAR has 6")
    if end != len(content) - 1:
        raise DatasetError("something follows its end")


_TUPLES_LIMIT = 100
_INSTRUCTIONS = frozenset((
    "PROTO", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2",
    "SHORT_BINSTRING", "BINSTRING", "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE",
    "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_DICT", "SETITEM", "SETITEMS", "BINPUT", "LONG_BINPUT",
    "BINGET", "LONG_BINGET", "GLOBAL", "REDUCE", "BUILD",
))  # fmt: skip
