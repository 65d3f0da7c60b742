"""Distinct elements, or distinct slices of one dimension.

They are found on the host, by comparing neighbours. As in PyTorch nan equals nothing, and there is
no gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import numpy.typing as npt

from minitorch_tensor import conversion, gathering, ordering, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.siblings import new_tensor

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Indices = npt.NDArray[np.int64]


@overload
def unique(
    input: Tensor, sorted: bool = True, return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False, dim: int | None = None,
) -> Tensor: ...  # fmt: skip
@overload
def unique(
    input: Tensor, sorted: bool = True, *, return_inverse: Literal[True],
    return_counts: Literal[True], dim: int | None = None,
) -> tuple[Tensor, Tensor, Tensor]: ...  # fmt: skip
@overload
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False,
    return_counts: bool = False, dim: int | None = None,
) -> tuple[Tensor, ...]: ...  # fmt: skip
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False,
    return_counts: bool = False, dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]:  # fmt: skip
    """The distinct elements in ascending order, as a vector; or the distinct slices of `dim`.

    https://docs.pytorch.org/docs/stable/generated/torch.unique.html

    Args:
        input: of any shape.
        sorted: they are sorted in any case, as on PyTorch's CPU.
        return_inverse: also give, for each element, the index of its equal among the distinct.
        return_counts: also give how often each occurs.
        dim: compare the slices of this dimension; the elements if omitted.

    Raises:
        IndexError: if there is no such dimension.
        RuntimeError: if slices have no elements to be compared by.

    >>> from minitorch_tensor import tensor
    >>> unique(tensor([3, 1, 3]), return_counts=True)
    (Tensor([1, 3], requires_grad=False), Tensor([1, 2], requires_grad=False))
    """
    if dim is None:
        flat = views.reshape(input.detach(), -1)
        ordered = ordering.in_order(flat, 0, False)
        return _runs(input, ordered.values, ordered.indices, return_inverse, return_counts)
    rows = _rows("unique", input, dim)
    order = np.lexsort(rows.T[::-1])
    return _distinct(input, rows, order, return_inverse, return_counts, dim)


@overload
def unique_consecutive(
    input: Tensor, return_inverse: Literal[False] = False, return_counts: Literal[False] = False,
    dim: int | None = None,
) -> Tensor: ...  # fmt: skip
@overload
def unique_consecutive(
    input: Tensor, return_inverse: Literal[True], return_counts: Literal[True],
    dim: int | None = None,
) -> tuple[Tensor, Tensor, Tensor]: ...  # fmt: skip
@overload
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> tuple[Tensor, ...]: ...  # fmt: skip
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]:  # fmt: skip
    """The elements without those that equal the one before; or the slices of `dim`.

    https://docs.pytorch.org/docs/stable/generated/torch.unique_consecutive.html

    Args:
        input: of any shape, taken as flattened if `dim` is omitted.
        return_inverse: also give, for each element, the index of its run.
        return_counts: also give how long each run is.
        dim: compare the slices of this dimension; the elements if omitted.

    Raises:
        IndexError: if there is no such dimension.
        RuntimeError: if slices have no elements to be compared by.

    >>> from minitorch_tensor import tensor
    >>> unique_consecutive(tensor([1, 1, 2, 1]))
    Tensor([1, 2, 1], requires_grad=False)
    """
    if dim is None:
        flat = views.reshape(input.detach(), -1)
        return _runs(input, flat, None, return_inverse, return_counts)
    rows = _rows("unique_consecutive", input, dim)
    order = np.arange(len(rows))
    return _distinct(input, rows, order, return_inverse, return_counts, dim)


def _runs(
    x: Tensor, ordered: Tensor, order: Tensor | None, return_inverse: bool, return_counts: bool
) -> Tensor | tuple[Tensor, ...]:
    """The first of each run of equal elements, in which run each is, how long they are.

    Args:
        x: the input.
        ordered: its elements, (n,).
        order: where they were, (n,), if not in this order.
        return_inverse: whether the runs are asked for.
        return_counts: whether their lengths are.
    """
    array = conversion.host_array(ordered)
    begins = np.ones(len(array), bool)
    np.not_equal(array[1:], array[:-1], out=begins[1:])
    found = [conversion.from_host(x, array[begins], x.dtype)]
    if return_inverse:
        inverse = np.cumsum(begins)
        inverse -= 1
        if order is not None:
            inverse[conversion.host_array(order)] = inverse.copy()
        found.append(conversion.from_host(x, inverse.reshape(x.shape)))
    if return_counts:
        counts = np.diff(np.append(np.flatnonzero(begins), len(array)))
        found.append(conversion.from_host(x, counts))
    return tuple(found) if len(found) > 1 else found[0]


def _rows(name: str, x: Tensor, dim: int) -> HostArray:
    """What is compared, as the rows of a matrix (count, m)."""
    array = conversion.host_array(x)
    if x.ndim == 0:
        raise IndexError(f"{name}: dim {dim} was given, but the tensor has no dimensions")
    i = wrap_dim(dim, x.ndim)
    moved = np.moveaxis(array, i, 0)
    rest = moved.shape[1:]
    if 0 in rest:
        raise RuntimeError(
            f"{name}: the slices of dimension {i} of shape {x.shape} have no elements, so they "
            "cannot be compared"
        )
    return moved.reshape(moved.shape[0], int(np.prod(rest, dtype=np.int64)))


def _distinct(
    x: Tensor, rows: HostArray, order: Indices, return_inverse: bool, return_counts: bool,
    dim: int,
) -> Tensor | tuple[Tensor, ...]:  # fmt: skip
    """The first of each run of equal rows in this order, where each went, how many there are."""
    ordered = rows[order]
    begins = np.ones(len(rows), bool)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(1)
    starts = np.flatnonzero(begins)
    first = new_tensor(x, order[starts], dtype=dtypes.int64)
    found = [gathering.index_select(x.detach(), dim, first)]
    if return_inverse:
        inverse = np.empty(len(rows), np.int64)
        inverse[order] = np.cumsum(begins) - 1
        found.append(new_tensor(x, inverse, dtype=dtypes.int64))
    if return_counts:
        counts = np.diff(np.append(starts, len(rows)))
        found.append(new_tensor(x, counts, dtype=dtypes.int64))
    return tuple(found) if len(found) > 1 else found[0]
