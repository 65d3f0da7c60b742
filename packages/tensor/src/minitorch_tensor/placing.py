"""Writing by index: scatter and its kin, and their forms in place.

A function without underscore computes a new tensor; its form in place writes that result into the
tensor, so both have one definition, and history follows as for every other write (see `inplace`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from minitorch_autodiff import Variable
from minitorch_tensor import combining, gathering, indexing, inplace, pointwise, views, writing
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def _others(*values: Tensor | float) -> list[Tensor]:
    return [value for value in values if not isinstance(value, (int, float))]


def masked_fill_(x: Tensor, mask: Tensor, value: Tensor | float) -> Tensor:
    """Set the elements where `mask` holds to `value`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill_.html

    Raises:
        RuntimeError: if the mask is not bool, or a value tensor has dimensions.
    """
    return inplace.write(
        "masked_fill_", x, lambda old: gathering.masked_fill(old, mask, value), *_others(value)
    )


def scatter_(
    x: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | float | None = None,
    *,
    value: float | None = None,
    reduce: Literal["add", "multiply"] | None = None,
) -> Tensor:
    """Set x[index[i][j]][j] = src[i][j] for dim = 0, and likewise for others.

    Of repeated indices the last one stays, where PyTorch leaves open which.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html

    Args:
        x: what is written.
        dim: the dimension that the indices count along.
        index: int64 or int32, of the rank of x.
        src: a tensor of the dtype of x, at least as large as index; or a number.
        value: the number, by name.
        reduce: "add" or "multiply" with what is there, instead of replacing it.

    Raises:
        RuntimeError: if ranks or dtypes differ, index is larger than src or x elsewhere, or an
            index is out of range.
        TypeError: if there is nothing to write, or twice.
    """
    if (src is None) == (value is None):
        raise TypeError("scatter_: expected src or value, a tensor or a number, and only one")
    i, index = gathering.check_index("scatter_", x, dim, index)
    source = gathering.source_part("scatter_", x, index, _source(x, index, src, value))
    gathering.require_range("scatter_", index, x.shape[i] if x.ndim else 1, i, RuntimeError)
    if reduce is None:
        return _replace("scatter_", x, i, index, source)
    if reduce not in ("add", "multiply"):
        raise RuntimeError(f"scatter_: reduce must be either 'add' or 'multiply', got {reduce!r}")
    combine = combining.added if reduce == "add" else combining.multiplied
    return inplace.write("scatter_", x, lambda old: combine(old, i, index, source), source)


def _source(x: Tensor, index: Tensor, src: Tensor | float | None, value: float | None) -> Tensor:
    """What is scattered, as a tensor at least as large as index."""
    if src is None or isinstance(src, (int, float)):
        number = value if value is not None else src if src is not None else 0.0
        dtypes.check_fits("scatter_", number, x.dtype)
        return views.expand_to(x._constant(number, x.dtype), index.shape)
    return require_tensor("scatter_", "src", src)


def _replace(name: str, x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Write source, of the shape of index, into x; the indices are in range."""
    if index.layout.size and x.ndim and writing.put_along(x, dim, index, source, name):
        return x
    flat = combining.slots(x, dim, index)
    if index.layout.size == 0:
        source = views.reshape(source, -1)[:0]
    writing.put_flat(x, flat, views.reshape(source, -1), name)
    return x


def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | float | None = None,
    *,
    value: float | None = None,
    reduce: Literal["add", "multiply"] | None = None,
) -> Tensor:
    """A copy of input after `scatter_`.

    https://docs.pytorch.org/docs/stable/generated/torch.scatter.html

    >>> from minitorch_tensor import tensor, zeros
    >>> scatter(zeros(2, 3), 1, tensor([[2], [0]]), 5.0)
    Tensor([[0., 0., 5.],
            [5., 0., 0.]], requires_grad=False)
    """
    return scatter_(views.clone(input), dim, index, src, value=value, reduce=reduce)


def scatter_add_(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Add src[i][j] to x[index[i][j]][j] for dim = 0, and likewise for others.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
    """
    return inplace.write(
        "scatter_add_", x, lambda old: gathering.scatter_add(old, dim, index, src), src
    )


def index_add_(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """Add slices of `source` at the indices of one dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html
    """
    return inplace.write(
        "index_add_",
        x,
        lambda old: gathering.index_add(old, dim, index, source, alpha=alpha),
        source,
    )


def index_copy_(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Copy slices of `source` to the indices of one dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_copy_.html

    Raises:
        IndexError: if index is no vector, an index is out of range, or there is not one for each
            slice of source.
        RuntimeError: if the dtypes differ, or the other dimensions of source do.
    """
    i = wrap_dim(dim, x.ndim)
    if x.ndim and source.ndim == x.ndim and source.shape[i] != index.numel():
        raise IndexError(
            f"index_copy_: the number of indices, {index.numel()}, must be that of the slices of "
            f"the source {source.shape} in dimension {i}"
        )
    i, spread = gathering.along_dim("index_copy_", x, dim, index, source)
    if source.dtype is not x.dtype:
        raise RuntimeError(
            f"index_copy_: source has dtype {source.dtype}, but x has {x.dtype}; convert it with "
            ".to(x.dtype)"
        )
    gathering.require_range("index_copy_", spread, x.shape[i] if x.ndim else 1, i)
    return _replace("index_copy_", x, i, spread, source)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of input after `index_copy_`.

    https://docs.pytorch.org/docs/stable/generated/torch.index_copy.html
    """
    return index_copy_(views.clone(input), dim, index, source)


def index_fill_(x: Tensor, dim: int, index: Tensor, value: Tensor | float) -> Tensor:
    """Set the slices at the indices of one dimension to a number.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_fill_.html

    Raises:
        RuntimeError: if a value tensor has dimensions.
    """
    if not isinstance(value, (int, float)):
        if require_tensor("index_fill_", "value", value).ndim:
            raise RuntimeError(
                "index_fill_: only supports a number or a 0-dim tensor, but got shape "
                f"{value.shape}; use index_copy_()"
            )
        value = value.to(x.dtype)
    if require_tensor("index_fill_", "index", index).ndim > 1:
        raise RuntimeError(f"index_fill_: index must be a vector, but got shape {index.shape}")
    positions = gathering.require_vector("index_fill_", x, index)
    if isinstance(value, (int, float)):
        value = x._constant(value, x.dtype)
    i = wrap_dim(dim, x.ndim)
    size = x.shape[i] if x.ndim else 1
    positions = pointwise.where(positions < 0, positions + size, positions)
    shape = (*x.shape[:i], positions.shape[0], *x.shape[i + 1 :]) if x.ndim else ()
    return index_copy_(x, i, positions, views.expand_to(value, shape))


def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | float) -> Tensor:
    """A copy of input after `index_fill_`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_fill.html
    """
    return index_fill_(views.clone(input), dim, index, value)


def index_put_(
    x: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False
) -> Tensor:
    """`x[indices] = values`, or `x[indices] += values` in which repeated indices add up.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html

    Args:
        x: what is written.
        indices: an index tensor for each dimension; None stands for all of it.
        values: of the dtype of x, broadcast to what is indexed.
        accumulate: whether to add instead of replacing.

    Raises:
        IndexError: if an index is out of range, or there are too many.
        RuntimeError: if the dtypes differ, or the shapes do not broadcast.
        TypeError: if values is no tensor, or indices no sequence of tensors.
    """
    require_tensor("index_put_", "values", values)
    if isinstance(indices, Variable) or not isinstance(indices, Sequence):
        raise TypeError(
            "index_put_: indices must be a tuple of Tensors, not "
            f"{type(indices).__name__}; write (index,) for one"
        )
    for i, item in enumerate(indices):
        if item is not None:
            require_tensor("index_put_", f"indices[{i}]", item)
    index = tuple(slice(None) if item is None else item for item in indices)
    if not accumulate:
        writing.setitem(x, index, values)
        return x

    def added(old: Tensor) -> Tensor:
        view, picks = indexing.resolve(old.detach(), index)
        if len(picks) == 1 and view.layout == old.layout:  # slices of one dimension
            ((dim, vector),) = picks.items()
            if vector.ndim == 1:
                shape = (*old.shape[:dim], vector.shape[0], *old.shape[dim + 1 :])
                wide = writing.broadcast_values(old, values, shape)
                return gathering.index_add(old, dim, vector, views.reshape(wide, shape))
        every = views.reshape(old._arange(old.layout.size), old.shape)
        places = indexing.getitem(every, index)
        wide = writing.broadcast_values(old, values, places.layout.shape)
        total = gathering.add_at(views.reshape(old, -1), 0, views.reshape(places, -1), wide)
        return views.reshape(total, old.shape)

    return inplace.write("index_put_", x, added, values)
