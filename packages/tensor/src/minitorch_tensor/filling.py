"""A tensor of one value in the shape of another: `fill_` that leaves its input alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import inplace, views
from minitorch_tensor.arguments import require_tensor

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def fill(input: Tensor, value: Tensor | float) -> Tensor:
    """A copy of input with every element set to `value`, of which it is a function.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_.html

    Raises:
        RuntimeError: if `value` is a tensor with dimensions, or does not fit the dtype.

    >>> from minitorch_tensor import zeros
    >>> fill(zeros(2), 3)
    Tensor([3., 3.], requires_grad=False)
    """
    return inplace.fill_(views.clone(require_tensor("fill", "input", input)), value)
