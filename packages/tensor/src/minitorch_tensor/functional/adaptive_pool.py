"""Adaptive pooling: means or maxima of as many windows as asked for, which cover the input.

Window i of `count` along a dimension of size n goes from floor(i n / count) to
ceil((i + 1) n / count); where count does not divide n, windows overlap and differ in size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor import creation, joining, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import Ints, require_floating
from minitorch_tensor.functional.pool import largest, lowest
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import where

Ranges = tuple[tuple[tuple[int, int], ...], ...]
"""For each dimension, where each window starts and ends."""
Sizes = int | Sequence[int | None] | None
"""One number of windows for all dimensions, or one for each; None keeps a size."""


def ranges(n: int, count: int) -> tuple[tuple[int, int], ...]:
    """Where each of so many windows over n elements starts and ends."""
    return tuple((i * n // count, -(-(i + 1) * n // count)) for i in range(count))


def _output(name: str, n: int, x: Tensor, output_size: Sizes) -> Shape:
    """The number of windows along each of the last n dimensions.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.
        TypeError: if there is a number that is no int.
    """
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
    given: tuple[int | None, ...]
    if output_size is None or isinstance(output_size, int):
        given = (output_size,) * n
    elif isinstance(output_size, Sequence):
        given = tuple(output_size)
    else:
        raise TypeError(f"{name}: output_size must be ints, but got {output_size!r}")
    if len(given) != n:
        raise RuntimeError(f"{name}: output_size must be one number or {n}, but got {given}")
    counts = tuple(k if c is None else c for c, k in zip(given, x.shape[-n:], strict=True))
    if not all(isinstance(count, int) for count in counts):
        raise TypeError(f"{name}: output_size must be ints, but got {given}")
    if min(counts) < 0:
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received "
            f"{given}"
        )
    return counts


def _mean(x: Tensor, dim: int, count: int) -> Tensor:
    n = x.shape[dim]
    if count == 0:
        return views.slice_(x, dim, 0, 0)
    if n % count == 0:
        return views.unflatten(x, dim, (count, n // count)).mean(dim + 1)
    parts = [views.slice_(x, dim, start, end - start) for start, end in ranges(n, count)]
    return joining.cat([part.mean(dim, True) for part in parts], dim)


@Op
def adaptive_means(x: Tensor, output: Shape) -> Tensor:
    """The means of so many windows along each of the last dimensions."""
    for i, count in enumerate(output):
        x = _mean(x, x.ndim - len(output) + i, count)
    return x


def _means(name: str, n: int, x: Tensor, output_size: Sizes) -> Tensor:
    return adaptive_means(x, _output(name, n, x, output_size))


def adaptive_avg_pool1d(input: Tensor, output_size: Ints) -> Tensor:
    """Means of as many windows as asked for, which cover the sequence: (..., n) -> (..., size).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html

    Args:
        input: (n, channels, length), or (channels, length), floating.
        output_size: how many windows.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.
    """
    return _means("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
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
    return _means("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
    """Means of as many windows as asked for, which cover the volume; None keeps a size.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html

    Args:
        input: (n, channels, depth, height, width), or without n, floating.
        output_size: one number, or (out_d, out_h, out_w).

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.
    """
    return _means("adaptive_avg_pool3d", 3, input, output_size)


@lru_cache(maxsize=256)
def window_table(size: Shape, ranges: Ranges) -> NDArray[np.int64]:
    """The indices of the elements of windows of any sizes: (kernel, positions), filled with -1.

    Args:
        size: of the dimensions that are flattened to one.
        ranges: of the windows along each of them.
    """
    rank = len(size)
    total = np.zeros((1,) * (2 * rank), np.int64)
    inside = np.ones((1,) * (2 * rank), np.bool_)
    for dim, windows in enumerate(ranges):
        kernel = max((end - start for start, end in windows), default=0)
        places = np.array([start for start, _ in windows], np.int64) + np.arange(kernel)[:, None]
        shape = [1] * (2 * rank)
        shape[dim], shape[rank + dim] = kernel, len(windows)
        total = total + (places * math.prod(size[dim + 1 :])).reshape(shape)
        inside = inside & (places < np.array([end for _, end in windows])).reshape(shape)
    kernels = math.prod(total.shape[:rank])
    return np.where(inside, total, -1).reshape(kernels, -1 if kernels else 0)


def max_of_ranges(x: Tensor, tables: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """The largest of x's elements of each window, and their indices: two (rows, positions).

    Args:
        x: (rows, cells).
        tables: (rows or 1, kernel, positions), filled with -1.
    """
    return max_at(x, creation.from_numpy(tables).to(x.device), bool((tables < 0).any()))


def max_at(x: Tensor, table: Tensor, filled: bool) -> tuple[Tensor, Tensor]:
    """`max_of_ranges` of a table on the device; `filled` says whether any is -1."""
    rows, (_, kernel, positions) = x.shape[0], table.shape
    flat = views.reshape(table.clamp(min=0) if filled else table, (table.shape[0], -1))
    seen = x.detach().gather(1, views.expand_to(flat, (rows, kernel * positions)))
    seen = views.reshape(seen, (rows, kernel, positions))
    if filled:
        seen = where(table < 0, lowest(x), seen)
    return largest(x, seen, table, filled)


@Op
def adaptive_maxima(x: Tensor, output: Shape) -> tuple[Tensor, Tensor]:
    """The maxima of so many windows along each of the last dimensions, and where they are."""
    n = len(output)
    lead, size = x.shape[:-n], x.shape[-n:]
    shape = (*lead, *output)
    if 0 in shape:
        empty = views.expand_to(views.reshape(x, -1)[:0].sum(), shape)
        return empty, x._arange(0).new_empty(shape)
    found_ranges = tuple(ranges(k, count) for k, count in zip(size, output, strict=True))
    rows = views.reshape(x, (math.prod(lead), math.prod(size)))
    y, found = max_of_ranges(rows, window_table(size, found_ranges)[None])
    return views.reshape(y, shape), views.reshape(found, shape)


def _maxima(name: str, n: int, x: Tensor, output_size: Sizes) -> tuple[Tensor, Tensor]:
    return adaptive_maxima(x, _output(name, n, x, output_size))


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Ints, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool1d`, and the index of each maximum in its sequence.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
    """
    if output_size is None:
        raise TypeError("adaptive_max_pool1d: output_size must be an int, not None")
    return _maxima("adaptive_max_pool1d", 1, input, output_size)


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool2d`, and the index of each maximum in its flattened image.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
    """
    return _maxima("adaptive_max_pool2d", 2, input, output_size)


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool3d`, and the index of each maximum in its flattened volume.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html
    """
    return _maxima("adaptive_max_pool3d", 3, input, output_size)


@overload
def adaptive_max_pool1d(
    input: Tensor, output_size: Ints, return_indices: Literal[False] = False
) -> Tensor: ...
@overload
def adaptive_max_pool1d(
    input: Tensor, output_size: Ints, return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
def adaptive_max_pool1d(
    input: Tensor, output_size: Ints, return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """Maxima of as many windows as asked for, which cover the sequence: (..., n) -> (..., size).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html

    Args:
        input: (n, channels, length), or (channels, length), floating.
        output_size: how many windows.
        return_indices: return the index of each maximum, int64, too.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.

    >>> adaptive_max_pool1d(Tensor([[1.0, 7.0, 6.0]]), 2)
    Tensor([[7., 7.]], requires_grad=False)
    """
    pair = adaptive_max_pool1d_with_indices(input, output_size)
    return pair if return_indices else pair[0]


@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: Sizes, return_indices: Literal[False] = False
) -> Tensor: ...
@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: Sizes, return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
def adaptive_max_pool2d(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """Maxima of as many windows as asked for, which cover the image; None keeps a size.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html

    Args:
        input: (n, channels, height, width), or (channels, height, width), floating.
        output_size: one number, or (out_h, out_w).
        return_indices: return the index of each maximum in its flattened image, int64, too.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.
    """
    pair = adaptive_max_pool2d_with_indices(input, output_size)
    return pair if return_indices else pair[0]


@overload
def adaptive_max_pool3d(
    input: Tensor, output_size: Sizes, return_indices: Literal[False] = False
) -> Tensor: ...
@overload
def adaptive_max_pool3d(
    input: Tensor, output_size: Sizes, return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
def adaptive_max_pool3d(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """Maxima of as many windows as asked for, which cover the volume; None keeps a size.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html

    Args:
        input: (n, channels, depth, height, width), or without n, floating.
        output_size: one number, or (out_d, out_h, out_w).
        return_indices: return the index of each maximum in its flattened volume, int64, too.

    Raises:
        RuntimeError: if shapes or numbers do not fit, or for integers.
    """
    pair = adaptive_max_pool3d_with_indices(input, output_size)
    return pair if return_indices else pair[0]
