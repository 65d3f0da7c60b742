"""The loops of a reduction, as text: along lines of memory, or along columns.

A reduction walks the dimensions that are kept and, for each of their indices, those that are
reduced. Which kernel serves depends on the dimension whose elements lie side by side in memory:

    lines     it is reduced: a loop over a piece of a line, which LLVM may reorder into vectors
    columns   it is kept: whole rows are combined, eight at a time, while the results stay in cache

Both combine pieces of bounded length, the results of a bounded number of pieces to that of a split,
and those of splits in another reduction (see `reductions`). So the error of a float32 sum grows
with the logarithm of its length only. Where pieces and splits begin and end depends on the layouts
alone: the result is the same for any number of threads.

A line used to go through 32 partial results in an array, explicitly: that took four times as long
to compile and twice as long to run as the plain loop, which LLVM turns into four vectors of sums
once it is allowed to add up in another order.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Combine = Callable[[str, str], str]
"""The names of two values to the expression that combines them."""

Element = Callable[[str, str], list[str]]
"""A name and a position to the statements that assign the element there to the name."""

WIDTH: Final = 1024
"""Columns that are reduced together: their results fit into the first level of cache."""

LINE: Final = 4096
"""Elements of a line that are one piece: 128 additions one after another, 32 sums side by side."""

ROWS: Final = 128
"""Rows that are one piece: 16 additions one after another, of eight rows each."""

PIECES: Final = 64
"""Pieces that are one split: so many additions one after another."""

HEADER: Final = 16
"""Numbers in front of the dimensions of a plan; `reductions.Walk` lists them."""

_EXTREMES: Final = '''

@intrinsic
def {name}(typing, a, b):
    """The {name} of two floats, nan if one is: LLVM's {llvm}, which loops of it vectorise."""

    def code(context, builder, signature, args):
        number = args[0].type
        kind = ir.FunctionType(number, [number, number])
        function = builder.module.declare_intrinsic("llvm.{llvm}", [number], kind)
        return builder.call(function, args, fastmath=("nsz",))

    return a(a, a), code
'''

# Numba's // minds signs and zeros, which cost time to compile; these numbers have none.
_QUOTIENT: Final = '''

@intrinsic
def quotient(typing, a, b):
    """a // b of unsigned numbers."""

    def code(context, builder, signature, args):
        return builder.udiv(*args)

    return a(a, a), code
'''

_OUTLINE: Final = """
{options}

@njit(**{name})
def kernel(OUT, X, {more}plan):
    wide()
    splits, share, pieces, length, x_step = plan[2], plan[3], plan[4], plan[5], plan[6]
    runs, kept, reduced = plan[7], plan[8], plan[9]
    columns, chunk, x_column, out_column = plan[10], plan[11], plan[12], plan[13]
    chunks = quotient(columns + chunk - 1, chunk)
{setup}
    for unit in range(plan[0], plan[1]):
        rest = quotient(unit, splits)
        split = unit - rest * splits
        outer = quotient(rest, chunks)
        begin = (rest - outer * chunks) * chunk
        width = min(columns - begin, chunk)
        out_at = plan[14] + begin * out_column + split
        unit_at = plan[15] + begin * x_column
{kept}
        part = split * share
        stop = min(part + share, runs * pieces)
{body}
"""

_KEPT: Final = """\
for d in range(kept):
    size = plan[16 + 3 * d]
    rest = quotient(outer, size)
    i = outer - rest * size
    outer = rest
    out_at += i * plan[17 + 3 * d]
    unit_at += i * plan[18 + 3 * d]"""

_REDUCED: Final = """\
run = quotient(p, pieces)
first = (p - run * pieces) * {piece}
x_at = unit_at + first * x_step
for d in range(reduced):
    size = plan[16 + 3 * kept + 2 * d]
    rest = quotient(run, size)
    x_at += (run - rest * size) * plan[17 + 3 * kept + 2 * d]
    run = rest"""

_ONE_RUN: Final = """\
first = p * {piece}
x_at = unit_at + first * x_step"""

# Lines that are one piece, which may be short, are spared all but the loop itself.
_LINES: Final = """\
whole = runs * pieces == 1
n = length
for _ in range(width):
    total = {start}
    x_at = unit_at
{around}    for p in range(part, stop):
        if not whole:
{reduced}
            n = min(length - first, 4096)
        h = {neutral}
        for k in range(n):
{element}
            h = {combined}
        total = {totalled}
    OUT[u64(out_at)] = {written}
    unit_at += x_column
    out_at += out_column"""

_COLUMNS: Final = """\
{around}for k in range(width):
    held[k] = {neutral}
    total[k] = {start}
for p in range(part, stop):
{reduced}
    rows = min(length - first, 128)
    for _ in range(rows >> 3):
        p0 = x_at
        p1, p2, p3 = p0 + x_step, p0 + 2 * x_step, p0 + 3 * x_step
        p4, p5, p6, p7 = p0 + 4 * x_step, p1 + 4 * x_step, p2 + 4 * x_step, p3 + 4 * x_step
        for k in range(width):
{eight}
            h = held[k]
            held[k] = {combined}
        x_at += 8 * x_step
    for _ in range(rows & 7):
        for k in range(width):
{one}
            h = held[k]
            held[k] = {combined}
        x_at += x_step
    for k in range(width):
        h = total[k]
        e = held[k]
        total[k] = {combined}
        held[k] = {neutral}
for k in range(width):
    total_ = total[k]
    OUT[u64(out_at + k * out_column)] = {written}"""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a reduction computes, in the words of a kernel file."""

    combine: Combine
    element: Element
    start: str  # the constant that a result starts from
    neutral: str  # the one that changes nothing
    written: Callable[[str], str]  # a result as an element of the output
    dtype: str  # what is computed in
    dense: bool  # whether the elements of a line or row lie side by side
    outer: bool  # whether there are more dimensions than one that is kept and one that is reduced
    around: bool = False  # whether M holds a number for each result, which the elements are read by


def functions(extreme: tuple[str, str] | None) -> str:
    """What the loops call, with a function by our name and LLVM's, if the operator needs one."""
    made = "" if extreme is None else _EXTREMES.format(name=extreme[0], llvm=extreme[1])
    return _QUOTIENT + made


def lines(spec: Spec) -> str:
    """The kernel that reduces along lines."""
    element = spec.element("e", "u64(x_at + k)" if spec.dense else "u64(x_at + k * x_step)")
    body = _LINES.format(
        start=spec.start,
        neutral=spec.neutral,
        element=textwrap.indent("\n".join(element), " " * 12),
        around="    m = M[u64(quotient(out_at, splits))]\n" if spec.around else "",
        reduced=textwrap.indent(_run(spec, LINE), " " * 12),
        combined=spec.combine("h", "e"),
        totalled=spec.combine("total", "h"),
        written=spec.written("total"),
    )
    options = 'REORDERED = {**OPTIONS, "fastmath": {"contract", "nsz", "reassoc"}}'
    return outline(spec.outer, "", body, spec.around, "REORDERED", options)


def columns(spec: Spec) -> str:
    """The kernel that combines rows; each column's result is the same in any vector width."""
    column = "" if spec.dense else " * x_column"
    around = ["m = M[u64(m_at + k * m_column)]"] if spec.around else []
    eight = list(around)
    for i in range(8):
        eight += spec.element(f"e{i}", f"u64(p{i} + k{column})")
    eight += [f"f{i} = {spec.combine(f'e{i}', f'e{i + 1}')}" for i in range(0, 8, 2)]
    eight += [f"g{i} = {spec.combine(f'f{i}', f'f{i + 2}')}" for i in (0, 4)]
    eight += [f"e = {spec.combine('g0', 'g4')}"]
    places = "m_at, m_column = quotient(out_at, splits), quotient(out_column, splits)\n"
    body = _COLUMNS.format(
        around=places if spec.around else "",
        reduced=textwrap.indent(_run(spec, ROWS), " " * 4),
        start=spec.start,
        neutral=spec.neutral,
        eight=textwrap.indent("\n".join(eight), " " * 12),
        one=textwrap.indent(
            "\n".join(around + spec.element("e", f"u64(x_at + k{column})")), " " * 12
        ),
        combined=spec.combine("h", "e"),
        written=spec.written("total_"),
    )
    setup = f"held, total = np.empty(chunk, np.{spec.dtype}), np.empty(chunk, np.{spec.dtype})"
    return outline(spec.outer, " " * 4 + setup, body, spec.around)


def _run(spec: Spec, piece: int) -> str:
    return (_REDUCED if spec.outer else _ONE_RUN).format(piece=piece)


def outline(
    outer: bool,
    setup: str,
    body: str,
    around: bool = False,
    name: str = "OPTIONS",
    options: str = "",
) -> str:
    """The walk over units of work, around what is done in each."""
    return _OUTLINE.format(
        more="M, " if around else "",
        setup=setup,
        kept=textwrap.indent(_KEPT if outer else "", " " * 8),
        body=textwrap.indent(body, " " * 8),
        name=name,
        options=options,
    )
