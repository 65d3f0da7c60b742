"""What this machine has: a driver, GPUs, the packages that compile and launch."""

from __future__ import annotations

import ctypes
import importlib.metadata
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

INSTALL: Final = 'pip install "minitorch-cuda[cuda]"'
SIMULATE: Final = (
    "minitorch_cuda.use_simulator(), or MINITORCH_CUDA=simulator in the environment, "
    "runs the same kernels slowly without a GPU"
)
_NAME_BYTES = 128


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found. A version of "" means that the thing is missing.

    Attributes:
        driver: the newest CUDA version that the driver supports, for example "13.0".
        driver_error: why there is none.
        devices: the names of the GPUs.
        numba_cuda: the version of the compiler.
        cuda_core: the version of the launcher.
    """

    driver: str
    driver_error: str
    devices: tuple[str, ...]
    numba_cuda: str
    cuda_core: str

    @property
    def missing(self) -> list[str]:
        """What stands between this machine and its GPU, a sentence each; empty if nothing does."""
        found = []
        if not self.driver:
            found.append(
                f"no NVIDIA driver ({self.driver_error}); install one from nvidia.com/drivers"
            )
        elif not self.devices:
            found.append("the driver finds no GPU; nvidia-smi may say why")
        for name, version in (("numba-cuda", self.numba_cuda), ("cuda-core", self.cuda_core)):
            if not version:
                found.append(f"{name} is not installed; run {INSTALL}")
        return found


@lru_cache(maxsize=1)
def probe() -> Probe:
    """Look, once."""
    driver, error, devices = _driver()
    return Probe(driver, error, devices, _version("numba-cuda"), _version("cuda-core"))


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _driver() -> tuple[str, str, tuple[str, ...]]:
    """The driver's version, or why there is none; the GPUs."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        cuda = ctypes.CDLL(library)
    except OSError:
        return "", f"{library} was not found", ()
    number = ctypes.c_int()
    if cuda.cuDriverGetVersion(ctypes.byref(number)) != 0:
        return "", f"{library} does not answer", ()
    version = f"{number.value // 1000}.{number.value % 1000 // 10}"
    status = int(cuda.cuInit(0))
    if status != 0 or cuda.cuDeviceGetCount(ctypes.byref(number)) != 0:
        return version, f"cuInit gives error {status}", ()
    return version, "", tuple(_name(cuda, i) for i in range(number.value))


def _name(cuda: ctypes.CDLL, index: int) -> str:
    device, name = ctypes.c_int(), ctypes.create_string_buffer(_NAME_BYTES)
    cuda.cuDeviceGet(ctypes.byref(device), index)
    cuda.cuDeviceGetName(name, _NAME_BYTES, device)
    return name.value.decode()
