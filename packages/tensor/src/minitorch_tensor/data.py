"""What a tensor is made of: numbers, nested sequences, NumPy's arrays; and on which device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Variable
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.conversion import host_array, to
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.half import narrowed
from minitorch_tensor.layout import Layout, make
from minitorch_tensor.storage import Storage

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Data: TypeAlias = "float | Sequence[Data] | HostArray | np.generic | Tensor"
"""What a tensor can be made of."""


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
        ValueError: if nested sequences have no common shape, or hold tensors of more than one
            element, or strings.
        TypeError: if the data is a string.
        RuntimeError: if it is nothing that a tensor can be made of.
    """
    if isinstance(data, np.ndarray):
        return data
    if isinstance(data, (int, float, np.generic)):
        return np.asarray(data)
    if isinstance(data, Variable):
        return host_array(data)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"tensor: invalid data type {type(data).__name__!r}; expected numbers")
    if not isinstance(data, Sequence):
        raise RuntimeError(
            f"tensor: could not infer dtype of {type(data).__name__}; expected numbers, nested "
            "sequences of numbers, or an array"
        )
    items = [item if isinstance(item, (int, float)) else _element(item) for item in data]
    try:
        return np.array(items)
    except ValueError:
        shapes = sorted({np.shape(item) for item in items})
        raise ValueError(
            f"tensor: expected sequences of equal length at one depth, but found shapes {shapes}"
        ) from None


def _element(item: Data) -> HostArray:
    """An entry of a sequence: as in PyTorch, a tensor in it must be a number."""
    if isinstance(item, str):
        raise ValueError("tensor: too many dimensions 'str'; expected numbers")
    if not isinstance(item, Variable):
        return to_array(item)
    array = host_array(item)
    if array.size != 1:
        raise ValueError(
            "tensor: only one element tensors can be converted to Python scalars, but one in the "
            f"sequence has shape {array.shape}; use stack() for those"
        )
    return array.reshape(())


def infer_dtype(data: Data) -> DType:
    """Arrays and tensors keep their dtype, Python numbers have that of their kind; promoted.

    >>> infer_dtype([1, 2.5]), infer_dtype([True, 2]), infer_dtype(np.zeros(3)), infer_dtype([])
    (minitorch.float32, minitorch.int64, minitorch.float64, minitorch.float32)
    """
    if isinstance(data, (np.ndarray, np.generic)):
        return dtypes.of_numpy(data.dtype)
    if isinstance(data, Variable):
        return data.dtype
    if isinstance(data, (int, float)):
        return dtypes.of_number(data)
    found: DType | None = None
    plain: set[type[object]] = set()
    for item in data:
        if type(item) in plain:  # the next Python number of a kind that was seen
            continue
        dtype = infer_dtype(item)
        found = dtype if found is None else dtypes.promote_types(found, dtype)
        if type(item) in (bool, int, float):
            plain.add(type(item))
    return dtypes.get_default_dtype() if found is None else found


def to_storage(
    data: Data, dtype: DType | None, device: str | Device | None
) -> tuple[Storage, Layout, DType]:
    """A copy of `data` as the memory, layout and dtype of a new tensor.

    Raises:
        RuntimeError: if a number is too large for an integer dtype that was asked for.
        ValueError: if one is too large for int64, and none was.
    """
    dtypes.require(dtype)
    array = to_array(data)
    kind = infer_dtype(data) if dtype is None else dtype
    if kind.kind == "int" and array.size and not isinstance(data, (np.ndarray, Variable)):
        for extreme in (array.min(), array.max()):
            try:
                number = extreme.item() if isinstance(extreme, np.generic) else int(extreme)
                dtypes.check_fits("tensor", number, kind)
            except RuntimeError as error:
                raise (ValueError if dtype is None else RuntimeError)(str(error)) from None
    place = on(device)
    with np.errstate(all="ignore"):
        if kind.half:
            flat = narrowed(array, kind).reshape(-1)
        else:
            flat = np.array(array, dtype=kind.numpy, order="C").reshape(-1)
    layout = Layout.contiguous(array.shape)
    return Storage(place.backend.upload(flat), place), layout, kind


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


def from_foreign(value: object, like: Tensor) -> Tensor | float | None:
    """What NumPy puts beside a tensor in an operation: a number, or an array as a tensor."""
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        number: float = value.item()
        return number
    if isinstance(value, np.ndarray):
        storage, layout, dtype = from_numpy(value)
        x = like._on(storage, layout)
        x.dtype = dtype
        return to(x, like.device)
    return None


def operand(name: str, value: Tensor | float, like: Tensor) -> Tensor | float:
    """A number or tensor for an operation with the tensor `like`.

    Raises:
        TypeError: if it is neither, nor one of NumPy's.
    """
    if isinstance(value, (int, float, Variable)):
        return value
    found = from_foreign(value, like)
    if found is None:
        raise TypeError(f"{name}: expected a Tensor or a number, but got {type(value).__name__}")
    return found
