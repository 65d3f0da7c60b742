"""How many threads compute, for our kernels and for matrix products alike.

Numba can compile a loop for several threads, but such a kernel takes three times as long to
compile, runs on a layer that aborts under Python's own threads (`workqueue`) or ends a forked child
(OpenMP), and spins while BLAS wants the cores. Our kernels release Python's lock, so plain Python
threads do as well: the work is cut into parts, each a call of the same serial kernel, and a few
waiting threads (`workers`) take them. That costs about 10 microseconds, so small work is not cut.

BLAS is told to compute on one thread, in the whole process, when it is first used by `linalg`,
which cuts large products into parts itself: there is one pool of threads, and one number.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
from collections.abc import Callable, Sequence
from typing import Final

from minitorch_fast import workers
from minitorch_fast.workers import Call, Kernel

__all__ = [
    "Call", "Kernel", "blas_is_serial", "blas_threads", "cores", "cut", "get_num_threads", "run",
    "set_num_threads",
]  # fmt: skip

_BLAS_NAMES: Final = (
    "scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads",
    "openblas_{}_num_threads64_", "openblas_{}_num_threads", "MKL_{}_Num_Threads",
)  # fmt: skip


class _State:
    """The number of threads that was chosen."""

    __slots__ = ("wanted",)

    def __init__(self) -> None:
        self.wanted: int | None = None  # None: not chosen, as many as there are cores


_state = _State()


def run(kernel: Kernel, calls: Sequence[Call]) -> list[object]:
    """The results of several calls of a kernel, made by several threads at the same time.

    What a call raises is raised here, when all calls have ended.
    """
    if len(calls) == 1:
        return [kernel(*calls[0])]
    return workers.run(kernel, calls, get_num_threads())


def cut(n: int, parts: int, grain: int = 64) -> list[tuple[int, int]]:
    """Cut range(n) into at most so many ranges, at multiples of `grain`.

    >>> cut(1000, 2)
    [(0, 512), (512, 1000)]
    """
    width = max(-(-n // (parts * grain)) * grain, grain)
    return [(first, min(first + width, n)) for first in range(0, n, width)]


def set_num_threads(n: int) -> None:
    """Compute with up to n threads, in kernels and in matrix products.

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


def get_num_threads() -> int:
    """How many threads a large computation uses.

    https://docs.pytorch.org/docs/stable/generated/torch.get_num_threads.html
    """
    return _state.wanted if _state.wanted is not None else _default()


@functools.cache
def _default() -> int:
    """The cores this process may use, or $OMP_NUM_THREADS."""
    chosen = os.environ.get("OMP_NUM_THREADS", "")
    return int(chosen) if chosen.isdecimal() and int(chosen) > 0 else cores()


@functools.cache
def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


@functools.cache
def blas_is_serial() -> bool:
    """Tell BLAS to compute on one thread; False if this BLAS cannot be told."""
    set_blas = _blas("set")
    if set_blas is not None:
        set_blas(1)
    return set_blas is not None


@functools.cache
def _blas(verb: str) -> Callable[..., object] | None:
    """The function of NumPy's BLAS that gets or sets its number of threads; None if unknown."""
    library = blas_library()
    for name in _BLAS_NAMES:
        function: Callable[..., object] | None = getattr(library, name.format(verb), None)
        if function is not None:
            return function
    return None


@functools.cache
def blas_library() -> ctypes.CDLL:
    """Where NumPy's BLAS is: it is loaded with that part of NumPy."""
    return ctypes.CDLL(importlib.import_module("numpy._core._multiarray_umath").__file__)


def blas_threads() -> int | None:
    """How many threads BLAS uses; None if unknown."""
    get = _blas("get")
    return None if get is None else int(str(get()))
