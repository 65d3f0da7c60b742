"""New tensors: from data, filled, in sequence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minitorch_tensor import data as data_of
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor, fresh, make
from minitorch_tensor.core import full as _filled
from minitorch_tensor.data import Data, on, to_storage
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.half import host_dtype
from minitorch_tensor.layout import Layout
from minitorch_tensor.options import LayoutKind, MemoryFormat, require_plain
from minitorch_tensor.stepping import stepped

Size = int | Sequence[int]
Place = str | Device | None


def finish(x: Tensor, requires_grad: bool) -> Tensor:
    """The new x, as a leaf that requires grad if asked for."""
    return x.requires_grad_() if requires_grad else x


def floating(dtype: DType | None) -> DType:
    """The dtype asked for, or the default floating one."""
    dtypes.require(dtype)
    return dtypes.get_default_dtype() if dtype is None else dtype


def tensor(
    data: Data,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor holding a copy of `data`.

    https://docs.pytorch.org/docs/stable/generated/torch.tensor.html

    Args:
        data: a number, nested sequences of numbers, an array, or a tensor.
        dtype: inferred if omitted: Python ints give int64, floats the default dtype, arrays their
        own.
        device: the default device if omitted.
        requires_grad: whether operations on it are recorded.
        pin_memory: False, for there is no pinned memory.

    Raises:
        ValueError: if nested sequences have no common shape.
        TypeError: if an element is no number.

    >>> tensor([[1, 2], [3, 4]])
    Tensor([[1, 2],
            [3, 4]], requires_grad=False)
    """
    require_plain("tensor", None, pin_memory)
    return finish(make(*to_storage(data, dtype, device)), requires_grad)


def as_tensor(data: Data, dtype: DType | None = None, device: Place = None) -> Tensor:
    """A tensor of `data`, sharing its memory where that is possible.

    https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
    """
    if isinstance(data, Tensor):
        return data.to(device=device, dtype=dtype)
    if isinstance(data, np.ndarray):
        return from_numpy(data).to(device=on(device), dtype=dtype)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: HostArray) -> Tensor:
    """A tensor on the CPU that shares the memory of an array.

    https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html

    Raises:
        TypeError: if it is no array, or its dtype has no counterpart.
        ValueError: if a stride is negative.
    """
    return make(*data_of.from_numpy(ndarray))


def empty(
    *sizes: Size,
    size: Size | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """A tensor with any contents.

    https://docs.pytorch.org/docs/stable/generated/torch.empty.html
    """
    require_plain("empty", layout, pin_memory, memory_format)
    shape = views.shape_of("empty", sizes, size)
    return finish(fresh(Layout.contiguous(shape), floating(dtype), on(device)), requires_grad)


def number(name: str, value: Tensor | float) -> float:
    """A number, also from a tensor of no dimensions.

    Raises:
        TypeError: if it is none.
    """
    if isinstance(value, Tensor) and value.ndim == 0:
        return value.item()
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        number: float = value.item()
        return number
    if not isinstance(value, (int, float)):
        raise TypeError(f"{name}: expected a number, but got {type(value).__name__}")
    return value


def full(
    size: Size,
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor whose elements are all `fill_value`; its dtype is that of the value if omitted.

    https://docs.pytorch.org/docs/stable/generated/torch.full.html

    Raises:
        RuntimeError: if the value does not fit the dtype.
    """
    require_plain("full", layout, pin_memory)
    fill_value = number("full", fill_value)
    dtypes.require(dtype)
    kind = dtypes.of_number(fill_value) if dtype is None else dtype
    dtypes.check_fits("full", fill_value, kind)
    return finish(
        _filled(views.shape_of("full", (size,)), fill_value, kind, on(device)), requires_grad
    )


def zeros(
    *sizes: Size,
    size: Size | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of zeros.

    https://docs.pytorch.org/docs/stable/generated/torch.zeros.html

    >>> zeros(2, 3).shape
    torch.Size([2, 3])
    """
    require_plain("zeros", layout, pin_memory)
    x = _filled(views.shape_of("zeros", sizes, size), 0.0, floating(dtype), on(device))
    return finish(x, requires_grad)


def ones(
    *sizes: Size,
    size: Size | None = None,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of ones.

    https://docs.pytorch.org/docs/stable/generated/torch.ones.html
    """
    require_plain("ones", layout, pin_memory)
    x = _filled(views.shape_of("ones", sizes, size), 1.0, floating(dtype), on(device))
    return finish(x, requires_grad)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Ones on the diagonal, zeros elsewhere: (n, m).

    https://docs.pytorch.org/docs/stable/generated/torch.eye.html

    Raises:
        RuntimeError: if n or m is negative.
    """
    require_plain("eye", layout, pin_memory)
    columns = n if m is None else m
    if n < 0 or columns < 0:
        raise RuntimeError(f"eye: n and m must be at least 0, but got {n} and {columns}")
    array = np.eye(n, columns, dtype=np.float32)
    return finish(tensor(array, dtype=floating(dtype), device=device), requires_grad)


def arange(
    start: Tensor | float = 0,
    end: Tensor | float | None = None,
    step: Tensor | float = 1,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """start, start + step, ... below end: ceil((end - start) / step) numbers; `arange(end)` from 0.

    For an integer dtype all three are cut to integers first, as in PyTorch.
    https://docs.pytorch.org/docs/stable/generated/torch.arange.html

    Raises:
        RuntimeError: if step is zero or leads away from end, a bound is not finite, or for bools.

    >>> arange(3)
    Tensor([0, 1, 2], requires_grad=False)
    """
    require_plain("arange", layout, pin_memory)
    first, last = (0, start) if end is None else (start, end)
    first, last, step = (number("arange", value) for value in (first, last, step))
    dtypes.require(dtype)
    if dtype is None:
        whole = all(isinstance(value, int) for value in (first, last, step))
        dtype = dtypes.int64 if whole else dtypes.get_default_dtype()
    if dtype.kind == "bool":
        raise RuntimeError("arange: not defined for bool")
    if not (math.isfinite(first) and math.isfinite(last)):
        raise RuntimeError(f"arange: unsupported range: {first} -> {last}")
    if dtype.kind == "int":
        first, last, step = int(first), int(last), int(step)
    if not step or step != step:
        raise RuntimeError(f"arange: step must be nonzero, but it is {step}")
    if (last - first) * step < 0:
        raise RuntimeError(
            f"arange: upper bound and lower bound inconsistent with step sign: from {first} to "
            f"{last} by {step}"
        )
    if isinstance(first, int) and isinstance(last, int) and isinstance(step, int):
        count = -((first - last) // step)  # exact, where a quotient of floats is not
    else:
        count = math.ceil((last - first) / step)
    views.shape_of("arange", (count,))
    like = fresh(Layout.contiguous((0,)), dtype, on(device))
    return finish(stepped(like, count, first, step, dtype), requires_grad)


def linspace(
    start: Tensor | float,
    end: Tensor | float,
    steps: int,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """`steps` numbers from start to end, evenly spaced, both included.

    https://docs.pytorch.org/docs/stable/generated/torch.linspace.html

    Raises:
        RuntimeError: if steps is negative, for bools, or if a bound does not fit the dtype.

    >>> linspace(0, 1, 5)
    Tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000], requires_grad=False)
    """
    require_plain("linspace", layout, pin_memory)
    if steps < 0:
        raise RuntimeError(f"linspace: number of steps must be non-negative, but got {steps}")
    kind = floating(dtype)
    if kind.kind == "bool":
        raise RuntimeError("linspace: not defined for bool")
    first, last = number("linspace", start), number("linspace", end)
    for bound in (first, last):
        dtypes.check_fits("linspace", bound, kind)
    if kind.kind == "int":
        first, last = (int(np.array(int(bound)).astype(kind.numpy)) for bound in (first, last))
    # As in PyTorch, the upper half is counted down from the end, so that both ends are exact.
    compute = host_dtype(kind) if kind.is_floating_point else np.dtype(np.float64)
    k = np.arange(steps)
    with np.errstate(all="ignore"):
        step = np.asarray((last - first) / (steps - 1) if steps > 1 else 0.0, compute)
        low = np.add(np.asarray(first, compute), np.multiply(step, k.astype(compute)))
        up = np.multiply(step, (steps - 1 - k).astype(compute))
        high = np.subtract(np.asarray(last, compute), up)
        values = np.where((k < steps // 2) | (steps == 1), low, high)
        array = values.astype(np.int64) if kind.kind == "int" else values
    return finish(tensor(array, dtype=kind, device=device), requires_grad)


def zeros_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """Zeros with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.zeros_like.html
    """
    require_plain("zeros_like", layout, pin_memory, memory_format)
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """Ones with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.ones_like.html
    """
    require_plain("ones_like", layout, pin_memory, memory_format)
    return full_like(input, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def full_like(
    input: Tensor,
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """One value, with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.full_like.html

    Raises:
        RuntimeError: if the value does not fit the dtype.
    """
    require_plain("full_like", layout, pin_memory, memory_format)
    require_tensor("full_like", "input", input)
    dtypes.require(dtype)
    kind = dtype or input.dtype
    fill_value = number("full_like", fill_value)
    dtypes.check_fits("full_like", fill_value, kind)
    place = input.device if device is None else Device(device)
    return finish(_filled(input.shape, fill_value, kind, place), requires_grad)


def empty_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """Any contents, with the shape, dtype and device of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.empty_like.html
    """
    require_plain("empty_like", layout, pin_memory, memory_format)
    require_tensor("empty_like", "input", input)
    dtypes.require(dtype)
    place = input.device if device is None else Device(device)
    return finish(fresh(Layout.contiguous(input.shape), dtype or input.dtype, place), requires_grad)
