"""How to walk several arrays of one shape together: dimensions merged, ordered, made numbers.

A layout may have any rank and any strides, but almost always two or three loops remain once
dimensions that are contiguous in every operand are merged. A kernel gets those loops as a small
array of integers, its plan. The plan is made in Python, once for each combination of layouts.

The innermost loop decides the speed, so its pattern is not a number in the plan but part of the
kernel's source: one letter for each array, with the output first.

    v   stride 1: a vector
    s   stride 0: one value, read before the loop
    g   any other stride: elements are gathered (for the output: scattered)
    x   any other stride, but 1 in the next outer loop, as b in `a + b.T`: the array lies crosswise

Where an array lies crosswise, both of these loops are cut into tiles, and its part of a tile is
turned in a small buffer: so it is read along its own lines, and each cache line is read once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import threads
from minitorch_tensor.layout import Layout

HEADER: Final = 4
"""Numbers in front of those of the arrays; `Loops.header` lists them."""

Ints = npt.NDArray[np.int64]
_Dim = tuple[int, ...]  # size, then one stride for each array

_SHORT: Final = 8
"""A loop shorter than this is not worth tiles."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The pattern of the innermost loop, and the loops of each part of the work."""

    pattern: str
    parts: tuple[Ints, ...]


def merge(layouts: Sequence[Layout]) -> list[_Dim]:
    """The dimensions of the layouts, largest output stride first, without those that can be merged.

    >>> merge([Layout.contiguous((2, 3, 4)), Layout((2, 3, 4), (0, 4, 1))])
    [(2, 12, 0), (12, 1, 1)]
    """
    shape = layouts[0].shape
    strides = [layout.strides for layout in layouts]
    dims = [(n, *(s[i] for s in strides)) for i, n in enumerate(shape) if n != 1]
    dims.sort(key=lambda dim: [-s for s in dim[1:]])
    merged: list[_Dim] = []
    for dim in dims:
        size = dim[0]
        if merged and all(
            outer == inner * size for outer, inner in zip(merged[-1][1:], dim[1:], strict=True)
        ):
            merged[-1] = (merged[-1][0] * size, *dim[1:])
        else:
            merged.append(dim)
    return merged or [(1, *(1 for _ in layouts))]


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops over some arrays: their pattern, the two innermost, and those around them."""

    pattern: str
    offsets: tuple[int, ...]
    rows: _Dim
    columns: _Dim
    outer: tuple[_Dim, ...]  # the slowest first

    @property
    def units(self) -> int:
        """How many times the two innermost loops run."""
        return math.prod(dim[0] for dim in self.outer)

    def header(self) -> list[int]:
        """Units, rows, columns, how many outer loops; then offset, row, column of each array."""
        numbers = [self.units, self.rows[0], self.columns[0], len(self.outer)]
        for offset, row, column in zip(self.offsets, self.rows[1:], self.columns[1:], strict=True):
            numbers += [offset, row, column]
        return numbers

    def folded(self) -> Ints:
        """The header; then for each outer loop, fastest first, its size and strides."""
        numbers = self.header()
        for dim in reversed(self.outer):
            numbers += dim
        return np.array(numbers, np.int64)

    def listed(self) -> Ints:
        """The header; then for each unit, where it begins in each array.

        A kernel that looks these numbers up compiles in half the time of one that computes them,
        whose division and remainder for each outer loop LLVM copies into every form of the inner
        loops.
        """
        starts = np.array([self.offsets], np.int64)
        for size, *strides in self.outer:
            steps = np.arange(size)[:, None] * np.array(strides, np.int64)
            starts = (starts[:, None] + steps).reshape(-1, len(self.offsets))
        return np.concatenate([np.array(self.header(), np.int64), starts.reshape(-1)])


def loops(layouts: Sequence[Layout]) -> Loops:
    """The loops for arrays with these layouts, the output's first.

    >>> loops([Layout.contiguous((2, 3)), Layout((2, 3), (0, 1))]).pattern
    'vv'
    >>> loops([Layout.contiguous((40, 30)), Layout((40, 30), (1, 40))]).pattern
    'vx'
    """
    dims = merge(layouts)
    columns = dims.pop()
    crossing = [
        i
        for i, dim in enumerate(dims)
        if any(s == 1 and column > 1 for s, column in zip(dim[2:], columns[2:], strict=True))
        and min(dim[0], columns[0]) >= _SHORT
    ]
    single = (1, *(0 for _ in layouts))
    rows = dims.pop(crossing[0] if crossing else -1) if dims else single
    letters = ["v" if s == 1 else "s" if s == 0 else "g" for s in columns[1:]]
    if letters[0] == "s":  # there is one column only
        letters[0] = "g"
    for i in range(1, len(layouts)):
        if crossing and letters[i] == "g" and rows[i + 1] == 1:
            letters[i] = "x"
    offsets = tuple(layout.offset for layout in layouts)
    return Loops("".join(letters), offsets, rows, columns, tuple(dims))


def plans(layouts: Sequence[Layout], team: int = 1, listed: bool = False) -> Plan:
    """The plan, cut for so many threads along the outermost dimension that is long enough.

    Its numbers are `Loops.folded`, or `Loops.listed`.
    """
    whole = loops(layouts)
    parts = [whole]
    if team > 1:
        shape, strides = layouts[0].shape, layouts[0].strides
        long = [i for i, n in enumerate(shape) if n >= team]
        if long:
            dim = max(long, key=lambda i: strides[i])
            made = [
                loops([layout.narrow(dim, first, last - first) for layout in layouts])
                for first, last in threads.cut(shape[dim], team, 1)
            ]
            if all(part.pattern == whole.pattern for part in made):
                parts = made
    return Plan(whole.pattern, tuple(p.listed() if listed else p.folded() for p in parts))
