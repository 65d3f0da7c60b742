"""sort, topk, kthvalue, median and searchsorted; the loops are in `order_loops`.

float32, and integers that lie within 2**32 of each other, have keys of 32 bits, which go into one
word with the place; float64 and other integers are sorted by keys of 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, order_loops, threads
from minitorch_fast.functional.memory import flat, fresh
from minitorch_tensor import Tensor, gathering, int64, views
from minitorch_tensor.buckets import bisect
from minitorch_tensor.core import make
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.layout import Layout
from minitorch_tensor.order_statistics import of_rank
from minitorch_tensor.ordering import in_order, leading
from minitorch_tensor.reductions import ValuesIndices
from minitorch_tensor.storage import Storage

if TYPE_CHECKING:
    from minitorch_fast.target import Kind

PARALLEL: Final = 20_000
"""From so many elements on, rows are shared out to threads."""

_BITS: Final = {"float32": np.int32, "float64": np.int64, "int64": np.int64}
_LONGEST: Final = 2**31  # of a row: places have 32 bits


def _kind(dtype: DType) -> Kind | None:
    if dtype.name == "float32":
        return "float32"
    if dtype.name == "float64":
        return "float64"
    return "int64" if dtype.kind == "int" else None


def _narrow(values: HostArray, kind: Kind) -> int | None:
    """What to subtract from integers so that they are keys of 32 bits, for float32 0; or None."""
    if kind == "float32":
        return 0
    if kind == "float64":
        return None
    low, high = int(values.min()), int(values.max())
    return low + 2**31 if high - low < 2**32 and low < 2**62 else None


class _Rows:
    """The elements of x as rows along a dimension, and room for what is found in them.

    Args:
        x: of a dtype that has a `_kind`, not empty.
        dim: the dimension.
        count: how many elements are found in each row.
    """

    def __init__(self, x: Tensor, dim: int, kind: Kind, count: int) -> None:
        self.x = x
        self.dim = dim
        self.kind: Kind = kind
        wide = x.detach() if x.dtype.name == kind else x.detach().to(int64)
        self.values = flat(wide if dim == x.ndim - 1 else views.movedim(wide, dim, -1))
        before = x.layout.shape
        self.n = before[dim]
        shape = (*before[:dim], *before[dim + 1 :], count)
        self.found, self.out = fresh(wide, shape)
        self.places: npt.NDArray[np.int64] = np.empty(self.out.size, np.int64)
        device, layout = x.storage.device, Layout.contiguous(shape)
        self.indices = make(Storage(self.places, device), layout, int64)

    def run(self, loop: Callable[..., object], rooms: Sequence[int], *numbers: int) -> None:
        """Run a loop over the rows, shared out to threads, each with rooms for so many words."""
        size = self.values.size
        rows = size // self.n
        team = threads.get_num_threads() if size >= PARALLEL else 1
        bits = _BITS[self.kind]
        arrays = self.out.view(bits), self.places, self.values.view(bits)
        calls: list[threads.Call] = [
            (*arrays, *(np.empty(room, np.int64) for room in rooms), a, b, self.n, *numbers)
            for a, b in threads.cut(rows, team, 1)
        ]
        threads.run(fused.compiled(loop, self.kind), calls)

    def result(self, title: str) -> ValuesIndices:
        """What was found, recorded: the gradient goes to where it was."""
        dim, x = self.dim, self.x
        indices = _back(self.indices, dim)
        values = _back(self.found, dim)
        values = values if values.dtype is x.dtype else values.to(x.dtype)
        before = x.layout.shape

        def transpose(g: Tensor) -> Tensor:
            return gathering.add_at(g._full(before, 0.0, g.dtype), dim, indices, g)

        return ValuesIndices(views.linear(x, values, title, transpose), indices)


def _back(x: Tensor, dim: int) -> Tensor:
    """The last dimension back at its place."""
    return x if dim == x.ndim - 1 else views.contiguous(views.movedim(x, -1, dim))


def _covered(x: Tensor, dim: int) -> Kind | None:
    """What the kernels compute in; None if they do not serve."""
    if x.ndim == 0 or x.layout.size == 0 or x.layout.shape[dim] >= _LONGEST:
        return None
    return _kind(x.dtype)


@in_order.override("cpu")
def sorted_rows(x: Tensor, dim: int, descending: bool) -> ValuesIndices:
    """By radix sort."""
    kind = _covered(x, dim)
    if kind is None:
        return in_order.composite(x, dim, descending)
    rows = _Rows(x, dim, kind, x.layout.shape[dim])
    low = _narrow(rows.values, kind)
    if low is None:
        floating = int(kind == "float64")
        rows.run(order_loops.sort_rows_wide, (4 * rows.n, 2048), int(descending), floating)
    else:
        floating = int(kind == "float32")
        rows.run(order_loops.sort_rows, (2 * rows.n, 1024), int(descending), floating, low)
    return rows.result("SortBackward0")


@leading.override("cpu")
def leading_of_rows(x: Tensor, k: int, dim: int, largest: bool) -> ValuesIndices:
    """By one pass for few, by a partition for many."""
    kind = _covered(x, dim)
    if kind is None or k == 0:
        return leading.composite(x, k, dim, largest)
    rows = _Rows(x, dim, kind, k)
    if k * k <= rows.n and kind != "float32":
        floating = int(kind == "float64")
        rows.run(order_loops.leading_rows_wide, (2 * k,), k, int(largest), floating)
        return rows.result("TopkBackward0")
    low = _narrow(rows.values, kind)
    if low is None:
        return leading.composite(x, k, dim, largest)
    floating = int(kind == "float32")
    rooms = (max(2 * rows.n, k + 256), 1024)
    rows.run(order_loops.leading_rows, rooms, k, int(largest), floating, low)
    return rows.result("TopkBackward0")


@of_rank.override("cpu")
def rank_of_rows(x: Tensor, dim: int, rank: int, ignore_nan: bool) -> ValuesIndices:
    """By partitions."""
    kind = _covered(x, dim)
    if kind is None:
        return of_rank.composite(x, dim, rank, ignore_nan)
    rows = _Rows(x, dim, kind, 1)
    low = _narrow(rows.values, kind)
    if low is None:
        return of_rank.composite(x, dim, rank, ignore_nan)
    floating = int(kind == "float32")
    rows.run(order_loops.rank_rows, (rows.n,), rank, int(ignore_nan), floating, low)
    return rows.result("KthvalueBackward0")


@bisect.override("cpu")
def bisect_values(sequence: Tensor, values: Tensor, right: bool) -> Tensor:
    """One value after the other, without branches."""
    kind = _kind(sequence.dtype)
    same = sequence.dtype is values.dtype and sequence.dtype.name == kind
    if kind is None or not same or values.layout.size == 0 or sequence.layout.size == 0:
        return bisect.composite(sequence, values, right)
    shape = values.layout.shape
    places: npt.NDArray[np.int64] = np.empty(values.layout.size, np.int64)
    n, m = sequence.layout.shape[-1], shape[-1]
    shared = int(sequence.ndim == 1)
    arrays = places, flat(sequence), flat(values)
    team = threads.get_num_threads() if places.size >= PARALLEL else 1
    calls: list[threads.Call] = [
        (*arrays, np.empty(96, np.int64), a, b, n, m, shared, int(right), n.bit_length())
        for a, b in threads.cut(places.size, team)
    ]
    threads.run(fused.compiled(order_loops.bisect_rows, kind), calls)
    return make(Storage(places, values.storage.device), Layout.contiguous(shape), int64)
