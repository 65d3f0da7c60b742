"""`DataLoader`: batches of a dataset, in PyTorch's order for a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from itertools import repeat
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, Unpack, overload

from minitorch.utils.data.collate import Item, default_collate, default_convert
from minitorch.utils.data.dataset import Indexed, IterableDataset
from minitorch.utils.data.fetch import Collate, fetchers, streamer
from minitorch.utils.data.loader_options import (
    LoaderOptions,
    check_batches,
    check_stream,
    check_workers,
    context_of,
    warn_of_many,
)
from minitorch.utils.data.pinning import can_pin, pinner
from minitorch.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from minitorch_tensor import Generator, Tensor, default_generator
from minitorch_tensor.choices import draw_seed

S = TypeVar("S")
T = TypeVar("T")
B = TypeVar("B")

if TYPE_CHECKING:  # what is needed for processes is imported when there are some
    from multiprocessing.context import BaseContext

    from minitorch.utils.data.worker_iterator import Terms, WorkerIterator
    from minitorch.utils.data.worker_loop import Source

    _Epochs: TypeAlias = (
        WorkerIterator[None, B] | WorkerIterator[int, B] | WorkerIterator[list[int], B]
    )

Readable = Indexed[S] | IterableDataset[S]
"""What a loader reads."""

_FIXED = frozenset(
    ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
)


class DataLoader(Generic[B]):
    """Iterating over it gives the batches of one epoch; the type parameter is that of a batch.

    Every iteration draws one number from the generator (the base seed of PyTorch's workers), and a
    shuffled one without a generator of its own draws another, the seed of its order: so the state
    of the default generator, and with it everything drawn later, stays as in PyTorch.

    Workers are started as Python starts processes by default, as PyTorch's are: forked on Linux
    up to Python 3.13, which takes a millisecond and asks nothing of the dataset; spawned on macOS
    and Windows, where the dataset is pickled and the script needs `if __name__ == "__main__":`.
    The threads of our kernels survive a fork. Worker i has the seed base seed + i, for Python's
    and NumPy's global generators too, and computes on one thread. A GPU must be used in spawned
    workers only, and is best left to the process that trains.
    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader

    Args:
        dataset: anything with a length and items, or an `IterableDataset`; tuples of tensors give
            lists of batched tensors.
        batch_size: how many items make a batch; None gives the items themselves.
        shuffle: whether the order is drawn anew for each epoch.
        sampler: gives the indices of an epoch, instead of `shuffle`.
        batch_sampler: gives lists of indices, instead of the three above and `drop_last`.
        num_workers: how many processes make batches, ahead of time; 0: this one makes them, when
            they are asked for.
        collate_fn: makes a batch of a list of items, `default_collate` if omitted; where
            `batch_size` is None, it is given single items, and `default_convert` if omitted.
        pin_memory: whether to copy batches into pinned memory, from which a GPU copies by itself
            (`x.to("cuda", non_blocking=True)`); without a GPU a warning says that it has no effect.
        drop_last: whether to leave out a last batch that is not full.
        timeout: for how many seconds to wait for a batch of a worker; 0: for ever.
        worker_init_fn: called with its number in each worker, after it was seeded.
        multiprocessing_context: how workers are started: "fork", "spawn", "forkserver", or a
            context of `multiprocessing`.
        generator: where the draws come from; the default generator if omitted.
        prefetch_factor: how many batches each worker makes ahead; 2 if omitted.
        persistent_workers: whether workers stay for the next epoch.
        pin_memory_device: accepted; memory is pinned for all GPUs.
        in_order: whether batches come in their order even if a later one is ready first.

    Raises:
        ValueError: if arguments exclude one another, or what makes the batches is replaced
            afterwards.
        TypeError: if the dataset has no length or no items.
        RuntimeError: while iterating, if a worker dies, or sends nothing within the timeout. What
            the dataset raises in a worker is raised with its type and the worker's traceback.
        PicklingError: while iterating, if workers are not forked and the dataset cannot be pickled.

    >>> import minitorch as torch
    >>> data = torch.utils.data.TensorDataset(torch.arange(5), torch.arange(5) * 10)
    >>> for x, y in DataLoader(data, batch_size=2):
    ...     print(x.tolist(), y.tolist())
    [0, 1] [0, 10]
    [2, 3] [20, 30]
    [4] [40]
    """

    @overload
    def __init__(
        self,
        dataset: Readable[S],
        batch_size: int = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        *,
        collate_fn: Callable[[list[S]], B],
        **options: Unpack[LoaderOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        dataset: Readable[S],
        batch_size: None,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        *,
        collate_fn: Callable[[S], B],
        **options: Unpack[LoaderOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: DataLoader[Tensor],
        dataset: Readable[Item],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        **options: Unpack[LoaderOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: DataLoader[list[Tensor]],
        dataset: Readable[tuple[Item, ...]],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        **options: Unpack[LoaderOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: DataLoader[dict[str, Tensor]],
        dataset: Readable[Mapping[str, Item]],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        **options: Unpack[LoaderOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: DataLoader[object],
        dataset: Readable[object],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        **options: Unpack[LoaderOptions],
    ) -> None: ...
    def __init__(
        self,
        dataset: Readable[S],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Collate[S, B] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], object] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        check_workers(
            num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context
        )
        if multiprocessing_context is not None:
            multiprocessing_context = context_of(multiprocessing_context)
        if isinstance(dataset, IterableDataset):
            check_stream(shuffle, sampler, batch_sampler)
            check_batches(batch_size, shuffle, sampler, batch_sampler, drop_last)
            sampler = repeat(0)  # as many items as there are: not read as indices
            self._epoch = streamer(dataset, collate_fn, batch_size, drop_last)
        else:
            if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
                raise TypeError(
                    "DataLoader: the dataset must have __getitem__ and __len__, but "
                    f"{type(dataset).__name__} has not"
                )
            check_batches(batch_size, shuffle, sampler, batch_sampler, drop_last)
            if sampler is None and shuffle:
                sampler = RandomSampler(dataset, generator=generator)
            elif sampler is None:
                sampler = SequentialSampler(dataset)
            self._one, self._many = fetchers(dataset, collate_fn)
        if batch_sampler is not None:
            batch_size = None
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        if collate_fn is None:
            self.collate_fn: object = default_convert if batch_sampler is None else default_collate
        else:
            self.collate_fn = collate_fn
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self._expected: int | None = None
        self._iterator: _Epochs[B] | None = None  # of persistent workers
        warn_of_many(num_workers)
        self._complete = True

    def __setattr__(self, name: str, value: object) -> None:
        if name in _FIXED and "_complete" in self.__dict__:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized"
            )
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, object]:
        """What is pickled and copied: no processes."""
        return {**self.__dict__, "_iterator": None}

    def __iter__(self) -> Iterator[B]:
        batches = self._batches()
        return map(pinner(), batches) if self.pin_memory and can_pin() else batches

    def _batches(self) -> Iterator[B]:
        """An epoch, in ordinary memory."""
        if self.num_workers > 0:
            return self._by_workers()
        generator = default_generator if self.generator is None else self.generator
        if isinstance(self.dataset, IterableDataset):
            draw_seed(generator)
            return self._epoch(self._expected)
        if self.batch_sampler is None:
            indices = iter(self.sampler)
            draw_seed(generator)
            return map(self._one, indices)
        batches = iter(self.batch_sampler)
        draw_seed(generator)
        return map(self._many, batches)

    def _by_workers(self) -> Iterator[B]:
        """An epoch of new workers, or of persistent ones."""
        kept = self._iterator
        if kept is not None and kept.usable:
            kept.restart(self._expected)
            return kept
        from minitorch.utils.data.worker_iterator import Terms
        from minitorch.utils.data.worker_loop import Items, Stream

        terms = Terms(
            self.num_workers,
            2 if self.prefetch_factor is None else self.prefetch_factor,
            self.timeout,
            self.persistent_workers,
            self.in_order,
            self.worker_init_fn,
            context_of(self.multiprocessing_context),
        )
        iterator: _Epochs[B]
        if isinstance(self.dataset, IterableDataset):
            stream = Stream(self.dataset, self._epoch)
            iterator = self._start(stream, repeat(None), terms)
        elif self.batch_sampler is None:
            iterator = self._start(Items(self.dataset, self._one), self.sampler, terms)
        else:
            iterator = self._start(Items(self.dataset, self._many), self.batch_sampler, terms)
        if self.persistent_workers:
            self._iterator = iterator
        return iterator

    def _start(
        self, source: Source[T, B], order: Iterable[T], terms: Terms
    ) -> WorkerIterator[T, B]:
        from minitorch.utils.data.worker_iterator import WorkerIterator

        generator = default_generator if self.generator is None else self.generator
        return WorkerIterator(source, order, terms, generator, self._expected)

    def __len__(self) -> int:
        """The number of batches.

        Raises:
            TypeError: if the sampler, or the stream, has no length.
        """
        if not isinstance(self.dataset, IterableDataset):
            order = self.sampler if self.batch_sampler is None else self.batch_sampler
            if not isinstance(order, Sized):
                raise TypeError(
                    f"DataLoader: the length is not known, for {type(order).__name__} has none"
                )
            return len(order)
        if not isinstance(self.dataset, Sized):
            raise TypeError(f"object of type '{type(self.dataset).__name__}' has no len()")
        n = self._expected = len(self.dataset)
        if self.batch_size is None:
            return n
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
