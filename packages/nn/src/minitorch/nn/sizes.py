"""One number that stands for several: `kernel_size=3` is (3, 3)."""

from collections.abc import Sequence
from typing import TypeVar

N = TypeVar("N", int, float)


def repeated(value: N | Sequence[N], n: int) -> tuple[N, ...]:
    """A number, n times; several numbers as they are.

    >>> repeated(3, 2), repeated([1, 2], 2)
    ((3, 3), (1, 2))
    """
    return tuple(value) if isinstance(value, Sequence) else (value,) * n
