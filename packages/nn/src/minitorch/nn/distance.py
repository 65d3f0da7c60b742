"""How far apart vectors are, or how much they point the same way."""

from __future__ import annotations

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F


class PairwiseDistance(Module):
    """The p-norm of x1 - x2 + eps along the last dimension: (n, d), (n, d) -> (n,).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html

    Args:
        p: the norm.
        eps: keeps the gradient finite at distance 0.
        keepdim: whether the dimension stays, with size 1.

    >>> PairwiseDistance(eps=0.0)(Tensor([[3.0, 4.0]]), Tensor([[0.0, 0.0]])).tolist()
    [5.0]
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The distances."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """x1 . x2 / (|x1| |x2|) along a dimension.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html

    Args:
        dim: the dimension.
        eps: the least that the norms are taken to be.

    >>> CosineSimilarity(dim=0)(Tensor([0.0, 2.0]), Tensor([0.0, -3.0])).item()
    -1.0
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The cosines."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
