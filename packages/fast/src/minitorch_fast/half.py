"""16-bit floats: kept, and computed in float32 by the NumPy backend.

Their use on a CPU is to save memory; a compiled kernel would spend its time on the conversion.
"""

from __future__ import annotations

from typing import Final

from minitorch_tensor.numpy_backend import NumpyBackend
from minitorch_tensor.storage import Array

reference: Final = NumpyBackend()


def any_half(*arrays: Array) -> bool:
    """Whether one of them holds 16-bit floats."""
    return any(x.dtype.half for x in arrays)
