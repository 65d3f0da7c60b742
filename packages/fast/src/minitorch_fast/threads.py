"""How many threads compute, for our kernels and for BLAS alike, and when one must do.

Numba can run a loop on three threading layers. Its own (`workqueue`) aborts the process when two
Python threads enter it at once, so only OpenMP and TBB are allowed here. After a fork OpenMP
terminates the child that uses it: there, kernels run on one thread.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
import threading
import warnings
from collections.abc import Callable
from typing import Final

from minitorch_fast import numba_config

_BLAS_NAMES: Final = (
    "scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", 
    "openblas_{}_num_threads64_", "openblas_{}_num_threads", "MKL_{}_Num_Threads",
)  # fmt: skip


class _State:
    """The number of threads, and whether they can be had."""

    __slots__ = ("available", "forked", "prepared", "wanted")

    def __init__(self) -> None:
        self.wanted: int | None = None  # None: not chosen, all there are
        self.available: bool | None = None  # None: not tried yet
        self.prepared = False
        self.forked = False


_state = _State()
_local = threading.local()


def prepare() -> None:
    """Settings that must be made before Numba starts its threads; a user's own stay."""
    if _state.prepared:
        return
    _state.prepared = True
    # Threads that wait in a loop take the cores from BLAS, which has threads of its own.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if numba_config.setting("THREADING_LAYER") == "default":
        numba_config.set_setting(
            "THREADING_LAYER", "threadsafe"
        )  # TBB, else OpenMP, never workqueue


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


def team() -> int:
    """How many threads a parallel kernel would run on now: 1 means that a serial one must be used.

    Tells Numba how many to use; that setting belongs to the calling thread.
    """
    if _state.forked or _state.available is False:
        return 1
    wanted = get_num_threads()
    if wanted == 1:
        return 1
    if _state.available is None:
        _state.available = _try()
        return team()
    n = min(wanted, numba_config.most_threads())
    if getattr(_local, "team", None) != n:
        numba_config.use_threads(n)
        _local.team = n
    return n


def _try() -> bool:
    """Start Numba's threads; False, with a warning, where there is no safe threading layer."""
    prepare()
    try:
        layer = numba_config.launch_threads()
    except ValueError as error:
        warnings.warn(f"kernels run on one thread: {error}", RuntimeWarning, stacklevel=4)
        return False
    return layer != "workqueue"


def _blas(verb: str) -> Callable[..., object] | None:
    """The function of NumPy's BLAS that gets or sets its number of threads; None if unknown."""
    extension = importlib.import_module("numpy._core._multiarray_umath").__file__
    library = ctypes.CDLL(extension)
    for name in _BLAS_NAMES:
        function: Callable[..., object] | None = getattr(library, name.format(verb), None)
        if function is not None:
            return function
    return None


def _blas_threads() -> int | None:
    """How many threads BLAS uses; None if unknown."""
    get = _blas("get")
    return None if get is None else int(str(get()))


def _after_fork() -> None:
    _state.forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
