"""Automatic mixed precision, `torch.amp`: `autocast` chooses dtypes, `GradScaler` scales losses.

Which function computes in which dtype is said in `minitorch_tensor.amp.lists`.
https://docs.pytorch.org/docs/stable/amp.html
"""

from minitorch import cuda
from minitorch.amp.grad_scaler import GradScaler
from minitorch_tensor.amp.custom import custom_bwd, custom_fwd
from minitorch_tensor.amp.mode import ask_for_cuda, autocast
from minitorch_tensor.amp.state import is_autocast_available

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]

ask_for_cuda(lambda: cuda.is_available())  # which is found when it is first asked for
