"""Writing by index: scatter and its kin, and their forms in place.

A function without underscore computes a new tensor; its form in place writes that result into the
tensor, so both have one definition, and history follows as for every other write (see `inplace`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import gathering, indexing, inplace, pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import strides_from_shape, wrap_dim

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


def scatter_(x: Tensor, dim: int, index: Tensor, src: Tensor | float) -> Tensor:
    """Set x[index[i][j]][j] = src[i][j] for dim = 0, and likewise for others.

    Of repeated indices the last one stays, where PyTorch leaves open which.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html

    Raises:
        RuntimeError: if ranks or dtypes differ, or index is larger than src or x elsewhere.
        IndexError: if an index is out of range.
    """
    i = gathering.check_index("scatter_", x, dim, index)
    if isinstance(src, (int, float)):
        dtypes.check_fits("scatter_", src, x.dtype)
        src = views.expand_to(x._constant(src, x.dtype), index.shape)
    gathering.require_range("scatter_", index, x.shape[i] if x.ndim else 1, i)
    if x.ndim == 0:
        flat = views.reshape(index, -1)
    else:
        strides = strides_from_shape(x.shape)
        total = index * strides[i]
        for d, n in enumerate(index.shape):
            if d != i:
                steps = x._arange(n) * strides[d]
                total = total + views.reshape(steps, (n,) + (1,) * (index.ndim - d - 1))
        flat = views.reshape(total, -1)
    values = views.reshape(gathering.source_part("scatter_", x, index, src), -1)
    indexing.put_flat(x, flat, values, "scatter_")
    return x


def scatter(input: Tensor, dim: int, index: Tensor, src: Tensor | float) -> Tensor:
    """A copy of input after `scatter_`.

    https://docs.pytorch.org/docs/stable/generated/torch.scatter.html

    >>> from minitorch_tensor import tensor, zeros
    >>> scatter(zeros(2, 3), 1, tensor([[2], [0]]), 5.0)
    Tensor([[0., 0., 5.],
            [5., 0., 0.]], requires_grad=False)
    """
    return scatter_(views.clone(input), dim, index, src)


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
    """
    i, spread = gathering.along_dim("index_copy_", x, dim, index, source)
    return scatter_(x, i, spread, source)


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
    """
    index = tuple(slice(None) if item is None else item for item in indices)
    if not accumulate:
        indexing.setitem(x, index, values)
        return x

    def added(old: Tensor) -> Tensor:
        every = views.reshape(old._arange(old.layout.size), old.shape)
        flat = indexing.getitem(every, index)
        wide = views.reshape(views.expand_to(values, flat.shape), -1)
        vector = views.reshape(old, -1)
        return views.reshape(
            gathering.scatter_add(vector, 0, views.reshape(flat, -1), wide), old.shape
        )

    return inplace.write("index_put_", x, added, values)
