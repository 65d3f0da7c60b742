"""Pooling: which windows there are, and the maximum of each.

An override begins with `pooling(...)` too: it checks the arguments and returns the window. The
means are in `avg_pool`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal, overload

import numpy as np

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import pointwise, reductions, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import Ints, each
from minitorch_tensor.functional.pad import pad_constant
from minitorch_tensor.functional.windows import Window, reach, take_windows
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import Op


def pooling(
    name: str,
    n: int,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
) -> Window:
    """The window of a pooling over the last n dimensions.

    Raises:
        RuntimeError: if shapes or numbers do not fit.
    """
    kernel = each(name, "kernel_size", kernel_size, n)
    step = kernel if stride is None or stride == [] else each(name, "stride", stride, n)
    around, spread = each(name, "padding", padding, n), each(name, "dilation", dilation, n)
    return _window(name, n, input.shape, kernel, step, around, spread, ceil_mode)


@lru_cache(maxsize=4096)
def _window(
    name: str,
    n: int,
    input: Shape,
    kernel: Shape,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    ceil_mode: bool,
) -> Window:
    for what, values in (("kernel size", kernel), ("stride", stride), ("dilation", dilation)):
        if min(values) <= 0:
            raise RuntimeError(f"{name}: {what} should be greater than zero, but got {values}")
    if len(input) not in (n + 1, n + 2) or 0 in input[-n - 1 :]:
        raise RuntimeError(
            f"{name}: Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch "
            f"size for input, but got: {input}"
        )
    size = input[-n:]
    for pad, k in zip(padding, kernel, strict=True):
        if pad < 0:
            raise RuntimeError(f"{name}: pad must be non-negative, but got pad: {padding}")
        if pad > k // 2:
            raise RuntimeError(
                f"{name}: pad should be at most half of effective kernel size, but got pad={pad}, "
                f"kernel_size={k} and dilation={dilation}"
            )
    output = tuple(
        _positions(*numbers, ceil_mode)
        for numbers in zip(size, padding, kernel, stride, dilation, strict=True)
    )
    if min(output) <= 0:
        raise RuntimeError(
            f"{name}: Given input size: {input}, kernel size: {kernel}, padding: {padding}. "
            f"Calculated output size: {output}. Output size is too small"
        )
    after = tuple(
        reach(*numbers)
        for numbers in zip(size, padding, kernel, stride, dilation, output, strict=True)
    )
    return Window(kernel, stride, dilation, padding, after, size, output)


def _positions(
    size: int, padding: int, kernel: int, stride: int, dilation: int, ceil_mode: bool
) -> int:
    """How often the window fits; with ceil_mode the last may stick out, but must start inside."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = -(-room // stride) + 1 if ceil_mode else room // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    return count


@Op
def max_of_windows(x: Tensor, window: Window, name: str) -> tuple[Tensor, Tensor]:
    """The largest element of each window, and where in x's last dimensions, flattened, it is."""
    if x.dtype is dtypes.bool_:
        raise RuntimeError(f"{name}: not defined for bool tensors; convert with .float()")
    lead = x.shape[: x.ndim - len(window.size)]
    rows, cells = math.prod(lead), math.prod(window.size)
    kernel, positions = math.prod(window.kernel), math.prod(window.output)
    places = views.reshape(x._arange(cells), window.size)
    values = x.detach()
    if window.padded:
        _check_no_empty_window(name, window)
        places = pad_constant(places, window.before, window.after, -1)
        values = pad_constant(values, window.before, window.after, lowest(x))
    seen = views.reshape(take_windows(values, window), (rows, kernel, positions))
    table = views.reshape(take_windows(places, window), (1, kernel, positions))
    y, found = largest(views.reshape(x, (rows, cells)), seen, table, window.padded)
    shape = (*lead, *window.output)
    return views.reshape(y, shape), views.reshape(found, shape)


def lowest(x: Tensor) -> float:
    """What never wins against an element of x."""
    return -math.inf if x.dtype.is_floating_point else int(np.iinfo(x.dtype.name).min)


def largest(rows: Tensor, seen: Tensor, table: Tensor, filled: bool) -> tuple[Tensor, Tensor]:
    """The largest of the elements that each window sees, and its index.

    The search is not recorded; the values are gathered, so their gradient is scattered back.

    Args:
        rows: (n, cells).
        seen: (n, kernel, positions), their elements in windows, with `lowest` for the filling.
        table: (n or 1, kernel, positions), the indices of these elements, -1 for the filling.
        filled: whether there is any.

    Returns:
        two tensors (n, positions).
    """
    score = seen
    if filled:
        # A window may hold nothing but -inf: the filling, which is no element, must not win.
        best = pointwise.eq(seen, reductions.amax(seen, 1, True)).logical_or(seen.isnan())
        score = best.logical_and(table >= 0).to(dtypes.uint8)
    winner = reductions.argmax(score, 1, True)  # (n, 1, positions)
    floating = seen.dtype.is_floating_point
    if floating and seen.is_cuda:
        winner = _last_nan(seen, winner)  # to ask whether there is one would wait for the GPU
    places = views.expand_to(table, seen.shape)
    found = views.squeeze(places.gather(1, winner), 1)
    y = rows.gather(1, found)
    if floating and not seen.is_cuda and y.detach().isnan().any():
        found = views.squeeze(places.gather(1, _last_nan(seen, winner)), 1)
        y = rows.gather(1, found)
    return y, found


def _last_nan(seen: Tensor, winner: Tensor) -> Tensor:
    """Of a window with nans the last of them, which is PyTorch's choice; else the winner."""
    order = views.reshape(seen._arange(seen.shape[1]) + 1, (1, -1, 1))
    rank = pointwise.where(seen.isnan(), order, 0)
    return pointwise.where(
        reductions.amax(rank, 1, True) > 0, reductions.argmax(rank, 1, True), winner
    )


def _check_no_empty_window(name: str, window: Window) -> None:
    """Refuse a window that lies in the padding alone, which a dilated one may.

    Raises:
        RuntimeError: if there is one.
    """
    for k, step, spread, before, size, count in zip(
        window.kernel, window.stride, window.dilation, window.before, window.size, window.output,
        strict=True,
    ):  # fmt: skip
        for p in range(count):
            first = p * step - before
            if not any(0 <= first + i * spread < size for i in range(k)):
                raise RuntimeError(
                    f"{name}: a window of kernel size {window.kernel}, dilation {window.dilation} "
                    f"and padding {window.before} holds no element of an input of size "
                    f"{window.size}; use less padding"
                )


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool1d`, and the index of each maximum in its sequence.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
    """
    window = pooling("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode)
    return max_of_windows(input, window, "max_pool1d")


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool2d`, and the index of each maximum in its flattened image.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
    """
    window = pooling("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)
    return max_of_windows(input, window, "max_pool2d")


@Op
def max_pool1d_values(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """`max_pool1d` without indices: what a device may override."""
    return max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)[0]


@Op
def max_pool2d_values(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """`max_pool2d` without indices: what a device may override."""
    return max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)[0]


@overload
def max_pool1d(
    input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    dilation: Ints = 1, ceil_mode: bool = False, return_indices: Literal[False] = False,
) -> Tensor: ...  # fmt: skip
@overload
def max_pool1d(
    input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    dilation: Ints = 1, ceil_mode: bool = False, *, return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...  # fmt: skip
def max_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of each window: (n, channels, length) or (channels, length).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html

    Args:
        input: (n, channels, length), or (channels, length).
        kernel_size: the size of the window.
        stride: its step; the kernel size if omitted.
        padding: positions at both ends that never win, at most half the kernel size.
        dilation: the step inside a window.
        ceil_mode: let a last window stick out.
        return_indices: return the index of each maximum, int64, too.

    Raises:
        RuntimeError: if shapes or numbers do not fit.

    >>> max_pool1d(Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[3., 2.]], requires_grad=False)
    """
    if return_indices:
        return max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool1d_values(input, kernel_size, stride, padding, dilation, ceil_mode)


@overload
def max_pool2d(
    input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    dilation: Ints = 1, ceil_mode: bool = False, return_indices: Literal[False] = False,
) -> Tensor: ...  # fmt: skip
@overload
def max_pool2d(
    input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    dilation: Ints = 1, ceil_mode: bool = False, *, return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...  # fmt: skip
def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of each window; the gradient goes to that element, the first of equals.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html

    Args:
        input: (n, channels, height, width), or (channels, height, width).
        kernel_size: the size of the window, one number or (height, width).
        stride: its steps; the kernel size if omitted.
        padding: positions around the image that never win, at most half the kernel size.
        dilation: the steps inside a window.
        ceil_mode: let a last window stick out at the bottom and at the right.
        return_indices: return the index of each maximum in its flattened image, int64, too.

    Returns:
        (n, channels, out_h, out_w); out_h = (height + 2 padding - dilation (kernel - 1) - 1) /
        stride + 1, rounded down, or up with ceil_mode; out_w likewise. With `return_indices` a
        pair.

    Raises:
        RuntimeError: if shapes or numbers do not fit.

    >>> max_pool2d(Tensor([[[1.0, 3.0, 2.0, 0.0], [0.0, 0.0, 5.0, 4.0]]]), 2)
    Tensor([[[3., 5.]]], requires_grad=False)
    """
    if return_indices:
        return max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool2d_values(input, kernel_size, stride, padding, dilation, ceil_mode)
