"""Layer 3, the CPU at full speed: kernels compiled by Numba from the operators' own source.

Importing this package makes its backend compute on devices of type "cpu", and its fused kernels
replace composites there. Numba itself is imported when the first kernel is needed.
"""

from minitorch_fast import functional, moments, ordering, scans
from minitorch_fast.backend import FastBackend
from minitorch_fast.explanation import explain
from minitorch_fast.memory import empty_cache
from minitorch_fast.threads import get_num_threads, set_num_threads
from minitorch_tensor import register_backend

__all__ = [
    "FastBackend",
    "empty_cache",
    "explain",
    "functional",
    "get_num_threads",
    "moments",
    "ordering",
    "scans",
    "set_num_threads",
]

register_backend("cpu", FastBackend())
