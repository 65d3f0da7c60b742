"""The course's view of a tensor: a flat storage, and the arithmetic of shapes, strides and indices.

These are the names that the exercises of the Mini Torch course use, on top of `layout`, where the
arithmetic is. `Tensor` itself needs none of this file: read it first, then `layout`.

Source: https://minitorch.github.io/module2/tensordata/
"""

from __future__ import annotations

import random
from collections.abc import Iterator, MutableSequence, Sequence

import numpy as np
import numpy.typing as npt

from minitorch_tensor.layout import broadcast, make
from minitorch_tensor.layout import strides_from_shape as _row_major

MAX_DIMS = 32
"""The largest number of dimensions of a TensorData."""

Ints = npt.NDArray[np.signedinteger]

Storage = npt.NDArray[np.float64]
"""The elements, flat."""

Shape = Sequence[int] | Ints
"""The sizes of the dimensions."""

Strides = Sequence[int] | Ints
"""How far apart the neighbours along each dimension lie."""

Index = Sequence[int] | Ints
"""One number for each dimension."""

OutIndex = MutableSequence[int] | Ints
"""An index that a function writes its result to."""

UserShape = tuple[int, ...]
UserStrides = tuple[int, ...]
UserIndex = tuple[int, ...]
Parts = tuple[Storage, UserShape, UserStrides]


class IndexingError(RuntimeError):
    """An index, a shape or strides that do not fit."""


def index_to_position(index: Index, strides: Strides) -> int:
    """Where the element at `index` lies: sum of index[i] * strides[i].

    >>> index_to_position((1, 2), (5, 1))
    7
    """
    return sum(int(i) * int(s) for i, s in zip(index, strides, strict=True))


def to_index(ordinal: int, shape: Shape, out_index: OutIndex) -> None:
    """Write the index of the element that comes at `ordinal` in row-major order to `out_index`.

    >>> index = [0, 0]
    >>> to_index(7, (3, 5), index)
    >>> index
    [1, 2]
    """
    rest = int(ordinal)
    for i in range(len(shape) - 1, -1, -1):
        rest, out_index[i] = divmod(rest, int(shape[i]))


def broadcast_index(big_index: Index, big_shape: Shape, shape: Shape, out_index: OutIndex) -> None:
    """Write to `out_index` what an index into `big_shape` means in `shape`, which broadcasts to it.

    Dimensions that `shape` lacks are dropped, and those of size 1 have only index 0.

    >>> index = [0, 0]
    >>> broadcast_index((1, 2, 3), (2, 4, 5), (4, 1), index)
    >>> index
    [2, 0]
    """
    lead = len(big_shape) - len(shape)
    for i in range(len(shape)):
        out_index[i] = int(big_index[lead + i]) if shape[i] > 1 else 0


def shape_broadcast(shape1: Sequence[int], shape2: Sequence[int]) -> UserShape:
    """The shape of an operation between two shapes.

    Raises:
        IndexingError: if they do not broadcast.

    >>> shape_broadcast((2, 1, 3), (4, 1))
    (2, 4, 3)
    """
    try:
        return broadcast(tuple(shape1), tuple(shape2))
    except RuntimeError as error:
        raise IndexingError(str(error)) from None


def strides_from_shape(shape: Sequence[int]) -> UserStrides:
    """The row-major strides of a shape.

    >>> strides_from_shape((2, 3, 4))
    (12, 4, 1)
    """
    return _row_major(tuple(shape))


class TensorData:
    """Elements of a flat storage under a shape and strides.

    Args:
        storage: the elements; an array is shared, a sequence copied as float64.
        shape: the sizes of the dimensions.
        strides: row-major if omitted.

    Raises:
        IndexingError: if there are more than MAX_DIMS dimensions, sizes and strides do not pair or
            are negative, or they reach outside the storage.

    >>> data = TensorData([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], (2, 3))
    >>> data.get((1, 2)), data.permute(1, 0).get((2, 1))
    (5.0, 5.0)
    """

    def __init__(
        self,
        storage: Sequence[float] | Storage,
        shape: Sequence[int],
        strides: Sequence[int] | None = None,
    ) -> None:
        sizes = tuple(int(n) for n in shape)
        steps = _row_major(sizes) if strides is None else tuple(int(s) for s in strides)
        if len(sizes) > MAX_DIMS:
            raise IndexingError(
                f"TensorData: at most {MAX_DIMS} dimensions are supported, but shape {sizes} has "
                f"{len(sizes)}"
            )
        if len(steps) != len(sizes):
            raise IndexingError(f"TensorData: len of strides {steps} must match shape {sizes}")
        if min((*sizes, *steps), default=0) < 0:
            raise IndexingError(
                f"TensorData: sizes and strides must not be negative, but got {sizes} and {steps}"
            )
        self._storage = (
            storage if isinstance(storage, np.ndarray) else np.array(storage, dtype=np.float64)
        )
        self.layout = make(sizes, steps, 0)
        end = self.layout.span()[1]
        if self._storage.ndim != 1 or end > len(self._storage):
            raise IndexingError(
                f"TensorData: shape {sizes} and strides {steps} need a flat storage of at least "
                f"{end} elements, but its shape is {self._storage.shape}"
            )

    @property
    def shape(self) -> UserShape:
        """The sizes of the dimensions."""
        return self.layout.shape

    @property
    def strides(self) -> UserStrides:
        """How far apart the neighbours along each dimension lie, in elements."""
        return self.layout.strides

    @property
    def dims(self) -> int:
        """The number of dimensions."""
        return self.layout.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.layout.size

    def is_contiguous(self) -> bool:
        """Whether the elements lie in row-major order without gaps."""
        return self.layout.is_contiguous()

    @staticmethod
    def shape_broadcast(shape_a: Sequence[int], shape_b: Sequence[int]) -> UserShape:
        """The shape of an operation between two shapes; see the function of this name."""
        return shape_broadcast(shape_a, shape_b)

    def index(self, index: int | Sequence[int]) -> int:
        """The position in the storage of the element at `index`.

        Raises:
            IndexingError: if the index has another number of dimensions, or is out of range.
        """
        where = (index,) if isinstance(index, int) else tuple(int(i) for i in index)
        if len(where) != self.dims:
            raise IndexingError(
                f"index {where} must have {self.dims} numbers, one for each dimension of shape "
                f"{self.shape}"
            )
        for i, n in zip(where, self.shape, strict=True):
            if i < 0:
                raise IndexingError(f"negative index {where} is not supported; use size - 1 etc.")
            if i >= n:
                raise IndexingError(f"index {where} is out of range for shape {self.shape}")
        return index_to_position(where, self.strides)

    def indices(self) -> Iterator[UserIndex]:
        """Every index, in row-major order."""
        out = [0] * self.dims
        for ordinal in range(self.size):
            to_index(ordinal, self.shape, out)
            yield tuple(out)

    def sample(self) -> UserIndex:
        """A random index.

        Raises:
            IndexingError: if there is no element.
        """
        if self.size == 0:
            raise IndexingError(f"sample: a tensor of shape {self.shape} has no elements")
        return tuple(random.randrange(n) for n in self.shape)

    def get(self, key: int | Sequence[int]) -> float:
        """The element at an index."""
        return float(self._storage[self.index(key)])

    def set(self, key: int | Sequence[int], val: float) -> None:
        """Write the element at an index."""
        self._storage[self.index(key)] = val

    def tuple(self) -> Parts:
        """The storage, the shape and the strides."""
        return self._storage, self.shape, self.strides

    def permute(self, *order: int) -> TensorData:
        """The same storage with dimension order[i] as dimension i.

        Raises:
            IndexingError: if `order` does not name each dimension once.
        """
        if sorted(order) != list(range(self.dims)):
            raise IndexingError(
                f"permute: order {order} must give a position to each dimension of shape "
                f"{self.shape}"
            )
        layout = self.layout.permute(order)
        return TensorData(self._storage, layout.shape, layout.strides)

    def to_string(self) -> str:
        """The elements with two digits, in brackets, one line for each row.

        >>> print(TensorData([1.0, 2.0, 3.0, 4.0], (2, 2)).to_string().strip().expandtabs(4))
        [
            [1.00 2.00]
            [3.00 4.00]]
        """
        text = ""
        for index in self.indices():
            opened = self._edge(index, (0,) * self.dims)
            closed = self._edge(index, tuple(n - 1 for n in self.shape))
            for i in range(self.dims - opened, self.dims):
                text += "\n" + "\t" * i + "["
            text += f"{self.get(index):3.2f}" + ("]" * closed or " ")
        return text

    def _edge(self, index: UserIndex, edge: UserIndex) -> int:
        """How many of the last numbers of `index` are at the edge."""
        count = 0
        while count < self.dims and index[-1 - count] == edge[-1 - count]:
            count += 1
        return count


__all__ = [
    "MAX_DIMS",
    "Index",
    "IndexingError",
    "OutIndex",
    "Shape",
    "Storage",
    "Strides",
    "TensorData",
    "UserIndex",
    "UserShape",
    "UserStrides",
    "broadcast_index",
    "index_to_position",
    "shape_broadcast",
    "strides_from_shape",
    "to_index",
]
