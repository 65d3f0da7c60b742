"""From a kernel to machine code in the GPU: found on disk, or compiled and kept there.

Compiling takes 20 milliseconds for a small kernel and seconds for a large one, beside half a second
to load Numba; the code of a kernel is a few kilobytes, and reading it takes no time. Code for one
model of GPU needs nothing of the driver but to be loaded, so it is kept in that form; the PTX it
was made from is kept beside it, to be read.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final

from minitorch_cuda import cache
from minitorch_cuda.compiler import Ptx, compile_ptx
from minitorch_cuda.kernel import Kernel
from minitorch_cuda.probe import probe

if TYPE_CHECKING:
    from minitorch_cuda.nvidia import Device as CoreDevice
    from minitorch_cuda.nvidia import Kernel as LoadedKernel

_VERSION: Final = re.compile(r"\.version\s+(\d+\.\d+)")


class Loader:
    """The kernels of one GPU.

    Args:
        device: the GPU.
    """

    def __init__(self, device: CoreDevice) -> None:
        capability = device.compute_capability
        self._capability = capability.major, capability.minor
        self._kernels: dict[Kernel, LoadedKernel] = {}
        self._compiling = threading.Lock()

    def load(self, kernel: Kernel) -> LoadedKernel:
        """The kernel in the GPU's memory.

        Raises:
            ImportError: if numba-cuda is not installed, and the kernel not on disk.
            RuntimeError: if PTX cannot be made into machine code: the driver is too old for it.
        """
        from minitorch_cuda.nvidia import ObjectCode

        with self._compiling:
            found = self._kernels.get(kernel)
            if found is None:
                code = self._code(kernel)
                loaded = ObjectCode.from_cubin(code.cubin, name=kernel.name)
                found = self._kernels[kernel] = loaded.get_kernel(code.entry)
            return found

    def _code(self, kernel: Kernel) -> cache.Code:
        place = cache.place_of(kernel, self._capability)
        found = cache.read(place)
        if found is not None:
            return found
        with cache.alone(place):
            found = cache.read(place)
            if found is not None:
                return found
            ptx = compile_ptx(kernel, self._capability)
            code = cache.Code(ptx.entry, assemble(ptx, self._capability, kernel.name))
            cache.write(place, code, ptx.text)
            return code


def assemble(ptx: Ptx, capability: tuple[int, int], name: str) -> bytes:
    """PTX as machine code for GPUs of a compute capability.

    Raises:
        RuntimeError: if the driver, or the linker, is older than the PTX.
    """
    from minitorch_cuda.nvidia import Program, ProgramOptions

    major, minor = capability
    options = ProgramOptions(arch=f"sm_{major}{minor}")
    try:
        return bytes(Program(ptx.text, "ptx", options).compile("cubin").code)
    except Exception as error:  # cuda.core does not export its error's class
        version = _VERSION.search(ptx.text)
        raise RuntimeError(
            f"cuda: {name} was compiled to PTX {version.group(1) if version else '?'}, which could "
            f"not be made into machine code for sm_{major}{minor}: {error}. {remedy()}"
        ) from error


def remedy() -> str:
    """What to do where compiler and driver do not fit."""
    return (
        f"The driver supports CUDA {probe().driver or '?'}, and the compiler may be newer: update "
        "the driver, or install the compiler of that version (`python -m minitorch_cuda doctor` "
        "says which)"
    )
