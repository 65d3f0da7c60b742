"""What the engine and its user ask of a tensor, as methods."""

from __future__ import annotations

from minitorch_tensor import autograd


class AutogradMethods:
    """What the engine and its user ask of a tensor, as methods."""

    __slots__ = ()

    backward = autograd.backward
    requires_grad_ = autograd.requires_grad_
    detach_ = autograd.detach_
    first_nan = autograd.first_nan
    is_inference = autograd.is_inference
