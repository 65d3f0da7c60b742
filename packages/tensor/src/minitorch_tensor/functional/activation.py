"""Activation functions: pointwise operators under PyTorch's names, and what is like a softmax.

`inplace=True` writes the result into the memory of the input, as in PyTorch.
"""

from __future__ import annotations

import minitorch_operators as op
from minitorch_operators import Binary, Unary
from minitorch_tensor import inplace as writes
from minitorch_tensor import pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import DType, bool_
from minitorch_tensor.exponentials import softmax
from minitorch_tensor.functional.checks import require_floating
from minitorch_tensor.layout import wrap_dim
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


def softmin(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """softmax(-x).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html
    """
    return softmax(-input, dim, dtype=dtype)
