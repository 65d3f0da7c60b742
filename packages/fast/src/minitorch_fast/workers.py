"""Threads that wait for parts of a computation, beside the thread that asks for it.

A job is several calls of one kernel. Whoever is free takes the next call: the workers, and the
thread that asked. So it never waits for a part that nobody has begun: where the cores belong to
other programs, and no worker wakes up, the asking thread does it all, as if there were no workers.
It waits only for parts that are being computed.

Waking a sleeping thread takes 10 to 100 microseconds, longer than many a part. So a worker that
runs out of work does not sleep at once: for a while it watches, in compiled code, outside Python's
lock, and lets others have its core when they want it.

A kernel's calls are on a board in memory (`board`): a worker that watches takes them without
Python. What is no kernel, such as attention over a group of heads, is a Python function, and taken
from a queue by the same workers.
"""

from __future__ import annotations

import functools
import itertools
import os
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

import numpy as np

from minitorch_fast import native
from minitorch_fast.board import ALLOWED, BELL, CORE, JOB, SIZE, at_board

Kernel = Callable[..., object]
"""A compiled function on flat arrays and numbers, which releases Python's lock."""

Call = tuple[object, ...]
"""The arguments of one call of a kernel."""

WATCH: Final = 400
"""How often a worker looks before it sleeps: for 200 to 600 microseconds, by the processor."""

WATCHED: Final = 100e-6
"""Seconds after a job in which the workers that helped are sure to watch still."""

GRACE: Final = 60
"""Pauses from hearing the bell to asking for Python's lock: by then, who rang has let it go."""


class _Job:
    """Calls of a function of Python, to be taken one by one."""

    __slots__ = ("_next", "calls", "done", "error", "finished", "kernel", "results")

    def __init__(self, kernel: Kernel, calls: Sequence[Call]) -> None:
        self.kernel = kernel
        self.calls = calls
        self.results: list[object] = [None] * len(calls)
        self.error: BaseException | None = None
        self.finished: SimpleQueue[None] = SimpleQueue()  # a token for each call by a worker
        self.done = np.zeros(SIZE, np.int64)  # a board: at BELL, how many of those
        self._next = itertools.count()  # next() of it is atomic

    def work(self) -> int:
        """Make calls until none is left that nobody has begun; how many were made."""
        calls, made = self.calls, 0
        while (i := next(self._next)) < len(calls):
            try:
                self.results[i] = self.kernel(*calls[i])
            except BaseException as error:  # raised again where the work was asked for
                self.error = error
            made += 1
        return made

    def help(self) -> None:
        """What a worker does."""
        made = self.work()
        for _ in range(made):
            self.finished.put(None)
        self.done[BELL] += made  # two workers may lose a count here: then `wait` sleeps in vain

    def wait(self, others: int) -> None:
        """Wait for that many calls that workers have begun."""
        if others:
            at_board()(self.done, 0, 0, others, WATCH, GRACE)
        for _ in range(others):
            self.finished.get()


class Workers:
    """The threads; started when they are needed.

    Where other programs have the cores, a worker is no help: it watches and yet comes when all is
    done, or takes a part and is interrupted in it. After two such jobs in a row there are some
    without workers, for 1 millisecond, then 2, 4, up to 16, until workers help again.
    """

    def __init__(self) -> None:
        self.jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self.board = np.zeros(SIZE, np.int64)
        self.board[CORE] = -1
        self.asked = 0  # how many jobs were on the board
        self.one = threading.Lock()  # there is one job on the board
        self.count = 0
        self.asleep = 0  # how many workers wait for the queue, or are about to
        self.lock = threading.Lock()  # of the two above
        self.rested = 0.0  # until when jobs are done without workers
        self.vain = 0  # how many times in a row workers were no help
        self.helped = -1.0  # when the last job that they did a part of was done

    def run(self, kernel: Kernel, calls: Sequence[Call], team: int) -> list[object]:
        """The results of the calls, made by up to `team` threads, this one among them."""
        helpers = min(team, len(calls), 256) - 1
        begin = time.perf_counter()
        if helpers < 1 or begin < self.rested:
            return [kernel(*call) for call in calls]
        if self.count < helpers:
            self._start(helpers)
        entry = native.entries.get(kernel)
        if entry is None:
            return self._by_queue(kernel, calls, helpers, begin)
        if not self.one.acquire(blocking=False):  # another thread's job is there
            return [kernel(*call) for call in calls]
        try:
            return self._by_board(entry, kernel, calls, helpers, begin)
        finally:
            self.one.release()

    def _by_board(
        self, entry: native.Entry, kernel: Kernel, calls: Sequence[Call], helpers: int, begin: float
    ) -> list[object]:
        """Calls of a kernel: the workers take them without Python."""
        board, words, n = self.board, entry.words(calls), len(calls)
        for _ in range(min(self.asleep, helpers)):
            self.jobs.put(None)
        self.asked = self.asked % 0x3FFFFFFF + 1
        job, rows = self.asked << 32 | helpers << 24 | n, words.buffer_info()[0]
        # One step for Python: an interrupt must not let go of memory that a worker writes to.
        found = at_board()(board, 0, job, entry.caller, rows, 8 * entry.width)
        assert isinstance(found, int)
        self._judge(begin, n - found // 2, found % 2 == 1)
        results = entry.results(words)
        if results is None:  # Python says what was raised
            return [kernel(*call) for call in calls]
        return results

    def _by_queue(
        self, kernel: Kernel, calls: Sequence[Call], helpers: int, begin: float
    ) -> list[object]:
        """Calls of any function."""
        job = _Job(kernel, calls)
        for _ in range(helpers):
            self.jobs.put(job)
        self.board[BELL] += 1
        made = job.work()
        middle = time.perf_counter()
        job.wait(len(calls) - made)
        job.calls = ()  # a worker that comes too late may hold the job, but not the memory
        self._judge(begin, len(calls) - made, time.perf_counter() - middle > middle - begin)
        if job.error is not None:
            raise job.error
        return job.results

    def _judge(self, begin: float, theirs: int, held: bool) -> None:
        """Were workers a help in a job that began then: in how many calls, and at what price?

        `held`: to wait for theirs took longer than to make the others.
        """
        end = time.perf_counter()
        watching = begin - self.helped < WATCHED
        if theirs:
            self.helped = end
        if held or (not theirs and watching):
            self.vain += 1
            if self.vain > 1:
                self.rested = end + 0.001 * 2 ** min(self.vain - 2, 4)
        elif theirs:
            self.vain = 0

    def _start(self, count: int) -> None:
        at_board()
        affinity = getattr(os, "sched_getaffinity", None)
        allowed = sum(1 << core for core in affinity(0)) if affinity is not None else 0
        for i in range(16):
            word = allowed >> 64 * i & (1 << 64) - 1
            self.board[ALLOWED + i] = np.uint64(word).view(np.int64)
        with self.lock:
            while self.count < count:
                self.count += 1
                name = f"minitorch-kernels-{self.count}"
                work = functools.partial(self._work, self.count)
                threading.Thread(target=work, name=name, daemon=True).start()

    def _work(self, me: int) -> None:
        """What a worker does, for ever."""
        watch, board, jobs = at_board(), self.board, self.jobs
        while True:
            heard = int(board[BELL])
            try:
                job = jobs.get_nowait()
            except Empty:
                watch(board, me, 0, heard + 1, WATCH, GRACE)
                if board[BELL] != heard:
                    continue
                with self.lock:
                    self.asleep += 1
                # A job that came between is seen here; one that comes from here on wakes it up.
                job = None if int(board[JOB]) & 0xFFFFFF else jobs.get()
                with self.lock:
                    self.asleep -= 1
            if job is not None:
                job.help()
            del job  # the arrays may go


_workers = Workers()


def run(kernel: Kernel, calls: Sequence[Call], team: int) -> list[object]:
    """The results of several calls of a kernel, made by up to `team` threads at the same time.

    What a call raises is raised here, when all calls have ended.
    """
    return _workers.run(kernel, calls, team)


def _after_fork() -> None:
    global _workers
    _workers = Workers()  # the threads stayed behind


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
