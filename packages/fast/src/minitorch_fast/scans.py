"""cumsum, cumprod, cummax, cummin and logcumsumexp in one pass; the loops are in `scan_loops`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, scan_loops, threads
from minitorch_fast.functional.memory import flat, fresh
from minitorch_tensor import Tensor, gathering, int64, views
from minitorch_tensor.core import make
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.layout import Layout
from minitorch_tensor.op import record_fused
from minitorch_tensor.ordering import running_product, running_sum
from minitorch_tensor.reductions import ValuesIndices
from minitorch_tensor.scans import running_extreme, running_logsumexp
from minitorch_tensor.storage import Storage

if TYPE_CHECKING:
    from minitorch_fast.target import Kind

PARALLEL: Final = 60_000
"""From so many elements on, lines or columns are shared out to threads."""

CHUNK: Final = 1024
"""Columns that one thread takes at a time: their running values stay in cache."""


def _kind(dtype: DType) -> Kind | None:
    """What a scan computes in; None for a dtype whose results are not of one of these."""
    if dtype.name == "float32":
        return "float32"
    if dtype.name == "float64":
        return "float64"
    return "int64" if dtype.name == "int64" else None


def _sizes(x: Tensor, dim: int) -> tuple[int, int, int]:
    """x as (outer, n, inner), n being what is run along."""
    shape = x.layout.shape or (1,)
    inner = 1
    for size in shape[dim + 1 :]:
        inner *= size
    return x.layout.size // (shape[dim] * inner), shape[dim], inner


def _team(size: int) -> int:
    return threads.get_num_threads() if size >= PARALLEL else 1


def _lines(
    loop: Callable[..., object], kind: Kind, arrays: Sequence[HostArray], count: int, *rest: float
) -> None:
    """Run a loop over lines, shared out to threads."""
    # In fours and thirty-twos, so that the same lines go side by side for any number of threads.
    ranges = threads.cut(count, _team(arrays[0].size), 32)
    threads.run(fused.compiled(loop, kind), [(*arrays, a, b, *rest) for a, b in ranges])


def _columns(
    loop: Callable[..., object],
    kind: Kind,
    arrays: Sequence[HostArray],
    outer: int,
    n: int,
    inner: int,
    *rest: float,
) -> None:
    """Run a loop over chunks of columns, shared out to threads."""
    team = _team(arrays[0].size)
    cuts = threads.cut(outer, team, 1)
    chunk = min(CHUNK, -(-inner * len(cuts) // team)) if len(cuts) < team else CHUNK
    kernel = fused.compiled(loop, kind)
    for low in range(0, inner, chunk * (team // len(cuts) or 1)):
        calls: list[threads.Call] = []
        for a, b in cuts:
            for start in range(low, min(low + chunk * (team // len(cuts) or 1), inner), chunk):
                end = min(start + chunk, inner)
                calls.append((*arrays, a, b, n, inner, start, end, *rest))
        threads.run(kernel, calls)


def _summed(x: Tensor, dim: int, kind: Kind, step: int) -> Tensor:
    y, out = fresh(x, x.layout.shape)
    outer, n, inner = _sizes(x, dim)
    if inner == 1:
        _lines(scan_loops.sum_lines, kind, (out, flat(x)), outer, n, step)
    else:
        _columns(scan_loops.sum_columns, kind, (out, flat(x)), outer, n, inner, step)
    return y


@running_sum.override("cpu")
def sum_scan(x: Tensor, dim: int) -> Tensor:
    """One pass; backward runs from the end."""
    found = _kind(x.dtype)
    if found is None or x.layout.size == 0:
        return running_sum.composite(x, dim)
    kind = found

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        return (_summed(g, dim, kind, -1),)

    def composite(inputs: Sequence[Tensor]) -> Tensor:
        return running_sum.composite(inputs[0], dim)

    y = _summed(x.detach(), dim, kind, 1)
    return record_fused("CumsumBackward0", y, (x,), backward, composite)


@running_product.override("cpu")
def product_scan(x: Tensor, dim: int) -> Tensor:
    """One pass each way."""
    found = _kind(x.dtype)
    if found is None or x.layout.size == 0:
        return running_product.composite(x, dim)
    kind = found
    outer, n, inner = _sizes(x, dim)
    y, out = fresh(x, x.layout.shape)
    source = flat(x)
    if inner == 1:
        _lines(scan_loops.product_lines, kind, (out, source), outer, n)
    else:
        _columns(scan_loops.product_columns, kind, (out, source), outer, n, inner)

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        dx, memory = fresh(x, x.layout.shape)
        arrays = (memory, flat(g), source, out)
        _lines(scan_loops.product_gradient, kind, arrays, outer * inner, n, inner)
        return (dx,)

    def composite(inputs: Sequence[Tensor]) -> Tensor:
        return running_product.composite(inputs[0], dim)

    return record_fused("CumprodBackward0", y, (x,), backward, composite)


@running_logsumexp.override("cpu")
def logsumexp_scan(x: Tensor, dim: int) -> Tensor:
    """Thirty-two lines side by side: what takes long are exponentials and logarithms."""
    found = _kind(x.dtype)
    if found is None or x.layout.size == 0:
        return running_logsumexp.composite(x, dim)
    kind = found
    outer, n, inner = _sizes(x, dim)
    y, out = fresh(x, x.layout.shape)
    source = flat(x)
    lane = n if inner == 1 else 1
    loop = scan_loops.logsumexp_lanes
    _lines(loop, kind, (out, source), outer * inner, n, inner, lane)

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        dx, memory = fresh(x, x.layout.shape)
        arrays = (memory, flat(g), source, out)
        _lines(scan_loops.logsumexp_gradient, kind, arrays, outer * inner, n, inner)
        return (dx,)

    def composite(inputs: Sequence[Tensor]) -> Tensor:
        return running_logsumexp.composite(inputs[0], dim)

    return record_fused("LogcumsumexpBackward0", y, (x,), backward, composite)


@running_extreme.override("cpu")
def extreme_scan(x: Tensor, dim: int, largest: bool) -> ValuesIndices:
    """Values and places in one pass; the gradient goes to the places."""
    kind = _kind(x.dtype)
    if kind is None or x.layout.size == 0:
        return running_extreme.composite(x, dim, largest)
    outer, n, inner = _sizes(x, dim)
    values, out = fresh(x, x.layout.shape)
    places: npt.NDArray[np.int64] = np.empty(out.size, np.int64)
    indices = make(Storage(places, x.storage.device), Layout.contiguous(x.layout.shape), int64)
    arrays = (out, places, flat(x))
    base = -1 if kind == "int64" else -0.0
    if inner == 1:
        _lines(scan_loops.largest_lines, kind, arrays, outer, n, base, int(not largest))
    else:
        _columns(scan_loops.largest_columns, kind, arrays, outer, n, inner, base, int(not largest))

    def transpose(g: Tensor) -> Tensor:
        return gathering.add_at(g._full(g.shape, 0.0, g.dtype), dim, indices, g)

    title = "CummaxBackward0" if largest else "CumminBackward0"
    return ValuesIndices(views.linear(x, values, title, transpose), indices)
