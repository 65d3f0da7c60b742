"""The GPU, which needs the package `minitorch-cuda`; without it all else works."""

from __future__ import annotations

try:
    from minitorch_cuda import device_count, get_device_name, is_available, synchronize
except ModuleNotFoundError as error:
    if error.name != "minitorch_cuda":
        raise

    def is_available() -> bool:
        """Whether tensors can live on "cuda": never, without minitorch-cuda."""
        return False

    def device_count() -> int:
        """The number of GPUs that can be used: 0, without minitorch-cuda."""
        return 0

    def get_device_name() -> str:
        """The name of the GPU.

        Raises:
            RuntimeError: always, without minitorch-cuda.
        """
        raise RuntimeError(MISSING)

    def synchronize() -> None:
        """Wait until all that was launched has ended.

        Raises:
            RuntimeError: always, without minitorch-cuda.
        """
        raise RuntimeError(MISSING)


MISSING = "device 'cuda' cannot be used: the package minitorch-cuda is not installed"

__all__ = ["device_count", "get_device_name", "is_available", "synchronize"]
