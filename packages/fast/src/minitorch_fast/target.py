"""How Numba spells an operator at one dtype, and the operator's whole source as straight lines.

`minitorch_tensor.specialise` prints an operator and the functions it calls. Here they all become
one list of assignments, which a template places in its loop: a call costs Numba a function to
infer, to compile and to link, and twice the time of the loop itself; an assignment costs next to
nothing, and can be read from top to bottom.

>>> from minitorch_operators import silu
>>> body = inline(silu.fn, NumbaTarget("float32"), ["x"])
>>> body.text.splitlines()[0], body.result
('# exp', 'x / (c1 + v2)')
"""

from __future__ import annotations

import ast
import copy
import inspect
import math
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Literal

from minitorch_fast import vectormath32, vectormath64
from minitorch_tensor.dtype import DType
from minitorch_tensor.specialise import Pointwise, Target, parsed, specialise

Kind = Literal["float32", "float64", "int64"]
"""What a kernel computes in: the smaller integers and bool are widened as they are read."""

_LIBRARIES: dict[Kind, ModuleType] = {"float32": vectormath32, "float64": vectormath64}
_SHORT = {"float32": "f32", "float64": "f64", "int64": "i64"}


def kind_of(dtype: DType) -> Kind:
    """What is computed in, for a computation whose dtype is `dtype`."""
    if dtype.kind == "float":
        return "float32" if dtype.itemsize == 4 else "float64"
    return "int64"


class NumbaTarget(Target):
    """Numba at one kind of number: typed literals, and choices that do not branch."""

    def __init__(self, kind: Kind) -> None:
        self.kind: Kind = kind
        self.short = _SHORT[kind]

    def literal(self, value: float) -> str:
        """The text of a number of this kind."""
        if self.kind == "int64":
            whole = math.isfinite(value) and value == int(value)
            return f"i64({int(value)})" if whole else f'f64("{value!r}")'
        return f"{self.short}({value!r})" if math.isfinite(value) else f'{self.short}("{value!r}")'

    def choice(self, node: ast.IfExp) -> ast.expr:
        """`choose(c, a, b)`: both are evaluated."""
        return ast.Call(ast.Name("choose", ast.Load()), [node.test, node.body, node.orelse], [])

    def logic(self, node: ast.BoolOp) -> ast.expr:
        """`p & q`, `p | q`: both are evaluated."""
        operator = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        result = node.values[0]
        for value in node.values[1:]:
            result = ast.BinOp(result, operator, value)
        return result

    def library(self) -> dict[str, ast.FunctionDef]:
        """Our own functions in place of libm's, by name."""
        return _definitions(_LIBRARIES[self.kind]) if self.kind in _LIBRARIES else {}

    def numbers(self) -> dict[str, float]:
        """The constants of that library, by name."""
        if self.kind not in _LIBRARIES:
            return {}
        names = vars(_LIBRARIES[self.kind])
        return {name: value for name, value in names.items() if isinstance(value, float)}


@cache
def _definitions(module: ModuleType) -> dict[str, ast.FunctionDef]:
    tree = parsed(inspect.getsource(module))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


@dataclass
class Body:
    """An operator as straight lines: assignments, then the expression that is its result."""

    kind: Kind
    lines: list[str] = field(default_factory=list)
    result: str = ""
    constants: dict[str, str] = field(default_factory=dict)  # literal -> its name
    calls: set[str] = field(default_factory=set)  # functions that a snippet must define

    @property
    def text(self) -> str:
        """The assignments."""
        return "\n".join(self.lines)


def inline(
    fn: Pointwise, target: NumbaTarget, operands: list[str], body: Body | None = None
) -> Body:
    """The function `fn` of the variables named `operands`, for `target`.

    It is appended to `body` if that is given. The operator's own functions, and those of
    `vectormath32` or `vectormath64`, become assignments; what is left to call is listed in `calls`.
    """
    program = specialise(fn, target)
    functions = {f.name: f for f in parsed(program.text).body if isinstance(f, ast.FunctionDef)}
    inliner = Inliner(target, functions, body or Body(target.kind), operands)
    arguments: list[ast.expr] = [ast.Name(name, ast.Load()) for name in operands]
    result = inliner.call(functions[program.entry], arguments)
    inliner.body.result = ast.unparse(result)
    return inliner.body


class Inliner(ast.NodeTransformer):
    """Copies function bodies into `body`, with variables renamed so that none collide."""

    def __init__(
        self,
        target: NumbaTarget,
        functions: dict[str, ast.FunctionDef],
        body: Body,
        taken: list[str],
    ) -> None:
        self.target = target
        self.functions = functions
        self.library = target.library()
        self.numbers = target.numbers()
        self.body = body
        self.taken = {*taken, *(line.partition(" = ")[0] for line in body.lines)}
        self.scope: dict[str, ast.expr] = {}
        self.in_library = False

    def call(self, function: ast.FunctionDef, arguments: list[ast.expr]) -> ast.expr:
        """Append the assignments of `function`, and return its result."""
        function = copy.deepcopy(function)  # what is visited is changed in place
        parameters = [parameter.arg for parameter in function.args.args]
        outer, self.scope = self.scope, dict(zip(parameters, arguments, strict=True))
        mine: set[str] = set()  # variables of this call, which it may assign again
        result: ast.expr | None = None
        for statement in function.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                local = statement.targets[0].id
                value = self.expression(statement.value)
                held = self.scope.get(local)
                if isinstance(held, ast.Name) and held.id in mine:
                    name = held.id
                else:
                    name = self.fresh(local)
                    mine.add(name)
                self.assign(name, value)
                self.scope[local] = ast.Name(name, ast.Load())
            elif isinstance(statement, ast.Return) and statement.value is not None:
                result = self.expression(statement.value)
        self.scope = outer
        if result is None:
            raise TypeError(f"inline: {function.name} returns nothing")
        return result

    def assign(self, name: str, value: ast.expr) -> None:
        """Append one assignment."""
        self.body.lines.append(f"{name} = {ast.unparse(ast.fix_missing_locations(value))}")

    def fresh(self, name: str) -> str:
        """A variable name that is not in use."""
        candidate, number = name, 2
        while candidate in self.taken:
            candidate = f"{name}{number}"
            number += 1
        self.taken.add(candidate)
        return candidate

    def expression(self, node: ast.expr) -> ast.expr:
        """The expression in terms of the variables of the body."""
        result = self.visit(node)
        if not isinstance(result, ast.expr):
            raise TypeError(f"inline: {ast.unparse(node)} is no expression")
        return result

    def constant(self, value: float) -> ast.expr:
        """The name of a typed constant."""
        name = self.body.constants.setdefault(
            self.target.literal(value), f"c{len(self.body.constants) + 1}"
        )
        return ast.Name(name, ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """A number."""
        if not isinstance(node.value, (int, float)):
            raise TypeError(f"inline: {node.value!r} is no number")
        return self.constant(float(node.value))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A variable or a named constant."""
        if node.id in self.scope:
            return self.scope[node.id]
        return self.constant(self.numbers[node.id])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """`-x`, `not p`."""
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            value = node.operand.value
            if isinstance(value, (int, float)):
                return self.constant(-float(value))
        return ast.UnaryOp(node.op, self.expression(node.operand))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """A choice."""
        return self.expression(self.target.choice(node))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """`p and q`, `p or q`."""
        return self.expression(self.target.logic(node))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call: inlined, or left to a snippet."""
        if not isinstance(node.func, ast.Name):
            raise TypeError(f"inline: {ast.unparse(node)} calls no function by its name")
        arguments = [self.expression(argument) for argument in node.args]
        called = node.func.id
        if called in self.functions and not self.in_library:
            return self.value_of(called, self.functions[called], arguments)
        name = called.removeprefix("ieee_")
        if name in self.library:
            outer, self.in_library = self.in_library, True
            result = self.value_of(name, self.library[name], arguments)
            self.in_library = outer
            return result
        if name == "div" and self.target.kind != "int64":
            return ast.BinOp(arguments[0], ast.Div(), arguments[1])
        self.body.calls.add(name)
        return ast.Call(ast.Name(name, ast.Load()), arguments, [])

    def value_of(self, name: str, function: ast.FunctionDef, arguments: list[ast.expr]) -> ast.expr:
        """Inline a call: arguments and result get variables, unless they are names already."""
        self.body.lines.append(f"# {name}")
        result = self.call(function, [self.named(a, "u") for a in arguments])
        return self.named(result, "v")

    def named(self, value: ast.expr, stem: str) -> ast.expr:
        """A name for the value."""
        if isinstance(value, ast.Name):
            return value
        name = self.fresh(stem)
        self.assign(name, value)
        return ast.Name(name, ast.Load())
