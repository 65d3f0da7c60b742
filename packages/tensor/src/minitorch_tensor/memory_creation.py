"""New tensors whose place in memory matters: strides, orders of dimensions, one number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.core import Tensor, make
from minitorch_tensor.creation import Place, finish, floating, number, tensor
from minitorch_tensor.data import on
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout, strides_from_shape
from minitorch_tensor.options import LayoutKind, require_plain
from minitorch_tensor.siblings import strided_layout
from minitorch_tensor.storage import Storage


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of these sizes and strides with any contents.

    https://docs.pytorch.org/docs/stable/generated/torch.empty_strided.html

    Raises:
        RuntimeError: if sizes and strides do not pair, or one is negative.

    >>> empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    require_plain("empty_strided", layout, pin_memory)
    laid = strided_layout("empty_strided", size, stride)
    kind, place = floating(dtype), on(device)
    memory = Storage(place.backend.empty(laid.span()[1], kind), place)
    return finish(make(memory, laid, kind), requires_grad)


def empty_permuted(
    size: Sequence[int],
    physical_layout: Sequence[int],
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor with any contents, whose dimensions lie in memory in the given order.

    https://docs.pytorch.org/docs/stable/generated/torch.empty_permuted.html

    Raises:
        RuntimeError: if `physical_layout` does not name each dimension once.

    >>> empty_permuted((2, 3, 5), (1, 2, 0)).stride()
    (1, 10, 2)
    """
    shape, order = views.shape_of("empty_permuted", (size,)), tuple(physical_layout)
    if sorted(order) != [*range(len(shape))]:
        raise RuntimeError(
            f"empty_permuted: physical_layout {order} must name each of the {len(shape)} "
            f"dimensions of size {shape} once, from 0"
        )
    dense = strides_from_shape(tuple(shape[i] for i in order))
    strides = [0] * len(shape)
    for i, stride in zip(order, dense, strict=True):
        strides[i] = stride
    return empty_strided(
        shape, strides, dtype=dtype, device=device, requires_grad=requires_grad, layout=layout,
        pin_memory=pin_memory,
    )  # fmt: skip


def scalar_tensor(
    s: Tensor | float,
    *,
    dtype: DType | None = None,
    device: Place = None,
    requires_grad: bool = False,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """A 0-d tensor of a number, of the default floating dtype if none is given.

    https://docs.pytorch.org/docs/stable/tensors.html

    Raises:
        RuntimeError: if the number does not fit the dtype.

    >>> scalar_tensor(3)
    Tensor(3.0, requires_grad=False)
    """
    require_plain("scalar_tensor", layout, pin_memory)
    kind, value = floating(dtype), number("scalar_tensor", s)
    dtypes.check_fits("scalar_tensor", value, kind)
    return finish(tensor(value, dtype=kind, device=device), requires_grad)


def tril_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: DType | None = None,
    device: Place = None,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Where the lower triangle of a (row, col) matrix is: (2, n), row numbers and column numbers.

    https://docs.pytorch.org/docs/stable/generated/torch.tril_indices.html

    Raises:
        RuntimeError: if a size is negative, or the dtype is no integer.

    >>> tril_indices(2, 2).tolist()
    [[0, 1, 1], [0, 0, 1]]
    """
    require_plain("tril_indices", layout, pin_memory)
    _require_sizes("tril_indices", row, col, dtype)
    return _pairs(np.tri(row, col, offset, dtype=bool), dtype, device)


def triu_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: DType | None = None,
    device: Place = None,
    layout: LayoutKind | Layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """Where the upper triangle of a (row, col) matrix is: (2, n), row numbers and column numbers.

    https://docs.pytorch.org/docs/stable/generated/torch.triu_indices.html

    Raises:
        RuntimeError: if a size is negative, or the dtype is no integer.

    >>> triu_indices(2, 2).tolist()
    [[0, 0, 1], [0, 1, 1]]
    """
    require_plain("triu_indices", layout, pin_memory)
    _require_sizes("triu_indices", row, col, dtype)
    return _pairs(~np.tri(row, col, offset - 1, dtype=bool), dtype, device)


def _require_sizes(name: str, row: int, col: int, dtype: DType | None) -> None:
    dtypes.require(dtype)
    if row < 0 or col < 0:
        raise RuntimeError(f"{name}: row and col must be non-negative, but got {row} and {col}")
    if dtype is not None and dtype.kind != "int":
        raise RuntimeError(f"{name}: not defined for {dtype}; use an integer dtype")


def _pairs(mask: np.typing.NDArray[np.bool_], dtype: DType | None, device: Place) -> Tensor:
    kind = dtypes.int64 if dtype is None else dtype
    return tensor(np.stack(np.nonzero(mask)), dtype=kind, device=device)
