"""Fewer dimensions for the same elements: what a kernel needs of several layouts of one shape.

A dimension of size 1 is dropped; two neighbours are one where, in every operand, a step of the
outer is a whole pass through the inner. Most launches end with one dimension, and need no division
to find a position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from minitorch_tensor.layout import Layout, Shape


@dataclass(frozen=True, slots=True)
class Walk:
    """A shape, and the strides of each operand along it."""

    shape: Shape
    strides: tuple[tuple[int, ...], ...]

    @property
    def rank(self) -> int:
        """The number of dimensions that are left."""
        return len(self.shape)

    @property
    def simple(self) -> bool:
        """Whether each operand is read at i, or always at its first element."""
        return self.rank <= 1 and all(stride in (0, 1) for s in self.strides for stride in s)


def collapse(shape: Shape, operands: Sequence[tuple[int, ...]]) -> Walk:
    """The fewest dimensions in which all operands have strides; the order of elements stays.

    >>> collapse((2, 3, 4), [(12, 4, 1), (12, 4, 1)])
    Walk(shape=(24,), strides=((1,), (1,)))
    >>> collapse((2, 3, 4), [(12, 4, 1), (0, 4, 1)])
    Walk(shape=(2, 12), strides=((12, 1), (0, 1)))
    """
    sizes: list[int] = []
    kept: list[list[int]] = [[] for _ in operands]
    for i, size in enumerate(shape):
        if size == 1:
            continue
        if sizes and all(
            merged[-1] == size * strides[i] for merged, strides in zip(kept, operands, strict=True)
        ):
            sizes[-1] *= size
            for merged, strides in zip(kept, operands, strict=True):
                merged[-1] = strides[i]
            continue
        sizes.append(size)
        for merged, strides in zip(kept, operands, strict=True):
            merged.append(strides[i])
    return Walk(tuple(sizes), tuple(tuple(merged) for merged in kept))


def in_memory_order(layout: Layout) -> list[int]:
    """The dimensions by falling stride; those that repeat elements keep their places.

    >>> in_memory_order(Layout((2, 3, 4), (1, 8, 2)))
    [1, 2, 0]
    """
    strides = layout.strides
    if all(a >= b for a, b in pairwise(strides)) or 0 in strides:
        return list(range(layout.ndim))
    return sorted(range(layout.ndim), key=lambda dim: -strides[dim])


def fits_32_bits(size: int, operands: Sequence[tuple[Shape, tuple[int, ...]]]) -> bool:
    """Whether all positions, and a step past the last of `size` elements, are below 2**31.

    Positions count from an operand's own first element. Strides below 0 need 64 bits.
    """
    limit = 1 << 31
    if size >= limit:
        return False
    for shape, strides in operands:
        if any(stride < 0 for stride in strides):
            return False
        if sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True)) >= limit:
            return False
    return True
