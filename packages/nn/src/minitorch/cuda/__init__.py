"""The GPU, which needs the package `minitorch-cuda`; without it all else works.

That package has all the functions, and is imported when one is first asked for: few programs use a
GPU, and all import this one. Without it there is no device: `is_available()` is False, nothing is
allocated, and what needs a device says what to install.

https://docs.pytorch.org/docs/stable/cuda.html
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from minitorch.absent import no_attribute
from minitorch_tensor.accelerator import AcceleratorError, OutOfMemoryError
from minitorch_tensor.device import promise_backend

__all__ = [
    "AcceleratorError", "Event", "OutOfMemoryError", "Stream", "amp", "can_device_access_peer",
    "count_synchronizations", "current_device", "current_stream", "default_stream", "device",
    "device_count", "device_of", "empty_cache", "get_allocator_backend", "get_arch_list",
    "get_device_capability", "get_device_name", "get_device_properties",
    "get_per_process_memory_fraction", "get_rng_state", "get_rng_state_all", "get_sync_debug_mode",
    "init", "initial_seed", "ipc_collect", "is_available", "is_bf16_supported", "is_initialized",
    "is_tf32_supported", "manual_seed", "manual_seed_all", "max_memory_allocated",
    "max_memory_cached", "max_memory_reserved", "mem_get_info", "memory", "memory_allocated",
    "memory_cached", "memory_reserved", "memory_stats", "memory_summary", "random", "record",
    "reset_accumulated_memory_stats", "reset_max_memory_allocated", "reset_max_memory_cached",
    "reset_peak_memory_stats", "seed", "seed_all", "set_device", "set_per_process_memory_fraction",
    "set_rng_state", "set_rng_state_all", "set_stream", "set_sync_debug_mode", "simulate", "stream",
    "streams", "synchronize", "use_simulator",
]  # fmt: skip

INSTALL = (
    "device 'cuda' cannot be used: the package minitorch-cuda is not installed; run pip install "
    '"minitorch-cuda[cuda]"'
)

# What has an answer without the package: there is no device, and so nothing on it.
_WITHOUT: dict[str, object] = {
    "is_available": False, "is_tf32_supported": False, "get_allocator_backend": "native",
    "is_initialized": False, "is_bf16_supported": False, "device_count": 0, "get_arch_list": [],
    "get_rng_state_all": [], "memory_allocated": 0, "memory_cached": 0, "memory_reserved": 0,
    "max_memory_allocated": 0, "max_memory_cached": 0, "max_memory_reserved": 0, "memory_stats": {},
    "empty_cache": None, "reset_peak_memory_stats": None, "reset_accumulated_memory_stats": None,
    "reset_max_memory_allocated": None, "reset_max_memory_cached": None, "get_sync_debug_mode": 0,
}  # fmt: skip


def _installed() -> bool:
    try:
        import minitorch_cuda  # noqa: F401, it registers its backend
    except ModuleNotFoundError as error:
        if error.name != "minitorch_cuda":
            raise
        return False
    return True


def _require() -> None:
    """Import the package.

    Raises:
        RuntimeError: if it is not installed.
    """
    if not _installed():
        raise RuntimeError(INSTALL)


def _stand_in(name: str) -> Callable[..., object]:
    """What a function does without the package."""
    if name in ("manual_seed", "manual_seed_all", "seed", "seed_all"):
        tensor = import_module("minitorch_tensor")  # there is one generator for all devices
        found: Callable[..., object] = getattr(tensor, name.removesuffix("_all"))

        def seeding(*number: int) -> None:
            found(*number)

        return seeding

    def function(*arguments: object, **named: object) -> object:
        if name not in _WITHOUT:
            raise RuntimeError(INSTALL)
        answer = _WITHOUT[name]
        return answer.copy() if isinstance(answer, (list, dict)) else answer

    function.__name__ = name
    return function


if TYPE_CHECKING:
    from minitorch.cuda import amp
    from minitorch_cuda import (
        Event,
        Stream,
        can_device_access_peer,
        count_synchronizations,
        current_device,
        current_stream,
        default_stream,
        device,
        device_count,
        device_of,
        empty_cache,
        get_allocator_backend,
        get_arch_list,
        get_device_capability,
        get_device_name,
        get_device_properties,
        get_per_process_memory_fraction,
        get_rng_state,
        get_rng_state_all,
        get_sync_debug_mode,
        init,
        initial_seed,
        ipc_collect,
        is_available,
        is_bf16_supported,
        is_initialized,
        is_tf32_supported,
        manual_seed,
        manual_seed_all,
        max_memory_allocated,
        max_memory_cached,
        max_memory_reserved,
        mem_get_info,
        memory,
        memory_allocated,
        memory_cached,
        memory_reserved,
        memory_stats,
        memory_summary,
        random,
        record,
        reset_accumulated_memory_stats,
        reset_max_memory_allocated,
        reset_max_memory_cached,
        reset_peak_memory_stats,
        seed,
        seed_all,
        set_device,
        set_per_process_memory_fraction,
        set_rng_state,
        set_rng_state_all,
        set_stream,
        set_sync_debug_mode,
        simulate,
        stream,
        streams,
        synchronize,
        use_simulator,
    )
else:  # a type checker is to find a wrong name itself

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise no_attribute(name, __name__)
        if name == "amp":
            return import_module("minitorch.cuda.amp")  # and from now on an ordinary attribute
        if not _installed():
            return _stand_in(name)
        found = getattr(import_module("minitorch_cuda"), name)
        setattr(sys.modules[__name__], name, found)  # the next time it is an ordinary attribute
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


promise_backend("cuda", _require)
