"""Addresses: what a number that a kernel reads or writes at means, and whether it may.

No address is one of the host's: a region of global memory is an array, and a range of numbers that
stand for its bytes. Shared memory is one array with a part for each block, local memory one with a
part for each thread; their addresses count from 0, and get a high bit where a kernel makes them
`generic`, that is, addresses of any memory. Between arrays lie bytes that belong to nobody, so that
a step too far is a fault.

Source: https://docs.nvidia.com/cuda/parallel-thread-execution/#state-spaces
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_cuda.ptx.errors import Fault, PtxError
from minitorch_cuda.ptx.text import Variable
from minitorch_cuda.simulator.errors import MisalignedAccessError, OutOfBoundsError

Values = npt.NDArray[np.generic]
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Lanes = slice | npt.NDArray[np.intp]

WINDOWS: Final = {"shared": 1 << 56, "local": 1 << 57}
"""Where shared and local memory begin among generic addresses."""

POISON: Final = 0xFB  # four such bytes are the float32 -2.6e36, a number that is noticed
_GAP: Final = 256
_LINE: Final = 16  # nothing asks for more
_SPREAD: Final = 1 << 32  # regions of global memory are at least so far from each other
_FIRST: Final = 1 << 52  # no address of the host is so high


class Region:
    """An array of global memory, and the addresses that stand for it.

    Args:
        start: the address of its first byte.
        words: the array.
        low: the first byte that may be used.
        high: the one after the last.
    """

    __slots__ = ("_bytes", "_views", "high", "low", "start")

    def __init__(self, start: int, words: Values, low: int, high: int) -> None:
        self.start = start
        self.low = start + low
        self.high = start + high
        self._bytes = words.reshape(-1).view(np.uint8)
        self._views: dict[np.dtype[np.generic], Values] = {words.dtype: words.reshape(-1)}

    def view(self, dtype: np.dtype[np.generic]) -> Values:
        """The memory as elements of a type."""
        found = self._views.get(dtype)
        if found is None:
            whole = len(self._bytes) // dtype.itemsize * dtype.itemsize
            found = self._views[dtype] = self._bytes[:whole].view(dtype)
        return found


class Part:
    """Shared or local memory: each owner, a block or a thread, has the same arrays.

    Args:
        name: `shared` or `local`.
        variables: the arrays.
        owners: how many there are.
    """

    def __init__(self, name: str, variables: Sequence[Variable], owners: int) -> None:
        self.name = name
        self.window = WINDOWS[name]
        self.offsets, end = places_of(variables)
        self.size = end
        self.bytes = np.full(end * owners, POISON, np.uint8)
        self.own = np.zeros(end, np.bool_)  # the bytes that are in an array
        for variable in variables:
            start = self.offsets[variable.name]
            self.own[start : start + variable.size] = True
        self.base: Places = np.empty(0, np.int64)  # where each thread's part begins


def places_of(variables: Sequence[Variable]) -> tuple[dict[str, int], int]:
    """Where arrays lie, and where they end: as aligned as they ask for, and no more.

    >>> places_of([Variable("shared", "a", "b8", 20, 4), Variable("shared", "b", "b8", 8, 16)])
    ({'a': 4, 'b': 288}, 560)
    """
    end = 0
    offsets = {}
    for variable in variables:
        start = end + (variable.align if variable.align < _LINE else 0)
        offsets[variable.name] = start
        end = -(-(start + variable.size + _GAP) // _LINE) * _LINE
    return offsets, end


class Memory:
    """All memory that a kernel sees, for a number of threads that run in step.

    Args:
        variables: those of the kernel.
    """

    def __init__(self, variables: Sequence[Variable]) -> None:
        self._variables = variables
        self._starts: list[int] = []
        self._regions: list[Region] = []
        self._next = _FIRST
        self.symbols: dict[str, int] = {}
        self.parts: dict[str, Part] = {}
        self.count = 0
        for variable in variables:
            if variable.space in ("global", "const"):
                words = np.zeros(variable.size, np.uint8)
                if variable.values:
                    typed = np.array(variable.values, object).astype(_WORDS[variable.type])
                    words[: typed.nbytes] = typed.view(np.uint8)
                self.symbols[variable.name] = self.add(words, 0, variable.size)

    def add(self, words: Values, low: int, high: int, start: int | None = None) -> int:
        """Make an array known, and say where it starts; `low` and `high` count bytes."""
        if start is None:
            start = self._next
            self._next += -(-(words.nbytes + 1) // _SPREAD) * _SPREAD
        at = bisect_right(self._starts, start)
        self._starts.insert(at, start)
        self._regions.insert(at, Region(start, words, low, high))
        return start

    def part(self, blocks: Places, threads: int, count: int) -> None:
        """Give `count` threads fresh memory; `blocks` says in which block each of them is."""
        self.count = count
        for space, owners in (("shared", count // threads), ("local", count)):
            found = [variable for variable in self._variables if variable.space == space]
            part = self.parts[space] = Part(space, found, owners)
            whose = blocks if space == "shared" else np.arange(count)
            part.base = whose * part.size
            self.symbols.update(part.offsets)

    # --- loads and stores ------------------------------------------------------------------------

    def load(
        self,
        space: str,
        dtype: np.dtype[np.generic],
        count: int,
        address: Words,
        at: Lanes,
        no: int,
    ) -> list[Values]:
        """`count` neighbours for each thread: the first ones, the second ones, ..."""
        found: list[Values] = []
        for where, view, place in self._found(space, dtype, count, address, at, no):
            if where is None:
                return [view[place + i] if i else view[place] for i in range(count)]
            found = found or [np.empty(len(where), dtype) for _ in range(count)]
            for i in range(count):
                found[i][where] = view[place + i]
        return found

    def store(
        self, space: str, values: Sequence[Values], address: Words, at: Lanes, no: int
    ) -> None:
        """Neighbours from each thread; of two in one place, the later one stays."""
        for where, view, place in self._found(
            space, values[0].dtype, len(values), address, at, no, "writes"
        ):
            for i, value in enumerate(values):
                if len(value) > len(place):  # all threads, or those of one array, to one place
                    place = np.broadcast_to(place, len(value)) if where is None else place
                view[place + i] = value if where is None or len(value) == 1 else value[where]

    def update(
        self,
        space: str,
        how: np.ufunc | None,
        value: Values,
        address: Words,
        at: Lanes,
        no: int,
        than: Values | None = None,
    ) -> Values:
        """One thread after the other: memory = how(memory, value); what was there before.

        Without `how` the value is put there; if `than` is given, only where memory is the same.
        """
        count = len(range(*at.indices(self.count))) if isinstance(at, slice) else len(at)
        address, value = np.broadcast_to(address, count), np.broadcast_to(value, count)
        before = np.empty(count, value.dtype)
        for where, view, place in self._found(space, value.dtype, 1, address, at, no, "updates"):
            lanes = np.flatnonzero(np.ones(count, np.bool_) if where is None else where)
            for lane, index in zip(lanes.tolist(), place.tolist(), strict=True):
                one = slice(index, index + 1)
                before[lane] = view[one][0]
                if how is not None:
                    view[one] = how(view[one], value[lane : lane + 1])
                elif than is None or view[one][0] == than[lane if len(than) > 1 else 0]:
                    view[one] = value[lane : lane + 1]
        return before

    # --- where an address is ---------------------------------------------------------------------

    def _found(
        self,
        space: str,
        dtype: np.dtype[np.generic],
        count: int,
        address: Words,
        at: Lanes,
        no: int,
        does: str = "reads",
    ) -> Iterator[tuple[npt.NDArray[np.bool_] | None, Values, Places]]:
        """The arrays, and the places in them; for which threads, if not for all."""
        size = dtype.itemsize * count
        crooked = (address & np.uint64(size - 1)) != 0
        if crooked.any():
            what = f"{does} {size} bytes at an address that is no multiple of {size}"
            raise Fault(MisalignedAccessError, what, no, crooked)
        if space in ("", "generic"):
            space, address = self._special(address, no)
        if space in self.parts:
            part = self.parts[space]
            wrong = address > np.uint64(max(part.size - size, 0))
            wrong = wrong | ~part.own[np.where(wrong, 0, address)] if part.size else ~wrong | wrong
            if wrong.any():
                raise self._outside(f"{does} {size} bytes", space, address, wrong, no)
            yield (
                None,
                part.bytes.view(dtype),
                (part.base[at] + address.view(np.int64)) // (dtype.itemsize),
            )
            return
        first, last = int(address.min()), int(address.max()) + size
        region = self._region(first)
        if region is not None and region.low <= first and last <= region.high:
            yield (
                None,
                region.view(dtype),
                (address - np.uint64(region.start)).view(np.int64) // (dtype.itemsize),
            )
            return
        left = np.ones(len(address), np.bool_)
        while left.any():
            first = int(address[left][0])
            region = self._region(first)
            if region is None or not region.low <= first <= region.high - size:
                raise self._outside(f"{does} {size} bytes", space, address, left, no)
            here = left & (address >= np.uint64(region.low))
            here &= address <= np.uint64(region.high - size)
            offsets = (address[here] - np.uint64(region.start)).view(np.int64)
            yield here, region.view(dtype), offsets // dtype.itemsize
            left &= ~here

    def _region(self, address: int) -> Region | None:
        at = bisect_right(self._starts, address) - 1
        return self._regions[at] if at >= 0 else None

    def _special(self, address: Words, no: int) -> tuple[str, Words]:
        """Which memory generic addresses are of."""
        for name, window in WINDOWS.items():
            inside = (address >= np.uint64(window)) & (address < np.uint64(2 * window))
            if inside.all():
                return name, address - np.uint64(window)
            if inside.any():
                raise PtxError(f"line {no}: threads use shared and global memory at once")
        return "global", address

    def _outside(
        self, does: str, space: str, address: Words, wrong: npt.NDArray[np.bool_], no: int
    ) -> Fault:
        where = int(address[np.flatnonzero(wrong)[0]])
        said = f"{does} of {space} memory at {where:#x}"
        region = self._region(where) if space not in self.parts else None
        if region is None:
            return Fault(OutOfBoundsError, f"{said}, where there is none", no, wrong)
        near, room = where - region.start, (region.low - region.start, region.high - region.start)
        what = f"{said}, byte {near} of an array; only {room[0]} to {room[1] - 1} are its own"
        return Fault(OutOfBoundsError, what, no, wrong)


_WORDS: Final = {
    **{"b8": np.uint8, "u8": np.uint8, "s8": np.uint8, "b16": np.uint16, "u16": np.uint16},
    **{"b32": np.uint32, "u32": np.uint32, "s32": np.uint32},
    **{"f32": np.uint32, "f64": np.uint64},
    **{"b64": np.uint64, "u64": np.uint64, "s64": np.uint64},
}
