"""Blocks of instructions that run one after the other, and which registers outlive them.

A block ends where a thread may jump, and begins where one may arrive. What makes threads wait for
each other, a barrier or a shuffle, is a block of its own. Most registers are given a value and used
within one block; the others are found here, since they have to be kept for each thread. A register
that has the same value in all threads (a parameter, what is computed of parameters) is kept once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from minitorch_cuda.ptx.errors import PtxError
from minitorch_cuda.ptx.text import SIZES, Instruction, Label, Module

END: Final = -1
"""The block that is none: the thread has ended."""

CARRY: Final = "%cc"
"""The register that instructions with `.cc` write without saying so."""

_REGISTER: Final = re.compile(r"(?<![\w$.])%?[A-Za-z_$][\w$]*(?:\.[xyz])?")
_EFFECTS: Final = frozenset(
    {"st", "red", "bar", "barrier", "bra", "ret", "exit", "cp", "membar", "fence", "trap"}
)
_MEETINGS: Final = ("bar.sync", "barrier.sync", "bar.warp.sync", "shfl.sync.", "vote.sync.")
_OF_LANES: Final = frozenset({"atom", "shfl", "vote", "activemask", "ld", "call"})
_ONE_FOR_ALL: Final = frozenset({"%ntid.x", "%ntid.y", "%ntid.z"}) | frozenset(
    {"%nctaid.x", "%nctaid.y", "%nctaid.z"}
)


@dataclass(frozen=True, slots=True)
class Opcode:
    """An opcode in its parts.

    Attributes:
        base: the first word.
        modifiers: the other words that are no types.
        types: the types, that of the result first.
    """

    base: str
    modifiers: tuple[str, ...]
    types: tuple[str, ...]


def opcode(op: str) -> Opcode:
    """Cut an opcode to its parts.

    >>> opcode("cvt.rn.f32.s64")
    Opcode(base='cvt', modifiers=('rn',), types=('f32', 's64'))
    """
    base, *words = op.replace("::", ".").split(".")
    types = tuple(word for word in words if word in SIZES)
    return Opcode(base, tuple(word for word in words if word not in SIZES), types)


@dataclass(slots=True)
class Block:
    """Instructions that run one after the other.

    Attributes:
        number: its place among the blocks.
        instructions: without the jump at its end.
        jump: the jump at its end, if there is one.
        target: the block that the jump goes to.
        after: the block that threads go to which do not jump.
        meets: whether its one instruction makes threads wait for each other.
        needs: registers of other blocks that it reads.
        gives: registers that it writes and others read.
    """

    number: int
    instructions: list[Instruction] = field(default_factory=list)
    jump: Instruction | None = None
    target: int = END
    after: int = END
    meets: bool = False
    needs: list[str] = field(default_factory=list)
    gives: list[str] = field(default_factory=list)

    def successors(self) -> list[int]:
        """The blocks that may come next."""
        if self.jump is None or self.jump.guard:
            return [self.after, *([self.target] if self.jump is not None else [])]
        return [self.target]


def registers_in(module: Module, operand: str) -> list[str]:
    """The registers that an operand names, in order."""
    return [name for name in _REGISTER.findall(operand) if module.type_of(name)]


def written(module: Module, instruction: Instruction) -> list[str]:
    """The registers that an instruction gives a value to."""
    code = opcode(instruction.op)
    if code.base == "call":
        return module.passed(instruction.operands[0])
    found = [CARRY] if "cc" in code.modifiers else []
    if code.base in _EFFECTS:
        return found
    return registers_in(module, instruction.operands[0]) + found if instruction.operands else found


def read(module: Module, instruction: Instruction) -> list[str]:
    """The registers whose values it uses."""
    code = opcode(instruction.op)
    if code.base == "call":
        names = instruction.operands[2].strip("{}").split(",")
        return [register for name in names for register in module.passed(name)]
    found = [CARRY] if code.base in ("addc", "subc", "madc") else []
    if instruction.guard:
        found.append(instruction.guard.removeprefix("!"))
    used = instruction.operands if code.base in _EFFECTS else instruction.operands[1:]
    return found + [name for operand in used for name in registers_in(module, operand)]


def blocks_of(module: Module) -> list[Block]:
    """The blocks of a kernel, in the order of the text; a thread begins in the first.

    Raises:
        PtxError: if an instruction other than a jump has a condition.
    """
    blocks, places = _cut(module)
    for block in blocks:
        if block.jump is not None and block.jump.op.startswith("bra"):
            name = block.jump.operands[0]
            if name not in places:
                raise PtxError(f"there is no place to jump to: {block.jump}")
            block.target = places[name]
        follows = block.number + 1
        block.after = follows if follows < len(blocks) else END
    _live(module, blocks)
    return blocks


def _cut(module: Module) -> tuple[list[Block], dict[str, int]]:
    blocks = [Block(0)]
    places: dict[str, int] = {}

    def fresh() -> Block:
        if blocks[-1].instructions or blocks[-1].jump is not None:
            blocks.append(Block(len(blocks)))
        return blocks[-1]

    for each in module.body:
        if isinstance(each, Label):
            places[each.name] = fresh().number
            continue
        jumps = each.op.split(".")[0] in ("bra", "ret", "exit")
        if each.guard and not jumps:
            raise PtxError(f"only jumps may have a condition: {each}")
        if jumps:
            blocks[-1].jump = each
            fresh()
        elif each.op.startswith(_MEETINGS):
            block = fresh()
            block.instructions.append(each)
            block.meets = True
            fresh()
        else:
            blocks[-1].instructions.append(each)
    return blocks, places


def _live(module: Module, blocks: list[Block]) -> None:
    """Find what each block needs of others, and gives to others."""
    uses: list[set[str]] = []
    defines: list[set[str]] = []
    for block in blocks:
        used: set[str] = set()
        defined: set[str] = set()
        for each in _all(block):
            used.update(name for name in read(module, each) if name not in defined)
            defined.update(written(module, each))
        uses.append(used)
        defines.append(defined)
    alive = [set(used) for used in uses]
    results = set(module.passed(module.gives)) if module.gives else set()
    changed = True
    while changed:
        changed = False
        for block in reversed(blocks):
            later = _after(block, alive, results)
            now = uses[block.number] | (later - defines[block.number])
            if now != alive[block.number]:
                alive[block.number] = now
                changed = True
    for block in blocks:
        block.needs = sorted(uses[block.number])
        block.gives = sorted(defines[block.number] & _after(block, alive, results))


def _after(block: Block, alive: list[set[str]], results: set[str]) -> set[str]:
    """What is read after a block; at the end, that is what a function gives back."""
    return set().union(*(alive[next_] if next_ != END else results for next_ in block.successors()))


def _all(block: Block) -> Iterator[Instruction]:
    yield from block.instructions
    if block.jump is not None:
        yield block.jump


def uniform(module: Module, blocks: list[Block]) -> set[str]:
    """The registers with one value for all threads: written once, from such values alone."""
    every = [each for block in blocks for each in block.instructions]
    times = Counter(name for each in every for name in written(module, each))
    found: set[str] = set()
    for each in every:  # in the order of the text: a value is mostly written before it is read
        base = opcode(each.op).base
        if base in _OF_LANES and not each.op.startswith("ld.param"):
            continue
        named = {name for operand in each.operands for name in _REGISTER.findall(operand)}
        special = {name for name in named if name[0] == "%" and not module.type_of(name)}
        if special <= _ONE_FOR_ALL and found.issuperset(read(module, each)):
            found.update(name for name in written(module, each) if times[name] == 1)
    return found
