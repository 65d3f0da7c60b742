"""`torch.cuda`'s functions about memory: how much is used, how much is there, giving it back.

Where no device is in use yet, nothing is used, and there is nothing to give back.

https://docs.pytorch.org/docs/stable/cuda.html#memory-management
"""

from __future__ import annotations

from minitorch_cuda import memory_stats as counters
from minitorch_cuda.choice import choice
from minitorch_cuda.devices import Place, index_of, launcher_of
from minitorch_cuda.memory_stats import Usage


def _usage(device: Place) -> Usage:
    """The counters of a device; of one that is not in use all 0."""
    return launcher_of(device).allocator.usage if choice.initialized else Usage()


def memory_allocated(device: Place = None) -> int:
    """The bytes of tensors on a device, in steps of 512.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory_allocated.html

    >>> from minitorch_cuda import use_simulator
    >>> from minitorch_tensor import empty
    >>> with use_simulator():
    ...     before = memory_allocated()
    ...     x = empty(1000, device="cuda")
    ...     memory_allocated() - before
    4096
    """
    return _usage(device).bytes[2].current


def max_memory_allocated(device: Place = None) -> int:
    """The most bytes of tensors at any time since the start, or `reset_peak_memory_stats`.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.max_memory_allocated.html
    """
    return _usage(device).bytes[2].peak


def memory_reserved(device: Place = None) -> int:
    """The bytes taken from the driver: of tensors, and kept for later.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory_reserved.html
    """
    return _usage(device).reserved[2].current


def max_memory_reserved(device: Place = None) -> int:
    """The most bytes taken from the driver at any time.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.max_memory_reserved.html
    """
    return _usage(device).reserved[2].peak


def memory_stats(device: Place = None) -> dict[str, int]:
    """All counters, under names such as `allocated_bytes.all.peak`.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory_stats.html
    """
    return _usage(device).as_dict()


def memory_summary(device: Place = None, abbreviated: bool = False) -> str:
    """The counters as a table.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory_summary.html

    Args:
        device: which.
        abbreviated: without effect; the table is short.
    """
    return counters.summary(f"cuda:{index_of(device)}", _usage(device))


def reset_peak_memory_stats(device: Place = None) -> None:
    """Let all peaks begin anew.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.reset_peak_memory_stats.html
    """
    _usage(device).reset_peak()


def reset_accumulated_memory_stats(device: Place = None) -> None:
    """Let all sums begin anew.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.reset_accumulated_memory_stats.html
    """
    _usage(device).reset_accumulated()


reset_max_memory_allocated = reset_max_memory_cached = reset_peak_memory_stats
memory_cached = memory_reserved
max_memory_cached = max_memory_reserved


def empty_cache() -> None:
    """Give all that is kept for later back to the driver, for other programs.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.empty_cache.html
    """
    for launcher in choice.used():
        launcher.allocator.empty_cache()


def set_per_process_memory_fraction(fraction: float, device: Place = None) -> None:
    """Let this process take no more than a part of a device's memory.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.set_per_process_memory_fraction.html

    Args:
        fraction: of all its memory, from 0 to 1.
        device: which.

    Raises:
        TypeError: if `fraction` is no float.
        ValueError: if it is not in [0, 1].
        RuntimeError: if there is no such device.

    >>> from minitorch_cuda import OutOfMemoryError, use_simulator
    >>> from minitorch_tensor import empty
    >>> with use_simulator():
    ...     set_per_process_memory_fraction(0.5)
    ...     get_per_process_memory_fraction()
    0.5
    """
    if not isinstance(fraction, float):
        raise TypeError(
            "set_per_process_memory_fraction: fraction must be a float, but got "
            f"{type(fraction).__name__}"
        )
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(
            f"set_per_process_memory_fraction: fraction must be from 0 to 1, but got {fraction}"
        )
    launcher = launcher_of(device)
    launcher.allocator.limit = int(launcher.properties.total_memory * fraction)


def get_per_process_memory_fraction(device: Place = None) -> float:
    """The part of a device's memory that this process may take.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_per_process_memory_fraction.html

    Raises:
        RuntimeError: if there is no such device.
    """
    launcher = launcher_of(device)
    limit = launcher.allocator.limit
    return 1.0 if limit is None else limit / launcher.properties.total_memory


def get_allocator_backend() -> str:
    """Whose rules the allocator has: "native", PyTorch's own.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_allocator_backend.html

    >>> get_allocator_backend()
    'native'
    """
    return "native"


def mem_get_info(device: Place = None) -> tuple[int, int]:
    """The bytes that the driver has free, and all, of a device.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.mem_get_info.html

    Raises:
        RuntimeError: if there is no such device.
    """
    return launcher_of(device).memory_info()
