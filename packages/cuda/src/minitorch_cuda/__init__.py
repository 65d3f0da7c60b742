"""Layer 3, the GPU: CUDA kernels in Python, and a simulator that runs them without a GPU.

Importing it registers the device type "cuda"; neither Numba nor a driver is loaded before a tensor
goes there.
"""

from minitorch_cuda import functional
from minitorch_cuda.backend import CudaBackend
from minitorch_cuda.choice import use_simulator
from minitorch_cuda.devices import (
    can_device_access_peer,
    current_device,
    device,
    device_count,
    device_of,
    get_arch_list,
    get_device_capability,
    get_device_name,
    get_device_properties,
    init,
    ipc_collect,
    is_available,
    is_bf16_supported,
    is_initialized,
    set_device,
    synchronize,
)
from minitorch_cuda.explain import explain
from minitorch_cuda.generators import PhiloxGenerator, numbers_of_the_cpu
from minitorch_cuda.launcher import Launcher
from minitorch_cuda.memory import (
    empty_cache,
    max_memory_allocated,
    max_memory_cached,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_cached,
    memory_reserved,
    memory_stats,
    memory_summary,
    reset_accumulated_memory_stats,
    reset_max_memory_allocated,
    reset_max_memory_cached,
    reset_peak_memory_stats,
)
from minitorch_cuda.random import (
    get_rng_state,
    get_rng_state_all,
    initial_seed,
    manual_seed,
    manual_seed_all,
    seed,
    seed_all,
    set_rng_state,
    set_rng_state_all,
)
from minitorch_cuda.simulator import SimulationError, Trace, record, simulate
from minitorch_cuda.streams import (
    Event,
    Stream,
    current_stream,
    default_stream,
    set_stream,
    stream,
)
from minitorch_cuda.syncs import (
    count_synchronizations,
    get_sync_debug_mode,
    set_sync_debug_mode,
)
from minitorch_tensor.accelerator import OutOfMemoryError

__all__ = [
    "CudaBackend",
    "Event",
    "Launcher",
    "OutOfMemoryError",
    "PhiloxGenerator",
    "SimulationError",
    "Stream",
    "Trace",
    "can_device_access_peer",
    "count_synchronizations",
    "current_device",
    "current_stream",
    "default_stream",
    "device",
    "device_count",
    "device_of",
    "empty_cache",
    "explain",
    "functional",
    "get_arch_list",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_rng_state",
    "get_rng_state_all",
    "get_sync_debug_mode",
    "init",
    "initial_seed",
    "ipc_collect",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_cached",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_cached",
    "memory_reserved",
    "memory_stats",
    "memory_summary",
    "numbers_of_the_cpu",
    "record",
    "reset_accumulated_memory_stats",
    "reset_max_memory_allocated",
    "reset_max_memory_cached",
    "reset_peak_memory_stats",
    "seed",
    "seed_all",
    "set_device",
    "set_rng_state",
    "set_rng_state_all",
    "set_stream",
    "set_sync_debug_mode",
    "simulate",
    "stream",
    "synchronize",
    "use_simulator",
]
