"""The CPU's compiled backend, and how many threads it may use.

`minitorch_fast` is imported when the first tensor on the CPU is made, not with minitorch itself.
"""

from __future__ import annotations

import importlib

from minitorch_tensor.device import promise_backend

promise_backend("cpu", lambda: importlib.import_module("minitorch_fast"))


def get_num_threads() -> int:
    """How many threads compute large operations on the CPU.

    https://docs.pytorch.org/docs/stable/generated/torch.get_num_threads.html

    >>> get_num_threads() >= 1
    True
    """
    from minitorch_fast import threads

    return threads.get_num_threads()


def set_num_threads(n: int) -> None:
    """Let large operations on the CPU use n threads: our kernels and BLAS alike.

    https://docs.pytorch.org/docs/stable/generated/torch.set_num_threads.html

    Raises:
        RuntimeError: if n is less than 1.
        TypeError: if n is no integer.

    >>> set_num_threads(0)
    Traceback (most recent call last):
        ...
    RuntimeError: set_num_threads: expected a positive number of threads, got 0
    """
    from minitorch_fast import threads

    threads.set_num_threads(n)
