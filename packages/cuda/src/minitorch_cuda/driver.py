"""What the driver's errors mean, and what to do about them.

A launch is not waited for, so what a kernel did wrong is reported by a later call, whichever comes
first. After such an error the driver refuses all work of this process: the first report explains
it, later ones only point back.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, Protocol

from minitorch_tensor.accelerator import AcceleratorError

if TYPE_CHECKING:
    from minitorch_cuda.nvidia import CUstream


class Functions(Protocol):
    """The functions of `cuda.bindings.driver` that this package calls: a status comes first."""

    def cuMemAlloc(self, nbytes: int, /) -> tuple[int, int]:
        """Memory of the GPU."""
        ...

    def cuMemFree(self, pointer: int, /) -> tuple[int]:
        """Give it back."""
        ...

    def cuMemHostAlloc(self, nbytes: int, flags: int, /) -> tuple[int, int]:
        """Locked memory of the host."""
        ...

    def cuMemGetInfo(self) -> tuple[int, int, int]:
        """The bytes that are free, and all."""
        ...

    def cuMemcpyHtoDAsync(
        self, to: int, source: int, nbytes: int, stream: CUstream, /
    ) -> tuple[int]:
        """Copy from the host."""
        ...

    def cuMemcpyDtoHAsync(
        self, to: int, source: int, nbytes: int, stream: CUstream, /
    ) -> tuple[int]:
        """Copy to the host."""
        ...

    def cuMemcpyDtoDAsync(
        self, to: int, source: int, nbytes: int, stream: CUstream, /
    ) -> tuple[int]:
        """Copy from a GPU to a GPU."""
        ...

    def cuCtxSynchronize(self) -> tuple[int]:
        """Wait for all streams."""
        ...

    def cuStreamQuery(self, stream: CUstream, /) -> tuple[int]:
        """Whether all that was launched has ended."""
        ...


BLOCKING: Final = ("MINITORCH_CUDA_BLOCKING", "CUDA_LAUNCH_BLOCKING")
"""Either of these in the environment, if not 0, has each launch waited for."""

NAMES: Final = {
    2: "CUDA_ERROR_OUT_OF_MEMORY",
    100: "CUDA_ERROR_NO_DEVICE",
    101: "CUDA_ERROR_INVALID_DEVICE",
    209: "CUDA_ERROR_NO_BINARY_FOR_GPU",
    222: "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
    600: "CUDA_ERROR_NOT_READY",
    700: "CUDA_ERROR_ILLEGAL_ADDRESS",
    701: "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
    702: "CUDA_ERROR_LAUNCH_TIMEOUT",
    710: "CUDA_ERROR_ASSERT",
    714: "CUDA_ERROR_HARDWARE_STACK_ERROR",
    715: "CUDA_ERROR_ILLEGAL_INSTRUCTION",
    716: "CUDA_ERROR_MISALIGNED_ADDRESS",
    717: "CUDA_ERROR_INVALID_ADDRESS_SPACE",
    718: "CUDA_ERROR_INVALID_PC",
    719: "CUDA_ERROR_LAUNCH_FAILED",
}
NUMBERS: Final = {name: number for number, name in NAMES.items()}
NOT_READY: Final = 600
NO_ROOM: Final = 2

MEANINGS: Final = {
    700: "a kernel read or wrote memory that is not its own",
    702: "a kernel ran longer than the driver allows where the GPU also draws the screen",
    710: "a kernel found that something was not as it must be",
    714: "a kernel's stack was damaged",
    715: "a kernel came to an instruction that this GPU has not",
    716: "a kernel read or wrote at an address that is no multiple of the size",
    717: "a kernel used an address of the wrong kind of memory",
    718: "a kernel jumped to a place that is no code",
    719: "a kernel failed",
}
"""The errors after which the driver refuses all work, and what they say of a kernel."""

_NAME: Final = re.compile(r"CUDA_ERROR_[A-Z_]+")


def blocking() -> bool:
    """Whether the environment asks that each launch be waited for."""
    return any(os.environ.get(name, "") not in ("", "0") for name in BLOCKING)


def number_of(error: BaseException) -> int:
    """The driver's number of an error that cuda.core raised; 0 if it is none of the driver's.

    >>> number_of(RuntimeError("CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access"))
    700
    """
    found = _NAME.search(str(error))
    return NUMBERS.get(found.group(), 0) if found else 0


class Health:
    """Whether a GPU can still be used by this process.

    Args:
        device: as messages name it.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._lost = ""

    @property
    def lost(self) -> bool:
        """Whether an error has come after which the driver refuses all work."""
        return bool(self._lost)

    def check(self, what: str, code: int) -> None:
        """Raise if a call of the driver failed.

        Raises:
            AcceleratorError: if the number is not 0.
        """
        if code:
            raise self.error(what, int(code))

    def error(self, what: str, code: int, said: str = "") -> AcceleratorError:
        """What to raise for an error of the driver; `said` is its own text."""
        name = NAMES.get(code, said or f"error {code}")
        if self._lost:
            return AcceleratorError(
                f"CUDA: {self._device} cannot be used any more by this process, because of an "
                f"earlier error ({self._lost}); start the process again",
                code,
            )
        meaning = MEANINGS.get(code)
        if meaning is None:
            return AcceleratorError(f"CUDA: {what} failed on {self._device}: {name}", code)
        self._lost = f"{name}: {meaning}"
        hint = (
            "It was the kernel named here, or its arguments"
            if what.startswith("kernel ")
            else f"Launches are not waited for, so the kernel came before this; run again with "
            f"{BLOCKING[0]}=1, which names it and the line that asked for it"
        )
        return AcceleratorError(
            f"CUDA: {what} failed on {self._device}: {self._lost}. {hint}. This process cannot use "
            "the GPU any more: start it again",
            code,
        )
