"""Which launchers run the devices "cuda": GPUs, or the simulator if someone asks for it.

The choice falls at the first use. Without a GPU, and without a word for the simulator, that use is
an error which says what is missing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import partial
from typing import Final

from minitorch_cuda.backend import CudaBackend
from minitorch_cuda.launcher import Launcher
from minitorch_cuda.probe import SIMULATE, probe
from minitorch_cuda.simulated import MEMORY, SimulatorLauncher
from minitorch_tensor.core import forget_constants
from minitorch_tensor.device import register_devices

VARIABLE: Final = "MINITORCH_CUDA"
"""The environment variable that chooses: `simulator`, `ptx` or `device`; if empty, a device."""


SIMULATED: Final = {"simulator": "simulator", "ptx": "interpreter of PTX"}
"""The choices that need no GPU: the kernels' Python, or the compiled kernels on the CPU."""


class _Current(threading.local):
    """The device that a thread means by "cuda"."""

    index = 0


class Choice:
    """The launchers of this process, once they are chosen: one for each device."""

    def __init__(self) -> None:
        self._launchers: list[Launcher | None] | None = None
        self._ready: dict[int, Launcher] = {}  # those that were asked for
        self._lock = threading.Lock()
        self._current = _Current()
        self._backends: dict[int, CudaBackend] = {}
        self._forked = False

    def forked(self) -> None:
        """In a process that was forked from one that uses a GPU, the driver does not work."""
        if not all(isinstance(launcher, SimulatorLauncher) for launcher in self.used()):
            self._forked = True
            self._ready.clear()

    def get(self, index: int | None = None) -> Launcher:
        """The launcher of a device, or of the current one.

        Raises:
            RuntimeError: if there is nothing to launch with, or no such device; or if the process
                was forked from one that uses a GPU.
        """
        if index is None:
            index = self._current.index
        found = self._ready.get(index)
        if found is not None:
            return found
        if self._forked:
            raise RuntimeError(
                "Cannot re-initialize CUDA in forked subprocess. To use CUDA with multiprocessing, "
                "you must use the 'spawn' start method"
            )
        with self._lock:
            if self._launchers is None:
                self._launchers = self._default()
            launchers = self._launchers
            if index >= len(launchers):
                raise RuntimeError(
                    f"device 'cuda:{index}': invalid device ordinal; there "
                    + ("is one device" if len(launchers) == 1 else f"are {len(launchers)} devices")
                    + f", so the index must be below {len(launchers)}"
                )
            found = launchers[index]
            if found is None:
                from minitorch_cuda.runtime import DeviceLauncher

                found = launchers[index] = DeviceLauncher(index, several=len(launchers) > 1)
            self._ready[index] = found
            return found

    def put(self, launchers: Sequence[Launcher | None] | None) -> list[Launcher | None] | None:
        """Choose, or take the choice back; the choice before."""
        with self._lock:
            before = self._launchers
            self._forked = False
            self._launchers = None if launchers is None else list(launchers)
            self._ready.clear()
            forget_constants()  # they lie in the memory of the launchers before
            return before

    def count(self) -> int:
        """How many devices there are."""
        if self._launchers is not None:
            return len(self._launchers)
        if wish() in SIMULATED:
            return 1
        return 0 if probe().missing else len(probe().devices)

    def used(self) -> list[Launcher]:
        """The launchers that are in use."""
        return [launcher for launcher in self._launchers or () if launcher is not None]

    @property
    def initialized(self) -> bool:
        """Whether a device is in use."""
        return bool(self.used())

    @property
    def simulated(self) -> bool:
        """Whether the simulator is chosen, by a call or by the environment."""
        if self._launchers is not None:
            return isinstance(self._launchers[0], SimulatorLauncher)
        return wish() in SIMULATED

    def _default(self) -> list[Launcher | None]:
        if wish() in SIMULATED:
            return [launcher_without_gpu(compiled=wish() == "ptx")]
        missing = probe().missing
        if missing:
            raise RuntimeError(
                "device 'cuda' cannot be used: " + "; ".join(missing) + f". Or: {SIMULATE}"
            )
        return [None] * len(probe().devices)

    # --- what tensors ask for --------------------------------------------------------------------

    def current(self) -> int:
        """The device that this thread means by "cuda"."""
        return self._current.index

    def use(self, index: int) -> None:
        """Let this thread mean another device."""
        self._current.index = index

    def backend(self, index: int, /) -> CudaBackend:
        """What computes on a device; whether it is there is asked when it is first used."""
        found = self._backends.get(index)
        if found is None:
            found = self._backends.setdefault(index, CudaBackend(partial(self.get, index), index))
        return found


def wish() -> str:
    """What the environment asks for: "", "simulator", "ptx" or "device".

    Raises:
        RuntimeError: if it asks for something else.
    """
    value = os.environ.get(VARIABLE, "")
    if value not in ("", *SIMULATED, "device"):
        raise RuntimeError(f"{VARIABLE} must be 'simulator', 'ptx' or 'device', got {value!r}")
    return value


def launcher_without_gpu(index: int = 0, memory: int = MEMORY, *, compiled: bool) -> Launcher:
    """The simulator, or the interpreter of compiled kernels.

    Raises:
        ImportError: if kernels are to be compiled, and numba-cuda is not installed.
    """
    if not compiled:
        return SimulatorLauncher(index, memory)
    from minitorch_cuda.compiled import PtxLauncher

    return PtxLauncher(index, memory)


choice: Final = Choice()
register_devices("cuda", choice)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=choice.forked)


class use_simulator:
    """Let the simulator run the device "cuda" from now on: the same kernels, without a GPU.

    It is for learning, for tests, and for kernels in the making: it checks every access, and takes
    some microseconds for each. As a context manager it takes the choice back at the end. A tensor
    made on one launcher cannot be used on another.

    Args:
        devices: how many devices there shall be.
        memory: how many bytes each of them has.
        compiled: run what the compiler makes of the kernels, by an interpreter of PTX. It checks
            less than the simulator does, and finds what a compiler does that Python does not. It
            needs numba-cuda, and time to compile each kernel that is new.

    Raises:
        ValueError: if there shall be none.
        ImportError: if kernels are to be compiled, and numba-cuda is not installed.

    >>> with use_simulator():
    ...     choice.get().name
    'simulator'
    """

    def __init__(self, devices: int = 1, memory: int = MEMORY, *, compiled: bool = False) -> None:
        if devices < 1:
            raise ValueError(f"use_simulator: devices must be at least 1, but got {devices}")
        made = [launcher_without_gpu(i, memory, compiled=compiled) for i in range(devices)]
        self._current = choice.current()
        choice.use(0)
        self._before = choice.put(made)

    def __enter__(self) -> None:
        """The choice is made already."""

    def __exit__(self, *error: object) -> None:
        """Take the choice back."""
        choice.put(self._before)
        choice.use(self._current)
