"""Which launcher runs the device "cuda": the GPU, or the simulator if someone asks for it.

The choice falls at the first use. Without a GPU, and without a word for the simulator, that use is
an error which says what is missing.
"""

from __future__ import annotations

import os
import threading
from typing import Final

from minitorch_cuda.backend import CudaBackend
from minitorch_cuda.launcher import Launcher
from minitorch_cuda.probe import SIMULATE, probe
from minitorch_cuda.simulated import SimulatorLauncher
from minitorch_tensor.device import register_backend

VARIABLE: Final = "MINITORCH_CUDA"
"""The environment variable that chooses: `simulator` or `device`; if empty, a device."""


class Choice:
    """The launcher of this process, once it is chosen."""

    def __init__(self) -> None:
        self._launcher: Launcher | None = None
        self._lock = threading.Lock()

    def get(self) -> Launcher:
        """The launcher.

        Raises:
            RuntimeError: if there is nothing to launch with.
        """
        if self._launcher is None:
            with self._lock:
                if self._launcher is None:
                    self._launcher = self._default()
        return self._launcher

    def put(self, launcher: Launcher | None) -> Launcher | None:
        """Choose, or take the choice back; the choice before."""
        with self._lock:
            before, self._launcher = self._launcher, launcher
            return before

    @property
    def simulated(self) -> bool:
        """Whether the simulator is chosen, by a call or by the environment."""
        if self._launcher is not None:
            return isinstance(self._launcher, SimulatorLauncher)
        return wish() == "simulator"

    def _default(self) -> Launcher:
        if wish() == "simulator":
            return SimulatorLauncher()
        missing = probe().missing
        if missing:
            raise RuntimeError(
                "device 'cuda' cannot be used: " + "; ".join(missing) + f". Or: {SIMULATE}"
            )
        from minitorch_cuda.runtime import DeviceLauncher

        return DeviceLauncher()


def wish() -> str:
    """What the environment asks for: "", "simulator" or "device".

    Raises:
        RuntimeError: if it asks for something else.
    """
    value = os.environ.get(VARIABLE, "")
    if value not in ("", "simulator", "device"):
        raise RuntimeError(f"{VARIABLE} must be 'simulator' or 'device', got {value!r}")
    return value


choice: Final = Choice()
backend: Final = CudaBackend(choice.get)
register_backend("cuda", backend)


class use_simulator:
    """Let the simulator run the device "cuda" from now on: the same kernels, without a GPU.

    It is for learning, for tests, and for kernels in the making: it checks every access, and takes
    some microseconds for each. As a context manager it takes the choice back at the end. A tensor
    made on one launcher cannot be used on another.

    >>> with use_simulator():
    ...     get_device_name()
    'simulator'
    """

    def __init__(self) -> None:
        self._before = choice.put(SimulatorLauncher())

    def __enter__(self) -> None:
        """The choice is made already."""

    def __exit__(self, *error: object) -> None:
        """Take the choice back."""
        choice.put(self._before)


def is_available() -> bool:
    """Whether tensors can live on "cuda": all is there for a GPU, or the simulator was chosen.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.is_available.html
    """
    return choice.simulated or not probe().missing


def device_count() -> int:
    """The number of GPUs; 1 in the simulator, 0 where something is missing.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.device_count.html
    """
    if choice.simulated:
        return 1
    return 0 if probe().missing else len(probe().devices)


def get_device_name() -> str:
    """The name of the GPU, or `simulator`.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_device_name.html

    Raises:
        RuntimeError: if there is neither.
    """
    return choice.get().name


def synchronize() -> None:
    """Wait until all that was launched has ended.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.synchronize.html

    Raises:
        RuntimeError: if there is nothing to launch with.
    """
    choice.get().synchronize()
