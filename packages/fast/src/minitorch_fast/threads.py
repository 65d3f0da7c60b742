"""How many threads compute, for our kernels and for BLAS alike.

Numba can compile a loop for several threads, but such a kernel takes three times as long to
compile, runs on a layer that aborts under Python's own threads (`workqueue`) or ends a forked child
(OpenMP), and spins while BLAS wants the cores. Our kernels release Python's lock, so plain Python
threads do as well: the work is cut into parts, each a call of the same serial kernel, and a few
waiting threads take them. That costs about 20 microseconds, so small work is not cut.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final

Kernel = Callable[..., object]
"""A compiled function on flat arrays and numbers, which releases Python's lock."""

Call = tuple[object, ...]
"""The arguments of one call of a kernel."""

_BLAS_NAMES: Final = (
    "scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads",
    "openblas_{}_num_threads64_", "openblas_{}_num_threads", "MKL_{}_Num_Threads",
)  # fmt: skip


class _Done:
    """What a call has left: its result, or what it raised."""

    __slots__ = ("error", "result")

    def __init__(self, result: object, error: BaseException | None) -> None:
        self.result = result
        self.error = error


_Task = tuple[Kernel, Call, "SimpleQueue[_Done]"]


class _Workers:
    """Threads that wait for calls; started when they are needed."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[_Task] = SimpleQueue()
        self.count = 0
        self.lock = threading.Lock()

    def need(self, count: int) -> None:
        """Have at least so many threads."""
        if self.count >= count:
            return
        with self.lock:
            while self.count < count:
                name = f"minitorch-kernels-{self.count}"
                threading.Thread(target=_work, args=(self.tasks,), name=name, daemon=True).start()
                self.count += 1


def _work(tasks: SimpleQueue[_Task]) -> None:
    """What a worker does, for ever."""
    while True:
        kernel, call, done = tasks.get()
        try:
            done.put(_Done(kernel(*call), None))
        except BaseException as error:  # raised again where the work was asked for
            done.put(_Done(None, error))
        del kernel, call, done  # the arrays may go


class _State:
    """The number of threads that was chosen, and those there are."""

    __slots__ = ("wanted", "workers")

    def __init__(self) -> None:
        self.wanted: int | None = None  # None: not chosen, as many as there are cores
        self.workers = _Workers()


_state = _State()


def run(kernel: Kernel, calls: Sequence[Call]) -> list[object]:
    """The results of several calls of a kernel, made at the same time."""
    if len(calls) == 1:
        return [kernel(*calls[0])]
    workers = _state.workers
    workers.need(len(calls) - 1)
    done: SimpleQueue[_Done] = SimpleQueue()
    for call in calls[1:]:
        workers.tasks.put((kernel, call, done))
    try:
        results = [kernel(*calls[0])]
    finally:
        others = [done.get() for _ in calls[1:]]
    for other in others:
        if other.error is not None:
            raise other.error
        results.append(other.result)
    return results


def cut(n: int, parts: int, grain: int = 64) -> list[tuple[int, int]]:
    """Cut range(n) into at most so many ranges, at multiples of `grain`.

    >>> cut(1000, 2)
    [(0, 512), (512, 1000)]
    """
    width = max(-(-n // (parts * grain)) * grain, grain)
    return [(first, min(first + width, n)) for first in range(0, n, width)]


def set_num_threads(n: int) -> None:
    """Compute with up to n threads, in kernels and in BLAS.

    https://docs.pytorch.org/docs/stable/generated/torch.set_num_threads.html

    Raises:
        TypeError: if n is no int.
        RuntimeError: if n is not positive.
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"set_num_threads: expected an int, got {type(n).__name__}")
    if n < 1:
        raise RuntimeError(f"set_num_threads: expected a positive number of threads, got {n}")
    _state.wanted = n
    set_blas = _blas("set")
    if set_blas is not None:
        set_blas(n)


def get_num_threads() -> int:
    """How many threads a large computation uses.

    https://docs.pytorch.org/docs/stable/generated/torch.get_num_threads.html
    """
    return _state.wanted if _state.wanted is not None else _default()


@functools.cache
def _default() -> int:
    """The cores this process may use, or $OMP_NUM_THREADS."""
    chosen = os.environ.get("OMP_NUM_THREADS", "")
    if chosen.isdecimal() and int(chosen) > 0:
        return int(chosen)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


@functools.cache
def _blas(verb: str) -> Callable[..., object] | None:
    """The function of NumPy's BLAS that gets or sets its number of threads; None if unknown."""
    extension = importlib.import_module("numpy._core._multiarray_umath").__file__
    library = ctypes.CDLL(extension)
    for name in _BLAS_NAMES:
        function: Callable[..., object] | None = getattr(library, name.format(verb), None)
        if function is not None:
            return function
    return None


def blas_threads() -> int | None:
    """How many threads BLAS uses; None if unknown."""
    get = _blas("get")
    return None if get is None else int(str(get()))


def _after_fork() -> None:
    _state.workers = _Workers()  # the threads stayed behind


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
