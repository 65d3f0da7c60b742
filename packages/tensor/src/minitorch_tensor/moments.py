"""Means and variances: the first moments of a sample, the second one first, as in PyTorch."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from minitorch_tensor import pointwise
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.op import Op
from minitorch_tensor.reductions import Dims, dims_of, mean, sum

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def var(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> Tensor:  # fmt: skip
    """The variance: the sum of squared distances from the mean, over n - correction.

    Without a degree of freedom it is nan or inf, and a warning says so, as in PyTorch.
    https://docs.pytorch.org/docs/stable/generated/torch.var.html

    Args:
        input: of any shape.
        dim: the dimensions to reduce; all if omitted. A bool stands for `unbiased`, as in PyTorch.
        unbiased: the older way to say correction=1, or 0 if False.
        keepdim: keep them as size 1.
        correction: what to subtract from the number of elements; 1 if omitted.

    Raises:
        RuntimeError: for integers and bools.
        TypeError: if both `unbiased` and `correction` are given.

    >>> from minitorch_tensor import tensor
    >>> var(tensor([1.0, 2.0, 3.0])), var(tensor([1.0, 2.0, 3.0, 4.0]), correction=0)
    (Tensor(1.0, requires_grad=False), Tensor(1.2500, requires_grad=False))
    """
    return _var_mean("var", input, dim, unbiased, keepdim, correction)[0]


def std(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> Tensor:  # fmt: skip
    """The square root of the variance; where that is 0, the gradient is 0 too, as in PyTorch.

    The arguments and errors are those of `var`.
    https://docs.pytorch.org/docs/stable/generated/torch.std.html
    """
    return _root(_var_mean("std", input, dim, unbiased, keepdim, correction)[0])


def var_mean(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The variance and the mean; the arguments and errors are those of `var`.

    https://docs.pytorch.org/docs/stable/generated/torch.var_mean.html

    >>> from minitorch_tensor import tensor
    >>> var_mean(tensor([1.0, 2.0, 3.0]))
    (Tensor(1.0, requires_grad=False), Tensor(2.0, requires_grad=False))
    """
    return _var_mean("var_mean", input, dim, unbiased, keepdim, correction)


def std_mean(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The standard deviation and the mean; the arguments and errors are those of `var`.

    https://docs.pytorch.org/docs/stable/generated/torch.std_mean.html
    """
    variance, middle = _var_mean("std_mean", input, dim, unbiased, keepdim, correction)
    return _root(variance), middle


def _var_mean(
    name: str, x: Tensor, dim: Dims, unbiased: bool | None, keepdim: bool,
    correction: float | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    if not require_tensor(name, "input", x).dtype.is_floating_point:
        raise RuntimeError(
            f"{name}: the input dtype must be floating point, but got {x.dtype}; use .float()"
        )
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        if correction is not None:
            raise TypeError(
                f"{name}: got both unbiased={unbiased} and correction={correction}, two ways to "
                "say one thing; give one of them"
            )
        correction = 1 if unbiased else 0
    dims = dims_of(name, dim, x.ndim)
    degrees = math.prod(x.shape[i] for i in dims) - (1 if correction is None else correction)
    if degrees <= 0:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            f"number of elements reduced, {degrees + (1 if correction is None else correction)}",
            UserWarning,
            stacklevel=3,
        )
    if x.dtype.half:
        wide = _var_mean(name, x.float(), dims, None, keepdim, correction)
        return wide[0].to(x.dtype), wide[1].to(x.dtype)
    # Without a degree of freedom this is 0 / 0, or a number over 0: nan or inf, as in PyTorch.
    variance, middle = variance_and_mean(x, dims, max(degrees, 0))
    if keepdim or not dims:
        return variance, middle
    return variance.squeeze(dims), middle.squeeze(dims)


@Op
def variance_and_mean(
    input: Tensor, dims: tuple[int, ...], degrees: float
) -> tuple[Tensor, Tensor]:
    """The sum of squared distances from the mean over `degrees`, and the mean.

    Args:
        input: of any shape, floating.
        dims: the dimensions to reduce, which stay as size 1; all if there are none.
        degrees: what the sum of squares is divided by.

    >>> from minitorch_tensor import tensor
    >>> variance_and_mean(tensor([1.0, 2.0, 3.0]), (0,), 2.0)
    (Tensor([1.], requires_grad=False), Tensor([2.], requires_grad=False))
    """
    middle = mean(input, dims, True)
    distance = input - middle
    return sum(distance * distance, dims, True) / degrees, middle


def _root(y: Tensor) -> Tensor:
    """sqrt(y), whose gradient at 0 is 0 instead of infinite."""
    if not y.requires_grad:
        return pointwise.sqrt(y)
    zero = pointwise.eq(y.detach(), 0)
    return pointwise.where(zero, 0.0, pointwise.sqrt(pointwise.where(zero, 1.0, y)))
