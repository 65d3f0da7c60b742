"""A board in memory on which there is a job: calls of a kernel, that several threads take.

What is done at it is compiled, so that no thread asks for Python's lock between hearing of a job
and its end. A bell beside it tells of work that only Python can do.
"""

from __future__ import annotations

import functools
import platform
import sys
from collections.abc import Callable
from typing import Final

# What is where on the board; apart, so that no two threads write to one line of a cache.
JOB, DONE, BELL, CALLER, ROWS, PITCH, CORE = 0, 16, 32, 48, 49, 50, 64
OTHERS, ALLOWED = 80, 96  # sets of cores, of 16 words
SIZE: Final = 112


@functools.cache
def at_board() -> Callable[..., object]:
    """What threads call at a board: the compiled `kernel` of `_SOURCE`."""
    from minitorch_fast import cache  # it imports `threads`, which imports what waits here

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
