"""The loops that operators are placed in, as text: what a kernel file consists of.

    head        imports, options, typed constants, the snippets that are called
    flat        for each i: out[i] = f(a[i], b[i])      every operand fills memory like the output
    rows        the same through offsets and strides, by a plan (see `plan`)

Numba's options: `fastmath={"contract"}` lets LLVM fuse a multiplication with an addition, nothing
more: nan, inf and -0.0 stay what they are. `error_model="numpy"`: a division by zero gives inf.
`nogil`: other Python threads go on.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from minitorch_fast.plan import HEADER
from minitorch_fast.snippets import WIDE, snippet
from minitorch_fast.target import Body, Kind, kind_of
from minitorch_tensor.dtype import DType

_IMPORTS = '''\
"""{title}

Written by minitorch_fast, compiled by Numba. The file is named by the hash of this text.
"""

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic

OPTIONS = {{
    "error_model": "numpy", "fastmath": {{{fastmath}}}, "nogil": True, "no_cfunc_wrapper": True,
}}

'''

_TYPES = {
    "float32": "f32", "float64": "f64", "int64": "i64", "int32": "np.int32", "int16": "np.int16",
    "int8": "np.int8", "uint8": "np.uint8", "bool": "np.bool_",
}  # fmt: skip
_SHORT_NAMES = "f32, f64, i64, u64 = np.float32, np.float64, np.int64, np.uint64\n"


@dataclass(frozen=True, slots=True)
class Spec:
    """What a pointwise kernel reads and writes."""

    names: tuple[str, ...]  # the operator's name of each operand
    dtypes: tuple[DType, ...]
    compute: DType
    out: DType
    pattern: str = ""

    @property
    def arrays(self) -> list[str]:
        """The kernel's name of each operand's array."""
        return [name.upper() for name in self.names]


def head(title: str, body: Body, fastmath: tuple[str, ...] = ("contract",)) -> str:
    """Everything above the kernel itself."""
    flags = ", ".join(f'"{flag}"' for flag in fastmath)
    lines = [_IMPORTS.format(title=title, fastmath=flags), _SHORT_NAMES]
    lines += [f"{name} = {literal}\n" for literal, name in body.constants.items()]
    for text in (WIDE, *(definition(name, body.kind) for name in sorted(body.calls))):
        lines.append(text if text.startswith("from") else f"\n\n{text}")
    return "".join(lines)


def definition(name: str, kind: Kind) -> str:
    """The text that defines a function called in a kernel."""
    text = snippet(name, kind)
    if text is None:
        raise TypeError(
            f"no function `{name}` for {kind} kernels; define it in minitorch_fast.snippets"
        )
    return text


def type_name(dtype: DType) -> str:
    """What a kernel file calls a dtype."""
    return _TYPES[dtype.name]


def read(element: str, dtype: DType, compute: DType) -> str:
    """An element, cast to the dtype of the computation, and widened to what is computed in."""
    kind = kind_of(compute)
    if dtype.name == kind:
        return element
    if compute.kind == "bool" and dtype.kind != "bool":
        element = f"({element} != 0)"
    return f"{_TYPES[kind]}({element})"


def written(result: str, dtype: DType, kind: Kind) -> str:
    """The result as an element of the output."""
    if dtype.kind == "bool":
        return f"({result}) != 0"
    return result if dtype.name == kind else f"{_TYPES[dtype.name]}({result})"


def flat(body: Body, spec: Spec) -> str:
    """The loop over n elements; each operand is dense, or one number (`s` in the pattern)."""
    body.calls.add("apart")
    hoisted: list[str] = []
    loop: list[str] = []
    for x, array, dtype, letter in zip(
        spec.names, spec.arrays, spec.dtypes, spec.pattern.removeprefix("flat_"), strict=True
    ):
        index = "0" if letter == "s" else "i"
        element = f"{array}[{index}]"
        line = f"{x} = {read(element, dtype, spec.compute)}"
        (hoisted if letter == "s" else loop).append(line)
    loop += [*body.lines, f"OUT[i] = {written(body.result, spec.out, body.kind)}"]
    return "\n".join(
        [
            "\n\n@njit(**OPTIONS)",
            f"def kernel({', '.join(['OUT', *spec.arrays, 'n'])}):",
            "    wide()",
            "    apart()",
            *(f"    {line}" for line in hoisted),
            "    for i in range(n):",
            textwrap.indent("\n".join(loop), " " * 8),
            "",
        ]
    )


def rows(body: Body, spec: Spec) -> str:
    """The loops of a plan: units of work, then rows, then columns by the pattern."""
    arrays = ["OUT", *spec.arrays]
    letters = dict(zip(arrays, spec.pattern, strict=True))
    body.calls.add("apart")
    each = len(arrays)  # numbers for a unit
    start = HEADER + 3 * each

    setup = ["units, rows, columns = plan[0], plan[1], plan[2]"]
    begin = []
    for place, a in enumerate(arrays):
        low = a.lower()
        setup.append(f"{low}_row = plan[{HEADER + 3 * place + 1}]")
        if letters[a] in "gx":
            setup.append(f"{low}_column = plan[{HEADER + 3 * place + 2}]")
        begin.append(f"{low}_at = plan[unit + {place}]")
    hoisted, inner = _element_lines(body, spec, letters)
    crosswise = [a for a in arrays if letters[a] == "x"]
    if crosswise:
        sizes = dict(zip(spec.arrays, spec.dtypes, strict=True))
        side = 64 if all(sizes[a].itemsize <= 4 for a in crosswise) else 32
        body.calls.add(f"buffer_{side}")
        setup += [f"TURNED_{a} = buffer_{side}({a})" for a in crosswise]
        loop = _tiles(arrays, letters, side, hoisted, inner)
    else:
        loop = ["for _ in range(rows):"]
        loop += ["    " + line for line in (*hoisted, "for k in range(columns):")]
        loop += [" " * 8 + line for line in inner]
        loop += [f"    {a.lower()}_at += {a.lower()}_row" for a in arrays]
    return "\n".join(
        [
            "\n\n@njit(**OPTIONS)",
            f"def kernel({', '.join(['OUT', *spec.arrays, 'plan'])}):",
            "    wide()",
            "    apart()",
            textwrap.indent("\n".join(setup), " " * 4),
            f"    for unit in range({start}, {start} + {each} * units, {each}):",
            textwrap.indent("\n".join([*begin, *loop]), " " * 8),
            "",
        ]
    )


def _element_lines(body: Body, spec: Spec, letters: dict[str, str]) -> tuple[list[str], list[str]]:
    """What is done for one row and for one element, by the pattern's letters."""

    def cell(array: str) -> str:
        low = array.lower()
        step = {"v": " + k", "s": "", "g": f" + k * {low}_column", "x": " + k"}[letters[array]]
        return f"{'TURNED_' if letters[array] == 'x' else ''}{array}[u64({low}_at{step})]"

    hoisted: list[str] = []
    inner: list[str] = []
    for x, array, dtype in zip(spec.names, spec.arrays, spec.dtypes, strict=True):
        line = f"{x} = {read(cell(array), dtype, spec.compute)}"
        (hoisted if letters[array] == "s" else inner).append(line)
    inner += [*body.lines, f"{cell('OUT')} = {written(body.result, spec.out, body.kind)}"]
    return hoisted, inner


def _tiles(
    arrays: list[str], letters: dict[str, str], side: int, hoisted: list[str], inner: list[str]
) -> list[str]:
    """The rows and columns of a unit, in tiles.

    A tile of 64 x 64 float32 is 16 KiB, half of a first cache. `a + b.T` of 1000 x 1000 takes
    0.6 ns for an element; without the buffer, gathering b down its columns, 1.2 ns; and of
    1024 x 1024, where the lines of a column share one place in the cache, 0.7 and 3.2 ns.
    """
    turn: list[str] = []
    row: list[str] = []
    for a in arrays:
        low = a.lower()
        if letters[a] == "x":
            turn += [
                "for k in range(width):",
                f"    line = {low}_begin + (k0 + k) * {low}_column + j0",
                "    for j in range(height):",
                f"        TURNED_{a}[u64({side} * j + k)] = {a}[u64(line + j)]",
            ]
            row.append(f"{low}_at = {side} * j")
        else:
            first = {"v": " + k0", "s": "", "g": f" + k0 * {low}_column"}[letters[a]]
            row.append(f"{low}_at = {low}_begin + (j0 + j) * {low}_row{first}")
    return [
        *(f"{a.lower()}_begin = {a.lower()}_at" for a in arrays),
        f"for j0 in range(0, rows, {side}):",
        f"    height = min({side}, rows - j0)",
        f"    for k0 in range(0, columns, {side}):",
        f"        width = min({side}, columns - k0)",
        *(" " * 8 + line for line in turn),
        "        for j in range(height):",
        *(" " * 12 + line for line in (*row, *hoisted)),
        "            for k in range(width):",
        *(" " * 16 + line for line in inner),
    ]
