"""Sums and means of what is not nan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import pointwise
from minitorch_tensor.dtype import DType
from minitorch_tensor.reductions import Dims, sum

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def nansum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The sum with every nan as 0, of all elements or over some dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nansum.html

    >>> from minitorch_tensor import tensor
    >>> nansum(tensor([1.0, float("nan"), 2.0]))
    Tensor(3.0, requires_grad=False)
    """
    if input.dtype.is_floating_point:
        input = pointwise.where(pointwise.isnan(input.detach()), 0.0, input)
    return sum(input, dim, keepdim, dtype=dtype)


def nanmean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The mean of what is not nan, of all elements or over some dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nanmean.html

    Raises:
        RuntimeError: for integers and bools.

    >>> from minitorch_tensor import tensor
    >>> nanmean(tensor([1.0, float("nan"), 2.0]))
    Tensor(1.5000, requires_grad=False)
    """
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            f"nanmean: the input dtype must be floating point, but got {input.dtype}; use .float()"
        )
    count = sum(pointwise.logical_not(pointwise.isnan(input.detach())), dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / count
