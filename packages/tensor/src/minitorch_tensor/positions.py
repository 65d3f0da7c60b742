"""Where elements are, and whether: argwhere, nonzero_static, unravel_index, isin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minitorch_autodiff import Variable
from minitorch_tensor import conversion, gathering, joining, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.op import Op

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def argwhere(input: Tensor) -> Tensor:
    """The indices of the non-zero elements, in row-major order: (count, ndim) of int64.

    https://docs.pytorch.org/docs/stable/generated/torch.argwhere.html

    >>> from minitorch_tensor import tensor
    >>> argwhere(tensor([[1, 0], [0, 1]]))
    Tensor([[0, 0],
            [1, 1]], requires_grad=False)
    """
    return gathering.nonzero(input)


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """`nonzero` cut or filled up to `size` rows: (size, ndim) of int64.

    https://docs.pytorch.org/docs/stable/generated/torch.nonzero_static.html

    Raises:
        RuntimeError: if size is negative.

    >>> from minitorch_tensor import tensor
    >>> nonzero_static(tensor([0, 3, 5]), size=3)
    Tensor([[ 1],
            [ 2],
            [-1]], requires_grad=False)
    """
    if size < 0:
        raise RuntimeError(f"nonzero_static: size must be a non-negative integer, but got {size}")
    found = gathering.nonzero(input)
    count = found.shape[0]
    if count >= size:
        return views.clone(views.slice_(found, 0, 0, size))
    return joining.cat([found, found._full((size - count, input.ndim), fill_value, dtypes.int64)])


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The index in each dimension of positions in a flattened tensor of this shape.

    Positions are taken modulo the size, as in PyTorch, so that -1 is the last one.
    https://docs.pytorch.org/docs/stable/generated/torch.unravel_index.html

    Raises:
        TypeError: if indices is no tensor of integers, or shape no sequence of ints.
        ValueError: if a size is negative.

    >>> from minitorch_tensor import tensor
    >>> unravel_index(tensor([4, 5]), (2, 3))
    (Tensor([1, 1], requires_grad=False), Tensor([1, 2], requires_grad=False))
    """
    if require_tensor("unravel_index", "indices", indices).dtype.kind != "int":
        raise TypeError(
            f"unravel_index: expected indices of an integer dtype, but got {indices.dtype}"
        )
    sizes = (shape,) if isinstance(shape, int) else views.sizes_of((shape,))
    if any(n < 0 for n in sizes):
        raise ValueError(f"unravel_index: shape cannot have negative values, but got {sizes}")
    rest = indices.to(dtypes.int64)
    found = []
    for n in reversed(sizes):
        if n == 0 and rest.numel():
            raise RuntimeError(f"unravel_index: a tensor of shape {sizes} has no positions")
        found.append(rest % max(n, 1))
        rest = rest // max(n, 1)
    return tuple(reversed(found))


def isin(
    elements: Tensor | float,
    test_elements: Tensor | float,
    *,
    assume_unique: bool = False,
    invert: bool = False,
) -> Tensor:
    """Whether each element is one of `test_elements`: bool, of the shape of `elements`.

    nan is in nothing, for it equals nothing.
    https://docs.pytorch.org/docs/stable/generated/torch.isin.html

    Args:
        elements: what is looked for.
        test_elements: where it is looked for.
        assume_unique: whether neither has repeated elements, which may be faster.
        invert: whether to tell what is not there.

    Raises:
        RuntimeError: for bools, or tensors on two devices.
        TypeError: if neither is a tensor, or one is neither a tensor nor a number.

    >>> from minitorch_tensor import tensor
    >>> isin(tensor([[1, 2], [3, 4]]), tensor([2, 3]))
    Tensor([[False,  True],
            [ True, False]], requires_grad=False)
    """
    like = elements if isinstance(elements, Variable) else test_elements
    if not isinstance(like, Variable):
        raise TypeError("isin: expected a Tensor for elements or test_elements, but got neither")
    x, y = (
        _operand(name, value, like)
        for name, value in (("elements", elements), ("test_elements", test_elements))
    )
    kind = dtypes.result_of(x.dtype, x.ndim == 0, y.dtype, y.ndim == 0)
    return is_among(x.to(kind), y.to(kind), assume_unique, invert)


@Op
def is_among(x: Tensor, y: Tensor, assume_unique: bool, invert: bool) -> Tensor:
    """`isin` of two tensors of one dtype.

    >>> from minitorch_tensor import tensor
    >>> is_among(tensor([1, 2]), tensor([2]), False, False)
    Tensor([False,  True], requires_grad=False)
    """
    found = np.isin(
        conversion.host_array(x),
        conversion.host_array(y),
        assume_unique=assume_unique,
        invert=invert,
    )
    return conversion.from_host(x, found)


def _operand(name: str, value: Tensor | float, like: Tensor) -> Tensor:
    """A tensor, also of a number beside the tensor `like`.

    Raises:
        RuntimeError: for bools, or another device.
        TypeError: if it is neither.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return like._full((), value, dtypes.with_number(like.dtype, value))
    if isinstance(value, bool) or require_tensor("isin", name, value).dtype is dtypes.bool_:
        raise RuntimeError(f"isin: {name} must be numbers, but they are bool; use .int()")
    if value.device is not like.device:
        raise RuntimeError(f"isin: the tensors are on {like.device} and {value.device}")
    return value
