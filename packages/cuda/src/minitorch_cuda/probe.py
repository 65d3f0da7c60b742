"""What this machine has: a driver, GPUs, the packages that compile and launch."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

INSTALL: Final = 'pip install "minitorch-cuda[cuda]"'
SIMULATE: Final = (
    "minitorch_cuda.use_simulator(), or MINITORCH_CUDA=simulator in the environment, "
    "runs the same kernels slowly without a GPU"
)
OLDEST: Final = (7, 5)
"""The least compute capability that compilers of CUDA 13 know: Turing."""

KNOWN_NUMBA: Final = "0.30"
"""The versions of numba-cuda that kernels are known to compile with."""

_NAME_BYTES: Final = 128
_MAJOR, _MINOR = 75, 76  # of the compute capability, among the driver's attributes

# Where the parts of the toolkit come from: pip's packages for CUDA 13, then for CUDA 12.
_NVVM: Final = ("nvidia-nvvm", "nvidia-cuda-nvcc-cu12")
_LINKER: Final = ("nvidia-nvjitlink", "nvidia-nvjitlink-cu12")
_FOLDERS: Final = ("CUDA_HOME", "CUDA_PATH")
_USUAL: Final = Path("/usr/local/cuda")


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found. A version of "" means that the thing is missing.

    Attributes:
        driver: the newest CUDA version that the driver supports, for example "13.0".
        driver_error: why there is none.
        devices: the names of the GPUs.
        numba_cuda: the version of the compiler.
        cuda_core: the version of the launcher.
        nvvm: the version of the part of CUDA's toolkit that makes PTX, or the folder it is in.
        linker: the version of the part that makes machine code of PTX; without it the driver does.
        capabilities: the compute capabilities of the GPUs.
    """

    driver: str
    driver_error: str
    devices: tuple[str, ...]
    numba_cuda: str
    cuda_core: str
    nvvm: str = "13.0"
    linker: str = "13.0"
    capabilities: tuple[tuple[int, int], ...] = ()

    @property
    def missing(self) -> list[str]:
        """What stands between this machine and its GPU, a sentence each; empty if nothing does."""
        found = []
        if not self.driver:
            found.append(
                f"no NVIDIA driver ({self.driver_error}); install one from nvidia.com/drivers"
            )
        elif not self.devices:
            why = f" ({self.driver_error})" if self.driver_error else ""
            found.append(f"the driver finds no GPU{why}; nvidia-smi may say why")
        for name, version in (("numba-cuda", self.numba_cuda), ("cuda-core", self.cuda_core)):
            if not version:
                found.append(f"{name} is not installed; run {INSTALL}")
        if self.numba_cuda and not self.nvvm:
            found.append(
                "numba-cuda has no CUDA toolkit: NVVM, which makes PTX, was not found; run "
                f"{INSTALL}, or set CUDA_HOME to a toolkit"
            )
        return found

    @property
    def doubts(self) -> list[str]:
        """What may go wrong though nothing is missing, a sentence each."""
        found = []
        newer = bool(self.driver) and _number(self.nvvm) > _number(self.driver)
        if newer and _number(self.linker) < _number(self.nvvm):
            found.append(
                f"PTX of CUDA {self.nvvm} is newer than the driver, which supports CUDA "
                f"{self.driver}, and than the linker ({self.linker or 'none'}): kernels compile, "
                "but cannot be loaded. Update the driver, or install nvidia-nvjitlink of version "
                f"{self.nvvm}, or nvidia-nvvm of version {self.driver}"
            )
        if self.numba_cuda and not self.numba_cuda.startswith(f"{KNOWN_NUMBA}."):
            found.append(
                f"numba-cuda {self.numba_cuda} was not tried; kernels are known to compile with "
                f"{KNOWN_NUMBA}.x: run {INSTALL}"
            )
        for name, capability in zip(self.devices, self.capabilities, strict=False):
            if capability < OLDEST:
                found.append(
                    f"{name} has compute capability {capability[0]}.{capability[1]}; compilers of "
                    f"CUDA 13 know only {OLDEST[0]}.{OLDEST[1]} and later"
                )
        return found


def _number(version: str) -> tuple[int, int]:
    """The first two numbers of a version; (0, 0) if it has none.

    >>> _number("13.4.52"), _number("in /usr/local/cuda")
    ((13, 4), (0, 0))
    """
    parts = version.split(".")
    if len(parts) < 2 or not (parts[0].isdecimal() and parts[1].isdecimal()):
        return (0, 0)
    return int(parts[0]), int(parts[1])


@lru_cache(maxsize=1)
def probe() -> Probe:
    """Look, once."""
    driver, error, devices, capabilities = _driver()
    return Probe(
        driver,
        error,
        devices,
        _version("numba-cuda"),
        _version("cuda-core"),
        _version(*_NVVM) or _toolkit(),
        _version(*_LINKER),
        capabilities,
    )


def _version(*distributions: str) -> str:
    """The version of the first of some packages that is installed."""
    for name in distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def _toolkit() -> str:
    """A toolkit that was installed by itself, if there is one."""
    folders = [Path(os.environ[name]) for name in _FOLDERS if os.environ.get(name)]
    for folder in (*folders, _USUAL):
        if (folder / "nvvm").is_dir():
            return f"in {folder}"
    return ""


def _driver() -> tuple[str, str, tuple[str, ...], tuple[tuple[int, int], ...]]:
    """The driver's version, or why there is none; the GPUs, and what they can."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        cuda = ctypes.CDLL(library)
    except OSError:
        return "", f"{library} was not found", (), ()
    number = ctypes.c_int()
    if cuda.cuDriverGetVersion(ctypes.byref(number)) != 0:
        return "", f"{library} does not answer", (), ()
    version = f"{number.value // 1000}.{number.value % 1000 // 10}"
    status = int(cuda.cuInit(0))
    if status != 0 or cuda.cuDeviceGetCount(ctypes.byref(number)) != 0:
        return version, f"cuInit gives error {status}", (), ()
    count = range(number.value)
    names = tuple(_name(cuda, i) for i in count)
    return version, "", names, tuple(_capability(cuda, i) for i in count)


def _name(cuda: ctypes.CDLL, index: int) -> str:
    device, name = ctypes.c_int(), ctypes.create_string_buffer(_NAME_BYTES)
    cuda.cuDeviceGet(ctypes.byref(device), index)
    cuda.cuDeviceGetName(name, _NAME_BYTES, device)
    return name.value.decode()


def _capability(cuda: ctypes.CDLL, index: int) -> tuple[int, int]:
    device, number = ctypes.c_int(), ctypes.c_int()
    cuda.cuDeviceGet(ctypes.byref(device), index)
    found = []
    for attribute in (_MAJOR, _MINOR):
        cuda.cuDeviceGetAttribute(ctypes.byref(number), attribute, device)
        found.append(number.value)
    return found[0], found[1]
