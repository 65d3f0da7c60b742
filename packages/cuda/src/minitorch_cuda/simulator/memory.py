"""Simulated memory that knows its bounds, who used each word, and what was never written.

`Pointer` is global memory as a kernel sees it: flat, indexed from wherever it points. The other two
kinds are in `tiles`: `SharedArray` belongs to one block, `LocalArray` to one thread. Each word has
a shadow, which remembers who read and wrote it since the last barrier.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from minitorch_cuda.simulator.errors import MisalignedAccessError, OutOfBoundsError
from minitorch_cuda.simulator.machine import machine, site
from minitorch_cuda.simulator.shadow import Shadow as Shadow
from minitorch_cuda.simulator.shadow import race
from minitorch_cuda.simulator.tiles import LocalArray as LocalArray
from minitorch_cuda.simulator.tiles import SharedArray as SharedArray

E = TypeVar("E", bound=float)

Words = npt.NDArray[np.generic]


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

    __slots__ = (
        *("_base", "_high", "_low", "_words", "name"),
        *("_atomics", "_readers", "_shadow", "_writers"),
    )

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
        self._shadow.fit(len(words))
        self._atomics = self._shadow.atomics
        self._readers = self._shadow.readers
        self._writers = self._shadow.writers

    def __getitem__(self, index: int) -> E:
        word = self._base + index
        if not self._low <= word < self._high:
            raise self._outside("reads", index)
        now = machine.stamp
        if now is not None:
            # The usual cases first, without a call: nobody writes here.
            if self._writers[word] is None and not self._atomics:
                reader = self._readers[word]
                if reader is None:
                    self._readers[word] = now
                elif reader is not now:
                    self._shadow.again(word, reader, now)
            else:
                other = self._shadow.read(word, now)
                if other is not None:
                    raise race("reads", f"{self.name}[{index}]", other)
        value: E = self._words[word]
        return value

    def __setitem__(self, index: int, value: E) -> None:
        word = self._base + index
        if not self._low <= word < self._high:
            raise self._outside("writes", index)
        now = machine.stamp
        if now is not None:
            if self._writers[word] is None and self._readers[word] is None and not self._atomics:
                self._writers[word] = now  # nobody was here before
            else:
                other = self._shadow.write(word, now)
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
