"""Which elements have a place in the order, found without putting all of them in order.

A partition finds the value of a rank in linear time. Counting the elements before it then tells
which of several equal ones a stable sort would put there, so the result does not depend on how it
was found. nan counts as largest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from minitorch_tensor.dtype import HostArray

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def order(array: HostArray, axis: int, descending: bool) -> Indices:
    """The indices that sort along an axis; equal elements keep their order in both directions.

    >>> order(np.array([2.0, np.nan, 2.0, 1.0]), 0, True).tolist()
    [1, 0, 2, 3]
    """
    if not descending:
        forwards: Indices = np.argsort(array, axis, kind="stable").astype(np.int64, copy=False)
        return forwards
    # The reverse of the reverse sorted.
    backwards = np.argsort(np.flip(array, axis), axis, kind="stable")
    last = array.shape[axis] - 1
    found: Indices = last - np.flip(backwards, axis).astype(np.int64, copy=False)
    return found


def at_rank(array: HostArray, rank: Indices) -> Indices:
    """Where the element of each row is that a stable sort would put at a rank.

    Args:
        array: rows (..., n).
        rank: (..., 1), in [0, n).

    Returns:
        (..., 1) in [0, n).

    >>> at_rank(np.array([[3.0, 1.0, 2.0, 1.0]]), np.array([[1]])).tolist()
    [[3]]
    """
    if rank.size == 0:
        return rank
    ordered = np.partition(array, np.unique(rank).tolist(), -1)
    before, same = _beside(array, np.take_along_axis(ordered, rank, -1))
    place = rank - before.sum(-1, keepdims=True) + 1
    found: Indices = np.argmax(same & (np.cumsum(same, -1) == place), -1, keepdims=True)
    return found


def leading(array: HostArray, k: int, largest: bool) -> Indices:
    """Where the k largest or smallest elements of each row are, in a stable order.

    Args:
        array: rows (..., n).
        k: at most n.
        largest: whether to begin with the largest.

    Returns:
        (..., k) in [0, n).

    >>> leading(np.array([1.0, 3.0, 3.0, 2.0]), 3, True).tolist()
    [1, 2, 3]
    """
    n = array.shape[-1]
    shape = (*array.shape[:-1], k)
    if 0 in shape:
        return np.zeros(shape, np.int64)
    rank = n - k if largest else k - 1
    before, same = _beside(array, np.partition(array, rank, -1)[..., rank : rank + 1])
    inside = ~(before | same) if largest else before
    room = k - inside.sum(-1, keepdims=True)
    inside |= same & (np.cumsum(same, -1) <= room)
    found = np.nonzero(inside)[-1].reshape(shape)
    return np.take_along_axis(found, order(np.take_along_axis(array, found, -1), -1, largest), -1)


def _beside(array: HostArray, value: HostArray) -> tuple[Mask, Mask]:
    """Which elements come before a value in order, and which equal it."""
    before, same = np.less(array, value), np.equal(array, value)
    if array.dtype.kind == "f" and (no_number := np.isnan(array)).any():
        of_none = np.isnan(value)
        before = np.where(of_none, ~no_number, before)
        same = np.where(of_none, no_number, same)
    return before, same
