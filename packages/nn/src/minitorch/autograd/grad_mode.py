"""Whether operations are recorded, as in `torch.autograd.grad_mode`."""

from minitorch_autodiff import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled"]
