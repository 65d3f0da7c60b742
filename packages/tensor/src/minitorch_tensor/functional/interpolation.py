"""Images, sequences and volumes of another size: `interpolate`, and its older names."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.adaptive_pool import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
)
from minitorch_tensor.functional.checks import Ints, require_floating
from minitorch_tensor.functional.resample import resample, taps_of
from minitorch_tensor.layout import Shape

Factors = float | Sequence[float]
"""One factor for all dimensions, or one for each."""

_ALONG = {
    "nearest": "nearest", "nearest-exact": "nearest-exact", "linear": "linear",
    "bilinear": "linear", "trilinear": "linear", "bicubic": "cubic", "lanczos": "lanczos",
}  # fmt: skip
"""What each mode does along a dimension."""
_RANK = {"linear": 3, "bilinear": 4, "trilinear": 5, "bicubic": 4, "lanczos": 4}
"""For which number of dimensions a mode is; others are for any."""


def _check_mode(input: Tensor, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode not in _RANK and align_corners is not None:
        raise ValueError(
            "interpolate: align_corners option can only be set with the interpolating modes: "
            f"linear | bilinear | bicubic | trilinear, but the mode is {mode!r}"
        )
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and input.ndim == 4):
        raise ValueError(
            "interpolate: Anti-alias option is restricted to bilinear, bicubic, and lanczos modes "
            f"and requires a 4-D tensor as input, but got mode {mode!r} and shape {input.shape}"
        )
    if mode == "lanczos" and (align_corners or not antialias):
        raise ValueError(
            "interpolate: Lanczos mode requires antialias=True and does not support "
            "align_corners=True"
        )
    if input.ndim not in (3, 4, 5) or mode not in (*_ALONG, "area"):
        raise RuntimeError(
            f"interpolate: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the "
            "modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area | "
            f"nearest-exact (got {mode})"
        )
    if _RANK.get(mode, input.ndim) != input.ndim:
        raise RuntimeError(
            f"interpolate: Got {input.ndim}D input, but {mode} mode needs {_RANK[mode]}D input"
        )


def _sizes(
    input: Tensor, size: Ints | None, scale_factor: Factors | None, recompute: bool
) -> tuple[Shape, tuple[float | None, ...]]:
    """The new sizes, and the factors to compute positions with, if any."""
    old = input.shape[2:]
    if (size is None) == (scale_factor is None):
        which = "either" if size is None else "only one of"
        raise ValueError(f"interpolate: {which} size or scale_factor should be defined")
    if size is not None:
        if recompute:
            raise ValueError(
                "interpolate: recompute_scale_factor is not meaningful with an explicit size."
            )
        sizes = (size,) * len(old) if isinstance(size, int) else tuple(size)
        if len(sizes) != len(old):
            raise ValueError(
                "interpolate: Input and output must have the same number of spatial dimensions, "
                f"but got input with spatial dimensions of {old} and output size of {sizes}"
            )
        if not all(isinstance(n, int) for n in sizes):
            raise TypeError(f"interpolate: expected size to be ints, but got {sizes}")
        return sizes, (None,) * len(old)
    assert scale_factor is not None
    factors: tuple[float, ...]
    if isinstance(scale_factor, Sequence):
        factors = tuple(scale_factor)
    else:
        factors = (float(scale_factor),) * len(old)
    if len(factors) != len(old):
        raise ValueError(
            "interpolate: Input and scale_factor must have the same number of spatial dimensions, "
            f"but got input with spatial dimensions of {old} and scale_factor {factors}"
        )
    sizes = tuple(math.floor(n * factor) for n, factor in zip(old, factors, strict=True))
    return sizes, ((None,) * len(old) if recompute else factors)


def interpolate(
    input: Tensor,
    size: Ints | None = None,
    scale_factor: Factors | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resample (n, channels, ...) to another size: elements, or weighted sums of neighbours.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html

    Args:
        input: (n, channels, length), (n, channels, height, width) or (n, channels, depth, height,
            width); floating, but "nearest" modes take uint8 too.
        size: the new size, one number or one for each dimension.
        scale_factor: the new size over the old one, instead.
        mode: "nearest"; "nearest-exact" (which counts from centres); "linear", "bilinear" or
            "trilinear", by the number of dimensions; "bicubic" or "lanczos", for images; or "area"
            (means).
        align_corners: whether the centres of the corner elements stay where they are, rather than
            the borders of the image; for linear and cubic modes.
        recompute_scale_factor: use the factor that the sizes give, not the one that was asked for.
        antialias: widen the filter when the image becomes smaller, as Pillow does; for "bilinear",
            "bicubic" and "lanczos".

    Raises:
        ValueError: if options contradict one another, or numbers of dimensions differ.
        RuntimeError: for another mode or rank, a size that is not positive, or integers.

    >>> interpolate(Tensor([[[1.0, 2.0]]]), scale_factor=2)
    Tensor([[[1., 1., 2., 2.]]], requires_grad=False)
    >>> interpolate(Tensor([[[1.0, 4.0]]]), 4, mode="linear", align_corners=True)
    Tensor([[[1., 2., 3., 4.]]], requires_grad=False)
    """
    _check_mode(input, mode, align_corners, antialias)
    recompute = bool(recompute_scale_factor) or (mode == "area" and size is None)
    sizes, factors = _sizes(input, size, scale_factor, recompute)
    if mode == "area":
        means = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)
        return means[input.ndim - 3](input, sizes)
    if not (mode.startswith("nearest") and input.dtype.name == "uint8"):
        require_floating("interpolate", input)
    if min(*sizes, *input.shape[1:]) <= 0:
        raise RuntimeError(
            "interpolate: Input and output sizes should be greater than 0, but got input "
            f"{input.shape} and output size {sizes}"
        )
    y = input.float() if input.dtype.half else input  # 16-bit floats are summed in 32 bits
    for i in range(len(sizes) - 1, -1, -1):
        n, m = input.shape[2 + i], sizes[i]
        if n == m and factors[i] is None and not antialias and mode != "bicubic":
            continue  # every new element is the old one
        taps = taps_of(
            _ALONG[mode], n, m, bool(align_corners), factors[i], antialias, input.dtype.name
        )
        y = resample(y, 2 + i, taps)
    return y.clone() if y is input else y.to(input.dtype)


def upsample(
    input: Tensor,
    size: Ints | None = None,
    scale_factor: Factors | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """The old name of `interpolate`, with PyTorch's warning.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html
    """
    _warn_of_name("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: Ints | None = None, scale_factor: Factors | None = None
) -> Tensor:
    """The old name of `interpolate` with mode "nearest", with PyTorch's warning.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample_nearest.html
    """
    _warn_of_name("upsample_nearest")
    return interpolate(input, size, scale_factor)


def upsample_bilinear(
    input: Tensor, size: Ints | None = None, scale_factor: Factors | None = None
) -> Tensor:
    """The old name of `interpolate` with mode "bilinear" and corners aligned, with a warning.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample_bilinear.html
    """
    _warn_of_name("upsample_bilinear")
    return interpolate(input, size, scale_factor, "bilinear", True)


def _warn_of_name(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        UserWarning,
        stacklevel=3,
    )
