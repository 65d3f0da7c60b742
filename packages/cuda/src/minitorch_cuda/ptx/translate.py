"""Instructions as lines of Python: a block becomes a function over arrays.

`fma.rn.f32 %f4, %f1, %f2, %f3;` becomes `f4 = fma32(f1, f2, f3)`. A register is a local variable
that holds an array with an element for each thread, or one element for all. What other blocks read
is taken from a list of registers, `R[3][at]`, and put back there; `at` says which threads run.
"""

from __future__ import annotations

from typing import Final

from minitorch_cuda.ptx import effects, numbers
from minitorch_cuda.ptx.flow import Block
from minitorch_cuda.ptx.text import Instruction
from minitorch_cuda.ptx.writer import WRITERS, Names, Writer, local

FAMILIES: Final = (numbers.__name__, effects.__name__)
"""The modules that know instructions: each of them has told `WRITERS` what it writes."""


def source_of(names: Names, block: Block) -> str:
    """The function of a block; it returns the condition of the jump at its end, if it has one.

    >>> from minitorch_cuda.ptx.flow import blocks_of
    >>> from minitorch_cuda.ptx.text import parse
    >>> module = parse(".entry k(.param .u64 k_0) { .reg .f32 %f<3>; mul.f32 %f1, %f2, %f2; ret; }")
    >>> names = Names(module, {"%f2": 0}, frozenset(), {})
    >>> print(source_of(names, blocks_of(module)[0]))
    def block_0(R, at, M):
        f2 = R[0][at]
        f1 = f2 * f2
    """
    lines = [f"def block_{block.number}(R, at, M):"]
    for name in block.needs:
        place = f"R[{names.slots[name]}]"
        if name in names.same:
            lines.append(f"{local(name)} = {place}")
        elif name in block.gives:  # the place is written below, while the value is still wanted
            lines.append(f"{local(name)} = {place}[at].copy()")
        else:
            lines.append(f"{local(name)} = {place}[at]")
    for each in block.instructions:
        lines += lines_of(names, each)
    for name in block.gives:
        which = "" if name in names.same else "[at]"
        lines.append(f"R[{names.slots[name]}]{which} = {local(name)}")
    if block.jump is not None and block.jump.guard:
        guard = block.jump.guard
        lines.append(f"return {'~' if guard[0] == '!' else ''}{local(guard.lstrip('!'))}")
    if len(lines) == 1:
        lines.append("pass")
    return "\n    ".join(lines)


def lines_of(names: Names, instruction: Instruction) -> list[str]:
    """The lines of an instruction.

    Raises:
        PtxError: if it is not known.
    """
    writer = Writer(names, instruction)
    write = WRITERS.get(writer.code.base)
    if write is None:
        raise writer.unknown()
    made = write(writer)
    if writer.modifiers:
        raise writer.unknown(f"; {', '.join(sorted(writer.modifiers))} is not understood")
    return [made] if isinstance(made, str) else made
