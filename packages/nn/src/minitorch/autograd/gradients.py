"""`backward` from several tensors at once."""

from __future__ import annotations

from minitorch_tensor.autograd import backward_of

__all__ = ["backward"]

backward = backward_of
