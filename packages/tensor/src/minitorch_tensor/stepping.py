"""Numbers evenly spaced, made where they are wanted: first, first + by, first + 2 by, ..."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch_tensor import conversion
from minitorch_tensor.dtype import DType
from minitorch_tensor.op import Op

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


@Op
def stepped(like: Tensor, n: int, first: float, by: float, dtype: DType) -> Tensor:
    """first + i * by for i = 0, 1, ..., n - 1, on the device of `like`: (n,).

    Whole numbers are computed in int64, others in float64.

    >>> from minitorch_tensor import float32, tensor
    >>> stepped(tensor([7.0]), 3, 1, 0.5, float32)
    Tensor([1.0000, 1.5000, 2.0000], requires_grad=False)
    """
    if type(first) is type(by) is int and (first, by) == (0, 1):
        return conversion.from_host(like, np.arange(n, dtype=np.int64), dtype)
    return conversion.from_host(like, np.arange(n, dtype=np.int64) * by + first, dtype)
