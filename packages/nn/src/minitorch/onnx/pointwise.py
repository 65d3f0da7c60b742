"""Pointwise operators as ONNX nodes: the common ones by name, all others from their own source.

As every backend, this one has no list of operators that it must know: `specialise` rewrites the
functions that an operator consists of, and these are run here, with values of the graph in place
of numbers. The tables below only give shorter graphs.
"""

from __future__ import annotations

import ast
import math
from typing import Final

import numpy as np

from minitorch.onnx.errors import OnnxExporterError
from minitorch.onnx.graph import Attribute, Sizes, Value
from minitorch.onnx.writing import Writer, place
from minitorch_operators import Binary, Ternary, Unary
from minitorch_tensor import DType, bool_, float32, int64
from minitorch_tensor.specialise import Pointwise, Program, Target, parsed, specialise

Term = Value | float
"""What an expression comes to: numbers become constants when they meet a value."""

_FLOAT: Final = {
    "relu": "Relu", "sigmoid": "Sigmoid", "abs": "Abs", "neg": "Neg", "round": "Round",
    "softplus": "Softplus", "softsign": "Softsign", "hardswish": "HardSwish",
    "mish": "Mish", "reciprocal": "Reciprocal", "inv": "Reciprocal", "add": "Add", "sub": "Sub",
    "mul": "Mul", "div": "Div", "maximum": "Max", "minimum": "Min", "prelu": "PRelu", "pow": "Pow",
    "clamp_min": "Max", "clamp_max": "Min", "id": "Identity",
}  # fmt: skip
_WHOLE: Final = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "abs": "Abs", "neg": "Neg", "maximum": "Max",
    "minimum": "Min", "remainder": "Mod", "bitwise_and": "BitwiseAnd", "bitwise_or": "BitwiseOr",
    "bitwise_xor": "BitwiseXor", "bitwise_not": "BitwiseNot", "clamp_min": "Max",
    "clamp_max": "Min", "id": "Identity",
}  # fmt: skip
_COMPARISONS: Final = {
    "eq": "Equal", "lt": "Less", "le": "LessOrEqual", "gt": "Greater", "ge": "GreaterOrEqual",
}  # fmt: skip
_LOGIC: Final = {
    "logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "logical_not": "Not",
    "bitwise_and": "And", "bitwise_or": "Or", "bitwise_xor": "Xor", "bitwise_not": "Not",
}  # fmt: skip
_WITH_ALPHA: Final = {"leaky_relu": "LeakyRelu", "elu": "Elu", "celu": "Celu"}
_CLIPS: Final = ("clamp", "hardtanh")


def applied(
    writer: Writer, operator: Unary | Binary | Ternary, compute: DType, operands: list[Value]
) -> Value:
    """The operator of values, which are broadcast, computed in this dtype."""
    name = operator.name
    if name in _LOGIC and (operator.result == "bool" or compute is bool_):
        return writer.elementwise(_LOGIC[name], *(writer.cast(x, bool_) for x in operands))
    if name == "where":
        condition, *choices = operands
        return writer.where(condition, *(writer.cast(x, compute) for x in choices))
    operands = [writer.cast(x, compute) for x in operands]
    if name in _COMPARISONS or name == "ne":
        found = writer.elementwise(_COMPARISONS.get(name, "Equal"), *operands, dtype=bool_)
        return writer.elementwise("Not", found) if name == "ne" else found
    if name == "div" and compute.is_floating_point:
        mean = _mean(writer, *operands)
        if mean is not None:
            return mean
    plain = (_FLOAT if compute.is_floating_point else _WHOLE).get(name)
    if plain == "PRelu" and not _fits(operands[1], operands[0]):
        plain = None
    if plain is not None:
        return writer.elementwise(plain, *operands)
    numbers = [only(x) for x in operands[1:]]
    if compute.is_floating_point and operands[1:] and None not in numbers:
        short = _with_numbers(writer, name, operands, [n for n in numbers if n is not None])
        if short is not None:
            return short
    return evaluated(writer, operator.fn, compute, operands)


def _with_numbers(
    writer: Writer, name: str, operands: list[Value], numbers: list[float]
) -> Value | None:
    """An operator of one value and some numbers, if ONNX has it."""
    x = operands[0]
    if name in _WITH_ALPHA:
        attributes: dict[str, Attribute] = {"alpha": numbers[0]}
        return writer.node(_WITH_ALPHA[name], [x], x.shape, x.dtype, attributes)
    if name in _CLIPS and numbers[0] <= numbers[1]:
        bounds = [writer.number(n, x.dtype) for n in numbers]
        return writer.node("Clip", [x, *bounds], x.shape, x.dtype)
    return None


def _mean(writer: Writer, total: Value, count: Value) -> Value | None:
    """A sum over how many elements it has, as one node which knows their number at any size."""
    node = writer.origin.get(total)
    if node is not None and node.operator == "Squeeze" and isinstance(node.inputs[0], Value):
        mean = _mean(writer, node.inputs[0], count)
        return None if mean is None else writer.with_ones(mean, total.shape)
    if node is None or node.operator != "ReduceSum":
        return None
    x, dims = node.inputs
    assert isinstance(x, Value)
    assert isinstance(dims, Sizes)
    if only(count) != math.prod(x.shape[i] for i in dims.numbers):
        return None
    return writer.reduce("ReduceMean", x, dims.numbers)


def _fits(slope: Value, x: Value) -> bool:
    """Whether slopes can be broadcast to x as PRelu does: x is not broadcast."""
    return np.broadcast_shapes(slope.shape, x.shape) == x.shape


def only(x: Value) -> float | None:
    """The number that a constant of one element is."""
    return float(x.array.reshape(-1)[0]) if x.array is not None and x.array.size == 1 else None


def evaluated(writer: Writer, fn: Pointwise, compute: DType, operands: list[Value]) -> Value:
    """The function of an operator, or a rule, as its source says."""
    run = _Interpreter(writer, compute, specialise(fn, Target()))
    return run.value(run.call(run.entry, list(operands)))


_FUNCTIONS: Final = {
    "fabs": "Abs", "floor": "Floor", "ceil": "Ceil", "rint": "Round", "sqrt": "Sqrt", "exp": "Exp",
    "log": "Log", "erf": "Erf", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin",
    "acos": "Acos", "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh",
    "asinh": "Asinh", "acosh": "Acosh", "atanh": "Atanh", "div": "Div", "pow": "Pow",
}  # fmt: skip
_COMPOSED: Final = {
    "trunc": "ieee_ceil(x) if x < 0.0 else ieee_floor(x)",
    "exp2": "ieee_pow(2.0, x)",
    "expm1": "ieee_exp(x) - 1.0",
    "log1p": "ieee_log(x + 1.0)",
    "log2": f"ieee_log(x) * {1.0 / math.log(2.0)!r}",
    "log10": f"ieee_log(x) * {1.0 / math.log(10.0)!r}",
    "erfc": "1.0 - ieee_erf(x)",
    "hypot": "ieee_sqrt(x * x + y * y)",
    "copysign": "-ieee_fabs(x) if y < 0.0 else ieee_fabs(x)",
}
"""What ONNX has no operator for, of x and y."""
_ROUNDINGS: Final = ("floor", "ceil", "trunc", "rint", "integer")
_ARITHMETIC: Final[dict[type[ast.AST], str]] = {
    ast.Add: "Add", ast.Sub: "Sub", ast.Mult: "Mul", ast.Div: "Div", ast.Eq: "Equal",
    ast.Lt: "Less", ast.LtE: "LessOrEqual", ast.Gt: "Greater", ast.GtE: "GreaterOrEqual",
    ast.USub: "Neg", ast.Not: "Not", ast.And: "And", ast.Or: "Or",
}  # fmt: skip


class _Interpreter:
    """Runs the functions of a program with values in place of numbers.

    They are straight-line code, so this is all of the language there is.
    """

    def __init__(self, writer: Writer, compute: DType, program: Program) -> None:
        self.writer = writer
        self.compute = compute
        self.entry = program.entry
        body = parsed(program.text).body
        self.functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}

    def value(self, x: Term) -> Value:
        """A term as a value."""
        return x if isinstance(x, Value) else self.writer.number(x, self.compute)

    def call(self, name: str, arguments: list[Term]) -> Term:
        """A function of the program, or of `ieee`, of these arguments."""
        function = self.functions.get(name)
        if function is None:
            return self._ieee(name.removeprefix("ieee_"), arguments)
        names = [argument.arg for argument in function.args.args]
        scope = dict(zip(names, arguments, strict=True))
        for node in function.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                scope[node.targets[0].id] = self._term(node.value, scope)
            elif isinstance(node, ast.Return) and node.value is not None:
                return self._term(node.value, scope)
        raise OnnxExporterError(f"onnx.export: the function {name} returns nothing")

    def _term(self, node: ast.expr, scope: dict[str, Term]) -> Term:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return float(node.value)
        if isinstance(node, ast.Name):
            return scope[node.id]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.call(node.func.id, [self._term(x, scope) for x in node.args])
        if isinstance(node, ast.IfExp):
            test, a, b = (
                self.value(self._term(x, scope)) for x in (node.test, node.body, node.orelse)
            )
            return self.writer.where(test, a, b)
        if isinstance(node, ast.BinOp):
            return self._apply(node.op, [self._term(x, scope) for x in (node.left, node.right)])
        if isinstance(node, ast.UnaryOp):
            return self._apply(node.op, [self._term(node.operand, scope)])
        if isinstance(node, ast.BoolOp):
            first, *rest = [self._term(x, scope) for x in node.values]
            for x in rest:
                first = self._apply(node.op, [first, x])
            return first
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            pair = [self._term(x, scope) for x in (node.left, node.comparators[0])]
            if isinstance(node.ops[0], ast.NotEq):
                return self._apply(ast.Not(), [self._apply(ast.Eq(), pair)])
            return self._apply(node.ops[0], pair)
        raise OnnxExporterError(f"onnx.export: `{ast.unparse(node)}` cannot be said in ONNX")

    def _apply(self, operator: ast.AST, terms: list[Term]) -> Term:
        numbers = [x for x in terms if not isinstance(x, Value)]
        if len(numbers) == len(terms) and isinstance(operator, ast.USub):
            return -numbers[0]
        name = _ARITHMETIC.get(type(operator))
        if name is None:
            raise _without(type(operator).__name__)
        dtype = bool_ if isinstance(operator, ast.cmpop) else None
        return self.writer.elementwise(name, *map(self.value, terms), dtype=dtype)

    def _ieee(self, name: str, arguments: list[Term]) -> Term:
        if not self.compute.is_floating_point and name in _ROUNDINGS:
            return arguments[0]
        values = list(map(self.value, arguments))
        if name in _FUNCTIONS:
            return self.writer.elementwise(_FUNCTIONS[name], *values)
        if name == "fmod":
            shape = np.broadcast_shapes(*(x.shape for x in values))
            return self.writer.node("Mod", values, shape, self.compute, {"fmod": 1})
        if name in _COMPOSED:
            (line,) = parsed(_COMPOSED[name]).body
            assert isinstance(line, ast.Expr)
            return self._term(line.value, dict(zip("xy", arguments, strict=False)))
        raise _without(name)


def _without(name: str) -> OnnxExporterError:
    return OnnxExporterError(
        f"onnx.export: there is no ONNX operator for {name}, which is needed by {place()}; compute "
        "it before or after the model"
    )


def compute_dtype(dtype: DType) -> DType:
    """What is computed in for a dtype: integers in int64, floats of 16 bits in float32."""
    if dtype.kind == "int":
        return int64
    return float32 if dtype.half else dtype
