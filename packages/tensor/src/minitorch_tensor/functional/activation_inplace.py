"""Activations that write into the memory of their input, under names of their own."""

from __future__ import annotations

from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.activation import (
    celu,
    elu,
    hardtanh,
    leaky_relu,
    relu,
    selu,
)
from minitorch_tensor.functional.activation import threshold as _threshold


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.celu_.html
    """
    return celu(input, alpha, True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu_.html
    """
    return elu(input, alpha, True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh_.html
    """
    return hardtanh(input, min_val, max_val, True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu_.html
    """
    return leaky_relu(input, negative_slope, True)


def relu_(input: Tensor) -> Tensor:
    """`relu` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu_.html

    >>> x = Tensor([-1.0, 2.0])
    >>> relu_(x) is x, x
    (True, Tensor([0., 2.], requires_grad=False))
    """
    return relu(input, True)


def selu_(input: Tensor) -> Tensor:
    """`selu` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.selu_.html
    """
    return selu(input, True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold` in place.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.threshold_.html
    """
    return _threshold(input, threshold, value, True)
