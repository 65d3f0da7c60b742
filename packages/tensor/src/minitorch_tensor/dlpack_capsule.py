"""DLPack's structure in memory, written and read by ctypes, for memory that NumPy cannot see.

A capsule holds a pointer to a structure of C: where the numbers are, on which device, their type,
sizes and strides; and a function that whoever took it calls when it needs them no more.

Source: https://dmlc.github.io/dlpack/latest/c_api.html
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final, NamedTuple

CPU: Final = 1
"""DLPack's number of the CPU as a type of device."""
CUDA: Final = 2
"""DLPack's number of NVIDIA's GPUs."""

_NAME: Final = b"dltensor"
_USED: Final = b"used_dltensor"
_CODES: Final = {"int": 0, "uint": 1, "float": 2, "bfloat": 4, "bool": 6}
_KINDS: Final = {code: kind for kind, code in _CODES.items()}


class _Tensor(ctypes.Structure):
    """DLTensor: the first fields are the device, then the type; see the source."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


class _Managed(ctypes.Structure):
    """DLManagedTensor: the tensor, something of the exporter's, and how to be rid of both."""

    _fields_ = (
        ("tensor", _Tensor),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    )


class Shared(NamedTuple):
    """Memory that one library shows another.

    Attributes:
        address: of the first element.
        device: the type of device, and which of that type.
        dtype: its name, such as `float32`.
        shape: the sizes.
        strides: in elements; None for row-major order.
    """

    address: int
    device: tuple[int, int]
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None


_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_exported: dict[int, tuple[object, ...]] = {}  # what must live until it is deleted, by address


def _delete(address: int) -> None:
    _exported.pop(address, None)


def _destroy(capsule: int) -> None:
    """A capsule dies: if nobody took what is in it, it is deleted here."""
    if ctypes.pythonapi.PyCapsule_IsValid(ctypes.c_void_p(capsule), _NAME):
        _delete(_pointer(ctypes.c_void_p(capsule), _NAME))


def _pointer(capsule: object, name: bytes) -> int:
    found: int = _get_pointer(capsule, name)
    return found


_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
_new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)
_set_name = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_SetName", ctypes.pythonapi)
)
_is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_IsValid", ctypes.pythonapi)
)
_deleter: Final = _Deleter(_delete)
_destructor: Final = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(_destroy)
for _function in (_deleter, _destructor):
    # Others may call them when this module is gone already, at the very end.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_function))


def capsule(shared: Shared, owner: object) -> object:
    """A DLPack capsule of some memory, which keeps `owner` alive until it is deleted."""
    kind = shared.dtype.rstrip("0123456789")
    ndim = len(shared.shape)
    sizes = (ctypes.c_int64 * ndim)(*shared.shape)
    steps = None if shared.strides is None else (ctypes.c_int64 * ndim)(*shared.strides)
    managed = _Managed()
    tensor = managed.tensor
    tensor.data = shared.address
    tensor.device_type, tensor.device_id = shared.device
    tensor.ndim = ndim
    tensor.code, tensor.lanes = _CODES[kind], 1
    tensor.bits = 8 if kind == "bool" else int(shared.dtype.removeprefix(kind))
    tensor.shape = ctypes.cast(sizes, ctypes.POINTER(ctypes.c_int64))
    if steps is not None:
        tensor.strides = ctypes.cast(steps, ctypes.POINTER(ctypes.c_int64))
    managed.deleter = ctypes.cast(_deleter, ctypes.c_void_p).value
    address = ctypes.addressof(managed)
    _exported[address] = (managed, sizes, steps, owner)
    made: object = _new(address, _NAME, ctypes.cast(_destructor, ctypes.c_void_p).value)
    return made


class Taken:
    """Memory that was taken out of a capsule: when this goes, its exporter is told."""

    def __init__(self, address: int) -> None:
        self._address = address
        deleter = _Managed.from_address(address).deleter
        self._delete: Callable[[int], object] | None = _Deleter(deleter) if deleter else None

    def __del__(self) -> None:
        if self._delete is not None:
            self._delete(self._address)


def device_of(given: object) -> tuple[int, int] | None:
    """The device of what is in a capsule; None if it was used, or is of a newer kind."""
    if not _is_valid(given, _NAME):
        return None
    tensor = _Managed.from_address(_pointer(id(given), _NAME)).tensor
    return tensor.device_type, tensor.device_id


def opened(given: object) -> tuple[Shared, Taken]:
    """What is in a capsule, which is used up by this.

    Raises:
        BufferError: if it was used before, or holds a type of numbers that there is not.
    """
    if not _is_valid(given, _NAME):
        raise BufferError("from_dlpack: the capsule was used already, or is no 'dltensor'")
    address = _pointer(id(given), _NAME)
    tensor = _Managed.from_address(address).tensor
    kind = _KINDS.get(tensor.code)
    if kind is None or tensor.lanes != 1:
        raise BufferError(
            f"from_dlpack: there is no dtype for code {tensor.code} with {tensor.bits} bits and "
            f"{tensor.lanes} lanes"
        )
    ndim = tensor.ndim
    shared = Shared(
        (tensor.data or 0) + tensor.byte_offset,
        (tensor.device_type, tensor.device_id),
        "bool" if kind == "bool" else f"{kind}{tensor.bits}",
        tuple(tensor.shape[:ndim]) if ndim else (),
        tuple(tensor.strides[:ndim]) if ndim and tensor.strides else None,
    )
    _set_name(given, _USED)  # from now on it is ours to delete
    return shared, Taken(address)
