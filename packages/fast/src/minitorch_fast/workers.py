"""Threads that wait for parts of a computation, beside the thread that asks for it.

A job is several calls of one kernel. Whoever is free takes the next call: the workers, and the
thread that asked. So it never waits for a part that nobody has begun: where the cores belong to
other programs, and no worker wakes up, the asking thread does it all, as if there were no workers.
It waits only for parts that are being computed.

Waking a sleeping thread takes 10 to 100 microseconds, longer than many a part. So a worker that
runs out of work does not sleep at once: for some 50 microseconds it watches a counter, outside
Python's lock, and is there when the next operation comes. That is short enough to leave the cores
to other programs: a pool that spins for milliseconds (OpenMP's, OpenBLAS's) against another one
makes both ten times slower.
"""

from __future__ import annotations

import functools
import itertools
import os
import platform
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

import numpy as np

Kernel = Callable[..., object]
"""A compiled function on flat arrays and numbers, which releases Python's lock."""

Call = tuple[object, ...]
"""The arguments of one call of a kernel."""

WATCH: Final = 80
"""How often a worker looks before it sleeps: 40 to 130 microseconds, by the processor's pause."""

WATCHED: Final = 40e-6
"""Seconds after a job in which the workers are sure to watch still."""

GRACE: Final = 60
"""Pauses from seeing a signal to asking for Python's lock: by then, who gave it has let it go."""


class _Job:
    """Calls of a kernel, to be taken one by one."""

    __slots__ = ("_next", "calls", "done", "error", "finished", "kernel", "results")

    def __init__(self, kernel: Kernel, calls: Sequence[Call]) -> None:
        self.kernel = kernel
        self.calls = calls
        self.results: list[object] = [None] * len(calls)
        self.error: BaseException | None = None
        self.finished: SimpleQueue[None] = SimpleQueue()  # a token for each call by a worker
        self.done = np.zeros(1, np.int64)  # how many of those
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

    def help(self) -> bool:
        """What a worker does; whether there was anything left to do."""
        made = self.work()
        for _ in range(made):
            self.finished.put(None)
        self.done[0] += made  # two workers may lose a count here: then `wait` sleeps in vain
        return made > 0

    def wait(self, others: int) -> None:
        """Wait for that many calls that workers have begun."""
        if others:
            _watch()(self.done, others, WATCH, GRACE)
        for _ in range(others):
            self.finished.get()


class Workers:
    """The threads; started when they are needed.

    Where other programs have the cores, a worker is no help: it watches and yet comes when all is
    done, or takes a part and is interrupted in it. After such a job there are some without workers,
    for 1 millisecond, then 2, 4, up to 16, until workers help again.
    """

    def __init__(self) -> None:
        self.jobs: SimpleQueue[_Job] = SimpleQueue()
        self.bell = np.zeros(1, np.int64)  # how many jobs were brought
        self.count = 0
        self.lock = threading.Lock()
        self.rested = 0.0  # until when jobs are done without workers
        self.vain = 0  # how many times in a row workers were no help
        self.ended = -1.0  # when the last job with workers was done

    def run(self, kernel: Kernel, calls: Sequence[Call], team: int) -> list[object]:
        """The results of the calls, made by up to `team` threads, this one among them."""
        helpers = min(team, len(calls)) - 1
        begin = time.perf_counter()
        if helpers < 1 or begin < self.rested:
            return [kernel(*call) for call in calls]
        if self.count < helpers:
            self._start(helpers)
        watching = begin - self.ended < WATCHED
        job = _Job(kernel, calls)
        for _ in range(helpers):
            self.jobs.put(job)
        self.bell[0] += 1
        made = job.work()
        middle = time.perf_counter()
        job.wait(len(calls) - made)
        job.calls = ()  # a worker that comes too late may hold the job, but not the memory
        end = self.ended = time.perf_counter()
        alone = made == len(calls)
        if end - middle > middle - begin or (alone and watching):
            self.rested = end + 0.001 * 2**self.vain
            self.vain = min(self.vain + 1, 4)
        elif not alone:
            self.vain = 0
        if job.error is not None:
            raise job.error
        return job.results

    def _start(self, count: int) -> None:
        _watch()
        with self.lock:
            while self.count < count:
                name = f"minitorch-kernels-{self.count}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
                self.count += 1

    def _work(self) -> None:
        """What a worker does, for ever."""
        watch, bell, jobs = _watch(), self.bell, self.jobs
        while True:
            heard = int(bell[0])
            try:
                job = jobs.get_nowait()
            except Empty:
                if watch(bell, heard + 1, WATCH, GRACE):
                    continue
                job = jobs.get()
            job.help()
            del job  # the arrays may go


@functools.cache
def _watch() -> Kernel:
    """The compiled `kernel` of `_SOURCE`."""
    from minitorch_fast import cache  # it imports this module

    x86 = platform.machine() in ("x86_64", "AMD64")
    text = _SOURCE.format(pause="llvm.x86.sse2.pause" if x86 else "llvm.donothing")
    return cache.load("watch", text, "boolean(int64[::1], int64, int64, int64)")


_SOURCE = '''\
"""Watch a counter until it reaches a number, for a while: True if it did."""

from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic


@intrinsic
def now(typing, counter):
    """counter[0], read anew from memory."""

    def code(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.load_atomic(data, "acquire", 8)

    return types.int64(counter), code


@intrinsic
def pause(typing):
    """Tell the processor that this is a waiting loop."""

    def code(context, builder, signature, args):
        kind = ir.FunctionType(ir.VoidType(), [])
        builder.call(builder.module.declare_intrinsic("{pause}", (), kind), [])
        return context.get_dummy_value()

    return types.void(), code


others_first = types.ExternalFunction("sched_yield", types.int32())


@njit(nogil=True, no_cfunc_wrapper=True)
def kernel(counter, wanted, times, grace):
    for _ in range(times):
        for _ in range(8):
            if now(counter) >= wanted:
                for _ in range(grace):
                    pause()
                return True
            pause()
        others_first()
    return False
'''


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
