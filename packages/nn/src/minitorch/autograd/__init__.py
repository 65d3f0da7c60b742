"""Gradients: of outputs by inputs, into `.grad`, and whether operations are recorded."""

from minitorch.autograd import functional
from minitorch.autograd.gradients import backward
from minitorch_autodiff import enable_grad, inference_mode, no_grad, set_grad_enabled
from minitorch_tensor.autograd import grad

__all__ = [
    "backward",
    "enable_grad",
    "functional",
    "grad",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
]
