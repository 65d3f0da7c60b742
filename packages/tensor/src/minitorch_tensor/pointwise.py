"""Pointwise functions: each is an operator record applied to tensors, under PyTorch's name.

What happens before an operator is applied is here too: promotion of dtypes and broadcasting of
shapes.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, TypeVar, overload

import minitorch_operators as op
from minitorch_operators import Binary, Ternary, Unary
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.assertions import require_all
from minitorch_tensor.data import operand
from minitorch_tensor.dtype import DType, Kind
from minitorch_tensor.layout import Shape, broadcast_for

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

# What PyTorch does not compute for these kinds of operands, and we do not either.
_REFUSES: Final[dict[str, tuple[Kind, ...]]] = {
    **dict.fromkeys(("sub", "neg", "abs", "relu", "remainder", "fmod", "floor_divide"), ("bool",)),
    **dict.fromkeys(("ceil", "floor", "round", "trunc", "pow"), ("bool",)),
    **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm"), ("bool",)),
    **dict.fromkeys(("hypot", "logaddexp", "logaddexp2", "frac", "lerp"), ("bool", "int")),
    **dict.fromkeys(("igamma", "igammac"), ("bool", "int")),
    "clamp": ("bool",),
    "nextafter": ("bool", "int"),
}
# Beside a tensor of 16 bits PyTorch rounds a number to 16 bits too, but not where it scales by it.
WIDE: Final = frozenset({op.mul, op.div, op.floor_divide})
_DIVIDES: Final = frozenset({"floor_divide", "remainder", "fmod"})


def result_dtype(operator: Unary | Binary | Ternary, dtype: DType) -> DType:
    """The dtype of the result for operands promoted to `dtype`.

    Raises:
        RuntimeError: if the operator is not defined for that kind of dtype.
    """
    if dtype.kind in _REFUSES.get(operator.name, ()):
        raise RuntimeError(
            f"{operator.name}: not defined for {dtype} tensors; {_REMEDY[dtype.kind]}"
        )
    if operator.result == "bool":
        return dtypes.bool_
    if operator.result == "integer" and dtype.is_floating_point:
        raise RuntimeError(
            f"{operator.name}: not defined for {dtype} tensors; {_REMEDY[dtype.kind]}"
        )
    if operator.result == "float" and not dtype.is_floating_point:
        return dtypes.get_default_dtype()
    return dtype


_REMEDY: Final[dict[Kind, str]] = {
    "bool": "use logical_not() or `~` to invert a mask, or convert it with .int() first",
    "int": "convert it with .float() first",
    "float": "convert it with .int() or .long() first",
}


def check_divisor(operator: Binary, divisor: Tensor, known: float | None = None) -> None:
    """Integers have no infinity to divide by zero into; `known` is a divisor that is one number.

    Raises:
        RuntimeError: ZeroDivisionError, as in PyTorch, if an integer divisor is zero.
    """
    if operator.name not in _DIVIDES:
        return
    rule = (
        f"ZeroDivisionError: {operator.name} of integers by zero (the divisor has shape "
        f"{divisor.shape}); convert to float for infinities"
    )
    if known is None:
        require_all(divisor.detach() != 0, rule)
    elif int(known) % (1 << 8 * divisor.dtype.itemsize) == 0:  # as integers of this size wrap
        raise RuntimeError(rule)


def refuse_bools(operator: Binary, *operands: DType) -> None:
    """Subtraction refuses a bool on either side.

    Raises:
        RuntimeError: if the operator is `sub` and an operand is bool.
    """
    if operator is op.sub and dtypes.bool_ in operands:
        result_dtype(operator, dtypes.bool_)


def number_dtype(operator: Binary, dtype: DType, number: float) -> DType:
    """The dtype in which a number meets a tensor of `dtype`.

    A quotient is floating anyway, so there -3 must not wrap around to 253 beside uint8.
    """
    if operator.result == "float" and not dtype.is_floating_point:
        return dtypes.get_default_dtype()
    return dtypes.with_number(dtype, number)


def align(operator: Binary, a: Tensor, b: Tensor, shape: Shape) -> tuple[Tensor, Tensor, DType]:
    """Two operands of one operation: on one device, expanded to `shape`, with their common dtype.

    Where a gradient is needed, both are cast to that dtype, so that gradients are cast back, and a
    recorded rule sees one dtype. Else the backend casts them as it reads them, but for a 0-d one,
    which has no say in the dtype: expanded, it would look like any other.
    """
    if a.storage.device is not b.storage.device:
        a, b = _together(operator.name, a, b)
    dtype = dtypes.result_of(a.dtype, a.ndim == 0, b.dtype, b.ndim == 0)
    refuse_bools(operator, a.dtype, b.dtype)
    if a.dtype is not b.dtype:
        recorded = dtype.is_floating_point and (a.requires_grad or b.requires_grad)
        weak = operator.result != "float" or dtype.is_floating_point
        if a.dtype is not dtype and (recorded or (weak and a.ndim == 0)):
            a = a.to(dtype)
        if b.dtype is not dtype and (recorded or (weak and b.ndim == 0)):
            b = b.to(dtype)
    return views.expand_to(a, shape), views.expand_to(b, shape), dtype


def _together(name: str, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both on one device: as in PyTorch, only a 0-d tensor of the CPU goes to the other one's."""
    if b.ndim == 0 and b.device.type == "cpu":
        return a, b.to(a.device)
    if a.ndim == 0 and a.device.type == "cpu":
        return a.to(b.device), b
    raise RuntimeError(
        f"{name}: expected both operands on one device, but they are on {a.device} and {b.device}; "
        "move one with .to(...)"
    )


def align3(
    operator: Ternary, a: Tensor, b: Tensor | float, c: Tensor | float
) -> tuple[Tensor, Tensor, Tensor, DType]:
    """Three operands of one operation; the condition of `where` has no say in the dtype."""
    b, c = operand(operator.name, b, a), operand(operator.name, c, a)
    if not isinstance(b, (int, float)) and not isinstance(c, (int, float)):
        shape, dtype, device = a.layout.shape, b.dtype, a.storage.device
        if (
            dtype is c.dtype
            and dtype.is_floating_point
            and (dtype is a.dtype or operator is op.where)
            and shape == b.layout.shape == c.layout.shape
            and device is b.storage.device is c.storage.device
        ):  # the common case, directly
            return a, b, c, result_dtype(operator, dtype)
    elif a.dtype.is_floating_point:
        dtype, shape = a.dtype, a.layout.shape
        if isinstance(b, (int, float)):
            if isinstance(c, (int, float)):  # clamp, to numbers
                return a, _spread(a, b), _spread(a, c), result_dtype(operator, dtype)
        elif isinstance(c, (int, float)) and (
            dtype is b.dtype and shape == b.layout.shape and a.storage.device is b.storage.device
        ):  # lerp, by a number
            return a, b, _spread(a, c), result_dtype(operator, dtype)
    if isinstance(b, (int, float)) and isinstance(c, (int, float)):
        if operator is op.where:
            dtype = dtypes.promote_types(dtypes.of_number(b), dtypes.of_number(c))
        else:
            dtype = dtypes.with_number(dtypes.with_number(a.dtype, b), c)
    else:
        values = [x for x in (b, c) if not isinstance(x, (int, float))]
        if operator is not op.where:
            values.append(a)
        dtype, is_0d = values[0].dtype, values[0].ndim == 0
        for value in values[1:]:
            dtype = dtypes.result_of(dtype, is_0d, value.dtype, value.ndim == 0)
            is_0d = is_0d and value.ndim == 0
        for number in (b, c):
            if isinstance(number, (int, float)):
                dtype = dtypes.with_number(dtype, number)
    dtype = result_dtype(operator, dtype)
    second = a._constant(b, dtype) if isinstance(b, (int, float)) else b
    third = a._constant(c, dtype) if isinstance(c, (int, float)) else c
    shape = broadcast_for(operator.name, a.shape, second.shape)
    shape = broadcast_for(operator.name, shape, third.shape)
    recorded = a.requires_grad or second.requires_grad or third.requires_grad
    operands = []
    for i, x in enumerate((a, second, third)):
        if x.storage.device is not a.storage.device:
            a, x = _together(operator.name, a, x)
        cast = recorded and x.dtype is not dtype and (i > 0 or operator is not op.where)
        operands.append(views.expand_to(x.to(dtype) if cast else x, shape))
    return operands[0], operands[1], operands[2], dtype


def _spread(x: Tensor, number: float) -> Tensor:
    """A number as a tensor of the shape and the dtype of x."""
    return views.expand_to(x._constant(number, x.dtype), x.layout.shape)


_F = TypeVar("_F", bound=Callable[..., "Tensor"])


def _describe(function: _F, operator: Unary | Binary, name: str) -> _F:
    """Give the function its name, the operator's formula, and PyTorch's page for it."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"Elementwise: {operator.fn.__doc__}\n\n"
        f"https://docs.pytorch.org/docs/stable/generated/torch.{name}.html"
    )
    return function


def unary(operator: Unary, name: str = "") -> Callable[[Tensor], Tensor]:
    """The function that applies the operator, under PyTorch's name."""

    def function(input: Tensor) -> Tensor:
        try:
            return input.apply_unary(operator)
        except AttributeError:  # costs nothing where it does not happen
            require_tensor(name or operator.name, "input", input)
            raise

    return _describe(function, operator, name or operator.name)


@overload
def binary(operator: Binary, name: str = "") -> Callable[[Tensor, Tensor | float], Tensor]: ...
@overload
def binary(
    operator: Binary, name: str = "", *, numbers: Literal[True]
) -> Callable[[Tensor | float, Tensor | float], Tensor]: ...
def binary(operator: Binary, name: str = "", *, numbers: bool = False) -> Callable[..., Tensor]:
    """The function that applies the operator; `numbers`: the first operand may be a number."""

    def function(input: Tensor, other: Tensor | float) -> Tensor:
        try:
            y = input.apply_binary(operator, other)
        except AttributeError:  # costs nothing where it does not happen
            if numbers and isinstance(input, (int, float)) and not isinstance(other, (int, float)):
                x = require_tensor(name or operator.name, "other", other)
                return x.apply_reflected(operator, input)
            require_tensor(name or operator.name, "input", input)
            raise
        if y is NotImplemented:
            raise TypeError(
                f"{name or operator.name}: argument 'other' must be a Tensor or a number, not "
                f"{type(other).__name__}"
            )
        return y

    return _describe(function, operator, name or operator.name)


def _whole(operator: Unary) -> Callable[[Tensor], Tensor]:
    """Rounding: an integer is its own result."""

    def function(input: Tensor) -> Tensor:
        return views.clone(input) if input.dtype.kind == "int" else input.apply_unary(operator)

    return _describe(function, operator, operator.name)


abs = unary(op.abs)
acos = unary(op.acos)
acosh = unary(op.acosh)
asin = unary(op.asin)
asinh = unary(op.asinh)
atan = unary(op.atan)
atanh = unary(op.atanh)
ceil = _whole(op.ceil)
cos = unary(op.cos)
cosh = unary(op.cosh)
deg2rad = unary(op.deg2rad)
erf = unary(op.erf)
erfc = unary(op.erfc)
exp = unary(op.exp)
exp2 = unary(op.exp2)
expm1 = unary(op.expm1)
floor = _whole(op.floor)
frac = unary(op.frac)
isfinite = unary(op.isfinite)
isinf = unary(op.isinf)
isnan = unary(op.isnan)
log = unary(op.log)
log10 = unary(op.log10)
log1p = unary(op.log1p)
log2 = unary(op.log2)
logical_not = unary(op.logical_not)
neg = unary(op.neg)
rad2deg = unary(op.rad2deg)
reciprocal = unary(op.inv, "reciprocal")
relu = unary(op.relu)
rsqrt = unary(op.rsqrt)
sigmoid = unary(op.sigmoid)
sign = unary(op.sign)
sin = unary(op.sin)
sinh = unary(op.sinh)
sqrt = unary(op.sqrt)
tan = unary(op.tan)
tanh = unary(op.tanh)
trunc = _whole(op.trunc)

atan2 = binary(op.atan2)
copysign = binary(op.copysign)
eq = binary(op.eq)
floor_divide = binary(op.floor_divide, numbers=True)
fmax = binary(op.fmax)
fmin = binary(op.fmin)
fmod = binary(op.fmod, numbers=True)
ge = binary(op.ge)
gt = binary(op.gt)
hypot = binary(op.hypot)
le = binary(op.le)
logaddexp = binary(op.logaddexp)
logical_and = binary(op.logical_and)
logical_or = binary(op.logical_or)
logical_xor = binary(op.logical_xor)
lt = binary(op.lt)
maximum = binary(op.maximum)
minimum = binary(op.minimum)
mul = multiply = binary(op.mul, numbers=True)
ne = binary(op.ne)
remainder = binary(op.remainder, numbers=True)
true_divide = binary(op.div, "true_divide", numbers=True)
xlogy = binary(op.xlogy, numbers=True)

# PyTorch's second names.
absolute = abs
negative = neg


def add(input: Tensor, other: Tensor | float, *, alpha: float = 1) -> Tensor:
    """Elementwise: input + alpha * other.

    https://docs.pytorch.org/docs/stable/generated/torch.add.html
    """
    if alpha == 1 and type(alpha) is int:
        return input + other
    return as_result(input, other, input + scaled("add", input, other, alpha))


@overload
def scaled(name: str, input: Tensor, other: Tensor, alpha: float) -> Tensor: ...
@overload
def scaled(name: str, input: Tensor, other: Tensor | float, alpha: float) -> Tensor | float: ...
def scaled(name: str, input: Tensor, other: Tensor | float, alpha: float) -> Tensor | float:
    """alpha * other, in the dtype of an operation with input; of 16 bits, not yet rounded to them.

    So the product of integers does not overflow where the sum would not, and a sum of 16 bits is
    rounded once, as in PyTorch, which rounds alpha to 16 bits first.
    """
    if alpha == 1 and type(alpha) is int:
        return other
    if isinstance(other, (int, float)):
        given = dtypes.of_number(other)
        dtype = dtypes.promote_types(input.dtype, given)
    else:
        given = require_tensor(name, "other", other).dtype
        dtype = _common(input, other)
    if name in ("sub", "sub_", "rsub"):  # times alpha, it would be no bool any more
        refuse_bools(op.sub, input.dtype, given)
    if isinstance(alpha, bool) and dtype is not dtypes.bool_:
        raise RuntimeError(f"{name}: a bool alpha is only supported for bool results, not {dtype}")
    if isinstance(alpha, float) and not dtype.is_floating_point:
        raise RuntimeError(
            f"{name}: for integral input tensors, argument alpha must not be a floating point "
            f"number, but got {alpha} for {dtype}"
        )
    if isinstance(other, (int, float)):
        return other * alpha
    if dtype.half:
        factor = other._constant(alpha, dtype).to(dtypes.float32)
        product = other.to(dtypes.float32) * factor
        # With as many dimensions as the other operand, so that it is not rounded as weak ones are.
        return views.expand_to(product, input.shape) if product.ndim == 0 else product
    return (other.to(dtype) * alpha).to(dtype)


def _common(a: Tensor, b: Tensor) -> DType:
    """The dtype of an operation between two tensors."""
    return dtypes.result_of(a.dtype, a.ndim == 0, b.dtype, b.ndim == 0)


def as_result(a: Tensor, b: Tensor | float, y: Tensor) -> Tensor:
    """The result of an operation between a and b, rounded to the 16 bits that these have."""
    dtype = a.dtype if isinstance(b, (int, float)) else _common(a, b)
    return y.to(dtype) if dtype.half else y


def sub(input: Tensor, other: Tensor | float, *, alpha: float = 1) -> Tensor:
    """Elementwise: input - alpha * other.

    https://docs.pytorch.org/docs/stable/generated/torch.sub.html
    """
    if alpha == 1 and type(alpha) is int:
        return input - other
    return as_result(input, other, input - scaled("sub", input, other, alpha))


subtract = sub


def div(
    input: Tensor, other: Tensor | float, *, rounding_mode: Literal["trunc", "floor"] | None = None
) -> Tensor:
    """Elementwise: input / other, then rounded towards zero or down if asked.

    https://docs.pytorch.org/docs/stable/generated/torch.div.html

    Raises:
        RuntimeError: if `rounding_mode` is neither None, "trunc" nor "floor".
    """
    if rounding_mode is None:
        return input / other
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        remainder = fmod(input, other)
        if remainder.dtype.is_floating_point:
            return (input / other).trunc()
        return (input - remainder).apply_binary(op.floor_divide, other)  # exact: no rounding left
    raise RuntimeError(
        f"div: rounding_mode must be None, 'trunc' or 'floor', but got {rounding_mode!r}"
    )


divide = div


def pow(input: Tensor | float, exponent: Tensor | float) -> Tensor:
    """Elementwise: input ** exponent; one of them may be a number.

    https://docs.pytorch.org/docs/stable/generated/torch.pow.html

    Raises:
        RuntimeError: for an integer tensor and a negative integer exponent, as in PyTorch.
        TypeError: if both are numbers.
    """
    if isinstance(input, (int, float)):
        if isinstance(exponent, (int, float)):
            raise TypeError("pow: one of input and exponent must be a Tensor")
        return exponent.apply_reflected(op.pow, input)
    if isinstance(exponent, (int, float)):
        whole = type(exponent) is int and input.dtype.kind == "int"
        if exponent == 2 and (whole or input.dtype.is_floating_point):
            return input.apply_unary(op.square)
        if isinstance(exponent, int) and exponent < 0 and not input.dtype.is_floating_point:
            raise RuntimeError(
                f"pow: integers to negative integer powers are not allowed: dtype {input.dtype}, "
                f"exponent {exponent}; convert the base with .float() first"
            )
    return input.apply_binary(op.pow, exponent)


def square(input: Tensor) -> Tensor:
    """Elementwise: input * input; a bool counts as an integer.

    https://docs.pytorch.org/docs/stable/generated/torch.square.html
    """
    return (input.long() if input.dtype is dtypes.bool_ else input).apply_unary(op.square)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """Elementwise: the nearest integer, halves to the even one; or so many decimals.

    https://docs.pytorch.org/docs/stable/generated/torch.round.html
    """
    if input.dtype.kind == "int" and decimals == 0:
        return views.clone(input)
    if decimals and not input.dtype.is_floating_point:
        raise RuntimeError(
            f"round: decimals are for floating point tensors, but got {input.dtype}; use .float()"
        )
    if decimals == 0:
        return input.apply_unary(op.round)
    scale = 10.0 ** builtins.abs(decimals)
    scaled = input * scale if decimals > 0 else input / scale
    rounded = scaled.apply_unary(op.round)
    return rounded / scale if decimals > 0 else rounded * scale


def clamp(
    input: Tensor, min: Tensor | float | None = None, max: Tensor | float | None = None
) -> Tensor:
    """Elementwise: min(max(input, min), max); nan stays.

    https://docs.pytorch.org/docs/stable/generated/torch.clamp.html

    Raises:
        RuntimeError: if neither bound is given.
    """
    if min is None and max is None:
        raise RuntimeError("clamp: at least one of 'min' or 'max' must not be None")
    if min is not None and max is not None:
        return input.apply_ternary(op.clamp, min, max)
    if min is not None:
        return input.apply_binary(op.clamp_min, min)
    return input.apply_binary(op.clamp_max, max if max is not None else 0.0)


def clamp_min(input: Tensor, min: Tensor | float) -> Tensor:
    """Elementwise: max(input, min); nan stays."""
    return clamp(input, min=min)


def clamp_max(input: Tensor, max: Tensor | float) -> Tensor:
    """Elementwise: min(input, max); nan stays."""
    return clamp(input, max=max)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """Elementwise: input + value * tensor1 * tensor2.

    https://docs.pytorch.org/docs/stable/generated/torch.addcmul.html

    Raises:
        RuntimeError: for bools.
    """
    if input.dtype.kind == tensor1.dtype.kind == tensor2.dtype.kind == "bool":
        raise RuntimeError("addcmul: not defined for bool tensors; convert them with .int() first")
    product = tensor1 * tensor2
    return input + (product if value == 1 else product * value)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """Elementwise: input + value * tensor1 / tensor2.

    https://docs.pytorch.org/docs/stable/generated/torch.addcdiv.html

    Raises:
        RuntimeError: for a division of integers, as in PyTorch.
    """
    if not (tensor1.dtype.is_floating_point or tensor2.dtype.is_floating_point):
        raise RuntimeError("addcdiv: integer division is not supported; use .float() first")
    quotient = tensor1 / tensor2
    return input + (quotient if value == 1 else quotient * value)


def nan_to_num(
    input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Elementwise: numbers instead of nan and the infinities, by default the largest there are.

    https://docs.pytorch.org/docs/stable/generated/torch.nan_to_num.html
    """
    if not input.dtype.is_floating_point:
        return views.clone(input)
    limit = dtypes.finfo(input.dtype).max
    y = where(isnan(input), nan, input)
    y = where(eq(input, math.inf), limit if posinf is None else posinf, y)
    return where(eq(input, -math.inf), -limit if neginf is None else neginf, y)


clip = clamp


def lerp(input: Tensor, end: Tensor | float, weight: Tensor | float) -> Tensor:
    """Elementwise: input + weight * (end - input).

    https://docs.pytorch.org/docs/stable/generated/torch.lerp.html

    Raises:
        RuntimeError: if end, or a weight that is a tensor, has another dtype than input.
    """
    for name, x in (("end", end), ("weight", weight)):
        if not isinstance(x, (int, float)) and require_tensor("lerp", name, x).dtype is not (
            input.dtype
        ):
            raise RuntimeError(
                f"lerp: expected dtype {input.dtype} for {name}, as of input, but got {x.dtype}; "
                "use .to(...)"
            )
    return input.apply_ternary(op.lerp, end, weight)


@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...
@overload
def where(condition: Tensor, input: Tensor | float, other: Tensor | float) -> Tensor: ...
def where(
    condition: Tensor, input: Tensor | float | None = None, other: Tensor | float | None = None
) -> Tensor | tuple[Tensor, ...]:
    """Elementwise: input where the condition holds, else other.

    Of the condition alone: the indices where it holds, a vector for each dimension.
    https://docs.pytorch.org/docs/stable/generated/torch.where.html

    Raises:
        RuntimeError: if the condition is not a bool tensor.
        TypeError: if only one of input and other is given.
    """
    if input is None and other is None:
        return require_tensor("where", "condition", condition).nonzero(as_tuple=True)
    if input is None or other is None:
        raise TypeError("where: expected the condition alone, or with both input and other")
    if require_tensor("where", "condition", condition).dtype is not dtypes.bool_:
        raise RuntimeError(
            f"where: expected condition to be a bool tensor, but got {condition.dtype}; compare "
            "it first, for example condition != 0"
        )
    return condition.apply_ternary(op.where, input, other)


def where_of(input: Tensor, condition: Tensor, other: Tensor | float) -> Tensor:
    """`x.where(condition, other)`: x where the condition holds, else other.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.where.html
    """
    return where(condition, input, other)


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shapes and all elements are equal; nan equals nothing.

    https://docs.pytorch.org/docs/stable/generated/torch.equal.html
    """
    return input.shape == other.shape and bool(eq(input, other).all())


def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Elementwise: |input - other| <= atol + rtol * |other|.

    https://docs.pytorch.org/docs/stable/generated/torch.isclose.html

    Raises:
        RuntimeError: if the dtypes differ, or a tolerance is negative.
    """
    if input.dtype is not require_tensor("isclose", "other", other).dtype:
        raise RuntimeError(f"isclose: {input.dtype} did not match {other.dtype}; use .to(...)")
    if rtol < 0 or atol < 0:
        raise RuntimeError(
            f"isclose: rtol and atol must be at least zero, but got {rtol} and {atol}"
        )
    if input.dtype is dtypes.bool_ and other.dtype is dtypes.bool_:
        return eq(input, other)
    near = abs(input - other) <= abs(other) * rtol + atol
    near = logical_and(near, isfinite(input - other))
    close = logical_or(eq(input, other), near)
    return logical_or(close, logical_and(isnan(input), isnan(other))) if equal_nan else close


def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether `isclose` holds everywhere.

    https://docs.pytorch.org/docs/stable/generated/torch.allclose.html
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).all())
