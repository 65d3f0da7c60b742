"""New tensors with the dtype and device of another: `x.new_zeros(2, 3)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.data import Data, to_storage
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout, make
from minitorch_tensor.options import LayoutKind, require_plain
from minitorch_tensor.storage import Storage

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
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of one value, with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_full.html

    Raises:
        RuntimeError: if a size is negative, or the value does not fit the dtype.
    """
    require_plain("new_full", layout, pin_memory)
    dtypes.require(dtype)
    kind = x.dtype if dtype is None else dtype
    dtypes.check_fits("new_full", fill_value, kind)
    place = x.device if device is None else Device(device)
    y = x._full(views.shape_of("new_full", (size,)), fill_value, kind).to(place)
    return y.requires_grad_() if requires_grad else y


def new_zeros(
    x: Tensor,
    *sizes: int | Sequence[int],
    size: int | Sequence[int] | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Zeros with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html
    """
    require_plain("new_zeros", layout, pin_memory)
    shape = views.shape_of("new_zeros", sizes, size)
    return new_full(x, shape, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def new_ones(
    x: Tensor,
    *sizes: int | Sequence[int],
    size: int | Sequence[int] | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Ones with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_ones.html
    """
    require_plain("new_ones", layout, pin_memory)
    shape = views.shape_of("new_ones", sizes, size)
    return new_full(x, shape, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def new_empty(
    x: Tensor,
    *sizes: int | Sequence[int],
    size: int | Sequence[int] | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Any contents, with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_empty.html
    """
    require_plain("new_empty", layout, pin_memory)
    dtypes.require(dtype)
    y = x._fresh(views.shape_of("new_empty", sizes, size), x.dtype if dtype is None else dtype)
    y = y if device is None else y.to(device)
    return y.requires_grad_() if requires_grad else y


def new_tensor(
    x: Tensor,
    data: Data,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """A copy of `data` with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html
    """
    require_plain("new_tensor", layout, pin_memory)
    kind = x.dtype if dtype is None else dtype
    storage, layout, kind = to_storage(data, kind, x.device if device is None else device)
    y = x._on(storage, layout)
    y.dtype = kind
    return y.requires_grad_() if requires_grad else y


def new_empty_strided(
    x: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Any contents in memory of its own with these strides, with the dtype and device of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_empty_strided.html

    Raises:
        RuntimeError: if sizes and strides do not pair, or one is negative.

    >>> from minitorch_tensor import zeros
    >>> new_empty_strided(zeros(1), (2, 3), (1, 2)).stride()
    (1, 2)
    """
    require_plain("new_empty_strided", layout, pin_memory)
    dtypes.require(dtype)
    kind = x.dtype if dtype is None else dtype
    place = x.device if device is None else Device(device)
    laid = strided_layout("new_empty_strided", size, stride)
    y = x._on(Storage(place.backend.empty(laid.span()[1], kind), place), laid)
    y.dtype = kind
    return y.requires_grad_() if requires_grad else y


def strided_layout(name: str, size: Sequence[int], stride: Sequence[int]) -> Layout:
    """A layout of these sizes and strides that starts at the first element of its memory.

    Raises:
        RuntimeError: if they do not pair, or one is negative.
    """
    shape, strides = views.shape_of(name, (size,)), views.sizes_of((stride,))
    if len(shape) != len(strides):
        raise RuntimeError(
            f"{name}: dimensionality of sizes {shape} must match dimensionality of strides "
            f"{strides}"
        )
    if min(strides, default=0) < 0:
        raise RuntimeError(f"{name}: strides must not be negative, but got {strides}")
    layout = make(shape, strides, 0)
    if layout.span()[1] >= 2**60:
        raise RuntimeError(f"{name}: storage size calculation overflowed with strides={strides}")
    return layout
