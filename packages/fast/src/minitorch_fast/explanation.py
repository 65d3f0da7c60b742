"""What becomes of an operator: `python -m minitorch_fast explain gelu`.

Its scalar function and its rule, as they are written; the loop that Numba gets; and of the machine
code, the loop that does the work.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import FunctionType

from minitorch_operators import ALL, Binary, Ternary, Unary, identity
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.dtype import DType, float32

_REGISTERS = (
    ("zmm", "512 bits"), ("ymm", "256 bits"), ("xmm", "128 bits"), (r"\.[24][sd]\b", "128 bits"),
)  # fmt: skip
_LABEL = re.compile(r"^(\.?L\w+):")
_JUMP = re.compile(r"^\s+(?:j\w+|b\.?\w*|cbn?z\s+\w+,|tbn?z\s+\w+,.*,)\s+(\.?L\w+)\b")


class Explanation(str):
    """A text, which a prompt shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def explain(name: str, dtype: DType = float32) -> Explanation:
    """From an operator's scalar function to the vector loop, as text.

    Args:
        name: that of the operator in `minitorch_operators.ALL`: "gelu", "add".
        dtype: the dtype of its operands.

    Raises:
        ValueError: if there is no such operator; the message names those with a similar name.

    >>> print(explain("neg"))  # doctest: +ELLIPSIS
    == neg: the function, in minitorch_operators/arithmetic.py
    <BLANKLINE>
    def _neg(x: float) -> float:
    ...
    """
    operator = operator_of(name)
    from minitorch_fast import kernels, numba_config

    fn = operator.fn
    arity = len(inspect.signature(fn).parameters)
    out = dtypes.bool_ if operator.result == "bool" else dtype
    pattern = "flat_" + "v" * arity
    _, text, signature = kernels.source(fn, dtype, out, [dtype] * arity, pattern)
    loop, width = vector_loop(numba_config.assembly(text, signature))
    parts = [_section(f"{name}: the function", fn)]
    parts += [_section(f"{name}: its rule", rule) for rule in _rules(operator)]
    parts.append(f"== {name}: the kernel, for Numba, at {dtype.name}\n\n{_kernel(text)}")
    parts.append(f"== {name}: the loop, for {numba_config.target()}: {width}\n\n{loop}")
    return Explanation("\n\n".join(parts))


def operator_of(name: str) -> Unary | Binary | Ternary:
    """The operator of this name.

    Raises:
        ValueError: if there is none; the message names those with a similar name.
    """
    operator = ALL.get(name)
    if operator is None:
        import difflib

        near = difflib.get_close_matches(name, ALL, 4, 0.5)
        near += [other for other in ALL if name and name in other and other not in near]
        hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(ALL)}"
        raise ValueError(f"explain: no operator is named {name!r}; {hint}")
    return operator


def _rules(operator: Unary | Binary | Ternary) -> list[object]:
    vjps = (operator.vjp,) if isinstance(operator, Unary) else operator.vjps
    return [rule for rule in dict.fromkeys(vjps) if rule is not None and rule is not identity]


def _section(title: str, fn: object) -> str:
    """The source of a function, and of the operators' functions it calls, under a title."""
    if not isinstance(fn, FunctionType):
        raise TypeError(f"explain: expected a plain function, got {fn!r}")
    path = Path(inspect.getsourcefile(fn) or "")
    return f"== {title}, in {path.parent.name}/{path.name}\n\n{inspect.getsource(fn).rstrip()}"


def _kernel(text: str) -> str:
    """The constants of a kernel's text, and the kernel itself."""
    constants = re.findall(r"^c\d+ = .*$", text, re.MULTILINE)
    kernel = text[text.rindex("@njit") :].rstrip()
    return "\n".join([*constants, "", "", kernel]).lstrip()


def vector_loop(listing: str) -> tuple[str, str]:
    """Of an assembler listing, the loop with the most work in vectors, and how wide they are.

    A loop is what lies between a label and a jump back to it; the innermost ones hold no label.
    What follows the kernel itself, the function that Python calls, is left out.
    """
    lines = re.split(r"(?m)^\s+\.globl\s+_ZN7cpython", listing)[0].splitlines()
    found = [[""]]
    start, label = 0, ""
    for i, line in enumerate(lines):
        if match := _LABEL.match(line):
            start, label = i, match[1]
        elif label and (match := _JUMP.match(line)) and match[1] == label:
            found.append(lines[start : i + 1])
    for register, width in _REGISTERS:
        # In xmm there may also be one number alone: mulss, not mulps.
        work = re.compile(r"^\s+\w*(ps|pd|dqu|dqa)\s.*xmm" if register == "xmm" else register)
        alone = [loop for loop in found if not any("call" in line for line in loop)]
        most = max(alone, key=lambda loop: sum(bool(work.search(line)) for line in loop))
        if sum(bool(work.search(line)) for line in most) > 1:
            return _listed(most), f"vectors of {width}"
    return _listed(max(found, key=len)), "one element at a time"


def _listed(loop: list[str]) -> str:
    return "\n".join(line.expandtabs(8) for line in loop)
