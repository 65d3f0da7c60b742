"""`x[...] = v`: a copy into a view, or a choice between the old elements and the new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Variable
from minitorch_tensor import conversion, inplace, numpy_backend, pointwise, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.data import to_storage
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.gathering import masked_fill, pick
from minitorch_tensor.indexing import Index, covers, expanded, flat_positions, is_mask, resolve
from minitorch_tensor.layout import Shape, broadcast

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def setitem(x: Tensor, index: Index, value: Tensor | float | Sequence[float]) -> None:
    """Write `value`, broadcast, to the elements at `index`.

    Raises:
        IndexError: as reading does.
        RuntimeError: if the shapes do not broadcast, or x may not be written.
    """
    source = _as_value(x, value)
    if isinstance(index, bool):  # all of x, or nothing; PyTorch casts here, and looks no further
        if index:
            setitem(views.unsqueeze(x, 0), (), value)
        return
    if isinstance(source, (int, float)):
        dtypes.check_fits("x[...] = v", source, x.dtype)
    if covers(index, x) and (isinstance(source, (int, float)) or source.numel() == 1):
        mask = index
        number = source if isinstance(source, (int, float)) else views.reshape(source, ())
        others = () if isinstance(number, (int, float)) else (number,)
        inplace.write("index_put_", x, lambda old: masked_fill(old, mask, number), *others)
        return
    view, picks = resolve(x, index)
    if not picks:
        if not isinstance(source, (int, float)):
            while source.ndim > view.ndim and source.shape[0] == 1:
                source = views.squeeze(source, 0)  # leading ones are dropped, as in PyTorch
            if not _fits(source.shape, view.shape):
                raise RuntimeError(
                    f"x[...] = v: the value of shape {source.shape} cannot be expanded to the "
                    f"shape {view.shape} of what is indexed"
                )
        inplace.copy_(view, source)
        return
    if not isinstance(source, (int, float)) and source.numel() == 1 and _one_mask(x, index):
        source = source.to(x.dtype)  # PyTorch fills masked elements with a number of any dtype
    (dim, vector), *more = picks.items()
    if not more and vector.ndim == 1:
        shape = (*view.shape[:dim], vector.shape[0], *view.shape[dim + 1 :])
        values = spread_values(x, source, shape)
        if _at_once(view, values):
            _put_slices(view, dim, vector, values)
            return
    flat, shape = flat_positions(view, picks)
    put_flat(view, flat, broadcast_values(x, source, shape))


def _one_mask(x: Tensor, index: Index) -> bool:
    """Whether the only index tensor is a mask."""
    tensors = [
        item
        for item in expanded(x, index)
        if isinstance(item, bool) or (isinstance(item, Variable) and (item.ndim or is_mask(item)))
    ]
    return len(tensors) == 1 and is_mask(tensors[0]) and tensors[0].ndim > 0


def broadcast_values(x: Tensor, source: Tensor | float, shape: Shape) -> Tensor:
    """`spread_values` as a vector."""
    return views.reshape(spread_values(x, source, shape), -1)


def spread_values(x: Tensor, source: Tensor | float, shape: Shape) -> Tensor:
    """What index tensors assign, broadcast to the `shape` they select.

    Raises:
        RuntimeError: if it has another dtype, as in PyTorch, or does not broadcast.
    """
    if isinstance(source, (int, float)):
        source = x._full((), source, x.dtype)
    if source.dtype is not x.dtype:
        raise RuntimeError(
            f"x[...] = v with index tensors needs one dtype, but x is {x.dtype} and v is "
            f"{source.dtype}; convert v with .to(x.dtype)"
        )
    while source.ndim > len(shape) and source.shape[0] == 1:
        source = views.squeeze(source, 0)  # leading ones are dropped, as in PyTorch
    if not _fits(source.shape, shape):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {source.shape} cannot be broadcast to "
            f"indexing result of shape {shape}"
        )
    return views.expand_to(source, shape)


def _fits(shape: Shape, target: Shape) -> bool:
    """Whether the one broadcasts to the other."""
    try:
        return broadcast(shape, target) == target
    except RuntimeError:
        return False


def _as_value(x: Tensor, value: Tensor | float | Sequence[float]) -> Tensor | float:
    if isinstance(value, (int, float, Variable)):
        return value
    if not isinstance(value, (Sequence, np.ndarray, np.generic)) or isinstance(value, (str, bytes)):
        raise TypeError(
            "x[...] = v: expected a Tensor or a number for v, or an array or a list of numbers, "
            f"but got {type(value).__name__}"
        )
    storage, layout, _ = to_storage(value, x.dtype, x.device)
    return x._on(storage, layout)


def put_flat(view: Tensor, flat: Tensor, values: Tensor, name: str = "index_put_") -> None:
    """Write `values` to the flat positions of `view`; of repeated positions the last one stays."""
    if _at_once(view, values):
        inplace.check(name, view)
        places: npt.NDArray[np.int64] = conversion.host_array(flat).astype(np.int64, copy=False)
        np.put(numpy_backend.view(view), places, _apart(view, values))
        view.storage.version += 1
        return
    inplace.write(name, view, lambda old: replaced(old, flat, values), values)


def _at_once(view: Tensor, values: Tensor) -> bool:
    """Whether NumPy can write the values where they belong: in the CPU's memory, unrecorded.

    The backend is asked, not the memory: one that takes notes is to see what is written.
    """
    backend = view.storage.device.backend
    return isinstance(backend, numpy_backend.NumpyBackend) and not inplace.recorded(view, values)


def _put_slices(view: Tensor, dim: int, index: Tensor, values: Tensor) -> None:
    """Write slices of `values` to those of `view` that a vector names, one after the other."""
    inplace.check("index_put_", view)
    places: npt.NDArray[np.int64] = conversion.host_array(index).astype(np.int64, copy=False)
    slices = np.moveaxis(_apart(view, values), dim, 0)
    np.moveaxis(numpy_backend.view(view), dim, 0)[places] = slices
    view.storage.version += 1


def _apart(view: Tensor, values: Tensor) -> HostArray:
    """The values, copied if they lie in the memory that is written."""
    if values.storage.root().buffer is view.storage.root().buffer:
        values = views.clone(values.detach())
    return numpy_backend.view(values)


def replaced(x: Tensor, flat: Tensor, values: Tensor) -> Tensor:
    """x with `values` at its flat positions, of which repeated ones keep the last value."""
    size = x.layout.size
    if values.layout.strides == (0,) and values.layout.size:  # one number, wherever it goes
        hit = np.zeros(size, np.bool_)
        hit[conversion.host_array(flat)] = True
        merged = pointwise.where(conversion.from_host(x, hit), values[0], views.reshape(x, -1))
        return views.reshape(merged, x.layout.shape)
    # order[p] = 1 + the last k that writes position p, 0 if none does
    order = np.zeros(size, np.int64)
    order[conversion.host_array(flat)] = np.arange(1, flat.numel() + 1)
    chosen = conversion.from_host(x, order)
    none = views.reshape(x._full((1,), 0, x.dtype), 1)
    picked = pick(none.cat_with(values), 0, chosen)
    merged = pointwise.where(chosen != 0, picked, views.reshape(x, -1))
    return views.reshape(merged, x.layout.shape)
