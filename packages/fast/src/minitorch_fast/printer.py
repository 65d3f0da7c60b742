"""A plain Python function (see `loops`) printed as a kernel file at one dtype."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from types import FunctionType

from minitorch_fast import lane_snippets, lanes, loops, primitives, templates
from minitorch_fast.target import Body, Inliner, Kind, NumbaTarget
from minitorch_fast.unroll import unroll
from minitorch_operators import ieee
from minitorch_tensor.specialise import parsed

_INTRINSIC = {ieee.__name__, primitives.__name__}
_KEPT = {"len", "max", "min", "range"}
_REORDERED = """
REORDERED = {**OPTIONS, "fastmath": {"contract", "nsz", "reassoc"}}
"""


def source(
    function: Callable[..., object], kind: Kind, constants: Mapping[str, int] | None = None
) -> tuple[str, str, str]:
    """A fused kernel as (name, text, signature); `constants` are put in place of their names."""
    if not isinstance(function, FunctionType):
        raise TypeError(f"fused: expected a plain Python function, got {function!r}")
    body = Body(kind)
    printed: dict[FunctionType, list[str]] = {}
    _emit(function, body, printed, constants or {})
    *helpers, kernel = printed.values()
    kernel[0] = f"def kernel{kernel[0][kernel[0].index('(') :]}"
    about = inspect.getdoc(function)
    title = f"{function.__module__}.{function.__name__} at {kind}."
    text = templates.head(title if about is None else f"{title}\n\n{about}", body) + _REORDERED
    if constants and "LANES" in constants:
        text += lane_snippets.text(kind, constants["LANES"])
    names = list(printed)
    for helper, made in zip(helpers, names, strict=False):
        options = "REORDERED" if "reordered" in made.__dict__ else "OPTIONS"
        text += f"\n\n@njit(**{options})\n" + "\n".join(helper) + "\n"
    options = "REORDERED" if "reordered" in function.__dict__ else "OPTIONS"
    text += f"\n\n@njit(**{options})\n" + "\n".join(kernel) + "\n"
    name = f"{function.__name__.strip('_')}_{kind}"
    return name, text, _signature(function, kind)


def _signature(function: FunctionType, kind: Kind) -> str:
    types = {
        "Floats": f"{kind}[::1]",
        "Ints": "int64[::1]",
        "Bits": "int32[::1]" if kind == "float32" else "int64[::1]",
        "Words": "uint32[::1]",
        "Bytes": "uint8[::1]",
        "float": kind,
        "int": "int64",
        "None": "void",
    }
    annotations = inspect.get_annotations(function)
    returned = annotations.pop("return")
    return f"{types[returned]}({', '.join(types[name] for name in annotations.values())})"


def _emit(
    function: FunctionType,
    body: Body,
    printed: dict[FunctionType, list[str]],
    constants: Mapping[str, int],
) -> None:
    """Add the lines of `function` to `printed`, after those of the functions it calls."""
    tree = parsed(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"fused: {function.__qualname__} must be written with def")
    writer = _Writer(function, body)
    lines = writer.statements(unroll(definition.body, constants))
    for called in writer.called:
        if called not in printed:
            _emit(called, body, printed, constants)
    parameters = ", ".join(inspect.signature(function).parameters)
    told = ["    wide()"]
    if "separate" in function.__dict__:
        body.calls.add("separate")
        told.append("    separate()")
    printed[function] = [
        f"def {function.__name__}({parameters}):",
        *told,
        *("    " + line for line in lines),
    ]


class _Writer(Inliner):
    """Prints the statements of one function, with the functions of `ieee` in place."""

    def __init__(self, function: FunctionType, body: Body) -> None:
        super().__init__(NumbaTarget(body.kind), {}, body, list(function.__code__.co_varnames))
        self.function = function
        self.called: list[FunctionType] = []

    def statements(self, nodes: list[ast.stmt]) -> list[str]:
        """The lines of some statements."""
        lines: list[str] = []
        for node in nodes:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue  # the docstring
            lines += self.statement(node)
        return lines

    def statement(self, node: ast.stmt) -> list[str]:
        """The lines of one statement: first what its expressions need."""
        if isinstance(node, ast.For):
            head = f"for {ast.unparse(node.target)} in {self.printed(node.iter)}:"
            return [*self.flushed(), head, *self.block(node.body)]
        if isinstance(node, ast.While):
            head = f"while {self.printed(node.test)}:"
            if self.body.lines:  # they would be computed once, not before each test
                raise self.refuse(node.test)
            return [head, *self.block(node.body)]
        if isinstance(node, ast.If):
            test = self.printed(node.test)
            lines = [*self.flushed(), f"if {test}:", *self.block(node.body)]
            return [*lines, "else:", *self.block(node.orelse)] if node.orelse else lines
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            made: ast.stmt = ast.Assign(
                [self.expression(node.targets[0])], self.expression(node.value)
            )
        elif isinstance(node, ast.AugAssign):
            target = self.expression(node.target)
            if not isinstance(target, (ast.Name, ast.Subscript)):
                raise self.refuse(node)
            made = ast.AugAssign(target, node.op, self.expression(node.value))
        elif isinstance(node, ast.Return):
            made = ast.Return(None if node.value is None else self.expression(node.value))
        elif isinstance(node, ast.Expr):
            made = ast.Expr(self.expression(node.value))
        else:
            raise self.refuse(node)
        return [*self.flushed(), ast.unparse(ast.fix_missing_locations(made))]

    def block(self, nodes: list[ast.stmt]) -> list[str]:
        """The lines of a block, indented."""
        return ["    " + line for line in self.statements(nodes)]

    def printed(self, node: ast.expr) -> str:
        """The text of an expression."""
        return ast.unparse(ast.fix_missing_locations(self.expression(node)))

    def flushed(self) -> list[str]:
        """The assignments that inlined functions have left."""
        lines = list(self.body.lines)
        self.body.lines.clear()
        return lines

    def refuse(self, node: ast.AST) -> TypeError:
        """What to raise for something a kernel may not contain."""
        return TypeError(
            f"fused: {self.function.__qualname__} contains `{ast.unparse(node)}`; see "
            "minitorch_fast.loops for what a kernel is written with"
        )

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if self.in_library or isinstance(node.value, float):
            return super().visit_Constant(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if self.in_library:
            return super().visit_Name(node)
        value = self.function.__globals__.get(node.id)
        return self.constant(value) if isinstance(value, float) else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if self.in_library:
            return super().visit_UnaryOp(node)
        return ast.UnaryOp(node.op, self.expression(node.operand))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        if self.in_library:
            return super().visit_IfExp(node)
        return ast.IfExp(*map(self.expression, (node.test, node.body, node.orelse)))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        if self.in_library:
            return super().visit_BoolOp(node)
        return ast.BoolOp(node.op, [self.expression(value) for value in node.values])

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        # Numba counts a negative index from the end, which costs a comparison for each element.
        index = ast.Call(ast.Name("u64", ast.Load()), [self.expression(node.slice)], [])
        return ast.Subscript(self.expression(node.value), index, node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if self.in_library or not isinstance(node.func, ast.Name):
            return super().visit_Call(node)
        name = node.func.id
        called = self.function.__globals__.get(name)
        if isinstance(called, FunctionType) and called.__module__ in _INTRINSIC:
            return super().visit_Call(node)
        if called is loops.exp_negative:
            return super().visit_Call(node)
        arguments = [self.expression(argument) for argument in node.args]
        if called is loops.scratch:
            kind = ast.Name(f"np.{self.target.kind}", ast.Load())
            return ast.Call(ast.Name("np.empty", ast.Load()), [*arguments, kind], [])
        if called is loops.real:
            return ast.Call(ast.Name(self.target.short, ast.Load()), arguments, [])
        if called is loops.wider:
            wide = "i64" if self.target.kind == "int64" else "f64"
            return ast.Call(ast.Name(wide, ast.Load()), arguments, [])
        if called is loops.whole:
            return ast.Call(ast.Name("np.int32", ast.Load()), arguments, [])
        if called in (loops.choose, loops.larger, loops.fma):
            self.body.calls.add(name)
            return ast.Call(node.func, arguments, [])
        if name in _KEPT or called in lanes.FUNCTIONS:
            return ast.Call(node.func, arguments, [])
        if not isinstance(called, FunctionType):
            raise self.refuse(node)
        self.called.append(called)
        return ast.Call(node.func, arguments, [])
