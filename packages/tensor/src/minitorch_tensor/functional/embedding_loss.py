"""Losses of embeddings: what belongs together should be near, and what does not, apart."""

from __future__ import annotations

from collections.abc import Callable

from minitorch_tensor import pointwise
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.distances import pairwise_distance
from minitorch_tensor.functional.reduction import check_reduction, reduced
from minitorch_tensor.pointwise import where


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where -1; averaged.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html

    Args:
        input1: (n, features), or (features,).
        input2: of the same shape.
        target: 1 or -1, (n,), or ().
        margin: which cosine is small enough for two that differ.
        reduction: "mean", "sum", or "none" for the loss of each pair.

    Raises:
        ValueError: for another reduction.
        RuntimeError: if shapes do not fit.
    """
    check_reduction("cosine_embedding_loss", reduction)
    if target.ndim > 1:
        raise RuntimeError(
            "cosine_embedding_loss: 0D or 1D target tensor expected, multi-target not supported, "
            f"but got {target.shape}"
        )
    if not input1.ndim == input2.ndim == target.ndim + 1:
        raise RuntimeError(
            f"cosine_embedding_loss: {target.ndim}D target tensor expects {target.ndim + 1}D input "
            f"tensors, but found inputs with sizes {input1.shape} and {input2.shape}"
        )
    products, *squares = (
        (a * b).sum(-1) for a, b in ((input1, input2), (input1, input1), (input2, input2))
    )
    # PyTorch adds this constant to the squares rather than bounding the norms.
    cosine = products / ((squares[0] + 1e-12) * (squares[1] + 1e-12)).sqrt()
    near = where(target.eq(1), 1 - cosine, 0.0)
    apart = where(target.eq(-1), (cosine - margin).clamp(min=0), 0.0)
    return reduced(near + apart, reduction)


def _check_triplet(
    name: str, anchor: Tensor, positive: Tensor, negative: Tensor, margin: float, reduction: str
) -> None:
    check_reduction(name, reduction)
    if margin <= 0:
        raise ValueError(f"{name}: margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            f"{name}: The anchor, positive, and negative tensors are expected to have the same "
            f"number of dimensions, but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and "
            f"negative {negative.ndim}D inputs"
        )


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) for p-norms d; averaged.

    Balntas et al. 2016, https://doi.org/10.5244/C.30.119;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html

    Args:
        anchor: (..., features).
        positive: what belongs to it, of a shape that broadcasts.
        negative: what does not.
        margin: how much farther the negative should be; positive.
        p: of the norm.
        eps: added to the differences, so that their norm has a gradient.
        swap: use d(positive, negative) where it is less than d(anchor, negative).
        reduction: "mean", "sum", or "none" for the loss of each triplet.

    Raises:
        ValueError: for another reduction, or a margin that is not positive.
        RuntimeError: if shapes do not fit.
    """
    _check_triplet("triplet_margin_loss", anchor, positive, negative, margin, reduction)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with any function as the distance; `pairwise_distance` if omitted.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html

    Raises:
        ValueError: for another reduction, or a margin that is not positive.
        RuntimeError: if shapes do not fit.
    """
    name = "triplet_margin_with_distance_loss"
    _check_triplet(name, anchor, positive, negative, margin, reduction)
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


def _triplet(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distance: Callable[[Tensor, Tensor], Tensor],
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = pointwise.minimum(far, distance(positive, negative))
    return reduced((margin + near - far).clamp(min=0), reduction)
