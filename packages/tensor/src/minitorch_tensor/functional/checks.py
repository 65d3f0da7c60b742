"""What the functions of this folder check of their arguments, once, at the public border.

A composite, and an override of it on some device, begin with the same check, so that bad input
gives one message everywhere and a kernel sees only good input.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_tensor.arguments import require_alike, require_floating

__all__ = ["Ints", "each", "require_alike", "require_floating"]

Ints = int | Sequence[int]
"""One number for all dimensions, or one for each."""


def each(name: str, what: str, value: Ints, n: int) -> tuple[int, ...]:
    """One number for each of n dimensions.

    Raises:
        RuntimeError: if there are neither 1 nor n of them.

    >>> each("conv2d", "stride", 2, 2), each("conv2d", "stride", [2, 1], 2)
    ((2, 2), (2, 1))
    """
    if isinstance(value, int):
        return (value,) * n
    values = tuple(value)
    if len(values) == 1:
        return values * n
    if len(values) != n:
        raise RuntimeError(
            f"{name}: expected {what} to be a single integer value or a list of {n} values to "
            f"match the dimensions, but got {what}={values}"
        )
    return values
