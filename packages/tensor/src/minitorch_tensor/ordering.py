"""Along one dimension, in order: sorting, the largest few, running sums and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from minitorch_tensor import conversion, gathering, joining, ranking, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.op import Op
from minitorch_tensor.reductions import ValuesIndices

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The indices that sort along `dim`; equal elements keep their order, nan counts as largest.

    https://docs.pytorch.org/docs/stable/generated/torch.argsort.html

    >>> from minitorch_tensor import tensor
    >>> argsort(tensor([3.0, 1.0, 2.0]))
    Tensor([1, 2, 0], requires_grad=False)
    """
    return in_order(input.detach(), wrap_dim(dim, input.ndim), descending).indices


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool = True
) -> ValuesIndices:
    """x sorted along `dim`, and where each element was; nan counts as largest.

    The gradient goes back to where the elements were. Equal elements keep their order, which
    PyTorch promises only for stable=True.
    https://docs.pytorch.org/docs/stable/generated/torch.sort.html
    """
    return in_order(input, wrap_dim(dim, input.ndim), descending)


@Op
def in_order(x: Tensor, dim: int, descending: bool) -> ValuesIndices:
    """`sort` along a dimension that is counted from the front.

    >>> from minitorch_tensor import tensor
    >>> in_order(tensor([3.0, 1.0, 2.0]), 0, False).indices
    Tensor([1, 2, 0], requires_grad=False)
    """
    order = ranking.order(np.atleast_1d(conversion.host_array(x)), dim, descending)
    indices = conversion.from_host(x, order.reshape(x.shape))
    return ValuesIndices(gathering.gather(x, dim, indices), indices)


def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> ValuesIndices:
    """The k largest (or smallest) elements along `dim`, in order, and where they are.

    https://docs.pytorch.org/docs/stable/generated/torch.topk.html

    Raises:
        RuntimeError: if there are fewer than k, or the dtype is bool.

    >>> from minitorch_tensor import tensor
    >>> topk(tensor([3.0, 1.0, 2.0]), 2).values
    Tensor([3., 2.], requires_grad=False)
    """
    if input.dtype is dtypes.bool_:
        raise RuntimeError("topk: not defined for bool tensors; convert it with .int() first")
    i = wrap_dim(dim, input.ndim)
    size = input.shape[i] if input.ndim else 1
    if not 0 <= k <= size:
        raise RuntimeError(f"topk: selected index k out of range: k = {k} of {size} elements")
    if input.ndim == 0:
        return ValuesIndices(views.clone(input), argsort(input))
    return leading(input, k, i, largest)


@Op
def leading(x: Tensor, k: int, dim: int, largest: bool) -> ValuesIndices:
    """`topk` along a dimension that is counted from the front.

    >>> from minitorch_tensor import tensor
    >>> leading(tensor([3.0, 1.0, 2.0]), 1, 0, False).indices
    Tensor([1], requires_grad=False)
    """
    rows = np.moveaxis(conversion.host_array(x), dim, -1)
    found = np.moveaxis(ranking.leading(rows, k, largest), -1, dim)
    indices = conversion.from_host(x, found.reshape(found.shape))
    return ValuesIndices(gathering.gather(x, dim, indices), indices)


def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """Running sums along `dim`; integers and bools add up in int64.

    https://docs.pytorch.org/docs/stable/generated/torch.cumsum.html

    >>> from minitorch_tensor import tensor
    >>> cumsum(tensor([1, 2, 3]), 0)
    Tensor([1, 3, 6], requires_grad=False)
    """
    return running(input, dim, dtype, running_sum)


def cumprod(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """Running products along `dim`; integers and bools multiply in int64.

    https://docs.pytorch.org/docs/stable/generated/torch.cumprod.html
    """
    return running(input, dim, dtype, running_product)


def running(
    x: Tensor, dim: int, dtype: DType | None, scan: Callable[[Tensor, int], Tensor]
) -> Tensor:
    """A scan in the dtype asked for: by default integers and bools are computed in int64."""
    i = wrap_dim(dim, x.ndim)
    if dtype is None:
        dtype = x.dtype if x.dtype.is_floating_point else dtypes.int64
    if dtype.half:
        return running(x.to(dtypes.float32), dim, None, scan).to(dtype)
    y = x.to(dtype)
    if x.ndim == 0:
        return views.clone(y) if y is x else y
    return scan(y, i)


@Op
def running_sum(x: Tensor, dim: int) -> Tensor:
    """x[0] + ... + x[k] for each k of a dimension, in the dtype of x.

    >>> from minitorch_tensor import tensor
    >>> running_sum(tensor([1.0, 2.0, 3.0]), 0)
    Tensor([1., 3., 6.], requires_grad=False)
    """
    return combined(x, dim, lambda a, b: a + b)


@Op
def running_product(x: Tensor, dim: int) -> Tensor:
    """x[0] * ... * x[k] for each k of a dimension, in the dtype of x.

    >>> from minitorch_tensor import tensor
    >>> running_product(tensor([1.0, 2.0, 3.0]), 0)
    Tensor([1., 2., 6.], requires_grad=False)
    """
    return combined(x, dim, lambda a, b: a * b)


def combined(x: Tensor, dim: int, combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Combine with the element 1, 2, 4, 8, ... places before: log2(n) steps on any device.

    Hillis and Steele, "Data parallel algorithms", 1986. It rounds less than one sum after another.
    """
    y = views.clone(x)
    size, step = x.shape[dim], 1
    while step < size:
        later = views.slice_(y, dim, step, size - step)
        earlier = views.slice_(y, dim, 0, size - step)
        y = joining.cat([views.slice_(y, dim, 0, step), combine(later, earlier)], dim)
        step *= 2
    return y
