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
from minitorch_fast.plan import plans
from minitorch_fast.threads import Kernel
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import check_index, view
from minitorch_tensor.storage import Array

PARALLEL: Final = 200_000
"""From so many elements on, the work is cut for threads."""

# Three arrays are walked: A is written or read at a position that INDEX gives, B is the other one.
_WALK = """

@njit(**OPTIONS)
def kernel(A, INDEX, B, plan, size, step):
    units, rows, columns, outer = plan[0], plan[1], plan[2], plan[3]
    bad = 0
{check}
    for unit in range(units):
        rest = unit
        b_at, i_at, a_at = plan[4], plan[7], plan[10]
        for d in range(13, 13 + 4 * outer, 4):
            i = rest % plan[d]
            rest = rest // plan[d]
            b_at += i * plan[d + 1]
            i_at += i * plan[d + 2]
            a_at += i * plan[d + 3]
        for _ in range(rows):
{row}
            b_at += plan[5]
            i_at += plan[8]
            a_at += plan[11]
    return bad
"""

_ROW_OF_ONE_INDEX = """\
index = INDEX[u64(i_at)]
if 0 <= index < size:
    p = a_at + index * step
    for k in range(columns):
        {move}
else:
    bad += 1"""

_ROW = """\
for k in range(columns):
    index = INDEX[u64(i_at + k * plan[9])]
    if 0 <= index < size:
        p = a_at + index * step
        {move}
    else:
        bad += 1"""

_GATHER = "B[u64(b_at + k{b})] = {cast}(A[u64(p + k{a})])"
_SCATTER = "A[u64(p + k{a})] += {cast}(B[u64(b_at + k{b})])"


class IndexKernels(ArgReductionKernels):
    """The part of a backend that deals in positions."""

    def __init__(self) -> None:
        super().__init__()
        self._movers: dict[tuple[bool, DType, DType, str], Kernel] = {}

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
        buffers = (a.storage.buffer, index.storage.buffer, b.storage.buffer)
        size, step = a.layout.shape[dim], a.layout.strides[dim]
        bad = threads.run(kernel, [(*buffers, part, size, step) for part in loops.parts])
        if any(bad):
            positions: npt.NDArray[np.int64] = view(index).astype(np.int64)
            check_index(name, positions, a.layout.shape[dim], dim)


def _mover(gather: bool, a: DType, b: DType, pattern: str) -> tuple[str, str, str]:
    """The kernel of gather or scatter_add as (name, text, signature)."""
    from minitorch_fast import templates
    from minitorch_fast.kernels import array_type
    from minitorch_fast.target import Body

    at = {
        "a": "" if pattern[2] == "v" else " * plan[12]",
        "b": "" if pattern[0] == "v" else " * plan[6]",
    }
    move = (_GATHER if gather else _SCATTER).format(
        cast=templates.type_name(b if gather else a), **at
    )
    row = _ROW_OF_ONE_INDEX if pattern[1] == "s" else _ROW
    walk = _WALK.format(
        row=textwrap.indent(row.format(move=move), " " * 12),
        check="{check}",
    )
    if gather:
        text = walk.replace("{check}\n", "")
    else:
        # All indices are looked at before anything is written.
        looking = _ROW_OF_ONE_INDEX if pattern[1] == "s" else _ROW
        dry = _WALK.format(
            row=textwrap.indent(looking.format(move="pass"), " " * 12),
            check="",
        )
        begin, end = dry.index("    for unit"), dry.index("    return bad")
        text = walk.replace("{check}\n", dry[begin:end] + "    if bad:\n        return bad\n")
    label = "gather" if gather else "scatter_add"
    title = f"{label}: {b.name} and {a.name}, pattern {pattern} (see minitorch_fast.plan)."
    name = "_".join([label, b.name, a.name, pattern])
    types = f"{array_type(a)}[::1], int64[::1], {array_type(b)}[::1], int64[::1], int64, int64"
    return name, templates.head(title, Body("int64")) + text, f"int64({types})"
