"""Nodes and edges of the recorded graph, as in `torch.autograd.graph`."""

from minitorch_autodiff import Node
from minitorch_tensor.autograd_graph import (
    GradientEdge,
    get_gradient_edge,
    increment_version,
    register_multi_grad_hook,
)

__all__ = [
    "GradientEdge",
    "Node",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
]
