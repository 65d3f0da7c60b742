"""The GPU, whatever its make: `torch.accelerator`, which here is `minitorch.cuda`.

https://docs.pytorch.org/docs/stable/accelerator.html

>>> import minitorch as torch
>>> accelerator = torch.accelerator.current_accelerator()
>>> device = accelerator.type if accelerator else "cpu"
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from minitorch import cuda
from minitorch_tensor import Device

if TYPE_CHECKING:
    from minitorch_cuda import Stream

__all__ = [
    "current_accelerator", "current_device_idx", "current_device_index", "current_stream",
    "device_count", "device_index", "empty_cache", "get_memory_info", "is_available",
    "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved",
    "memory_stats", "reset_accumulated_memory_stats", "reset_peak_memory_stats", "set_device_idx",
    "set_device_index", "set_stream", "synchronize",
]  # fmt: skip

Place = Device | str | int | None


def is_available() -> bool:
    """Whether a GPU can be used, or the simulator was asked for.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.is_available.html
    """
    return cuda.is_available()


def device_count() -> int:
    """How many there are.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.device_count.html
    """
    return cuda.device_count()


def current_accelerator(check_available: bool = False) -> Device | None:
    """The device that is meant by "the accelerator": the current GPU; None where there is none.

    PyTorch names the kind that it was built for even where none can be used, unless it is told to
    look; minitorch is built for all, and always looks.
    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.current_accelerator.html

    Args:
        check_available: without effect.
    """
    return Device("cuda") if cuda.is_available() else None


def _required(place: Place = None) -> Place:
    """A place, if there is an accelerator.

    Raises:
        RuntimeError: if there is none.
    """
    if not cuda.is_available():
        raise RuntimeError(
            "Cannot access accelerator device when none is available; "
            "ask minitorch.accelerator.is_available() first"
        )
    return place


def current_device_index() -> int:
    """The number of the current one.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.current_device_index.html

    Raises:
        RuntimeError: if there is none.
    """
    _required()
    return cuda.current_device()


def set_device_index(device: Device | str | int) -> None:
    """Let another one be current.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.set_device_index.html

    Raises:
        RuntimeError: if there is no such.
    """
    cuda.set_device(_required(device))


current_device_idx, set_device_idx = current_device_index, set_device_index


class device_index:
    """Another one is current inside a `with`; None changes nothing.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.device_index.html
    """

    def __init__(self, device: int | None) -> None:
        self.idx = device
        self.prev_idx = -1

    def __enter__(self) -> None:
        if self.idx is not None:
            self.prev_idx = current_device_index()
            set_device_index(self.idx)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.idx is not None:
            set_device_index(self.prev_idx)


def synchronize(device: Place = None) -> None:
    """Wait until all that was launched on a device has ended.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.synchronize.html

    Raises:
        RuntimeError: if there is none.
    """
    cuda.synchronize(_required(device))


def current_stream(device: Place = None) -> Stream:
    """The stream that launches go to.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.current_stream.html

    Raises:
        RuntimeError: if there is no accelerator.
    """
    return cuda.current_stream(_required(device))


def set_stream(stream: Stream) -> None:
    """Let launches go to another stream.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.set_stream.html

    Raises:
        RuntimeError: if there is no accelerator.
    """
    _required()
    cuda.set_stream(stream)


def empty_cache() -> None:
    """Give memory that no tensor uses back to the driver.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.empty_cache.html
    """
    cuda.empty_cache()


def memory_allocated(device_index: Place = None) -> int:
    """The bytes of tensors on a device.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.memory_allocated.html
    """
    return cuda.memory_allocated(device_index)


def max_memory_allocated(device_index: Place = None) -> int:
    """The most there were.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.max_memory_allocated.html
    """
    return cuda.max_memory_allocated(device_index)


def memory_reserved(device_index: Place = None) -> int:
    """The bytes taken from the driver.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.memory_reserved.html
    """
    return cuda.memory_reserved(device_index)


def max_memory_reserved(device_index: Place = None) -> int:
    """The most there were.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.max_memory_reserved.html
    """
    return cuda.max_memory_reserved(device_index)


def memory_stats(device_index: Place = None) -> dict[str, int]:
    """All counters, by name.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.memory_stats.html
    """
    return cuda.memory_stats(device_index)


def reset_peak_memory_stats(device_index: Place = None) -> None:
    """Let the peaks begin anew.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.reset_peak_memory_stats.html
    """
    cuda.reset_peak_memory_stats(device_index)


def reset_accumulated_memory_stats(device_index: Place = None) -> None:
    """Let the sums begin anew.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.reset_accumulated_memory_stats.html
    """
    cuda.reset_accumulated_memory_stats(device_index)


def get_memory_info(device_index: Place = None) -> tuple[int, int]:
    """The bytes that are free on a device, and all.

    https://docs.pytorch.org/docs/stable/generated/torch.accelerator.get_memory_info.html

    Raises:
        RuntimeError: if there is no accelerator.
    """
    return cuda.mem_get_info(_required(device_index))
