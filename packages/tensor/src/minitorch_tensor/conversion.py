"""In and out: from Python and NumPy data, to numbers, lists, arrays, other dtypes and devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.layout import Layout, Shape, make, wrap_dim
from minitorch_tensor.storage import Storage

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Data: TypeAlias = "float | Sequence[Data] | HostArray | np.generic | Tensor"
"""What a tensor can be made of."""

Nested: TypeAlias = "float | list[Nested]"
"""A number, or lists of lists of numbers."""


class _Default:
    """The device of new tensors; see `set_default_device`."""

    __slots__ = ("device",)

    def __init__(self) -> None:
        self.device: Device | None = None


_default = _Default()


def get_default_device() -> Device:
    """The device of tensors made without one.

    https://docs.pytorch.org/docs/stable/generated/torch.get_default_device.html
    """
    if _default.device is None:
        _default.device = Device("cpu")
    return _default.device


def set_default_device(device: str | Device | None) -> None:
    """Make new tensors on `device`; None stands for the CPU.

    https://docs.pytorch.org/docs/stable/generated/torch.set_default_device.html
    """
    _default.device = Device("cpu" if device is None else device)


def on(device: str | Device | None) -> Device:
    """The device asked for, or the default one."""
    return get_default_device() if device is None else Device(device)


def to_array(data: Data) -> HostArray:
    """Python or NumPy data as an array of the host.

    Raises:
        ValueError: if nested sequences have no common shape.
        TypeError: if an element is no number.
    """
    if isinstance(data, np.ndarray):
        return data
    if isinstance(data, (int, float, np.generic)):
        return np.asarray(data)
    if not isinstance(data, Sequence) and hasattr(data, "storage"):
        return host_array(data)
    if not isinstance(data, Sequence) or isinstance(data, (str, bytes)):
        raise TypeError(
            f"tensor: cannot make a tensor of {type(data).__name__}; expected numbers, nested "
            "sequences of numbers, or an array"
        )
    items = [to_array(item) if not isinstance(item, (int, float)) else item for item in data]
    try:
        array = np.array(items)
    except ValueError:
        shapes = sorted({np.shape(item) for item in items})
        raise ValueError(
            f"tensor: expected sequences of equal length at one depth, but found shapes {shapes}"
        ) from None
    if array.dtype == object:
        raise TypeError("tensor: an element is no number that fits a dtype (int64 at most)")
    return array


def _default_dtype(data: Data, array: HostArray) -> DType:
    """NumPy data keeps its dtype; Python floats become the default floating dtype."""
    if isinstance(data, (np.ndarray, np.generic)) or hasattr(data, "storage"):
        return dtypes.of_numpy(array.dtype)
    if array.dtype.kind == "f":
        return (
            dtypes.get_default_dtype() if not _holds_arrays(data) else dtypes.of_numpy(array.dtype)
        )
    return dtypes.get_default_dtype() if array.size == 0 else dtypes.of_numpy(array.dtype)


def _holds_arrays(data: Data) -> bool:
    """Whether the first number inside nested sequences comes from an array."""
    while isinstance(data, Sequence) and len(data):
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic)) or hasattr(data, "storage")


def to_storage(
    data: Data, dtype: DType | None, device: str | Device | None
) -> tuple[Storage, Layout, DType]:
    """A copy of `data` as the memory, layout and dtype of a new tensor."""
    array = to_array(data)
    if dtype is None:
        dtype = _default_dtype(data, array)
    place = on(device)
    with np.errstate(all="ignore"):
        flat = np.array(array, dtype=dtype.numpy, order="C").reshape(-1)
    layout = Layout.contiguous(array.shape)
    return Storage(place.backend.upload(flat), place), layout, dtype


def from_numpy(array: HostArray) -> tuple[Storage, Layout, DType]:
    """The memory of an array on the CPU, shared, with its strides.

    Raises:
        ValueError: if a stride is negative or not a whole number of elements.
        TypeError: if the dtype has no counterpart, or this is no array.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected np.ndarray (got {type(array).__name__})")
    dtype = dtypes.of_numpy(array.dtype)
    place = Device("cpu")
    if array.flags.c_contiguous:
        return Storage(array.reshape(-1), place), Layout.contiguous(array.shape), dtype
    itemsize = array.itemsize
    if any(stride < 0 or stride % itemsize for stride in array.strides):
        raise ValueError(
            f"from_numpy: at least one stride in {array.strides} is negative or no multiple of the "
            f"{itemsize} bytes of an element; pass array.copy()"
        )
    strides = tuple(stride // itemsize for stride in array.strides)
    layout = make(array.shape, strides, 0)
    flat: npt.NDArray[np.generic] = np.lib.stride_tricks.as_strided(
        array, (layout.span()[1],), (itemsize,)
    )
    return Storage(flat, place), layout, dtype


def numpy(x: Tensor, *, force: bool = False) -> HostArray:
    """The elements as an array; on the CPU it shares the memory.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html

    Raises:
        RuntimeError: if x requires grad, unless `force`.
        TypeError: if x is on a GPU, unless `force`.
    """
    if x.requires_grad and not force:
        raise RuntimeError(
            "numpy: can't call numpy() on a tensor that requires grad; use x.detach().numpy()"
        )
    if x.device.type not in ("cpu", "numpy"):
        if not force:
            raise TypeError(
                f"numpy: can't convert a tensor on {x.device}; copy it with x.cpu() first"
            )
        x = cpu(x)
    flat = x.storage.device.backend.download(x.storage.buffer)
    layout = x.layout
    if layout.size == 0:
        return np.empty(layout.shape, flat.dtype)
    itemsize = flat.itemsize
    return np.ndarray(
        layout.shape, flat.dtype, flat, layout.offset * itemsize,
        tuple(stride * itemsize for stride in layout.strides),
    )  # fmt: skip


def host_array(x: Tensor) -> HostArray:
    """The elements as an array of x's shape, wherever x is."""
    x = views.contiguous(x.detach())
    flat = x.storage.device.backend.download(x.storage.buffer)
    start = x.layout.offset
    return flat[start : start + x.layout.size].reshape(x.layout.shape)


def tolist(x: Tensor) -> Nested:
    """The elements as nested lists of Python numbers; a number for a 0-d tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.tolist.html
    """
    result: Nested = host_array(x).tolist()
    return result


def item(x: Tensor) -> float:
    """The only element as a Python number.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.item.html

    Raises:
        RuntimeError: if there is not exactly one element.
    """
    if x.layout.size != 1:
        raise RuntimeError(
            f"item: a Tensor with {x.layout.size} elements cannot be converted to Scalar (shape "
            f"{x.shape}); "
            "only one element can; use tolist() for more"
        )
    number: float = host_array(x).item()
    return number


def array(x: Tensor, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> HostArray:
    """What `np.asarray(x)` calls."""
    values = numpy(x)
    wanted = values.dtype if dtype is None else np.dtype(dtype)
    return values.astype(wanted, copy=bool(copy))


def truth(x: Tensor) -> bool:
    """The truth of the only element.

    Raises:
        RuntimeError: if there is not exactly one element.
    """
    if x.layout.size != 1:
        raise RuntimeError(
            f"Boolean value of Tensor with {'no' if x.layout.size == 0 else 'more than one'} "
            "values is ambiguous "
            f"(shape {x.shape}); use any() or all()"
        )
    return bool(item(x))


def to(
    x: Tensor,
    *args: str | Device | DType | Tensor | bool,
    device: str | Device | None = None,
    dtype: DType | None = None,
    copy: bool = False,
    non_blocking: bool = False,
) -> Tensor:
    """x with another dtype, on another device, or as another tensor; x itself if nothing changes.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
    """
    for argument in args:
        if isinstance(argument, DType):
            dtype = argument
        elif isinstance(argument, (str, Device)):
            device = argument
        elif not isinstance(argument, bool):
            dtype, device = argument.dtype, argument.device
    target = x.storage.device if device is None else Device(device)
    wanted = x.dtype if dtype is None else dtype
    if target is x.storage.device and wanted is x.dtype:
        return views.clone(x) if copy else x
    if wanted is not x.dtype:
        x = _cast(x, wanted)
    return x if target is x.storage.device else _move(x, target)


def _cast(x: Tensor, dtype: DType) -> Tensor:
    before = x.dtype
    y = x._fresh(x.layout.shape, dtype)
    x.storage.device.backend.copy(y, x)
    return views.linear(x, y, "ToCopyBackward0", lambda g: to(g, before))


def _move(x: Tensor, device: Device) -> Tensor:
    before = x.storage.device
    dense = views.contiguous(x.detach())
    source = before.backend.download(dense.storage.buffer)
    start = dense.layout.offset
    part = np.array(source[start : start + dense.layout.size])
    y = x._on(Storage(device.backend.upload(part), device), Layout.contiguous(x.layout.shape))
    return views.linear(x, y, "ToCopyBackward0", lambda g: to(g, before))


@overload
def size(x: Tensor, dim: None = None) -> Shape: ...
@overload
def size(x: Tensor, dim: int) -> int: ...
def size(x: Tensor, dim: int | None = None) -> int | Shape:
    """The shape, or the size of one dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.size.html
    """
    return x.shape if dim is None else x.shape[wrap_dim(dim, x.ndim)]


def dim(x: Tensor) -> int:
    """The number of dimensions."""
    return x.ndim


def numel(x: Tensor) -> int:
    """The number of elements."""
    return x.layout.size


@overload
def stride(x: Tensor, dim: None = None) -> Shape: ...
@overload
def stride(x: Tensor, dim: int) -> int: ...
def stride(x: Tensor, dim: int | None = None) -> int | Shape:
    """The strides in elements, or that of one dimension."""
    return x.layout.strides if dim is None else x.layout.strides[wrap_dim(dim, x.ndim)]


def storage_offset(x: Tensor) -> int:
    """Where in its memory the tensor starts, in elements."""
    return x.layout.offset


def is_contiguous(x: Tensor) -> bool:
    """Whether the elements lie in row-major order without gaps."""
    return x.layout.is_contiguous()


def is_floating_point(x: Tensor) -> bool:
    """Whether the dtype is a floating one."""
    return x.dtype.is_floating_point


def element_size(x: Tensor) -> int:
    """The bytes of an element."""
    return x.dtype.itemsize


def data_ptr(x: Tensor) -> int:
    """The address of the first element, for a tensor in the host's memory."""
    flat = x.storage.device.backend.download(x.storage.buffer)
    return int(flat.ctypes.data) + x.layout.offset * x.dtype.itemsize


def cpu(x: Tensor) -> Tensor:
    """x on the CPU.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cpu.html
    """
    return to(x, "cpu")


def cuda(x: Tensor, device: int | None = None) -> Tensor:
    """x on the GPU.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cuda.html
    """
    return to(x, Device("cuda", device))


def type_as(x: Tensor, other: Tensor) -> Tensor:
    """x with the dtype of `other`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.type_as.html
    """
    return to(x, other.dtype)
