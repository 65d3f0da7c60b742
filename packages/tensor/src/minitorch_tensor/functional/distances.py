"""How far or how alike vectors are: pair by pair, or each with each."""

from __future__ import annotations

from minitorch_tensor import creation, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import int64, promote_types
from minitorch_tensor.functional.checks import require_floating
from minitorch_tensor.joining import broadcast_shapes
from minitorch_tensor.pointwise import where


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of x1 - x2 + eps over the last dimension: (..., n), (..., n) -> (...).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html

    Args:
        x1: (..., n), floating.
        x2: of a shape that broadcasts.
        p: of the norm.
        eps: added to the difference, so that its norm has a gradient.
        keepdim: whether the last dimension stays, with size 1.

    Raises:
        RuntimeError: if shapes do not broadcast, or for integers.

    >>> pairwise_distance(Tensor([[3.0, 4.0]]), Tensor([[0.0, 0.0]]), eps=0.0)
    Tensor([5.], requires_grad=False)
    """
    require_tensor("pairwise_distance", "x1", x1)
    require_tensor("pairwise_distance", "x2", x2)
    difference = x1 - x2 + eps
    require_floating("pairwise_distance", difference)
    if difference.ndim == 0:
        return views.reshape(views.reshape(difference, 1).norm(p, 0), ())
    return difference.norm(p, -1, keepdim)


def _norm(x: Tensor, dim: int, eps: float) -> Tensor:
    """The norm, at least eps; the bound is no part of its gradient, as in PyTorch."""
    norm = x.norm(2, dim, True)
    return norm + where(norm.detach() < eps, eps - norm.detach(), 0.0)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (|x1| |x2|) along one dimension, where no norm is below eps.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html

    Args:
        x1: of any shape.
        x2: of a shape that broadcasts.
        dim: the dimension of the vectors, which is dropped.
        eps: the least norm.

    Raises:
        RuntimeError: if shapes do not broadcast, or both are integers.
        IndexError: if there is no such dimension.

    >>> cosine_similarity(Tensor([[3.0, 4.0]]), Tensor([[4.0, 3.0]]))
    Tensor([0.9600], requires_grad=False)
    """
    require_tensor("cosine_similarity", "x1", x1)
    require_tensor("cosine_similarity", "x2", x2)
    dtype = promote_types(x1.dtype, x2.dtype)
    if not dtype.is_floating_point:
        raise RuntimeError(
            "cosine_similarity: expected common dtype to be floating point, yet common dtype is "
            f"{dtype}; convert one with .float()"
        )
    shape = broadcast_shapes(x1.shape, x2.shape)
    a, b = (views.expand_to(x.to(dtype), shape) for x in (x1, x2))
    return (a / _norm(a, dim, eps) * (b / _norm(b, dim, eps))).sum(dim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norms of the differences of all pairs of rows: (n, m) -> (n (n - 1) / 2,).

    The pairs are (0, 1), (0, 2), ..., (0, n - 1), (1, 2), and so on.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html

    Raises:
        RuntimeError: if the input is no matrix of floats, or p is negative.

    >>> pdist(Tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    Tensor([5.0000, 1.0000, 4.2426], requires_grad=False)
    """
    require_floating("pdist", input)
    if input.ndim != 2:
        raise RuntimeError(f"pdist: only supports 2D tensors, got: {input.ndim}D, {input.shape}")
    if p < 0:
        raise RuntimeError(f"pdist: only supports non-negative p values, but got {p}")
    n = input.shape[0]
    pairs = [[i for i in range(n) for _ in range(i + 1, n)], []]
    pairs[1] = [j for i in range(n) for j in range(i + 1, n)]
    first, second = (
        input.index_select(0, creation.tensor(rows, dtype=int64, device=input.device))
        for rows in pairs
    )
    if input.shape[1] == 0:
        return (first - second).sum(1)
    return (first - second).norm(p, 1)
