"""What a tensor says of itself: its type by name, its order in memory, and what it is not.

Much of it has one answer here: no tensor is sparse or quantised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, overload

from minitorch_tensor import conversion
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.dtype import DType

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

_TYPES: Final = {
    "Float": dtypes.float32,
    "Double": dtypes.float64,
    "Half": dtypes.float16,
    "BFloat16": dtypes.bfloat16,
    "Long": dtypes.int64,
    "Int": dtypes.int32,
    "Short": dtypes.int16,
    "Char": dtypes.int8,
    "Byte": dtypes.uint8,
    "Bool": dtypes.bool_,
}
_NAMES: Final = {dtype: name for name, dtype in _TYPES.items()}


@overload
def type(x: Tensor, dtype: None = None, non_blocking: bool = False) -> str: ...
@overload
def type(x: Tensor, dtype: DType | str, non_blocking: bool = False) -> Tensor: ...
def type(x: Tensor, dtype: DType | str | None = None, non_blocking: bool = False) -> str | Tensor:
    """The name of the type, such as 'torch.FloatTensor'; or x with the dtype of such a name.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.type.html

    Raises:
        ValueError: if there is no type of that name.

    >>> from minitorch_tensor import zeros
    >>> zeros(2).type(), zeros(2).type("torch.LongTensor").dtype
    ('torch.FloatTensor', minitorch.int64)
    """
    if dtype is None:
        space = "" if x.device.type in ("cpu", "numpy") else f"{x.device.type}."
        return f"torch.{space}{_NAMES[x.dtype]}Tensor"
    if isinstance(dtype, DType):
        return conversion.to(x, dtype)
    kind, place = of_name(dtype)
    return conversion.to(x, kind) if place is None else conversion.to(x, place, kind)


def of_name(name: str) -> tuple[DType, str | None]:
    """The dtype, and the device if it is a GPU, of a name such as 'torch.cuda.FloatTensor'.

    Raises:
        ValueError: if there is no type of that name.
    """
    if isinstance(name, str):
        *spaces, last = name.split(".")
        found = _TYPES.get(last.removesuffix("Tensor")) if last.endswith("Tensor") else None
        if name == "torch.Tensor":
            found = dtypes.get_default_dtype()
        if found is not None and spaces in (["torch"], ["torch", "cuda"]):
            return found, "cuda" if spaces[1:] else None
    raise ValueError(
        f"invalid type: {name!r}; expected a dtype such as minitorch.float32, or a name such as "
        "'torch.FloatTensor'"
    )


def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_signed.html
    """
    return require_tensor("is_signed", "input", input).dtype.is_signed


def get_device(input: Tensor) -> int:
    """The number of the GPU that x is on; -1 on the CPU.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.get_device.html
    """
    index = require_tensor("get_device", "input", input).device.index
    return -1 if index is None else index


def dim_order(x: Tensor) -> tuple[int, ...]:
    """The dimensions from the one whose neighbours lie farthest apart to the densest.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.dim_order.html

    >>> from minitorch_tensor import zeros
    >>> zeros(2, 3).dim_order(), zeros(2, 3).t().dim_order()
    ((0, 1), (1, 0))
    """
    order: list[int] = []
    for dim, stride in enumerate(x.layout.strides):
        at = len(order)
        # Dimensions that were expanded, stride 0, stay where they are.
        while at and stride and 0 < x.layout.strides[order[at - 1]] < stride:
            at -= 1
        order.insert(at, dim)
    return tuple(order)


def is_set_to(x: Tensor, tensor: Tensor) -> bool:
    """Whether both see the same memory in the same way.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_set_to.html

    >>> from minitorch_tensor import zeros
    >>> x = zeros(2, 3)
    >>> x.is_set_to(x.view(2, 3)), x.is_set_to(x.t())
    (True, False)
    """
    other = require_tensor("is_set_to", "tensor", tensor)
    return x.storage.buffer is other.storage.buffer and x.layout == other.layout


def dense_dim(x: Tensor) -> int:
    """The number of dense dimensions: all.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.dense_dim.html
    """
    return x.ndim


def sparse_dim(x: Tensor) -> int:
    """The number of sparse dimensions: none.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.sparse_dim.html
    """
    return 0
