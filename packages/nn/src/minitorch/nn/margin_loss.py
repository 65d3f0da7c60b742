"""Losses that want one number to be larger than another by a margin."""

from __future__ import annotations

from collections.abc import Callable

from minitorch.nn.distance import PairwiseDistance
from minitorch.nn.loss import Loss, WeightedLoss
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F


class SoftMarginLoss(Loss):
    """log(1 + exp(-target * input)), for targets 1 and -1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html

    >>> round(SoftMarginLoss()(Tensor([0.0]), Tensor([1.0])).item(), 4)
    0.6931
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss, reduced."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MarginLoss(Loss):
    """What some of these losses share: the margin."""

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin


class HingeEmbeddingLoss(MarginLoss):
    """The input where the target is 1; max(0, margin - input) where it is -1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html

    >>> HingeEmbeddingLoss()(Tensor([2.0, 0.5]), Tensor([1.0, -1.0])).item()
    1.25
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(margin, reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss, reduced."""
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(MarginLoss):
    """1 - cos(x1, x2) where the target is 1; max(0, cos(x1, x2) - margin) where it is -1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html

    >>> CosineEmbeddingLoss()(Tensor([1.0, 0.0]), Tensor([0.0, 1.0]), Tensor(1.0)).item()
    1.0
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """The loss of pairs (n, d) or (d,), reduced."""
        return F.cosine_embedding_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class MarginRankingLoss(MarginLoss):
    """max(0, -target * (input1 - input2) + margin): with target 1, input1 shall be the larger.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html

    >>> MarginRankingLoss()(Tensor([1.0]), Tensor([3.0]), Tensor([1.0])).item()
    2.0
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """The loss, reduced."""
        return F.margin_ranking_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class MultiLabelMarginLoss(Loss):
    """Sum of max(0, 1 - (input of a label - input of another class)) / classes.

    The target (n, classes) lists the labels of each example, up to the first -1.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of (n, classes) or (classes,), reduced."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """The mean over the classes of `BCEWithLogitsLoss`, for targets (n, classes) of 0 and 1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html

    Args:
        weight: of each class, (classes,).
        reduction: "mean", "sum" or "none".
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss, reduced."""
        return F.multilabel_soft_margin_loss(
            input, target, weight=self.weight, reduction=self.reduction
        )


class MultiMarginLoss(WeightedLoss):
    """Sum over the other classes i of max(0, margin - input[target] + input[i])^p / classes.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html

    Args:
        p: 1 or 2.
        margin: by how much the right class shall be larger.
        weight: of each class, (classes,).
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: if p is neither 1 nor 2, or the weight is not 1D.
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, reduction=reduction)
        if p not in (1, 2):
            raise ValueError(f"only p == 1 and p == 2 supported, but got {p}")
        if weight is not None and weight.ndim != 1:
            raise ValueError(
                f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.ndim}D "
                "instead"
            )
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of (n, classes) for class indices (n,), reduced."""
        return F.multi_margin_loss(
            input,
            target,
            p=self.p,
            margin=self.margin,
            weight=self.weight,
            reduction=self.reduction,
        )


def _check_margin(name: str, margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"{name}: expected margin to be greater than 0, got {margin} instead")


class TripletMarginLoss(Loss):
    """max(0, |anchor - positive| - |anchor - negative| + margin), for vectors (n, d).

    Source: Balntas et al. 2016, https://doi.org/10.5244/C.30.119
    https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html

    Args:
        margin: by how much the negative shall be farther away.
        p: the norm.
        eps: keeps the gradient finite at distance 0.
        swap: whether the distance of positive and negative counts too, if it is the smaller one.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: if the margin is not positive.

    >>> far, near = Tensor([[5.0]]), Tensor([[1.0]])
    >>> TripletMarginLoss()(Tensor([[0.0]]), near, far).item()
    0.0
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        _check_margin("TripletMarginLoss", margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss, reduced."""
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(Loss):
    """`TripletMarginLoss` with any distance of two tensors.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html

    Args:
        distance_function: gives distances (n,) of (n, ...) and (n, ...); `PairwiseDistance` if
            omitted.
        margin: by how much the negative shall be farther away.
        swap: whether the distance of positive and negative counts too, if it is the smaller one.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: if the margin is not positive.
    """

    distance_function: Callable[[Tensor, Tensor], Tensor]

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        _check_margin("TripletMarginWithDistanceLoss", margin)
        self.distance_function = (
            PairwiseDistance() if distance_function is None else distance_function
        )
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss, reduced."""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
