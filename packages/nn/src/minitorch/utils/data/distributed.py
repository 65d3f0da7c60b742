"""A sampler for one of several processes that train together."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from itertools import cycle, islice

from minitorch.utils.data.sampler import Sampler
from minitorch_tensor import Generator, randperm

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """The share of one of several processes, each of which trains on a part of an epoch.

    All have the same order, from `seed` and the epoch; process i takes each `num_replicas`-th index
    from the i-th on. To give all as many, the first indices come again at the end, or the last ones
    are dropped. Call `set_epoch` before each epoch, or all have the same order.
    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler

    Args:
        dataset: something with a length.
        num_replicas: how many processes there are.
        rank: which of them this is, from 0.
        shuffle: whether the order is drawn.
        seed: of the order, the same for all.
        drop_last: whether to drop the last indices.

    Raises:
        RuntimeError: if the first two are omitted: there is no group of processes to ask.
        ValueError: if there is no such process.

    >>> list(DistributedSampler("abcde", num_replicas=2, rank=1, shuffle=False))
    [1, 3, 0]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError(
                "Requires distributed package to be available: there is none, so give num_replicas "
                "and rank"
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        n = len(dataset)
        self.num_samples = n // num_replicas if drop_last else -(-n // num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        order = list(range(n))
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            order = [int(i) for i in randperm(n, generator=generator).numpy()]
        return islice(cycle(order), self.rank, self.total_size, self.num_replicas)

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, for an order of its own."""
        self.epoch = epoch
