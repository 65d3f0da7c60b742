"""Activation functions: pointwise operators under PyTorch's names, and the softmax family.

`inplace=True` writes the result into the memory of the input, as in PyTorch.
"""

from __future__ import annotations

import warnings

import minitorch_operators as op
from minitorch_operators import Binary, Unary
from minitorch_tensor import inplace as writes
from minitorch_tensor import pointwise, reductions, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import DType, bool_
from minitorch_tensor.functional.checks import require_alike, require_floating
from minitorch_tensor.layout import wrap_dim
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import where


def _unary(operator: Unary, input: Tensor, inplace: bool = False) -> Tensor:
    require_floating(operator.name, input)
    return writes.unary_(input, operator) if inplace else input.apply_unary(operator)


def _shaped(operator: Binary, input: Tensor, number: float, inplace: bool = False) -> Tensor:
    """An operator whose second operand is a number that shapes it."""
    require_floating(operator.name, input)
    if inplace:
        return writes.binary_(input, operator, float(number))
    return input.apply_binary(operator, float(number))


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), of any shape.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html

    Raises:
        RuntimeError: for bools.

    >>> relu(Tensor([-1.0, 2.0]))
    Tensor([0., 2.], requires_grad=False)
    """
    if require_tensor("relu", "input", input).dtype is bool_:
        raise RuntimeError(
            "relu: Boolean inputs not supported for relu; convert with .float() or .long()"
        )
    return writes.unary_(input, op.relu) if inplace else input.apply_unary(op.relu)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html
    """
    require_tensor("relu6", "input", input)
    return writes.unary_(input, op.relu6) if inplace else input.apply_unary(op.relu6)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.sigmoid.html
    """
    return pointwise.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanh.html
    """
    return pointwise.tanh(input)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the probability that a standard normal number is below x.

    Hendrycks and Gimpel 2016, arXiv:1606.08415;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html

    Args:
        input: of any shape, floating.
        approximate: "none", or "tanh" for the approximation of the same paper.

    Raises:
        RuntimeError: for another approximation, or integers.
    """
    if approximate == "none":
        return _unary(op.gelu, input)
    if approximate == "tanh":
        return _unary(op.gelu_tanh, input)
    raise RuntimeError(
        f"gelu: approximate argument must be either 'none' or 'tanh', but got {approximate!r}"
    )


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.silu.html
    """
    return _unary(op.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x)).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mish.html
    """
    return _unary(op.mish, input, inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * x)) / beta; x itself where beta * x is above the threshold.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
    """
    require_floating("softplus", input)
    if beta == 1 and threshold == 20:
        return input.apply_unary(op.softplus)
    scaled = input * beta
    # logaddexp(a, 0) is softplus(a) for every a, so the threshold may be any.
    return where(scaled > threshold, input, scaled.apply_binary(op.logaddexp, 0.0) / beta)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), without underflow on the way.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html
    """
    return _unary(op.logsigmoid, input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x above 0, x * negative_slope below.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
    """
    return _shaped(op.leaky_relu, input, negative_slope, inplace)


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


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha * (exp(x) - 1) below.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu.html
    """
    return _shaped(op.elu, input, alpha, inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """scale * elu(x, alpha), with the two constants that keep mean 0 and variance 1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.selu.html
    """
    return _unary(op.selu, input, inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha * (exp(x / alpha) - 1) below.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.celu.html

    Raises:
        RuntimeError: if alpha is 0.
    """
    if alpha == 0:
        raise RuntimeError("celu: alpha cannot be 0 for CELU")
    return _shaped(op.celu, input, alpha, inplace)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """min(max(x, min_val), max_val), with gradient 0 at the bounds.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html

    Raises:
        ValueError: if min_val is greater than max_val.
    """
    if min_val > max_val:
        raise ValueError(
            f"hardtanh: min_val cannot be greater than max_val, but got {min_val} and {max_val}"
        )
    low, high = _numbers_for(input, min_val, max_val)
    if inplace:
        return writes.ternary_(input, op.hardtanh, low, high)
    return input.apply_ternary(op.hardtanh, low, high)


def _numbers_for(input: Tensor, a: float, b: float) -> tuple[float, float]:
    """Two numbers that keep the dtype of the input: whole ones for integers, as in PyTorch."""
    return (float(a), float(b)) if input.dtype.is_floating_point else (int(a), int(b))


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it is above the threshold, else `value`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html
    """
    limit, other = _numbers_for(input, threshold, value)
    if inplace:
        return writes.ternary_(input, op.threshold, limit, other)
    return input.apply_ternary(op.threshold, limit, other)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """relu6(x + 3) / 6.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html
    """
    return _unary(op.hardsigmoid, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * hardsigmoid(x).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html
    """
    return _unary(op.hardswish, input, inplace)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 between -lambd and lambd, else x.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html
    """
    return _shaped(op.hardshrink, input, lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 between -lambd and lambd, else x moved towards 0 by lambd.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html

    Raises:
        RuntimeError: if lambd is negative.
    """
    if lambd < 0:
        raise RuntimeError(f"softshrink: lambda must be greater or equal to 0, but found {lambd}")
    return _shaped(op.softshrink, input, lambd)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html
    """
    return input.apply_unary(op.softsign)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html
    """
    return input.apply_unary(op.tanhshrink)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a * sigmoid(b) for the halves a, b of one dimension: (..., 2n, ...) -> (..., n, ...).

    Dauphin et al. 2017, arXiv:1612.08083;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.glu.html

    Raises:
        RuntimeError: if the input has no dimensions, or the size of the dimension is odd.
    """
    if input.ndim == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    i = wrap_dim(dim, input.ndim)
    size = input.shape[i]
    if size % 2:
        raise RuntimeError(
            f"glu: Halving dimension must be even, but dimension {i} is size {size} in shape "
            f"{input.shape}"
        )
    half = size // 2
    return views.narrow(input, i, 0, half) * sigmoid(views.narrow(input, i, half, half))


def softmax_arguments(
    name: str, input: Tensor, dim: int | None, dtype: DType | None
) -> tuple[Tensor, int]:
    """The input in the dtype to compute in, and the dimension, counted from the front.

    Without `dim` PyTorch's old choice is made, with its warning: 0 for 0, 1 or 3 dimensions, else
    1.

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.
    """
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
            "dim=X as an argument.",
            UserWarning,
            stacklevel=4,  # this, the composite or its override, Op.__call__, the caller
        )
        dim = 0 if input.ndim in (0, 1, 3) else 1
    if dtype is not None:
        input = input.to(dtype)
    require_floating(name, input)
    return input, wrap_dim(dim, input.ndim)


def _shifted(x: Tensor, dim: int) -> Tensor:
    """x minus its maximum, a constant to every softmax: no gradient, and exp cannot overflow."""
    return x - reductions.amax(x.detach(), dim, True)


@Op
def softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """exp(x_i) / sum_j exp(x_j) along one dimension: positive numbers whose sum is 1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html

    Args:
        input: of any shape, floating.
        dim: where the sum runs; PyTorch's old implicit choice, with a warning, if omitted.
        dtype: what to convert the input to first.

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.

    >>> softmax(Tensor([[0.0, 0.0], [1000.0, 0.0]]), dim=1)
    Tensor([[0.5000, 0.5000],
            [1.0000, 0.0000]], requires_grad=False)
    """
    x, i = softmax_arguments("softmax", input, dim, dtype)
    if x.layout.size == 0:
        return views.clone(x)
    if x.dtype.half:
        return softmax(x.float(), i).to(x.dtype)
    e = _shifted(x, i).exp()
    return e / e.sum(i, True)


@Op
def log_softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """log(softmax(x)) = x_i - log(sum_j exp(x_j)), without underflow on the way.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html

    Args:
        input: of any shape, floating.
        dim: where the sum runs; PyTorch's old implicit choice, with a warning, if omitted.
        dtype: what to convert the input to first.

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.

    >>> log_softmax(Tensor([1000.0, 0.0]), dim=0)
    Tensor([    0., -1000.], requires_grad=False)
    """
    x, i = softmax_arguments("log_softmax", input, dim, dtype)
    if x.layout.size == 0:
        return views.clone(x)
    if x.dtype.half:
        return log_softmax(x.float(), i).to(x.dtype)
    shifted = _shifted(x, i)
    return shifted - shifted.exp().sum(i, True).log()


def softmin(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """softmax(-x).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html
    """
    return softmax(-input, dim, dtype=dtype)
