"""Functions to functions, as in `torch.func`: derivatives, batches, and modules without state."""

from minitorch.func.modules import functional_call, stack_module_state
from minitorch_tensor import vmap
from minitorch_tensor.autograd_pushforward import jvp, linearize
from minitorch_tensor.autograd_transform_jacobians import hessian, jacfwd, jacrev
from minitorch_tensor.autograd_transforms import grad, grad_and_value, vjp

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "vjp",
    "vmap",
]
