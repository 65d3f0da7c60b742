"""From indices to batches: of datasets by their items, of streams by what comes next."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar, overload

import numpy as np

from minitorch.utils.data.collate import default_collate, default_convert
from minitorch.utils.data.dataset import (
    Indexed,
    IterableDataset,
    Subset,
    TensorDataset,
    items,
)
from minitorch_tensor import Tensor, from_numpy

S = TypeVar("S")
B = TypeVar("B")

Collate = Callable[[list[S]], B] | Callable[[S], B]
"""What makes a batch of a list of items, or, where there are no batches, of one item."""


# What type the defaults give depends on the items: the overloads of DataLoader.__init__ say it, and
# those below hand it on; a checker cannot follow `default_collate` from values to types.
@overload
def fetchers(
    dataset: Indexed[S], collate_fn: Collate[S, B]
) -> tuple[Callable[[int], B], Callable[[list[int]], B]]: ...
@overload
def fetchers(
    dataset: Indexed[S], collate_fn: Collate[S, B] | None
) -> tuple[Callable[[int], B], Callable[[list[int]], B]]: ...
def fetchers(
    dataset: Indexed[object], collate_fn: Callable[..., object] | None
) -> tuple[Callable[[int], object], Callable[[list[int]], object]]:
    """What makes an item of an index, and a batch of indices; no closures, for pickle."""
    return partial(_one, dataset, collate_fn), partial(_many, dataset, collate_fn)


def _one(dataset: Indexed[object], collate_fn: Callable[..., object] | None, index: int) -> object:
    return (default_convert if collate_fn is None else collate_fn)(dataset[index])


def _many(
    dataset: Indexed[object], collate_fn: Callable[..., object] | None, indices: list[int]
) -> object:
    if collate_fn is not None:
        return collate_fn(items(dataset, indices))
    columns = _gather(dataset, indices)
    return default_collate(items(dataset, indices)) if columns is None else columns


def _gather(dataset: Indexed[S], indices: Sequence[int]) -> list[Tensor] | None:
    """What stacking the items of a `TensorDataset`, or of a part of one, would give, in one go."""
    if isinstance(dataset, Subset) and type(dataset).__getitem__ is Subset.__getitem__:
        return _gather(dataset.dataset, [dataset.indices[i] for i in indices])
    if not isinstance(dataset, TensorDataset):
        return None
    if type(dataset).__getitem__ is not TensorDataset.__getitem__:  # a subclass has its own items
        return None
    n = len(dataset)
    if not all(isinstance(i, int) and 0 <= i < n for i in indices):
        return None
    rows = from_numpy(np.array(indices, dtype=np.int64))
    return [x.index_select(0, rows.to(x.device)) for x in dataset.tensors]


@overload
def streamer(
    dataset: IterableDataset[S],
    collate_fn: Collate[S, B],
    batch_size: int | None,
    drop_last: bool,
) -> Callable[[int | None], Iterator[B]]: ...
@overload
def streamer(
    dataset: IterableDataset[S],
    collate_fn: Collate[S, B] | None,
    batch_size: int | None,
    drop_last: bool,
) -> Callable[[int | None], Iterator[B]]: ...
def streamer(
    dataset: IterableDataset[object],
    collate_fn: Callable[..., object] | None,
    batch_size: int | None,
    drop_last: bool,
) -> Callable[[int | None], Iterator[object]]:
    """What begins an epoch of a stream, given how many batches it was said to have."""
    return partial(_stream, dataset, collate_fn, batch_size, drop_last)


def _stream(
    dataset: IterableDataset[object],
    collate_fn: Callable[..., object] | None,
    batch_size: int | None,
    drop_last: bool,
    expected: int | None,
) -> Iterator[object]:
    coming = iter(dataset)
    if batch_size is None:
        found = map(default_convert if collate_fn is None else collate_fn, coming)
    else:
        collate = default_collate if collate_fn is None else collate_fn
        found = map(collate, _batches(coming, batch_size, drop_last))
    return found if expected is None else _counted(found, expected, dataset)


def _batches(coming: Iterator[S], batch_size: int, drop_last: bool) -> Iterator[list[S]]:
    while batch := list(islice(coming, batch_size)):
        if len(batch) == batch_size or not drop_last:
            yield batch
        if len(batch) < batch_size:
            return


def _counted(found: Iterator[S], expected: int, dataset: object) -> Iterator[S]:
    """The same, with a warning for each batch more than there should be."""
    for count, batch in enumerate(found, 1):
        warn_if_more(count, expected, dataset, workers=0)
        yield batch


def warn_if_more(count: int, expected: int | None, dataset: object, workers: int) -> None:
    """Warn of a stream that gives more batches than its length said."""
    if expected is None or count <= expected:
        return
    advice = (
        "For multiprocessing data-loading, this could be caused by not properly configuring the "
        "IterableDataset replica at each worker: share the items out by get_worker_info()."
    )
    warnings.warn(
        f"Length of IterableDataset {dataset} was reported to be {expected} (when "
        f"accessing len(dataloader)), but {count} samples have been fetched. "
        + (advice if workers else ""),
        stacklevel=3,
    )
