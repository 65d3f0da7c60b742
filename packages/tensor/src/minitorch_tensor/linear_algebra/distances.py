"""Distances between every pair of rows of two matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from minitorch_tensor import norms, pointwise, reductions, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import broadcast_for
from minitorch_tensor.linalg import matmul
from minitorch_tensor.linear_algebra import checks

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

_MODES: Final = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)
_MANY: Final = 25  # rows, from which PyTorch's default uses a matrix product


def cdist(
    x1: Tensor,
    x2: Tensor,
    p: float = 2.0,
    compute_mode: str | None = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:
    """The p-norm of the difference of every row of x1 and every row of x2.

    (..., n, k), (..., m, k) -> (..., n, m), leading dimensions broadcast. Where a distance is 0,
    its gradient is 0, as in PyTorch.
    https://docs.pytorch.org/docs/stable/generated/torch.cdist.html

    Args:
        x1: the first points.
        x2: the second points.
        p: of the norm, from 0 (the number of different coordinates) to inf.
        compute_mode: whether Euclidean distances come from a matrix product, |a|^2 + |b|^2 - 2 a.b,
            which is fast but cancels for near points: never, always, or, the default, for more than
            25 points.

    Raises:
        RuntimeError: if an operand is no stack of matrices, dtypes are not floating or differ, the
            numbers of columns differ, or p is negative.
        ValueError: if there is no such mode.

    >>> from minitorch_tensor import tensor
    >>> cdist(tensor([[0.0, 0.0]]), tensor([[3.0, 4.0], [0.0, 0.0]]))
    Tensor([[5., 0.]], requires_grad=False)
    """
    for name, x in (("x1", x1), ("x2", x2)):
        if require_tensor("cdist", name, x).ndim < 2:
            raise RuntimeError(
                f"cdist: only supports at least 2D tensors, but {name} has shape {x.shape}"
            )
        checks.floating("cdist", x)
    checks.one_dtype("cdist", x1=x1, x2=x2)
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            "cdist: x1 and x2 must have the same number of columns, but got shapes "
            f"{x1.shape} and {x2.shape}"
        )
    if not p >= 0:
        raise RuntimeError(f"cdist: only supports non-negative p values, but got p = {p}")
    mode = _MODES[0] if compute_mode is None else compute_mode
    if mode not in _MODES:
        raise ValueError(
            f"cdist: {mode!r} is not a valid value for compute_mode; choose one of {_MODES}"
        )
    broadcast_for("cdist", x1.shape[:-2], x2.shape[:-2])
    many = max(x1.shape[-2], x2.shape[-2]) > _MANY
    if p == 2 and (mode == _MODES[1] or (mode == _MODES[0] and many)):
        return _by_product(x1, x2)
    difference = views.unsqueeze(x1, -2) - views.unsqueeze(x2, -3)
    if p == math.inf:
        return _largest(difference)
    return norms.norm(difference, p, -1)


def _by_product(a: Tensor, b: Tensor) -> Tensor:
    """sqrt(|a|^2 + |b|^2 - 2 a.b), with the gradient of the norm of the difference.

    That gradient is g (a - b) / distance: sums of products again, so that no difference is formed.
    """
    squares_a = reductions.sum(a * a, -1, keepdim=True)
    squares_b = views.transpose(reductions.sum(b * b, -1, keepdim=True), -1, -2)
    square = squares_a + squares_b - 2 * matmul(a, views.transpose(b, -1, -2))
    near = pointwise.le(square.detach(), 0)  # by rounding it may fall below
    return pointwise.where(near, 0.0, pointwise.sqrt(pointwise.where(near, 1.0, square)))


def _largest(difference: Tensor) -> Tensor:
    """The largest |d|; each of equal ones gets the whole gradient, as in PyTorch."""
    size = pointwise.abs(difference)
    if size.layout.size == 0:
        return reductions.sum(size, -1)
    top = reductions.amax(size.detach(), -1, keepdim=True)
    tied = pointwise.eq(size.detach(), top)
    # 0, but with the gradient of every |d| that is largest; nan has none.
    slope = reductions.sum(pointwise.where(tied, size - size.detach(), 0.0), -1)
    return views.squeeze(top, -1) + slope
