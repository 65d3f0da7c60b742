"""Loops over `unrolled(n)` written out, `registers()` and `indices()` as variables.

>>> import ast
>>> tree = ast.parse('''
... acc = registers()
... for i in unrolled(ROWS):
...     acc[i] = load(x, at + i)
... ''')
>>> print(ast.unparse(ast.Module(unroll(tree.body, {"ROWS": 2}), [])))
acc_0 = load(x, at + 0)
acc_1 = load(x, at + 1)
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence

_NAMES = ("registers", "indices")


def unroll(body: Sequence[ast.stmt], constants: Mapping[str, int]) -> list[ast.stmt]:
    """The statements with constants in place of their names, and loops over them written out."""
    return _Unroller(dict(constants)).block(body)


class _Unroller(ast.NodeTransformer):
    def __init__(self, numbers: dict[str, int]) -> None:
        self.numbers = numbers  # names that stand for a number here
        self.registers: set[str] = set()

    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """The lines of a block."""
        made: list[ast.stmt] = []
        for statement in statements:
            if isinstance(statement, ast.For) and _calls(statement.iter, "unrolled"):
                made += self.copies(statement)
            elif isinstance(statement, ast.Assign) and _calls(statement.value, *_NAMES):
                self.registers.update(_name(target) for target in statement.targets)
            elif isinstance(statement, (ast.For, ast.If, ast.While)):
                changed = copy.copy(statement)
                changed.body, changed.orelse = self.block(statement.body), []
                if statement.orelse:
                    changed.orelse = self.block(statement.orelse)
                if isinstance(changed, ast.For):
                    changed.iter = self.expression(changed.iter)
                else:
                    changed.test = self.expression(changed.test)
                made.append(changed)
            else:
                visited = self.visit(copy.deepcopy(statement))
                assert isinstance(visited, ast.stmt)
                made.append(visited)
        return made

    def copies(self, loop: ast.For) -> list[ast.stmt]:
        """The body once for each number."""
        assert isinstance(loop.iter, ast.Call)
        counter, made = _name(loop.target), list[ast.stmt]()
        for i in range(self.number(loop.iter.args[0])):
            self.numbers[counter] = i
            made += self.block(loop.body)
        self.numbers.pop(counter, None)
        return made

    def expression(self, node: ast.expr) -> ast.expr:
        """An expression with its constants."""
        visited = self.visit(copy.deepcopy(node))
        assert isinstance(visited, ast.expr)
        return visited

    def number(self, node: ast.expr) -> int:
        """The value of an expression of constants."""
        value = self.expression(node)
        if isinstance(value, ast.Constant) and isinstance(value.value, int):
            return value.value
        raise TypeError(f"unroll: {ast.unparse(node)} is not known before the kernel runs")

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.numbers:
            return ast.Constant(self.numbers[node.id])
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if not isinstance(node.value, ast.Name) or node.value.id not in self.registers:
            self.generic_visit(node)
            return node
        index = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        numbers = [str(self.number(i)) for i in index]
        return ast.Name("_".join([node.value.id, *numbers]), node.ctx)


def _calls(node: ast.expr, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _name(node: ast.expr) -> str:
    if not isinstance(node, ast.Name):
        raise TypeError(f"unroll: expected a name, got {ast.unparse(node)}")
    return node.id
