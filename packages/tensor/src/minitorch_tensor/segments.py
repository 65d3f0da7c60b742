"""Reductions of consecutive segments of unequal lengths.

The segments are gathered into the rows of a table as wide as the longest, filled up with what does
not change the reduction; so every reduction, and every gradient, is that of a table.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import gathering, ordering, pointwise, reductions, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.assertions import require_all
from minitorch_tensor.layout import wrap_dim

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

_NEUTRAL: Final = {"sum": 0.0, "mean": 0.0, "max": -math.inf, "min": math.inf, "prod": 1.0}


def segment_reduce(
    data: Tensor, reduce: str, *, lengths: Tensor | None = None, indices: Tensor | None = None,
    offsets: Tensor | None = None, axis: int = 0, unsafe: bool = False,
    initial: float | None = None,
) -> Tensor:  # fmt: skip
    """The sum, mean, max, min or prod of each segment of `axis`.

    https://docs.pytorch.org/docs/stable/generated/torch.segment_reduce.html

    Args:
        data: (..., n, ...), floating; n is the size of `axis`.
        reduce: one of the five.
        lengths: (..., s) integers, for each leading index the lengths of s segments.
        indices: must be omitted: PyTorch, too, has the name only.
        offsets: (..., s + 1) integers instead: where each segment begins, and where the last ends.
        axis: the last dimension of lengths.
        unsafe: do not require that the lengths add up to n.
        initial: where each reduction starts; by default where it changes nothing, but an empty
            segment has the mean nan.

    Returns:
        (..., s, ...).

    Raises:
        RuntimeError: if there is no such reduction, data is not floating, or lengths do not fit,
            are negative or do not add up.

    >>> from minitorch_tensor import tensor
    >>> segment_reduce(tensor([1.0, 2.0, 3.0]), "sum", lengths=tensor([1, 2]))
    Tensor([1., 5.], requires_grad=False)
    """
    if reduce not in _NEUTRAL:
        raise RuntimeError(
            f"segment_reduce: reduce must be one of {', '.join(_NEUTRAL)}, but got {reduce!r}"
        )
    if not require_tensor("segment_reduce", "data", data).dtype.is_floating_point:
        raise RuntimeError(
            f"segment_reduce: expected a floating point tensor, but got {data.dtype}; use .float()"
        )
    if indices is not None:
        raise RuntimeError(
            "segment_reduce: a reduction by indices is not supported, in PyTorch neither; give "
            "lengths or offsets, or use scatter_reduce()"
        )
    i = wrap_dim(axis, data.ndim)
    starts, sizes = _segments(data, lengths, offsets, i, unsafe)
    y = _reduced(_table(data, starts, sizes, i, _NEUTRAL[reduce]), reduce, i + 1)
    counts = views.reshape(sizes, sizes.shape + (1,) * (data.ndim - i - 1)).to(data.dtype)
    if reduce == "mean":
        empty = 0.0 if initial is None else initial
        mean = (y if initial is None else y + initial) / counts
        return mean if initial is None else pointwise.where(pointwise.eq(counts, 0), empty, mean)
    if initial is None:
        return y
    if reduce == "sum":
        return y + initial
    if reduce == "prod":
        return y * initial
    beaten = pointwise.lt(y, initial) if reduce == "max" else pointwise.gt(y, initial)
    return pointwise.where(beaten, initial, y)


def _segments(
    data: Tensor, lengths: Tensor | None, offsets: Tensor | None, axis: int, unsafe: bool
) -> tuple[Tensor, Tensor]:
    """Where each segment begins, and how long it is."""
    given = offsets if lengths is None else lengths
    if given is None:
        raise RuntimeError("segment_reduce: either lengths or offsets must be given")
    if given.dtype not in (dtypes.int32, dtypes.int64):
        raise RuntimeError(
            f"segment_reduce: lengths and offsets must be int32 or int64, but got {given.dtype}"
        )
    if given.ndim != axis + 1 or given.shape[:-1] != data.shape[:axis]:
        raise RuntimeError(
            "segment_reduce: axis must be the last dimension of lengths or offsets, and the ones "
            f"before must be those of data; but axis is {axis} of data {data.shape}, and they have "
            f"shape {given.shape}"
        )
    if given.device is not data.device:
        raise RuntimeError(
            f"segment_reduce: the segments are on {given.device} and data on {data.device}"
        )
    given = given.to(dtypes.int64)
    if lengths is None:
        count = max(given.shape[-1] - 1, 0)
        starts = views.slice_(given, axis, 0, count)
        sizes = views.slice_(given, axis, given.shape[-1] - count, count) - starts
    else:
        sizes = given
        starts = ordering.cumsum(sizes, -1) - sizes
    n = data.shape[axis]
    rule = "segment_reduce: lengths must not be negative"
    require_all(sizes >= 0, rule, lambda: f"{rule}, but are {sizes}")
    if lengths is not None and not unsafe:
        total = f"segment_reduce: lengths must add up to {n}, the size of axis {axis}"
        fits = pointwise.eq(reductions.sum(sizes, -1), n)
        require_all(fits, total, lambda: f"{total}, but are {sizes.tolist()}")
    within = f"segment_reduce: segments must lie within axis {axis} of size {n}"
    require_all(
        pointwise.logical_and(starts >= 0, starts + sizes <= n),
        within,
        lambda: f"{within}, but they begin at {starts.tolist()} with lengths {sizes.tolist()}",
    )
    return starts, sizes


def _table(data: Tensor, starts: Tensor, sizes: Tensor, axis: int, neutral: float) -> Tensor:
    """(..., n, ...) as (..., s, longest, ...), filled up with a number."""
    outer, inner = data.shape[:axis], data.shape[axis + 1 :]
    count = sizes.shape[-1]
    longest = int(sizes.max().item()) if sizes.numel() else 0
    if longest == 0:
        return data._full((*outer, count, 1, *inner), neutral, data.dtype)
    places = data._arange(longest)
    inside = pointwise.lt(places, views.unsqueeze(sizes, -1))  # (..., s, longest)
    index = pointwise.where(inside, views.unsqueeze(starts, -1) + places, 0)
    ones = (1,) * len(inner)
    flat = views.reshape(index, (*outer, count * longest, *ones))
    picked = gathering.gather(data, axis, views.expand_to(flat, (*flat.shape[: axis + 1], *inner)))
    table = views.reshape(picked, (*outer, count, longest, *inner))
    return pointwise.where(views.reshape(inside, inside.shape + ones), table, neutral)


def _reduced(table: Tensor, reduce: str, dim: int) -> Tensor:
    if reduce == "max":
        return reductions.amax(table, dim)
    if reduce == "min":
        return reductions.amin(table, dim)
    return reductions.prod(table, dim) if reduce == "prod" else reductions.sum(table, dim)
