"""Channels that become pixels, pixels that become channels, channels in another order: views."""

from __future__ import annotations

from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor


def _check(name: str, input: Tensor, what: str, factor: int) -> None:
    if require_tensor(name, "input", input).ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {input.ndim} "
            f"dimension(s): {input.shape}"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {what}, but got {factor}")


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., channels r^2, h, w) -> (..., channels, h r, w r).

    Shi et al. 2016, arXiv:1609.05158;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html

    Raises:
        RuntimeError: if there are fewer than 3 dimensions, or sizes do not divide.

    >>> pixel_shuffle(Tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2)
    Tensor([[[1., 2.],
             [3., 4.]]], requires_grad=False)
    """
    _check("pixel_shuffle", input, "upscale_factor", upscale_factor)
    r = upscale_factor
    *lead, channels, h, w = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n, out = len(lead), channels // (r * r)
    x = views.reshape(input, (*lead, out, r, r, h, w))
    x = views.permute(x, (*range(n), n, n + 3, n + 1, n + 4, n + 2))  # (..., out, h, r, w, r)
    return views.contiguous(views.reshape(x, (*lead, out, h * r, w * r)))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., channels, h r, w r) -> (..., channels r^2, h, w): the inverse of `pixel_shuffle`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html

    Raises:
        RuntimeError: if there are fewer than 3 dimensions, or sizes do not divide.
    """
    _check("pixel_unshuffle", input, "downscale_factor", downscale_factor)
    r = downscale_factor
    *lead, channels, h, w = input.shape
    for what, size, dim in (("height", h, -2), ("width", w, -1)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {what} to be divisible by downscale_factor, but "
                f"input.size({dim})={size} is not divisible by {r}"
            )
    n = len(lead)
    x = views.reshape(input, (*lead, channels, h // r, r, w // r, r))
    x = views.permute(x, (*range(n), n, n + 2, n + 4, n + 1, n + 3))  # (..., channels, r, r, h, w)
    return views.contiguous(views.reshape(x, (*lead, channels * r * r, h // r, w // r)))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels (g, c) in the order (c, g): the first of each group, then the second of each.

    Zhang et al. 2018, arXiv:1707.01083;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.channel_shuffle.html

    Args:
        input: (n, channels, ...).
        groups: how many groups of equal size the channels are in.

    Raises:
        RuntimeError: if there are fewer than 3 dimensions, or sizes do not divide.

    >>> channel_shuffle(Tensor([[[1.0], [2.0], [3.0], [4.0]]]), 2).tolist()
    [[[1.0], [3.0], [2.0], [4.0]]]
    """
    _check("channel_shuffle", input, "number of groups", groups)
    n, channels, *rest = input.shape
    if channels % groups:
        raise RuntimeError(
            "channel_shuffle: Number of channels must be divisible by groups. Got "
            f"{channels} channels and {groups} groups."
        )
    x = views.reshape(input, (n, groups, channels // groups, *rest))
    return views.contiguous(views.reshape(views.transpose(x, 1, 2), input.shape))


def native_channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """PyTorch's other name of `channel_shuffle`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.native_channel_shuffle.html
    """
    return channel_shuffle(input, groups)
