"""Launches of `ordering`: how many blocks sort a row, how often runs are merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from minitorch_cuda import dsl
from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.kernel import (
    Dim,
    Kernel,
    Parameter,
    Plan,
    computing_type,
    hand_written,
    plan,
    span_of,
    storage_type,
    types,
)
from minitorch_cuda.kernels import ordering
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType, float32, float64, int32, int64
from minitorch_tensor.layout import Layout

_LAST: Final = {"int32": (1 << 31) - 1, "int64": (1 << 63) - 1}


def key_dtype(dtype: DType) -> DType:
    """The dtype of the keys of elements: 32 bits where they are enough."""
    return int64 if dtype.itemsize == 8 else int32


@lru_cache(maxsize=512)
def ordering_kernel(
    function: Callable[..., None],
    kinds: str,
    dtype: DType,
    *,
    size: int = 32,
    descending: bool = False,
    right: bool = False,
) -> Kernel:
    """A kernel of `ordering` for a dtype.

    Args:
        function: the kernel.
        kinds: of its parameters: memory of elements (S), keys (K), places (P), indices (I), and
            numbers (i).
        dtype: of the elements.
        size: what a block sorts.
        descending: the order.
        right: which side of equal elements.
    """
    keys = key_dtype(dtype).name
    known = {"S": storage_type(dtype), "K": keys, "P": "int32", "I": "int64"}
    names = function.__code__.co_varnames
    parameters = [
        Parameter(name, known[kind.upper()], pointer=kind.isupper())
        for name, kind in zip(names, kinds, strict=False)
    ]
    value = computing_type(dtype)
    key = ordering.key_of_integer
    if dtype.kind == "float":
        key = ordering.key_of_double if value == "float64" else ordering.key_of_single
    bind: dict[str, object] = {
        **types(dtype),
        "K": dsl.TYPES[keys],
        "LAST": _LAST[keys],
        "KEY": key,
        "SIZE": size,
        "DESCENDING": int(descending),
        "RIGHT": int(right),
    }
    return hand_written(function, parameters, value, "", **bind)


@dataclass(frozen=True, slots=True)
class Round:
    """A launch that leaves pairs: `size` of them."""

    launch: Plan
    size: int


@dataclass(frozen=True, slots=True)
class Sorting:
    """The launches that sort rows: the first reads elements, each other what the one before left.

    `found` pairs of each row are in order in the end.
    """

    rounds: tuple[Round, ...]
    found: int


@lru_cache(maxsize=1024)
def plan_sort(x: Layout, dtype: DType, descending: bool, first: int, limits: Limits) -> Sorting:
    """Sort dense rows (rows, n), n > 0; only the first ones of each need to be right.

    Args:
        x: the elements.
        dtype: theirs.
        descending: the order.
        first: how many are asked for, at least 1.
        limits: how many threads there may be.
    """
    rows, n = x.shape
    size = 2
    while size < min(n, limits.sorted):
        size *= 2
    threads = max(min(size // 2, limits.threads), 1)
    rounds: list[Round] = []
    few = first <= size // 2  # each round leaves half at most
    left = n
    while not rounds or (few and left > size):
        blocks = -(-left // size)
        kept = first if few else size
        after = (blocks - 1) * kept + min(left - (blocks - 1) * size, kept)
        pairs = [span_of(Layout.contiguous((rows * after,)))] * 2
        grid: tuple[Dim, Dim] = (rows * blocks, 1, 1), (threads, 1, 1)
        if rounds:
            kernel = ordering_kernel(ordering.sort_again, "KPKPiii", dtype, size=size)
            sources = [span_of(Layout.contiguous((rows * left,)))] * 2
        else:
            kernel = ordering_kernel(
                ordering.sort_blocks, "KPSiii", dtype, size=size, descending=descending
            )
            sources = [span_of(x)]
        launch = plan(kernel, *grid, [*pairs, *sources], [left, blocks, kept])
        rounds.append(Round(launch, rows * after))
        left = after
    if few and n > size:
        rounds.append(_last_round(rows, left, size, dtype, threads))
        return Sorting(tuple(rounds), left)
    run = size
    while run < n:
        kernel = ordering_kernel(ordering.merge_runs, "KPKPiii", dtype)
        pairs = [span_of(Layout.contiguous((rows * n,)))] * 4
        numbers = [rows * n, n, run]
        rounds.append(Round(plan(kernel, *limits.cover(rows * n), pairs, numbers), rows * n))
        run *= 2
    return Sorting(tuple(rounds), left)


def _last_round(rows: int, left: int, size: int, dtype: DType, threads: int) -> Round:
    """One block a row sorts what several left: each part of it is in order, not all."""
    kernel = ordering_kernel(ordering.sort_again, "KPKPiii", dtype, size=size)
    pairs = [span_of(Layout.contiguous((rows * left,)))] * 4
    launch = plan(kernel, (rows, 1, 1), (threads, 1, 1), pairs, [left, 1, size])
    return Round(launch, rows * left)


def plan_take(x: Layout, dtype: DType, k: int, found: int, limits: Limits) -> Plan:
    """The launch over values, indices, x, places: the first k of each row."""
    rows, n = x.shape
    kernel = ordering_kernel(ordering.take_sorted, "SISPiiii", dtype)
    out = span_of(Layout.contiguous((rows, k)))
    places = span_of(Layout.contiguous((rows, found)))
    return plan(
        kernel,
        *limits.cover(rows * k),
        [out, out, span_of(x), places],
        [rows * k, n, k, found],
    )


def plan_rank(
    x: Layout, dtype: DType, rank: int, ignore_nan: bool, found: int, limits: Limits
) -> Plan:
    """The launch over values, indices, x, places: one element of each row."""
    rows, n = x.shape
    kernel = ordering_kernel(ordering.take_rank, "SISPiiiii", dtype)
    out, places = span_of(Layout.contiguous((rows,))), span_of(Layout.contiguous((rows, found)))
    return plan(
        kernel,
        *limits.cover(rows),
        [out, out, span_of(x), places],
        [rows, n, found, rank, int(ignore_nan)],
    )


def plan_search(
    sequence: Layout, values: Layout, dtype: DType, right: bool, limits: Limits
) -> Plan:
    """The launch over out, sequence, values: binary search, a thread a value."""
    kernel = ordering_kernel(ordering.search, "ISSiiii", dtype, right=right)
    numbers = [values.size, sequence.shape[-1], values.shape[-1], int(sequence.ndim == 1)]
    spans = [span_of(Layout.contiguous(values.shape)), span_of(sequence), span_of(values)]
    return plan(kernel, *limits.cover(values.size), spans, numbers)


def _gate(
    name: str, function: Callable[..., None], kinds: str, dtype: DType, registers: int
) -> Gate:
    make = partial(ordering_kernel, function, kinds, dtype, size=2048)
    return Gate(name, make, registers=registers)


GATES: Final = (
    _gate("sort 2048 of float32", ordering.sort_blocks, "KPSiii", float32, 40),
    _gate("sort 2048 of float64", ordering.sort_blocks, "KPSiii", float64, 48),
    _gate("sort 2048 pairs again", ordering.sort_again, "KPKPiii", float32, 40),
    _gate("merge sorted runs", ordering.merge_runs, "KPKPiii", float32, 40),
    _gate("take sorted", ordering.take_sorted, "SISPiiii", float32, 40),
    _gate("take a rank", ordering.take_rank, "SISPiiiii", float32, 40),
    _gate("search", ordering.search, "ISSiiii", float32, 40),
)
