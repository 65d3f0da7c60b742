"""The operators as the course's `ScalarFunction`s: `Mul.apply(x, y)` is `x * y`.

Each is a name for an operator record, where the function and its derivative are defined.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from minitorch_autodiff.course import Context, FunctionNode, ScalarFunction, ScalarHistory
from minitorch_autodiff.mode import enable_grad
from minitorch_autodiff.pointwise import BinaryNode, TernaryNode, UnaryNode, node_name
from minitorch_autodiff.scalar import Scalar
from minitorch_operators import (
    Binary,
    Operator,
    Ternary,
    Unary,
    add,
    eq,
    exp,
    inv,
    log,
    lt,
    mul,
    neg,
    relu,
    sigmoid,
)


class OperatorFunction(ScalarFunction):
    """The function of an operator record."""

    operator: ClassVar[Operator]

    @classmethod
    def forward(cls, ctx: Context, *vals: float) -> float:
        """The operator of these numbers."""
        ctx.save_for_backward(*vals)
        return cls.apply(*vals).data

    @classmethod
    def backward(cls, ctx: Context, d_output: float) -> float | tuple[float, ...]:
        """d_output times the derivative by each input, by the rules of the operator."""
        inputs = [Scalar(value, requires_grad=True) for value in ctx.saved_values]
        with enable_grad():
            y = cls.apply(*inputs)
        if y.requires_grad:
            y.backward(d_output)
        derivatives = tuple(x.derivative or 0.0 for x in inputs)
        return derivatives if len(derivatives) > 1 else derivatives[0]

    @classmethod
    def apply(cls, *vals: Scalar | float) -> Scalar:
        """The operator of these values, recorded as any operator.

        Raises:
            TypeError: if the operator takes another number of values.
        """
        match cls.operator, [v if isinstance(v, Scalar) else Scalar(v) for v in vals]:
            case Unary() as operator, [x]:
                return operator(x)
            case Binary() as operator, [a, b]:
                return operator(a, b)
            case Ternary() as operator, [a, b, c]:
                return operator(a, b, c)
        raise TypeError(f"{cls.__name__}.apply: {cls.operator!r} cannot take {len(vals)} values")


class Add(OperatorFunction):
    """x + y."""

    operator = add


class Mul(OperatorFunction):
    """x * y."""

    operator = mul


class Log(OperatorFunction):
    """log(x)."""

    operator = log


class Inv(OperatorFunction):
    """1 / x."""

    operator = inv


class Neg(OperatorFunction):
    """-x."""

    operator = neg


class Sigmoid(OperatorFunction):
    """1 / (1 + exp(-x))."""

    operator = sigmoid


class ReLU(OperatorFunction):
    """max(x, 0)."""

    operator = relu


class Exp(OperatorFunction):
    """exp(x)."""

    operator = exp


class LT(OperatorFunction):
    """1 where x < y, else 0."""

    operator = lt


class EQ(OperatorFunction):
    """1 where x == y, else 0."""

    operator = eq


_NAMED: dict[Operator, type[OperatorFunction]] = {
    f.operator: f for f in (Add, Mul, Log, Inv, Neg, Sigmoid, ReLU, Exp, LT, EQ)
}


@cache
def function_of(operator: Operator) -> type[OperatorFunction]:
    """The function of any operator record: one of those above, or a new one.

    >>> from minitorch_operators import mul, tanh
    >>> function_of(mul) is Mul
    True
    >>> function_of(tanh).__name__
    'Tanh'
    """
    if operator in _NAMED:
        return _NAMED[operator]

    class Unnamed(OperatorFunction):
        __doc__ = operator.fn.__doc__

    Unnamed.operator = operator
    Unnamed.__name__ = Unnamed.__qualname__ = node_name(operator.name).removesuffix("Backward0")
    return Unnamed


def history_of(x: Scalar) -> ScalarHistory | None:
    """How x was made, in the course's terms: None for a constant."""
    if not x.requires_grad:
        return None
    node = x.grad_fn
    if isinstance(node, FunctionNode):
        return ScalarHistory(node.function, node.ctx, x.inputs)
    if isinstance(node, (UnaryNode, BinaryNode, TernaryNode)):
        ctx = Context(saved_values=tuple(v.data for v in x.inputs))
        return ScalarHistory(function_of(node.operator), ctx, x.inputs)
    return ScalarHistory()
