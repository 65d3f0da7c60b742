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
    arrays: tuple[str, ...]  # its array: OUT where the operand is the output itself
    dtypes: tuple[DType, ...]
    compute: DType
    out: DType
    pattern: str = ""

    @property
    def parameters(self) -> list[str]:
        """The arrays that are passed besides OUT."""
        return [array for array in self.arrays if array != "OUT"]


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
            "\n\n@njit(**OPTIONS, cache=True)",
            f"def kernel({', '.join(['OUT', *spec.parameters, 'n'])}):",
            "    wide()",
            *(f"    {line}" for line in hoisted),
            "    for i in range(n):",
            textwrap.indent("\n".join(loop), " " * 8),
            "",
        ]
    )


def rows(body: Body, spec: Spec) -> str:
    """The loops of a plan: units of work, then rows, then columns by the pattern."""
    arrays = ["OUT", *dict.fromkeys(a for a in spec.arrays if a != "OUT")]
    letters = dict(zip(["OUT", *spec.arrays], spec.pattern, strict=False))
    step = 1 + len(spec.arrays) + 1  # numbers for each outer dimension
    places = {a: i for i, a in reversed(list(enumerate(["OUT", *spec.arrays])))}
    start = HEADER + 3 * (1 + len(spec.arrays))

    def at(array: str) -> str:
        return f"{array.lower()}_at"

    def cell(array: str) -> str:
        stride = {"v": "k", "s": "0", "g": f"k * {array.lower()}_column"}[letters[array]]
        return f"u64({at(array)} + {stride})" if stride != "0" else f"u64({at(array)})"

    unit = ["rest = unit", *(f"{at(a)} = plan[{HEADER + 3 * places[a]}]" for a in arrays)]
    unit += [
        f"for d in range({start}, {start} + {step} * outer, {step}):",
        "    i = rest % plan[d]",
    ]
    unit += ["    rest = rest // plan[d]"]
    unit += [f"    {at(a)} += i * plan[d + {1 + places[a]}]" for a in arrays]

    hoisted: list[str] = []
    inner: list[str] = []
    for x, array, dtype in zip(spec.names, spec.arrays, spec.dtypes, strict=True):
        element = f"{array}[{cell(array)}]"
        line = f"{x} = {read(element, dtype, spec.compute)}"
        (hoisted if letters[array] == "s" else inner).append(line)
    inner += [*body.lines, f"OUT[{cell('OUT')}] = {written(body.result, spec.out, body.kind)}"]
    moves = [f"{at(a)} += {a.lower()}_row" for a in arrays]

    if spec.pattern.endswith("t"):
        loop = ["for j0 in range(0, rows, 32):", "    for k0 in range(0, columns, 32):"]
        row = [f"{at(a)}_ = {at(a)} + j * {a.lower()}_row" for a in arrays]
        renamed = [_rename(line, [at(a) for a in arrays]) for line in (*hoisted, "", *inner)]
        cut = renamed.index("")
        row += [*renamed[:cut], "for k in range(k0, min(k0 + 32, columns)):"]
        row += ["    " + line for line in renamed[cut + 1 :]]
        loop += [
            " " * 8 + "for j in range(j0, min(j0 + 32, rows)):",
            *(" " * 12 + line for line in row),
        ]
    else:
        loop = ["for _ in range(rows):"]
        loop += ["    " + line for line in (*hoisted, "for k in range(columns):")]
        loop += [" " * 8 + line for line in inner] + ["    " + line for line in moves]
    names = "units, rows, columns, outer"
    setup = [f"{names} = {', '.join(f'plan[{i}]' for i in range(HEADER))}"]
    for a in arrays:
        setup.append(f"{a.lower()}_row = plan[{HEADER + 3 * places[a] + 1}]")
        if letters[a] == "g":
            setup.append(f"{a.lower()}_column = plan[{HEADER + 3 * places[a] + 2}]")
    return "\n".join(
        [
            "\n\n@njit(**OPTIONS, cache=True)",
            f"def kernel({', '.join(['OUT', *spec.parameters, 'plan'])}):",
            "    wide()",
            textwrap.indent("\n".join(setup), " " * 4),
            "    for unit in range(units):",
            textwrap.indent("\n".join([*unit, *loop]), " " * 8),
            "",
        ]
    )


def _rename(line: str, names: list[str]) -> str:
    for name in names:
        line = line.replace(name, f"{name}_")
    return line
