"""OpenMP, which minitorch does without: its threads are its own, `minitorch.set_num_threads`.

https://docs.pytorch.org/docs/stable/backends.html#module-torch.backends.openmp
"""

from __future__ import annotations


def is_available() -> bool:
    """Whether it is there: never.

    >>> is_available()
    False
    """
    return False
