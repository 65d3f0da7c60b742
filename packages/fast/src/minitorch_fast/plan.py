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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_tensor.layout import Layout

HEADER: Final = 6
"""Numbers in front of the offsets: units, chunks, width, rows, columns, outer dimensions."""

Ints = npt.NDArray[np.int64]
_Dim = tuple[int, ...]  # size, then one stride for each array


@dataclass(frozen=True, slots=True)
class Plan:
    """The loops, for a kernel, and the pattern of the innermost."""

    pattern: str
    numbers: Ints


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


def plan(layouts: Sequence[Layout], threads: int = 1) -> Plan:
    """The loops over arrays with these layouts, the output's first, for so many threads.

    The numbers are: units of work for one thread, chunks that the innermost loop is cut into, their
    width, the rows (size of the second innermost loop) and the columns; then for each array its
    offset and its strides along rows and columns; then for each outer dimension, fastest first, its
    size and strides.
    """
    dims = merge(layouts)
    columns = dims.pop()
    tiled = next((i for i, dim in enumerate(dims) if 1 in dim[2:]), None)
    if columns[1] == 1 and all(s <= 1 for s in columns[1:]):
        tiled = None  # the innermost loop is contiguous already
    if tiled is not None:
        rows = dims.pop(tiled)
    elif dims and threads == 1:
        rows = dims.pop()
    else:
        rows = (1, *(0 for _ in layouts))
    outer = 1
    for dim in dims:
        outer *= dim[0]
    wanted = 1 if threads == 1 else -(-2 * threads // max(outer, 1))
    width = -(-columns[0] // wanted)
    width = max(-(-width // 64) * 64, 64)
    chunks = max(-(-columns[0] // width), 1)
    numbers = [outer * chunks, chunks, width, rows[0], columns[0], len(dims)]
    for i, layout in enumerate(layouts, 1):
        numbers += [layout.offset, rows[i], columns[i]]
    for dim in reversed(dims):
        numbers += dim
    letters = "".join("v" if s == 1 else "s" if s == 0 else "g" for s in columns[1:])
    if letters[0] == "s":  # one column only
        letters = "g" + letters[1:]
    pattern = letters + ("t" if tiled is not None else "")
    return Plan(pattern, np.array(numbers, np.int64))
