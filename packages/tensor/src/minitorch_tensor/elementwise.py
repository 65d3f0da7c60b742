"""More pointwise functions, and PyTorch's second names of those in `pointwise`.

Each is an operator applied to tensors, or a short formula of other functions, whose derivatives
then come by themselves.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import minitorch_operators as op
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import joining, pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.data import operand

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

arccos = pointwise.acos
arccosh = pointwise.acosh
arcsin = pointwise.asin
arcsinh = pointwise.asinh
arctan = pointwise.atan
arctan2 = pointwise.atan2
arctanh = pointwise.atanh
fix = pointwise.trunc
greater = pointwise.gt
greater_equal = pointwise.ge
less = pointwise.lt
less_equal = pointwise.le
not_equal = pointwise.ne

logaddexp2 = pointwise.binary(op.logaddexp2)
sgn = pointwise.unary(op.sign, "sgn")
signbit = pointwise.unary(op.signbit)
sinc = pointwise.unary(op.sinc)


class Frexp(NamedTuple):
    """The result of `frexp`: x = mantissa * 2**exponent."""

    mantissa: Tensor
    exponent: Tensor

    def __repr__(self) -> str:
        """On lines of their own, so that the rows of each lie below one another."""
        return f"Frexp(\nmantissa={self.mantissa!r},\nexponent={self.exponent!r})"


def frexp(input: Tensor) -> Frexp:
    """Elementwise: the mantissa m, with 0.5 <= |m| < 1, and the exponent e in input = m * 2**e.

    Of 0, of an infinity and of nan the mantissa is the number itself, and the exponent is 0.
    https://docs.pytorch.org/docs/stable/generated/torch.frexp.html

    Returns:
        mantissa: of the shape and dtype of input.
        exponent: int32, of the shape of input.

    Raises:
        RuntimeError: if the dtype is not floating.

    >>> import minitorch_tensor as mt
    >>> frexp(mt.tensor([10.0, -0.75])).exponent
    Tensor([4, 0], dtype=int32, requires_grad=False)
    """
    if not require_tensor("frexp", "input", input).dtype.is_floating_point:
        raise RuntimeError(
            f"frexp: only floating-point dtypes are supported, but got {input.dtype}; convert it "
            "with .float() first"
        )
    exponent = input.detach().apply_unary(op.frexp_exponent).to(dtypes.int32)
    return Frexp(input.apply_unary(op.frexp_mantissa), exponent)


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """Elementwise: input * 2**other, in a floating dtype.

    https://docs.pytorch.org/docs/stable/generated/torch.ldexp.html

    >>> import minitorch_tensor as mt
    >>> ldexp(mt.tensor([1.0, -3.0]), mt.tensor([4, -1]))
    Tensor([16.0000, -1.5000], requires_grad=False)
    """
    return input * pointwise.pow(2.0, require_tensor("ldexp", "other", other))


def float_power(input: Tensor | float, exponent: Tensor | float) -> Tensor:
    """Elementwise: input ** exponent in float64; one of them may be a number.

    https://docs.pytorch.org/docs/stable/generated/torch.float_power.html

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> float_power(mt.tensor([2, 3]), -1)
    Tensor([0.5000, 0.3333], dtype=float64, requires_grad=False)
    """
    base = float(input) if isinstance(input, (int, float)) else input.to(dtypes.float64)
    power = float(exponent) if isinstance(exponent, (int, float)) else exponent.to(dtypes.float64)
    if isinstance(base, float) and isinstance(power, float):
        raise TypeError("float_power: one of input and exponent must be a Tensor")
    return pointwise.pow(base, power)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """Elementwise: 0 where input < 0, values where it is 0, 1 where input > 0.

    https://docs.pytorch.org/docs/stable/generated/torch.heaviside.html

    Raises:
        RuntimeError: if the dtypes differ; in backward, which PyTorch does not define either.

    >>> import minitorch_tensor as mt
    >>> heaviside(mt.tensor([-1.5, 0.0, 2.0]), mt.tensor([0.5]))
    Tensor([0.0000, 0.5000, 1.0000], requires_grad=False)
    """
    if input.dtype is not require_tensor("heaviside", "values", values).dtype:
        raise RuntimeError(
            f"heaviside: input and values must have one dtype, but they have {input.dtype} and "
            f"{values.dtype}; use .to(...)"
        )
    y = input.detach().apply_binary(op.heaviside, values.detach())
    for x in (input, values):
        if x.requires_grad:
            return views.linear(x, y, "NotImplemented", _refuse_heaviside)
    return y


def _refuse_heaviside(g: Tensor) -> Tensor:
    raise RuntimeError(
        "heaviside: its derivative is not implemented, as in PyTorch; detach() the input"
    )


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not 0.

    https://docs.pytorch.org/docs/stable/generated/torch.is_nonzero.html

    Raises:
        RuntimeError: if there is not exactly one element.

    >>> import minitorch_tensor as mt
    >>> is_nonzero(mt.tensor([0.0])), is_nonzero(mt.tensor([True]))
    (False, True)
    """
    return bool(require_tensor("is_nonzero", "input", input))


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_same_size.html
    """
    require_tensor("is_same_size", "input", input)
    return input.shape == require_tensor("is_same_size", "other", other).shape


def isneginf(input: Tensor) -> Tensor:
    """Elementwise: whether it is minus infinity.

    https://docs.pytorch.org/docs/stable/generated/torch.isneginf.html
    """
    return require_tensor("isneginf", "input", input).apply_binary(op.eq, -math.inf)


def isposinf(input: Tensor) -> Tensor:
    """Elementwise: whether it is plus infinity.

    https://docs.pytorch.org/docs/stable/generated/torch.isposinf.html
    """
    return require_tensor("isposinf", "input", input).apply_binary(op.eq, math.inf)


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """Elementwise: log(z / (1 - z)), where z is input, brought into [eps, 1 - eps] if eps is given.

    The inverse of sigmoid; without eps nan outside [0, 1].
    https://docs.pytorch.org/docs/stable/generated/torch.logit.html

    >>> import minitorch_tensor as mt
    >>> logit(mt.tensor([0.5, 1.0]), eps=1e-6)
    Tensor([ 0.0000, 13.8023], requires_grad=False)
    """
    require_tensor("logit", "input", input)
    if eps is None or eps < 0:
        return input.apply_unary(op.logit)
    x = input if input.dtype.is_floating_point else input.to(dtypes.get_default_dtype())
    low, high = eps, 1.0 - eps
    # Not clamp: if low > high, PyTorch takes low below it and high above.
    z = pointwise.where(x < low, low, pointwise.where(x > high, high, x))
    return z.apply_unary(op.logit)


def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """Elementwise: the next number of the dtype after input, in the direction of other.

    https://docs.pytorch.org/docs/stable/generated/torch.nextafter.html

    Raises:
        RuntimeError: if neither dtype is floating.

    >>> import minitorch_tensor as mt
    >>> float(nextafter(mt.tensor(1.0), mt.tensor(2.0))) - 1
    1.1920928955078125e-07
    """
    require_tensor("nextafter", "input", input)
    require_tensor("nextafter", "other", other)
    dtype = dtypes.result_of(input.dtype, input.ndim == 0, other.dtype, other.ndim == 0)
    if dtype.half:
        return _neighbour(input.to(dtype), other.to(dtype))
    return input.apply_binary(op.nextafter, other)


def _neighbour(x: Tensor, y: Tensor) -> Tensor:
    """`nextafter` of 16 bits, by the bits: they are computed in float32, which has closer ones.

    Without its sign bit, the bits of a float are an integer that grows with its magnitude.
    """
    x, y = joining.broadcast_tensors(x, y)
    same = pointwise.eq(x, y)
    result = pointwise.where(same, y, x)  # whose gradient is that of the neighbour, too
    start, towards = views.contiguous(x.detach()), y.detach()
    away = pointwise.eq(towards > start, start > 0)  # from zero
    moved = start.view(dtypes.int16) + pointwise.where(away, 1, -1)
    smallest = pointwise.where(towards > 0, 1, 1 - 2**15)
    bits = pointwise.where(pointwise.eq(start, 0), smallest, moved).to(dtypes.int16)
    unknown = pointwise.logical_or(pointwise.ne(start, start), pointwise.ne(towards, towards))
    neighbour = pointwise.where(unknown, math.nan, bits.view(x.dtype))
    result.data.copy_(pointwise.where(same, towards, neighbour))
    return result


def positive(input: Tensor) -> Tensor:
    """`+x`: input itself.

    https://docs.pytorch.org/docs/stable/generated/torch.positive.html

    Raises:
        RuntimeError: for a bool tensor.
    """
    if input.dtype is dtypes.bool_:
        raise RuntimeError("positive: not defined for bool tensors; convert it with .int() first")
    return input


def rsub(input: Tensor, other: Tensor | float, *, alpha: float = 1) -> Tensor:
    """Elementwise: other - alpha * input.

    https://docs.pytorch.org/docs/stable/generated/torch.sub.html

    Raises:
        RuntimeError: for bools, and for a floating alpha between integers.

    >>> import minitorch_tensor as mt
    >>> rsub(mt.tensor([1, 2]), 10, alpha=3)
    Tensor([7, 4], requires_grad=False)
    """
    b = operand("rsub", other, input)
    if not isinstance(b, (int, float)):
        return pointwise.sub(b, input, alpha=alpha)
    pointwise.refuse_bools(op.sub, input.dtype, dtypes.of_number(b))
    x = input.to(dtypes.with_number(input.dtype, b))
    return pointwise.as_result(x, b, b - pointwise.scaled("rsub", x, x, alpha))
