"""Launches over bags of rows: what they have in common, how many threads they take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.kernel import Kernel, Plan
from minitorch_cuda.kernels.embedding import WARP
from minitorch_cuda.kernels.embedding_bag import (
    added_bags,
    gathered_bags,
    largest_bags,
    places_of_bags,
    summed_bags,
)
from minitorch_cuda.kernels.planning import WORD, Flags, kernel_of, narrowed, planned
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.layout import Layout

_MOST_BLOCKS: Final = 1024
_SORTED_BLOCKS: Final = 16
"""What so many blocks sort is worth sorting: looking through it in each block takes longer."""


class Bags(NamedTuple):
    """What all launches over the same bags have in common.

    Attributes:
        indices: how many there are.
        number: how many bags.
        offsets: where the bags begin; None if all are of one size.
        last: whether the last offset is where the last bag ends.
        rows: how many rows the table has.
        skipped: the row that does not count, or -1.
    """

    indices: int
    number: int
    offsets: Layout | None
    last: bool
    rows: int
    skipped: int

    @property
    def flags(self) -> Flags:
        """The template parameters."""
        return (("OFFSETS", int(self.offsets is not None)),)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The parameters from `bags` on."""
        each = self.indices // max(self.number, 1)
        last = int(self.last)
        return self.number, each, self.indices, last, self.rows, self.skipped


def plan_summed_bags(
    y: Layout, table: Layout, bags: Bags, index: Layout, weights: Layout | None, mean: bool,
    dtype: DType, limits: Limits,
) -> Plan:  # fmt: skip
    """The launch over y (bags, n), counts (bags,), table (rows, n) and what `Bags` has.

    That is the index, offsets, weights; then two words.
    """
    n = table.shape[1]
    quad = 4 if n % 4 == 0 and y.offset % 4 == 0 and table.offset % 4 == 0 else 1
    size = y.size // quad
    flags = (("QUAD", quad), ("WEIGHTED", int(weights is not None)), ("MEAN", int(mean)))
    offsets = index if bags.offsets is None else bags.offsets
    counts = Layout.contiguous((bags.number,))
    return planned(
        summed_bags,
        narrowed("SISIISIIuuiiiiii", size),
        (y, counts, table, index, offsets, table if weights is None else weights, WORD, WORD),
        (size, n // quad, *bags.numbers),
        limits.cover(size),
        dtype,
        (*bags.flags, *flags),
    )


def plan_largest_bags(
    y: Layout, table: Layout, bags: Bags, index: Layout, dtype: DType, limits: Limits
) -> Plan:
    """The launch over y, counts, winner (bags, n), table (rows, n), index, offsets, two words."""
    offsets = index if bags.offsets is None else bags.offsets
    counts = Layout.contiguous((bags.number,))
    return planned(
        largest_bags,
        narrowed("SIISIIIIuuiiiiii", y.size),
        (y, counts, y, table, index, offsets, WORD, WORD),
        (y.size, table.shape[1], *bags.numbers),
        limits.cover(y.size),
        dtype,
        bags.flags,
    )


def plan_places_of_bags(
    bags: Bags, index: Layout, weights: Layout | None, mean: bool, dtype: DType, limits: Limits
) -> Plan:
    """The launch over bag and factor (count,), index, offsets, weights and counts (bags,)."""
    flat = Layout.contiguous((bags.indices,))
    offsets = index if bags.offsets is None else bags.offsets
    counts = Layout.contiguous((bags.number,))
    flags = (("WEIGHTED", int(weights is not None)), ("MEAN", int(mean)))
    return planned(
        places_of_bags,
        "ITIISIiiiiii",
        (flat, flat, index, offsets, flat if weights is None else weights, counts),
        bags.numbers,
        limits.cover(bags.indices),
        dtype,
        (*bags.flags, *flags),
    )


def plan_added_bags(table: Layout, g: Layout, index: Layout, dtype: DType, limits: Limits) -> Plan:
    """The launch over table (rows, n), g (bags, n), index, bag and factor (count,).

    The table is of the type that is computed in.
    """
    rows, n = table.shape
    block = limits.threads
    width = block
    while width > 4 and width // 2 >= n:
        width //= 2
    span = max(-(-rows // _MOST_BLOCKS), block // width)
    across = min(-(-n // width), 64)
    flat = Layout.contiguous((index.size,))
    return planned(
        added_bags,
        "TSIITiiii",
        (table, g, index, flat, flat),
        (rows, n, index.size, span),
        ((-(-rows // span), across, 1), (block, 1, 1)),
        dtype,
        (("BLOCK", block), ("WIDTH", width), ("WARPS", max(block // WARP, 1))),
    )


def is_sorted_first(count: int, limits: Limits) -> bool:
    """Whether the gradient of so many indices is faster by `gathered_bags`."""
    return count > _SORTED_BLOCKS * limits.sorted


def plan_gathered_bags(
    table: Layout, g: Layout, order: Layout, starts: Layout, dtype: DType, limits: Limits
) -> Plan:
    """The launch over table (rows, n), g (bags, n), order, starts (rows + 1,), bag and factor.

    The table is of the type that is computed in.
    """
    n = table.shape[1]
    quad = 4 if n % 4 == 0 and g.offset % 4 == 0 else 1
    size = table.size // quad
    flat = Layout.contiguous(order.shape)
    return planned(
        gathered_bags,
        narrowed("TSIIITuu", size),
        (table, g, order, starts, flat, flat),
        (size, n // quad),
        limits.cover(size),
        dtype,
        (("QUAD", quad),),
    )


def _of(function: Callable[..., None], kinds: str, flags: Flags = ()) -> partial[Kernel]:
    return partial(kernel_of, function, kinds, float32, flags)


_FOURS: Final[Flags] = (("QUAD", 4), ("WEIGHTED", 1))
_MEAN: Final[Flags] = (("QUAD", 4), ("MEAN", 1))

GATES: Final = (
    Gate("embedding_bag float32, sum", _of(summed_bags, "SISIISIIuuiiiiii", _FOURS), 48, 1, 1),
    Gate("embedding_bag float32, mean", _of(summed_bags, "SISIISIIuuiiiiii", _MEAN), 48, 1, 1),
    Gate("embedding_bag float32, max", _of(largest_bags, "SIISIIIIuuiiiiii"), registers=48),
    Gate(
        "embedding_bag float32, places",
        _of(places_of_bags, "ITIISIiiiiii", (("MEAN", 1), ("WEIGHTED", 1))),
        registers=48,
    ),
    Gate("embedding_bag float32, gradient", _of(added_bags, "TSIITiiii"), registers=56),
    Gate(
        "embedding_bag float32, gradient, sorted",
        _of(gathered_bags, "TSIIITuu", (("QUAD", 4),)),
        registers=48,
        loads128=1,
        stores128=1,
    ),
)
