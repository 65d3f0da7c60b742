"""Dropout: in training, zero a random part of the input, so that no unit relies on another."""

from __future__ import annotations

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F


class Dropout(Module):
    """In training: 0 with probability p, else x / (1 - p). In evaluation: x.

    Source: Hinton et al. 2012, https://arxiv.org/abs/1207.0580
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html

    Raises:
        ValueError: if p is not in [0, 1].

    >>> import minitorch as torch
    >>> Dropout(0.5).eval()(torch.ones(3)).tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """0 with probability p, else x / (1 - p)."""
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"
