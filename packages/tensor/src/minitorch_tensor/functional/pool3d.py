"""Maxima of windows of volumes: `pool` in one more dimension."""

from __future__ import annotations

from typing import Literal, overload

from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import Ints
from minitorch_tensor.functional.pool import max_of_windows, pooling
from minitorch_tensor.op import Op


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool3d`, and the index of each maximum in its flattened volume.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
    """
    window = pooling("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode)
    return max_of_windows(input, window, "max_pool3d")


@Op
def max_pool3d_values(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """`max_pool3d` without indices: what a device may override."""
    return max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)[0]


@overload
def max_pool3d(
    input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    dilation: Ints = 1, ceil_mode: bool = False, return_indices: Literal[False] = False,
) -> Tensor: ...  # fmt: skip
@overload
def max_pool3d(
    input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    dilation: Ints = 1, ceil_mode: bool = False, *, return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...  # fmt: skip
def max_pool3d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of each window: (n, channels, depth, height, width), or without n.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html

    Args:
        input: (n, channels, depth, height, width), or (channels, depth, height, width).
        kernel_size: the size of the window, one number or (depth, height, width).
        stride: its steps; the kernel size if omitted.
        padding: positions around the volume that never win, at most half the kernel size.
        dilation: the steps inside a window.
        ceil_mode: let a last window stick out.
        return_indices: return the index of each maximum in its flattened volume, int64, too.

    Returns:
        (n, channels, out_d, out_h, out_w), as for `max_pool2d`. With `return_indices` a pair.

    Raises:
        RuntimeError: if shapes or numbers do not fit.

    >>> max_pool3d(Tensor([[[[1.0, 3.0], [2.0, 0.0]]]]), (1, 2, 1))
    Tensor([[[[2., 3.]]]], requires_grad=False)
    """
    if return_indices:
        return max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool3d_values(input, kernel_size, stride, padding, dilation, ceil_mode)
