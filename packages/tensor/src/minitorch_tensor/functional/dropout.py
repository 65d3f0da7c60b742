"""Dropout: zeros at random, and the rest scaled up so that the expectation stays.

From one seed the zeros are those of PyTorch on the CPU; a GPU draws them from its own generator.
"""

from __future__ import annotations

import warnings

from minitorch_tensor import creation, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import require_floating
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.op import Op


def check_dropout(input: Tensor, p: float, training: bool) -> bool:
    """Whether anything is to be dropped.

    Raises:
        ValueError: if p is no probability.
        RuntimeError: for integers.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout: probability has to be between 0 and 1, but got {p}")
    if p == 0.0 or not training or input.layout.size == 0:
        return False
    require_floating("dropout", input)
    return True


@Op
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """x * mask / (1 - p), where each element of the mask is 0 with probability p, else 1.

    Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html

    Args:
        input: of any shape, floating.
        p: the probability of a zero.
        training: if not, the input itself is returned.
        inplace: write the result into the memory of the input.

    Raises:
        ValueError: if p is no probability.
        RuntimeError: for integers.

    >>> from minitorch_tensor import manual_seed, ones
    >>> _ = manual_seed(0)
    >>> dropout(ones(5), 0.2)
    Tensor([0.0000, 1.2500, 1.2500, 0.0000, 1.2500], requires_grad=False)
    """
    if not check_dropout(input, p, training):
        return input
    return _applied(input, _scaled(kept(input, p), p), inplace)


def memory_order(layout: Layout) -> tuple[int, ...]:
    """The dimensions from the largest stride to the smallest: the order PyTorch fills a mask in.

    A stride of 0 has no say. Source: `infer_dense_strides` in PyTorch's ExpandUtils.cpp.

    >>> memory_order(Layout.contiguous((2, 3)).permute((1, 0)))
    (1, 0)
    """
    order = list(range(layout.ndim - 1, -1, -1))
    for i in range(1, layout.ndim):
        place = i
        for j in range(i - 1, -1, -1):
            a, b = order[j], order[place]
            if layout.strides[a] == 0 or layout.strides[b] == 0:
                continue
            if layout.strides[a] < layout.strides[b]:
                break
            if layout.strides[a] > layout.strides[b] or layout.shape[a] > layout.shape[b]:
                order[j], order[place] = b, a
                place = j
    return tuple(reversed(order))


def kept(input: Tensor, p: float) -> Tensor:
    """0 with probability p, else 1, for each element; drawn in the order they lie in memory."""
    order = memory_order(input.layout)
    inverse = tuple(sorted(range(len(order)), key=order.__getitem__))
    return views.permute(_drawn(input, tuple(input.shape[i] for i in order), p), inverse)


def kept_channels(input: Tensor, p: float) -> Tensor:
    """0 with probability p, else 1, for each channel of (n, channels, ...).

    Raises:
        RuntimeError: if there are no channels.
    """
    if input.ndim < 2:
        raise RuntimeError(
            "dropout: Feature dropout requires at least 2 dimensions in the input, but got shape "
            f"{input.shape}"
        )
    return _drawn(input, input.shape[:2] + (1,) * (input.ndim - 2), p)


def _drawn(like: Tensor, shape: Shape, p: float) -> Tensor:
    if p == 1.0:  # nothing is drawn, as in PyTorch
        return creation.zeros(shape, dtype=like.dtype, device=like.device)
    return creation.empty(shape, dtype=like.dtype, device=like.device).bernoulli_(1 - p)


def _scaled(noise: Tensor, p: float) -> Tensor:
    """What keeps the expectation; where all is dropped there is nothing to scale."""
    return noise if p == 1.0 else noise / (1 - p)


def _applied(input: Tensor, noise: Tensor, inplace: bool) -> Tensor:
    return input.mul_(noise) if inplace else input * noise


def drop_channels(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """Dropout of whole channels of (n, channels, ...)."""
    if not check_dropout(input, p, training):
        return input
    return _applied(input, _scaled(kept_channels(input, p), p), inplace)


def _drop_channels_of_one(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """Dropout of whole channels of (channels, ...)."""
    if not check_dropout(input, p, training):
        return input
    y = drop_channels(views.unsqueeze(input, 0), p, training, inplace)
    return input if inplace else views.squeeze(y, 0)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Dropout of whole channels: (n, channels, length), or (channels, length).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html

    Raises:
        ValueError: if p is no probability.
        RuntimeError: for other shapes, or integers.
    """
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input of shape "
            f"{input.shape}: channels and one spatial dimension, and an optional batch dimension"
        )
    drop = drop_channels if input.ndim == 3 else _drop_channels_of_one
    return drop(input, p, training, inplace)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Dropout of whole channels: (n, channels, height, width).

    Tompson et al. 2015, arXiv:1411.4280;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html

    With 3 dimensions they are (n, channels, length), with a warning, as in PyTorch.

    Raises:
        ValueError: if p is no probability.
        RuntimeError: for less than 2 dimensions, or integers.
    """
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout "
            "behavior is desired - input is interpreted as shape (N, C, L), where C is the channel "
            "dim. Use dropout1d to say so.",
            UserWarning,
            stacklevel=2,
        )
    elif input.ndim != 4:
        _warn_of_rank("dropout2d", input.ndim, 2)
    return drop_channels(input, p, training, inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Dropout of whole channels: (n, channels, depth, height, width), or without n.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html

    Raises:
        ValueError: if p is no probability.
        RuntimeError: for no dimensions, or integers.
    """
    if input.ndim not in (4, 5):
        _warn_of_rank("dropout3d", input.ndim, 3)
    drop = drop_channels if input.ndim == 5 else _drop_channels_of_one
    return drop(input, p, training, inplace)


def _warn_of_rank(name: str, rank: int, spatial: int) -> None:
    warnings.warn(
        f"{name}: Received a {rank}-D input to {name}, which is deprecated. To retain the behavior "
        f"and silence this warning, please use dropout instead. Note that {name} exists to provide "
        f"channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, "
        "and an optional batch dimension.",
        UserWarning,
        stacklevel=3,
    )
