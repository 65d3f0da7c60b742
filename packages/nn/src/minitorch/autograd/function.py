"""Operations with a backward of their own, as in `torch.autograd.function`."""

from minitorch_tensor.autograd_function import Function, FunctionCtx, once_differentiable

__all__ = ["Function", "FunctionCtx", "once_differentiable"]
