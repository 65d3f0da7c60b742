"""Pooling by means: of windows of one size, or of as many windows as asked for."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_tensor import creation, joining, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import Ints, each, require_floating
from minitorch_tensor.functional.pad import pad_constant
from minitorch_tensor.functional.pool import pooling
from minitorch_tensor.functional.windows import Window, take_windows
from minitorch_tensor.op import Op


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


def _avg_pool(
    x: Tensor, window: Window, count_include_pad: bool, divisor_override: int | None
) -> Tensor:
    counts = divisors(window, count_include_pad)
    if window.padded:
        x = pad_constant(x, window.before, window.after, 0.0)
    lead, n = x.ndim - len(window.kernel), len(window.kernel)
    total = take_windows(x, window).sum(tuple(range(lead, lead + n)))
    if divisor_override is not None:
        return total / divisor_override
    for i, factors in enumerate(counts):
        if min(factors) == max(factors):
            total = total / factors[0]
        else:
            by = creation.tensor(factors, dtype=x.dtype, device=x.device)
            total = total / views.reshape(by, (-1,) + (1,) * (n - 1 - i))
    return total


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
        input: (n, channels, length), or (channels, length), floating.
        kernel_size: the size of the window.
        stride: its step; the kernel size if omitted.
        padding: zeros at both ends, at most half the kernel size.
        ceil_mode: let a last window stick out.
        count_include_pad: whether these zeros count in the mean.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.
    """
    require_floating("avg_pool1d", input)
    window = pooling("avg_pool1d", 1, input, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool(input, window, count_include_pad, None)


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
        input: (n, channels, height, width), or (channels, height, width), floating.
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
    require_floating("avg_pool2d", input)
    if divisor_override == 0:
        raise RuntimeError("avg_pool2d: divisor must be not zero")
    window = pooling("avg_pool2d", 2, input, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool(input, window, count_include_pad, divisor_override)


def _adaptive_mean(x: Tensor, dim: int, count: int) -> Tensor:
    """Means of the `count` ranges floor(i n / count) to ceil((i + 1) n / count) of a dimension."""
    n = x.shape[dim]
    if count == 0:
        return views.slice_(x, dim, 0, 0)
    if n % count == 0:
        return views.unflatten(x, dim, (count, n // count)).mean(dim + 1)
    ranges = [(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]
    means = [views.slice_(x, dim, start, end - start).mean(dim, True) for start, end in ranges]
    return joining.cat(means, dim)


def _adaptive_avg_pool(name: str, x: Tensor, output: Sequence[int | None]) -> Tensor:
    n = len(output)
    require_floating(name, x)
    if x.ndim not in (n + 1, n + 2):
        raise RuntimeError(
            f"{name}: Expected {n + 1} to {n + 2} dimensions, but got {x.ndim}-dimensional tensor "
            f"of shape {x.shape}"
        )
    if 0 in x.shape[-n - 1 :]:
        raise RuntimeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but input has "
            f"sizes {x.shape}"
        )
    for i, count in enumerate(output):
        dim = x.ndim - n + i
        if count is not None and count < 0:
            raise RuntimeError(
                f"{name}: elements of output_size must be greater than or equal to 0 but received "
                f"{tuple(output)}"
            )
        x = _adaptive_mean(x, dim, x.shape[dim] if count is None else count)
    return x


def adaptive_avg_pool1d(input: Tensor, output_size: Ints) -> Tensor:
    """Means of as many windows as asked for, which cover the sequence: (..., n) -> (..., size).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.
    """
    sizes = each("adaptive_avg_pool1d", "output_size", output_size, 1)
    return _adaptive_avg_pool("adaptive_avg_pool1d", input, sizes)


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """Means of as many windows as asked for, which cover the image; None keeps a size.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html

    Args:
        input: (n, channels, height, width), or (channels, height, width), floating.
        output_size: one number, or (out_h, out_w).

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.

    >>> adaptive_avg_pool2d(Tensor([[[1.0, 2.0, 6.0]]]), (1, 2))
    Tensor([[[1.5000, 4.0000]]], requires_grad=False)
    """
    sizes = (
        (output_size,) * 2 if isinstance(output_size, int) or output_size is None else output_size
    )
    if len(sizes) != 2:
        raise RuntimeError(
            f"adaptive_avg_pool2d: output_size must be one number or 2, but got {tuple(sizes)}"
        )
    return _adaptive_avg_pool("adaptive_avg_pool2d", input, sizes)
