"""Functions of integers: their bits (`& | ^ ~ << >>`), and common divisors.

On bools the first four are logic. The operators are in `minitorch_operators.bits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import minitorch_operators as op
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import pointwise
from minitorch_tensor.arguments import require_tensor

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

bitwise_and = pointwise.binary(op.bitwise_and, numbers=True)
bitwise_or = pointwise.binary(op.bitwise_or, numbers=True)
bitwise_xor = pointwise.binary(op.bitwise_xor, numbers=True)
bitwise_left_shift = pointwise.binary(op.bitwise_left_shift, numbers=True)
bitwise_right_shift = pointwise.binary(op.bitwise_right_shift, numbers=True)


def bitwise_not(input: Tensor) -> Tensor:
    """Elementwise: every bit flipped, which is -x - 1; of bools the other one.

    https://docs.pytorch.org/docs/stable/generated/torch.bitwise_not.html

    Raises:
        RuntimeError: for a floating dtype.

    >>> import minitorch_tensor as mt
    >>> bitwise_not(mt.tensor([0, 5, -1]))
    Tensor([-1, -6,  0], requires_grad=False)
    """
    logic = require_tensor("bitwise_not", "input", input).dtype is dtypes.bool_
    return input.apply_unary(op.logical_not if logic else op.bitwise_not)


def gcd(input: Tensor, other: Tensor) -> Tensor:
    """Elementwise: the largest integer that divides both; of 0 and b it is |b|.

    https://docs.pytorch.org/docs/stable/generated/torch.gcd.html

    Raises:
        RuntimeError: if they are not integers.

    >>> import minitorch_tensor as mt
    >>> gcd(mt.tensor([5, 10, 15]), mt.tensor([3, 4, 5]))
    Tensor([1, 2, 5], requires_grad=False)
    """
    require_tensor("gcd", "input", input)
    return input.apply_binary(op.gcd, require_tensor("gcd", "other", other))


def lcm(input: Tensor, other: Tensor) -> Tensor:
    """Elementwise: the smallest positive integer that both divide; 0 where one of them is 0.

    https://docs.pytorch.org/docs/stable/generated/torch.lcm.html

    Raises:
        RuntimeError: if they are not integers.

    >>> import minitorch_tensor as mt
    >>> lcm(mt.tensor([5, 10, 15]), mt.tensor([3, 4, 5]))
    Tensor([15, 20, 15], requires_grad=False)
    """
    require_tensor("lcm", "input", input)
    return input.apply_binary(op.lcm, require_tensor("lcm", "other", other))


# ---- Python's operators ------------------------------------------------------------------------


def and_(a: Tensor, b: Tensor | float) -> Tensor:
    """`a & b`."""
    return a.apply_binary(op.bitwise_and, b)


def or_(a: Tensor, b: Tensor | float) -> Tensor:
    """`a | b`."""
    return a.apply_binary(op.bitwise_or, b)


def xor(a: Tensor, b: Tensor | float) -> Tensor:
    """`a ^ b`."""
    return a.apply_binary(op.bitwise_xor, b)


def lshift(a: Tensor, b: Tensor | float) -> Tensor:
    """`a << b`."""
    return a.apply_binary(op.bitwise_left_shift, b)


def rshift(a: Tensor, b: Tensor | float) -> Tensor:
    """`a >> b`."""
    return a.apply_binary(op.bitwise_right_shift, b)


def rlshift(b: Tensor, a: float) -> Tensor:
    """`a << b` for a number a."""
    return b.apply_reflected(op.bitwise_left_shift, a)


def rrshift(b: Tensor, a: float) -> Tensor:
    """`a >> b` for a number a."""
    return b.apply_reflected(op.bitwise_right_shift, a)


def invert(x: Tensor) -> Tensor:
    """`~x`.

    Raises:
        TypeError: for a floating dtype.
    """
    if x.dtype.is_floating_point:
        raise TypeError(f"~ is defined for integer and bool tensors only, but got {x.dtype}")
    return bitwise_not(x)
