"""Datasets: anything with a length and an item for each index, and streams of items."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from itertools import accumulate
from typing import Generic, Protocol, TypeVar

from minitorch_tensor import Tensor

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Indexed(Protocol[T_co]):
    """What a `DataLoader` can read: a `Dataset` with a length, and also a list."""

    def __getitem__(self, index: int, /) -> T_co:
        """The item at an index."""

    def __len__(self) -> int:
        """How many items there are."""


class Dataset(ABC, Generic[T_co]):
    """The base of datasets; a subclass writes `__getitem__`, and `__len__` for a `DataLoader`.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Dataset

    A subclass may also have `__getitems__(indices)`, which gives the items of a batch as a list.
    """

    @abstractmethod
    def __getitem__(self, index: int, /) -> T_co:
        """The item at an index."""

    def __add__(self, other: Dataset[T_co], /) -> Dataset[T_co]:
        """The items of both, one after another."""
        return ConcatDataset([_indexed(self), _indexed(other)])


class IterableDataset(Dataset[T_co]):
    """The base of streams, whose items come in an order of their own; a subclass writes `__iter__`.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset

    >>> class Powers(IterableDataset[int]):
    ...     def __iter__(self):
    ...         return iter([1, 2, 4])
    >>> list(Powers() + Powers())
    [1, 2, 4, 1, 2, 4]
    """

    @abstractmethod
    def __iter__(self) -> Iterator[T_co]:
        """The items of one epoch."""

    def __getitem__(self, index: int, /) -> T_co:
        """There is no item at an index.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            f"{type(self).__name__} is a stream: iterate over it, it has no item {index}"
        )

    def __add__(self, other: Dataset[T_co], /) -> ChainDataset[T_co]:
        """The items of both, one after another."""
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Item i is row i of each tensor.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset

    Raises:
        AssertionError: if their first sizes differ (PyTorch's type).
        ValueError: if there is no tensor.

    >>> import minitorch as torch
    >>> data = TensorDataset(torch.ones(3, 2), torch.tensor([5, 6, 7]))
    >>> len(data), data[1][1].item()
    (3, 6)
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ValueError("TensorDataset: expected at least one tensor")
        if any(x.ndim == 0 for x in tensors) or len({x.shape[0] for x in tensors}) > 1:
            shapes = ", ".join(f"{x.shape}" for x in tensors)
            raise AssertionError(
                f"Size mismatch between tensors: all must have the same first size, but got "
                f"{shapes}"
            )
        self.tensors = tensors

    def __getitem__(self, index: int, /) -> tuple[Tensor, ...]:
        return tuple(x[index] for x in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class Subset(Dataset[T_co]):
    """Item i is item `indices[i]` of another dataset.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Subset

    >>> Subset(["a", "b", "c"], [2, 0])[0]
    'c'
    """

    def __init__(self, dataset: Indexed[T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: int, /) -> T_co:
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: Sequence[int], /) -> Sequence[T_co]:
        """The items of a batch, all at once where the dataset can do that."""
        if type(self).__getitem__ is not Subset.__getitem__:  # a subclass has its own items
            return [self[i] for i in indices]
        return items(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[T_co]):
    """The items of several datasets, one after another.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset

    Raises:
        AssertionError: if there is no dataset, or one is a stream (PyTorch's type).

    >>> both = ConcatDataset([["a", "b"], ["c"]])
    >>> both[2], both[-3], len(both)
    ('c', 'a', 3)
    """

    def __init__(self, datasets: Iterable[Indexed[T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int, /) -> T_co:
        n = len(self)
        if index < -n:
            raise ValueError(
                "absolute value of index should not exceed dataset length, but the index is "
                f"{index} and the length {n}"
            )
        if index >= n:
            raise IndexError(f"ConcatDataset: index {index} is out of range for {n} items")
        position = index % n
        which = bisect_right(self.cumulative_sizes, position)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][position - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset[T_co]):
    """The items of several streams, one after another.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.ChainDataset

    Raises:
        AssertionError: in an epoch, if one is no `IterableDataset` (PyTorch's type).
    """

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[T_co]:
        for dataset in self._streams():
            yield from dataset

    def __len__(self) -> int:
        """The number of items, if each stream knows its own.

        Raises:
            TypeError: if one does not.
        """
        total = 0
        for dataset in self._streams():
            if not isinstance(dataset, Sized):
                raise TypeError(f"object of type '{type(dataset).__name__}' has no len()")
            total += len(dataset)
        return total

    def _streams(self) -> Iterator[IterableDataset[T_co]]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset


class StackDataset(Dataset[object]):
    """Item i holds item i of each dataset: a tuple of them, or a dictionary if they have names.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.StackDataset

    Raises:
        ValueError: if there is none, or some have names and some not, or they differ in length.

    >>> StackDataset("ab", [1, 2])[1], StackDataset(text="ab", label=[1, 2])[0]
    (('b', 2), {'text': 'a', 'label': 1})
    """

    def __init__(self, *args: Indexed[object], **kwargs: Indexed[object]) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like "
                "input/output, but both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        lengths = [len(dataset) for dataset in (*args, *kwargs.values())]
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets: their lengths are {lengths}")
        self._length = lengths[0]
        self.datasets: tuple[Indexed[object], ...] | dict[str, Indexed[object]] = args or kwargs

    def __getitem__(self, index: int, /) -> object:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __getitems__(self, indices: Sequence[int], /) -> list[object]:
        """The items of a batch, all at once where the datasets can do that.

        Raises:
            ValueError: if one of them gives more or fewer than it was asked for.
        """
        parts = self.datasets
        columns: list[Sequence[object]] = []
        for dataset in parts.values() if isinstance(parts, dict) else parts:
            columns.append(items(dataset, indices))
            if len(columns[-1]) != len(indices):
                raise ValueError(
                    "Nested dataset's output size mismatch. Expected "
                    f"{len(indices)}, got {len(columns[-1])}"
                )
        rows = list(zip(*columns, strict=True))
        if isinstance(parts, dict):
            return [dict(zip(parts, row, strict=True)) for row in rows]
        return list(rows)

    def __len__(self) -> int:
        return self._length


def items(dataset: Indexed[T], indices: Sequence[int]) -> Sequence[T]:
    """The items of a batch, all at once where the dataset can do that."""
    together: Callable[[Sequence[int]], Sequence[T]] | None = getattr(dataset, "__getitems__", None)
    return [dataset[i] for i in indices] if together is None else together(indices)


def _indexed(dataset: Dataset[T]) -> Indexed[T]:
    """A dataset with a length.

    Raises:
        TypeError: if it has none.
    """
    if not isinstance(dataset, Sized):
        raise TypeError(f"object of type '{type(dataset).__name__}' has no len()")
    return dataset
