"""The memory of a block and that of a thread: small arrays, in which a word has no value at first.

`SharedArray` belongs to the threads of one block, which may race for its words. `LocalArray`
belongs to one thread. Reading what was never written is an error in both.
"""

from __future__ import annotations

import math
from typing import Generic, TypeVar

import numpy as np

from minitorch_cuda.simulator.errors import (
    MisalignedAccessError,
    OutOfBoundsError,
    UninitialisedReadError,
)
from minitorch_cuda.simulator.machine import machine, site
from minitorch_cuda.simulator.shadow import Shadow, race

E = TypeVar("E", bound=float)


class Tile(Generic[E]):
    """A small array: `tile[i]`, or `tile[i, j]`."""

    __slots__ = (
        *("alignment", "dtype", "name", "shape"),
        *("_cell", "_columns", "_scalar", "_size", "_values"),
    )

    def __init__(
        self, shape: tuple[int, ...], dtype: np.dtype[np.generic], name: str, alignment: int = 0
    ) -> None:
        self.shape = shape
        self.name = name
        self.alignment = alignment or dtype.itemsize
        self._values: list[E | None] = [None] * math.prod(shape)  # None: never written
        self.dtype = dtype
        self._scalar: type[object] = dtype.type
        self._cell = np.zeros(1, dtype)  # what is put there comes out as an element
        self._columns = shape[1] if len(shape) == 2 else 0
        self._size = shape[0] if len(shape) == 1 else 0

    @property
    def nbytes(self) -> int:
        """The room it takes."""
        return self._cell.itemsize * len(self._values)

    def contents(self) -> tuple[E | None, ...]:
        """All values in order; None where nothing was written."""
        return tuple(self._values)

    def forget(self, start: int, stop: int) -> None:
        """These words have no value any more: something will be written there."""
        for word in range(start, stop):
            self._values[self._word(word, "writes")] = None

    def align(self, index: int, does: str) -> None:
        """Check that four elements at once may start here."""
        size = 4 * self._cell.itemsize
        if index % 4 or self.alignment % size:
            raise MisalignedAccessError(
                f"{machine.who()} {does} four elements at {self._spell(index)}: the index must be "
                f"a multiple of 4, and the array be made with alignment={size}; it has "
                f"{self.alignment}{site()}"
            )

    def _word(self, index: int | tuple[int, ...], does: str) -> int:
        """The position of an element, which must exist."""
        # The usual cases first.
        if type(index) is int:
            if 0 <= index < self._size:
                return index
        elif self._columns and type(index) is tuple and len(index) == 2:
            i, j = index
            if 0 <= i < self.shape[0] and 0 <= j < self._columns:
                return i * self._columns + j
        indices = index if isinstance(index, tuple) else (index,)
        word = 0
        inside = len(indices) == len(self.shape)
        for i, size in zip(indices, self.shape):  # noqa: B905 - lengths were compared
            inside = inside and 0 <= i < size
            word = word * size + i
        if not inside:
            raise OutOfBoundsError(
                f"{machine.who()} {does} {self._spell(index)}, but its shape is {self.shape}"
                f"{site()}"
            )
        return word

    def _element(self, value: E) -> E:
        """The value as memory holds it."""
        if type(value) is self._scalar:
            return value
        self._cell[0] = value
        element: E = self._cell[0]
        return element

    def _spell(self, index: int | tuple[int, ...]) -> str:
        indices = index if isinstance(index, tuple) else (index,)
        return f"{self.name}[{', '.join(str(i) for i in indices)}]"

    def _unwritten(self, does: str, index: int | tuple[int, ...]) -> UninitialisedReadError:
        return UninitialisedReadError(
            f"{machine.who()} {does} {self._spell(index)}, which no thread has written yet; if "
            f"one was to, a cuda.syncthreads() is missing between the two{site()}"
        )


class SharedArray(Tile[E]):
    """An array that the threads of one block share."""

    __slots__ = ("_atomics", "_readers", "_seconds", "_shadow", "_writers")

    def __init__(
        self, shape: tuple[int, ...], dtype: np.dtype[np.generic], name: str, alignment: int = 0
    ) -> None:
        super().__init__(shape, dtype, name, alignment)
        self._shadow = Shadow()
        self._shadow.fit(len(self._values))
        self._atomics = self._shadow.atomics
        self._readers = self._shadow.readers
        self._seconds = self._shadow.seconds
        self._writers = self._shadow.writers

    def __getitem__(self, index: int | tuple[int, ...]) -> E:
        # The usual cases without a call, here and below.
        if type(index) is tuple and self._columns and len(index) == 2:
            i, j = index
            inside = 0 <= i < self.shape[0] and 0 <= j < self._columns
            word = i * self._columns + j if inside else self._word(index, "reads")
        elif type(index) is int and 0 <= index < self._size:
            word = index
        else:
            word = self._word(index, "reads")
        value = self._values[word]
        if value is None:
            raise self._unwritten("reads", index)
        now = machine.stamp or machine.now()
        epoch = now.epoch
        # The word was written before the last barrier, or by this thread.
        writer = self._writers[word]
        if (
            writer is not None
            and (writer is now or writer.epoch != epoch)
            and not (self._atomics or machine.exact)
        ):
            reader = self._readers[word]
            if reader is None or reader.epoch != epoch:
                self._readers[word] = now
            elif reader is not now:
                second = self._seconds[word]
                if second is None or second.epoch != epoch:
                    self._seconds[word] = now
        else:
            other = self._shadow.read(word, now)
            if other is not None:
                raise race("reads", self._spell(index), other)
        return value

    def __setitem__(self, index: int | tuple[int, ...], value: E) -> None:
        word = self._word(index, "writes")
        other = self._shadow.write(word, machine.now())
        if other is not None:
            raise race("writes", self._spell(index), other)
        self._values[word] = self._element(value)

    def atomic(self, index: int, update: np.ufunc, value: E) -> E:
        """tile[i] = update(tile[i], value), which no other thread can interrupt; the old one."""
        word = self._word(index, "updates")
        before = self._values[word]
        if before is None:
            raise self._unwritten("updates", index)
        other = self._shadow.atomic(word, machine.now())
        if other is not None:
            raise race("updates", self._spell(index), other)
        self._values[word] = self._element(update(before, value))
        return before


class LocalArray(Tile[E]):
    """An array of one thread alone: no other can race for it."""

    __slots__ = ()

    # Arrays of registers are what a kernel touches most: the usual cases without a call.

    def __getitem__(self, index: int | tuple[int, ...]) -> E:
        if type(index) is int and 0 <= index < self._size:
            value = self._values[index]
        else:
            value = self._values[self._word(index, "reads")]
        if value is None:
            raise self._unwritten("reads", index)
        return value

    def __setitem__(self, index: int | tuple[int, ...], value: E) -> None:
        element = value if type(value) is self._scalar else self._element(value)
        if type(index) is int and 0 <= index < self._size:
            self._values[index] = element
        else:
            self._values[self._word(index, "writes")] = element
