"""Simulated memory that knows its bounds, who used each word, and what was never written.

`Pointer` is global memory as a kernel sees it: flat, indexed from wherever it points. `SharedArray`
belongs to one block, `LocalArray` to one thread. Each word has a shadow, which remembers who read
and wrote it since the last barrier; two uses that nothing orders, one of them a write, are a data
race.
"""

from __future__ import annotations

import math
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from minitorch_cuda.simulator.errors import (
    DataRaceError,
    MisalignedAccessError,
    OutOfBoundsError,
    UninitialisedReadError,
)
from minitorch_cuda.simulator.machine import Stamp, machine, site

E = TypeVar("E", bound=float)

Words = npt.NDArray[np.generic]


class Shadow:
    """Who used each word of some memory. Methods return a use that races with the new one."""

    __slots__ = ("_atomics", "_reads", "_writes")

    def __init__(self) -> None:
        self._writes: dict[int, Stamp] = {}
        self._reads: dict[int, list[Stamp]] = {}
        self._atomics: dict[int, list[Stamp]] = {}

    def read(self, word: int, now: Stamp) -> Stamp | None:
        """Note a read."""
        last = self._writes.get(word)
        if last is not None and last is not now and last.unordered(now):
            return last
        stamps = self._reads.get(word)
        if stamps is None:
            self._reads[word] = [now]
        elif stamps[-1] is not now:
            _append(stamps, now)
        return _first_unordered(self._atomics.get(word), now) if self._atomics else None

    def write(self, word: int, now: Stamp) -> Stamp | None:
        """Note a write."""
        last = self._writes.get(word)
        if last is not None and last is not now and last.unordered(now):
            return last
        other = _first_unordered(self._reads.pop(word, None), now)
        if other is None and self._atomics:
            other = _first_unordered(self._atomics.pop(word, None), now)
        self._writes[word] = now
        return other

    def atomic(self, word: int, now: Stamp) -> Stamp | None:
        """Note a read-modify-write that cannot be interrupted: these race with plain uses only."""
        last = self._writes.get(word)
        if last is not None and last.unordered(now):
            return last
        stamps = self._atomics.get(word)
        if stamps is None:
            self._atomics[word] = [now]
        elif stamps[-1] is not now:
            _append(stamps, now)
        return _first_unordered(self._reads.get(word), now)


def _first_unordered(stamps: list[Stamp] | None, now: Stamp) -> Stamp | None:
    if stamps is not None:
        for stamp in stamps:
            if stamp is not now and stamp.unordered(now):
                return stamp
    return None


def _append(stamps: list[Stamp], now: Stamp) -> None:
    """Remember one more use, and of uses that came before a barrier only the first.

    A use of an earlier epoch can race with another block only, and for that one witness is enough.
    """
    last = stamps[-1]
    if last.epoch != now.epoch or last.block != now.block:
        del stamps[1:]
    stamps.append(now)


class Pointer(Generic[E]):
    """Global memory as a kernel sees it: its element i is element `base + i` of the array.

    Args:
        words: flat memory.
        name: of the kernel's parameter, for messages.
        base: where the pointer points.
        low: the first element of `words` that the kernel may use.
        high: the one after the last; by default all.
        shadow: of the memory, shared by all pointers into it.

    >>> Pointer(np.arange(3.0), "x")[1]
    np.float64(1.0)
    """

    __slots__ = ("_base", "_high", "_low", "_shadow", "_words", "name")

    def __init__(
        self,
        words: Words,
        name: str,
        base: int = 0,
        low: int = 0,
        high: int | None = None,
        shadow: Shadow | None = None,
    ) -> None:
        self._words = words
        self.name = name
        self._base = base
        self._low = low
        self._high = len(words) if high is None else high
        self._shadow = Shadow() if shadow is None else shadow

    def __getitem__(self, index: int) -> E:
        word = self._base + index
        if not self._low <= word < self._high:
            raise self._outside("reads", index)
        stamp = machine.stamp
        if stamp is not None:
            other = self._shadow.read(word, stamp)
            if other is not None:
                raise race("reads", f"{self.name}[{index}]", other)
        value: E = self._words[word]
        return value

    def __setitem__(self, index: int, value: E) -> None:
        word = self._base + index
        if not self._low <= word < self._high:
            raise self._outside("writes", index)
        stamp = machine.stamp
        if stamp is not None:
            other = self._shadow.write(word, stamp)
            if other is not None:
                raise race("writes", f"{self.name}[{index}]", other)
        self._words[word] = value

    def align(self, index: int, does: str) -> None:
        """Check that four elements at once may start here; memory itself starts aligned."""
        if (self._base + index) % 4:
            raise MisalignedAccessError(
                f"{machine.who()} {does} four elements at {self.name}[{index}], which is element "
                f"{self._base + index} of its memory, no multiple of 4{site()}"
            )

    def atomic(self, index: int, update: np.ufunc, value: E) -> E:
        """words[i] = update(words[i], value), which no other thread can interrupt; the old one."""
        word = self._base + index
        if not self._low <= word < self._high:
            raise self._outside("updates", index)
        other = self._shadow.atomic(word, machine.now())
        if other is not None:
            raise race("updates", f"{self.name}[{index}]", other)
        before: E = self._words[word]
        self._words[word] = update(before, value)
        return before

    def _outside(self, does: str, index: int) -> OutOfBoundsError:
        first, last = self._low - self._base, self._high - self._base - 1
        room = f"only {first} to {last} are its own" if last >= first else "it has no elements"
        return OutOfBoundsError(f"{machine.who()} {does} {self.name}[{index}]; {room}{site()}")


def race(does: str, what: str, other: Stamp) -> DataRaceError:
    """The error for a use that races with that of `other`."""
    same_block = machine.stamp is not None and other.block == machine.stamp.block
    remedy = (
        "no cuda.syncthreads() stands between the two"
        if same_block
        else "blocks run in no order: use an atomic, or a second launch"
    )
    return DataRaceError(f"{machine.who()} {does} {what}, which {other} used too; {remedy}{site()}")


class SharedArray(Generic[E]):
    """An array that the threads of one block share: `tile[i]`, or `tile[i, j]`.

    A word that no thread has written yet has no value, and reading it is an error.
    """

    __slots__ = ("_shadow", "_words", "_written", "alignment", "name", "shape")

    def __init__(
        self, shape: tuple[int, ...], dtype: np.dtype[np.generic], name: str, alignment: int = 0
    ) -> None:
        self.shape = shape
        self.name = name
        self.alignment = alignment or dtype.itemsize
        self._words: Words = np.zeros(math.prod(shape), dtype)
        self._written = bytearray(len(self._words))
        self._shadow: Shadow | None = Shadow()

    @property
    def nbytes(self) -> int:
        """The room it takes."""
        return self._words.nbytes

    def __getitem__(self, index: int | tuple[int, ...]) -> E:
        word = self._word(index, "reads")
        if not self._written[word]:
            raise UninitialisedReadError(
                f"{machine.who()} reads {self._spell(index)}, which no thread has written yet; if "
                f"one was to, a cuda.syncthreads() is missing between the two{site()}"
            )
        if self._shadow is not None:
            other = self._shadow.read(word, machine.now())
            if other is not None:
                raise race("reads", self._spell(index), other)
        value: E = self._words[word]
        return value

    def __setitem__(self, index: int | tuple[int, ...], value: E) -> None:
        word = self._word(index, "writes")
        if self._shadow is not None:
            other = self._shadow.write(word, machine.now())
            if other is not None:
                raise race("writes", self._spell(index), other)
        self._written[word] = 1
        self._words[word] = value

    def align(self, index: int, does: str) -> None:
        """Check that four elements at once may start here."""
        if index % 4 or self.alignment % (4 * self._words.itemsize):
            raise MisalignedAccessError(
                f"{machine.who()} {does} four elements at {self._spell(index)}: the index must be "
                f"a multiple of 4, and the array be made with alignment="
                f"{4 * self._words.itemsize}; it has {self.alignment}{site()}"
            )

    def atomic(self, index: int, update: np.ufunc, value: E) -> E:
        """tile[i] = update(tile[i], value), which no other thread can interrupt; the old one."""
        word = self._word(index, "updates")
        if not self._written[word]:
            raise UninitialisedReadError(
                f"{machine.who()} updates {self._spell(index)}, which no thread has written yet"
                f"{site()}"
            )
        if self._shadow is not None:
            other = self._shadow.atomic(word, machine.now())
            if other is not None:
                raise race("updates", self._spell(index), other)
        before: E = self._words[word]
        self._words[word] = update(before, value)
        return before

    def _word(self, index: int | tuple[int, ...], does: str) -> int:
        """The position of an element, which must exist."""
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

    def _spell(self, index: int | tuple[int, ...]) -> str:
        indices = index if isinstance(index, tuple) else (index,)
        return f"{self.name}[{', '.join(str(i) for i in indices)}]"


class LocalArray(SharedArray[E]):
    """An array of one thread alone: no other can race for it."""

    __slots__ = ()

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[np.generic], name: str) -> None:
        super().__init__(shape, dtype, name)
        self._shadow = None
