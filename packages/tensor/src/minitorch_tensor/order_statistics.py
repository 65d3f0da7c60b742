"""Order statistics: the k-th smallest element, the median, the most frequent one.

A partition says where the element is (see `ranking`), and a gather fetches it, so that the gradient
goes back there. PyTorch leaves open which of several equal elements is found; here it is the one
that a stable sort would put there, of the mode the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import numpy as np

from minitorch_tensor import conversion, gathering, joining, ordering, pointwise, ranking, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.op import Op
from minitorch_tensor.reductions import ValuesIndices, share, sum
from minitorch_tensor.scans import running_extreme
from minitorch_tensor.siblings import new_tensor

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def _require_elements(name: str, x: Tensor, dim: int) -> tuple[int, int]:
    """The dimension counted from the front, and its size, which is not 0.

    Raises:
        IndexError: if it is, or there is no such dimension.
    """
    i = wrap_dim(dim, x.ndim)
    size = x.shape[i] if x.ndim else 1
    if size == 0:
        raise IndexError(
            f"{name}: expected dimension {i} to have non-zero size, but the shape is {x.shape}"
        )
    return i, size


def _refuse_bools(name: str, x: Tensor) -> None:
    if x.dtype is dtypes.bool_:
        raise RuntimeError(f"{name}: not defined for bool tensors; convert it with .int() first")


def _rows(x: Tensor, dim: int) -> HostArray:
    """The elements with a dimension moved to the end: (..., n)."""
    return np.moveaxis(np.atleast_1d(conversion.host_array(x)), dim, -1)


def _picked(x: Tensor, dim: int, found: ranking.Indices) -> ValuesIndices:
    """The elements of the rows of `dim` at indices (..., 1)."""
    shape = tuple(1 if d == dim else n for d, n in enumerate(x.shape))
    indices = new_tensor(x, np.moveaxis(found, -1, dim).reshape(shape), dtype=dtypes.int64)
    return ValuesIndices(gathering.gather(x, dim, indices), indices)


def _dropped(found: ValuesIndices, dim: int, keepdim: bool) -> ValuesIndices:
    """What was found without the dimension, which has size 1, unless it is to stay."""
    values, indices = found
    if keepdim or values.ndim == 0:
        return found
    return ValuesIndices(views.squeeze(values, dim), views.squeeze(indices, dim))


@Op
def of_rank(x: Tensor, dim: int, rank: int, ignore_nan: bool) -> ValuesIndices:
    """The element of a rank, from 0 on, along a dimension, which stays as size 1.

    For rank -1 it is the median: of what is not nan, or else the first nan if there is one. Sorted,
    nan lie last, so the place is that of the middle, or of the first nan.

    >>> from minitorch_tensor import tensor
    >>> of_rank(tensor([3.0, 1.0, 2.0]), 0, -1, False).values
    Tensor([2.], requires_grad=False)
    """
    rows = _rows(x, dim)
    size = rows.shape[-1]
    ranks = np.full((*rows.shape[:-1], 1), rank)
    if rank < 0:
        numbers = np.sum(rows == rows, -1, keepdims=True)
        if ignore_nan:
            ranks = np.maximum(numbers - 1, 0) // 2
        else:
            ranks = np.where(numbers == size, (size - 1) // 2, numbers)
    return _picked(x, dim, ranking.at_rank(rows, ranks))


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The k-th smallest element along `dim`, from 1 on, and where it is; nan counts as largest.

    https://docs.pytorch.org/docs/stable/generated/torch.kthvalue.html

    Raises:
        IndexError: if the dimension is empty.
        RuntimeError: if there are fewer than k elements, k is not positive, or the dtype is bool.

    >>> from minitorch_tensor import tensor
    >>> kthvalue(tensor([3.0, 1.0, 2.0]), 2).values
    Tensor(2.0, requires_grad=False)
    """
    _refuse_bools("kthvalue", input)
    i = wrap_dim(dim, input.ndim)
    size = input.shape[i] if input.ndim else 1
    if size and not 1 <= k <= size:
        raise RuntimeError(
            f"kthvalue: selected number k = {k} is out of range for dimension {i} with size {size}"
        )
    _require_elements("kthvalue", input, i)
    return _dropped(of_rank(input, i, k - 1, False), i, keepdim)


@overload
def median(input: Tensor) -> Tensor: ...
@overload
def median(input: Tensor, dim: int, keepdim: bool = False) -> ValuesIndices: ...
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | ValuesIndices:
    """The middle element in order: of all, or along `dim` with its index; nan if there is one.

    Of an even number of elements it is the lower of the two middle ones. Without `dim`, equal
    medians share the gradient.
    https://docs.pytorch.org/docs/stable/generated/torch.median.html

    Raises:
        IndexError: if the dimension is empty.
        RuntimeError: for bools, and for no integers at all.

    >>> from minitorch_tensor import tensor
    >>> median(tensor([3.0, 1.0, 2.0, 4.0]))
    Tensor(2.0, requires_grad=False)
    """
    if dim is None:
        return _median_of_all("median", input, ignore_nan=False)
    return _median("median", input, dim, keepdim, ignore_nan=False)


@overload
def nanmedian(input: Tensor) -> Tensor: ...
@overload
def nanmedian(input: Tensor, dim: int, keepdim: bool = False) -> ValuesIndices: ...
def nanmedian(
    input: Tensor, dim: int | None = None, keepdim: bool = False
) -> Tensor | ValuesIndices:
    """The median of what is not nan; nan if there is nothing else.

    https://docs.pytorch.org/docs/stable/generated/torch.nanmedian.html

    Raises:
        IndexError: if the dimension is empty.
        RuntimeError: for bools, and for no integers at all.

    >>> from minitorch_tensor import tensor
    >>> nanmedian(tensor([3.0, float("nan"), 2.0]))
    Tensor(2.0, requires_grad=False)
    """
    if dim is None:
        return _median_of_all("nanmedian", input, ignore_nan=True)
    return _median("nanmedian", input, dim, keepdim, ignore_nan=True)


def _median(name: str, x: Tensor, dim: int, keepdim: bool, *, ignore_nan: bool) -> ValuesIndices:
    _refuse_bools(name, x)
    i, _ = _require_elements(name, x, dim)
    return _dropped(of_rank(x, i, -1, ignore_nan), i, keepdim)


def _median_of_all(name: str, x: Tensor, *, ignore_nan: bool) -> Tensor:
    _refuse_bools(name, x)
    if x.numel() == 0:
        if not x.dtype.is_floating_point:
            raise RuntimeError(
                f"{name}: there is no median of no integers: the shape is {x.shape}, and {x.dtype} "
                "has no nan"
            )
        return sum(x) + float("nan")  # recorded, as any other median
    flat = views.reshape(x, -1)
    y = _median(name, flat.detach(), 0, True, ignore_nan=ignore_nan).values
    if x.requires_grad:
        y = share(flat, y, (0,))
    return views.reshape(y, ())


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The most frequent element along `dim`, of several the smallest, and where it is last.

    nan equals nothing, so it is found only where no other element is.
    https://docs.pytorch.org/docs/stable/generated/torch.mode.html

    Raises:
        IndexError: if the dimension is empty.

    >>> from minitorch_tensor import tensor
    >>> mode(tensor([2, 1, 2, 3]))
    ValuesIndices(
    values=Tensor(2, requires_grad=False),
    indices=Tensor(2, requires_grad=False))
    """
    i, size = _require_elements("mode", input, dim)
    if input.ndim == 0:
        return ValuesIndices(views.clone(input), input._full((), 0, dtypes.int64))
    values, order = ordering.in_order(input.detach(), i, False)
    places = views.reshape(input._arange(size), (size, *[1] * (input.ndim - i - 1)))
    fresh = pointwise.ne(views.slice_(values, i, 1, size - 1), views.slice_(values, i, 0, size - 1))
    first = views.slice_(values, i, 0, 1)
    begins = joining.cat([first._full(first.shape, True, dtypes.bool_), fresh], i)
    start = running_extreme(pointwise.where(begins, places, 0), i, True).values
    longest = (places - start).argmax(i, True)  # the end of the first run that is as long
    indices = gathering.gather(order, i, longest)
    return _dropped(ValuesIndices(gathering.gather(input, i, indices), indices), i, keepdim)


def msort(input: Tensor) -> Tensor:
    """input sorted along its first dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.msort.html

    >>> from minitorch_tensor import tensor
    >>> msort(tensor([[3, 1], [2, 4]]))
    Tensor([[2, 1],
            [3, 4]], requires_grad=False)
    """
    return ordering.sort(input, 0).values
