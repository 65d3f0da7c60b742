"""Integrals of sampled values by the trapezoidal rule: sum of dx * (y[i] + y[i+1]) / 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import ordering, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.reductions import sum

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1
) -> Tensor:
    """The integral of y along `dim`, from samples dx apart or at the places x.

    https://docs.pytorch.org/docs/stable/generated/torch.trapezoid.html

    Args:
        y: the values.
        x: the places of the samples: a vector, or a tensor that broadcasts with y.
        dx: the distance of the samples, 1 if neither is given.
        dim: the dimension to integrate over, which goes.

    Raises:
        IndexError: if y has no such dimension.
        RuntimeError: if there is not one x for each sample, or a tensor is bool.
        TypeError: if both x and dx are given.

    >>> from minitorch_tensor import tensor
    >>> trapezoid(tensor([1.0, 3.0, 5.0])), trapezoid(tensor([1.0, 3.0]), tensor([0.0, 2.0]))
    (Tensor(6.0, requires_grad=False), Tensor(4.0, requires_grad=False))
    """
    i = _checked("trapezoid", y, x, dx, dim)
    if y.shape[i] == 0:
        return y._full((*y.shape[:i], *y.shape[i + 1 :]), 0, y.dtype)
    return sum(_areas("trapezoid", y, x, 1.0 if dx is None else dx, i), i - y.ndim)


def trapz(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The older name of `trapezoid`.

    https://docs.pytorch.org/docs/stable/generated/torch.trapz.html
    """
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1
) -> Tensor:
    """The integrals of y along `dim` up to each sample but the first.

    The arguments and errors are those of `trapezoid`.
    https://docs.pytorch.org/docs/stable/generated/torch.cumulative_trapezoid.html

    >>> from minitorch_tensor import tensor
    >>> cumulative_trapezoid(tensor([1.0, 3.0, 5.0]))
    Tensor([2., 6.], requires_grad=False)
    """
    i = _checked("cumulative_trapezoid", y, x, dx, dim)
    areas = _areas("cumulative_trapezoid", y, x, 1.0 if dx is None else dx, i)
    return ordering.cumsum(areas, i - y.ndim)


def _checked(name: str, y: Tensor, x: Tensor | None, dx: float | None, dim: int) -> int:
    """The dimension counted from the front."""
    if require_tensor(name, "y", y).ndim == 0:
        raise IndexError(f"{name}: dim {dim} was given, but y has no dimensions")
    if x is not None and dx is not None:
        raise TypeError(f"{name}: got both x and dx={dx}, two ways to say where the samples are")
    for values in (y, x):
        if values is not None and values.dtype is dtypes.bool_:
            raise RuntimeError(f"{name}: not defined for bool tensors; convert with .float() first")
    return wrap_dim(dim, y.ndim)


def _areas(name: str, y: Tensor, x: Tensor | None, dx: float, dim: int) -> Tensor:
    """The area between each two neighbours."""
    size = max(y.shape[dim] - 1, 0)
    left, right = views.slice_(y, dim, 0, size), views.slice_(y, dim, y.shape[dim] - size, size)
    if x is None:
        return (left + right) * dx / 2.0
    if x.ndim == 1:
        x = views.reshape(x, (x.shape[0],) + (1,) * (y.ndim - dim - 1))
    at = dim - y.ndim  # x may have fewer dimensions, or more
    if -at > x.ndim or x.shape[at] != y.shape[dim]:
        raise RuntimeError(
            f"{name}: there must be one x for each sample, but y has shape {y.shape}, of which "
            f"dimension {dim} holds the samples, and x {x.shape}"
        )
    i = at + x.ndim
    gaps = views.slice_(x, i, x.shape[i] - size, size) - views.slice_(x, i, 0, size)
    return (left + right) * gaps / 2.0
