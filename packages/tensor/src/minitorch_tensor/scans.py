"""Scans: the largest, the smallest, the log of the sum of exponentials of all elements so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch_tensor import conversion, gathering, inplace, ordering, pointwise
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.op import Op
from minitorch_tensor.reductions import ValuesIndices
from minitorch_tensor.siblings import new_tensor

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def cummax(input: Tensor, dim: int) -> ValuesIndices:
    """The largest element so far along `dim`, and where it is: of equal ones, the last.

    From the first nan on, the values are nan. The gradient goes back to the elements found.
    https://docs.pytorch.org/docs/stable/generated/torch.cummax.html

    Raises:
        IndexError: if there is no such dimension.

    >>> from minitorch_tensor import tensor
    >>> cummax(tensor([1, 3, 3, 2]), 0)
    ValuesIndices(
    values=Tensor([1, 3, 3, 3], requires_grad=False),
    indices=Tensor([0, 1, 2, 2], requires_grad=False))
    """
    return running_extreme(input, wrap_dim(dim, input.ndim), True)


def cummin(input: Tensor, dim: int) -> ValuesIndices:
    """The smallest element so far along `dim`, and where it is: of equal ones, the last.

    From the first nan on, the values are nan. The gradient goes back to the elements found.
    https://docs.pytorch.org/docs/stable/generated/torch.cummin.html

    Raises:
        IndexError: if there is no such dimension.
    """
    return running_extreme(input, wrap_dim(dim, input.ndim), False)


@Op
def running_extreme(x: Tensor, dim: int, largest: bool) -> ValuesIndices:
    """The extreme so far along a dimension, and the last place where it is.

    The indices are found on the host: where the running extreme is met anew.

    >>> from minitorch_tensor import tensor
    >>> running_extreme(tensor([3, 1, 1]), 0, False).indices
    Tensor([0, 1, 2], requires_grad=False)
    """
    extreme = np.maximum if largest else np.minimum
    array = np.atleast_1d(conversion.host_array(x))
    # Or a nan, which equals nothing; after one, the running extreme stays nan and is not met.
    met = (array == extreme.accumulate(array, axis=dim)) | (array != array)
    places = np.arange(array.shape[dim]).reshape((-1,) + (1,) * (array.ndim - dim - 1))
    found = np.maximum.accumulate(np.where(met, places, 0), axis=dim)
    indices = new_tensor(x, found.reshape(x.shape), dtype=dtypes.int64)
    return ValuesIndices(gathering.gather(x, dim, indices), indices)


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log(cumsum(exp(input), dim)), without overflow on the way.

    https://docs.pytorch.org/docs/stable/generated/torch.logcumsumexp.html

    Raises:
        RuntimeError: for integers and bools, as in PyTorch.
        IndexError: if there is no such dimension.

    >>> from minitorch_tensor import tensor
    >>> logcumsumexp(tensor([100.0, 100.0]), 0)
    Tensor([100.0000, 100.6931], requires_grad=False)
    """
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            f"logcumsumexp: expected a floating point tensor, but got {input.dtype}; use .float()"
        )
    return ordering.running(input, dim, None, running_logsumexp)


@Op
def running_logsumexp(x: Tensor, dim: int) -> Tensor:
    """log(exp(x[0]) + ... + exp(x[k])) for each k of a dimension.

    >>> from minitorch_tensor import tensor
    >>> running_logsumexp(tensor([0.0, 0.0]), 0)
    Tensor([0.0000, 0.6931], requires_grad=False)
    """
    return ordering.combined(x, dim, pointwise.logaddexp)


def cumsum_(x: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """`cumsum` in place, in the dtype of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cumsum_.html

    Raises:
        RuntimeError: if another dtype is asked for.
    """
    _same_dtype("cumsum_", x, dtype)
    return inplace.write("cumsum_", x, lambda old: ordering.cumsum(old, dim, dtype=x.dtype))


def cumprod_(x: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """`cumprod` in place, in the dtype of x.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cumprod_.html

    Raises:
        RuntimeError: if another dtype is asked for.
    """
    _same_dtype("cumprod_", x, dtype)
    return inplace.write("cumprod_", x, lambda old: ordering.cumprod(old, dim, dtype=x.dtype))


def _same_dtype(name: str, x: Tensor, dtype: DType | None) -> None:
    if dtype is not None and dtype is not x.dtype:
        raise RuntimeError(
            f"{name}: the tensor has dtype {x.dtype} and keeps it, but dtype={dtype} was asked "
            f"for; use {name[:-1]}() instead"
        )
