"""Tensors of memory that others own: by DLPack, by Python's buffers, or by whatever shares it."""

from __future__ import annotations

import warnings
from array import array as _array
from collections.abc import Callable
from mmap import mmap as _mmap
from operator import attrgetter, methodcaller
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from minitorch_tensor import dlpack, dlpack_capsule
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.accelerator import is_accelerator
from minitorch_tensor.core import Tensor, make
from minitorch_tensor.creation import Place, finish, floating, from_numpy, tensor
from minitorch_tensor.data import Data, on
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.layout import Layout
from minitorch_tensor.layout import make as make_layout
from minitorch_tensor.storage import Storage

Bytes: TypeAlias = (
    "bytes | bytearray | memoryview | _array[int] | _array[float] | _mmap | HostArray"
)
"""What has bytes."""


_ALIGNED = 32
"""Where memory starts, as tensors have it: at multiples of four elements of 8 bytes."""


@runtime_checkable
class Exporter(Protocol):
    """What DLPack can read: arrays of most libraries."""

    def __dlpack__(self) -> object:
        """The memory."""
        ...

    def __dlpack_device__(self) -> tuple[int, int]:
        """Where it is."""
        ...


class _Source:
    """An array, or a capsule that was made of one before, which remembers what it gave away."""

    def __init__(self, given: object) -> None:
        self._given = given
        self.old = False  # whether the capsule was of a version that cannot say "read-only"

    def __dlpack__(self, **wishes: object) -> object:
        capsule = self._given
        if isinstance(capsule, Exporter):
            try:
                capsule = methodcaller("__dlpack__", **wishes)(self._given)
            except TypeError:  # an older library, which knows no wishes
                capsule = capsule.__dlpack__()
        self.old = "dltensor_versioned" not in repr(capsule)
        return capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        given = self._given
        return given.__dlpack_device__() if isinstance(given, Exporter) else (dlpack_capsule.CPU, 0)


class _Writable:
    """The memory of an array that NumPy took for read-only."""

    def __init__(self, array: HostArray) -> None:
        self.array = array  # it owns the memory
        address = int(array.ctypes.data)
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


# By name, because its annotation is a type of capsules that Python has only from 3.13 on.
_read: Callable[[_Source], HostArray] = attrgetter("from_dlpack")(np)


def from_dlpack(
    ext_tensor: Exporter | object, *, device: Place = None, copy: bool | None = None
) -> Tensor:
    """A tensor that shares the memory of another library's array.

    Memory that is read-only is copied, for tensors can always be written.
    https://docs.pytorch.org/docs/stable/dlpack.html#torch.utils.dlpack.from_dlpack

    Args:
        ext_tensor: an array of any library, or a capsule, which can be used once.
        device: where the result shall be.
        copy: True to copy always, False to never.

    Raises:
        RuntimeError: if it is no array, or a dtype without counterpart.
        BufferError: if it does not share its memory, or a copy would be needed but is not wanted.

    >>> import numpy as np
    >>> array = np.arange(3)
    >>> from_dlpack(array).mul_(2)
    Tensor([0, 2, 4], requires_grad=False)
    >>> array
    array([0, 2, 4])
    """
    kind = type(ext_tensor).__name__
    if kind != "PyCapsule" and not isinstance(ext_tensor, Exporter):
        raise RuntimeError(
            f"from_dlpack: expected an array that has __dlpack__, or a capsule, but got {kind}"
        )
    where = (
        ext_tensor.__dlpack_device__()
        if isinstance(ext_tensor, Exporter)
        else dlpack_capsule.device_of(ext_tensor)
    )
    if where is not None and where[0] == dlpack_capsule.CUDA:
        x = _of_gpu(ext_tensor, where[1])
        return _placed("from_dlpack", x, True, None, device, copy, BufferError)
    source = _Source(ext_tensor)
    array = _read(source)
    if source.old and array.size:  # NumPy, to be sure, lets nobody write it
        array = np.asarray(_Writable(array))
    shared = bool(array.flags.writeable)
    x = from_numpy(array if shared else array.copy())
    return _placed("from_dlpack", x, shared, None, device, copy, BufferError)


def _of_gpu(given: object, index: int) -> Tensor:
    """A tensor that shares the memory of a GPU with another library.

    Raises:
        RuntimeError: if this GPU cannot be used here.
        BufferError: if the numbers are of a type that there is not.
    """
    place = Device("cuda", index)
    backend = place.backend
    if not is_accelerator(backend):
        raise RuntimeError(f"from_dlpack: {place} is computed by {backend.name}, not by a GPU")
    if isinstance(given, Exporter):
        # The exporter's work so far comes first on our stream.
        given = methodcaller("__dlpack__", stream=backend.stream_handle())(given)
    shared, taken = dlpack_capsule.opened(given)
    kind = next((dtype for dtype in dtypes.ALL if dtype.name == shared.dtype), None)
    if kind is None:
        raise BufferError(f"from_dlpack: there is no dtype {shared.dtype}")
    dense = Layout.contiguous(shared.shape)
    layout = dense if shared.strides is None else make_layout(shared.shape, shared.strides, 0)
    if any(stride < 0 for stride in layout.strides):
        raise BufferError(f"from_dlpack: strides must not be negative, but are {layout.strides}")
    before, rest = divmod(shared.address % _ALIGNED, kind.itemsize)
    if rest:
        raise BufferError(
            f"from_dlpack: the address {shared.address:#x} is no multiple of the {kind.itemsize} "
            f"bytes that an element of {kind} has"
        )
    # Kernels that read four elements at once look at the offset to see whether they may.
    layout = make_layout(layout.shape, layout.strides, before)
    start = shared.address - before * kind.itemsize
    memory = backend.adopt(start, layout.span()[1], kind, taken)
    return make(Storage(memory, place), layout, kind)


def to_dlpack(tensor: Tensor) -> object:
    """The memory of a tensor as a DLPack capsule.

    https://docs.pytorch.org/docs/stable/dlpack.html#torch.utils.dlpack.to_dlpack

    Raises:
        BufferError: if the tensor requires grad.
    """
    return dlpack.export(tensor)


def frombuffer(
    buffer: Bytes,
    *,
    dtype: DType,
    count: int = -1,
    offset: int = 0,
    requires_grad: bool = False,
) -> Tensor:
    """A vector that shares the memory of a bytearray, array, mmap, or whatever else has bytes.

    Of bytes that cannot be written it is a copy, with a warning.
    https://docs.pytorch.org/docs/stable/generated/torch.frombuffer.html

    Args:
        buffer: the memory.
        dtype: of the elements in it.
        count: how many elements; -1 for all that are there.
        offset: how many bytes come before them.
        requires_grad: whether operations on the result are recorded.

    Raises:
        ValueError: if there are no elements, they are not all inside, the bytes are no whole number
            of elements, or this is no buffer.

    >>> from minitorch_tensor import int16
    >>> frombuffer(bytearray([1, 0, 2, 0]), dtype=int16).tolist()
    [1, 2]
    """
    try:
        held = buffer.data if isinstance(buffer, np.ndarray) else buffer
        memory = memoryview(held).cast("B")
    except TypeError:
        raise ValueError(
            f"frombuffer: object of type {type(buffer).__name__} does not implement the Python "
            "buffer protocol"
        ) from None
    kind, size = floating(dtype), len(memory)
    if size == 0 or count == 0:
        raise ValueError(
            f"frombuffer: both buffer length ({size}) and count ({count}) must not be 0"
        )
    if not 0 <= offset < size:
        raise ValueError(
            f"frombuffer: offset ({offset} bytes) must be non-negative and no greater than buffer "
            f"length ({size} bytes) minus 1"
        )
    if count > 0 and offset + count * kind.itemsize > size:
        raise ValueError(
            f"frombuffer: requested buffer length ({count} * {kind.itemsize} bytes) after offset "
            f"({offset} bytes) must not be greater than actual buffer length ({size} bytes)"
        )
    if count < 0 and (size - offset) % kind.itemsize:
        raise ValueError(
            f"frombuffer: buffer length ({size} bytes) after offset ({offset} bytes) must be a "
            f"multiple of element size ({kind.itemsize})"
        )
    flat = np.frombuffer(memory, kind.numpy, count, offset)
    if not flat.flags.writeable:
        warnings.warn(
            "frombuffer: the given buffer is not writable, so the tensor is a copy of it; give a "
            "bytearray to share memory",
            UserWarning,
            stacklevel=2,
        )
        flat = flat.copy()
    if not flat.flags.aligned:
        flat = flat.copy()  # no kernel reads numbers that straddle a word
    place = Device("cpu")
    return finish(make(Storage(flat, place), Layout.contiguous(flat.shape), kind), requires_grad)


def asarray(
    obj: Data | Bytes | Exporter,
    *,
    dtype: DType | None = None,
    device: Place = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """A tensor of whatever holds numbers, sharing its memory where that is possible.

    https://docs.pytorch.org/docs/stable/generated/torch.asarray.html

    Args:
        obj: a tensor, an array of NumPy or of any library with DLPack, an object with bytes, a
            number, or nested sequences of numbers.
        dtype: of the elements; that of obj if omitted.
        device: where the result shall be.
        copy: True to copy always, False to never.
        requires_grad: whether operations on the result are recorded; False detaches it.

    Raises:
        ValueError: if the memory cannot be shared, but must be.
        RuntimeError: if it is nothing that a tensor can be made of.

    >>> asarray([1, 2])
    Tensor([1, 2], requires_grad=False)
    """
    if isinstance(obj, Tensor):
        if requires_grad is None and obj.requires_grad:
            warnings.warn(
                "asarray: requires_grad is that of the given tensor; say requires_grad=True to "
                "keep its history, or False to detach the result",
                UserWarning,
                stacklevel=2,
            )
        x = _placed("asarray", obj, True, dtype, device, copy, ValueError)
        if requires_grad is False and x.requires_grad:
            return x.detach()
        return x.detach().requires_grad_() if requires_grad and not x.requires_grad else x
    wanted = bool(requires_grad)
    if isinstance(obj, np.ndarray):
        shared = from_numpy(obj if obj.flags.writeable else obj.copy())
        writeable = obj.flags.writeable
    elif isinstance(obj, (bytes, bytearray, memoryview, _array, _mmap)):
        shared, writeable = frombuffer(obj, dtype=floating(dtype)), True
    elif isinstance(obj, Exporter):
        shared, writeable = from_dlpack(obj), True
    elif copy is False:
        raise ValueError(
            f"asarray: can't share the memory of {type(obj).__name__}; leave copy=None to copy it"
        )
    else:
        return tensor(obj, dtype=dtype, device=device, requires_grad=wanted)
    x = _placed("asarray", shared, writeable, dtype, on(device), copy, ValueError)
    return finish(x, wanted)


def _placed(
    name: str,
    x: Tensor,
    shared: bool,
    dtype: DType | None,
    device: Place,
    copy: bool | None,
    refusal: type[Exception],
) -> Tensor:
    """x with a dtype, on a device, and copied or not, as was asked for.

    Raises:
        Exception: `refusal`, if a copy was needed, but is not wanted.
    """
    y = x.to(device=device, dtype=dtype)
    if copy is False and (y is not x or not shared):
        raise refusal(
            f"{name}: can't share memory of dtype {x.dtype} on {x.device} as {y.dtype} on "
            f"{y.device}, because it would have to be copied; leave copy=None"
        )
    return y.clone() if copy and y is x and shared else y
