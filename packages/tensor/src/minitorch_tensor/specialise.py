"""An operator's own source, rewritten for a target: NumPy expressions, a Numba loop, a CUDA kernel.

The function of an operator is written once, in `minitorch_operators`, as straight-line Python on
floats.
A backend does not write it again: it takes that source, follows the functions and operators it
calls, and
prints all of them as its target spells them. Three things may change:

* a float literal gets the dtype of the computation (else float32 arithmetic is promoted);
* `ieee.exp` and its like become the target's own functions of that name;
* `a if c else b` becomes the target's choice, where the target computes on whole arrays.

>>> from minitorch_operators import maximum
>>> print(specialise(maximum.fn, Target()).text)
def maximum(a, b):
    return a if a > b or a != a else b
<BLANKLINE>
"""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType

from minitorch_operators import Binary, Rule, Ternary, TernaryRule, Unary, ieee, whole

Pointwise = (
    Callable[[float], float]
    | Callable[[float, float], float]
    | Callable[[float, float, float], float]
    | Rule
    | TernaryRule
)
"""What can be specialised: the function or a rule of an operator."""


class Target:
    """How a target spells things. The default leaves Python as it is."""

    def decorators(self) -> list[str]:
        """The lines above each function, for example `@njit()`."""
        return []

    def constant(self, value: float) -> ast.expr:
        """A float literal."""
        return ast.Constant(value)

    def call(self, name: str) -> str:
        """The target's name of the function `ieee.name` or `whole.name`."""
        return f"ieee_{name}"

    def choice(self, node: ast.IfExp) -> ast.expr:
        """`a if c else b`."""
        return node

    def logic(self, node: ast.BoolOp) -> ast.expr:
        """`p and q`, `p or q`."""
        return node

    def negation(self, node: ast.UnaryOp) -> ast.expr:
        """`not p`."""
        return node


@dataclass
class Program:
    """Source text whose function `entry` computes the operator with the target's functions."""

    entry: str
    parameters: tuple[str, ...]
    text: str = ""
    ieee: set[str] = field(default_factory=set)  # what of ieee and whole is called, by name


def specialise(fn: Pointwise, target: Target) -> Program:
    """The source of `fn`, and of all it calls, for `target`.

    Raises:
        TypeError: if `fn` is no plain function, or uses something outside the rules in
            `minitorch_operators.record`; the message names what.
    """
    function = _plain(fn)
    names: dict[FunctionType, str] = {}
    texts: list[str] = []
    program = Program(_name(function, names), _parameters(function))
    _emit(function, target, program, names, texts)
    program.text = "\n\n".join(texts)
    return program


def _plain(fn: Pointwise) -> FunctionType:
    if not isinstance(fn, FunctionType):
        raise TypeError(f"specialise: expected a plain Python function, got {fn!r}")
    return fn


def _parameters(function: FunctionType) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _name(function: FunctionType, names: dict[FunctionType, str]) -> str:
    """A name for `function` in the program: its own, without the underscore, made unique."""
    known = names.get(function)
    if known is None:
        base = function.__name__.lstrip("_")
        base = known = f"{base}_" if base in dir(builtins) else base
        number = 2
        while known in names.values():
            known = f"{base}_{number}"
            number += 1
        names[function] = known
    return known


def _emit(
    function: FunctionType,
    target: Target,
    program: Program,
    names: dict[FunctionType, str],
    texts: list[str],
) -> None:
    """Append the source of `function` to `texts`, after that of everything it calls."""
    definition = _definition(function)
    rewriter = _Rewriter(function, target, program, names)
    body = [rewriter.statement(node) for node in _statements(definition)]
    for called in rewriter.called:
        if _name(called, names) not in _defined(texts):
            _emit(called, target, program, names, texts)
    arguments = ", ".join(_parameters(function))
    lines = [
        *target.decorators(),
        f"def {_name(function, names)}({arguments}):",
        *(textwrap.indent(ast.unparse(ast.fix_missing_locations(node)), "    ") for node in body),
    ]
    texts.append("\n".join(lines) + "\n")


def _defined(texts: list[str]) -> set[str]:
    """The functions already printed."""
    found = set()
    for text in texts:
        for line in text.splitlines():
            if line.startswith("def "):
                found.add(line[4 : line.index("(")])
    return found


_parsing = threading.RLock()


def parsed(text: str) -> ast.Module:
    """The syntax tree of a source text, for one thread at a time.

    Python 3.11 counts for all threads together how deep it is in a tree that it makes, and two that
    take turns there end in a SystemError (https://github.com/python/cpython/issues/106905).

    >>> len(parsed("a = 1; b = 2").body)
    2
    """
    with _parsing:
        return ast.parse(text)


def _definition(function: FunctionType) -> ast.FunctionDef:
    tree = parsed(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"specialise: {function.__qualname__} must be written with def")
    return definition


def _statements(definition: ast.FunctionDef) -> Iterator[ast.Assign | ast.Return]:
    for node in definition.body:
        if isinstance(node, (ast.Assign, ast.Return)):
            yield node
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):  # docstring
            raise TypeError(
                f"specialise: {definition.name} line {node.lineno} is a {type(node).__name__}; "
                "the function "
                "of an operator may only assign and return"
            )


class _Rewriter(ast.NodeTransformer):
    """Rewrites one function, and collects the functions it calls."""

    def __init__(
        self,
        function: FunctionType,
        target: Target,
        program: Program,
        names: dict[FunctionType, str],
    ) -> None:
        self.function = function
        self.target = target
        self.program = program
        self.names = names
        self.called: list[FunctionType] = []
        self.local = set(_parameters(function))

    def statement(self, node: ast.Assign | ast.Return) -> ast.stmt:
        if isinstance(node, ast.Assign):
            for assigned in node.targets:
                if not isinstance(assigned, ast.Name):
                    raise self._refuse(node)
                self.local.add(assigned.id)
            return ast.Assign(node.targets, self._expression(node.value))
        if node.value is None:
            raise self._refuse(node)
        return ast.Return(self._expression(node.value))

    def _expression(self, node: ast.expr) -> ast.expr:
        result = self.visit(node)
        if not isinstance(result, ast.expr):
            raise self._refuse(node)
        return result

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise self._refuse(node)
        return self.target.constant(float(node.value))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.local:
            return node
        value = self.function.__globals__.get(node.id)
        if isinstance(value, float):
            return self.target.constant(value)
        raise self._refuse(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if node.keywords:
            raise self._refuse(node)
        called = node.func
        if isinstance(called, ast.Attribute):
            module = called.value
            if not (isinstance(module, ast.Name) and self._resolve(module.id) in (ieee, whole)):
                raise self._refuse(node)
            self.program.ieee.add(called.attr)
            name = self.target.call(called.attr)
        elif isinstance(called, ast.Name):
            function = self._resolve(called.id)
            if isinstance(function, (Unary, Binary, Ternary)):
                function = function.fn
            if not isinstance(function, FunctionType):
                raise self._refuse(node)
            self.called.append(function)
            name = _name(function, self.names)
        else:
            raise self._refuse(node)
        arguments = [self._expression(argument) for argument in node.args]
        return ast.Call(ast.Name(name, ast.Load()), arguments, [])

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        test, body, orelse = map(self._expression, (node.test, node.body, node.orelse))
        return self.target.choice(ast.IfExp(test, body, orelse))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return self.target.logic(ast.BoolOp(node.op, [self._expression(v) for v in node.values]))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        rewritten = ast.UnaryOp(node.op, self._expression(node.operand))
        return self.target.negation(rewritten) if isinstance(node.op, ast.Not) else rewritten

    def _resolve(self, name: str) -> object:
        found: object = self.function.__globals__.get(name)
        return found

    def _refuse(self, node: ast.AST) -> TypeError:
        return TypeError(
            f"specialise: {self.function.__qualname__} contains `{ast.unparse(node)}`; see the "
            "rules for "
            "the function of an operator in minitorch_operators.record"
        )
