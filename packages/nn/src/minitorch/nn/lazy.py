"""Layers that find out from their first input how many features or channels it has.

Until then their parameters have no shape. After it they are ordinary: even their class is that of
the layer they stand for.
"""

from __future__ import annotations

from typing import ClassVar

from minitorch.nn.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, ChannelNorm
from minitorch.nn.conv import Conv1d, Conv2d, Conv3d, Convolution, Filters, Ints
from minitorch.nn.conv_transpose import (
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    TransposedConvolution,
)
from minitorch.nn.hooks import Hook
from minitorch.nn.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from minitorch.nn.linear import Linear
from minitorch.nn.module import Module
from minitorch.nn.uninitialized import (
    Uninitialized,
    UninitializedBuffer,
    UninitializedParameter,
    is_lazy,
)
from minitorch_tensor import Device, DType, Tensor, int64, tensor


class LazyModuleMixin(Module):
    """What a lazy layer has beside the layer it stands for.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer has no shape yet."""
        members = (*self._parameters.values(), *self._buffers.values())
        return any(is_lazy(member) for member in members)

    def initialize_parameters(self, input: Tensor) -> None:
        """Find out the shapes from the first input: for subclasses to define."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {self._get_name()}"
        )

    def _wait_for_input(self) -> None:
        """Let the next call be preceded by `initialize_parameters`."""
        self._forward_pre_hooks[FIRST] = Hook(_initialize, with_kwargs=True)

    def _place(self, name: str, device: str | Device | None, dtype: DType | None) -> None:
        """Register a parameter without a shape."""
        setattr(self, name, UninitializedParameter(device=device, dtype=dtype))

    def _materialize(self, **shapes: tuple[int, ...]) -> None:
        """Give shapes to those parameters and buffers that are there and have none."""
        for name, shape in shapes.items():
            member = getattr(self, name)
            if isinstance(member, Uninitialized):
                member.materialize(shape)


FIRST = -1
"""The key of the hook that initialises; those of users are not negative."""


def _initialize(
    module: LazyModuleMixin, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]
) -> None:
    module.initialize_parameters(args[0] if args else kwargs["input"])
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
    del module._forward_pre_hooks[FIRST]
    if module.cls_to_become is not None:
        object.__setattr__(module, "__class__", module.cls_to_become)


class LazyLinear(LazyModuleMixin, Linear):
    """A `Linear` layer that finds out `in_features`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html

    >>> import minitorch as torch
    >>> layer = LazyLinear(5)
    >>> layer(torch.ones(2, 3)).shape, layer
    (torch.Size([2, 5]), Linear(in_features=3, out_features=5, bias=True))
    """

    cls_to_become = Linear

    def __init__(
        self,
        out_features: int,
        bias: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self._place("weight", device, dtype)
        if bias:
            self._place("bias", device, dtype)
        self._wait_for_input()

    def reset_parameters(self) -> None:
        """Draw the first values, if there are shapes."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take `in_features` from the last dimension of the input."""
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            self._materialize(
                weight=(self.out_features, self.in_features), bias=(self.out_features,)
            )
            self.reset_parameters()
        elif self.in_features == 0:  # a state was loaded
            self.in_features = self.weight.shape[-1]
            if input.shape[-1] != self.in_features:
                raise AssertionError(
                    f"The in_features inferred from input: {input.shape[-1]} is not equal to "
                    f"in_features from self.weight: {self.in_features}"
                )


class LazyFilters(LazyModuleMixin, Filters):
    """What lazy convolutions share."""

    def _become_lazy(
        self, out_channels: int, bias: bool, device: str | Device | None, dtype: DType | None
    ) -> None:
        self.out_channels = out_channels
        self._place("weight", device, dtype)
        if bias:
            self._place("bias", device, dtype)
        self._wait_for_input()

    def reset_parameters(self) -> None:
        """Draw the first values, if there are shapes."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take `in_channels` from the input, with or without a batch.

        Raises:
            RuntimeError: if the input has another number of dimensions.
            ValueError: if its channels cannot be parted into the groups.
        """
        n = self.dimensions
        if input.ndim not in (n + 1, n + 2):
            raise RuntimeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {self._get_name()}, "
                f"but got input of size: {input.shape}"
            )
        loaded = not self.has_uninitialized_params()
        self.in_channels = input.shape[-n - 1]
        if self.in_channels % self.groups != 0:
            raise ValueError(
                f"{self._get_name()}: in_channels must be divisible by groups, but got "
                f"{self.in_channels} and {self.groups}"
            )
        if not loaded:
            self._materialize(weight=self._weight_shape(), bias=(self.out_channels,))
            self.reset_parameters()


class LazyConvolution(LazyFilters, Convolution):
    """What `LazyConv1d` to `LazyConv3d` share: their arguments."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints | str = 0,
        dilation: Ints = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._become_lazy(out_channels, bias, device, dtype)


class LazyTransposedConvolution(LazyFilters, TransposedConvolution):
    """What `LazyConvTranspose1d` to `LazyConvTranspose3d` share: their arguments."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Ints = 1,
        padding_mode: str = "zeros",
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            False,
            dilation,
            padding_mode,
        )
        self._become_lazy(out_channels, bias, device, dtype)


class LazyConv1d(LazyConvolution, Conv1d):
    """A `Conv1d` that finds out `in_channels`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv1d.html

    >>> import minitorch as torch
    >>> layer = LazyConv1d(4, 3)
    >>> layer(torch.ones(1, 2, 8)).shape, layer
    (torch.Size([1, 4, 6]), Conv1d(2, 4, kernel_size=(3,), stride=(1,)))
    """

    cls_to_become = Conv1d


class LazyConv2d(LazyConvolution, Conv2d):
    """A `Conv2d` that finds out `in_channels`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html
    """

    cls_to_become = Conv2d


class LazyConv3d(LazyConvolution, Conv3d):
    """A `Conv3d` that finds out `in_channels`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv3d.html
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(LazyTransposedConvolution, ConvTranspose1d):
    """A `ConvTranspose1d` that finds out `in_channels`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose1d.html
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(LazyTransposedConvolution, ConvTranspose2d):
    """A `ConvTranspose2d` that finds out `in_channels`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose2d.html
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(LazyTransposedConvolution, ConvTranspose3d):
    """A `ConvTranspose3d` that finds out `in_channels`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose3d.html
    """

    cls_to_become = ConvTranspose3d


class LazyNorm(LazyModuleMixin, ChannelNorm):
    """What lazy batch and instance norms share; the defaults are those of a batch norm for both."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        ChannelNorm.__init__(self, 0, eps, momentum, False, False, device, dtype, False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self._place("weight", device, dtype)
            if bias:
                self._place("bias", device, dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0, dtype=int64, device=device)
        self._wait_for_input()

    def reset_parameters(self) -> None:
        """Begin anew, if there are shapes."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take `num_features` from dimension 1 of the input."""
        loaded = not self.has_uninitialized_params()
        self.num_features = input.shape[1]
        if not loaded:
            shape = (self.num_features,)
            self._materialize(weight=shape, bias=shape, running_mean=shape, running_var=shape)
            self.reset_parameters()


class LazyBatchNorm1d(LazyNorm, BatchNorm1d):
    """A `BatchNorm1d` that finds out `num_features`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm1d.html
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(LazyNorm, BatchNorm2d):
    """A `BatchNorm2d` that finds out `num_features`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm2d.html
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(LazyNorm, BatchNorm3d):
    """A `BatchNorm3d` that finds out `num_features`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm3d.html
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(LazyNorm, InstanceNorm1d):
    """A `InstanceNorm1d` that finds out `num_features`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm1d.html
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(LazyNorm, InstanceNorm2d):
    """A `InstanceNorm2d` that finds out `num_features`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(LazyNorm, InstanceNorm3d):
    """A `InstanceNorm3d` that finds out `num_features`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm3d.html
    """

    cls_to_become = InstanceNorm3d
