"""The options of a `DataLoader`, and which of them exclude one another."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict

from minitorch_tensor import Generator

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext


class LoaderOptions(TypedDict, total=False):
    """What a loader may be told, besides what its batches are."""

    pin_memory: bool
    drop_last: bool
    timeout: float
    worker_init_fn: Callable[[int], object] | None
    multiprocessing_context: str | BaseContext | None
    generator: Generator | None
    prefetch_factor: int | None
    persistent_workers: bool
    pin_memory_device: str
    in_order: bool


def check_workers(
    num_workers: int,
    timeout: float,
    prefetch_factor: int | None,
    persistent_workers: bool,
    multiprocessing_context: object,
) -> None:
    """Raise unless the options for workers fit their number.

    Raises:
        ValueError: if one is out of its range, or there are no workers, and it is for them only.
    """
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable "
            "multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers > 0:
        if prefetch_factor is not None and prefetch_factor <= 0:
            raise ValueError(
                f"prefetch_factor option should be positive, but got {prefetch_factor}: a worker "
                "works ahead by one batch at least"
            )
        return
    if prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if persistent_workers:
        raise ValueError("persistent_workers option needs num_workers > 0")
    if multiprocessing_context is not None:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading "
            f"(num_workers > 0), but got num_workers={num_workers}"
        )


def context_of(option: object) -> BaseContext:
    """The way to start processes that a name, a context, or None says: for None, Python's own.

    Raises:
        ValueError: if there is no such way on this system.
        TypeError: if it is neither a name nor a context.
    """
    import multiprocessing
    from multiprocessing.context import BaseContext

    if isinstance(option, BaseContext):
        return option
    if option is None:
        return multiprocessing.get_context()
    ways = multiprocessing.get_all_start_methods()
    if not isinstance(option, str):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string "
            f"specifying the start method, but got multiprocessing_context={option}"
        )
    if option not in ways:
        raise ValueError(
            f"multiprocessing_context option should specify a valid start method in {ways!r}, but "
            f"got multiprocessing_context={option!r}"
        )
    return multiprocessing.get_context(option)


def warn_of_many(num_workers: int) -> None:
    """Warn of more workers than there are cores for this process."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = os.cpu_count() if affinity is None else len(affinity(0))
    if num_workers and (cores is None or num_workers > cores):
        warnings.warn(
            f"This DataLoader will create {num_workers} worker processes in total. Our suggested "
            f"max number of worker in current system is {cores}, which is smaller than what this "
            "DataLoader is going to create. Please be aware that excessive worker creation might "
            "get DataLoader running slow or even freeze, lower the worker number to avoid "
            "potential slowness/freeze if necessary.",
            stacklevel=3,
        )


def check_stream(shuffle: bool | None, sampler: object, batch_sampler: object) -> None:
    """Raise unless the order is left to an `IterableDataset`.

    Raises:
        ValueError: if it is not.
    """
    for name, value in (
        ("shuffle", shuffle or None),
        ("sampler", sampler),
        ("batch_sampler", batch_sampler),
    ):
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                f"{name}={value}"
            )


def check_batches(
    batch_size: int | None,
    shuffle: bool | None,
    sampler: object,
    batch_sampler: object,
    drop_last: bool,
) -> None:
    """Raise unless one thing alone says what the batches are.

    Raises:
        ValueError: if several do.
    """
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                "drop_last"
            )
    elif batch_size is None and drop_last:
        raise ValueError(
            "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        )
