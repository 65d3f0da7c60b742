"""PTX as data: the instructions of a kernel, its parameters, its memory.

PTX is an assembler's language, one instruction after the other, `fma.rn.f32 %f4, %f1, %f2, %f3;`:
what to do, with types and ways of rounding behind points; where the result goes; the operands.
Registers have a type and are as many as one likes. A line that ends with a colon is a place to jump
to. Here nothing is understood yet, only cut to pieces.

Source: https://docs.nvidia.com/cuda/parallel-thread-execution/#syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from minitorch_cuda.ptx.errors import PtxError

SIZES: Final = {
    **{"pred": 1, "b8": 1, "u8": 1, "s8": 1},
    **{"b16": 2, "u16": 2, "s16": 2, "f16": 2, "bf16": 2},
    **{"b32": 4, "u32": 4, "s32": 4, "f32": 4, "b64": 8, "u64": 8, "s64": 8, "f64": 8},
}
"""The bytes of each type."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    Attributes:
        number: its place in the text, counted in lines.
        op: what to do, for example `fma.rn.f32`.
        operands: the result first; `{%f1, %f2}` is one operand.
        guard: the predicate under which it is done at all, for example `!%p1`; or nothing.
    """

    number: int
    op: str
    operands: tuple[str, ...]
    guard: str = ""

    def __str__(self) -> str:
        guard = f"@{self.guard} " if self.guard else ""
        return f"{guard}{self.op} {', '.join(self.operands)}".rstrip() + f"  (line {self.number})"


@dataclass(frozen=True, slots=True)
class Label:
    """A place to jump to."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A parameter, or an array in some memory.

    Attributes:
        space: `param`, `shared`, `local`, `global` or `const`.
        name: of it.
        type: of an element.
        size: in bytes.
        align: its address is a multiple of that.
        values: what it holds from the start, if that is said.
    """

    space: str
    name: str
    type: str
    size: int
    align: int
    values: tuple[int, ...] = ()


@dataclass(frozen=True)
class Module:
    """A kernel's text, cut to pieces.

    Attributes:
        entry: the name of the kernel.
        variables: parameters, in order, and arrays, by name.
        registers: their types; the name may be that of a family, `%r` for `%r0`, `%r1`, ...
        body: instructions and labels, in order.
    """

    entry: str
    variables: Mapping[str, Variable]
    registers: Mapping[str, str]
    body: tuple[Instruction | Label, ...]

    def type_of(self, register: str) -> str:
        """The type of a register; nothing if there is none of that name."""
        found = self.registers.get(register)
        if found is None:
            family = _FAMILY.match(register)
            found = self.registers.get(family.group(1) + "<") if family else None
        return found or ""

    def of_space(self, space: str) -> list[Variable]:
        """The variables in one memory, in order."""
        return [variable for variable in self.variables.values() if variable.space == space]


_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_FAMILY: Final = re.compile(r"(.*?[^\d])\d+$")
_NAME: Final = re.compile(r"(?<![\w$%.])%?[A-Za-z_$][\w$]*")
_LABEL: Final = re.compile(r"\s*([\w$]+):")
_GUARD: Final = re.compile(r"@(!?%?[\w$]+)\s+")
_ENTRY: Final = re.compile(r"\.entry\s+([\w$]+)\s*\(([^)]*)\)")
_OPERAND: Final = re.compile(r"(?:\{[^}]*\}|\[[^\]]*\]|[^,{\[])+")
_VARIABLE: Final = re.compile(
    r"""\.(?P<space>param|shared|local|global|const)\s+
        (?:\.align\s+(?P<align>\d+)\s+)?(?:\.ptr\s.*?)?
        \.(?P<type>\w+)\s+(?P<name>[\w$]+)
        (?P<count>\s*\[\s*\d*\s*\])?
        (?:\s*=\s*\{?(?P<values>[^}]*)\}?)?\s*$""",
    re.VERBOSE,
)


def parse(text: str) -> Module:
    """Cut the text of one kernel to pieces.

    Raises:
        PtxError: if it declares what is not understood, such as a function that is called.

    >>> module = parse('''.visible .entry add(.param .u64 out) {
    ...   .reg .b32 %r<3>;
    ...   mov.u32 %r1, %tid.x;
    ...   ret;
    ... }''')
    >>> module.entry, module.type_of("%r1"), [str(each) for each in module.body]
    ('add', 'b32', ['mov.u32 %r1, %tid.x  (line 3)', 'ret  (line 4)'])
    """
    text = _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)
    if re.search(r"^\s*(?:\.\w+\s+)*\.func\b", text, re.MULTILINE):
        raise PtxError("the text has a function that is called; only kernels are understood")
    entry = _ENTRY.search(text)
    if entry is None:
        raise PtxError("the text has no kernel (.entry)")
    start = text.index("{", entry.end())
    declared = [*_declarations(text[: entry.start()]), *entry.group(2).split(",")]
    variables = [_variable(one) for one in declared if one.strip()]
    body = _Body(text, start)
    body.read()
    every = [*variables, *body.variables]
    return Module(
        entry.group(1), {one.name: one for one in every}, body.registers, tuple(body.found)
    )


def _declarations(text: str) -> Iterator[str]:
    """The declarations before the kernel, without what concerns linkers."""
    for statement in text.split(";"):
        lines = [
            line
            for line in statement.splitlines()
            if not line.strip().startswith((".version", ".target", ".address_size"))
        ]
        words = " ".join(" ".join(lines).split())
        words = re.sub(r"^(?:\.(?:visible|common|weak)\s+)+", "", words)
        if words and words != ".visible":
            yield words


def _variable(text: str) -> Variable:
    found = _VARIABLE.match(text.strip())
    if found is None:
        raise PtxError(f"the declaration is not understood: {text.strip()}")
    size = SIZES[found["type"]]
    values = tuple(int(value, 0) for value in (found["values"] or "").split(",") if value.strip())
    count = (found["count"] or "[1]").strip(" []")
    if not count and found["space"] != "param":
        raise PtxError(f"the size of this memory is known only at a launch: {text.strip()}")
    total = size * int(count or 1)
    align = int(found["align"] or size)
    return Variable(found["space"], found["name"], found["type"], total, align, values)


class _Body:
    """The inside of a kernel, read from its opening brace to the closing one."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._at = start
        self._scopes: list[tuple[int, dict[str, str]]] = []
        self._opened = 0
        self._line, self._counted = 1, 0
        self.found: list[Instruction | Label] = []
        self.registers: dict[str, str] = {}
        self.variables: list[Variable] = []

    def read(self) -> None:
        """Read all of it."""
        while True:
            self._space()
            rest = self._text[self._at : self._at + 1]
            if rest == "{":
                self._scopes.append((self._opened, {}))
                self._opened += 1
                self._at += 1
            elif rest == "}":
                self._scopes.pop()
                self._at += 1
                if not self._scopes:
                    return
            elif label := _LABEL.match(self._text, self._at):
                self.found.append(Label(label.group(1)))
                self._at = label.end()
            else:
                self._statement()

    def _space(self) -> None:
        while self._text[self._at].isspace():
            self._at += 1

    def _number(self) -> int:
        """The line of the text that is read now."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _statement(self) -> None:
        number = self._number()
        end = self._text.index(";", self._at)
        statement = " ".join(self._text[self._at : end].split())
        self._at = end + 1
        if statement.startswith(".reg"):
            self._declare(statement)
        elif statement.startswith((".local", ".shared")):
            self.variables.append(_variable(statement))
        elif statement and not statement.startswith((".pragma", ".loc")):
            self.found.append(self._instruction(number, statement))

    def _declare(self, statement: str) -> None:
        """Registers; those of an inner pair of braces get names of their own."""
        _, type_, *names = statement.replace(",", " ").split()
        scope, renamed = self._scopes[-1]
        for name in names:
            if scope:
                renamed[name] = f"{name}__{scope}"
            family = re.sub(r"<\d+>$", "<", name)
            self.registers[renamed.get(name, family)] = type_.removeprefix(".")

    def _instruction(self, number: int, statement: str) -> Instruction:
        guard = _GUARD.match(statement)
        if guard:
            statement = statement[guard.end() :]
        op, _, rest = statement.partition(" ")
        if rest.startswith("("):
            raise PtxError(f"a call is not understood: {statement}")
        operands = [operand.strip() for operand in _OPERAND.findall(rest)]
        return Instruction(
            number,
            op,
            tuple(self._renamed(operand) for operand in operands if operand),
            self._renamed(guard.group(1)) if guard else "",
        )

    def _renamed(self, operand: str) -> str:
        for _, names in reversed(self._scopes):
            if names:
                operand = _NAME.sub(lambda name: names.get(name[0], name[0]), operand)  # noqa: B023
        return operand
