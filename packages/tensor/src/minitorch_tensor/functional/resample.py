"""One dimension resampled: which old elements each new one is a weighted sum of.

Every mode of `interpolate` is a list of taps along each dimension: new[i] is the sum over k of
weights[k][i] * old[places[k][i]]. They are found on the host, in the arithmetic of the dtype, as
PyTorch does (its UpSample.h), so that no element falls on the other side of a rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor import creation, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import where

Real = NDArray[np.floating]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """How a dimension is resampled; all arrays are (taps, new size).

    `weights` is None where each new element is an old one; `inside` is None where all taps count.
    """

    places: Places
    weights: Real | None
    inside: NDArray[np.bool_] | None = None


def _step(
    kind: type[np.floating], n: int, m: int, align: bool, factor: float | None
) -> np.floating:
    """How far apart the new elements lie, in old ones."""
    if align:
        return kind(n - 1) / kind(m - 1) if m > 1 else kind(0)
    return kind(1.0 / factor) if factor is not None and factor > 0 else kind(n) / kind(m)


def _sources(kind: type[np.floating], n: int, m: int, align: bool, factor: float | None) -> Real:
    """Where the new elements lie among the old, before the first is -0.5 at least."""
    step, i = _step(kind, n, m, align, factor), np.arange(m).astype(kind)
    source: Real = step * i if align else step * (i + kind(0.5)) - kind(0.5)
    return source


@lru_cache(maxsize=512)
def taps_of(
    mode: str, n: int, m: int, align: bool, factor: float | None, antialias: bool, dtype: str
) -> Taps:
    """The taps of a dimension of size n that becomes one of size m.

    Args:
        mode: "nearest", "nearest-exact", "linear", "cubic" or "lanczos".
        n: the old size, at least 1.
        m: the new size, at least 1.
        align: whether the first and the last elements stay where they are.
        factor: m / n before rounding, if it is to be used.
        antialias: whether a filter covers all old elements when there are fewer new ones.
        dtype: the name of the floating type to compute in.
    """
    kind: type[np.floating] = np.float64 if dtype == "float64" else np.float32
    if antialias:
        return _filtered(mode, kind, n, m, align, factor)
    if mode == "nearest":
        step = _step(kind, n, m, False, factor)
        return _nearest(step * np.arange(m).astype(kind), n)
    if mode == "nearest-exact":
        source = np.maximum(_sources(kind, n, m, False, factor), kind(0))
        return _nearest(source + kind(0.5), n)
    source = _sources(kind, n, m, align, factor)
    if mode == "linear":
        source = np.maximum(source, kind(0)) if m != n else np.arange(m).astype(kind)
        first = np.minimum(source.astype(np.int64), n - 1)
        t = np.clip(source - first.astype(kind), kind(0), kind(1))
        return Taps(np.stack([first, np.minimum(first + 1, n - 1)]), np.stack([kind(1) - t, t]))
    first = np.minimum(np.floor(source).astype(np.int64), n - 1)
    t = np.clip(source - first.astype(kind), kind(0), kind(1))
    places = np.clip(first + np.arange(-1, 3)[:, None], 0, n - 1)
    return Taps(places, np.stack(cubic_weights(t)))


def _nearest(source: Real, n: int) -> Taps:
    places = np.floor(source.astype(np.float32)).astype(np.int64)
    return Taps(np.minimum(places, n - 1)[None], None)


def cubic_weights(t: Real) -> tuple[Real, Real, Real, Real]:
    """The weights of the elements at -1, 0, 1 and 2 of a position t in [0, 1] beside them.

    Keys 1981, https://doi.org/10.1109/TASSP.1981.1163711, with A = -0.75.
    """
    kind, u = t.dtype.type, t.dtype.type(1) - t
    return (
        _far(t + kind(1), kind(-0.75)),
        _near(t, kind(-0.75)),
        _near(u, kind(-0.75)),
        _far(u + kind(1), kind(-0.75)),
    )


def _near(x: Real, a: np.floating) -> Real:
    kind = x.dtype.type
    y: Real = ((a + kind(2)) * x - (a + kind(3))) * x * x + kind(1)
    return y


def _far(x: Real, a: np.floating) -> Real:
    kind = x.dtype.type
    y: Real = ((a * x - kind(5) * a) * x + kind(8) * a) * x - kind(4) * a
    return y


def _linear_filter(x: Real) -> Real:
    return np.maximum(x.dtype.type(1) - np.abs(x), x.dtype.type(0))


def _cubic_filter(x: Real) -> Real:
    x, a = np.abs(x), x.dtype.type(-0.5)  # a filter's A, as in Pillow
    y: Real = np.where(x < 1, _near(x, a), np.where(x < 2, _far(x, a), x.dtype.type(0)))
    return y


def _lanczos_filter(x: Real) -> Real:
    y: Real = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0).astype(x.dtype)
    return y


_FILTERS: dict[str, tuple[float, Callable[[Real], Real]]] = {
    "linear": (1.0, _linear_filter),
    "cubic": (2.0, _cubic_filter),
    "lanczos": (3.0, _lanczos_filter),
}
"""How far a filter reaches to either side, and what it is."""


def _filtered(
    mode: str, kind: type[np.floating], n: int, m: int, align: bool, factor: float | None
) -> Taps:
    half, weigh = _FILTERS[mode]
    step = _step(kind, n, m, align, factor)
    stretch = max(step, kind(1))
    support = kind(half) * stretch
    centre = step * (np.arange(m).astype(kind) + kind(0.5))
    start = np.maximum((centre - support + kind(0.5)).astype(np.int64), 0)
    end = np.minimum((centre + support + kind(0.5)).astype(np.int64), n)
    count = min(int((end - start).max(initial=1)), 2 * math.ceil(support) + 1)
    places = start + np.arange(count)[:, None]
    inside = places < end
    weights = weigh((places.astype(kind) - centre + kind(0.5)) * (kind(1) / stretch))
    weights = np.where(inside, weights, kind(0))
    total = weights.sum(0)
    weights = weights / np.where(total == 0, kind(1), total)
    filled = None if bool(inside.all()) else inside
    return Taps(np.minimum(places, n - 1), weights, filled)


@Op
def resample(x: Tensor, dim: int, taps: Taps) -> Tensor:
    """x with one dimension resampled, a linear map."""
    column = (-1,) + (1,) * (x.ndim - dim - 1)
    total: Tensor | None = None
    for k, places in enumerate(taps.places):
        part = x.index_select(dim, creation.from_numpy(places.copy()).to(x.device))
        if taps.weights is not None:
            weight = creation.from_numpy(taps.weights[k].copy()).to(x.device).to(x.dtype)
            if taps.inside is not None:  # 0 times infinity would be no number
                counts = creation.from_numpy(taps.inside[k].copy()).to(x.device)
                part = where(views.reshape(counts, column), part, 0.0)
            part = part * views.reshape(weight, column)
        total = part if total is None else total + part
    assert total is not None
    return total
