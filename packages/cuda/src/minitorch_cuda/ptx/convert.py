"""`cvt`: a number of one type as a number of another.

Of a float a whole number is made in one of four ways of rounding, and stays within the type's
range; nan becomes 0, or the least number if 64 bits are concerned.

Source: https://docs.nvidia.com/cuda/parallel-thread-execution/#data-movement-and-conversion-instructions-cvt
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.generic]
Floats = npt.NDArray[np.floating]
U16 = npt.NDArray[np.uint16]
F32 = npt.NDArray[np.float32]

_WHOLE: Final[dict[str, Callable[[Floats], Floats]]] = {
    "rni": np.rint,
    "rzi": np.trunc,
    "rmi": np.floor,
    "rpi": np.ceil,
}


def whole(x: Floats, how: str) -> Floats:
    """A float rounded to a whole number: `rni` to even, `rzi` to 0, `rmi` down, `rpi` up."""
    return _WHOLE[how](x)


def to_whole(x: Floats, how: str, to: str) -> Numbers:
    """A float as a whole number of another type.

    >>> to_whole(np.float32([2.5, -1e30, np.nan]), "rni", "int32").tolist()
    [2, -2147483648, 0]
    >>> to_whole(np.float32([3e38, np.nan]), "rzi", "int64").tolist()
    [9223372036854775807, -9223372036854775808]
    """
    dtype = np.dtype(to)
    info = np.iinfo(dtype)
    wide = _WHOLE[how](x.astype(np.float64))
    below, above = wide < float(info.min), wide >= float(info.max)
    unknown = np.isnan(wide)
    found = np.where(below | above | unknown, 0.0, wide).astype(dtype)
    found = np.where(below, dtype.type(info.min), np.where(above, dtype.type(info.max), found))
    if x.dtype == np.float64 or dtype.itemsize == 8:
        bits = 1 << (8 * dtype.itemsize - 1)
        return np.where(unknown, dtype.type(bits if dtype.kind == "u" else -bits), found)
    return found


def to_half(x: Floats) -> U16:
    """The bits of the nearest float16; those of nan are always the same.

    >>> hex(to_half(np.float32([1.5]))[0])
    '0x3e00'
    """
    return np.where(np.isnan(x), np.uint16(0x7FFF), x.astype(np.float16).view(np.uint16))


def from_half(bits: U16) -> F32:
    """The float32 of a float16."""
    return bits.view(np.float16).astype(np.float32)


def to_bfloat(x: F32) -> U16:
    """The bits of the nearest bfloat16; of two as near, the even one.

    >>> hex(to_bfloat(np.float32([1.00390625]))[0]), hex(to_bfloat(np.float32([1.01171875]))[0])
    ('0x3f80', '0x3f82')
    """
    bits = x.view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return np.where(np.isnan(x), np.uint16(0x7FFF), (rounded >> np.uint32(16)).astype(np.uint16))


def from_bfloat(bits: U16) -> F32:
    """The float32 of a bfloat16."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
