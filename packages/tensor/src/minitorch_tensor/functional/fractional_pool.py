"""Fractional max pooling: windows of one size whose steps are random, so that they average a ratio.

One number u in [0, 1) for each sample, channel and dimension fixes all steps: window i of m starts
at floor((i + u) a) - floor(u a), where a = (size - kernel) / (m - 1), and the last one at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, overload

import numpy as np

from minitorch_tensor import drawing, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.adaptive_pool import max_at
from minitorch_tensor.functional.checks import Ints, each, require_floating
from minitorch_tensor.half import host_dtype
from minitorch_tensor.layout import Shape
from minitorch_tensor.pointwise import where

Ratios = float | Sequence[float]
"""How large the output is beside the input: one number, or one for each dimension."""


def _output(
    name: str, n: int, x: Tensor, output_size: Ints | None, output_ratio: Ratios | None
) -> Shape:
    if output_size is not None:
        return each(name, "output_size", output_size, n)
    if output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    ratios = (output_ratio,) * n if isinstance(output_ratio, int | float) else tuple(output_ratio)
    if len(ratios) == 1:
        ratios *= n
    if len(ratios) != n:
        raise ValueError(
            f"{name} requires output_ratio to either be a single number or {n} of them, but got "
            f"{ratios}"
        )
    return tuple(int(k * ratio) for k, ratio in zip(x.shape[-n:], ratios, strict=True))


def _check(name: str, n: int, x: Tensor, kernel: Shape, output: Shape) -> None:
    require_floating(name, x)
    if x.ndim not in (n + 1, n + 2) or 0 in x.shape[-n - 1 :]:
        raise RuntimeError(
            f"{name}: Expected input of {n + 1} or {n + 2} dimensions to have non-zero size for "
            f"non-batch dimensions, but got {x.shape}"
        )
    for what, values, least in (("kernel_size", kernel, 1), ("output_size", output, 0)):
        if min(values) < least:
            raise RuntimeError(f"{name}: {what} must be at least {least}, but got {values}")
    room = 1 if n == 3 else 0  # PyTorch asks for one more element in volumes
    for k, m, size in zip(kernel, output, x.shape[-n:], strict=True):
        if m + k - 1 + room > size:
            raise RuntimeError(
                f"{name}: pool size {k} too large relative to input size {size}: {m} windows need "
                f"at least {m + k - 1 + room}"
            )


def _samples(name: str, n: int, x: Tensor, samples: Tensor | None) -> Tensor:
    """The random numbers: (batch, channels, n)."""
    batch, channels = (1 if x.ndim == n + 1 else x.shape[0]), x.shape[-n - 1]
    if samples is None:
        samples = drawing.rand(batch, channels, n, dtype=x.dtype, device=x.device)
    if samples.dtype is not x.dtype:
        raise RuntimeError(
            f"{name}: Expect _random_samples to have the same dtype as input, {x.dtype}, but got "
            f"{samples.dtype}"
        )
    shape = samples.shape
    if len(shape) != 3 or shape[0] < batch or shape[1] != channels or shape[2] != n:
        raise RuntimeError(
            f"{name}: Expect _random_samples of shape ({batch}, {channels}, {n}): one number for "
            f"each sample, channel and dimension of input {x.shape}, but got {shape}"
        )
    found = views.slice_(samples.detach(), 0, 0, batch)
    return found.to(dtypes.float32) if found.dtype is dtypes.bfloat16 else found


def _starts(u: Tensor, size: int, kernel: int, output: int) -> Tensor:
    """Where the windows of each row begin along one dimension: (rows, 1) to (rows, output)."""
    real = host_dtype(u.dtype).type
    step = float(np.divide(real(size - kernel), real(max(output - 1, 1))))
    places = u._arange(output)
    found = ((places.to(u.dtype) + u) * step).to(dtypes.int64) - (u * step).to(dtypes.int64)
    return where(places.eq(output - 1), size - kernel, found)


def _table(u: Tensor, size: Shape, kernel: Shape, output: Shape) -> Tensor:
    """The indices that the windows of each row see: (rows, kernel, positions)."""
    # PyTorch draws the number of the width of an image first, but that of a volume last.
    n = len(size)
    order = (1, 0) if n == 2 else (0, 1, 2)
    rows = views.reshape(u, (-1, n))
    count = rows.shape[0]
    total: Tensor | None = None
    for d in range(n):
        starts = _starts(views.slice_(rows, 1, order[d], 1), size[d], kernel[d], output[d])
        shape = [count] + [1] * (2 * n)
        shape[1 + n + d] = output[d]
        across = views.reshape(u._arange(kernel[d]), [-1 if i == d else 1 for i in range(2 * n)])
        places = (views.reshape(starts, shape) + across) * math.prod(size[d + 1 :])
        total = places if total is None else total + places
    assert total is not None
    return views.reshape(total, (count, math.prod(kernel), math.prod(output)))


def _pool(
    n: int,
    x: Tensor,
    kernel_size: Ints,
    output_size: Ints | None,
    output_ratio: Ratios | None,
    samples: Tensor | None,
) -> tuple[Tensor, Tensor]:
    name = f"fractional_max_pool{n}d"
    kernel = each(name, "kernel_size", kernel_size, n)
    output = _output(name, n, x, output_size, output_ratio)
    _check(name, n, x, kernel, output)
    u = _samples(name, n, x, samples)
    shape, size = (*x.shape[:-n], *output), x.shape[-n:]
    if 0 in shape:
        return x.new_empty(shape), x._arange(0).new_empty(shape)
    rows = views.reshape(x, (math.prod(x.shape[:-n]), math.prod(size)))
    y, found = max_at(rows, _table(u, size, kernel, output), False)
    return views.reshape(y, shape), views.reshape(found, shape)


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool2d`, and the index of each maximum in its flattened image.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
    """
    return _pool(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool3d`, and the index of each maximum in its flattened volume.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html
    """
    return _pool(3, input, kernel_size, output_size, output_ratio, _random_samples)


@overload
def fractional_max_pool2d(
    input: Tensor, kernel_size: Ints, output_size: Ints | None = None,
    output_ratio: Ratios | None = None, return_indices: Literal[False] = False,
    _random_samples: Tensor | None = None,
) -> Tensor: ...  # fmt: skip
@overload
def fractional_max_pool2d(
    input: Tensor, kernel_size: Ints, output_size: Ints | None = None,
    output_ratio: Ratios | None = None, *, return_indices: Literal[True],
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]: ...  # fmt: skip
def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Maxima of windows with random steps: from one seed those of PyTorch on the CPU.

    Graham 2014, arXiv:1412.6071;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html

    Args:
        input: (n, channels, height, width), or (channels, height, width), floating.
        kernel_size: the size of the window, one number or (height, width).
        output_size: how many windows, one number or (out_h, out_w).
        output_ratio: their number beside the input's size, instead.
        return_indices: return the index of each maximum in its flattened image, int64, too.
        _random_samples: the numbers that fix the steps, (n, channels, 2); drawn if omitted.

    Raises:
        ValueError: if neither a size nor a ratio is given.
        RuntimeError: if shapes or numbers do not fit, or for integers.

    >>> fractional_max_pool2d(Tensor([[[1.0, 3.0, 2.0, 0.0]]]), 1, (1, 4))
    Tensor([[[1., 3., 2., 0.]]], requires_grad=False)
    """
    pair = _pool(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return pair if return_indices else pair[0]


@overload
def fractional_max_pool3d(
    input: Tensor, kernel_size: Ints, output_size: Ints | None = None,
    output_ratio: Ratios | None = None, return_indices: Literal[False] = False,
    _random_samples: Tensor | None = None,
) -> Tensor: ...  # fmt: skip
@overload
def fractional_max_pool3d(
    input: Tensor, kernel_size: Ints, output_size: Ints | None = None,
    output_ratio: Ratios | None = None, *, return_indices: Literal[True],
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]: ...  # fmt: skip
def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Maxima of windows with random steps, in volumes.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html

    Args:
        input: (n, channels, depth, height, width), or without n, floating.
        kernel_size: the size of the window, one number or (depth, height, width).
        output_size: how many windows, one number or (out_d, out_h, out_w).
        output_ratio: their number beside the input's size, instead.
        return_indices: return the index of each maximum in its flattened volume, int64, too.
        _random_samples: the numbers that fix the steps, (n, channels, 3); drawn if omitted.

    Raises:
        ValueError: if neither a size nor a ratio is given.
        RuntimeError: if shapes or numbers do not fit, or for integers.
    """
    pair = _pool(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return pair if return_indices else pair[0]
