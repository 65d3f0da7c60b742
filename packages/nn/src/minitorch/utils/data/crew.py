"""The worker processes of an iterator: started, spoken to, watched, and ended.

Each worker has a connection of its own, so that one which is killed half way through a message
spoils no other's. All waiting is for connections and processes at once: a death wakes the parent.
"""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from operator import attrgetter, methodcaller
from typing import Final, NamedTuple, TypeVar

from minitorch import parallel
from minitorch.utils.data import transport
from minitorch.utils.data.transport import Parcel
from minitorch.utils.data.worker_loop import GRACE, Job, Wrapped, work

T = TypeVar("T")
B = TypeVar("B")

_LOOK: Final = 1.0  # seconds between two looks at the processes, should a death wake nobody
_LAST: Final = 1.0  # seconds that a process has to end when it is told to by a signal


class _Worker(NamedTuple):
    process: BaseProcess
    connection: Connection


class Crew:
    """Processes that make batches.

    Args:
        context: how they are started.
        jobs: what each is to do.

    Raises:
        PicklingError: if a job must be pickled, and cannot be.
    """

    def __init__(self, context: BaseContext, jobs: Sequence[Job[T, B]]) -> None:
        self._workers: list[_Worker] = []
        self._owner = os.getpid()
        self._grace = GRACE
        self.ended = ""  # why there are no workers any more
        if context.get_start_method() == "fork":
            parallel.get_num_threads()  # imports once what each worker would import
        try:
            for job in jobs:
                self._workers.append(_started(context, job))
        except BaseException:
            self.close()
            raise

    def send(self, worker: int, turn: tuple[int, int, object]) -> None:
        """Give a worker something to do; if it is dead, `receive` will say so."""
        try:
            self._workers[worker].connection.send(turn)
        except OSError:
            return
        except BaseException:  # it may be sent in part
            self._give_up("its connection to a worker was interrupted")
            raise

    def receive(self, deadline: float | None, timeout: float) -> tuple[int, Parcel]:
        """Wait for what a worker sends: its number, and what it is.

        Raises:
            RuntimeError: if there is nothing by the deadline, or a worker is dead.
        """
        connections = [worker.connection for worker in self._workers]
        sentinels = [worker.process.sentinel for worker in self._workers]
        while True:
            left = _LOOK if deadline is None else max(deadline - time.monotonic(), 0.0)
            ready = wait([*connections, *sentinels], min(left, _LOOK))
            for number, connection in enumerate(connections):
                if connection in ready:
                    return number, self._received(number)
            for worker in self._workers:
                if worker.process.sentinel in ready or not worker.process.is_alive():
                    raise self._dead(worker)
            if deadline is not None and time.monotonic() >= deadline:
                self._grace = 0.0  # who hangs will not end by itself
                raise RuntimeError(
                    f"DataLoader timed out after {timeout} seconds: no worker (pid(s) "
                    f"{self._pids()}) sent a batch. One of them may hang; num_workers=0 shows "
                    "where. If batches just take long, raise timeout."
                )

    def _received(self, number: int) -> Parcel:
        worker = self._workers[number]
        try:
            parcel = transport.receive(worker.connection)
        except (EOFError, OSError) as error:
            worker.process.join(_LAST)
            if worker.process.exitcode is None:  # no memory, no file descriptor
                self._give_up(f"a batch could not be received ({error})")
                raise
            raise self._dead(worker) from None
        except BaseException:
            self._give_up("its connection to a worker was interrupted")
            raise
        self._grace = GRACE
        return parcel

    def _dead(self, worker: _Worker) -> RuntimeError:
        worker.process.join(_LAST)
        self._give_up(_obituary(worker.process))
        return RuntimeError(self.ended)

    def _pids(self) -> str:
        return ", ".join(str(worker.process.pid) for worker in self._workers)

    def _give_up(self, why: str) -> None:
        self.hurry()
        self.close(why)

    def hurry(self) -> None:
        """Let workers that are busy when they are no longer needed be ended by a signal."""
        self._grace = 0.0

    def close(self, why: str = "it was closed") -> None:
        """End all workers: those that are busy have some seconds to finish.

        In a process that was forked from the one that started them this does nothing.
        """
        if self.ended or os.getpid() != self._owner:
            return
        self.ended = why
        for worker in self._workers:
            _hang_up(worker.connection)
        for patience, order in (
            (self._grace, methodcaller("terminate")),
            (_LAST, methodcaller("kill")),
            (_LAST, methodcaller("is_alive")),
        ):
            until = time.monotonic() + patience
            for worker in self._workers:
                worker.process.join(max(until - time.monotonic(), 0.0))
            for worker in self._workers:
                if worker.process.exitcode is None:
                    order(worker.process)
        for worker in self._workers:
            if worker.process.exitcode is not None:
                worker.process.close()
        self._workers.clear()


def _started(context: BaseContext, job: Job[T, B]) -> _Worker:
    ours, theirs = context.Pipe(duplex=True)
    make: Callable[..., BaseProcess] = attrgetter("Process")(context)
    name = f"DataLoader worker {job.id}"
    # A fork server stands between, and ends with us.
    parent = None if context.get_start_method() == "forkserver" else os.getpid()
    arguments = (theirs, Wrapped(job), job.id, parent)
    process = make(target=work, args=arguments, name=name, daemon=True)
    try:
        with _interrupts_held(context.get_start_method()), warnings.catch_warnings():
            # Since 3.12 Python warns of threads at a fork, for the child lacks them and their
            # locks stay as they are. Those of minitorch_fast are made anew in a child.
            warnings.filterwarnings("ignore", ".*multi-threaded, use of fork", DeprecationWarning)
            process.start()
    except BaseException:
        ours.close()
        if process.pid is not None:  # interrupted right after the start
            process.terminate()
            process.join(_LAST)
        raise
    finally:
        theirs.close()
    return _Worker(process, ours)


@contextmanager
def _interrupts_held(way: str) -> Iterator[None]:
    """No Ctrl-C until a new process has its handlers, which let it through again.

    A fork server would pass that on to processes that are not ours.
    """
    if not hasattr(signal, "pthread_sigmask") or way == "forkserver":
        yield
        return
    if way == "spawn":  # it starts that with the first process, and lets signals through then
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _hang_up(connection: Connection) -> None:
    """End a connection for both sides, even if a forked process has it too."""
    if os.name == "posix":
        import socket

        try:
            with socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the worker has gone first
    connection.close()


def _obituary(process: BaseProcess) -> str:
    code = process.exitcode
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        why = {
            "SIGKILL": " The system does that where memory is short: try fewer workers, a smaller "
            "prefetch_factor or batch.",
            "SIGSEGV": " A library that the dataset uses has crashed.",
        }.get(name, "")
        return f"DataLoader worker (pid {process.pid}) is killed by signal: {name}.{why}"
    return (
        f"DataLoader worker (pid {process.pid}) exited unexpectedly with exit code {code}. What it "
        "printed may say why; num_workers=0 runs the same code in this process. (Where workers are "
        "not forked, a script needs `if __name__ == '__main__':` around what it runs.)"
    )
