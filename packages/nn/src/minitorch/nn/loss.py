"""Losses as modules; each is a function of `nn.functional`, with its settings.

Here are those of regression and classification; `margin_loss` has those that compare, and
`likelihood_loss` those of distributions, sequences, and large vocabularies.
`reduction` says what becomes of the losses of the elements: their "mean", their "sum", or "none" of
that.
"""

from __future__ import annotations

import warnings

from minitorch.nn.module import Module
from minitorch_tensor import Tensor
from minitorch_tensor import functional as F


class Loss(Module):
    """What all losses have: how they are reduced."""

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction


class WeightedLoss(Loss):
    """A loss with a weight, kept as a buffer: it moves along with the module."""

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)


class L1Loss(Loss):
    """|input - target|.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """|input - target|, reduced."""
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(Loss):
    """(input - target)^2.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html

    >>> MSELoss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0])).item()
    2.0
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """(input - target)^2, reduced."""
        return F.mse_loss(input, target, reduction=self.reduction)


class CrossEntropyLoss(WeightedLoss):
    """-log(softmax(input)[target]), for logits (n, classes, ...).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html

    Args:
        weight: of each class, (classes,).
        ignore_index: a target that does not count.
        reduction: "mean" (weighted), "sum" or "none".
        label_smoothing: how much of each target is spread over all classes, from 0 to 1.

    >>> import minitorch as torch
    >>> logits = torch.zeros(1, 4)
    >>> round(CrossEntropyLoss()(logits, torch.tensor([2])).item(), 4)
    1.3863
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, reduction=reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss for class indices (n, ...) or probabilities of the shape of the input."""
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(WeightedLoss):
    """-input[target], for log-probabilities (n, classes, ...).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html

    Args:
        weight: of each class, (classes,).
        ignore_index: a target that does not count.
        reduction: "mean" (weighted), "sum" or "none".
    """

    def __init__(
        self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(weight, reduction=reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss for class indices (n, ...)."""
        return F.nll_loss(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class NLLLoss2d(NLLLoss):
    """`NLLLoss`: an older name, deprecated as in PyTorch."""

    def __init__(
        self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        warnings.warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in "
            "replacement",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(weight, ignore_index=ignore_index, reduction=reduction)


class BCELoss(WeightedLoss):
    """-(target * log(input) + (1 - target) * log(1 - input)), for probabilities.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html

    Args:
        weight: of each element, broadcast.
        reduction: "mean", "sum" or "none".
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The cross entropy, reduced; logarithms are cut off at -100."""
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(WeightedLoss):
    """`BCELoss` of sigmoid(input), without its rounding.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html

    Args:
        weight: of each element, broadcast.
        reduction: "mean", "sum" or "none".
        pos_weight: of the targets that are 1, broadcast.
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, reduction=reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The cross entropy, reduced."""
        return F.binary_cross_entropy_with_logits(
            input,
            target,
            weight=self.weight,
            reduction=self.reduction,
            pos_weight=self.pos_weight,
        )


class SmoothL1Loss(Loss):
    """d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, with d = input - target.

    Source: Girshick 2015, https://arxiv.org/abs/1504.08083
    https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss, reduced."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    """d^2 / 2 where |d| < delta, else delta * (|d| - delta / 2), with d = input - target.

    Source: Huber 1964, https://doi.org/10.1214/aoms/1177703732
    https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss, reduced."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class KLDivLoss(Loss):
    """target * (log(target) - input), for an input of log-probabilities.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html

    Args:
        reduction: "batchmean" for the divergence itself; also "mean", "sum", "none".
        log_target: whether the target is given as log-probabilities too.
    """

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The divergence, reduced."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
