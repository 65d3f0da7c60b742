"""Losses that are negative log-likelihoods: of counts, of measurements, of sequences, of words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch.nn.linear import Linear
from minitorch.nn.loss import Loss, WeightedLoss
from minitorch_tensor import Device, DType, Tensor
from minitorch_tensor import functional as F


class PoissonNLLLoss(Loss):
    """exp(input) - target * input: how unlikely counts are, given the logarithms of their rates.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html

    Args:
        log_input: whether the input is a logarithm; if not, it is input - target * log(input).
        full: whether to add Stirling's approximation of log(target!).
        eps: added to a rate before its logarithm.
        reduction: "mean", "sum" or "none".

    >>> PoissonNLLLoss()(Tensor([0.0]), Tensor([3.0])).item()
    1.0
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        *,
        eps: float = 1e-8,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """The loss, reduced."""
        return F.poisson_nll_loss(
            log_input,
            target,
            log_input=self.log_input,
            full=self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(Loss):
    """(log(var) + (input - target)^2 / var) / 2: how unlikely measurements are, given mean and var.

    Source: Nix and Weigend 1994, https://doi.org/10.1109/ICNN.1994.374138
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html

    Args:
        full: whether to add the constant log(2 pi) / 2.
        eps: the least that the variance is taken to be.
        reduction: "mean", "sum" or "none".
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """The loss, reduced; one variance (..., 1) may stand for a row."""
        return F.gaussian_nll_loss(
            input, target, var, full=self.full, eps=self.eps, reduction=self.reduction
        )


class CTCLoss(Loss):
    """-log of the probability of a sequence of labels, however it is spread over time.

    Source: Graves et al. 2006, https://doi.org/10.1145/1143844.1143891
    https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html

    Args:
        blank: the class that stands for no label.
        reduction: "mean" (of the losses, each over its target length), "sum" or "none".
        zero_infinity: whether an impossible target counts as 0, not as infinity.
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | Sequence[int],
        target_lengths: Tensor | Sequence[int],
    ) -> Tensor:
        """The loss of log-probabilities (time, n, classes) or (time, classes), reduced.

        Args:
            log_probs: of each class, at each time.
            targets: (n, longest) labels; or those of all examples in a row, 1D.
            input_lengths: (n,), how much of the time counts.
            target_lengths: (n,), how many of the labels count.
        """
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )


class LinearCrossEntropyLoss(WeightedLoss):
    """A `Linear` layer and `CrossEntropyLoss` of what it gives, in one: for many classes.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyLoss.html

    Args:
        in_features: the size of the input, (n, in_features).
        num_classes: how many classes.
        out_features: further dimensions of the target, (n, *out_features).
        bias: whether the layer has one.
        device: of the layer.
        dtype: of the layer.
        reduction: "mean" (weighted), "sum" or "none".
        weight: of each class, (num_classes,).
        ignore_index: a target that does not count.
        label_smoothing: how much of each target is spread over all classes, from 0 to 1.

    Raises:
        RuntimeError: if the weight has another shape, or the smoothing is not in [0, 1].
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: str | Device | None = None,
        dtype: DType | None = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        if weight is not None and weight.shape != (num_classes,):
            raise RuntimeError(
                f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}"
            )
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(
                f"expected label_smoothing to be in range [0, 1], got {label_smoothing}"
            )
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        units = math.prod(out_features, start=num_classes)
        self.linear = Linear(in_features, units, bias=bias, device=device, dtype=dtype)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The cross entropy, reduced."""
        shape = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape(*shape, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
        )

    def extra_repr(self) -> str:
        """The sizes and the settings."""
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, "
            f"reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options=None"
        )
