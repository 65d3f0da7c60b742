"""`backward` from several tensors at once, under PyTorch's name."""

from minitorch_tensor.autograd import backward_of as backward

__all__ = ["backward"]
