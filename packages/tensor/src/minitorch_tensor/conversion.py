"""What a tensor becomes: numbers, lists, arrays, another dtype or device; and its measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Variable
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.accelerator import is_accelerator, pinned_memory
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.half import narrowed, widened
from minitorch_tensor.layout import Layout, Shape, wrap_dim
from minitorch_tensor.options import (
    MemoryFormat,
    channels_last,
    channels_last_3d,
    contiguous_format,
    require_plain,
)
from minitorch_tensor.size import Size
from minitorch_tensor.storage import Storage

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Nested: TypeAlias = "float | list[Nested]"
"""A number, or lists of lists of numbers."""


def numpy(x: Tensor, *, force: bool = False) -> HostArray:
    """The elements as an array; on the CPU it shares the memory.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html

    Raises:
        RuntimeError: if x requires grad, unless `force`.
        TypeError: if x is on a GPU, unless `force`; or if x is bfloat16, which NumPy has not.
    """
    if x.dtype is dtypes.bfloat16:
        raise TypeError("numpy: NumPy has no bfloat16; convert it first with x.float()")
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
    """The elements as an array of x's shape, wherever x is; those of bfloat16 as float32."""
    x = views.contiguous(x.detach())
    flat = x.storage.device.backend.download(x.storage.buffer)
    start = x.layout.offset
    part = flat[start : start + x.layout.size].reshape(x.layout.shape)
    return widened(part, x.dtype) if x.dtype is dtypes.bfloat16 else part


def from_host(like: Tensor, array: HostArray, dtype: DType | None = None) -> Tensor:
    """A tensor of an array's numbers on the device of `like`; on the CPU it may own the array.

    Its dtype is the array's, unless another is given.
    """
    kind = dtypes.of_numpy(array.dtype) if dtype is None else dtype
    flat = np.ascontiguousarray(narrowed(array, kind)).reshape(-1)
    device = like.storage.device
    y = like._on(Storage(device.backend.upload(flat), device), Layout.contiguous(array.shape))
    y.dtype = kind
    return y


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
            f"{x.shape}); only one element can; use tolist() for more"
        )
    number: float = host_array(x).item()
    return number


def array(x: Tensor, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> HostArray:
    """What `np.asarray(x)` calls.

    Raises:
        ValueError: if the elements would have to be cast, but must not be copied.
    """
    values = numpy(x)
    wanted = values.dtype if dtype is None else np.dtype(dtype)
    if copy is False and wanted != values.dtype:
        raise ValueError(f"array: cannot see {values.dtype} as {wanted} without a copy")
    return values.astype(wanted, copy=bool(copy))


def only(kind: str, x: Tensor) -> float:
    """The only element, for `float(x)` and `int(x)`.

    Raises:
        ValueError: if there is not exactly one.
    """
    if x.layout.size != 1:
        raise ValueError(
            f"{kind}: only one element tensors can be converted to Python scalars, but the shape "
            f"is {x.shape}"
        )
    return item(x)


def truth(x: Tensor) -> bool:
    """The truth of the only element.

    Raises:
        RuntimeError: if there is not exactly one element.
    """
    if x.layout.size != 1:
        raise RuntimeError(
            f"Boolean value of Tensor with "
            f"{'no values' if x.layout.size == 0 else 'more than one value'} is ambiguous (shape "
            f"{x.shape}); use any() or all()"
        )
    return bool(item(x))


def to(
    x: Tensor,
    *args: str | Device | DType | Tensor | bool | None,
    device: str | Device | None = None,
    dtype: DType | None = None,
    copy: bool = False,
    non_blocking: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """x with another dtype, on another device, or as another tensor; x itself if nothing changes.

    With `non_blocking` a copy from pinned memory to a GPU goes on after this returns. To the host
    it is always waited for, so that nobody sees numbers that have not come yet.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html

    Raises:
        TypeError: if an argument is none of these.
        RuntimeError: if there is no such device.
    """
    if memory_format is not None:
        require_plain("to", memory_format=memory_format)
    for argument in args:
        if isinstance(argument, DType):
            dtype = argument
        elif isinstance(argument, (str, Device)):
            device = argument
        elif isinstance(argument, Variable):
            dtype, device = argument.dtype, argument.device
        elif argument is not None and not isinstance(argument, bool):
            raise TypeError(
                "to: expected a dtype, a device or a Tensor, but got "
                f"{type(argument).__name__} {argument!r}"
            )
    dtypes.require(dtype)
    target = x.storage.device if device is None else Device(device)
    wanted = x.dtype if dtype is None else dtype
    if target is x.storage.device and wanted is x.dtype:
        return views.clone(x) if copy else x
    if wanted is not x.dtype:
        x = _cast(x, wanted)
    return x if target is x.storage.device else _move(x, target, non_blocking)


def _cast(x: Tensor, dtype: DType) -> Tensor:
    before = x.dtype
    y = x._fresh(x.layout.shape, dtype)
    x.storage.device.backend.copy(y, x)
    return views.linear(x, y, "ToCopyBackward0", lambda g: to(g, before))


def _move(x: Tensor, device: Device, non_blocking: bool) -> Tensor:
    before = x.storage.device
    dense = views.contiguous(x.detach())
    source, target = before.backend, device.backend
    buffer = dense.storage.buffer
    whole = len(buffer) == dense.layout.size
    if type(source) is type(target) and is_accelerator(target):
        # From GPU to GPU: the host sees none of it.
        if not whole:
            buffer = views.clone(dense).storage.buffer
        assert is_accelerator(source)
        moved = target.from_peer(buffer, source)
    else:
        held, start = source.download(buffer), dense.layout.offset
        part = held[start : start + dense.layout.size]
        gpu = target if is_accelerator(target) else None
        if gpu is None:
            moved = target.upload(np.array(part))
        elif non_blocking and pinned_memory(part):
            moved = gpu.upload_later(part)
        else:
            moved = target.upload(part)
    y = x._on(Storage(moved, device), Layout.contiguous(x.layout.shape))
    return views.linear(x, y, "ToCopyBackward0", lambda g: to(g, before))


@overload
def size(x: Tensor, dim: None = None) -> Size: ...
@overload
def size(x: Tensor, dim: int) -> int: ...
def size(x: Tensor, dim: int | None = None) -> int | Size:
    """The shape, or the size of one dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.size.html
    """
    return x.shape if dim is None else x.layout.shape[wrap_dim(dim, x.ndim)]


def dim(x: Tensor) -> int:
    """The number of dimensions."""
    return x.ndim


def numel(input: Tensor) -> int:
    """The number of elements.

    https://docs.pytorch.org/docs/stable/generated/torch.numel.html
    """
    return input.layout.size


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


def is_contiguous(x: Tensor, memory_format: MemoryFormat = contiguous_format) -> bool:
    """Whether the elements lie in row-major order without gaps; or in that of another format.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_contiguous.html
    """
    if memory_format in _CHANNELS_LAST:
        order = _CHANNELS_LAST[memory_format]
        return x.ndim == len(order) and x.layout.permute(order).is_contiguous()
    require_plain("is_contiguous", memory_format=memory_format)
    return x.layout.is_contiguous()


_CHANNELS_LAST = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating one.

    https://docs.pytorch.org/docs/stable/generated/torch.is_floating_point.html
    """
    return input.dtype.is_floating_point


def element_size(x: Tensor) -> int:
    """The bytes of an element."""
    return x.dtype.itemsize


def data_ptr(x: Tensor) -> int:
    """The address of the first element, in the memory of its device.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.data_ptr.html
    """
    return x.storage.data_ptr() + x.layout.offset * x.dtype.itemsize


def cpu(x: Tensor) -> Tensor:
    """x on the CPU.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cpu.html
    """
    return to(x, "cpu")


def cuda(
    x: Tensor,
    device: int | str | Device | None = None,
    non_blocking: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """x on a GPU: the current one, unless another is named.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cuda.html

    Raises:
        RuntimeError: if there is no such GPU, or it is none.
    """
    place = Device("cuda", device) if device is None or isinstance(device, int) else Device(device)
    if place.type != "cuda":
        raise RuntimeError(f"cuda: Invalid device, must be cuda device, but got {place}")
    return to(x, place, non_blocking=non_blocking, memory_format=memory_format)


def type_as(x: Tensor, other: Tensor) -> Tensor:
    """x with the dtype of `other`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.type_as.html
    """
    return to(x, other.dtype)
