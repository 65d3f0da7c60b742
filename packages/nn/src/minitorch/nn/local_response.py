"""Normalisation of each element by its neighbours in other channels."""

from __future__ import annotations

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F


class LocalResponseNorm(Module):
    """x / (k + alpha * mean(x^2 of the `size` channels around))^beta, for (n, c, ...).

    Source: Krizhevsky et al. 2012, section 3.3, https://doi.org/10.1145/3065386
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html

    Args:
        size: how many channels.
        alpha: the factor of their mean square.
        beta: the exponent.
        k: the summand.

    >>> import minitorch as torch
    >>> LocalResponseNorm(1, alpha=3.0, beta=0.5)(torch.ones(1, 1, 2)).tolist()
    [[[0.5, 0.5]]]
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """The normalised input."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The numbers of the formula."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
