"""`from minitorch.tensor import Tensor`, the course's name for where it is.

The package rebinds its attribute `tensor` to the function `minitorch.tensor(...)`; the module stays
importable, since Python looks modules up by their full name.
"""

from __future__ import annotations

from typing import TypeGuard

from minitorch_tensor import Tensor

__all__ = ["Tensor", "is_tensor"]


def is_tensor(obj: object) -> TypeGuard[Tensor]:
    """Whether `obj` is a Tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.is_tensor.html

    >>> is_tensor(Tensor([1.0])), is_tensor(1.0)
    (True, False)
    """
    return isinstance(obj, Tensor)
