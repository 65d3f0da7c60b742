"""Pooling by power averages, and the normalisation of responses by those of nearby channels."""

from __future__ import annotations

import math

from minitorch_tensor import views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.activation import relu
from minitorch_tensor.functional.avg_pool import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    require_means,
)
from minitorch_tensor.functional.checks import Ints, each
from minitorch_tensor.functional.pad import pad_constant
from minitorch_tensor.functional.pool import max_pool1d, max_pool2d
from minitorch_tensor.functional.pool3d import max_pool3d

_MEANS = (avg_pool1d, avg_pool2d, avg_pool3d)
_MAXIMA = (max_pool1d, max_pool2d, max_pool3d)


def _power_pool(
    n: int, x: Tensor, norm_type: float, kernel_size: Ints, stride: Ints | None, ceil_mode: bool
) -> Tensor:
    name = f"lp_pool{n}d"
    require_means(name, x)
    if norm_type == 0:
        raise ZeroDivisionError(f"{name}: norm_type must not be 0, which has no norm")
    kernel = each(name, "kernel_size", kernel_size, n)
    maxima, means = _MAXIMA[n - 1], _MEANS[n - 1]
    if norm_type == math.inf:
        return maxima(x.abs(), kernel, stride, 0, 1, ceil_mode)
    if norm_type == -math.inf:
        return -maxima(-x.abs(), kernel, stride, 0, 1, ceil_mode)
    mean = means(x.pow(norm_type), kernel, stride, 0, ceil_mode)
    # What PyTorch does: an odd power may give a negative sum, which must come out as nan.
    total = mean.sign() * relu(mean.abs()) * math.prod(kernel)
    return total.pow(1.0 / norm_type)


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum of x**p over each window)**(1 / p): (n, channels, length) or (channels, length).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html

    Args:
        input: (n, channels, length), or (channels, length), floating or int64.
        norm_type: p; not 0. The absolute values are taken for infinities only, as in PyTorch.
        kernel_size: the size of the window.
        stride: its step; the kernel size if omitted.
        ceil_mode: let a last window stick out.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for other dtypes.
        ZeroDivisionError: if p is 0.

    >>> lp_pool1d(Tensor([[3.0, 4.0, 5.0, 12.0]]), 2, 2)
    Tensor([[ 5., 13.]], requires_grad=False)
    """
    return _power_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum of x**p over each window)**(1 / p), for images.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html

    Args:
        input: (n, channels, height, width), or (channels, height, width), floating or int64.
        norm_type: p, as for `lp_pool1d`.
        kernel_size: the size of the window, one number or (height, width).
        stride: its steps; the kernel size if omitted.
        ceil_mode: let a last window stick out.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for other dtypes.
        ZeroDivisionError: if p is 0.
    """
    return _power_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum of x**p over each window)**(1 / p), for volumes.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool3d.html

    Args:
        input: (n, channels, depth, height, width), or without n, floating or int64.
        norm_type: p, as for `lp_pool1d`.
        kernel_size: the size of the window, one number or (depth, height, width).
        stride: its steps; the kernel size if omitted.
        ceil_mode: let a last window stick out.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for other dtypes.
        ZeroDivisionError: if p is 0.
    """
    return _power_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """x / (k + alpha * mean of x**2 over `size` neighbouring channels)**beta.

    Krizhevsky, Sutskever and Hinton 2012, https://doi.org/10.1145/3065386;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html

    Args:
        input: (n, channels, length, ...), floating or int64.
        size: of the neighbourhood; at the border channels of zeros count.
        alpha: the factor of the mean.
        beta: the exponent.
        k: what keeps the quotient finite.

    Raises:
        ValueError: for less than 3 dimensions.
        RuntimeError: if the size is not positive, or for other dtypes.
    """
    if input.ndim < 3:
        raise ValueError(
            "local_response_norm: Expected 3D or higher dimensionality input (got "
            f"{input.ndim} dimensions), as in (n, channels, length)"
        )
    require_means("local_response_norm", input)
    if size <= 0:
        raise RuntimeError(f"local_response_norm: size must be positive, but got {size}")
    if input.layout.size == 0:
        return input
    n, channels = input.shape[:2]
    squares = views.reshape(input * input, (n, channels, -1))
    squares = pad_constant(squares, (size // 2, 0), ((size - 1) // 2, 0), 0.0)
    mean = views.reshape(avg_pool2d(squares, (size, 1), 1), input.shape)
    return input / (mean * alpha + k).pow(beta)
