"""The 16-bit floats: kept in 2 bytes, computed in float32.

float16 (5 bits of exponent, 10 of fraction) is NumPy's own. bfloat16 (8 and 7) is the upper half of
a float32, and NumPy has no such type: its memory is an array of uint16, read and written here.
What a backend computes with is `widened`, what it keeps is `narrowed`; nothing else looks at bits.

https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.dtype
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from minitorch_tensor.dtype import DType, HostArray, bfloat16


def host_dtype(dtype: DType) -> np.dtype[np.generic]:
    """NumPy's dtype for numbers that will become this one: float32 for bfloat16."""
    return np.dtype(np.float32) if dtype is bfloat16 else dtype.numpy


def widened(memory: HostArray, dtype: DType) -> HostArray:
    """The numbers in memory of a 16-bit dtype, as float32; memory of another dtype as it is.

    >>> widened(np.array([0x3FC0], np.uint16), bfloat16).tolist()
    [1.5]
    """
    if not dtype.half:
        return memory
    if dtype is not bfloat16:
        return memory.astype(np.float32)
    bits: npt.NDArray[np.uint32] = memory.astype(np.uint32)
    bits <<= np.uint32(16)
    return bits.view(np.float32)


def narrowed(numbers: HostArray, dtype: DType) -> HostArray:
    """Numbers as memory of `dtype`.

    A 16-bit float is rounded from float32, to the nearest with ties to the even one, as in PyTorch,
    so that a float64 is rounded twice.

    >>> narrowed(np.array([1.00390625, 1.01171875]), bfloat16).tolist()
    [16256, 16258]
    """
    with np.errstate(all="ignore"):
        if not dtype.half:
            return numbers.astype(dtype.numpy, copy=False)
        single = np.ascontiguousarray(numbers.astype(np.float32)).reshape(numbers.shape)
        if dtype is not bfloat16:
            return single.astype(dtype.numpy)
        bits: npt.NDArray[np.uint32] = single.view(np.uint32)
        odd = (bits >> np.uint32(16)) & np.uint32(1)
        rounded = (bits + np.uint32(0x7FFF) + odd) >> np.uint32(16)
        rounded = np.where(np.isnan(single), np.uint32(0x7FC0), rounded)
        return rounded.astype(np.uint16)
