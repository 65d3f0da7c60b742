"""`x[...] = v`: a copy into a view, or a choice between the old elements and the new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Variable
from minitorch_tensor import conversion, inplace, numpy_backend, pointwise, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.accelerator import is_accelerator
from minitorch_tensor.data import to_storage
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.gathering import masked_fill, pick
from minitorch_tensor.indexing import Index, covers, expanded, flat_positions, is_mask, resolve
from minitorch_tensor.layout import Layout, Shape, broadcast

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
        spread = views.reshape(vector, (*vector.shape, *(1,) * (view.ndim - dim - 1)))
        if put_along(view, dim, views.expand_to(spread, shape), values, "index_put_"):
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
    line = view.layout.reshape((view.layout.size,))
    if line is not None and put_along(view, 0, flat, values, name, line):
        return
    if _at_once(view, values):
        inplace.check(name, view)
        places: npt.NDArray[np.int64] = conversion.host_array(flat).astype(np.int64, copy=False)
        np.put(numpy_backend.view(view), places, _apart(view, values))
        view.storage.version += 1
        return
    inplace.write(name, view, lambda old: replaced(old, flat, values), values)


def put_along(
    view: Tensor,
    dim: int,
    index: Tensor,
    values: Tensor,
    name: str,
    layout: Layout | None = None,
) -> bool:
    """On a GPU, and where nothing is recorded, set view[index[i, j], j] = values[i, j], for dim 0.

    The indices, which were checked, and the values have one shape; of repeated indices the last
    stays. The view may be seen in another layout.

    Returns:
        Whether that was done.
    """
    backend = view.storage.device.backend
    if not is_accelerator(backend) or inplace.recorded(view, values):
        return False
    inplace.check(name, view)
    target = view.detach() if layout is None else view._view(layout)
    backend.put(target, index, _not_shared(view, values), dim)
    view.storage.version += 1
    return True


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
    return numpy_backend.view(_not_shared(view, values))


def _not_shared(view: Tensor, values: Tensor) -> Tensor:
    if values.storage.root().buffer is view.storage.root().buffer:
        return views.clone(values.detach())
    return values


def replaced(x: Tensor, flat: Tensor, values: Tensor) -> Tensor:
    """x with `values` at its flat positions, of which repeated ones keep the last value."""
    order = _writers(x, flat)
    if values.layout.strides == (0,) and values.layout.size:  # one number, wherever it goes
        picked = values[0]
    else:
        none = views.reshape(x._full((1,), 0, x.dtype), 1)
        picked = pick(none.cat_with(values), 0, order)
    merged = pointwise.where(order != 0, picked, views.reshape(x, -1))
    return views.reshape(merged, x.layout.shape)


def _writers(x: Tensor, flat: Tensor) -> Tensor:
    """For each position of the flattened x: 1 + the last k that writes it, 0 if none does."""
    size, count = x.layout.size, flat.numel()
    backend = x.storage.device.backend
    if is_accelerator(backend):
        found = x._full((size,), 0, dtypes.int64)
        backend.put(found, flat, x._arange(count) + 1, 0)
        return found
    order = np.zeros(size, np.int64)
    order[conversion.host_array(flat)] = np.arange(1, count + 1)
    return conversion.from_host(x, order)
