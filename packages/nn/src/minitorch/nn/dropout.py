"""Dropout: in training, zero a random part of the input, so that no unit relies on another."""

from __future__ import annotations

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F


class RandomZeros(Module):
    """What all kinds of dropout share: the probability.

    Raises:
        ValueError: if p is not in [0, 1].
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(RandomZeros):
    """In training: 0 with probability p, else x / (1 - p). In evaluation: x.

    Source: Hinton et al. 2012, https://arxiv.org/abs/1207.0580
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html

    Raises:
        ValueError: if p is not in [0, 1].

    >>> import minitorch as torch
    >>> Dropout(0.5).eval()(torch.ones(3)).tolist()
    [1.0, 1.0, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """0 with probability p, else x / (1 - p)."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(RandomZeros):
    """`Dropout` of whole channels of (n, c, length) or (c, length).

    Source: Tompson et al. 2014, https://arxiv.org/abs/1411.4280
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html

    >>> import minitorch as torch
    >>> y = Dropout1d(0.5)(torch.ones(1, 9, 2))
    >>> (y[..., 0] == y[..., 1]).all().item()
    True
    """

    def forward(self, input: Tensor) -> Tensor:
        """Channels of zeros with probability p, else x / (1 - p)."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(RandomZeros):
    """`Dropout` of whole channels of (n, c, h, w) or (c, h, w).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Channels of zeros with probability p, else x / (1 - p)."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(RandomZeros):
    """`Dropout` of whole channels of (n, c, d, h, w) or (c, d, h, w).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Channels of zeros with probability p, else x / (1 - p)."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(RandomZeros):
    """Dropout that keeps mean 0 and variance 1: for use with `SELU`.

    An element becomes the lowest value of SELU with probability p; then all are scaled and shifted.
    Source: Klambauer et al. 2017, https://arxiv.org/abs/1706.02515
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html

    >>> import minitorch as torch
    >>> AlphaDropout(0.5).eval()(torch.ones(3)).tolist()
    [1.0, 1.0, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input with some elements at SELU's lowest value, of the same mean and variance."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(RandomZeros):
    """`AlphaDropout` of whole channels of (n, c, ...).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input with some channels at SELU's lowest value."""
        return F.feature_alpha_dropout(input, self.p, self.training)
