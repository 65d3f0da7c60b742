"""Layers that make probabilities of numbers, along a dimension."""

from __future__ import annotations

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F
from minitorch_tensor.arguments import require_tensor


class AlongDim(Module):
    """What these layers share: the dimension."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"


class Softmax(AlongDim):
    """exp(x) / sum(exp(x)) along a dimension: positive, and 1 in sum.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html

    Args:
        dim: the dimension; give one, for what is chosen without it depends on the shape.

    >>> Softmax(dim=0)(Tensor([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        """exp(x) / sum(exp(x))."""
        return F.softmax(input, self.dim)


class LogSoftmax(AlongDim):
    """x - log(sum(exp(x))) along a dimension: the logarithm of `Softmax`, without its rounding.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html

    Args:
        dim: the dimension; give one, for what is chosen without it depends on the shape.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The difference x - log(sum(exp(x)))."""
        return F.log_softmax(input, self.dim)


class Softmin(AlongDim):
    """exp(-x) / sum(exp(-x)) along a dimension: the smallest element gets most.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html

    Args:
        dim: the dimension; give one, for what is chosen without it depends on the shape.
    """

    def forward(self, input: Tensor) -> Tensor:
        """exp(-x) / sum(exp(-x))."""
        return F.softmin(input, self.dim)


class Softmax2d(Module):
    """`Softmax` over the channels of (n, c, h, w) or (c, h, w), at each place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html

    >>> import minitorch as torch
    >>> Softmax2d()(torch.zeros(4, 1, 1)).flatten().tolist()
    [0.25, 0.25, 0.25, 0.25]
    """

    def forward(self, input: Tensor) -> Tensor:
        """The softmax along dimension -3.

        Raises:
            ValueError: if the input is neither 3D nor 4D.
        """
        if require_tensor("Softmax2d", "input", input).ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)
