"""The life of a worker process: it is seeded, takes turns, and sends a batch for each.

A thread of it listens all the time: it queues the turns, so that who sends them never waits for a
worker that computes; and it sees that the parent has gone, when a worker that hangs in somebody's
code would not. The worker then has `GRACE` seconds to end by itself.
"""

from __future__ import annotations

import os
import pickle
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from numpy import random as numpy_random

from minitorch import parallel
from minitorch.utils.data import transport
from minitorch.utils.data.failure import Failure
from minitorch.utils.data.transport import Label
from minitorch.utils.data.worker import WorkerInfo, set_worker_info
from minitorch_tensor import default_generator

GRACE: Final = 5.0
"""Seconds that a worker has to finish what it does when it is no longer needed."""

_LOOK: Final = 1.0  # seconds between two looks whether the parent is there

T = TypeVar("T")
I_contra = TypeVar("I_contra", contravariant=True)
B_co = TypeVar("B_co", covariant=True)

Turn = tuple[int, int, T]
"""The number of an epoch, that of a turn, and what the turn's batch is to be made of."""


class Source(Protocol[I_contra, B_co]):
    """What batches are made of."""

    @property
    def dataset(self) -> object:
        """The dataset."""

    @property
    def ends(self) -> bool:
        """Whether a StopIteration is the end, as it is in a stream."""

    def begin(self) -> Callable[[I_contra], B_co]:
        """What makes the batches of an epoch."""


class Items(Generic[I_contra, B_co]):
    """A dataset with items: a batch is made of indices."""

    ends = False

    def __init__(self, dataset: object, make: Callable[[I_contra], B_co]) -> None:
        self.dataset = dataset
        self.make = make

    def begin(self) -> Callable[[I_contra], B_co]:
        """The same in each epoch."""
        return self.make


class Stream(Generic[B_co]):
    """A stream: a batch is what comes next."""

    ends = True

    def __init__(self, dataset: object, start: Callable[[int | None], Iterator[B_co]]) -> None:
        self.dataset = dataset
        self.start = start

    def begin(self) -> Callable[[None], B_co]:
        """An epoch from its beginning."""
        return partial(_next, self.start(None))


def _next(coming: Iterator[T], turn: None) -> T:
    return next(coming)


class Job(NamedTuple, Generic[T, B_co]):
    """What a worker is told when it starts."""

    source: Source[T, B_co]
    worker_init_fn: Callable[[int], object] | None
    base_seed: int
    id: int
    num_workers: int


class Wrapped(Generic[T, B_co]):
    """A job, handed to a process: as it is to a forked one, else pickled.

    Only the worker's own code unpickles it, where an error can be caught and reported.
    """

    def __init__(self, job: Job[T, B_co]) -> None:
        self._job: Job[T, B_co] | None = job
        self._packed = b""

    def __getstate__(self) -> bytes:
        try:
            return bytes(ForkingPickler.dumps(self._job))
        except Exception as error:
            raise _not_picklable(self._job, error) from error

    def __setstate__(self, packed: bytes) -> None:
        self._job = None
        self._packed = packed

    def open(self) -> Job[T, B_co]:
        """The job."""
        if self._job is not None:
            return self._job
        job: Job[T, B_co] = pickle.loads(self._packed)
        return job


def _not_picklable(job: Job[T, B_co] | None, error: Exception) -> pickle.PicklingError:
    name = "collate_fn"
    for part, what in (
        (None if job is None else job.worker_init_fn, "worker_init_fn"),
        (None if job is None else job.source.dataset, "dataset"),
    ):
        try:
            ForkingPickler.dumps(part)
        except Exception:
            name = what
    return pickle.PicklingError(
        f"DataLoader: the {name} cannot be sent to a worker process, for it cannot be pickled "
        f"({type(error).__name__}: {error}). Use functions and classes that are defined at the top "
        "of a module, not lambdas or local ones, and open files in the worker; or, where the "
        "system can fork, multiprocessing_context='fork', which copies by itself; or num_workers=0."
    )


def work(
    connection: Connection, wrapped: Wrapped[T, B_co], number: int, parent: int | None
) -> None:
    """What a worker process does: a batch for each turn, until the connection or the parent ends.

    The parent's number is told: it may be gone before a worker could ask who it is.
    """
    _leave_signals_to_the_parent()
    turns: SimpleQueue[Turn[T] | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, turns, parent), daemon=True).start()
    where = f"in DataLoader worker process {number}"
    failure, job = None, None
    try:
        job = wrapped.open()
        _prepare(job)
    except Exception as error:
        failure = Failure(error, where)
    epoch, ended = -1, False
    make: Callable[[T], B_co] | None = None
    while (task := turns.get()) is not None:
        content: object = failure
        if job is not None and failure is None:
            try:
                if make is None or task[0] != epoch:
                    epoch, ended, make = task[0], False, None
                    make = job.source.begin()
                content = None if ended else make(task[2])
            except Exception as error:
                ended = job.source.ends and isinstance(error, StopIteration)
                content = None if ended else Failure(error, where)
        try:
            packed = transport.Packed(content)
        except Exception as error:  # no pickle, or no memory for it
            packed = transport.Packed(Failure(error, where))
        try:
            packed.send(connection, Label(task[0], task[1], ended))
        except OSError:
            return  # nobody wants it any more
        del task, content, packed  # their memory may go


def _prepare(job: Job[T, B_co]) -> None:
    """Seed all generators as PyTorch does, and compute on one thread."""
    seed = job.base_seed + job.id
    random.seed(seed)
    default_generator.lock = threading.RLock()  # a thread of the parent may have had it at a fork
    default_generator.manual_seed(seed)
    low, high = job.base_seed & 0xFFFFFFFF, job.base_seed >> 32
    numpy_random.seed(numpy_random.SeedSequence([job.id, low, high, 0]).generate_state(4))
    parallel.set_num_threads(1)
    set_worker_info(WorkerInfo(job.id, job.num_workers, seed, job.source.dataset))
    if job.worker_init_fn is not None:
        job.worker_init_fn(job.id)


def _listen(connection: Connection, turns: SimpleQueue[Turn[T] | None], parent: int | None) -> None:
    """Queue what is sent; at its end, end the process."""
    parent = os.getppid() if parent is None else parent
    try:
        while os.getppid() == parent:
            if connection.poll(_LOOK):
                turns.put(connection.recv())
    except (EOFError, OSError):
        pass
    turns.put(None)
    time.sleep(GRACE)
    os._exit(1)


def _leave_signals_to_the_parent() -> None:
    """Ctrl-C reaches all processes: the parent decides, and ends its workers.

    A handler that a forked worker inherited would do the parent's work again. The one for SIGINT is
    a function, for programs that a worker starts do not inherit it.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, lambda number, frame: None)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
