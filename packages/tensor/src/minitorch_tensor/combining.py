"""Many elements combined in one place: scatter_reduce, index_reduce.

A sum is a scatter_add. For products and extremes the elements are sorted by the place they go to,
and each run of one place is folded over 1, 2, 4, ... neighbours at a time (Hillis and Steele, "Data
parallel algorithms", 1986): log2(the longest run) steps of an ordinary function on any device. So
the gradient of a product is that of its multiplications, right also where factors are zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from minitorch_autodiff import is_grad_enabled
from minitorch_tensor import (
    conversion,
    gathering,
    inplace,
    joining,
    ordering,
    pointwise,
    scans,
    views,
    writing,
)
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.accelerator import is_accelerator
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import strides_from_shape

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Reduce = Literal["sum", "prod", "mean", "amax", "amin"]
Combine = Callable[["Tensor", "Tensor"], "Tensor"]


def scatter_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    reduce: Reduce,
    *,
    include_self: bool = True,
) -> Tensor:
    """A copy of input in which y[index[i][j]][j] combines all src[i][j] that go there.

    That is for dim = 0, and likewise for others. A mean of integers is rounded down. The gradient
    of an extreme is shared by all elements that equal it.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce.html

    Args:
        input: what else is combined, unless include_self is False.
        dim: the dimension that the indices count along.
        index: int64 or int32, of the rank of input, elsewhere not larger than it or src.
        src: what is combined, of the dtype of input.
        reduce: "sum", "prod", "mean", "amax" or "amin".
        include_self: whether the elements of input take part where something is written.

    Raises:
        RuntimeError: if there is no such `reduce`, ranks or dtypes differ, index is larger than
            input or src elsewhere, or an index is out of range.

    >>> from minitorch_tensor import tensor, zeros
    >>> index = tensor([0, 0, 1])
    >>> scatter_reduce(zeros(3), 0, index, tensor([5.0, 7.0, 9.0]), "amax")
    Tensor([7., 9., 0.], requires_grad=False)
    >>> scatter_reduce(zeros(3), 0, index, tensor([5.0, 7.0, 9.0]), "mean", include_self=False)
    Tensor([6., 9., 0.], requires_grad=False)
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(
            "scatter_reduce: reduce must be one of sum, prod, mean, amax or amin, but got "
            f"{reduce!r}"
        )
    i, index = gathering.check_index("scatter_reduce", input, dim, index)
    require_tensor("scatter_reduce", "src", src)
    src = gathering.source_part("scatter_reduce", input, index, src)
    size = input.shape[i] if input.ndim else 1
    gathering.require_range("scatter_reduce", index, size, i, RuntimeError)
    return _reduced("scatter_reduce", input, i, index, src, reduce, include_self)


def scatter_reduce_(
    x: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    reduce: Reduce,
    *,
    include_self: bool = True,
) -> Tensor:
    """`scatter_reduce` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html
    """
    return inplace.write(
        "scatter_reduce_",
        x,
        lambda old: scatter_reduce(old, dim, index, src, reduce, include_self=include_self),
        require_tensor("scatter_reduce_", "src", src),
    )


def index_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    reduce: Literal["prod", "mean", "amax", "amin"],
    *,
    include_self: bool = True,
) -> Tensor:
    """A copy of input in which slice index[k] combines all slices k of `source` that go there.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_reduce_.html

    Args:
        input: what else is combined, unless include_self is False.
        dim: the dimension of the slices.
        index: a vector of int64 or int32.
        source: of the shape of input but along dim, where it has a slice for each index.
        reduce: "prod", "mean", "amax" or "amin"; for sums there is index_add.
        include_self: whether the slices of input take part where something is written.

    Raises:
        IndexError: if index is no vector, or an index is out of range.
        RuntimeError: if there is no such `reduce`, or dtypes or shapes do not fit.

    >>> from minitorch_tensor import ones, tensor
    >>> index_reduce(ones(3), 0, tensor([0, 0, 2]), tensor([2.0, 3.0, 4.0]), "prod")
    Tensor([6., 1., 4.], requires_grad=False)
    """
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"index_reduce: reduce must be one of prod, mean, amax or amin, but got {reduce!r}"
        )
    i, spread = gathering.along_dim("index_reduce", input, dim, index, source)
    if source.dtype is not input.dtype:
        raise RuntimeError(
            f"index_reduce: input and source must have one dtype, but they have {input.dtype} and "
            f"{source.dtype}"
        )
    size = input.shape[i] if input.ndim else 1
    gathering.require_range("index_reduce", spread, size, i)
    return _reduced("index_reduce", input, i, spread, source, reduce, include_self)


def index_reduce_(
    x: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    reduce: Literal["prod", "mean", "amax", "amin"],
    *,
    include_self: bool = True,
) -> Tensor:
    """`index_reduce` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_reduce_.html
    """
    return inplace.write(
        "index_reduce_",
        x,
        lambda old: index_reduce(old, dim, index, source, reduce, include_self=include_self),
        require_tensor("index_reduce_", "source", source),
    )


def _reduced(
    name: str, x: Tensor, dim: int, index: Tensor, src: Tensor, reduce: Reduce, keep: bool
) -> Tensor:
    """The reduction at indices that were checked; `keep` is include_self."""
    if index.layout.size == 0:
        return views.clone(x)
    if reduce == "prod":
        return _folded(x, dim, index, src, pointwise.mul, 1, keep)
    if reduce == "amax":
        return _extreme(x, dim, index, src, pointwise.maximum, keep)
    if reduce == "amin":
        return _extreme(x, dim, index, src, pointwise.minimum, keep)
    hits = _hits(x, dim, index)
    start = x if keep else _emptied(x, hits)
    total = gathering.add_at(start, dim, index, src)
    if reduce == "sum":
        return total
    if x.dtype.kind == "bool":
        raise RuntimeError(f"{name}: the mean of bools is not defined; convert to float")
    count = pointwise.clamp_min(hits + 1 if keep else hits, 1).to(x.dtype)
    return pointwise.div(total, count, rounding_mode=None if x.dtype.kind == "float" else "floor")


def added(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """x plus src at indices that were checked."""
    return _reduced("scatter", x, dim, index, src, "sum", True)


def multiplied(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """x times src at indices that were checked."""
    return _reduced("scatter", x, dim, index, src, "prod", True)


def _hits(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """How many indices name each element of x."""
    ones = x._full(index.shape, 1, dtypes.int64)
    return gathering.add_at(x._full(x.shape, 0, dtypes.int64), dim, index, ones)


def _emptied(x: Tensor, hits: Tensor) -> Tensor:
    """x with zeros where it was hit."""
    return pointwise.where(hits > 0, x._constant(0, x.dtype), x)


def slots(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """The position in the flattened x that each index names: (index.numel(),) of int64."""
    if x.ndim == 0 or index.layout.size == 0:
        return views.reshape(index, -1).to(dtypes.int64)
    strides = strides_from_shape(x.shape)
    total = index * strides[dim]
    for d, n in enumerate(index.shape):
        if d != dim:
            steps = x._arange(n) * strides[d]
            total = total + views.reshape(steps, (n,) + (1,) * (index.ndim - d - 1))
    return views.reshape(total, -1)


def _folded(
    x: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    combine: Combine,
    neutral: float | None,
    keep: bool,
) -> Tensor:
    """Fold by `combine`; its `neutral` number is None if an element combined with itself stays."""
    if is_accelerator(x.storage.device.backend):
        return _folded_there(x, dim, index, src, combine, neutral, keep)
    places = conversion.host_array(slots(x, dim, index))
    order = np.argsort(places, kind="stable")
    ranked = places[order]
    first = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    lengths = np.diff(first, append=len(ranked))
    depth = np.arange(len(ranked)) - np.repeat(first, lengths)  # how many precede it in its run
    run = gathering.pick(views.reshape(src, -1), 0, conversion.from_host(x, order))
    run = _run(run, conversion.from_host(x, depth), int(lengths.max()), combine, neutral)
    targets = conversion.from_host(x, ranked[first])
    folded = gathering.pick(run, 0, conversion.from_host(x, first + lengths - 1))
    flat = views.reshape(x, -1)
    if keep:
        folded = combine(gathering.pick(flat, 0, targets), folded)
    return views.reshape(writing.replaced(flat, targets, folded), x.shape)


def _run(
    run: Tensor, depth: Tensor, longest: int, combine: Combine, neutral: float | None
) -> Tensor:
    """Each element combined with those that precede it in its run, `depth` in number."""
    step, count = 1, run.layout.size
    while step < longest:
        size = count - step
        before = joining.cat([views.slice_(run, 0, 0, step), views.slice_(run, 0, 0, size)])
        filler = run if neutral is None else run._constant(neutral, run.dtype)
        run = combine(pointwise.where(depth >= step, before, filler), run)
        step *= 2
    return run


def _folded_there(
    x: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    combine: Combine,
    neutral: float | None,
    keep: bool,
) -> Tensor:
    """`_folded` on a GPU, without asking how many runs there are, or how long they are.

    All elements are written to their places: the last of a run, which has it all, stays.
    """
    ranked, order = ordering.sort(slots(x, dim, index), stable=True)
    count = x._arange(ranked.layout.size)
    begins = pointwise.where(pointwise.ne(ranked[1:], ranked[:-1]), count[1:], 0)
    first, _ = scans.cummax(joining.cat([count[:1], begins]), 0)
    run = gathering.pick(views.reshape(src, -1), 0, order)
    run = _run(run, count - first, count.layout.size, combine, neutral)
    flat = views.reshape(x, -1)
    if keep:
        run = combine(gathering.pick(flat, 0, ranked), run)
    return views.reshape(writing.replaced(flat, ranked, run), x.shape)


def _extreme(
    x: Tensor, dim: int, index: Tensor, src: Tensor, combine: Combine, keep: bool
) -> Tensor:
    """The largest or smallest; the gradient goes in equal shares to all that equal it.

    As in PyTorch an element of x that equals it has a share also where it did not take part.
    """
    y = _folded(x.detach(), dim, index, src.detach(), combine, None, keep)
    if not (is_grad_enabled() and (x.requires_grad or src.requires_grad)):
        return y
    stays = pointwise.eq(x.detach(), y).to(x.dtype)
    comes = pointwise.eq(src.detach(), gathering.pick(y, dim, index)).to(x.dtype)
    shares = gathering.add_at(stays, dim, index, comes)
    if not keep:
        stays = _emptied(stays, _hits(x, dim, index))
    rest = y._full(y.shape, -0.0, y.dtype)  # y + -0.0 is y, also where y is -0.0
    kept = views.linear(x, y, "ScatterReduceBackward0", lambda g: g / shares * stays)
    given = views.linear(
        src,
        rest,
        "ScatterReduceBackward0",
        lambda g: gathering.pick(g / shares, dim, index) * comes,
    )
    return kept + given
