"""`x[...]`; `writing` has `x[...] = v`.

A basic index (int, slice, None, Ellipsis) is a chain of views. Index tensors become one gather: the
position of every wanted element is computed as an int64 tensor, and the elements are gathered from
the flattened tensor. The transpose of a gather is a scatter_add, so duplicates add up.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, TypeGuard, Union

import numpy as np

from minitorch_autodiff import Variable, is_grad_enabled
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.accelerator import is_accelerator
from minitorch_tensor.basic_index import basic
from minitorch_tensor.data import to_array, to_storage
from minitorch_tensor.gathering import (
    extremes,
    from_front,
    index_select,
    masked_select,
    nonzero,
    pick,
)
from minitorch_tensor.layout import Shape, broadcast, strides_from_shape

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Item = Union[
    int,
    np.integer,
    slice,
    None,
    EllipsisType,
    "Tensor",
    Sequence[int],
    Sequence[bool],
    dtypes.HostArray,
]
Index = Item | tuple[Item, ...]


def getitem(x: Tensor, index: Index) -> Tensor:
    """The elements at `index`: a view for ints, slices, None and Ellipsis, else a copy.

    https://docs.pytorch.org/docs/stable/tensor_view.html

    Raises:
        IndexError: if there are too many indices, or one is out of range.
        ValueError: for a step that is not positive.
    """
    if not (x.requires_grad and is_grad_enabled()):  # else each step is recorded
        layout = basic(x.layout, index)
        if layout is not None:
            return views.unrecorded(x, layout)
    if covers(index, x):
        return masked_select(x, index)
    view, picks = resolve(x, index)
    return _pick(view, picks) if picks else view


def covers(index: Index, x: Tensor) -> TypeGuard[Tensor]:
    """Whether the index is a mask of the shape of x: the common case, which needs no positions."""
    return (
        isinstance(index, Variable)
        and index.dtype is dtypes.bool_
        and index.layout.shape == x.layout.shape
        and index.device is x.device
        and x.ndim > 0
    )


def expanded(x: Tensor, index: Index) -> list[Item]:
    """The index as a list with one item for each dimension, and the Ellipsis filled in."""
    items = list(index) if isinstance(index, tuple) else [index]
    used = 0
    for i, item in enumerate(items):
        if item is None or item is Ellipsis or isinstance(item, bool):
            continue
        if not isinstance(item, (int, np.integer, slice)):
            if isinstance(item, list) and not isinstance(index, tuple):
                _refuse_nested(item)
            items[i] = item = _as_tensor(x, item)
        used += item.ndim if is_mask(item) else 1
    if used > x.ndim:
        raise IndexError(
            f"too many indices for tensor of dimension {x.ndim}: the index needs {used} (shape "
            f"{x.shape})"
        )
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    fill: list[Item] = [slice(None)] * (x.ndim - used)
    return items[: dots[0]] + fill + items[dots[0] + 1 :] if dots else items + fill


def resolve(x: Tensor, index: Index) -> tuple[Tensor, dict[int, Tensor]]:
    """Apply the basic items as views; return index tensors by the dimension they index."""
    if isinstance(index, int) and not isinstance(index, bool):  # the common case, directly
        return _select(x, 0, index, x, 0), {}
    view = x
    dim = 0
    of = 0  # the dimension of x that the item indexes
    picks: dict[int, Tensor] = {}
    filed: list[tuple[Tensor, int, int]] = []
    for item in expanded(x, index):
        if item is None:
            view = views.unsqueeze(view, dim)
            dim += 1
        elif isinstance(item, bool) or (is_mask(item) and item.ndim == 0):
            view = views.unsqueeze(view, dim)  # a mask of no dimensions: all of it, or nothing
            picks[dim] = view._arange(1 if item else 0)
            dim += 1
        elif isinstance(item, slice):
            view = _slice(view, dim, item)
            dim += 1
            of += 1
        elif isinstance(item, (int, np.integer)):
            view = _select(view, dim, int(item), x, of)
            of += 1
        elif not isinstance(item, Variable):
            raise TypeError(f"x[...]: cannot index with {type(item).__name__}")
        elif item.ndim == 0 and item.dtype.kind == "int" and item.dtype is not dtypes.uint8:
            view = _select(view, dim, int(item.item()), x, of)
            of += 1
        else:
            filed.append((item, of, dim))
            of += item.ndim if is_mask(item) else 1
            dim = _collect(view, dim, item, picks)
    for index_tensor, first, place in filed:  # as in PyTorch, when all else was found right
        if _check(index_tensor, x, first) < 0:
            far = math.prod(view.shape[: place + 1])  # times its stride: all elements
            picks[place] = from_front("x[...]", picks[place], x.shape[first], first, far)
    return (views.whole(x) if view is x and not picks else view), picks


def is_mask(item: Item) -> TypeGuard[Tensor]:
    """Whether it is a tensor of bools."""
    return isinstance(item, Variable) and item.dtype is dtypes.bool_


def _collect(view: Tensor, dim: int, index: Tensor, picks: dict[int, Tensor]) -> int:
    """File an index tensor under its dimension; a mask becomes one for each of its dimensions."""
    if index.dtype is dtypes.bool_:
        for column in views.unbind(nonzero(index), 1):
            picks[dim] = column
            dim += 1
        return dim
    picks[dim] = index.to(dtypes.int64)
    return dim + 1


def _check(index: Tensor, x: Tensor, of: int) -> int:
    """The smallest position; refuses an index tensor that does not fit dimension `of` of x.

    On a GPU the host would wait to know it: -1 there, and `from_front` looks.

    Raises:
        IndexError: for another dtype, a mask of another shape, or a position that is none.
    """
    if index.dtype is dtypes.bool_:
        for i, (n, m) in enumerate(zip(index.shape, x.shape[of:], strict=False)):
            if n != m:
                raise IndexError(
                    f"the shape of the mask {index.shape} at dimension {i} does not match the "
                    f"shape of the indexed tensor {x.shape} at dimension {of + i}"
                )
        return 0
    if index.dtype is dtypes.uint8:
        raise IndexError(
            "tensors used as indices must be int64, int32 or bool tensors, but got "
            "minitorch.uint8, which PyTorch reads as a mask, with a warning; use .long() for "
            "positions, .bool() for a mask"
        )
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise IndexError(
            "tensors used as indices must be int64, int32 or bool tensors, but got "
            f"{index.dtype}; use .long() for positions, .bool() for a mask"
        )
    if index.numel() == 0:
        return 0
    size = x.shape[of]
    if is_accelerator(index.device.backend) and size:
        return -1
    low, high = extremes(index)
    if low < -size or high >= size:
        raise _out_of_bounds(low if low < -size else high, x, of)
    return low


def _out_of_bounds(index: int, x: Tensor, of: int) -> IndexError:
    size = x.shape[of]
    allowed = f"it must be from {-size} to {size - 1}" if size else "it has no elements"
    return IndexError(
        f"index {index} is out of bounds for dimension {of} with size {size}: {allowed} (the shape "
        f"is {x.shape})"
    )


def _refuse_nested(index: Sequence[object]) -> None:
    """A list of numbers is an index tensor; of anything else PyTorch is changing the meaning."""
    if not all(isinstance(item, (int, float, np.generic)) for item in index):
        raise IndexError(
            f"x[{index!r}]: PyTorch is changing what a list of more than numbers means; write "
            "x[tuple(index)] for one index a dimension, x[tensor(index)] for positions in the first"
        )


def _as_tensor(x: Tensor, item: Item) -> Tensor:
    """An index tensor, also of a list or array."""
    if isinstance(item, Variable):
        return item if item.device is x.device else item.to(x.device)
    if isinstance(item, np.ndarray):
        # PyTorch reads an array of short integers as positions, but not one of bytes.
        array = item.astype(np.int64) if item.dtype in (np.int8, np.int16) else item
    elif isinstance(item, Sequence) and not isinstance(item, (str, bytes)):
        array = to_array(item)
        if array.size == 0 or array.dtype.kind in "iu":
            array = array.astype(np.int64)
    else:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and int64, int32 or bool "
            f"tensors, lists or arrays are valid indices (got {type(item).__name__})"
        )
    storage, layout, dtype = to_storage(array, None, x.device)
    y = x._on(storage, layout)
    y.dtype = dtype
    return y


def _select(view: Tensor, dim: int, index: int, x: Tensor, of: int) -> Tensor:
    """Element `index` of a dimension of the view, which is dimension `of` of the indexed x."""
    if x.ndim == 0:
        raise IndexError(
            "invalid index of a 0-dim tensor; use tensor.item() to convert a 0-dim tensor to a "
            "number"
        )
    if not -view.layout.shape[dim] <= index < view.layout.shape[dim]:
        raise _out_of_bounds(index, x, of)
    return views.select(view, dim, index)


def _slice(x: Tensor, dim: int, item: slice) -> Tensor:
    step = 1 if item.step is None else operator.index(item.step)
    if step <= 0:
        raise ValueError(
            f"slice step must be positive, but got {step}; use flip() to reverse a dimension"
        )
    start, stop, _ = slice(
        None if item.start is None else operator.index(item.start),
        None if item.stop is None else operator.index(item.stop),
        step,
    ).indices(x.layout.shape[dim])
    length = max(0, -(-(stop - start) // step))
    if start == 0 and step == 1 and length == x.layout.shape[dim]:
        return x
    return views.slice_(x, dim, start, length, step)


def flat_positions(view: Tensor, picks: dict[int, Tensor]) -> tuple[Tensor, Shape]:
    """The position in the flattened view of every wanted element, and the shape of the result.

    The index tensors are broadcast together. Their dimensions come where the first of them stands
    if they
    are neighbours, else in front, as in NumPy.
    """
    dims = sorted(picks)
    shape: Shape = ()
    for dim in dims:
        try:
            shape = broadcast(shape, picks[dim].shape)
        except RuntimeError:
            shapes = ", ".join(str(picks[d].shape) for d in dims)
            raise IndexError(
                "shape mismatch: indexing tensors could not be broadcast together with shapes "
                f"{shapes}"
            ) from None
    strides = strides_from_shape(view.shape)
    rest = [d for d in range(view.ndim) if d not in picks]
    adjacent = dims == list(range(dims[0], dims[-1] + 1))
    before = [d for d in rest if adjacent and d < dims[0]]
    after = [d for d in rest if d not in before]
    result = (*(view.shape[d] for d in before), *shape, *(view.shape[d] for d in after))
    total = view._full((1,) * len(result), 0, dtypes.int64)
    for place, d in enumerate(before):
        total = total + _axis(view, d, strides[d], len(result) - place - 1)
    for d in dims:
        index = picks[d] * strides[d]
        total = total + views.reshape(index, (*index.shape, *(1,) * len(after)))
    for place, d in enumerate(after):
        total = total + _axis(view, d, strides[d], len(after) - place - 1)
    return views.reshape(views.expand_to(total, result), -1), result


def _axis(view: Tensor, dim: int, stride: int, trailing: int) -> Tensor:
    steps = view._arange(view.shape[dim]) * stride
    return views.reshape(steps, (view.shape[dim],) + (1,) * trailing)


def _pick(view: Tensor, picks: dict[int, Tensor]) -> Tensor:
    if len(picks) == 1:
        ((dim, index),) = picks.items()
        if index.ndim == 1:
            return index_select(view, dim, index)
    flat, shape = flat_positions(view, picks)
    return views.reshape(pick(views.reshape(view, -1), 0, flat), shape)
