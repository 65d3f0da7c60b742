"""The loops of a reduction, as text: along lines of memory, or along columns.

A reduction walks the dimensions that are kept and, for each of their indices, those that are
reduced. Which kernel serves depends on the dimension whose elements lie side by side in memory:

    lines     it is reduced: 32 partial results side by side, 128 elements a step, joined at the end
    columns   it is kept: whole rows are combined, five at a time, while the results stay in cache

Both combine pieces of bounded length, and then the results of the pieces as in a tournament: two of
the same size at a time. So the error of a float32 sum grows with the logarithm of its length only,
the loops are vectorised without leave to reorder, and the result is the same on every machine.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Final

Combine = Callable[[str, str], str]
"""The names of two values to the expression that combines them."""

Element = Callable[[str], str]
"""A position to the expression that reads the element there."""

WIDTH: Final = 512
"""Columns that are reduced together: their results fit into the first level of cache."""

LINE: Final = 8192
"""Elements of a line that are one piece."""

ROWS: Final = 32
"""Rows that are one piece."""

HEADER: Final = 12
"""Numbers in front of the dimensions of a plan; `reductions.Walk` lists them."""

_OUTLINE = """

@njit(**OPTIONS, cache=True)
def kernel(OUT, X, plan):
    wide()
    units, runs, length, x_step = plan[0], plan[1], plan[2], plan[3]
    kept, reduced, depth = plan[4], plan[5], plan[6]
    columns, x_column, out_column = plan[7], plan[8], plan[9]
    kept_end = 12 + 3 * kept
    chunks = (columns + 511) // 512
    held = np.empty({scratch}, np.{dtype})
    for unit in range(units):
        chunk = unit % chunks
        rest = unit // chunks
        width = min(columns - chunk * 512, 512)
        out_at = plan[10] + chunk * 512 * out_column
        unit_at = plan[11] + chunk * 512 * x_column
        for d in range(12, kept_end, 3):
            i = rest % plan[d]
            rest = rest // plan[d]
            out_at += i * plan[d + 1]
            unit_at += i * plan[d + 2]
        count = 0  # pieces so far; its bits say which levels hold the result of that many
        for run in range(runs):
            rest = run
            x_at = unit_at
            for d in range(kept_end, kept_end + 2 * reduced, 2):
                i = rest % plan[d]
                rest = rest // plan[d]
                x_at += i * plan[d + 1]
{run}
{finish}
"""

_LINE_RUN = """\
for first in range(0, length, 8192):
    last = min(first + 8192, length)
    stop = last - (last - first) % 128
    if stop > first:
        for k in range(32):
            held[k] = {neutral}
        for begin in range(first, stop, 128):
            p0 = x_at + begin * x_step
            p1 = p0 + 32 * x_step
            p2 = p1 + 32 * x_step
            p3 = p2 + 32 * x_step
            for k in range(32):
{quad}
                h = held[k]
                held[k] = {combined}
        half = 16
        while half > 0:
            for k in range(half):
                h = held[k]
                e = held[k + half]
                held[k] = {combined}
            half //= 2
        h = held[0]
    else:
        h = {first}
        stop = first + 1
    for k in range(stop, last):
        e = {tail}
        h = {combined}
    level = 32
    played = count
    while played & 1:
        e = held[level]
        h = {combined}
        level += 1
        played >>= 1
    held[level] = h
    count += 1"""

_LINE_FINISH = """\
h = {start}
level = 32
while count > 0:
    if count & 1:
        e = held[level]
        h = {combined}
    level += 1
    count >>= 1
OUT[u64(out_at)] = {written}"""

_COLUMN_RUN = """\
for first in range(0, length, 32):
    last = min(first + 32, length)
    for k in range(width):
        held[k] = {neutral}
    j = first
    while j + 4 <= last:
        p0 = x_at + j * x_step
        p1 = p0 + x_step
        p2 = p1 + x_step
        p3 = p2 + x_step
        for k in range(width):
{quad}
            h = held[k]
            held[k] = {combined}
        j += 4
    while j < last:
        p = x_at + j * x_step
        for k in range(width):
            e = {tail}
            h = held[k]
            held[k] = {combined}
        j += 1
    level = width
    played = count
    while played & 1:
        for k in range(width):
            e = held[u64(level + k)]
            h = held[k]
            held[k] = {combined}
        level += width
        played >>= 1
    for k in range(width):
        held[u64(level + k)] = held[k]
    count += 1"""

_COLUMN_FINISH = """\
for k in range(width):
    held[k] = {start}
level = width
while count > 0:
    if count & 1:
        for k in range(width):
            e = held[u64(level + k)]
            h = held[k]
            held[k] = {combined}
    level += width
    count >>= 1
for k in range(width):
    h = held[k]
    OUT[{out_place}] = {written}"""


def lines(
    combine: Combine,
    element: Element,
    start: str,
    neutral: str,
    written: str,
    dtype: str,
    form: str,
) -> str:
    """The kernel that reduces along lines.

    Args:
        combine: the operator.
        element: how an element of x is read.
        start: the name of the constant that a result starts from.
        neutral: the name of the one that changes nothing.
        written: the result `h` as an element of the output.
        dtype: what is computed in.
        form: "dense" or "strided".
    """
    dense = form == "dense"

    def at(place: str, k: str) -> str:
        return element(f"u64({place} + {k})" if dense else f"u64({place} + {k} * x_step)")

    combined = combine("h", "e")
    run = _LINE_RUN.format(
        neutral=neutral,
        quad=_quad(combine, [at(f"p{i}", "k") for i in range(4)], 16),
        first=at("x_at", "first"),
        tail=at("x_at", "k"),
        combined=combined,
    )
    finish = _LINE_FINISH.format(start=start, combined=combined, written=written)
    return _outline("32 + depth", dtype, run, finish)


def columns(
    combine: Combine,
    element: Element,
    start: str,
    neutral: str,
    written: str,
    dtype: str,
    form: str,
) -> str:
    """The kernel that combines rows; arguments as for `lines`."""
    dense = form == "dense"

    def at(place: str) -> str:
        return element(f"u64({place} + k)" if dense else f"u64({place} + k * x_column)")

    combined = combine("h", "e")
    run = _COLUMN_RUN.format(
        neutral=neutral,
        quad=_quad(combine, [at(f"p{i}") for i in range(4)], 12),
        tail=at("p"),
        combined=combined,
    )
    finish = _COLUMN_FINISH.format(
        start=start,
        combined=combined,
        written=written,
        out_place="u64(out_at + k)" if dense else "u64(out_at + k * out_column)",
    )
    return _outline("min(columns, 512) * (1 + depth)", dtype, run, finish)


def _quad(combine: Combine, elements: list[str], indent: int) -> str:
    """Four elements combined into `e`."""
    text = [f"e{i} = {element}" for i, element in enumerate(elements)]
    text += [
        f"f0 = {combine('e0', 'e1')}",
        f"f1 = {combine('e2', 'e3')}",
        f"e = {combine('f0', 'f1')}",
    ]
    return textwrap.indent("\n".join(text), " " * indent)


def _outline(scratch: str, dtype: str, run: str, finish: str) -> str:
    return _OUTLINE.format(
        scratch=scratch,
        dtype=dtype,
        run=textwrap.indent(run, " " * 12),
        finish=textwrap.indent(finish, " " * 8),
    )
