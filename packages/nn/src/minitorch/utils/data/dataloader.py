"""`DataLoader`: batches of a dataset, in PyTorch's order for a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from functools import partial
from typing import Generic, TypeVar, overload

import numpy as np

from minitorch.utils.data.collate import Item, default_collate, default_convert
from minitorch.utils.data.dataset import Indexed, Subset, TensorDataset
from minitorch.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from minitorch_tensor import Generator, Tensor, default_generator, from_numpy
from minitorch_tensor.choices import draw_seed

S = TypeVar("S")
B = TypeVar("B")


class DataLoader(Generic[B]):
    """Iterating over it gives the batches of one epoch; the type parameter is that of a batch.

    Every iteration draws one number from the generator (the base seed of PyTorch's workers), and a
    shuffled one without a generator of its own draws another, the seed of its order: so the state
    of the default generator, and with it everything drawn later, stays as in PyTorch.
    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader

    Args:
        dataset: anything with a length and items; tuples of tensors give lists of batched tensors.
        batch_size: how many items make a batch; None gives the items themselves.
        shuffle: whether the order is drawn anew for each epoch.
        sampler: gives the indices of an epoch, instead of `shuffle`.
        batch_sampler: gives lists of indices, instead of the three above and `drop_last`.
        num_workers: 0: batches are made in this process, when they are asked for.
        collate_fn: makes a batch of a list of items; `default_collate` if omitted.
        pin_memory: accepted, and without effect: batches are on the device of the dataset.
        drop_last: whether to leave out a last batch that is not full.
        generator: where the draws come from; the default generator if omitted.

    Raises:
        ValueError: if arguments exclude one another, or `num_workers` is not 0.
        TypeError: if the dataset has no length or no items.

    >>> import minitorch as torch
    >>> data = TensorDataset(torch.arange(5), torch.arange(5) * 10)
    >>> for x, y in DataLoader(data, batch_size=2):
    ...     print(x.tolist(), y.tolist())
    [0, 1] [0, 10]
    [2, 3] [20, 30]
    [4] [40]
    """

    @overload
    def __init__(
        self,
        dataset: Indexed[S],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        *,
        collate_fn: Callable[[list[S]], B],
        pin_memory: bool = False,
        drop_last: bool = False,
        generator: Generator | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: DataLoader[Tensor],
        dataset: Indexed[Item],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        *,
        pin_memory: bool = False,
        drop_last: bool = False,
        generator: Generator | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: DataLoader[list[Tensor]],
        dataset: Indexed[tuple[Item, ...]],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        *,
        pin_memory: bool = False,
        drop_last: bool = False,
        generator: Generator | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: DataLoader[dict[str, Tensor]],
        dataset: Indexed[Mapping[str, Item]],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        *,
        pin_memory: bool = False,
        drop_last: bool = False,
        generator: Generator | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: DataLoader[object],
        dataset: Indexed[object],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        *,
        pin_memory: bool = False,
        drop_last: bool = False,
        generator: Generator | None = None,
    ) -> None: ...
    def __init__(
        self,
        dataset: Indexed[S],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        *,
        collate_fn: Callable[[list[S]], B] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        generator: Generator | None = None,
    ) -> None:
        if num_workers != 0:
            raise ValueError(
                f"DataLoader: num_workers must be 0, but got {num_workers}; batches are made in "
                "this process"
            )
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise TypeError(
                "DataLoader: the dataset must have __getitem__ and __len__, but "
                f"{type(dataset).__name__} has not"
            )
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, "
                    "and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last"
            )
        elif batch_size is None and collate_fn is not None:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "collate_fn"
            )
        if sampler is None:
            if shuffle:
                sampler = RandomSampler(dataset, generator=generator)
            else:
                sampler = SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.generator = generator
        self.collate_fn = collate_fn
        self._one, self._many = _fetchers(dataset, collate_fn)

    def __iter__(self) -> Iterator[B]:
        generator = default_generator if self.generator is None else self.generator
        if self.batch_sampler is None:
            indices = iter(self.sampler)
            draw_seed(generator)
            return map(self._one, indices)
        batches = iter(self.batch_sampler)
        draw_seed(generator)
        return map(self._many, batches)

    def __len__(self) -> int:
        """The number of batches.

        Raises:
            TypeError: if the sampler has no length.
        """
        order = self.sampler if self.batch_sampler is None else self.batch_sampler
        if not isinstance(order, Sized):
            raise TypeError(
                f"DataLoader: the length is not known, for {type(order).__name__} has none"
            )
        return len(order)


# What type the default gives depends on the items: the overloads of DataLoader.__init__ say it, and
# those below hand it on; a checker cannot follow `default_collate` from values to types.
@overload
def _fetchers(
    dataset: Indexed[S], collate_fn: Callable[[list[S]], B]
) -> tuple[Callable[[int], B], Callable[[list[int]], B]]: ...
@overload
def _fetchers(
    dataset: Indexed[S], collate_fn: Callable[[list[S]], B] | None
) -> tuple[Callable[[int], B], Callable[[list[int]], B]]: ...
def _fetchers(
    dataset: Indexed[S], collate_fn: Callable[[list[S]], B] | None
) -> tuple[Callable[[int], object], Callable[[list[int]], object]]:
    """What makes an item of an index, and a batch of indices; no closures, for pickle."""
    return partial(_one, dataset), partial(_many, dataset, collate_fn)


def _one(dataset: Indexed[S], index: int) -> object:
    return default_convert(dataset[index])


def _many(
    dataset: Indexed[S], collate_fn: Callable[[list[S]], B] | None, indices: list[int]
) -> object:
    if collate_fn is not None:
        return collate_fn(_items(dataset, indices))
    columns = _gather(dataset, indices)
    return default_collate(_items(dataset, indices)) if columns is None else columns


def _items(dataset: Indexed[S], indices: list[int]) -> list[S]:
    """The items of a batch, all at once where the dataset can do that."""
    together: Callable[[list[int]], list[S]] | None = getattr(dataset, "__getitems__", None)
    return [dataset[i] for i in indices] if together is None else together(indices)


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
