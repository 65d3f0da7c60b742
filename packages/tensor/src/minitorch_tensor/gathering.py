"""Functions that pick or place elements by index: gather, its transpose, and what they make.

Every one of them is a gather or a scatter_add of a backend at an index tensor, so that gradients of
repeated indices add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from minitorch_autodiff import is_grad_enabled
from minitorch_tensor import conversion, numpy_backend, pointwise, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.accelerator import is_accelerator
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import broadcast, wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """y[i][j] = input[index[i][j]][j] for dim = 0, and likewise for others.

    https://docs.pytorch.org/docs/stable/generated/torch.gather.html

    Args:
        input: what is read.
        dim: the dimension that the indices count along.
        index: int64 or int32, of the rank of input, elsewhere not larger than it.
        sparse_grad: accepted for PyTorch's sake; gradients are dense here.

    Raises:
        RuntimeError: if the ranks differ, index is no integer tensor or larger than input
            elsewhere, or an index is out of range.
    """
    i, index = check_index("gather", input, dim, index)
    if index.layout.size == 0:
        return _nothing(input, index)
    try:
        return pick(input, i, index)
    except IndexError as error:
        raise RuntimeError(str(error)) from None


def pick(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """`gather` at int64 indices that fit, for functions that refuse a bad one with an IndexError.

    Raises:
        IndexError: if an index is out of range.
    """
    if x.ndim == 0 or index.ndim == 0:
        picked = pick(views.reshape(x, -1), 0, views.reshape(index, -1))
        return views.reshape(picked, index.shape)
    y = x._fresh(index.shape, x.dtype)
    x.storage.device.backend.gather(y, x, index, dim)
    before = x.shape

    def transpose(g: Tensor) -> Tensor:
        return add_at(g._full(before, 0.0, g.dtype), dim, index, g)

    return views.linear(x, y, "GatherBackward0", transpose)


def _nothing(x: Tensor, index: Tensor) -> Tensor:
    """What an index without elements gathers: PyTorch looks neither at its rank nor its dtype."""
    before = x.shape
    y = x._fresh(index.shape, x.dtype)
    return views.linear(x, y, "GatherBackward0", lambda g: g._full(before, 0.0, g.dtype))


def check_index(name: str, x: Tensor, dim: int, index: Tensor) -> tuple[int, Tensor]:
    """The dimension counted from the front, and as int64 an index tensor that fits x.

    Raises:
        RuntimeError: if the ranks or devices differ, index is neither int64 nor int32, or it is
            larger than x in another dimension.
    """
    i = wrap_dim(dim, x.ndim)
    if require_tensor(name, "index", index).device is not x.device:
        raise RuntimeError(f"{name}: index is on {index.device} and the input on {x.device}")
    if index.layout.size == 0:
        return i, index
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            f"{name}: expected dtype int64 or int32 for index, but got {index.dtype}; use .long()"
        )
    if max(index.ndim, 1) != max(x.ndim, 1):
        raise RuntimeError(
            f"{name}: index must have as many dimensions as the input, but their shapes are "
            f"{index.shape} and {x.shape}"
        )
    for d, (n, m) in enumerate(zip(index.shape or (1,), x.shape or (1,), strict=True)):
        if d != i and n > m:
            raise RuntimeError(
                f"{name}: size does not match at dimension {d}: index {index.shape} must not be "
                f"larger than input {x.shape} apart from dimension {i}"
            )
    return i, index.to(dtypes.int64)


def extremes(index: Tensor) -> tuple[int, int]:
    """The smallest and the largest of the indices, of which there are some."""
    if isinstance(index.storage.buffer, np.ndarray):  # what NumPy is asked costs less than an Op
        array = numpy_backend.view(index)
        return int(array.min()), int(array.max())
    return int(index.min().item()), int(index.max().item())


def require_range(
    name: str,
    index: Tensor,
    size: int,
    dim: int,
    error: type[IndexError | RuntimeError] = IndexError,
    low: int = 0,
) -> None:
    """Raise `error` unless all indices are in [low, size); on a GPU when the host next waits."""
    if index.layout.size == 0:
        return
    backend = index.device.backend
    if is_accelerator(backend):
        backend.require_range(index.to(dtypes.int64), low, size, name, dim, error)
        return
    for extreme in extremes(index):
        if not low <= extreme < size:
            raise error(
                f"{name}: index {extreme} is out of bounds for dimension {dim} with size {size}"
            )


def from_front(name: str, index: Tensor, size: int, dim: int, far: int) -> Tensor:
    """Indices in [-size, size) of a dimension counted from the front: a new int64 tensor.

    On a GPU a bad one is an IndexError when the host next waits, and until then -far: so far
    outside that no other index leads back inside. Elsewhere they were checked.
    """
    backend = index.device.backend
    if not is_accelerator(backend):
        return index % size
    y = index._fresh(index.shape, dtypes.int64)
    if index.layout.size:
        backend.from_front(y, index, name, size, dim, far, IndexError)
    return y


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of input with y[index[i][j]][j] += src[i][j] for dim = 0, and likewise for others.

    https://docs.pytorch.org/docs/stable/generated/torch.scatter_add.html

    Raises:
        RuntimeError: if ranks or dtypes differ, index is larger than src or input elsewhere, or an
            index is out of range.
    """
    i, index = check_index("scatter_add", input, dim, index)
    src = source_part("scatter_add", input, index, src)
    try:
        return add_at(input, i, index, src)
    except IndexError as error:
        raise RuntimeError(str(error)) from None


def add_at(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`scatter_add` of a source of the shape of index, both known to fit.

    Raises:
        IndexError: if an index is out of range.
    """
    if index.layout.size == 0:
        return views.clone(x)
    if x.ndim == 0 or index.ndim == 0:
        flat = (views.reshape(t, -1) for t in (index, src))
        return views.reshape(add_at(views.reshape(x, -1), 0, *flat), x.shape)
    return _added(views.clone(x), src, dim, index)


def source_part(name: str, x: Tensor, index: Tensor, src: Tensor) -> Tensor:
    """The corner of `src` that an index of a smaller shape reads.

    Raises:
        RuntimeError: if dtypes or devices differ, or src is smaller than index anywhere.
    """
    if src.dtype is not x.dtype:
        raise RuntimeError(f"{name}: src has dtype {src.dtype}, but the input has {x.dtype}")
    if src.device is not x.device:
        raise RuntimeError(f"{name}: src is on {src.device} and the input on {x.device}")
    if index.layout.size == 0:
        return src
    sizes, limits = index.shape or (1,), src.shape or (1,)
    if len(sizes) != len(limits) or any(n > m for n, m in zip(sizes, limits, strict=True)):
        raise RuntimeError(
            f"{name}: index {index.shape} must not be larger than src {src.shape} in any dimension"
        )
    if src.ndim != index.ndim:  # one number is a vector of one, and the other way round
        return views.reshape(views.slice_(views.reshape(src, -1), 0, 0, 1), index.shape)
    for d, n in enumerate(index.shape):
        if n != src.shape[d]:
            src = views.slice_(src, d, 0, n)
    return src


def _added(y: Tensor, src: Tensor, dim: int, index: Tensor) -> Tensor:
    """y + scatter(src), written into the fresh y and recorded as the sum of two linear maps."""
    target = y.detach()
    target.storage.device.backend.scatter_add(target, index, src, dim)
    if not (src.requires_grad and is_grad_enabled()):
        return y
    placed = views.linear(src, y.detach(), "ScatterAddBackward0", lambda g: pick(g, dim, index))
    if not y.requires_grad:
        return placed
    zero = views.linear(y, y._full(y.shape, 0.0, y.dtype), "CloneBackward0", lambda g: g)
    return placed + zero


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of one dimension that a vector of indices names.

    https://docs.pytorch.org/docs/stable/generated/torch.index_select.html

    Raises:
        IndexError: if index is no vector, or an index is out of range.
    """
    index = require_vector("index_select", input, index)
    i = wrap_dim(dim, input.ndim)
    if input.ndim == 0:
        if index.shape[0] != 1:
            raise RuntimeError(
                f"index_select: a 0-dim tensor takes a single index, but got {index.shape[0]}"
            )
        return views.reshape(index_select(views.reshape(input, 1), 0, index), ())
    shape = (*input.shape[:i], index.shape[0], *input.shape[i + 1 :])
    spread = views.reshape(index, (-1 if index.numel() else 0,) + (1,) * (input.ndim - i - 1))
    return pick(input, i, views.expand_to(spread, shape))


def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """A copy of input with slices of `source` added at the indices of one dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.index_add.html
    """
    i, index = along_dim("index_add", input, dim, index, source)
    if source.dtype is not input.dtype:
        raise RuntimeError(
            f"index_add: source has dtype {source.dtype}, but the input has {input.dtype}; convert "
            "it with .to(input.dtype)"
        )
    added = pointwise.scaled("index_add", source, source, alpha).to(source.dtype)
    return add_at(input, i, index, added)


def require_vector(name: str, x: Tensor, index: Tensor) -> Tensor:
    """A vector of indices as int64.

    Raises:
        IndexError: if it has more than one dimension.
        RuntimeError: if it is neither int64 nor int32, or on another device than x.
    """
    require_tensor(name, "index", index)
    if index.ndim > 1:
        raise IndexError(f"{name}: index must be a vector, but got shape {index.shape}")
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            f"{name}: expected dtype int32 or int64 for index, but got {index.dtype}; use .long()"
        )
    if index.device is not x.device:
        raise RuntimeError(f"{name}: index is on {index.device} and the input on {x.device}")
    return views.reshape(index, -1).to(dtypes.int64)


def along_dim(name: str, x: Tensor, dim: int, index: Tensor, source: Tensor) -> tuple[int, Tensor]:
    """The dimension, and a vector of indices spread over the shape of `source`.

    Raises:
        IndexError: if index is no vector.
        RuntimeError: if `source` has not the shape of x but in that dimension, where it has one
            slice for each index.
    """
    i = wrap_dim(dim, x.ndim)
    index = require_vector(name, x, index)
    shape = (*x.shape[:i], index.shape[0], *x.shape[i + 1 :]) if x.ndim else ()
    if source.shape != shape or (x.ndim == 0 and index.shape[0] != 1):
        raise RuntimeError(
            f"{name}: for input {x.shape} and {index.shape[0]} indices of dimension {i} the source "
            f"must have shape {shape}, but it has {source.shape}"
        )
    if x.ndim == 0:
        return i, views.reshape(index, ())
    spread = views.reshape(index, (index.shape[0],) + (1,) * (x.ndim - i - 1))
    return i, views.expand_to(spread, shape)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` after broadcasting; of the flattened tensor if `dim` is None.

    Negative indices count from the end.
    https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html

    Raises:
        RuntimeError: if the ranks differ, or indices are not int64.
        IndexError: if an index is out of range.
    """
    if require_tensor("take_along_dim", "indices", indices).dtype is not dtypes.int64:
        raise RuntimeError(
            f"take_along_dim: indices must have dtype int64, but got {indices.dtype}; use .long()"
        )
    if dim is not None and indices.ndim != input.ndim:
        raise RuntimeError(
            "take_along_dim: input and indices must have the same number of dimensions, but their "
            f"shapes are {input.shape} and {indices.shape}"
        )
    if dim is None:
        input, indices, dim = views.reshape(input, -1), views.reshape(indices, -1), 0
    i = wrap_dim(dim, input.ndim)
    trimmed = [1 if d == i else n for d, n in enumerate(input.shape)]
    shape = broadcast(
        tuple(trimmed), tuple(1 if d == i else n for d, n in enumerate(indices.shape))
    )
    wide = tuple(input.shape[i] if d == i else n for d, n in enumerate(shape))
    indices = pointwise.where(indices < 0, indices + input.shape[i], indices)
    picks = tuple(indices.shape[i] if d == i else n for d, n in enumerate(shape))
    return pick(views.expand_to(input, wide), i, views.expand_to(indices, picks))


def masked_fill(input: Tensor, mask: Tensor, value: Tensor | float) -> Tensor:
    """x with the elements where `mask` holds replaced by a number.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html
    """
    if require_tensor("masked_fill", "mask", mask).dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_fill: expected a bool mask, but got {mask.dtype}")
    if isinstance(value, (int, float)):
        dtypes.check_fits("masked_fill", value, input.dtype)
        value = input._constant(value, input.dtype)
    elif require_tensor("masked_fill", "value", value).ndim:
        raise RuntimeError(
            f"masked_fill: only supports a number or a 0-dim tensor, but got shape {value.shape}; "
            "use where()"
        )
    return pointwise.where(mask, value.to(input.dtype), input)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where `mask` holds, as a vector.

    https://docs.pytorch.org/docs/stable/generated/torch.masked_select.html
    """
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_select: expected a bool mask, but got {mask.dtype}")
    shape = broadcast(input.shape, mask.shape)
    flat = views.reshape(nonzero(views.reshape(views.expand_to(mask, shape), -1)), -1)
    return pick(views.reshape(views.expand_to(input, shape), -1), 0, flat)


@overload
def nonzero(input: Tensor, *, as_tuple: Literal[False] = False) -> Tensor: ...
@overload
def nonzero(input: Tensor, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """The indices of the non-zero elements, in row-major order.

    https://docs.pytorch.org/docs/stable/generated/torch.nonzero.html

    Returns:
        (count, ndim) of int64; or one vector for each dimension, `as_tuple`.
    """
    if as_tuple:
        columns = nonzero(views.reshape(input, 1) if input.ndim == 0 else input)
        return tuple(views.clone(column) for column in views.unbind(columns, 1))
    found = np.argwhere(conversion.host_array(input)).astype(np.int64, copy=False)
    return conversion.from_host(input, found)
