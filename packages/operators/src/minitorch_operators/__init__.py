"""Layer 0, the mathematics: each pointwise operator is a function on floats and its derivative rule."""

from minitorch_operators.arithmetic import add, div, id, inv, mul, neg, sub
from minitorch_operators.comparison import eq, gt, maximum, where
from minitorch_operators.record import (
    Binary,
    Liftable,
    Result,
    Rule,
    Ternary,
    TernaryRule,
    Unary,
    identity,
)
from minitorch_operators.transcendental import exp, log, log_back

__all__ = [
    "Binary",
    "Liftable",
    "Result",
    "Rule",
    "Ternary",
    "TernaryRule",
    "Unary",
    "add",
    "div",
    "eq",
    "exp",
    "gt",
    "id",
    "identity",
    "inv",
    "log",
    "log_back",
    "maximum",
    "mul",
    "neg",
    "sub",
    "where",
]
