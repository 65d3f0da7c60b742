"""Samplers: in which order the items of a dataset are visited, and how they are batched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Generic, TypeVar

from minitorch_tensor import (
    Generator,
    HostArray,
    Tensor,
    as_tensor,
    default_generator,
    float64,
    multinomial,
    randint,
    randperm,
)
from minitorch_tensor.choices import draw_seed

T_co = TypeVar("T_co", covariant=True)


class Sampler(ABC, Generic[T_co]):
    """The base of samplers; a subclass writes `__iter__`, and may write `__len__`.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
    """

    @abstractmethod
    def __iter__(self) -> Iterator[T_co]:
        """The indices, or the lists of indices, of one epoch."""


class SequentialSampler(Sampler[int]):
    """0, 1, ..., n - 1.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """The indices in random order, PyTorch's order for a seed.

    Without a generator, each epoch draws the seed of its own from the default generator.
    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler

    Args:
        data_source: something with a length.
        replacement: draw each index anew, so that one may come twice.
        num_samples: how many; as many as there are items if omitted.
        generator: where the draws come from.

    Raises:
        TypeError: if `replacement` is not a bool.
        ValueError: if `num_samples` is not a positive integer.

    >>> from minitorch import Generator
    >>> list(RandomSampler("abcd", generator=Generator().manual_seed(0)))
    [0, 1, 3, 2]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise TypeError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, but got "
                f"num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """How many indices an epoch has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(draw_seed(default_generator))
        if self.replacement:
            for _ in range(self.num_samples // 32):
                yield from _list(randint(0, n, (32,), generator=generator).numpy())
            rest = (self.num_samples % 32,)
            yield from _list(randint(0, n, rest, generator=generator).numpy())
        else:
            for _ in range(self.num_samples // n):
                yield from _list(randperm(n, generator=generator).numpy())
            # Drawn also where nothing of it is needed: so does PyTorch, and its generator moves on.
            yield from _list(randperm(n, generator=generator).numpy())[: self.num_samples % n]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices in random order, PyTorch's order for a seed.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in _list(randperm(len(self.indices), generator=self.generator).numpy()):
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with probabilities proportional to weights, PyTorch's draws for a seed.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler

    Args:
        weights: one for each item; they need not add up to 1.
        num_samples: how many are drawn.
        replacement: whether an index may come twice.
        generator: where the draws come from.

    Raises:
        ValueError: if an argument is out of its range.

    >>> from minitorch import Generator
    >>> list(WeightedRandomSampler([0.6, 0.4], 5, generator=Generator().manual_seed(0)))
    [1, 1, 0, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={num_samples}"
            )
        if not isinstance(replacement, bool):
            raise ValueError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise ValueError(
                "weights should be a 1d sequence but given weights have shape "
                f"{tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        )
        yield from _list(drawn.numpy())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler in lists of `batch_size`.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler

    Args:
        sampler: gives the indices; any iterable.
        batch_size: how many make a batch.
        drop_last: whether to leave out a last batch that is not full.

    Raises:
        ValueError: if `batch_size` is not a positive integer, or `drop_last` not a bool.

    >>> list(BatchSampler(range(5), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size <= 0:
            raise ValueError(
                f"batch_size should be a positive integer value, but got batch_size={batch_size}"
            )
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        """The number of batches.

        Raises:
            TypeError: if the sampler has no length.
        """
        if not isinstance(self.sampler, Sized):
            raise TypeError(
                f"BatchSampler: the length is not known, for {type(self.sampler).__name__} has none"
            )
        n = len(self.sampler)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


def _list(values: HostArray) -> list[int]:
    numbers: list[int] = values.tolist()
    return numbers
