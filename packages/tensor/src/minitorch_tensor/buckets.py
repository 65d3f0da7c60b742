"""Binary search in sorted sequences: between which boundaries a value lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import gathering, pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.op import Op

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def searchsorted(
    sorted_sequence: Tensor, input: Tensor | float, *, out_int32: bool = False,
    right: bool = False, side: str | None = None, sorter: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where each value would be inserted to keep the innermost dimension in order.

    The index is the first whose element is not below the value, or (right) the first whose
    element is above it; nan is above all.
    https://docs.pytorch.org/docs/stable/generated/torch.searchsorted.html

    Args:
        sorted_sequence: (..., n), ascending in its last dimension; or (n,), for values of any
            shape.
        input: the values, (..., m); or a number, for a vector.
        out_int32: whether the indices are int32 instead of int64.
        right: which side of equal elements.
        side: the same as "left" or "right".
        sorter: indices (..., n) that would sort a sequence that is not in order.

    Raises:
        RuntimeError: if shapes do not fit, a dtype is bool, the tensors are on several devices,
            sorter is not int64 or out of range, or `side` contradicts `right` or is neither.

    >>> from minitorch_tensor import tensor
    >>> searchsorted(tensor([1, 3, 3, 5]), tensor([0, 3, 9]))
    Tensor([0, 1, 4], requires_grad=False)
    """
    if side not in (None, "left", "right"):
        raise RuntimeError(f"searchsorted: side can only be 'left' or 'right', but got {side!r}")
    if side == "left" and right:
        raise RuntimeError(
            "searchsorted: side and right can't be set to opposites, but got side='left' and "
            "right=True"
        )
    right = right or side == "right"
    return _search("searchsorted", sorted_sequence, input, out_int32, right, sorter)


def bucketize(
    input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """The bucket of each value: i with boundaries[i-1] < value <= boundaries[i].

    With `right`, boundaries[i-1] <= value < boundaries[i].
    https://docs.pytorch.org/docs/stable/generated/torch.bucketize.html

    Raises:
        RuntimeError: if the boundaries are no vector, or a dtype is bool.

    >>> from minitorch_tensor import tensor
    >>> bucketize(tensor([0.5, 3.0]), tensor([1.0, 3.0, 5.0]), right=True)
    Tensor([0, 2], requires_grad=False)
    """
    if require_tensor("bucketize", "boundaries", boundaries).ndim != 1:
        raise RuntimeError(f"bucketize: boundaries must be a vector, but got {boundaries.shape}")
    return _search("bucketize", boundaries, input, out_int32, right, None)


def _search(
    name: str, sequence: Tensor, values: Tensor | float, out_int32: bool, right: bool,
    sorter: Tensor | None,
) -> Tensor:  # fmt: skip
    require_tensor(name, "sorted_sequence", sequence)
    sequence = sequence.detach()
    if isinstance(values, (int, float)):
        values = sequence._full((), values, dtypes.with_number(sequence.dtype, values))
    values = values.detach()
    _check(name, sequence, values)
    if sorter is not None:
        sequence = _in_order(name, sequence, sorter)
    shape = values.shape
    if sequence.ndim == 1:
        values = views.reshape(values, -1)
    found = bisect(sequence, values, right)
    return views.reshape(found, shape).to(dtypes.int32 if out_int32 else dtypes.int64)


def _check(name: str, sequence: Tensor, values: Tensor) -> None:
    for x in (sequence, values):
        if x.dtype is dtypes.bool_:
            raise RuntimeError(f"{name}: not defined for bool tensors; convert with .int() first")
    if sequence.device is not values.device:
        raise RuntimeError(
            f"{name}: the boundaries are on {sequence.device} and the values on {values.device}"
        )
    fits = sequence.ndim == 1 or (sequence.ndim > 0 and sequence.shape[:-1] == values.shape[:-1])
    if not fits or (sequence.ndim > 1 and values.ndim != sequence.ndim):
        raise RuntimeError(
            f"{name}: the boundaries must be a vector, or have the shape of the values but in the "
            f"last dimension; but got boundaries {sequence.shape} and values {values.shape}"
        )


def _in_order(name: str, sequence: Tensor, sorter: Tensor) -> Tensor:
    if require_tensor(name, "sorter", sorter).shape != sequence.shape:
        raise RuntimeError(
            f"{name}: boundaries and sorter must have the same size, but got {sequence.shape} and "
            f"{sorter.shape}"
        )
    if sorter.dtype is not dtypes.int64:
        raise RuntimeError(f"{name}: sorter must be of dtype int64, but got {sorter.dtype}")
    try:
        return gathering.gather(sequence, -1, sorter)
    except (IndexError, RuntimeError) as error:
        raise RuntimeError(f"{name}: sorter index out of range: {error}") from None


@Op
def bisect(sequence: Tensor, values: Tensor, right: bool) -> Tensor:
    """Halve all intervals [low, high) at once, log2(n) times: a few operations on any device.

    >>> from minitorch_tensor import tensor
    >>> bisect(tensor([1, 3, 3, 5]), tensor([3]), True)
    Tensor([3], requires_grad=False)
    """
    size = sequence.shape[-1]
    low = values._full(values.shape, 0, dtypes.int64)
    if size == 0 or values.numel() == 0:
        return low
    high = values._full(values.shape, size, dtypes.int64)
    for _ in range(size.bit_length()):
        middle = (low + high) // 2
        element = gathering.gather(sequence, -1, pointwise.clamp_max(middle, size - 1))
        before = pointwise.gt(element, values) if right else pointwise.ge(element, values)
        # An interval that is empty already stays so.
        up = pointwise.logical_and(pointwise.logical_not(before), pointwise.lt(low, high))
        high = pointwise.where(up, high, middle)
        low = pointwise.where(up, middle + 1, low)
    return low
