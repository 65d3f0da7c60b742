"""Gradients: of outputs by inputs, into `.grad`, and whether operations are recorded."""

from minitorch.autograd import anomaly_mode, function, functional, grad_mode, graph, variable
from minitorch.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from minitorch.autograd.function import Function
from minitorch.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
)
from minitorch.autograd.gradients import backward
from minitorch.autograd.variable import Variable
from minitorch_tensor.autograd import grad
from minitorch_tensor.autograd_check import gradcheck, gradgradcheck

__all__ = [
    "Function",
    "Variable",
    "anomaly_mode",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "function",
    "functional",
    "grad",
    "grad_mode",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "variable",
]
