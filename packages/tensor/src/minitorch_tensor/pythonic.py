"""A Python function called with each element: slow, for functions that exist nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from minitorch_tensor import conversion, inplace
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import broadcast_for

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def _written(name: str, x: Tensor, function: Callable[..., float], *others: Tensor) -> Tensor:
    """x = function(x, ...), element for element."""
    if x.requires_grad:
        raise RuntimeError(
            f"{name}: can't be used on a Variable that requires grad, for a Python function has no "
            "derivative; call it on x.detach()"
        )
    for i, other in enumerate(others):
        shape = require_tensor(name, f"tensor {i}", other).layout.shape
        if broadcast_for(name, x.layout.shape, shape) != x.layout.shape:
            raise RuntimeError(
                f"{name}: shape {shape} does not broadcast to {x.shape}, the shape of x"
            )
    arrays = [np.broadcast_to(conversion.host_array(t), x.layout.shape) for t in (x, *others)]
    rows = zip(*(array.reshape(-1).tolist() for array in arrays), strict=True)
    kind = np.dtype(np.float32) if x.dtype.half else x.dtype.numpy
    values = np.array([function(*row) for row in rows], kind)
    return inplace.copy_(x, conversion.from_host(x, values.reshape(x.layout.shape)))


def apply_(x: Tensor, callable: Callable[[float], float]) -> Tensor:
    """Replace each element by what a Python function makes of it.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.apply_.html

    Raises:
        RuntimeError: if x requires grad.

    >>> from minitorch_tensor import arange
    >>> arange(3).apply_(lambda value: 10 - value)
    Tensor([10,  9,  8], requires_grad=False)
    """
    return _written("apply_", x, callable)


def map_(x: Tensor, tensor: Tensor, callable: Callable[[float, float], float]) -> Tensor:
    """Replace each element by what a Python function makes of it and one of another tensor.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.map_.html

    Raises:
        RuntimeError: if x requires grad, or the shapes do not broadcast to that of x.

    >>> from minitorch_tensor import arange, ones
    >>> ones(3).map_(arange(3.0), lambda a, b: a - b)
    Tensor([ 1.,  0., -1.], requires_grad=False)
    """
    return _written("map_", x, callable, tensor)


def map2_(
    x: Tensor, x_: Tensor, y: Tensor, callable: Callable[[float, float, float], float]
) -> Tensor:
    """Replace each element by what a Python function makes of it and those of two other tensors.

    https://docs.pytorch.org/docs/stable/tensors.html

    Raises:
        RuntimeError: if x requires grad, or the shapes do not broadcast to that of x.

    >>> from minitorch_tensor import arange, ones
    >>> ones(3).map2_(arange(3.0), ones(3), lambda a, b, c: a + b + c)
    Tensor([2., 3., 4.], requires_grad=False)
    """
    return _written("map2_", x, callable, x_, y)
