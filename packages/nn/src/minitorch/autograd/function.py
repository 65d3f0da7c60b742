"""Operations with a backward of their own, as in `torch.autograd.function`."""

from minitorch_tensor.autograd_function import Function, once_differentiable
from minitorch_tensor.autograd_function_node import FunctionCtx

__all__ = ["Function", "FunctionCtx", "once_differentiable"]
