"""What the functions of this folder check of their arguments, once, at the public border.

A composite, and an override of it on some device, begin with the same check, so that bad input
gives one message everywhere and a kernel sees only good input.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor

Ints = int | Sequence[int]
"""One number for all dimensions, or one for each."""


def require_floating(name: str, x: Tensor) -> None:
    """Refuse integers and bools.

    Raises:
        RuntimeError: if x is not floating.
        TypeError: if it is no tensor.
    """
    if not require_tensor(name, "input", x).dtype.is_floating_point:
        raise RuntimeError(
            f"{name}: expected a floating point tensor, but got {x.dtype}; convert it with .float()"
        )


def require_alike(name: str, input: Tensor, what: str, other: Tensor | None) -> None:
    """Refuse another dtype or device than that of the input.

    Raises:
        RuntimeError: if dtypes or devices differ.
        TypeError: if the other is no tensor.
    """
    if other is None:
        return
    require_tensor(name, what, other)
    if other.dtype is not input.dtype:
        raise RuntimeError(
            f"{name}: expected input and {what} to have the same dtype, but got {input.dtype} and "
            f"{other.dtype}; convert one with .to(...)"
        )
    if other.storage.device is not input.storage.device:
        raise RuntimeError(
            f"{name}: expected input and {what} on one device, but they are on {input.device} and "
            f"{other.device}; move one with .to(...)"
        )


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
