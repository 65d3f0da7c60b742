"""The differentiable functions that the first seed of this project had, under its name for them."""

from minitorch_tensor import (
    add,
    div,
    exp,
    matmul,
    mean,
    mul,
    neg,
    pow,
    relu,
    sub,
    sum,
    t,
)

__all__ = [
    "add",
    "div",
    "exp",
    "matmul",
    "mean",
    "mul",
    "neg",
    "pow",
    "relu",
    "sub",
    "sum",
    "t",
]
