"""Methods that only name a dtype: `x.float()`, `x.long()`, `x.bool()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor.conversion import to

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def float(x: Tensor) -> Tensor:
    """x as float32."""
    return to(x, dtypes.float32)


def double(x: Tensor) -> Tensor:
    """x as float64."""
    return to(x, dtypes.float64)


def half(x: Tensor) -> Tensor:
    """x as float16."""
    return to(x, dtypes.float16)


def bfloat16(x: Tensor) -> Tensor:
    """x as bfloat16."""
    return to(x, dtypes.bfloat16)


def long(x: Tensor) -> Tensor:
    """x as int64."""
    return to(x, dtypes.int64)


def int(x: Tensor) -> Tensor:
    """x as int32."""
    return to(x, dtypes.int32)


def short(x: Tensor) -> Tensor:
    """x as int16."""
    return to(x, dtypes.int16)


def char(x: Tensor) -> Tensor:
    """x as int8."""
    return to(x, dtypes.int8)


def byte(x: Tensor) -> Tensor:
    """x as uint8."""
    return to(x, dtypes.uint8)


def bool(x: Tensor) -> Tensor:
    """x as bool: whether each element is non-zero."""
    return to(x, dtypes.bool_)
