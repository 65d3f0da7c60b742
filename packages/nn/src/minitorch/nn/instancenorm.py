"""Instance normalisation: each channel of each example gets mean 0 and variance 1."""

from __future__ import annotations

import warnings

from minitorch.nn.batchnorm import ChannelNorm
from minitorch_tensor import Device, DType, Tensor
from minitorch_tensor import functional as F


class InstanceNorm(ChannelNorm):
    """What `InstanceNorm1d` to `InstanceNorm3d` share: all but the shapes they accept."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
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

        The mean and variance are those of the example, or the running ones if these are tracked,
        in evaluation.

        Raises:
            ValueError: if the input has another number of dimensions, or another one of channels
                than there are parameters.
        """
        self._check_input_dim(input)
        alone = input.ndim == self.accepts[0]
        channels = input.ndim - self.accepts[0]
        if input.shape[channels] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={channels} to match num_features "
                    f"({self.num_features}), but got: {input.shape[channels]}."
                )
            warnings.warn(
                f"input's size at dim={channels} does not match num_features. You can silence this "
                "warning by not passing in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        y = F.instance_norm(
            input.unsqueeze(0) if alone else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return y.squeeze(0) if alone else y


class InstanceNorm1d(InstanceNorm):
    """Instance normalisation of (n, c, length) or (c, length).

    Source: Ulyanov et al. 2016, https://arxiv.org/abs/1607.08022
    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html

    Args:
        num_features: c.
        eps: added to the variance.
        momentum: how far the running mean and variance move towards those of each batch.
        affine: whether a scale and a shift are learnt.
        track_running_stats: whether there are running statistics, which evaluation uses.
        device: of the parameters and buffers.
        dtype: of the parameters and buffers.
        bias: whether there is a shift.

    >>> InstanceNorm1d(1, eps=0.0)(Tensor([[[1.0, 3.0]]])).tolist()
    [[[-1.0, 1.0]]]
    """

    accepts = (2, 3)


class InstanceNorm2d(InstanceNorm):
    """Instance normalisation of (n, c, h, w) or (c, h, w); see `InstanceNorm1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """

    accepts = (3, 4)


class InstanceNorm3d(InstanceNorm):
    """Instance normalisation of (n, c, d, h, w) or (c, d, h, w); see `InstanceNorm1d`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
    """

    accepts = (4, 5)
