"""Datasets: anything with a length and an item for each index."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, Protocol, TypeVar

from minitorch_tensor import Generator, Tensor, randperm

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


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Item i is row i of each tensor.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset

    Raises:
        ValueError: if there is no tensor, or their first sizes differ.

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
            raise ValueError(
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

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[T_co]):
    """The items of several datasets, one after another.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset

    Raises:
        ValueError: if there is no dataset.

    >>> both = ConcatDataset([["a", "b"], ["c"]])
    >>> both[2], both[-3], len(both)
    ('c', 'a', 3)
    """

    def __init__(self, datasets: Iterable[Indexed[T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: datasets should not be an empty iterable")
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int, /) -> T_co:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"ConcatDataset: index {index} is out of range for {n} items")
        position = index % n
        which = bisect_right(self.cumulative_sizes, position)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][position - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(
    dataset: Indexed[T], lengths: Sequence[float], generator: Generator | None = None
) -> list[Subset[T]]:
    """Part a dataset at random, with PyTorch's choice for a seed.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split

    Args:
        dataset: what to part.
        lengths: how many items each part gets; or fractions that add up to 1: the parts are then
            rounded down, and what is left goes to the first ones, one each.
        generator: where the draws come from; the default generator if omitted.

    Raises:
        ValueError: if the lengths do not add up to that of the dataset, or a fraction is not one.

    >>> import minitorch as torch
    >>> generator = torch.Generator().manual_seed(0)
    >>> [part.indices for part in random_split(range(6), [4, 2], generator)]
    [[2, 5, 3, 0], [1, 4]]
    """
    n = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        sizes = _sizes(n, lengths)
    else:
        sizes = [int(length) for length in lengths]
    if sum(sizes) != n:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset! "
            f"{list(lengths)} and {n}"
        )
    indices = [int(i) for i in randperm(n, generator=generator).numpy()]
    return [
        Subset(dataset, indices[end - size : end])
        for end, size in zip(accumulate(sizes), sizes, strict=True)
    ]


def _sizes(n: int, fractions: Sequence[float]) -> list[int]:
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1: {fraction}")
    sizes = [math.floor(n * fraction) for fraction in fractions]
    for i in range(n - sum(sizes)):
        sizes[i % len(sizes)] += 1
    for i, size in enumerate(sizes):
        if size == 0:
            warnings.warn(
                f"Length of split at index {i} is 0. This might result in an empty dataset.",
                stacklevel=3,
            )
    return sizes
