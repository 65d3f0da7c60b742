"""Pooling by means of windows."""

from __future__ import annotations

from typing import Literal

from minitorch_tensor import creation, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import int64
from minitorch_tensor.functional.checks import Ints, require_floating
from minitorch_tensor.functional.pad import pad_constant
from minitorch_tensor.functional.pool import pooling
from minitorch_tensor.functional.windows import Window, take_windows
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import div


def divisors(window: Window, count_include_pad: bool) -> list[list[int]]:
    """By what the sum of a window is divided: one factor for each position along each dimension.

    Padding counts if asked, but not where a window of ceil_mode sticks out even of the padding.
    """
    counts = []
    for k, step, pad, size, output in zip(
        window.kernel, window.stride, window.before, window.size, window.output, strict=True
    ):
        low, high = (-pad, size + pad) if count_include_pad else (0, size)
        starts = [p * step - pad for p in range(output)]
        counts.append([min(s + k, high) - max(s, low) for s in starts])
    return counts


@Op
def mean_of_windows(
    x: Tensor, window: Window, count_include_pad: bool, divisor_override: int | None
) -> Tensor:
    """The sum of each window over its count, or over another divisor; int64 is cut, as in C."""
    counts = divisors(window, count_include_pad)
    if window.padded:
        x = pad_constant(x, window.before, window.after, 0.0)
    lead, n = x.ndim - len(window.kernel), len(window.kernel)
    total = take_windows(x, window).sum(tuple(range(lead, lead + n)))
    rounding: Literal["trunc"] | None = None if x.dtype.is_floating_point else "trunc"
    if divisor_override is not None:
        return div(total, divisor_override, rounding_mode=rounding)
    for i, factors in enumerate(counts):
        if min(factors) == max(factors):
            total = div(total, factors[0], rounding_mode=rounding)
        else:
            by = creation.tensor(factors, dtype=x.dtype, device=x.device)
            by = views.reshape(by, (-1,) + (1,) * (n - 1 - i))
            total = div(total, by, rounding_mode=rounding)
    return total


def require_means(name: str, x: Tensor) -> None:
    """Refuse what has no means here: all integers but int64.

    Raises:
        RuntimeError: for them.
        TypeError: for what is no tensor.
    """
    if require_tensor(name, "input", x).dtype is not int64:
        require_floating(name, x)


def avg_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window: (n, channels, length) or (channels, length).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html

    Args:
        input: (n, channels, length), or (channels, length), floating or int64.
        kernel_size: the size of the window.
        stride: its step; the kernel size if omitted.
        padding: zeros at both ends, at most half the kernel size.
        ceil_mode: let a last window stick out.
        count_include_pad: whether these zeros count in the mean.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for other dtypes.
    """
    require_means("avg_pool1d", input)
    window = pooling("avg_pool1d", 1, input, kernel_size, stride, padding, 1, ceil_mode)
    return mean_of_windows(input, window, count_include_pad, None)


@Op
def avg_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html

    Args:
        input: (n, channels, height, width), or (channels, height, width), floating or int64.
        kernel_size: the size of the window, one number or (height, width).
        stride: its steps; the kernel size if omitted.
        padding: zeros around the image, at most half the kernel size.
        ceil_mode: let a last window stick out at the bottom and at the right.
        count_include_pad: whether these zeros count in the mean.
        divisor_override: divide the sum by this instead.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.

    >>> avg_pool2d(Tensor([[[1.0, 3.0, 2.0, 0.0], [0.0, 0.0, 5.0, 5.0]]]), 2)
    Tensor([[[1., 3.]]], requires_grad=False)
    """
    require_means("avg_pool2d", input)
    if divisor_override == 0:
        raise RuntimeError("avg_pool2d: divisor must be not zero")
    window = pooling("avg_pool2d", 2, input, kernel_size, stride, padding, 1, ceil_mode)
    return mean_of_windows(input, window, count_include_pad, divisor_override)


@Op
def avg_pool3d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window: (n, channels, depth, height, width), or without n.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html

    Args:
        input: (n, channels, depth, height, width), or without n, floating or int64.
        kernel_size: the size of the window, one number or (depth, height, width).
        stride: its steps; the kernel size if omitted.
        padding: zeros around the volume, at most half the kernel size.
        ceil_mode: let a last window stick out.
        count_include_pad: whether these zeros count in the mean.
        divisor_override: divide the sum by this instead.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for other dtypes.
    """
    require_means("avg_pool3d", input)
    if divisor_override == 0:
        raise RuntimeError("avg_pool3d: divisor must be not zero")
    window = pooling("avg_pool3d", 3, input, kernel_size, stride, padding, 1, ceil_mode)
    return mean_of_windows(input, window, count_include_pad, divisor_override)
