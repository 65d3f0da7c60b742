"""Alpha dropout: dropout for `selu`, which keeps mean 0 and variance 1.

What is dropped becomes -1.7581, the value of selu at minus infinity, rather than 0; then all is
scaled and moved so that mean and variance stay. Klambauer et al. 2017, arXiv:1706.02515.
"""

from __future__ import annotations

import math

from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.dropout import check_dropout, kept, kept_channels

_LOWEST = 1.7580993408473766  # minus the limit of selu, as PyTorch writes it


def _moved(input: Tensor, mask: Tensor, p: float, inplace: bool) -> Tensor:
    """a * (mask * x - (1 - mask) * lowest) + b, so that mean 0 and variance 1 stay."""
    if p == 1.0:
        return input.mul_(mask) if inplace else input * mask
    a = 1.0 / math.sqrt((_LOWEST * _LOWEST * p + 1.0) * (1.0 - p))
    shift = (mask - 1.0) * (_LOWEST * a) + _LOWEST * a * p
    return input.mul_(mask * a).add_(shift) if inplace else input * (mask * a) + shift


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks of `selu`.

    From one seed the dropped elements are those of PyTorch on the CPU.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html

    Args:
        input: of any shape, floating.
        p: the probability that an element is dropped.
        training: if not, which is the default here, the input itself is returned.
        inplace: write the result into the memory of the input.

    Raises:
        ValueError: if p is no probability.
        RuntimeError: for integers.

    >>> from minitorch_tensor import manual_seed, zeros
    >>> _ = manual_seed(0)
    >>> alpha_dropout(zeros(3), 0.5, training=True)
    Tensor([-0.7792, -0.7792,  0.7792], requires_grad=False)
    """
    if not check_dropout(input, p, training):
        return input
    return _moved(input, kept(input, p), p, inplace)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`alpha_dropout` of whole channels: (n, channels, ...).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html

    Args:
        input: (n, channels, ...), floating.
        p: the probability that a channel is dropped.
        training: if not, which is the default here, the input itself is returned.
        inplace: write the result into the memory of the input.

    Raises:
        ValueError: if p is no probability.
        RuntimeError: for less than 2 dimensions, or integers.
    """
    if not check_dropout(input, p, training):
        return input
    return _moved(input, kept_channels(input, p), p, inplace)
