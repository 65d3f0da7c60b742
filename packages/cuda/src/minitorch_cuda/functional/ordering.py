"""sort, topk, kthvalue, median and searchsorted on the device."""

from __future__ import annotations

from collections.abc import Callable

from minitorch_cuda.functional.launching import dense, fresh, limits_of, run
from minitorch_cuda.kernels.ordering_plan import (
    key_dtype,
    plan_rank,
    plan_search,
    plan_sort,
    plan_take,
)
from minitorch_tensor import Tensor, gathering, int32, int64, views
from minitorch_tensor.buckets import bisect
from minitorch_tensor.order_statistics import of_rank
from minitorch_tensor.ordering import in_order, leading
from minitorch_tensor.reductions import ValuesIndices

_LONGEST = 1 << 31  # of a row: places have 32 bits


def _covered(x: Tensor, dim: int) -> bool:
    return x.ndim > 0 and x.layout.size > 0 and x.layout.shape[dim] < _LONGEST


class _Rows:
    """The elements of x as dense rows along a dimension, sorted."""

    def __init__(self, x: Tensor, dim: int, descending: bool, first: int) -> None:
        self.x = x
        self.dim = dim
        last = x.detach() if dim == x.ndim - 1 else views.movedim(x.detach(), dim, -1)
        n = x.layout.shape[dim]
        self.kept = last.layout.shape[:-1]
        self.rows = dense(last).reshape(-1, n)
        self.limits = limits_of(x)
        sorting = plan_sort(self.rows.layout, x.dtype, descending, first, self.limits)
        self.found = sorting.found
        sources = [self.rows]
        for one in sorting.rounds:
            targets = [fresh(x, (one.size,), key_dtype(x.dtype)), fresh(x, (one.size,), int32)]
            run(one.launch, *targets, *sources)
            sources = targets
        self.places = sources[1]

    def result(self, k: int, title: str, launch: Callable[[Tensor, Tensor], None]) -> ValuesIndices:
        """k elements of each row, which `launch` writes, recorded: the gradient goes to them."""
        x, dim = self.x, self.dim
        count = self.rows.layout.shape[0]
        taken, where = fresh(x, (count, k)), fresh(x, (count, k), int64)
        launch(taken, where)
        values = self._back(taken.reshape(*self.kept, k))
        indices = self._back(where.reshape(*self.kept, k))
        before = x.layout.shape

        def transpose(g: Tensor) -> Tensor:
            return gathering.add_at(g._full(before, 0.0, g.dtype), dim, indices, g)

        return ValuesIndices(views.linear(x, values, title, transpose), indices)

    def _back(self, y: Tensor) -> Tensor:
        """The last dimension back at its place."""
        return y if self.dim == y.ndim - 1 else views.contiguous(views.movedim(y, -1, self.dim))

    def first(self, k: int, title: str) -> ValuesIndices:
        """The first k in order."""
        take = plan_take(self.rows.layout, self.x.dtype, k, self.found, self.limits)
        return self.result(
            k, title, lambda values, where: run(take, values, where, self.rows, self.places)
        )


@in_order.override("cuda")
def sorted_rows(x: Tensor, dim: int, descending: bool) -> ValuesIndices:
    """Blocks sort in shared memory, then runs are merged."""
    if not _covered(x, dim):
        return in_order.composite(x, dim, descending)
    n = x.layout.shape[dim]
    return _Rows(x, dim, descending, n).first(n, "SortBackward0")


@leading.override("cuda")
def leading_of_rows(x: Tensor, k: int, dim: int, largest: bool) -> ValuesIndices:
    """Blocks keep their first k, until one has all that are left."""
    if not _covered(x, dim) or k == 0:
        return leading.composite(x, k, dim, largest)
    return _Rows(x, dim, largest, k).first(k, "TopkBackward0")


@of_rank.override("cuda")
def rank_of_rows(x: Tensor, dim: int, rank: int, ignore_nan: bool) -> ValuesIndices:
    """From the sorted row."""
    if not _covered(x, dim):
        return of_rank.composite(x, dim, rank, ignore_nan)
    n = x.layout.shape[dim]
    rows = _Rows(x, dim, False, rank + 1 if rank >= 0 else n)
    take = plan_rank(rows.rows.layout, x.dtype, rank, ignore_nan, rows.found, rows.limits)
    return rows.result(
        1,
        "KthvalueBackward0",
        lambda values, where: run(take, values, where, rows.rows, rows.places),
    )


@bisect.override("cuda")
def bisect_values(sequence: Tensor, values: Tensor, right: bool) -> Tensor:
    """One thread a value."""
    fits = sequence.dtype is values.dtype and sequence.layout.size and values.layout.size
    if not fits:
        return bisect.composite(sequence, values, right)
    ordered, wanted = dense(sequence), dense(values)
    out = fresh(wanted, wanted.layout.shape, int64)
    take = plan_search(ordered.layout, wanted.layout, values.dtype, right, limits_of(values))
    run(take, out, ordered, wanted)
    return out
