"""Methods that only name a dtype: `x.float()`, `x.long()`, `x.bool()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor.conversion import to
from minitorch_tensor.options import MemoryFormat

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def float(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as float32."""
    return to(x, dtypes.float32, memory_format=memory_format)


def double(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as float64."""
    return to(x, dtypes.float64, memory_format=memory_format)


def half(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as float16."""
    return to(x, dtypes.float16, memory_format=memory_format)


def bfloat16(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as bfloat16."""
    return to(x, dtypes.bfloat16, memory_format=memory_format)


def long(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as int64."""
    return to(x, dtypes.int64, memory_format=memory_format)


def int(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as int32."""
    return to(x, dtypes.int32, memory_format=memory_format)


def short(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as int16."""
    return to(x, dtypes.int16, memory_format=memory_format)


def char(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as int8."""
    return to(x, dtypes.int8, memory_format=memory_format)


def byte(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as uint8."""
    return to(x, dtypes.uint8, memory_format=memory_format)


def bool(x: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """x as bool: whether each element is non-zero."""
    return to(x, dtypes.bool_, memory_format=memory_format)
