"""Jacobians, Hessians and their products with vectors, as in `torch.autograd.functional`.

Beside them are the differentiable functions that the first seed of this project had here.
"""

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
from minitorch_tensor.autograd_jacobians import hessian, jacobian
from minitorch_tensor.autograd_products import hvp, jvp, vhp, vjp

__all__ = [
    "add",
    "div",
    "exp",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "matmul",
    "mean",
    "mul",
    "neg",
    "pow",
    "relu",
    "sub",
    "sum",
    "t",
    "vhp",
    "vjp",
]
