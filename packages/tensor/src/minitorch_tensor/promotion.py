"""Which dtype an operation between two operands gives, and which conversions lose no kind."""

from __future__ import annotations

import warnings

from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.attributes import of_name
from minitorch_tensor.core import Tensor
from minitorch_tensor.data import set_default_device
from minitorch_tensor.dtype import DType


def result_type(tensor1: Tensor | float, tensor2: Tensor | float) -> DType:
    """The dtype of an operation between two tensors or numbers.

    https://docs.pytorch.org/docs/stable/generated/torch.result_type.html

    Raises:
        TypeError: if one is neither a tensor nor a number.

    >>> from minitorch_tensor import tensor
    >>> result_type(tensor([1, 2]), 1.0)
    minitorch.float32
    """
    if isinstance(tensor1, (int, float)):
        if isinstance(tensor2, (int, float)):
            a, b = dtypes.of_number(tensor1), dtypes.of_number(tensor2)
            return dtypes.promote_types(a, b)
        return result_type(tensor2, tensor1)
    a = require_tensor("result_type", "tensor1", tensor1).dtype
    if isinstance(tensor2, (int, float)):
        return dtypes.with_number(a, tensor2)
    b = require_tensor("result_type", "tensor2", tensor2).dtype
    return dtypes.result_of(a, tensor1.ndim == 0, b, tensor2.ndim == 0)


def can_cast(from_: DType, to: DType) -> bool:
    """Whether PyTorch casts a result of one dtype into a tensor of the other by itself.

    Not from floats to integers, nor from anything else to bool.
    https://docs.pytorch.org/docs/stable/generated/torch.can_cast.html

    Raises:
        TypeError: if one is no dtype.

    >>> can_cast(dtypes.float64, dtypes.float32), can_cast(dtypes.float32, dtypes.int64)
    (True, False)
    """
    for dtype in (from_, to):
        if not isinstance(dtype, DType):
            raise TypeError(f"can_cast: expected a dtype, but got {type(dtype).__name__}")
    order = ("bool", "int", "float")
    return order.index(from_.kind) <= order.index(to.kind)


def set_default_tensor_type(t: str) -> None:
    """Make new tensors of the type with this name; deprecated, use `set_default_dtype`.

    https://docs.pytorch.org/docs/stable/generated/torch.set_default_tensor_type.html

    Args:
        t: a name such as 'torch.DoubleTensor', or 'torch.cuda.FloatTensor'.

    Raises:
        TypeError: if the type is not a floating one.
        ValueError: if there is no type of that name.
    """
    dtype, place = of_name(t)
    dtypes.set_default_dtype(dtype)
    if place is not None:
        set_default_device(place)
    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use "
        "torch.set_default_dtype() and torch.set_default_device() as alternatives.",
        UserWarning,
        stacklevel=2,
    )
