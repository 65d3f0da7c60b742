"""The form that functions and rules must have, so that backends can translate their source.

`function_faults(fn)` and `rule_faults(rule)` say in words where the source departs from it; what
the form is, `record.py` tells.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType

from minitorch_operators import Binary, Ternary, Unary, ieee, whole

ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
BITS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift)  # of integers only
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def definition(fn: Callable[..., object]) -> ast.FunctionDef:
    (statement,) = ast.parse(textwrap.dedent(inspect.getsource(fn))).body
    assert isinstance(statement, ast.FunctionDef), "not a `def`"
    return statement


def parameters(node: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]


def lines(node: ast.FunctionDef) -> list[ast.stmt]:
    """The body without its docstring."""
    return node.body[1:] if ast.get_docstring(node) is not None else node.body


def results(node: ast.FunctionDef) -> Iterator[tuple[str | None, ast.expr]]:
    """The right-hand sides: of assignments to one name, and at the end of the one `return`."""
    *assignments, last = lines(node)
    for line in assignments:
        assert isinstance(line, ast.Assign), f"{ast.unparse(line)}: neither `=` nor `return`"
        (target,) = line.targets
        assert isinstance(target, ast.Name), f"{ast.unparse(line)}: more than one name"
        yield target.id, line.value
    assert isinstance(last, ast.Return), "no `return` at the end"
    assert last.value is not None, "`return` of nothing"
    yield None, last.value


class Form:
    """A walk over the expressions of one function, which collects what is not allowed."""

    def __init__(self, fn: Callable[..., object], is_rule: bool) -> None:
        assert isinstance(fn, FunctionType), f"{fn} is no plain function"
        self.is_rule = is_rule
        self.globals = fn.__globals__
        self.faults: list[str] = []
        node = definition(fn)
        if fn.__qualname__ != fn.__name__:
            self.faults.append("not at the top of its module")
        self.local = set(parameters(node))
        self.values = set(self.local)  # names that hold a value and not a plain number
        for name, expression in results(node):
            self.value(expression)
            if name is not None:
                self.local.add(name)
                if self.has_value(expression):
                    self.values.add(name)

    def fault(self, node: ast.expr, why: str) -> None:
        self.faults.append(f"{ast.unparse(node)}: {why}")

    def has_value(self, node: ast.expr) -> bool:
        return any(isinstance(n, ast.Name) and n.id in self.values for n in ast.walk(node))

    def value(self, node: ast.expr) -> None:
        """An expression that is a number."""
        match node:
            case ast.Constant(value=float()):
                pass
            case ast.Name(id=name):
                if name not in self.local and type(self.globals.get(name)) is not float:
                    self.fault(node, "neither an operand nor a constant float of the module")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.value(operand)
            case ast.UnaryOp(op=ast.Invert(), operand=operand) if not self.is_rule:
                self.integer(operand)
            case ast.BinOp(left=left, op=ast.operator() as op, right=right) if (
                isinstance(op, BITS) and not self.is_rule
            ):
                self.integer(left)
                self.integer(right)
            case ast.BinOp(left=left, op=op, right=right):
                if not isinstance(op, ARITHMETIC):
                    self.fault(node, "not one of + - * /")
                self.value(left)
                self.value(right)
            case ast.IfExp(test=test, body=body, orelse=orelse) if not self.is_rule:
                self.condition(test)
                self.value(body)
                self.value(orelse)
            case ast.Call(func=func, args=args, keywords=[]):
                self.callee(func, node)
                for argument in args:
                    self.value(argument)
            case _:
                self.fault(node, "not in the form")

    def integer(self, node: ast.expr) -> None:
        """An operand of an operator on bits."""
        self.value(node)
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="whole"), attr="integer")):
                pass
            case _:
                self.fault(node, "not a whole.integer(...)")

    def condition(self, node: ast.expr) -> None:
        """An expression that is true or false: only before `else`."""
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                if not isinstance(op, COMPARISONS):
                    self.fault(node, "not a comparison of numbers")
                self.value(left)
                self.value(right)
            case ast.BoolOp(values=values):
                for each in values:
                    self.condition(each)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.condition(operand)
            case _:
                self.fault(node, "not a condition")

    def callee(self, func: ast.expr, call: ast.Call) -> None:
        match func:
            case ast.Attribute(value=ast.Name(id="ieee"), attr=name) if not self.is_rule:
                if name not in ieee.__all__ or self.globals.get("ieee") is not ieee:
                    self.fault(call, "ieee has no such function")
            case ast.Attribute(value=ast.Name(id="whole"), attr=name) if not self.is_rule:
                if name not in whole.__all__ or self.globals.get("whole") is not whole:
                    self.fault(call, "whole has no such function")
            case ast.Name(id=name):
                self.named(self.globals.get(name), call)
            case _:
                self.fault(call, "calls something else than ieee and operators")

    def named(self, called: object, call: ast.Call) -> None:
        if isinstance(called, (Unary, Binary, Ternary)):
            operands = call.args[1:] if called.name == "where" else call.args
            if self.is_rule and not any(self.has_value(operand) for operand in operands):
                # On tensors the result takes its dtype from a value.
                self.fault(call, "no value among its operands")
        elif isinstance(called, FunctionType) and not self.is_rule:
            self.faults += function_faults(called)
        else:
            self.fault(call, "calls something that is not an operator")


def function_faults(fn: Callable[..., object]) -> list[str]:
    """What is wrong with the form of a function on floats."""
    return Form(fn, is_rule=False).faults


def rule_faults(rule: Callable[..., object]) -> list[str]:
    """What is wrong with the form of a derivative rule."""
    return Form(rule, is_rule=True).faults


def reads(rule: Callable[..., object], names: str) -> str:
    """Which operands a rule reads, each named by its letter in `names`."""
    node = definition(rule)
    used = {n.id for line in lines(node) for n in ast.walk(line) if isinstance(n, ast.Name)}
    operands = parameters(node)[1:]
    return "".join(n for n, operand in zip(names, operands, strict=True) if operand in used)
