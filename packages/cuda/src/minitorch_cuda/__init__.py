"""Layer 3, the GPU: CUDA kernels in Python, and a simulator that runs them without a GPU.

Importing it registers the device type "cuda"; neither Numba nor a driver is loaded before a tensor
goes there.
"""

from minitorch_cuda import functional
from minitorch_cuda.backend import CudaBackend
from minitorch_cuda.choice import (
    device_count,
    get_device_name,
    is_available,
    synchronize,
    use_simulator,
)
from minitorch_cuda.explain import explain
from minitorch_cuda.launcher import Launcher
from minitorch_cuda.simulator import SimulationError, simulate

__all__ = [
    "CudaBackend",
    "Launcher",
    "SimulationError",
    "device_count",
    "explain",
    "functional",
    "get_device_name",
    "is_available",
    "simulate",
    "synchronize",
    "use_simulator",
]
