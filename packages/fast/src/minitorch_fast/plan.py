"""How to walk several arrays of one shape together: dimensions merged, ordered, made numbers.

A layout may have any rank and any strides, but almost always two or three loops remain once
dimensions that are contiguous in every operand are merged. A kernel gets those loops as a small
array of integers, its plan. The plan is made in Python, once for each combination of layouts.

The innermost loop decides the speed, so its pattern is not a number in the plan but part of the
kernel's source: one letter for each array, with the output first.

    v   stride 1: a vector
    s   stride 0: one value, read before the loop
    g   any other stride: elements are gathered (for the output: scattered)

Where some operand has its stride 1 in another loop than the output (`a + b.T`), both of these loops
are cut into tiles, so that each cache line is used while it is there; the pattern then ends with
`t`.
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
"""Numbers in front of the offsets; `plan` lists them."""

Ints = npt.NDArray[np.int64]
_Dim = tuple[int, ...]  # size, then one stride for each array


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


def plan(layouts: Sequence[Layout]) -> tuple[str, list[int]]:
    """The pattern and the numbers for arrays with these layouts, the output's first.

    The numbers are: the product of the outer dimensions, rows (the size of the second innermost
    loop), columns (of the innermost), how many outer dimensions there are; then for each array its
    offset and its strides along rows and columns; then for each outer dimension, fastest first, its
    size and strides.
    """
    dims = merge(layouts)
    columns = dims.pop()
    crossing = [i for i, dim in enumerate(dims) if 1 in dim[2:]]
    tiled = bool(crossing) and (columns[1] != 1 or any(s > 1 for s in columns[1:]))
    single = (1, *(0 for _ in layouts))
    rows = dims.pop(crossing[0] if tiled else -1) if dims else single
    numbers = [math.prod(dim[0] for dim in dims), rows[0], columns[0], len(dims)]
    for i, layout in enumerate(layouts, 1):
        numbers += [layout.offset, rows[i], columns[i]]
    for dim in reversed(dims):
        numbers += dim
    letters = "".join("v" if s == 1 else "s" if s == 0 else "g" for s in columns[1:])
    if letters[0] == "s":  # there is one column only
        letters = "g" + letters[1:]
    return letters + ("t" if tiled else ""), numbers


def plans(layouts: Sequence[Layout], team: int = 1) -> Plan:
    """The plan, cut for so many threads along the outermost dimension that is long enough."""
    pattern, numbers = plan(layouts)
    if team > 1:
        shape, strides = layouts[0].shape, layouts[0].strides
        long = [i for i, n in enumerate(shape) if n >= team]
        if long:
            dim = max(long, key=lambda i: strides[i])
            made = [
                plan([layout.narrow(dim, first, last - first) for layout in layouts])
                for first, last in threads.cut(shape[dim], team, 1)
            ]
            if all(each == pattern for each, _ in made):
                return Plan(pattern, tuple(np.array(part, np.int64) for _, part in made))
    return Plan(pattern, (np.array(numbers, np.int64),))
