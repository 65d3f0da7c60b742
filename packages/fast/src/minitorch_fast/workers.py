"""Threads that wait for parts of a computation, beside the thread that asks for it.

A job is several calls of one kernel. Whoever is free takes the next call: the workers, and the
thread that asked. So it never waits for a part that nobody has begun: where the cores belong to
other programs, and no worker wakes up, the asking thread does it all, as if there were no workers.
It waits only for parts that are being computed.

Waking a sleeping thread takes 10 to 100 microseconds, longer than many a part. So a worker that
runs out of work does not sleep at once: for a while it watches, in compiled code, outside Python's
lock, and lets others have its core when they want it.

A kernel's calls are on a board in memory (`native`): a worker that watches takes them without
Python. What is no kernel, such as a product by NumPy's BLAS, is a Python function, and taken from a
queue by the same workers.
"""

from __future__ import annotations

import functools
import itertools
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

import numpy as np

from minitorch_fast import native

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

# What is where on the board; apart, so that no two threads write to one line of a cache.
JOB, DONE, BELL, CALLER, ROWS, PITCH, CORE = 0, 16, 32, 48, 49, 50, 64
OTHERS, ALLOWED = 80, 96  # sets of cores, of 16 words
SIZE: Final = 112


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
            _board_kernel()(self.done, 0, 0, others, WATCH, GRACE)
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
        found = _board_kernel()(board, 0, job, entry.caller, rows, 8 * entry.width)
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
        _board_kernel()
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
        watch, board, jobs = _board_kernel(), self.board, self.jobs
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


@functools.cache
def _board_kernel() -> Kernel:
    """The compiled `kernel` of `_SOURCE`."""
    from minitorch_fast import cache  # it imports this module

    x86 = platform.machine() in ("x86_64", "AMD64")
    places = {
        "JOB": JOB, "DONE": DONE, "BELL": BELL, "CALLER": CALLER, "ROWS": ROWS, "PITCH": PITCH,
        "CORE": CORE, "OTHERS": OTHERS, "ALLOWED": ALLOWED,
    }  # fmt: skip
    system = _LINUX if sys.platform == "linux" else _ELSEWHERE
    text = _SOURCE.format(
        pause="llvm.x86.sse2.pause" if x86 else "llvm.donothing",
        clock="llvm.readcyclecounter" if x86 else "",
        SYSTEM=system.format(**places), **places,
        yields="SwitchToThread" if sys.platform == "win32" else "sched_yield",
    )  # fmt: skip
    signature = "int64(int64[::1], int64, int64, int64, int64, int64)"
    return cache.load("board", text, signature)


_LINUX = '''\
core = types.ExternalFunction("sched_getcpu", types.int32())
allow = types.ExternalFunction(
    "sched_setaffinity", types.int32(types.int32, types.uintp, types.voidptr)
)


@njit(nogil=True, no_cfunc_wrapper=True)
def step_aside(board):
    """Leave the core of the thread that asks: forbidden this one for a moment, we move at once.

    Linux often lets a worker wake up where the thread runs that needs it, and leaves both there for
    milliseconds while another core is idle.
    """
    here = core()
    if here >= 0 and here == now(board, {CORE}):
        some = 0
        for i in range(16):
            word = board[{ALLOWED} + i]
            if i == here // 64:
                word &= ~(1 << (here % 64))
            board[{OTHERS} + i] = word
            some |= word
        if some != 0 and allow(0, 128, at(board, {OTHERS})) == 0:
            allow(0, 128, at(board, {ALLOWED}))
'''

_ELSEWHERE = '''\
@njit(nogil=True, no_cfunc_wrapper=True)
def core():
    """Where this thread runs is not known here."""
    return -1


@njit(nogil=True, no_cfunc_wrapper=True)
def step_aside(board):
    """Nothing can be done about it either."""
'''

_SOURCE = '''\
"""A board on which there is a job, calls of a kernel, that several threads take one by one.

The number of calls that are left, the number of helpers and the job's own number are one word: who
makes it one less in a single step has a call, and of that job.
"""

from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic

WORD = ir.IntType(64)


def place(context, builder, signature, args):
    """The address of board[i]."""
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
    return builder.gep(data, [args[1]])


@intrinsic
def now(typing, board, i):
    """board[i], read anew from memory."""

    def code(context, builder, signature, args):
        return builder.load_atomic(place(context, builder, signature, args), "acquire", 8)

    return types.int64(board, types.int64), code


@intrinsic
def show(typing, board, i, value):
    """Write board[i], after all that was written before."""

    def code(context, builder, signature, args):
        builder.store_atomic(args[2], place(context, builder, signature, args), "release", 8)
        return context.get_dummy_value()

    return types.void(board, types.int64, types.int64), code


@intrinsic
def swap(typing, board, i, old, new):
    """Write new to board[i] if old is there: whether it was."""

    def code(context, builder, signature, args):
        where = place(context, builder, signature, args)
        found = builder.cmpxchg(where, args[2], args[3], "acq_rel", "acquire")
        return builder.extract_value(found, 1)

    return types.boolean(board, types.int64, types.int64, types.int64), code


@intrinsic
def count(typing, board, i):
    """One more at board[i]."""

    def code(context, builder, signature, args):
        where = place(context, builder, signature, args)
        builder.atomic_rmw("add", where, ir.Constant(WORD, 1), "acq_rel")
        return context.get_dummy_value()

    return types.void(board, types.int64), code


@intrinsic
def call(typing, address, row):
    """Call the function at an address with a row's address."""

    def code(context, builder, signature, args):
        kind = ir.FunctionType(ir.VoidType(), [WORD])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), code


@intrinsic
def pause(typing):
    """Tell the processor that this is a waiting loop."""

    def code(context, builder, signature, args):
        kind = ir.FunctionType(ir.VoidType(), [])
        builder.call(builder.module.declare_intrinsic("{pause}", (), kind), [])
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def clock(typing):
    """The processor's own time, where it is known."""

    def code(context, builder, signature, args):
        if "{clock}" == "":
            return ir.Constant(WORD, 0)
        kind = ir.FunctionType(WORD, [])
        return builder.call(builder.module.declare_intrinsic("{clock}", (), kind), [])

    return types.int64(), code


@intrinsic
def at(typing, board, i):
    """The address of board[i]."""

    def code(context, builder, signature, args):
        pointer = place(context, builder, signature, args)
        return builder.bitcast(pointer, ir.IntType(8).as_pointer())

    return types.voidptr(board, types.int64), code


others_first = types.ExternalFunction("{yields}", types.int32())
{SYSTEM}


@njit(nogil=True, no_cfunc_wrapper=True)
def take(board, me):
    """Make calls of the job on the board until none is left; how many were made."""
    made = 0
    while True:
        word = now(board, {JOB})
        left = word & 0xFFFFFF
        if left == 0 or me > (word >> 24) & 0xFF:
            return made
        if swap(board, {JOB}, word, word - 1):
            call(board[{CALLER}], board[{ROWS}] + (left - 1) * board[{PITCH}])
            count(board, {DONE})
            made += 1


@njit(nogil=True, no_cfunc_wrapper=True)
def kernel(board, me, job, wanted, times, grace):
    """What is done at a board.

    job > 0: put it there, make calls of it, and wait for those of others. The numbers are the
        address of the function that makes a call, that of the first row, and the bytes of a row.
        How many calls were made, times 2; and 1 more if waiting took longer than that.
    job = 0: make calls of any job, until the bell has rung `wanted` times, or nothing has come for
        as many looks as `times`.
    """
    if job > 0:
        board[{CALLER}], board[{ROWS}], board[{PITCH}] = wanted, times, grace
        board[{DONE}] = 0
        calls = job & 0xFFFFFF
        show(board, {CORE}, core())
        begin = clock()
        show(board, {JOB}, job)
        made = take(board, me)
        middle = clock()
        looks = 0
        while now(board, {DONE}) < calls:
            looks += 1
            pause()
            if looks > 2000:
                others_first()
        return 2 * made + (clock() - middle > middle - begin)
    quiet = 0
    made = 0
    while quiet < times:
        if me > 0:
            step_aside(board)
            took = take(board, me)
            if took > 0:
                made += took
                quiet = 0
        for _ in range(8):
            if now(board, {BELL}) >= wanted:
                for _ in range(grace):
                    pause()
                return made
            pause()
        quiet += 1
        if quiet % 4 == 0:
            others_first()
    return made
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
