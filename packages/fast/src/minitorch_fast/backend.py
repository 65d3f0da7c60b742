"""The Numba CPU backend: every method of the contract, most of them by compiled kernels.

Memory is that of the NumPy backend, flat arrays; so are allocation and random numbers.
"""

from __future__ import annotations

from minitorch_fast.copying import CopyKernels
from minitorch_fast.indexing import IndexKernels
from minitorch_fast.linalg import MatrixKernels
from minitorch_fast.reductions import ReductionKernels
from minitorch_tensor.numpy_backend import NumpyBackend


class FastBackend(CopyKernels, ReductionKernels, IndexKernels, MatrixKernels, NumpyBackend):
    """Computes on flat NumPy arrays with kernels that Numba compiles."""

    @property
    def name(self) -> str:
        """`fast`."""
        return "fast"
