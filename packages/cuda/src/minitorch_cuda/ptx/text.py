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
from dataclasses import dataclass, field, replace
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
        takes: of a function that is called, the names of its parameters.
        gives: of a function that is called, the name of its result.
        functions: what a kernel calls, by name.
    """

    entry: str
    variables: Mapping[str, Variable]
    registers: Mapping[str, str]
    body: tuple[Instruction | Label, ...]
    takes: tuple[str, ...] = ()
    gives: str = ""
    functions: Mapping[str, Module] = field(default_factory=dict)

    def type_of(self, register: str) -> str:
        """The type of a register; nothing if there is none of that name."""
        found = self.registers.get(register)
        if found is None:
            family = _FAMILY.match(register)
            found = self.registers.get(family.group(1) + "<") if family else None
        return found or ""

    def passed(self, name: str) -> list[str]:
        """The registers in which a parameter of a call, or its result, is passed; see `passed`."""
        return sorted(each for each in self.registers if each.startswith(f"%{name}__at__"))

    def of_space(self, space: str) -> list[Variable]:
        """The variables in one memory, in order."""
        return [variable for variable in self.variables.values() if variable.space == space]


_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_FAMILY: Final = re.compile(r"(.*?[^\d])\d+$")
_NAME: Final = re.compile(r"(?<![\w$%.])%?[A-Za-z_$][\w$]*")
_LABEL: Final = re.compile(r"\s*([\w$]+):")
_GUARD: Final = re.compile(r"@(!?%?[\w$]+)\s+")
_HEAD: Final = re.compile(
    r"""\.(?P<kind>entry|func)\s+(?:\((?P<gives>[^)]*)\)\s*)?(?P<name>[\w$]+)\s*
        (?:\((?P<takes>[^)]*)\))?[^{;]*(?P<end>[{;])""",
    re.VERBOSE,
)
_PASSED: Final = re.compile(r"\[\s*([\w$]+)\s*(?:\+\s*(\d+))?\s*\]$")
_CALL: Final = re.compile(r"(?:\(([^)]*)\)\s*,\s*)?([\w$]+)\s*(?:,\s*\(([^)]*)\))?$")
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
        PtxError: if it declares what is not understood.

    >>> module = parse('''.visible .entry add(.param .u64 out) {
    ...   .reg .b32 %r<3>;
    ...   mov.u32 %r1, %tid.x;
    ...   ret;
    ... }''')
    >>> module.entry, module.type_of("%r1"), [str(each) for each in module.body]
    ('add', 'b32', ['mov.u32 %r1, %tid.x  (line 3)', 'ret  (line 4)'])
    """
    text = _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)
    shared: list[Variable] = []
    made: dict[str, Module] = {}
    entry, at = "", 0
    while head := _HEAD.search(text, at):
        shared += [_variable(one) for one in _declarations(text[at : head.start()])]
        at = head.end()
        if head["end"] == "{":
            body = _Body(text, at - 1, called=head["kind"] == "func")
            at = body.read(_named(head["takes"]), _named(head["gives"]))
            shared += body.variables
            made[head["name"]] = body.module(head["name"])
            entry = entry if head["kind"] == "func" else head["name"]
    if not entry:
        raise PtxError("the text has no kernel (.entry)")
    shared += [_variable(one) for one in _declarations(text[at:])]
    variables = {one.name: one for one in shared}
    every = {name: replace(module, variables=variables) for name, module in made.items()}
    return replace(every.pop(entry), functions=every)


def _named(parameters: str | None) -> list[Variable]:
    return [_variable(one) for one in (parameters or "").split(",") if one.strip()]


def _declarations(text: str) -> Iterator[str]:
    """The declarations before the kernel, without what concerns linkers."""
    for statement in text.split(";"):
        lines = [
            line
            for line in statement.splitlines()
            if not line.strip().startswith((".version", ".target", ".address_size"))
        ]
        words = " ".join(" ".join(lines).split())
        words = re.sub(r"^(?:\.(?:visible|common|weak|extern)\s+)+", "", words)
        if words and words not in (".visible", ".weak"):
            yield words


def _variable(text: str) -> Variable:
    found = _VARIABLE.match(text.strip())
    if found is None:
        raise PtxError(f"the declaration is not understood: {text.strip()}")
    size = SIZES[found["type"]]
    given = [value.strip() for value in (found["values"] or "").split(",") if value.strip()]
    floats = found["type"] in ("f32", "f64")  # 0f3F800000: the bits
    values = tuple(int(one[2:], 16) if floats else int(one, 0) for one in given)
    count = (found["count"] or "[1]").strip(" []")
    if not count and found["space"] != "param":
        raise PtxError(f"the size of this memory is known only at a launch: {text.strip()}")
    total = size * int(count or 1)
    align = int(found["align"] or size)
    return Variable(found["space"], found["name"], found["type"], total, align, values)


class _Body:
    """The inside of a kernel, read from its opening brace to the closing one."""

    def __init__(self, text: str, start: int, *, called: bool) -> None:
        self._text = text
        self._at = start
        self._called = called
        self._takes: list[str] = []
        self._gives = ""
        self._passed: set[str] = set()
        self._scopes: list[tuple[int, dict[str, str]]] = []
        self._opened = 0
        self._line, self._counted = 1, 0
        self.found: list[Instruction | Label] = []
        self.registers: dict[str, str] = {}
        self.variables: list[Variable] = []

    def module(self, name: str) -> Module:
        """What was read."""
        return Module(name, {}, self.registers, tuple(self.found), tuple(self._takes), self._gives)

    def read(self, takes: list[Variable], gives: list[Variable]) -> int:
        """Read all of it; where it ends."""
        if self._called:
            self._takes = [one.name for one in takes]
            self._gives = gives[0].name if gives else ""
            self._passed.update(one.name for one in (*takes, *gives))
        else:
            self.variables += takes
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
                    return self._at
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
        elif statement.startswith(".param"):
            scope, renamed = self._scopes[-1]
            name = _variable(statement).name
            renamed[name] = f"{name}__{scope}"
            self._passed.add(renamed[name])
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
        if op.startswith("call"):
            return self._call(number, self._renamed(rest))
        operands = [operand.strip() for operand in _OPERAND.findall(rest)]
        named = [self._renamed(operand) for operand in operands if operand]
        if op.startswith(("ld.param.", "st.param.")):
            op, named = self._moved(op, named)
        condition = self._renamed(guard.group(1)) if guard else ""
        return Instruction(number, op, tuple(named), condition)

    def _moved(self, op: str, operands: list[str]) -> tuple[str, list[str]]:
        """What is passed to a function and back is in registers: here such a load is a move."""
        place = 1 if op.startswith("ld") else 0
        found = _PASSED.match(operands[place])
        if found is None or found[1] not in self._passed:
            return op, operands
        type_ = op.rpartition(".")[2]
        name = f"%{found[1]}__at__{found[2] or '0'}_"
        self.registers.setdefault(name, type_)
        operands[place] = name
        return f"mov.{type_}", operands

    def _call(self, number: int, rest: str) -> Instruction:
        """`call {results}, function, {names of what is passed}`."""
        found = _CALL.match(rest)
        if found is None:
            raise PtxError(f"the call is not understood: {rest}")
        takes = (found[3] or "").replace(" ", "")
        return Instruction(number, "call", ((found[1] or "_").strip(), found[2], f"{{{takes}}}"))

    def _renamed(self, operand: str) -> str:
        for _, names in reversed(self._scopes):
            if names:
                operand = _NAME.sub(lambda name: names.get(name[0], name[0]), operand)  # noqa: B023
        return operand
