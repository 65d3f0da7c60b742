"""How large a tensor is, how far apart two are, and tensors scaled to a largest size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import inplace, pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.reductions import Dims, amax, amin, dims_of, sum

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False,
    dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The p-norm of the elements, sum(|x|**p)**(1/p), over all or some dimensions.

    "fro" and None are 2; inf is the largest, -inf the smallest magnitude; 0 counts what is not 0.
    https://docs.pytorch.org/docs/stable/generated/torch.norm.html

    Raises:
        RuntimeError: if p is neither a number nor "fro", the input is not floating, or there is no
            element to choose from for an infinite or negative p.

    >>> from minitorch_tensor import tensor
    >>> norm(tensor([3.0, -4.0])), norm(tensor([3.0, -4.0]), 1)
    (Tensor(5.0, requires_grad=False), Tensor(7.0, requires_grad=False))
    """
    if not require_tensor("norm", "input", input).dtype.is_floating_point:
        raise RuntimeError(
            f"norm: expected a floating point tensor, but got {input.dtype}; use .float()"
        )
    dtypes.require(dtype)
    if dtype is not None:
        if not dtype.is_floating_point:
            raise RuntimeError(f"norm: dtype must be floating point, but got {dtype}")
        input = input.to(dtype)
    if isinstance(p, str):
        if p != "fro":
            raise RuntimeError(f"norm: p must be a number or 'fro', but got {p!r}")
        p = 2
    return _norm(input, 2 if p is None else p, dim, keepdim)


def _norm(x: Tensor, p: float, dim: Dims, keepdim: bool) -> Tensor:
    if x.dtype.half:
        return _norm(x.to(dtypes.float32), p, dim, keepdim).to(x.dtype)
    if p < 0 or p == math.inf:
        dims = dims_of("norm", dim, x.ndim)
        if any(x.shape[i] == 0 for i in dims):
            raise RuntimeError(
                f"norm: cannot compute the {p} norm over no elements, which has no identity: the "
                f"shape is {x.shape}, dim {dim}"
            )
    if p == math.inf:
        return amax(pointwise.abs(x), dim, keepdim)
    if p == -math.inf:
        return amin(pointwise.abs(x), dim, keepdim)
    if p == 0:
        count = sum(pointwise.ne(x.detach(), 0).to(x.dtype), dim, keepdim)
        return views.linear(  # a step function: recorded, with gradient 0, as in PyTorch
            x, count, "LinalgVectorNormBackward0", lambda g: g._full(x.shape, 0.0, g.dtype)
        )
    if p == 1:
        return sum(pointwise.abs(x), dim, keepdim)
    powers = x * x if p == 2 else _powers(x, p)
    total = sum(powers, dim, keepdim)
    # As in PyTorch, the gradient is 0, not nan, where the norm is.
    none = pointwise.eq(total, 0.0)
    safe = pointwise.where(none, 1.0, total)
    root = pointwise.sqrt(safe) if p == 2 else safe ** (1.0 / p)
    return pointwise.where(none, total, root)


def _powers(x: Tensor, p: float) -> Tensor:
    """|x|**p, with gradient 0 at 0."""
    size = pointwise.abs(x)
    if p >= 1:
        return size**p
    none = pointwise.eq(x, 0.0)
    return pointwise.where(none, 0.0 if p > 0 else math.inf, pointwise.where(none, 1.0, size) ** p)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other, after broadcasting.

    https://docs.pytorch.org/docs/stable/generated/torch.dist.html

    Raises:
        RuntimeError: if the shapes do not broadcast, or neither tensor is floating.

    >>> from minitorch_tensor import tensor
    >>> dist(tensor([1.0, 2.0]), tensor([4.0, 6.0]))
    Tensor(5.0, requires_grad=False)
    """
    difference = require_tensor("dist", "input", input) - require_tensor("dist", "other", other)
    if not difference.dtype.is_floating_point:
        raise RuntimeError(
            f"dist: expected a floating point tensor, but got {input.dtype} and {other.dtype}; use "
            ".float()"
        )
    return _norm(difference, p, None, False)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Each slice of `dim` whose p-norm is above `maxnorm` scaled down to it.

    A slice x becomes x * maxnorm / (|x|_p + 1e-7).
    https://docs.pytorch.org/docs/stable/generated/torch.renorm.html

    Raises:
        RuntimeError: if p is not positive, maxnorm negative, or input has fewer than 2 dimensions.

    >>> from minitorch_tensor import tensor
    >>> renorm(tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0)
    Tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]], requires_grad=False)
    """
    return _renorm("renorm", input, p, dim, maxnorm)


def renorm_(x: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """`renorm` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.renorm_.html
    """
    return inplace.write("renorm_", x, lambda old: _renorm("renorm_", old, p, dim, maxnorm))


def _renorm(name: str, x: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    if not require_tensor(name, "input", x).dtype.is_floating_point:
        raise RuntimeError(
            f"{name}: expected a floating point tensor, but got {x.dtype}; use .float()"
        )
    if not p > 0:
        raise RuntimeError(f"{name}: the norm must be a positive one, but got p = {p}")
    if x.ndim < 2:
        raise RuntimeError(f"{name}: input needs at least 2 dimensions, but its shape is {x.shape}")
    if not maxnorm >= 0:
        raise RuntimeError(f"{name}: expected maxnorm to be >= 0, but got {maxnorm}")
    i = wrap_dim(dim, x.ndim)
    size = _norm(x, p, [d for d in range(x.ndim) if d != i], True)
    return x * pointwise.where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)
