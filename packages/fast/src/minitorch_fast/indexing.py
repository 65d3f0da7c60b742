"""gather and scatter_add: kernels that read or write positions.

Indices are checked in the kernels, so that one that is out of range can neither read nor write
outside the memory; the message is the NumPy backend's.
"""

from __future__ import annotations

import textwrap
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import threads
from minitorch_fast.arg_reductions import ArgReductionKernels
from minitorch_fast.half import reference
from minitorch_fast.plan import Ints, plans
from minitorch_fast.threads import Kernel
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import check_index, view
from minitorch_tensor.storage import Array

PARALLEL: Final = 200_000
"""From so many elements on, the work is cut for threads."""

_LIMIT: Final = 4096  # ways to move to remember

# Three arrays are walked: A is written or read at a position that INDEX gives, B is the other one.
_KERNEL: Final = """

@njit(**OPTIONS)
def kernel(A, INDEX, B, plan, size, step):
    units, rows, columns, outer = plan[0], plan[1], plan[2], plan[3]
    b_row, i_row, a_row = plan[5], plan[8], plan[11]
    b_column, i_column, a_column = plan[6], plan[9], plan[12]
    bad = 0
{walks}
    return bad
"""

_WALK: Final = """\
for unit in range(units):
    rest = unit
    b_at, i_at, a_at = plan[4], plan[7], plan[10]
    for d in range(outer):
        place = 13 + 4 * d
        i = rest % plan[place]
        rest = rest // plan[place]
        b_at += i * plan[place + 1]
        i_at += i * plan[place + 2]
        a_at += i * plan[place + 3]
    for _ in range(rows):
{row}
        b_at += b_row
        i_at += i_row
        a_at += a_row"""

# An index that is out of range reads element 0, and is counted: there is no branch to guess.
_GATHER_ROW: Final = """\
for k in range(columns):
    index = INDEX[u64(i_at + k{i})]
    inside = (index >= 0) & (index < size)
    bad += choose(inside, 0, 1)
    p = a_at + choose(inside, index, 0) * step
    B[u64(b_at + k{b})] = {cast}(A[u64(p + k{a})])"""

_GATHER_WHOLE_ROW: Final = """\
index = INDEX[u64(i_at)]
inside = (index >= 0) & (index < size)
bad += choose(inside, 0, 1)
p = a_at + choose(inside, index, 0) * step
for k in range(columns):
    B[u64(b_at + k{b})] = {cast}(A[u64(p + k{a})])"""

_CHECK_ROW: Final = """\
for k in range({columns}):
    index = INDEX[u64(i_at + k{i})]
    bad += choose((index >= 0) & (index < size), 0, 1)"""

_SCATTER_ROW: Final = """\
for k in range(columns):
    p = a_at + INDEX[u64(i_at + k{i})] * step
    A[u64(p + k{a})] += {cast}(B[u64(b_at + k{b})])"""

_SCATTER_WHOLE_ROW: Final = """\
p = a_at + INDEX[u64(i_at)] * step
for k in range(columns):
    A[u64(p + k{a})] += {cast}(B[u64(b_at + k{b})])"""

_Way = tuple[Kernel, tuple[Ints, ...], int, int]  # and its plans, and size and stride along dim


class IndexKernels(ArgReductionKernels):
    """The part of a backend that deals in positions."""

    def __init__(self) -> None:
        super().__init__()
        self._movers: dict[tuple[bool, DType, DType, str], Kernel] = {}
        self._ways: dict[tuple[object, ...], _Way] = {}

    def gather(self, out: Array, x: Array, index: Array, dim: int, /) -> None:
        """out[i, j, ...] = x[index[i, j, ...], j, ...], for dim = 0; likewise for others."""
        size = out.layout.size
        if size == 0:
            return
        if x.dtype.half:
            reference.gather(out, x, index, dim)
            return
        team = threads.get_num_threads() if size >= PARALLEL else 1
        self._move("gather", out, index, x, dim, team)

    def scatter_add(self, out: Array, index: Array, x: Array, dim: int, /) -> None:
        """out[index[i, j, ...], j, ...] += x[i, j, ...], for dim = 0; likewise for others.

        On one thread, in the order of the indices: sums do not depend on chance.
        """
        if index.layout.size:
            if out.dtype.half or x.dtype.half:
                reference.scatter_add(out, index, x, dim)
            else:
                self._move("scatter_add", x, index, out, dim, 1)

    def _move(self, name: str, b: Array, index: Array, a: Array, dim: int, team: int) -> None:
        key = (name, b.layout, index.layout, a.layout, dim, b.dtype, a.dtype, team)
        way = self._ways.get(key)
        if way is None:
            if len(self._ways) >= _LIMIT:
                self._ways.clear()
            way = self._ways[key] = self._find_way(name, b, index, a, dim, team)
        kernel, parts, size, step = way
        buffers = (a.storage.buffer, index.storage.buffer, b.storage.buffer)
        # Where there is nothing to index, every index is bad.
        bad = size == 0 or any(
            threads.run(kernel, [(*buffers, part, size, step) for part in parts])
        )
        if bad:
            positions: npt.NDArray[np.int64] = view(index).astype(np.int64)
            check_index(name, positions, size, dim)

    def _find_way(self, name: str, b: Array, index: Array, a: Array, dim: int, team: int) -> _Way:
        shape = index.layout.shape
        strides = tuple(0 if i == dim else s for i, s in enumerate(a.layout.strides))
        others = Layout(shape, strides, a.layout.offset)
        source = Layout(shape, b.layout.strides, b.layout.offset)
        loops = plans([source, index.layout, others], team)
        key = (name == "gather", a.dtype, b.dtype, loops.pattern[:3])
        kernel = self._movers.get(key)
        if kernel is None:
            from minitorch_fast import cache  # loaded for the first kernel

            kernel = self._movers[key] = cache.load(*_mover(*key))
        return kernel, loops.parts, a.layout.shape[dim], a.layout.strides[dim]


def _mover(gather: bool, a: DType, b: DType, pattern: str) -> tuple[str, str, str]:
    """The kernel of gather or scatter_add as (name, text, signature)."""
    from minitorch_fast import templates
    from minitorch_fast.kernels import array_type
    from minitorch_fast.target import Body

    whole = pattern[1] == "s"
    names = {
        name: "" if letter == "v" else f" * {name}_column"
        for name, letter in zip("bia", pattern, strict=True)
    }
    names |= {"cast": templates.type_name(b if gather else a), "columns": "columns"}
    if gather:
        rows = [_GATHER_WHOLE_ROW if whole else _GATHER_ROW]
    else:  # all indices are looked at before anything is written
        rows = [_CHECK_ROW, _SCATTER_WHOLE_ROW if whole else _SCATTER_ROW]
    walks = []
    for row in rows:
        if row is _CHECK_ROW and whole:
            names["columns"] = "1"
        walks.append(_WALK.format(row=textwrap.indent(row.format(**names), " " * 8)))
    text = "\nif bad:\n    return bad\n".join(walks)
    label = "gather" if gather else "scatter_add"
    title = f"{label}: {b.name} and {a.name}, pattern {pattern} (see minitorch_fast.plan)."
    name = "_".join([label, b.name, a.name, pattern])
    types = f"{array_type(a)}[::1], int64[::1], {array_type(b)}[::1], int64[::1], int64, int64"
    head = templates.head(title, Body("int64", calls={"choose"}))
    return name, head + _KERNEL.format(walks=textwrap.indent(text, " " * 4)), f"int64({types})"
