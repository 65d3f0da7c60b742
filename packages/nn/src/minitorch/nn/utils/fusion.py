"""Batch norm as a part of the layer before it: in evaluation both are affine maps of channels."""

from __future__ import annotations

import copy
from typing import TypeVar

from minitorch.nn.batchnorm import BatchNorm
from minitorch.nn.conv import Filters
from minitorch.nn.linear import Linear
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_tensor import Tensor, ones_like, rsqrt, zeros_like

__all__ = [
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]

C = TypeVar("C", bound=Filters)
L = TypeVar("L", bound=Linear)


def _running(module: Module, bn: BatchNorm) -> tuple[Tensor, Tensor]:
    """The running statistics.

    Raises:
        AssertionError: in training, or if there are none.
    """
    if module.training or bn.training:
        raise AssertionError("Fusion only for eval! Call eval() of both modules first")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    return bn.running_mean, bn.running_var


def fuse_conv_bn_eval(conv: C, bn: BatchNorm, transpose: bool = False) -> C:
    """A convolution that computes what `conv`, then `bn`, compute.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_eval.html

    Args:
        conv: a convolution, in evaluation mode.
        bn: the batch norm of its outputs, in evaluation mode, with running statistics.
        transpose: whether the outputs are dimension 1 of the weight: of a transposed convolution.

    Raises:
        AssertionError: in training mode, or without running statistics.

    >>> import minitorch as torch
    >>> conv, bn = torch.nn.Conv1d(2, 3, 2).eval(), torch.nn.BatchNorm1d(3).eval()
    >>> x = torch.ones(1, 2, 4)
    >>> torch.allclose(fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)))
    True
    """
    mean, var = _running(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, mean, var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a convolution that normalises its outputs.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_weights.html

    Args:
        conv_w: the weight, (out, in, *kernel); with `transpose` (in, out, *kernel).
        conv_b: the bias, (out,), or None.
        bn_rm: the running mean of each output.
        bn_rv: the running variance.
        bn_eps: what is added to the variance.
        bn_w: the weight of the batch norm, or None.
        bn_b: its bias, or None.
        transpose: whether the outputs are dimension 1 of the weight.
    """
    bias = zeros_like(bn_rm) if conv_b is None else conv_b
    weight = ones_like(bn_rm) if bn_w is None else bn_w
    shift = zeros_like(bn_rm) if bn_b is None else bn_b
    scale = rsqrt(bn_rv + bn_eps)
    around = [1] * (conv_w.ndim - 2)
    shape = [1, -1, *around] if transpose else [-1, 1, *around]
    fused_w = (conv_w * (weight * scale).reshape(shape)).to(conv_w.dtype)
    fused_b = (bias - bn_rm) * scale * weight + shift
    return (
        Parameter(fused_w, conv_w.requires_grad),
        Parameter(fused_b.to((conv_w if conv_b is None else conv_b).dtype), bias.requires_grad),
    )


def fuse_linear_bn_eval(linear: L, bn: BatchNorm) -> L:
    """A linear layer that computes what `linear`, then `bn`, compute.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_eval.html

    Args:
        linear: a linear layer, in evaluation mode.
        bn: the batch norm of its outputs, in evaluation mode, with running statistics.

    Raises:
        AssertionError: in training mode, without running statistics, or if the layer has other
            outputs than the batch norm has features, unless that has one.
    """
    mean, var = _running(linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, mean, var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a linear layer that normalises its outputs.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_weights.html

    Args:
        linear_w: the weight, (out, in).
        linear_b: the bias, (out,), or None.
        bn_rm: the running mean of each output, or of all.
        bn_rv: the running variance.
        bn_eps: what is added to the variance.
        bn_w: the weight of the batch norm, or None.
        bn_b: its bias, or None.
    """
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
