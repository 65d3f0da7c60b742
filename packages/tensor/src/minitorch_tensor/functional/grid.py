"""Images sampled at positions of a grid, and grids of affine maps: spatial transformers.

Positions run from -1 to 1 over the image, in the order x, y (, z), whatever its size.
Jaderberg et al. 2015, arXiv:1506.02025.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import product

import minitorch_operators as op
from minitorch_tensor import creation, joining, linalg, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import int64
from minitorch_tensor.functional.checks import require_alike, require_floating
from minitorch_tensor.layout import Shape
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import where


def _aligned(align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since "
            "1.3.0. Please specify align_corners=True if the old behavior is desired. See the "
            "documentation of grid_sample for details.",
            UserWarning,
            stacklevel=3,
        )
    return bool(align_corners)


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """Where an affine map takes the positions of an image: theta @ (x, y, 1) for each pixel.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html

    Args:
        theta: (n, 2, 3), or (n, 3, 4) for volumes, floating.
        size: of the images to sample, (n, channels, height, width), or with a depth.
        align_corners: whether -1 and 1 are the centres of the corner pixels, rather than the
            borders of the image; False, with a warning, if omitted.

    Returns:
        (n, height, width, 2) or (n, depth, height, width, 3), for `grid_sample`.

    Raises:
        ValueError: if shapes or sizes do not fit, or theta is not floating.
        RuntimeError: if the size is not of 4 or 5 dimensions, or the batch sizes differ.

    >>> affine_grid(Tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2), False)
    Tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]], requires_grad=False)
    """
    align = _aligned(align_corners)
    sizes = tuple(size)
    if not theta.dtype.is_floating_point:
        raise ValueError(
            f"affine_grid: Expected theta to have floating point type, but got {theta.dtype}"
        )
    if len(sizes) not in (4, 5):
        raise RuntimeError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {sizes}."
        )
    n = len(sizes) - 2
    if theta.ndim != 3 or theta.shape[1:] != (n, n + 1):
        raise ValueError(
            f"affine_grid: Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for "
            f"size {sizes}. Got {theta.shape}."
        )
    if align and min(sizes[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when "
            "align_corners=True. This is not an intended use case of affine_grid. See the "
            "documentation of affine_grid for details.",
            UserWarning,
            stacklevel=2,
        )
    elif min(sizes) <= 0:
        raise ValueError(f"affine_grid: Expected non-zero, positive output size. Got {sizes}")
    return affine_grid_generator(theta, sizes, align)


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """`affine_grid` without its checks of shapes and its warnings.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html

    Raises:
        RuntimeError: if the batch sizes differ.
    """
    batch, _, *spatial = size
    if theta.shape[0] != batch:
        raise RuntimeError(
            f"affine_grid: expected one matrix for each of the {batch} images of size "
            f"{tuple(size)}, but got theta {theta.shape}"
        )
    rank = len(spatial)
    axes = [_axis(theta, k, align_corners) for k in reversed(spatial)]  # x, y (, z)
    axes.append(theta._full((1,), 1.0, theta.dtype))
    parts = [
        views.expand_to(views.reshape(axis, (-1,) + (1,) * (i if i < rank else 0)), (*spatial,))
        for i, axis in enumerate(axes)
    ]
    base = views.reshape(joining.stack(parts, -1), (1, math.prod(spatial), rank + 1))
    grid = linalg.matmul(base, views.transpose(theta, 1, 2))
    return views.reshape(grid, (batch, *spatial, rank))


def _axis(like: Tensor, n: int, align: bool) -> Tensor:
    """The positions of n pixels: from -1 to 1, or the centres of n equal parts of that."""
    if n <= 1:
        return like._full((n,), 0.0, like.dtype)
    line = creation.linspace(-1.0, 1.0, n, dtype=like.dtype, device=like.device)
    return line if align else line * (n - 1) / n


_MODES = {"bilinear": 0, "nearest": 1, "bicubic": 2}
_PADDINGS = {"zeros": 0, "border": 1, "reflection": 2}


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The values of images at the positions of a grid, between pixels by interpolation.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html

    Args:
        input: (n, channels, height, width) or (n, channels, depth, height, width), floating.
        grid: (n, h, w, 2) or (n, d, h, w, 3): positions x, y (, z), where -1 and 1 are the ends.
        mode: "bilinear" (of 4 or 8 neighbours), "nearest", or "bicubic" for images.
        padding_mode: what is outside: "zeros", the "border", or a "reflection" of the inside.
        align_corners: whether -1 and 1 are the centres of the corner pixels, rather than the
            borders of the image; False, with a warning, if omitted.

    Returns:
        (n, channels, h, w) or (n, channels, d, h, w).

    Raises:
        ValueError: for another mode or padding.
        RuntimeError: if shapes, dtypes or devices do not fit.

    >>> image = Tensor([[[[1.0, 3.0]]]])
    >>> grid_sample(image, Tensor([[[[0.0, 0.0], [1.0, 0.0]]]]), align_corners=True)
    Tensor([[[[2., 3.]]]], requires_grad=False)
    """
    if mode not in _MODES:
        raise ValueError(
            "grid_sample: expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: "
            f"{mode!r}"
        )
    if padding_mode not in _PADDINGS:
        raise ValueError(
            "grid_sample: expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"{padding_mode!r}"
        )
    align = _aligned(align_corners)
    return grid_sampler(input, grid, _MODES[mode], _PADDINGS[padding_mode], align)


def _check(input: Tensor, grid: Tensor, mode: int) -> None:
    require_floating("grid_sampler", input)
    require_alike("grid_sampler", input, "grid", grid)
    sizes = f"but got input with sizes {input.shape} and grid with sizes {grid.shape}"
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, "
            f"{sizes}"
        )
    if grid.shape[0] != input.shape[0]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, {sizes}"
        )
    if grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension, "
            f"{sizes}"
        )
    if 0 in input.shape[2:]:
        raise RuntimeError(
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has "
            f"sizes {input.shape}"
        )
    if mode == 2 and input.ndim != 4:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")


@Op
def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sample` with numbers for its modes: 0, 1, 2 in the order of its documentation.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html

    Raises:
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    _check(input, grid, interpolation_mode)
    n, channels, *size = input.shape
    count = math.prod(grid.shape[1:-1])
    shape = (n, channels, *grid.shape[1:-1])
    flat = views.reshape(grid, (n, count, len(size)))
    # From now on in the order of the dimensions: (z,) y, x.
    at = [
        _unnormalised(flat.select(2, len(size) - 1 - d), size[d], align_corners)
        for d in range(len(size))
    ]
    pad = _Padding(padding_mode, align_corners)
    image = views.reshape(input, (n, channels, math.prod(size)))
    if interpolation_mode == 2:
        y = _bicubic(image, at, tuple(size), pad)
    else:
        bounded = [pad.bounded(x, k) for x, k in zip(at, size, strict=True)]
        sample = _nearest if interpolation_mode == 1 else _multilinear
        y = sample(image, bounded, tuple(size))
    return views.reshape(y, shape)


def _unnormalised(x: Tensor, size: int, align: bool) -> Tensor:
    """From [-1, 1] to pixels: 0 is the centre of the first."""
    return (x + 1) / 2 * (size - 1) if align else ((x + 1) * size - 1) / 2


class _Padding:
    """What a position outside the image is taken for."""

    def __init__(self, mode: int, align: bool) -> None:
        self.mode, self.align = mode, align

    def bounded(self, x: Tensor, size: int) -> Tensor:
        """The position inside the image; unchanged where zeros are outside."""
        if self.mode == 0:
            return x
        if self.mode == 2:
            x = self._reflected(x, size)
        # In PyTorch too there is no gradient at the bounds.
        x = x.apply_ternary(op.hardtanh, 0.0, float(size - 1))
        return where(x.isnan(), 0.0, x)

    def _reflected(self, x: Tensor, size: int) -> Tensor:
        """Reflected at the centres of the outermost pixels, or at the borders of the image."""
        low, span = (0.0, size - 1.0) if self.align else (-0.5, float(size))
        if span == 0:
            return x * 0.0
        x = x - low
        x = where(x < 0, -x, x)
        extra = x.fmod(span)
        flips = (x.detach() / span).floor()
        even = flips.fmod(2.0).eq(0.0)
        return where(even, extra + low, span - extra + low)


def _pick(image: Tensor, places: list[Tensor], size: Shape) -> Tensor:
    """The pixels at whole positions, which are floats (n, points); 0 outside: (n, c, points)."""
    inside = flat = None
    for place, k in zip(places, size, strict=True):
        here = (place >= 0).logical_and(place <= k - 1)  # false for nan
        index = where(here, place, 0.0).to(int64)
        flat = index if flat is None else flat * k + index
        inside = here if inside is None else inside.logical_and(here)
    assert flat is not None
    assert inside is not None
    n, channels, _ = image.shape
    shape = (n, channels, flat.shape[1])
    picked = image.gather(2, views.expand_to(views.unsqueeze(flat, 1), shape))
    return where(views.unsqueeze(inside, 1), picked, 0.0)


def _nearest(image: Tensor, at: list[Tensor], size: Shape) -> Tensor:
    y = _pick(image, [x.detach().round() for x in at], size)
    for x in at:
        if x.requires_grad:  # its gradient is 0, which is something else than none
            y = y * views.unsqueeze(where(x.detach().eq(x.detach()).logical_not(), x * 0, 1.0), 1)
    return y


def _multilinear(image: Tensor, at: list[Tensor], size: Shape) -> Tensor:
    """The sum over the 2^n corners of the cell around each position."""
    first = [x.detach().floor() for x in at]
    weights = [(low + 1 - x, x - low) for x, low in zip(at, first, strict=True)]
    total: Tensor | None = None
    for corner in product((0, 1), repeat=len(at)):
        weight = weights[0][corner[0]]
        for w, c in zip(weights[1:], corner[1:], strict=True):
            weight = weight * w[c]
        pixels = _pick(image, [low + c for low, c in zip(first, corner, strict=True)], size)
        part = pixels * views.unsqueeze(weight, 1)
        total = part if total is None else total + part
    assert total is not None
    return total


def _cubic(t: Tensor) -> list[Tensor]:
    """The weights of the pixels at -1, 0, 1 and 2, for positions t in [0, 1): see `resample`."""
    a = -0.75

    def near(x: Tensor) -> Tensor:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Tensor) -> Tensor:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _bicubic(image: Tensor, at: list[Tensor], size: Shape, pad: _Padding) -> Tensor:
    first = [x.detach().floor() for x in at]
    rows, columns = (_cubic(x - low) for x, low in zip(at, first, strict=True))
    total: Tensor | None = None
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            near = [pad.bounded(low + (k - 1), n)
                    for low, k, n in zip(first, (i, j), size, strict=True)]  # fmt: skip
            part = _pick(image, near, size) * views.unsqueeze(row * column, 1)
            total = part if total is None else total + part
    assert total is not None
    return total
