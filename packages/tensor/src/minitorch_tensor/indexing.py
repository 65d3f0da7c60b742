"""`x[...]` and `x[...] = v`, and the functions that pick or place elements by index.

A basic index (int, slice, None, Ellipsis) is a chain of views. Index tensors become one gather: the
position of every wanted element is computed as an int64 tensor, and the elements are gathered from
the
flattened tensor. The transpose of a gather is a scatter_add, so duplicates add up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, Union

import numpy as np

from minitorch_autodiff import Variable, is_grad_enabled
from minitorch_tensor import conversion, inplace, pointwise, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.layout import Layout, Shape, broadcast, strides_from_shape, wrap_dim
from minitorch_tensor.storage import Storage

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
    view, picks = _basic(x, index)
    return _pick(view, picks) if picks else view


def setitem(x: Tensor, index: Index, value: Tensor | float | Sequence[float]) -> None:
    """Write `value`, broadcast, to the elements at `index`.

    Raises:
        IndexError: as reading does.
        RuntimeError: if the shapes do not broadcast, or x may not be written.
    """
    source = _as_value(x, value)
    view, picks = _basic(x, index)
    if not picks:
        while (
            not isinstance(source, (int, float))
            and source.ndim > view.ndim
            and source.shape[0] == 1
        ):
            source = views.squeeze(source, 0)  # leading ones are dropped, as in PyTorch
        if view is x:
            view = views.alias(x) if not is_grad_enabled() else view
        inplace.copy_(view, source)
        return
    flat, shape = _flat_positions(view, picks)
    if isinstance(source, (int, float)):
        source = x._full((), source, x.dtype)
    if source.ndim > len(shape):
        source = views.reshape(source, source.shape[source.ndim - len(shape) :])
    wanted = views.reshape(views.expand_to(source.to(x.dtype), shape), -1)
    _put(view, flat, wanted)


def _as_value(x: Tensor, value: Tensor | float | Sequence[float]) -> Tensor | float:
    if isinstance(value, (int, float, Variable)):
        return value
    storage, layout, _ = conversion.to_storage(value, x.dtype, x.device)
    return x._on(storage, layout)


def _put(view: Tensor, flat: Tensor, values: Tensor) -> None:
    """Write `values` to the flat positions of `view`; of repeated positions the last one stays."""
    size = view.layout.size

    def replaced(old: Tensor) -> Tensor:
        # order[p] = 1 + the last k that writes position p, 0 if none does
        order = np.zeros(size, np.int64)
        order[conversion.host_array(flat)] = np.arange(1, flat.numel() + 1)
        chosen = old._on(
            Storage(old.device.backend.upload(order), old.device), Layout.contiguous((size,))
        )
        chosen.dtype = dtypes.int64
        none = views.reshape(old._full((1,), 0, old.dtype), 1)
        picked = gather(none.cat_with(values), 0, chosen)
        merged = pointwise.where(chosen != 0, picked, views.reshape(old, -1))
        return views.reshape(merged, old.shape)

    inplace.write("index_put_", view, replaced, values)


def _expanded(x: Tensor, index: Index) -> list[Item]:
    """The index as a list with one item for each dimension, and the Ellipsis filled in."""
    items = list(index) if isinstance(index, tuple) else [index]
    used = 0
    for item in items:
        if item is None or item is Ellipsis or isinstance(item, bool):
            continue
        used += _as_tensor(x, item).ndim if _is_mask(item) else 1
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


def _is_mask(item: Item) -> bool:
    if isinstance(item, np.ndarray):
        return item.dtype == np.bool_
    if isinstance(item, Sequence):
        return len(item) > 0 and isinstance(item[0], bool)
    return isinstance(item, Variable) and item.dtype is dtypes.bool_


def _basic(x: Tensor, index: Index) -> tuple[Tensor, dict[int, Tensor]]:
    """Apply the basic items as views; return index tensors by the dimension they index."""
    if isinstance(index, int) and not isinstance(index, bool):  # the common case, directly
        return _select(x, 0, index), {}
    view = x
    dim = 0
    picks: dict[int, Tensor] = {}
    for item in _expanded(x, index):
        if item is None:
            view = views.unsqueeze(view, dim)
            dim += 1
        elif isinstance(item, bool):
            view = views.unsqueeze(view, dim)
            picks[dim] = view._arange(1 if item else 0)
            dim += 1
        elif isinstance(item, slice):
            view = _slice(view, dim, item)
            dim += 1
        elif isinstance(item, (int, np.integer)):
            view = _select(view, dim, int(item))
        elif isinstance(item, Variable) and item.ndim == 0 and item.dtype.kind == "int":
            view = _select(view, dim, int(item.item()))
        else:
            dim = _collect(view, dim, _as_tensor(x, item), picks)
    return (views.alias(x) if view is x and not picks else view), picks


def _collect(view: Tensor, dim: int, index: Tensor, picks: dict[int, Tensor]) -> int:
    """File an index tensor under its dimension; a mask becomes one for each of its dimensions."""
    if index.dtype is dtypes.bool_:
        for i, (n, m) in enumerate(zip(index.shape, view.shape[dim:], strict=False)):
            if n != m:
                raise IndexError(
                    f"the shape of the mask {index.shape} at dimension {i} does not match the "
                    "shape of the "
                    f"indexed tensor {view.shape} at dimension {dim + i}"
                )
        for column in views.unbind(nonzero(index), 1):
            picks[dim] = column
            dim += 1
        return dim
    if index.dtype.is_floating_point:
        raise IndexError(
            f"tensors used as indices must be integer or bool tensors, but got {index.dtype}"
        )
    size = view.shape[dim]
    index = index.to(dtypes.int64)
    _check(index, size, dim)
    picks[dim] = pointwise.where(index < 0, index + size, index)
    return dim + 1


def _check(index: Tensor, size: int, dim: int) -> None:
    if index.numel() == 0:
        return
    low, high = int(index.min().item()), int(index.max().item())
    if low < -size or high >= size:
        bad = low if low < -size else high
        raise IndexError(f"index {bad} is out of bounds for dimension {dim} with size {size}")


def _as_tensor(x: Tensor, item: Item) -> Tensor:
    if item is None or isinstance(item, (int, np.integer, slice, EllipsisType)):
        raise TypeError(f"expected an index tensor, got {item!r}")
    if isinstance(item, Variable):
        return item if item.device is x.device else item.to(x.device)
    array = np.asarray(item)
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype(np.int64)
    storage, layout, dtype = conversion.to_storage(array, None, x.device)
    y = x._on(storage, layout)
    y.dtype = dtype
    return y


def _select(x: Tensor, dim: int, index: int) -> Tensor:
    if x.ndim == 0:
        raise IndexError(
            "invalid index of a 0-dim tensor; use tensor.item() to convert a 0-dim tensor to a "
            "number"
        )
    return views.select(x, dim, index)


def _slice(x: Tensor, dim: int, item: slice) -> Tensor:
    step = 1 if item.step is None else int(item.step)
    if step <= 0:
        raise ValueError(
            f"slice step must be positive, but got {step}; use flip() to reverse a dimension"
        )
    start, stop, _ = slice(
        None if item.start is None else int(item.start),
        None if item.stop is None else int(item.stop),
        step,
    ).indices(x.shape[dim])
    length = max(0, -(-(stop - start) // step))
    if start == 0 and step == 1 and length == x.shape[dim]:
        return x if x.base is not None else views.slice_(x, dim, 0, length)
    return views.slice_(x, dim, start, length, step)


def _flat_positions(view: Tensor, picks: dict[int, Tensor]) -> tuple[Tensor, Shape]:
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
    flat, shape = _flat_positions(view, picks)
    return views.reshape(gather(views.reshape(view, -1), 0, flat), shape)


def gather(x: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """y[i][j] = x[index[i][j]][j] for dim = 0, and likewise for others.

    https://docs.pytorch.org/docs/stable/generated/torch.gather.html

    Raises:
        RuntimeError: if the ranks differ, index is not int64, or it is larger than x elsewhere.
        IndexError: if an index is out of range.
    """
    i = _check_gather("gather", x, dim, index)
    if x.ndim == 0:
        return views.reshape(gather(views.reshape(x, 1), 0, views.reshape(index, 1)), ())
    y = x._fresh(index.shape, x.dtype)
    x.storage.device.backend.gather(y, x, index, i)
    before = x.shape

    def transpose(g: Tensor) -> Tensor:
        return scatter_add(g._full(before, 0.0, g.dtype), i, index, g)

    return views.linear(x, y, "GatherBackward0", transpose)


def _check_gather(name: str, x: Tensor, dim: int, index: Tensor) -> int:
    i = wrap_dim(dim, x.ndim)
    if index.dtype is not dtypes.int64:
        raise RuntimeError(
            f"{name}: expected dtype int64 for index, but got {index.dtype}; use .long()"
        )
    if max(index.ndim, 1) != max(x.ndim, 1):
        raise RuntimeError(
            f"{name}: index must have as many dimensions as the input, but their shapes are "
            f"{index.shape} "
            f"and {x.shape}"
        )
    for d, (n, m) in enumerate(zip(index.shape, x.shape, strict=True)):
        if d != i and n > m:
            raise RuntimeError(
                f"{name}: size does not match at dimension {d}: index {index.shape} must not be "
                "larger than "
                f"input {x.shape} apart from dimension {i}"
            )
    if index.device is not x.device:
        raise RuntimeError(f"{name}: index is on {index.device} and the input on {x.device}")
    return i


def scatter_add(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of x with y[index[i][j]][j] += src[i][j] for dim = 0, and likewise for others.

    https://docs.pytorch.org/docs/stable/generated/torch.scatter_add.html

    Raises:
        RuntimeError: if ranks or dtypes differ, or index is larger than src or x elsewhere.
        IndexError: if an index is out of range.
    """
    i = _check_gather("scatter_add", x, dim, index)
    if src.dtype is not x.dtype:
        raise RuntimeError(f"scatter_add: src has dtype {src.dtype}, but the input has {x.dtype}")
    if src.ndim != index.ndim or any(n > m for n, m in zip(index.shape, src.shape, strict=True)):
        raise RuntimeError(
            f"scatter_add: index {index.shape} must not be larger than src {src.shape} in any "
            "dimension"
        )
    part = src
    for d, n in enumerate(index.shape):
        if n != src.shape[d]:
            part = views.slice_(part, d, 0, n)
    y = views.clone(x)
    return _added(y, part, i, index)


def _added(y: Tensor, src: Tensor, dim: int, index: Tensor) -> Tensor:
    """y + scatter(src), written into the fresh y and recorded as the sum of two linear maps."""
    target = y.detach()
    target.storage.device.backend.scatter_add(target, index, src, dim)
    if not (src.requires_grad and is_grad_enabled()):
        return y
    placed = views.linear(src, y.detach(), "ScatterAddBackward0", lambda g: gather(g, dim, index))
    if not y.requires_grad:
        return placed
    zero = views.linear(y, y._full(y.shape, 0.0, y.dtype), "CloneBackward0", lambda g: g)
    return placed + zero


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of one dimension that a vector of indices names.

    https://docs.pytorch.org/docs/stable/generated/torch.index_select.html

    Raises:
        IndexError: if index is no vector, or an index is out of range.
    """
    if index.ndim > 1:
        raise IndexError(f"index_select: index must be a vector, but got shape {index.shape}")
    if x.ndim == 0:
        return views.reshape(index_select(views.reshape(x, 1), 0, index), ())
    i = wrap_dim(dim, x.ndim)
    index = views.reshape(index, -1).to(dtypes.int64)
    shape = (*x.shape[:i], index.shape[0], *x.shape[i + 1 :])
    spread = views.reshape(index, (-1 if index.numel() else 0,) + (1,) * (x.ndim - i - 1))
    return gather(x, i, views.expand_to(spread, shape))


def index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy of x with slices of `source` added at the indices of one dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.index_add.html
    """
    i = wrap_dim(dim, x.ndim)
    spread = views.reshape(index.to(dtypes.int64), (index.numel(),) + (1,) * (x.ndim - i - 1))
    scaled = source if alpha == 1 else source * alpha
    return scatter_add(x, i, views.expand_to(spread, source.shape), scaled)


def take_along_dim(x: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` after broadcasting; of the flattened tensor if `dim` is None.

    https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html
    """
    if dim is None:
        return gather(views.reshape(x, -1), 0, views.reshape(indices, -1))
    i = wrap_dim(dim, x.ndim)
    trimmed = [1 if d == i else n for d, n in enumerate(x.shape)]
    shape = broadcast(
        tuple(trimmed), tuple(1 if d == i else n for d, n in enumerate(indices.shape))
    )
    wide = tuple(x.shape[i] if d == i else n for d, n in enumerate(shape))
    picks = tuple(indices.shape[i] if d == i else n for d, n in enumerate(shape))
    return gather(views.expand_to(x, wide), i, views.expand_to(indices, picks))


def masked_fill(x: Tensor, mask: Tensor, value: Tensor | float) -> Tensor:
    """x with the elements where `mask` holds replaced by a number.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html
    """
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_fill: expected a bool mask, but got {mask.dtype}")
    if isinstance(value, (int, float)):
        value = x._constant(value, x.dtype)
    return pointwise.where(mask, value.to(x.dtype), x)


def masked_select(x: Tensor, mask: Tensor) -> Tensor:
    """The elements where `mask` holds, as a vector.

    https://docs.pytorch.org/docs/stable/generated/torch.masked_select.html
    """
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_select: expected a bool mask, but got {mask.dtype}")
    shape = broadcast(x.shape, mask.shape)
    flat = views.reshape(nonzero(views.reshape(views.expand_to(mask, shape), -1)), -1)
    return gather(views.reshape(views.expand_to(x, shape), -1), 0, flat)


def nonzero(x: Tensor) -> Tensor:
    """The indices of the non-zero elements: (count, ndim) of int64, in row-major order.

    https://docs.pytorch.org/docs/stable/generated/torch.nonzero.html
    """
    found = np.argwhere(conversion.host_array(x)).astype(np.int64, copy=False)
    count = math.prod(found.shape[:1])
    flat = np.ascontiguousarray(found).reshape(-1)
    y = x._on(Storage(x.device.backend.upload(flat), x.device), Layout.contiguous((count, x.ndim)))
    y.dtype = dtypes.int64
    return y
