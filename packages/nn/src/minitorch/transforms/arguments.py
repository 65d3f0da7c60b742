"""The arguments of transforms: sizes and ranges, written in several ways."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["as_factors", "as_range", "as_size", "check_pair", "rounded"]


def as_size(size: int | Sequence[int]) -> tuple[int, int]:
    """(height, width), from one number or two.

    Raises:
        ValueError: if there are others.

    >>> as_size(32), as_size([32]), as_size((3, 4))
    ((32, 32), (32, 32), (3, 4))
    """
    sizes = (size,) if isinstance(size, int) else tuple(size)
    if len(sizes) not in (1, 2):
        raise ValueError(
            f"Please provide only two dimensions (h, w) for size, got {len(sizes)}: {size}"
        )
    return sizes[0], sizes[-1]


def as_range(name: str, value: float | Sequence[float]) -> list[float]:
    """A range of degrees: a positive number on both sides of 0, or the two ends.

    Raises:
        TypeError: if it is neither a number nor a sequence.
        ValueError: if the number is negative, or there are not two ends.

    >>> as_range("degrees", 10)
    [-10.0, 10.0]
    """
    if isinstance(value, int | float):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be positive, got {value}.")
        return [-float(value), float(value)]
    if not isinstance(value, Sequence):
        raise TypeError(f"{name} should be a sequence of length 2, got {value!r}.")
    if len(value) != 2:
        raise ValueError(f"{name} should be a sequence of length 2, got {len(value)}.")
    return [float(end) for end in value]


def as_factors(
    name: str,
    value: float | Sequence[float],
    centre: float = 1.0,
    bound: tuple[float, float] = (0.0, math.inf),
) -> tuple[float, float] | None:
    """A range of factors around a centre at which nothing happens; None if it is that alone.

    Raises:
        TypeError: if it is neither a number nor two.
        ValueError: if a number is negative, or an end beyond the bound.

    >>> as_factors("contrast", 0.25), as_factors("contrast", 0)
    ((0.75, 1.25), None)
    """
    if isinstance(value, int | float):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative, got {value}.")
        low, high = centre - float(value), centre + float(value)
        if centre == 1.0:
            low = max(low, 0.0)
    elif isinstance(value, tuple | list) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(
            f"{name} should be a single number or a list/tuple with length 2, got {value!r}."
        )
    if not bound[0] <= low <= high <= bound[1]:
        raise ValueError(f"{name} values should be between {bound}, but got {[low, high]}.")
    return None if low == high == centre else (low, high)


def check_pair(name: str, value: Sequence[float]) -> tuple[float, float]:
    """Two numbers, the lower first.

    Raises:
        TypeError: if it is no sequence.
        ValueError: if there are not two, or they are in the wrong order.
    """
    if not isinstance(value, tuple | list):
        raise TypeError(f"{name.capitalize()} should be a sequence, got {value!r}")
    if len(value) != 2 or value[0] > value[1]:
        raise ValueError(f"{name} should be of kind (min, max), got {value}")
    return value[0], value[1]


def rounded(values: Sequence[float]) -> tuple[float, ...]:
    """To four digits, for the text of a transform.

    >>> rounded((3 / 4, 4 / 3))
    (0.75, 1.3333)
    """
    return tuple(round(value, 4) for value in values)
