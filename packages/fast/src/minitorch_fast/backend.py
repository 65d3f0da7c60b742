"""The Numba CPU backend: every method of the contract, most of them by compiled kernels.

Memory is that of the NumPy backend, flat arrays, but that of large tensors comes from a pool
(`memory`). Random numbers are those of the NumPy backend.
"""

from __future__ import annotations

import numpy as np

from minitorch_fast.copying import CopyKernels
from minitorch_fast.indexing import IndexKernels
from minitorch_fast.linalg import MatrixKernels
from minitorch_fast.memory import LARGE, pool
from minitorch_fast.reductions import ReductionKernels
from minitorch_tensor.dtype import DType
from minitorch_tensor.numpy_backend import NumpyBackend
from minitorch_tensor.storage import Buffer


class FastBackend(CopyKernels, ReductionKernels, IndexKernels, MatrixKernels, NumpyBackend):
    """Computes on flat NumPy arrays with kernels that Numba compiles."""

    @property
    def name(self) -> str:
        """`fast`."""
        return "fast"

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """An array with any contents; a large one uses the memory of one that died."""
        return np.empty(size, dtype.numpy) if size < LARGE else pool.empty(size, dtype.numpy)
