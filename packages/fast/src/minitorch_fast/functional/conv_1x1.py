"""Convolutions with kernels of one element: a matrix product for each image, by BLAS.

    y[n] = W x[n],    dx[n] = W^T d[n],    dW = sum over n of d[n] x[n]^T

Nothing is copied but where a stride leaves elements out. Beside the tiles of `conv_loops`, whose
planes would be a copy of x, this takes two thirds of the time (64 channels of 16 x 16).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import blas, linalg, threads
from minitorch_fast.functional.conv_plan import NEAR, Role
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.functional.windows import Window

ENOUGH: Final = 32
"""So many pixels an image has at least; products with fewer columns are slow."""


def fits(window: Window, groups: int) -> bool:
    """Whether this is the way to compute a convolution."""
    plain = groups == 1 and not window.padded and math.prod(window.kernel) == 1
    return plain and math.prod(window.output) >= ENOUGH


def correlate_1x1(
    role: Role,
    out: HostArray,
    x: HostArray,
    weight: HostArray,
    bias: HostArray | None,
    images: int,
    window: Window,
) -> None:
    """The convolution, or the gradient of its input (role "input"), into `out`."""
    outputs = weight.shape[0]
    if role == "input":
        weight = weight.T
        if max(window.stride) > 1:
            spread = out.reshape(images, weight.shape[0], *window.size)
            spread[...] = 0 if bias is None else bias.reshape(-1, *(1,) * len(window.size))
            part = np.empty((images, weight.shape[0], math.prod(window.output)), out.dtype)
            _products(part, x.reshape(images, outputs, -1), weight, bias)
            spread[_taken(window)] = part.reshape(*spread.shape[:2], *window.output)
            return
        source = x.reshape(images, outputs, -1)
    else:
        source = _pixels(x, images, window)
    _products(out.reshape(images, weight.shape[0], -1), source, weight, bias)


def _products(out: HostArray, x: HostArray, weight: HostArray, bias: HostArray | None) -> None:
    """out[n] = weight x[n] + bias; each thread computes some of them."""
    column = None if bias is None else bias.reshape(-1, 1)
    parts = linalg.parts_of(out.size * weight.shape[1])
    ranges = threads.cut(len(out), parts, 1)
    multiply = blas.product_of(out.dtype.char) if column is None else None
    if multiply is not None:
        same = np.broadcast_to(weight, (len(out), *weight.shape))
        threads.run(multiply, [(same[i:j], x[i:j], out[i:j], None) for i, j in ranges])
        return
    threads.run(_some_products, [(out[i:j], x[i:j], weight, column) for i, j in ranges])


def _some_products(
    out: HostArray, x: HostArray, weight: HostArray, column: HostArray | None
) -> None:
    with np.errstate(all="ignore"):
        if column is None:
            np.matmul(weight, x, out=out)
            return
        some = max(NEAR // out[0].size, 1)
        for first in range(0, len(out), some):  # they are still in cache when the bias comes
            part = out[first : first + some]
            np.matmul(weight, x[first : first + some], out=part)
            np.add(part, column, part)


def weight_gradient_1x1(
    x: HostArray, d: HostArray, images: int, window: Window
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    """The gradients of the weights, (out, in), and of the bias, (out,)."""
    source = _pixels(x, images, window)
    gradient = d.reshape(images, -1, source.shape[2])
    # As many parts as there are cores, for any number of threads: they are added in order.
    ranges = threads.cut(images, linalg.parts_of(gradient.size * source.shape[1]), 1)
    weights = np.zeros((len(ranges), gradient.shape[1], source.shape[1]), d.dtype)
    multiply = blas.product_of(d.dtype.char)
    if multiply is None:
        parts = zip(ranges, weights, strict=True)
        threads.run(_some_gradients, [(w, gradient[i:j], source[i:j]) for (i, j), w in parts])
    else:
        turned = source.transpose(0, 2, 1)
        calls: list[threads.Call] = [
            (gradient[i:j], turned[i:j], np.broadcast_to(w, (j - i, *w.shape)), None)
            for (i, j), w in zip(ranges, weights, strict=True)
        ]
        threads.run(multiply, calls)
    with np.errstate(all="ignore"):
        return np.add.reduce(weights, 0), np.add.reduce(np.add.reduce(gradient, 2), 0)


def _some_gradients(total: HostArray, gradient: HostArray, source: HostArray) -> None:
    """The gradient of some images, in `total`, where 0 is."""
    part = np.empty_like(total)
    with np.errstate(all="ignore"):
        for one, image in zip(gradient, source, strict=True):
            np.dot(one, image.T, part)
            np.add(total, part, total)


def _pixels(x: HostArray, images: int, window: Window) -> HostArray:
    """(images, channels, pixels that a window takes)."""
    if max(window.stride) == 1:
        return x.reshape(images, -1, math.prod(window.size))
    whole = x.reshape(images, -1, *window.size)
    taken: npt.NDArray[np.generic] = np.ascontiguousarray(whole[_taken(window)])
    return taken.reshape(*whole.shape[:2], -1)


def _taken(window: Window) -> tuple[slice, ...]:
    return slice(None), slice(None), *(slice(None, None, step) for step in window.stride)
