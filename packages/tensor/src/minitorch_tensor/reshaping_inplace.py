"""A tensor that changes its own shape: after `x.t_()` it looks at its memory in another way.

Nothing is written, but it counts as a write, as in PyTorch: what a rule kept of x had another
shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from minitorch_autodiff import enable_grad, is_grad_enabled
from minitorch_tensor import inplace, views
from minitorch_tensor.views import Dims

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def _become(name: str, x: Tensor, look: Callable[[Tensor], Tensor]) -> Tensor:
    """Let x be the view `look(x)` of itself, with its history."""
    if x.requires_grad and x.is_leaf and is_grad_enabled():
        raise RuntimeError(
            f"{name}: a leaf Variable that requires grad is being used in an in-place operation; "
            "use the form without underscore, or do it under no_grad()"
        )
    old = x.detach()
    if x.requires_grad and not x.is_leaf:
        # Also under no_grad: a history of another shape would give wrong gradients.
        old.requires_grad, old.node = True, x.node
        with enable_grad():
            y = look(old)
        inplace.set_history(x, y.node)
    else:
        y = look(old)
    x.layout = y.layout
    x.storage.version += 1
    return x


def t_(x: Tensor) -> Tensor:
    """Transpose a matrix in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.t_.html

    Raises:
        RuntimeError: for more than 2 dimensions, or a leaf that requires grad.

    >>> from minitorch_tensor import zeros
    >>> t_(zeros(2, 3)).shape
    torch.Size([3, 2])
    """
    return _become("t_", x, views.t)


def transpose_(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two dimensions in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.transpose_.html

    Raises:
        IndexError: if there is no such dimension.
        RuntimeError: for a leaf that requires grad.
    """
    return _become("transpose_", x, lambda old: views.transpose(old, dim0, dim1))


def swapaxes_(x: Tensor, axis0: int, axis1: int) -> Tensor:
    """Swap two dimensions in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.swapaxes_.html
    """
    return _become("swapaxes_", x, lambda old: views.transpose(old, axis0, axis1))


def swapdims_(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two dimensions in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.swapdims_.html
    """
    return _become("swapdims_", x, lambda old: views.transpose(old, dim0, dim1))


def squeeze_(x: Tensor, dim: Dims | None = None) -> Tensor:
    """Drop dimensions of size 1 in place: all of them, or those named.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.squeeze_.html

    Raises:
        IndexError: if there is no such dimension.
        RuntimeError: for a leaf that requires grad.
    """
    return _become("squeeze_", x, lambda old: views.squeeze(old, dim))


def unsqueeze_(x: Tensor, dim: int) -> Tensor:
    """Insert a dimension of size 1 before `dim` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.unsqueeze_.html

    Raises:
        IndexError: if there is no such place.
        RuntimeError: for a leaf that requires grad.
    """
    return _become("unsqueeze_", x, lambda old: views.unsqueeze(old, dim))


def as_strided_(
    x: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """Let x see its memory under any shape, strides and offset.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.as_strided.html

    Raises:
        RuntimeError: if sizes and strides do not pair, are negative, or reach outside the memory;
            or for a leaf that requires grad.
    """
    return _become(
        "as_strided_", x, lambda old: views.as_strided(old, size, stride, storage_offset)
    )
