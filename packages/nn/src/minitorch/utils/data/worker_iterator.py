"""An epoch whose batches are made by worker processes, in PyTorch's order.

The turns of an epoch are dealt to the workers in rounds, `prefetch_factor` to each in advance; for
each batch that is taken, one more. A batch is given when it is its turn, so the order does not
depend on which worker is quicker (unless `in_order` is False).
https://docs.pytorch.org/docs/stable/data.html#multi-process-data-loading
"""

from __future__ import annotations

import os
import pickle
import time
import traceback
import weakref
from collections.abc import Callable, Iterable, Iterator, Sized
from itertools import cycle
from multiprocessing.context import BaseContext
from typing import Generic, NamedTuple, NoReturn, TypeVar

from minitorch.utils.data.crew import Crew
from minitorch.utils.data.failure import Failure
from minitorch.utils.data.fetch import warn_if_more
from minitorch.utils.data.transport import Parcel
from minitorch.utils.data.worker_loop import Job, Source
from minitorch_tensor import Generator
from minitorch_tensor.choices import draw_seed

T = TypeVar("T")
B = TypeVar("B")


class Terms(NamedTuple):
    """How the workers are to work; see `DataLoader`."""

    num_workers: int
    prefetch_factor: int
    timeout: float
    persistent: bool
    in_order: bool
    worker_init_fn: Callable[[int], object] | None
    context: BaseContext


class WorkerIterator(Iterator[B], Generic[T, B]):
    """The batches of an epoch; the workers end when it is exhausted or dropped.

    Persistent workers stay for the next epoch, which `restart` begins.

    Args:
        source: what batches are made of.
        order: what each is made of, for instance lists of indices.
        terms: how many workers there are, and so on.
        generator: where the seed of the workers is drawn from.
        expected: of how many batches on to warn, if any.
    """

    def __init__(
        self,
        source: Source[T, B],
        order: Iterable[T],
        terms: Terms,
        generator: Generator,
        expected: int | None,
    ) -> None:
        iter(order)  # PyTorch begins the first epoch twice, and a sampler may draw when it does
        base_seed = draw_seed(generator)
        self._order = order
        self._terms = terms
        self._dataset = source.dataset
        n = terms.num_workers
        self._crew = Crew(
            terms.context,
            [Job(source, terms.worker_init_fn, base_seed, i, n) for i in range(n)],
        )
        self._finalizer = weakref.finalize(self, self._crew.close)
        self._owner = os.getpid()
        self._epoch = -1
        self.restart(expected)

    def restart(self, expected: int | None) -> None:
        """Begin an epoch with the same workers; what is left of another one is dropped."""
        n = self._terms.num_workers
        self._epoch += 1
        self._expected = expected
        self._coming: Iterator[T] | None = iter(self._order)
        self._failed: Exception | None = None  # what the order raised, until its turn comes
        self._arrived: dict[int, tuple[int, Parcel]] = {}  # by turn: the worker, and what it sent
        self._dealt = self._taken = self._given = 0
        self._active = [True] * n  # false for one whose part of a stream has ended
        self._tasks = [0] * n
        self._round = cycle(range(n))
        for _ in range(self._terms.prefetch_factor * n):
            self._deal()

    @property
    def usable(self) -> bool:
        """Whether there are workers for another epoch."""
        return not self._crew.ended and os.getpid() == self._owner

    def __len__(self) -> int:
        """The number of batches.

        Raises:
            TypeError: if it is not known.
        """
        if not isinstance(self._order, Sized):
            raise TypeError(f"object of type '{type(self._order).__name__}' has no len()")
        return len(self._order)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "the iterator of a DataLoader cannot be copied or pickled, for it has worker "
            "processes; copy the DataLoader"
        )

    def __next__(self) -> B:
        while self._taken < self._dealt:
            worker, parcel = self._take()
            self._tasks[worker] -= 1
            self._active[worker] = not parcel.label.ended
            self._deal()
            if parcel.label.ended:
                continue
            content: B | Failure = pickle.loads(parcel.data, buffers=parcel.parts)
            if isinstance(content, Failure):
                content.raise_again()
            self._given += 1
            warn_if_more(self._given, self._expected, self._dataset, self._terms.num_workers)
            return content
        if self._failed is not None:
            raise self._order_failed()
        if not self._terms.persistent:
            self._crew.close("it is exhausted")
        raise StopIteration

    def _deal(self) -> None:
        """Give the next turn to the next worker, if there is one."""
        limit = self._terms.prefetch_factor * self._terms.num_workers
        for _ in self._active:
            worker = next(self._round)
            share = limit // max(sum(self._active), 1)
            if self._active[worker] and (self._terms.in_order or self._tasks[worker] < share):
                break
        else:
            return
        if self._coming is None:
            return
        try:
            content = next(self._coming)
        except StopIteration:
            self._coming = None
            return
        except Exception as error:
            error.add_note("".join(traceback.format_exception(error)))
            self._failed = error.with_traceback(None)  # its frames would hold this iterator
            self._coming = None
            return
        self._crew.send(worker, (self._epoch, self._dealt, content))
        self._tasks[worker] += 1
        self._dealt += 1

    def _order_failed(self) -> Exception:
        failed, self._failed = self._failed, None
        return StopIteration() if failed is None else failed

    def _take(self) -> tuple[int, Parcel]:
        """What was sent for the next turn, or for any."""
        if self._crew.ended:
            raise RuntimeError(f"this iterator has no workers any more: {self._crew.ended}")
        timeout = self._terms.timeout
        deadline = time.monotonic() + timeout if timeout > 0 else None
        while not (self._taken in self._arrived if self._terms.in_order else self._arrived):
            try:
                worker, parcel = self._crew.receive(deadline, timeout)
            except KeyboardInterrupt:
                self._crew.hurry()
                raise
            if parcel.label.epoch == self._epoch:
                self._arrived[parcel.label.turn] = worker, parcel
        turn = self._taken if self._terms.in_order else next(iter(self._arrived))
        found = self._arrived.pop(turn)
        self._taken += 1
        return found
