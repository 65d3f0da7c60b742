"""Who used each word of some memory since the last barrier: two uses in no order are a data race.

For each word it keeps the last writer, and two of its readers: the first one since a barrier, and
the first one after that which is another thread. That is enough: whoever writes next is not both,
and if any reader races with it, one of the two does. Where barriers of warps put some readers into
an order and others not, all of them are kept (`machine.exact`).
"""

from __future__ import annotations

from minitorch_cuda.simulator.errors import DataRaceError
from minitorch_cuda.simulator.machine import machine, site
from minitorch_cuda.simulator.stamp import Stamp


class Shadow:
    """The users of each word. Methods return a use that races with the new one.

    Attributes:
        writers: the last writer of each word.
        readers: its first reader since a barrier.
        seconds: the first reader after that one which is another thread.
        atomics: who updated a word by an atomic.
    """

    __slots__ = ("_more", "atomics", "readers", "seconds", "writers")

    def __init__(self) -> None:
        self.writers: list[Stamp | None] = []
        self.readers: list[Stamp | None] = []
        self.seconds: list[Stamp | None] = []
        self._more: dict[int, list[Stamp]] = {}
        self.atomics: dict[int, list[Stamp]] = {}

    def fit(self, size: int) -> None:
        """Make room for `size` words."""
        missing = size - len(self.writers)
        if missing > 0:
            for users in (self.writers, self.readers, self.seconds):
                users += [None] * missing

    def read(self, word: int, now: Stamp) -> Stamp | None:
        """Note a read."""
        writer = self.writers[word]
        if writer is not None and writer is not now and writer.unordered(now):
            return writer
        reader = self.readers[word]
        if reader is not now:
            if reader is None:
                self.readers[word] = now
            else:
                self.again(word, reader, now)
        return _first_unordered(self.atomics.get(word), now) if self.atomics else None

    def again(self, word: int, first: Stamp, now: Stamp) -> None:
        """Note a reader that is not the first one."""
        if first.block != now.block:
            return  # whoever writes from now on races with the first one
        if first.epoch != now.epoch:
            self.readers[word] = now
            return
        second = self.seconds[word]
        if second is None or second.epoch != now.epoch or second.block != now.block:
            self.seconds[word] = now
        if machine.exact:
            more = self._more.setdefault(word, [])
            if not more or more[-1] is not now:
                more.append(now)

    def write(self, word: int, now: Stamp) -> Stamp | None:
        """Note a write."""
        writer = self.writers[word]
        if writer is not now:
            if writer is not None and writer.unordered(now):
                return writer
            self.writers[word] = now
        other = self._racing_reader(word, now)
        if other is None and self.atomics:
            other = _first_unordered(self.atomics.pop(word, None), now)
        return other

    def atomic(self, word: int, now: Stamp) -> Stamp | None:
        """Note a read-modify-write that cannot be interrupted: these race with plain uses only."""
        writer = self.writers[word]
        if writer is not None and writer.unordered(now):
            return writer
        stamps = self.atomics.get(word)
        if stamps is None:
            self.atomics[word] = [now]
        elif stamps[-1] is not now:
            _append(stamps, now)
        return self._racing_reader(word, now)

    def _racing_reader(self, word: int, now: Stamp) -> Stamp | None:
        for reader in (self.readers[word], self.seconds[word]):
            if reader is not None and reader is not now and reader.unordered(now):
                return reader
        return _first_unordered(self._more.get(word), now) if self._more else None


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


def race(does: str, what: str, other: Stamp) -> DataRaceError:
    """The error for a use that races with that of `other`."""
    same_block = machine.stamp is not None and other.block == machine.stamp.block
    remedy = (
        "no cuda.syncthreads() stands between the two"
        if same_block
        else "blocks run in no order: use an atomic, or a second launch"
    )
    return DataRaceError(f"{machine.who()} {does} {what}, which {other} used too; {remedy}{site()}")
