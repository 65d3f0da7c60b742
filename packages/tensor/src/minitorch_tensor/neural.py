"""Functions of neural networks that are methods of a tensor: the few that PyTorch has there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import minitorch_operators as op
from minitorch_tensor import exponentials, views
from minitorch_tensor.arguments import require_alike, require_floating
from minitorch_tensor.dtype import DType

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """exp(x_i) / sum_j exp(x_j) along one dimension: positive numbers whose sum is 1.

    https://docs.pytorch.org/docs/stable/generated/torch.softmax.html

    Args:
        input: of any shape, floating.
        dim: where the sum runs.
        dtype: what to convert the input to first.

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.
    """
    return exponentials.softmax(input, _required("softmax", dim), dtype=dtype)


def log_softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """log(softmax(x)) along one dimension, without underflow on the way.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html

    Args:
        input: of any shape, floating.
        dim: where the sum runs.
        dtype: what to convert the input to first.

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.
    """
    return exponentials.log_softmax(input, _required("log_softmax", dim), dtype=dtype)


def _required(name: str, dim: int) -> int:
    """The dimension, which only `nn.functional` may leave out."""
    if dim is None:
        raise TypeError(f"{name}: argument 'dim' must be int, not None")
    return dim


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x above 0, x * weight below, with a learned weight for all or for each channel (dimension 1).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html

    Raises:
        RuntimeError: if weight is not 0-d or (1,) or (channels,), or of another dtype.
    """
    require_floating("prelu", input)
    require_alike("prelu", input, "weight", weight)
    if weight.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got shape {weight.shape}"
        )
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.layout.size not in (1, channels):
        raise RuntimeError(
            "prelu: Mismatch of parameter numbers and input channel size. Found parameter numbers "
            f"= {weight.layout.size} and channel size = {channels} (input {input.shape})"
        )
    trailing = (1,) * max(input.ndim - 2, 0)
    return input.apply_binary(op.prelu, views.reshape(weight, (-1, *trailing)))


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 between -lambd and lambd, else x.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html

    Raises:
        RuntimeError: for integers.

    >>> from minitorch_tensor import Tensor
    >>> hardshrink(Tensor([-1.0, 0.25]))
    Tensor([-1.,  0.], requires_grad=False)
    """
    require_floating("hardshrink", input)
    return input.apply_binary(op.hardshrink, float(lambd))
