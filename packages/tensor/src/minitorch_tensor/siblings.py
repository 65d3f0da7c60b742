"""New tensors with the dtype and device of another: `x.new_zeros(2, 3)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.data import Data, to_storage
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Place = str | Device | None


def new_full(
    x: Tensor,
    size: int | Sequence[int],
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one value, with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_full.html

    Raises:
        RuntimeError: if a size is negative, or the value does not fit the dtype.
    """
    dtypes.require(dtype)
    kind = x.dtype if dtype is None else dtype
    dtypes.check_fits("new_full", fill_value, kind)
    place = x.device if device is None else Device(device)
    y = x._full(views.shape_of("new_full", (size,)), fill_value, kind).to(place)
    return y.requires_grad_() if requires_grad else y


def new_zeros(
    x: Tensor,
    *size: int | Sequence[int],
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Zeros with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html
    """
    shape = views.shape_of("new_zeros", size)
    return new_full(x, shape, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def new_ones(
    x: Tensor,
    *size: int | Sequence[int],
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_ones.html
    """
    shape = views.shape_of("new_ones", size)
    return new_full(x, shape, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def new_empty(
    x: Tensor,
    *size: int | Sequence[int],
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Any contents, with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_empty.html
    """
    dtypes.require(dtype)
    y = x._fresh(views.shape_of("new_empty", size), x.dtype if dtype is None else dtype)
    y = y if device is None else y.to(device)
    return y.requires_grad_() if requires_grad else y


def new_tensor(
    x: Tensor,
    data: Data,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """A copy of `data` with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html
    """
    kind = x.dtype if dtype is None else dtype
    storage, layout, kind = to_storage(data, kind, x.device if device is None else device)
    y = x._on(storage, layout)
    y.dtype = kind
    return y.requires_grad_() if requires_grad else y
