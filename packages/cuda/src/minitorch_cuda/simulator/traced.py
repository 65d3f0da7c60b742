"""Memory that tells a recorder of every use, and is otherwise the memory it is made from."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from minitorch_cuda.simulator.machine import machine
from minitorch_cuda.simulator.memory import Pointer
from minitorch_cuda.simulator.tiles import LocalArray, SharedArray

E = TypeVar("E", bound=float)


def _note(space: str, use: str, name: str, index: int | tuple[int, ...], value: float) -> None:
    if machine.recorder is not None and machine.stamp is not None:
        machine.recorder.note(space, use, name, index, value)


class TracedPointer(Pointer[E]):
    """Global memory."""

    __slots__ = ()

    def __getitem__(self, index: int) -> E:
        value = super().__getitem__(index)
        _note("global", "read", self.name, index, value)
        return value

    def __setitem__(self, index: int, value: E) -> None:
        super().__setitem__(index, value)
        _note("global", "write", self.name, index, value)

    def atomic(self, index: int, update: np.ufunc, value: E) -> E:
        """See `Pointer.atomic`."""
        before = super().atomic(index, update, value)
        _note("global", "atomic", self.name, index, value)
        return before


class TracedShared(SharedArray[E]):
    """The memory of a block."""

    __slots__ = ()

    def __getitem__(self, index: int | tuple[int, ...]) -> E:
        value = super().__getitem__(index)
        _note("shared", "read", self.name, index, value)
        return value

    def __setitem__(self, index: int | tuple[int, ...], value: E) -> None:
        super().__setitem__(index, value)
        _note("shared", "write", self.name, index, value)

    def atomic(self, index: int, update: np.ufunc, value: E) -> E:
        """See `SharedArray.atomic`."""
        before = super().atomic(index, update, value)
        _note("shared", "atomic", self.name, index, float(update(before, value)))
        return before


class TracedLocal(LocalArray[E]):
    """The memory of a thread."""

    __slots__ = ()

    def __getitem__(self, index: int | tuple[int, ...]) -> E:
        value = super().__getitem__(index)
        _note("local", "read", self.name, index, value)
        return value

    def __setitem__(self, index: int | tuple[int, ...], value: E) -> None:
        super().__setitem__(index, value)
        _note("local", "write", self.name, index, value)
