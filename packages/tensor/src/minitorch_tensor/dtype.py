"""Element types, and PyTorch's rule for which one a mixed operation gives."""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

HostArray = npt.NDArray[np.generic]
"""An array in the host's memory, of any dtype."""

Kind = Literal["bool", "int", "float"]

_RANK: Final[dict[Kind, int]] = {"bool": 0, "int": 1, "float": 2}


class DType:
    """One element type. There is one object for each, so types are compared with `is`.

    https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.dtype
    """

    __slots__ = ("half", "is_floating_point", "is_signed", "itemsize", "kind", "name", "numpy")

    def __init__(self, name: str, kind: Kind, numpy: npt.DTypeLike) -> None:
        self.name = name
        self.kind: Kind = kind
        self.numpy: np.dtype[np.generic] = np.dtype(numpy)
        self.itemsize: int = self.numpy.itemsize
        self.is_floating_point = kind == "float"
        self.is_signed = kind == "float" or self.numpy.kind == "i"
        self.half = kind == "float" and self.itemsize == 2  # kept in 16 bits, computed in float32

    def __repr__(self) -> str:
        return f"minitorch.{self.name}"

    def __reduce__(self) -> str:
        # A pickled dtype is found again by its name in this module.
        return "bool_" if self.kind == "bool" else self.name


float32: Final = DType("float32", "float", np.float32)
float64: Final = DType("float64", "float", np.float64)
float16: Final = DType("float16", "float", np.float16)
bfloat16: Final = DType("bfloat16", "float", np.uint16)  # its bits: half.py reads and writes them
int64: Final = DType("int64", "int", np.int64)
int32: Final = DType("int32", "int", np.int32)
int16: Final = DType("int16", "int", np.int16)
int8: Final = DType("int8", "int", np.int8)
uint8: Final = DType("uint8", "int", np.uint8)
bool_: Final = DType("bool", "bool", np.bool_)

ALL: Final = (float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool_)
_BY_NUMPY: Final = {dtype.numpy: dtype for dtype in ALL if dtype is not bfloat16}


class _Defaults:
    """The floating dtype of new tensors; see `set_default_dtype`."""

    __slots__ = ("floating",)

    def __init__(self) -> None:
        self.floating = float32


_defaults: Final = _Defaults()


def get_default_dtype() -> DType:
    """The dtype that Python floats become.

    https://docs.pytorch.org/docs/stable/generated/torch.get_default_dtype.html

    >>> get_default_dtype()
    minitorch.float32
    """
    return _defaults.floating


def set_default_dtype(dtype: DType) -> None:
    """Make Python floats become `dtype`, which must be floating.

    https://docs.pytorch.org/docs/stable/generated/torch.set_default_dtype.html

    Raises:
        TypeError: if `dtype` is not a floating dtype.
    """
    if not isinstance(dtype, DType) or not dtype.is_floating_point:
        raise TypeError(
            f"set_default_dtype: only floating-point types are supported, got {dtype!r}"
        )
    _defaults.floating = dtype


def require(dtype: DType | None) -> None:
    """Raise unless this is a dtype, or None.

    Raises:
        TypeError: if it is something else, such as a string or one of NumPy's types.
    """
    if dtype is not None and not isinstance(dtype, DType):
        raise TypeError(
            f"dtype: expected one such as minitorch.float32, but got {type(dtype).__name__} "
            f"{dtype!r}"
        )


def of_numpy(dtype: npt.DTypeLike) -> DType:
    """The element type of a NumPy dtype.

    Raises:
        TypeError: if it has no counterpart.

    >>> of_numpy("f8")
    minitorch.float64
    """
    found = _BY_NUMPY.get(np.dtype(dtype))
    if found is None:
        known = ", ".join(d.name for d in _BY_NUMPY.values())
        raise TypeError(
            f"can't convert numpy dtype {np.dtype(dtype)} to a tensor; the supported types are: "
            f"{known}"
        )
    return found


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest type that both convert to safely.

    https://docs.pytorch.org/docs/stable/generated/torch.promote_types.html

    >>> promote_types(int64, float32)
    minitorch.float32
    >>> promote_types(uint8, int8), promote_types(float16, bfloat16)
    (minitorch.int16, minitorch.float32)
    """
    a, b = type1, type2
    if a is b:
        return a
    rank_a, rank_b = _RANK[a.kind], _RANK[b.kind]
    if rank_a != rank_b:
        return a if rank_a > rank_b else b
    if a.is_signed != b.is_signed:  # uint8 and a signed type
        signed, unsigned = (a, b) if a.is_signed else (b, a)
        return signed if signed.itemsize > unsigned.itemsize else int16
    if a.half and b.half:
        return float32  # the one has the range, the other the digits
    return a if a.itemsize >= b.itemsize else b


def of_number(value: float) -> DType:
    """The dtype of a Python number: bool, int64, or the default floating dtype.

    >>> of_number(True), of_number(2), of_number(2.0)
    (minitorch.bool, minitorch.int64, minitorch.float32)
    """
    if isinstance(value, bool):
        return bool_
    return int64 if isinstance(value, int) else _defaults.floating


def with_number(dtype: DType, value: float) -> DType:
    """What an operation between a tensor of `dtype` and a Python number gives: a number is weak.

    >>> with_number(float64, 2.0), with_number(int32, 2), with_number(int32, 0.5)
    (minitorch.float64, minitorch.int32, minitorch.float32)
    """
    kind: Kind = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "float"
    return dtype if _RANK[kind] <= _RANK[dtype.kind] else of_number(value)


def result_of(a: DType, a_is_0d: bool, b: DType, b_is_0d: bool) -> DType:
    """What an operation between two tensors gives: a 0-d tensor counts only by its kind.

    https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc

    >>> result_of(float32, False, float64, True)
    minitorch.float32
    """
    if a is b:
        return a
    if a_is_0d == b_is_0d:
        return promote_types(a, b)
    strong, weak = (b, a) if a_is_0d else (a, b)
    return strong if _RANK[weak.kind] <= _RANK[strong.kind] else weak


class finfo:
    """The limits of a floating dtype.

    https://docs.pytorch.org/docs/stable/type_info.html#torch.torch.finfo

    Args:
        dtype: the default floating dtype if omitted.

    Raises:
        TypeError: if the dtype is not floating.

    >>> finfo(float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, dtype: DType | None = None) -> None:
        kind = get_default_dtype() if dtype is None else dtype
        require(kind)
        if not kind.is_floating_point:
            raise TypeError(f"finfo: expected a floating point dtype, but got {kind}; use iinfo")
        self.dtype = kind.name
        self.bits = kind.itemsize * 8
        if kind is bfloat16:
            self.eps, self.max, self.resolution = 2.0**-7, (2.0 - 2.0**-7) * 2.0**127, 0.01
            self.tiny = 2.0**-126
        else:
            limits = np.finfo(kind.name)
            self.eps, self.max, self.tiny = map(float, (limits.eps, limits.max, limits.tiny))
            self.resolution = 10.0 ** -int(limits.precision)
        self.min, self.smallest_normal = -self.max, self.tiny


class iinfo:
    """The limits of an integer dtype.

    https://docs.pytorch.org/docs/stable/type_info.html#torch.torch.iinfo

    Raises:
        TypeError: if the dtype is not an integer one.

    >>> iinfo(int8).max
    127
    """

    def __init__(self, dtype: DType) -> None:
        require(dtype)
        if dtype.kind != "int":
            raise TypeError(f"iinfo: expected an integer dtype, but got {dtype}; use finfo")
        limits = np.iinfo(dtype.name)
        self.dtype = dtype.name
        self.bits = dtype.itemsize * 8
        self.max, self.min = int(limits.max), int(limits.min)


def check_fits(name: str, value: float, dtype: DType) -> None:
    """Raise if a number is too large for `dtype`.

    As in PyTorch, an unsigned type takes negative numbers, which wrap, and bool takes any.

    Raises:
        RuntimeError: if it is; nan and infinities fit no integer.

    >>> check_fits("full", 300, uint8)
    Traceback (most recent call last):
    RuntimeError: full: value 300 cannot be converted to type uint8 without overflow
    """
    if dtype.kind == "bool":
        return
    finite = isinstance(value, int) or math.isfinite(value)
    if dtype.kind == "float":
        fits = not finite or abs(value) <= finfo(dtype).max
    else:
        limits = np.iinfo(dtype.name)
        low = int(limits.min) if dtype.is_signed else -int(limits.max)
        fits = finite and low <= int(value) <= int(limits.max)
    if not fits:
        raise RuntimeError(
            f"{name}: value {value} cannot be converted to type {dtype.name} without overflow"
        )
