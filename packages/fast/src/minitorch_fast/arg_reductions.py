"""arg_reduce: where the largest or smallest element along a dimension is.

As in `reductions` there are two loops. Along lines, the extreme of a block of 256 elements is found
first, which vectorises; only the block that holds the result is searched for it. That takes a
tenth of the time of comparing element by element with its position. Along columns, whole rows are
compared with the best so far and their positions.
"""

from __future__ import annotations

import textwrap
from typing import Final

from minitorch_fast import threads
from minitorch_fast.half import reference
from minitorch_fast.reduction_templates import functions, outline
from minitorch_fast.reductions import PARALLEL, Form, Walk, plan_walk
from minitorch_fast.threads import Kernel
from minitorch_operators import Binary, gt
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Array

_LIMIT: Final = 4096  # plans to remember
_LONGEST: Final = 2**31 - 1  # a position within a line or column is kept in 32 bits

_LINES: Final = """\
for _ in range(width):
    best = X[u64(unit_at)]
    where = 0
    for block in range((length + 255) >> 8):
        first = block * 256
        x_at = unit_at + first * x_step
        n = min(length - first, 256)
        h = X[u64(x_at)]
        for k in range(1, n):
            e = X[u64(x_at + k{step})]
            h = {combined}
        wins = (h {sign} best) | ((h != h) & (best == best)) | (block == 0)
        best = choose(wins, h, best)
        where = choose(wins, first, where)
    x_at = unit_at + where * x_step
    n = min(length - where, 256)
    found = np.int32(n)
    for k in range(n):  # the first that equals the best, or is nan as the best is
        e = X[u64(x_at + k{step})]
        t = choose((e == best) | ((e != e) & (best != best)), np.int32(k), np.int32(n))
        found = choose(t < found, t, found)
    OUT[u64(out_at)] = where + found
    unit_at += x_column
    out_at += out_column"""

_COLUMNS: Final = """\
for k in range(width):
    best[k] = X[u64(unit_at + k{column})]
    found[k] = 0
for block in range((length >> 3) + (length & 7)):
    # Eight rows at once; those that are left one by one, each taken eight times.
    single = block >= length >> 3
    first = length - (length & 7) + block - (length >> 3) if single else block * 8
    step = 0 if single else x_step
    p0 = unit_at + first * x_step
    p1, p2, p3 = p0 + step, p0 + 2 * step, p0 + 3 * step
    p4, p5, p6, p7 = p0 + 4 * step, p1 + 4 * step, p2 + 4 * step, p3 + 4 * step
    row = np.int32(first)
    for k in range(width):
{eight}
        b = best[k]
        wins = (h {sign} b) | ((h != h) & (b == b))
        best[k] = choose(wins, h, b)
        found[k] = choose(wins, row, found[k])
for k in range(width):
    j = i64(found[k])
    b = best[k]
    if b == b:
        while X[u64(unit_at + k{column} + j * x_step)] != b:
            j += 1
    else:
        while X[u64(unit_at + k{column} + j * x_step)] == X[u64(unit_at + k{column} + j * x_step)]:
            j += 1
    OUT[u64(out_at + k * out_column)] = j"""


class ArgReductionKernels:
    """The part of a backend that finds extremes."""

    def __init__(self) -> None:
        super().__init__()
        self._finders: dict[tuple[Binary, DType, Form], Kernel] = {}
        self._searches: dict[tuple[Layout, Layout, int, int], Walk] = {}

    def arg_reduce(self, operator: Binary, out: Array, x: Array, dim: int, /) -> None:
        """out[i] = the smallest k whose x[i, k] beats all others, by gt (argmax) or lt (argmin)."""
        if out.layout.size == 0:
            return
        if x.dtype.half or x.layout.shape[dim] > _LONGEST:
            reference.arg_reduce(operator, out, x, dim)
            return
        walk = self._search(out.layout, x.layout, dim)
        key = (operator, x.dtype, walk.form)
        kernel = self._finders.get(key)
        if kernel is None:
            from minitorch_fast import cache  # loaded for the first kernel

            kernel = self._finders[key] = cache.load(*source(*key))
        buffers = (out.storage.buffer, x.storage.buffer)
        threads.run(kernel, [(*buffers, part) for part in walk.parts])

    def _search(self, out: Layout, x: Layout, dim: int) -> Walk:
        team = threads.get_num_threads() if x.size >= PARALLEL else 1
        key = (out, x, dim, team)
        walk = self._searches.get(key)
        if walk is None:
            if len(self._searches) >= _LIMIT:
                self._searches.clear()
            strides = (*out.strides[:dim], 0, *out.strides[dim:])
            kept = Layout(x.shape, strides, out.offset)
            walk = self._searches[key] = plan_walk(kept, x, team, whole=True)
        return walk


def source(operator: Binary, dtype: DType, form: Form) -> tuple[str, str, str]:
    """The kernel of argmax or argmin as (name, text, signature)."""
    from minitorch_fast import templates
    from minitorch_fast.kernels import array_type
    from minitorch_fast.target import Body, kind_of

    largest = operator is gt
    sign = ">" if largest else "<"
    extreme = None
    if dtype.is_floating_point:
        extreme = ("larger", "maximum") if largest else ("smaller", "minimum")

    def combine(a: str, b: str) -> str:
        return f"choose({a} {sign} {b}, {a}, {b})" if extreme is None else f"{extreme[0]}({a}, {b})"

    body = Body(kind_of(dtype), calls={"choose"})
    column = "" if form.dense else " * x_column"
    eight = [f"e{i} = X[u64(p{i} + k{column})]" for i in range(8)]
    eight += [f"f{i} = {combine(f'e{i}', f'e{i + 4}')}" for i in range(4)]
    eight += [f"g{i} = {combine(f'f{i}', f'f{i + 2}')}" for i in range(2)]
    eight += [f"h = {combine('g0', 'g1')}"]
    loop = (_COLUMNS if form.columns else _LINES).format(
        sign=sign,
        combined=combine("h", "e"),
        eight=textwrap.indent("\n".join(eight), " " * 8),
        step="" if form.dense else " * x_step",
        column=column,
    )
    numpy_name = "bool_" if dtype.kind == "bool" else dtype.name
    setup = f"best, found = np.empty(chunk, np.{numpy_name}), np.empty(chunk, np.int32)"
    text = functions(extreme) + outline(form.outer, " " * 4 + setup if form.columns else "", loop)
    words = ["argmax" if largest else "argmin", dtype.name, "columns" if form.columns else "lines"]
    words.append("dense" if form.dense else "strided")
    title = f"{words[0]} of {words[1]}, along {words[2]}, {words[3]}"
    head = templates.head(f"{title} (see minitorch_fast.arg_reductions).", body)
    signature = f"void(int64[::1], {array_type(dtype)}[::1], int64[::1])"
    return "_".join(words), head + text, signature
