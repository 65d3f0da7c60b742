"""Batch normalisation: each channel gets mean 0, variance 1, then a learnt scale and shift."""

from __future__ import annotations

from typing import ClassVar

from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_tensor import Device, DType, Tensor, empty, int64, ones, tensor, zeros
from minitorch_tensor import functional as F
from minitorch_tensor.arguments import require_tensor


class ChannelNorm(Module):
    """What batch and instance norms share: parameters, running statistics, and their start."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    accepts: ClassVar[tuple[int, ...]]
    _version = 2
    _optional_state = frozenset(("num_batches_tracked",))

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device: str | Device | None,
        dtype: DType | None,
        bias: bool,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            made = Parameter(empty(num_features, dtype=dtype, device=device)) if wanted else None
            self.register_parameter(name, made)
        if track_running_stats:
            self.register_buffer("running_mean", zeros(num_features, dtype=dtype, device=device))
            self.register_buffer("running_var", ones(num_features, dtype=dtype, device=device))
            self.register_buffer("num_batches_tracked", tensor(0, dtype=int64, device=device))
        else:
            self.register_buffer("running_mean", None)
            self.register_buffer("running_var", None)
            self.register_buffer("num_batches_tracked", None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches seen so far."""
        if self.running_mean is not None:
            self.running_mean.zero_()
        if self.running_var is not None:
            self.running_var.fill_(1)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Begin anew: scale 1, shift 0, no batches seen."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if require_tensor(self._get_name(), "input", input).ndim not in self.accepts:
            wanted = " or ".join(f"{n}D" for n in self.accepts)
            raise ValueError(f"expected {wanted} input (got {input.ndim}D input)")

    def extra_repr(self) -> str:
        """The number of channels, and the settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm(ChannelNorm):
    """What `BatchNorm1d` to `BatchNorm3d` share: all but the shapes they accept."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        )

    def forward(self, input: Tensor) -> Tensor:
        """(x - mean) / sqrt(var + eps) * weight + bias.

        The mean and variance are those of the batch in training, else the running ones.
        """
        self._check_input_dim(input)
        tracked = self.track_running_stats
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and tracked and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean of all batches, each weighing the same
                factor = 1.0 / float(self.num_batches_tracked)
        use_running = not self.training or tracked
        return F.batch_norm(
            input,
            self.running_mean if use_running else None,
            self.running_var if use_running else None,
            self.weight,
            self.bias,
            self.training or (self.running_mean is None and self.running_var is None),
            factor,
            self.eps,
        )


class BatchNorm1d(BatchNorm):
    """Batch normalisation of (n, c) or (n, c, length), for each of the c channels.

    Source: Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167
    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html

    Args:
        num_features: c.
        eps: added to the variance.
        momentum: how far the running mean and variance move towards those of each batch; None for
            the mean of all batches.
        affine: whether a scale and a shift are learnt.
        track_running_stats: whether there are running statistics.
        device: of the parameters and buffers.
        dtype: of the parameters and buffers.
        bias: whether there is a shift.

    >>> import minitorch as torch
    >>> BatchNorm1d(1, eps=0.0)(torch.tensor([[1.0], [3.0]])).tolist()
    [[-1.0], [1.0]]
    """

    accepts = (2, 3)


class BatchNorm2d(BatchNorm):
    """Batch normalisation of (n, c, h, w), for each of the c channels; see `BatchNorm1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """

    accepts = (4,)


class BatchNorm3d(BatchNorm):
    """Batch normalisation of (n, c, d, h, w), for each of the c channels; see `BatchNorm1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
    """

    accepts = (5,)
