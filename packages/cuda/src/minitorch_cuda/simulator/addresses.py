"""Addresses of simulated memory, for kernels that are handed a table of them.

An address is that of the array in the memory of the host. It is known from when somebody asked for
it, for as long as the array lives: a kernel that follows one of memory that was freed is told so.
"""

from __future__ import annotations

from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from minitorch_cuda.simulator.errors import OutOfBoundsError
from minitorch_cuda.simulator.machine import machine, site
from minitorch_cuda.simulator.memory import Pointer
from minitorch_cuda.simulator.shadow import Shadow

_known: WeakValueDictionary[int, npt.NDArray[np.generic]] = WeakValueDictionary()
_shadows: dict[int, Shadow] = {}  # of the running kernel


def address_of(words: npt.NDArray[np.generic]) -> int:
    """Where an array starts; kernels may ask `memory_at` for it from now on."""
    address = int(words.ctypes.data)
    _known[address] = words
    return address


def memory_at(address: int, name: str) -> Pointer[float]:
    """The array that starts there, as a kernel sees it.

    Raises:
        OutOfBoundsError: if there is none, or none any more.
    """
    words = _known.get(address)
    if words is None:
        raise OutOfBoundsError(
            f"{machine.who()} follows the address {address:#x} as {name}, where no memory of the "
            f"device starts; it may have been freed{site()}"
        )
    return Pointer(words, name, shadow=_shadows.setdefault(address, Shadow()))


def forget() -> None:
    """Before a kernel: nobody used any memory yet."""
    _shadows.clear()


def known() -> list[tuple[int, npt.NDArray[np.generic]]]:
    """The arrays whose addresses somebody asked for, and that still live."""
    return list(_known.items())
