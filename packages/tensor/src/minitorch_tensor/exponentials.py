"""Exponentials that are divided by their sum: `softmax` and its logarithm.

They are functions of `functional`, which takes them from here: methods of a tensor use them too.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from minitorch_tensor import reductions, views
from minitorch_tensor.arguments import require_floating
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.op import Op

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def softmax_arguments(
    name: str, input: Tensor, dim: int | None, dtype: DType | None
) -> tuple[Tensor, int]:
    """The input in the dtype to compute in, and the dimension, counted from the front.

    Without `dim` PyTorch's old choice is made, with its warning: 0 for 0, 1 or 3 dimensions, else
    1.

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.
    """
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
            "dim=X as an argument.",
            UserWarning,
            stacklevel=4,  # this, the composite or its override, Op.__call__, the caller
        )
        dim = 0 if input.ndim in (0, 1, 3) else 1
    if dtype is not None:
        input = input.to(dtype)
    require_floating(name, input)
    return input, wrap_dim(dim, input.ndim)


def _shifted(x: Tensor, dim: int) -> Tensor:
    """x minus its maximum, a constant to every softmax: no gradient, and exp cannot overflow."""
    return x - reductions.amax(x.detach(), dim, True)


@Op
def softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """exp(x_i) / sum_j exp(x_j) along one dimension: positive numbers whose sum is 1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html

    Args:
        input: of any shape, floating.
        dim: where the sum runs; PyTorch's old implicit choice, with a warning, if omitted.
        dtype: what to convert the input to first.

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.

    >>> from minitorch_tensor import Tensor
    >>> softmax(Tensor([[0.0, 0.0], [1000.0, 0.0]]), dim=1)
    Tensor([[0.5000, 0.5000],
            [1.0000, 0.0000]], requires_grad=False)
    """
    x, i = softmax_arguments("softmax", input, dim, dtype)
    if x.layout.size == 0:
        return views.clone(x)
    if x.dtype.half:
        return softmax(x.float(), i).to(x.dtype)
    e = _shifted(x, i).exp()
    return e / e.sum(i, True)


@Op
def log_softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """log(softmax(x)) = x_i - log(sum_j exp(x_j)), without underflow on the way.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html

    Args:
        input: of any shape, floating.
        dim: where the sum runs; PyTorch's old implicit choice, with a warning, if omitted.
        dtype: what to convert the input to first.

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.

    >>> from minitorch_tensor import Tensor
    >>> log_softmax(Tensor([1000.0, 0.0]), dim=0)
    Tensor([    0., -1000.], requires_grad=False)
    """
    x, i = softmax_arguments("log_softmax", input, dim, dtype)
    if x.layout.size == 0:
        return views.clone(x)
    if x.dtype.half:
        return log_softmax(x.float(), i).to(x.dtype)
    shifted = _shifted(x, i)
    return shifted - shifted.exp().sum(i, True).log()
