"""Helpers for all parameters at once, and for sequences of several lengths."""

from minitorch.nn.utils import rnn
from minitorch.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_, get_total_norm
from minitorch.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "get_total_norm",
    "parameters_to_vector",
    "rnn",
    "vector_to_parameters",
]
