"""Tensors put beside, below or behind one another: NumPy's stacks, on top of `cat`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensors
from minitorch_tensor.arranging import atleast_1d, atleast_2d, atleast_3d
from minitorch_tensor.joining import cat

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def concat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """`cat` under another name.

    https://docs.pytorch.org/docs/stable/generated/torch.concat.html

    Raises:
        ValueError: if there are no tensors.
        RuntimeError: if ranks, sizes or devices differ.
        TypeError: if one is no tensor.
    """
    return cat(tensors, dim)


def concatenate(tensors: Sequence[Tensor], axis: int = 0, *, dim: int | None = None) -> Tensor:
    """`cat` under NumPy's name.

    https://docs.pytorch.org/docs/stable/generated/torch.concatenate.html

    Raises:
        ValueError: if there are no tensors.
        RuntimeError: if ranks, sizes or devices differ.
        TypeError: if one is no tensor.
    """
    return cat(tensors, axis if dim is None else dim)


def _some(name: str, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors, of which there must be at least one."""
    found = require_tensors(name, tensors)
    if not found:
        raise RuntimeError(f"{name}: expected a non-empty list of tensors")
    return found


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors beside one another: along dimension 1, but vectors and numbers along dimension 0.

    https://docs.pytorch.org/docs/stable/generated/torch.hstack.html

    Raises:
        RuntimeError: if there are none, or ranks, other sizes or devices differ.
        TypeError: if one is no tensor.

    >>> from minitorch_tensor import ones, zeros
    >>> hstack((ones(2, 1), zeros(2, 2)))
    Tensor([[1., 0., 0.],
            [1., 0., 0.]], requires_grad=False)
    """
    raised = atleast_1d(_some("hstack", tensors))
    return cat(raised, 0 if raised[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors below one another: along dimension 0, vectors as rows.

    https://docs.pytorch.org/docs/stable/generated/torch.vstack.html

    Raises:
        RuntimeError: if there are none, or ranks, other sizes or devices differ.
        TypeError: if one is no tensor.

    >>> from minitorch_tensor import ones, zeros
    >>> vstack((ones(2), zeros(2)))
    Tensor([[1., 1.],
            [0., 0.]], requires_grad=False)
    """
    return cat(atleast_2d(_some("vstack", tensors)), 0)


def row_stack(tensors: Sequence[Tensor]) -> Tensor:
    """`vstack` under another name.

    https://docs.pytorch.org/docs/stable/generated/torch.row_stack.html
    """
    return vstack(tensors)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors behind one another: along dimension 2.

    https://docs.pytorch.org/docs/stable/generated/torch.dstack.html

    Raises:
        RuntimeError: if there are none, or ranks, other sizes or devices differ.
        TypeError: if one is no tensor.

    >>> from minitorch_tensor import zeros
    >>> dstack((zeros(2, 3), zeros(2, 3))).shape
    torch.Size([2, 3, 2])
    """
    return cat(atleast_3d(_some("dstack", tensors)), 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors beside one another, vectors as columns.

    https://docs.pytorch.org/docs/stable/generated/torch.column_stack.html

    Raises:
        RuntimeError: if there are none, or ranks, other sizes or devices differ.
        TypeError: if one is no tensor.

    >>> from minitorch_tensor import ones, zeros
    >>> column_stack((ones(2), zeros(2, 2)))
    Tensor([[1., 0., 0.],
            [1., 0., 0.]], requires_grad=False)
    """
    return cat(
        [
            views.reshape(x, (x.layout.size, 1)) if x.ndim < 2 else x
            for x in _some("column_stack", tensors)
        ],
        1,
    )


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given ones along its diagonal, zeros elsewhere; vectors are rows.

    https://docs.pytorch.org/docs/stable/generated/torch.block_diag.html

    Raises:
        RuntimeError: if a tensor has more than 2 dimensions.
        TypeError: if one is no tensor, or there are none.

    >>> from minitorch_tensor import tensor
    >>> block_diag(tensor([[1, 2], [3, 4]]), tensor(5))
    Tensor([[1, 2, 0],
            [3, 4, 0],
            [0, 0, 5]], requires_grad=False)
    """
    given = require_tensors("block_diag", tensors)
    if not given:
        raise TypeError("block_diag: expected at least one Tensor, but got none")
    for i, x in enumerate(given):
        if x.ndim > 2:
            raise RuntimeError(
                f"block_diag: input tensors must have 2 or fewer dimensions, but input {i} has "
                f"shape {x.shape}"
            )
    blocks = atleast_2d(given)
    width = sum(x.layout.shape[1] for x in blocks)
    rows, start = [], 0
    for x in blocks:
        height, size = x.layout.shape
        before = x._full((height, start), 0, x.dtype)
        start += size
        rows.append(cat([before, x, x._full((height, width - start), 0, x.dtype)], 1))
    return cat(rows, 0)
