"""Histograms: how many elements, or how much weight, lies between any two edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from minitorch_tensor import buckets, counting, gathering, pointwise, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.reductions import sum

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


class Histogram(NamedTuple):
    """What lies in each bin, and the edges of the bins, one more than there are bins."""

    hist: Tensor
    bin_edges: Tensor

    def __repr__(self) -> str:
        """On lines of their own, so that the rows of each lie below one another."""
        return f"Histogram(\nhist={self.hist!r},\nbin_edges={self.bin_edges!r})"


class HistogramDD(NamedTuple):
    """What lies in each bin, and for each dimension the edges of its bins."""

    hist: Tensor
    bin_edges: tuple[Tensor, ...]


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements lie in each of equal bins from min to max, in the dtype of input.

    What lies outside, or is nan, is not counted; max itself lies in the last bin. If min equals
    max, the smallest and largest elements are taken instead.
    https://docs.pytorch.org/docs/stable/generated/torch.histc.html

    Raises:
        RuntimeError: if input is not floating, there is no bin, max is below min, or the range is
            not finite.

    >>> from minitorch_tensor import tensor
    >>> histc(tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    Tensor([0., 2., 1., 0.], requires_grad=False)
    """
    _require_floating("histc", input)
    if bins < 1:
        raise RuntimeError(f"histc: bins must be > 0, but got {bins}")
    if max < min:
        raise RuntimeError(f"histc: max must not be below min, but got [{min}, {max}]")
    x = views.reshape(input.detach(), -1)
    low, high = float(min), float(max)
    if low == high and x.numel():
        low, high = float(x.min().item()), float(x.max().item())
    _require_finite("histc", low, high)
    if low == high:
        low, high = low - 1, high + 1
    x = gathering.masked_select(x, pointwise.logical_and(x >= low, x <= high))
    places = pointwise.clamp_max(((x - low) * bins / (high - low)).long(), bins - 1)
    return counting.bincount(places, minlength=bins).to(input.dtype)


def histogram(
    input: Tensor, bins: int | Tensor, *, range: Sequence[float] | None = None,
    weight: Tensor | None = None, density: bool = False,
) -> Histogram:  # fmt: skip
    """How many elements lie in each bin: edges[i] <= x < edges[i+1], in the last bin also its end.

    https://docs.pytorch.org/docs/stable/generated/torch.histogram.html

    Args:
        input: of any shape; it is taken as flattened. No gradient goes through.
        bins: the number of equal bins, or their edges, (bins + 1,) in ascending order.
        range: of equal bins; by default from the smallest to the largest element.
        weight: what each element counts, of the shape and dtype of input; 1 by default.
        density: divide by the total and the widths of the bins, so that the integral is 1.

    Raises:
        RuntimeError: if input is neither float32 nor float64, there is no bin, the range is not
            finite or its end below its start, edges are no vector, not in order or of another
            dtype, or weight does not fit.

    >>> from minitorch_tensor import tensor
    >>> histogram(tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0)).hist
    Tensor([0., 2., 1., 0.], requires_grad=False)
    """
    _check_weight("histogram", input, weight, input.shape)
    flat = None if weight is None else views.reshape(weight, -1)
    points = views.reshape(input.detach(), (-1, 1)) if input.numel() else input._full(
        (0, 1), 0, input.dtype
    )  # fmt: skip
    found = _histogram("histogram", points, [bins], range, flat, density)
    return Histogram(found.hist, found.bin_edges[0])


def histogramdd(
    input: Tensor, bins: int | Sequence[int] | Sequence[Tensor], *,
    range: Sequence[float] | None = None, weight: Tensor | None = None, density: bool = False,
) -> HistogramDD:  # fmt: skip
    """How many points lie in each bin of a grid.

    https://docs.pytorch.org/docs/stable/generated/torch.histogramdd.html

    Args:
        input: points (..., n) of n coordinates. No gradient goes through.
        bins: the number of equal bins, for each dimension or for all, or the edges of each.
        range: of equal bins, 2 * n numbers: leftmost and rightmost edge of each dimension.
        weight: what each point counts, of shape (...) and the dtype of input; 1 by default.
        density: divide by the total and the volumes of the bins, so that the integral is 1.

    Raises:
        RuntimeError: as for `histogram`, and if `bins` has not n items.

    >>> from minitorch_tensor import tensor
    >>> histogramdd(tensor([[0.0, 1.0], [1.0, 0.0]]), [2, 1]).hist
    Tensor([[1.],
            [1.]], requires_grad=False)
    """
    if input.ndim < 2:
        raise RuntimeError(
            f"histogramdd: expected points of shape (..., n), but got shape {input.shape}"
        )
    n = input.shape[-1]
    each: list[int | Tensor] = [bins] * n if isinstance(bins, int) else list(bins)
    if len(each) != n:
        raise RuntimeError(
            f"histogramdd: bins must have {n} items, as many as the points of {input.shape} have "
            f"coordinates, but it has {len(each)}"
        )
    _check_weight("histogramdd", input, weight, input.shape[:-1])
    count = math.prod(input.shape[:-1])
    flat = None if weight is None else views.reshape(weight, count)
    points = views.reshape(input.detach(), (count, n))
    return _histogram("histogramdd", points, each, range, flat, density)


def _require_floating(name: str, x: Tensor) -> None:
    if not x.dtype.is_floating_point:
        raise RuntimeError(
            f"{name}: expected a floating point tensor, but got {x.dtype}; use .float()"
        )


def _require_finite(name: str, low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(
            f"{name}: the range [{low}, {high}] is not finite; give one, or remove nan and "
            "infinities"
        )


def _check_weight(name: str, x: Tensor, weight: Tensor | None, shape: tuple[int, ...]) -> None:
    _require_floating(name, x)
    if weight is None:
        return
    if require_tensor(name, "weight", weight).shape != shape or weight.dtype is not x.dtype:
        raise RuntimeError(
            f"{name}: for input {x.shape} of {x.dtype} the weight must have shape {shape} and the "
            f"same dtype, but it has {weight.shape} of {weight.dtype}"
        )


def _histogram(
    name: str, points: Tensor, bins: Sequence[int | Tensor], range: Sequence[float] | None,
    weight: Tensor | None, density: bool,
) -> HistogramDD:  # fmt: skip
    """Of points (count, n): place each by binary search, and count the places."""
    if range is not None and len(range) != 2 * len(bins):
        raise RuntimeError(
            f"{name}: range must have {2 * len(bins)} numbers, two for each dimension, but it has "
            f"{len(range)}"
        )
    edges: list[Tensor] = []
    total = points._full((points.shape[0],), 0, dtypes.int64)
    inside = pointwise.eq(total, 0)
    for d, each in enumerate(bins):
        x = views.select(points, 1, d)
        limits = None if range is None else (float(range[2 * d]), float(range[2 * d + 1]))
        edge = _edges(name, x, each, limits)
        size = edge.shape[0] - 1
        place = buckets.searchsorted(edge, views.contiguous(x), right=True) - 1
        place = pointwise.where(pointwise.eq(x, edge[-1]), size - 1, place)
        inside = pointwise.logical_and(inside, pointwise.logical_and(place >= 0, place < size))
        total = total * size + place
        edges.append(edge)
    shape = tuple(edge.shape[0] - 1 for edge in edges)
    weight = None if weight is None else gathering.masked_select(weight.detach(), inside)
    places = gathering.masked_select(total, inside)
    hist = views.reshape(counting.bincount(places, weight, math.prod(shape)), shape)
    hist = hist.to(points.dtype)
    if density:
        hist = hist / sum(hist)
        for d, edge in enumerate(edges):
            width = edge[1:] - edge[:-1]
            hist = hist / views.reshape(width, (-1,) + (1,) * (len(shape) - d - 1))
    return HistogramDD(hist, tuple(edges))


def _edges(name: str, x: Tensor, bins: int | Tensor, limits: tuple[float, float] | None) -> Tensor:
    """The edges given, or those of equal bins."""
    if not isinstance(bins, int):
        if limits is not None:
            raise TypeError(f"{name}: range is for a number of bins, but their edges are given")
        if bins.ndim != 1 or bins.dtype is not x.dtype or bins.numel() < 2:
            raise RuntimeError(
                f"{name}: edges must be a vector of at least 2 elements of {x.dtype}, as the input "
                f"is, but got shape {bins.shape} of {bins.dtype}"
            )
        if not bool((bins[1:] >= bins[:-1]).all()):
            raise RuntimeError(f"{name}: edges must be in ascending order, but got {bins.tolist()}")
        return views.clone(bins.detach())
    if bins < 1:
        raise RuntimeError(f"{name}: bins must be > 0, but got {bins}")
    if limits is not None:
        low, high = limits
    elif x.numel():
        low, high = float(x.min().item()), float(x.max().item())
    else:
        low, high = 0.0, 1.0
    _require_finite(name, low, high)
    if high < low:
        raise RuntimeError(f"{name}: min should not exceed max, but got the range [{low}, {high}]")
    if low == high:
        low, high = low - 0.5, high + 0.5
    # As `linspace` has them, which lies above this layer of functions: both ends are exact.
    k = x._arange(bins + 1)
    step = (high - low) / bins
    up, down = k.to(x.dtype) * step + low, high - (bins - k).to(x.dtype) * step
    return pointwise.where(k < (bins + 1) // 2, up, down)
