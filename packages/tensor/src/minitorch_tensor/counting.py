"""Counting: elements that are not zero, and how often each integer occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import gathering, pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.reductions import Dims, sum

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not zero, of all or over some dimensions, as int64. nan is not zero.

    https://docs.pytorch.org/docs/stable/generated/torch.count_nonzero.html

    >>> from minitorch_tensor import tensor
    >>> count_nonzero(tensor([[0, 1, 2], [0, 0, 3]]), 1)
    Tensor([2, 1], requires_grad=False)
    """
    return sum(pointwise.ne(input.detach(), 0), dim)


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, ..., max(input) occurs: y[input[i]] += 1, or += weights[i].

    Unlike in PyTorch, the weights get a gradient.
    https://docs.pytorch.org/docs/stable/generated/torch.bincount.html

    Args:
        input: a vector of non-negative integers.
        weights: what each of them counts; float32 weights add up in float32, all others in float64.
        minlength: the least size of the result.

    Raises:
        RuntimeError: if input is no vector of non-negative integers, weights has another shape or
            is on another device, or minlength is negative.

    >>> from minitorch_tensor import tensor
    >>> bincount(tensor([1, 3, 1]))
    Tensor([0, 2, 0, 1], requires_grad=False)
    """
    if input.dtype.kind != "int" or input.ndim != 1:
        raise RuntimeError(
            "bincount: expected a vector of non-negative integers, but got shape "
            f"{input.shape} of {input.dtype}"
        )
    if minlength < 0:
        raise RuntimeError(f"bincount: minlength should be >= 0, but got {minlength}")
    if weights is not None:
        require_tensor("bincount", "weights", weights)
        if weights.shape != input.shape:
            raise RuntimeError(
                "bincount: weights must have the shape of the input, but got "
                f"{weights.shape} for {input.shape}"
            )
        if weights.device is not input.device:
            raise RuntimeError(
                f"bincount: weights are on {weights.device} and the input on {input.device}"
            )
    if input.numel() == 0:
        return input._full((minlength,), 0, dtypes.int64)
    if int(input.min().item()) < 0:
        raise RuntimeError(
            f"bincount: the integers must not be negative, but one is {int(input.min().item())}"
        )
    size = max(minlength, int(input.max().item()) + 1)
    if weights is None:
        counted = views.expand_to(input._constant(1, dtypes.int64), input.shape)
    elif weights.dtype is dtypes.float32:
        counted = weights
    else:
        counted = weights.to(dtypes.float64)
    zeros = input._full((size,), 0, counted.dtype)
    return gathering.scatter_add(zeros, 0, input.to(dtypes.int64), counted)
