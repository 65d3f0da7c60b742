"""Every pointwise function in place, `x.acos_()` and `acos_(x)`, as a table.

Three kinds of lines. An operator of one or two operands is computed directly in the memory of x
where nothing is recorded. Any other function is computed, then written into x. All raise where the
result does not fit the dtype of x, as a float does not fit an integer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeGuard

import minitorch_operators as op
from minitorch_autodiff import Variable
from minitorch_operators import Binary, Unary
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import elementwise, elementwise_complex, elementwise_integers, pointwise
from minitorch_tensor.inplace import binary_, clamp_, div_, mul_, sub_, unary_, write

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

P = ParamSpec("P")
InPlace = Callable[Concatenate["Tensor", P], "Tensor"]


def in_place(function: Callable[Concatenate[Tensor, P], Tensor]) -> InPlace[P]:
    """The function that writes the result of `function` into its first argument."""
    name = f"{function.__name__}_"

    @functools.wraps(function)
    def writing(input: Tensor, /, *args: P.args, **kwargs: P.kwargs) -> Tensor:
        others = [x for x in (*args, *kwargs.values()) if _is_tensor(x)]
        return write(name, input, lambda old: function(old, *args, **kwargs), *others)

    return _described(writing, name, function.__doc__)


def _is_tensor(value: object) -> TypeGuard[Tensor]:
    return isinstance(value, Variable)


def _unary(operator: Unary, name: str = "") -> Callable[[Tensor], Tensor]:
    """The function that applies the operator in place."""

    def writing(input: Tensor) -> Tensor:
        return unary_(input, operator)

    return _described(writing, f"{name or operator.name}_", operator.fn.__doc__)


def _binary(operator: Binary, name: str = "") -> Callable[[Tensor, Tensor | float], Tensor]:
    """The function that applies the operator in place."""

    def writing(input: Tensor, other: Tensor | float) -> Tensor:
        return binary_(input, operator, other)

    return _described(writing, f"{name or operator.name}_", operator.fn.__doc__)


def _described(writing: Callable[P, Tensor], name: str, formula: str | None) -> Callable[P, Tensor]:
    """Give the function its name, the first line of what is computed, and PyTorch's page."""
    first = (formula or "").partition("\n")[0].removeprefix("Elementwise: ")
    writing.__name__ = writing.__qualname__ = name
    writing.__doc__ = (
        f"In place: {first}\n\n"
        f"https://docs.pytorch.org/docs/stable/generated/torch.Tensor.{name}.html"
    )
    return writing


# ---- operators of one operand --------------------------------------------------------------------

abs_ = absolute_ = _unary(op.abs)
acos_ = arccos_ = _unary(op.acos)
acosh_ = arccosh_ = _unary(op.acosh)
asin_ = arcsin_ = _unary(op.asin)
asinh_ = arcsinh_ = _unary(op.asinh)
atan_ = arctan_ = _unary(op.atan)
atanh_ = arctanh_ = _unary(op.atanh)
ceil_ = _unary(op.ceil)
cos_ = _unary(op.cos)
cosh_ = _unary(op.cosh)
deg2rad_ = _unary(op.deg2rad)
erf_ = _unary(op.erf)
erfc_ = _unary(op.erfc)
exp2_ = _unary(op.exp2)
exp_ = _unary(op.exp)
expm1_ = _unary(op.expm1)
floor_ = _unary(op.floor)
frac_ = _unary(op.frac)
log10_ = _unary(op.log10)
log1p_ = _unary(op.log1p)
log2_ = _unary(op.log2)
log_ = _unary(op.log)
logical_not_ = _unary(op.logical_not)
neg_ = negative_ = _unary(op.neg)
rad2deg_ = _unary(op.rad2deg)
reciprocal_ = _unary(op.inv, "reciprocal")
relu_ = _unary(op.relu)
rsqrt_ = _unary(op.rsqrt)
sgn_ = _unary(op.sign, "sgn")
sigmoid_ = _unary(op.sigmoid)
sign_ = _unary(op.sign)
sin_ = _unary(op.sin)
sinc_ = _unary(op.sinc)
sinh_ = _unary(op.sinh)
sqrt_ = _unary(op.sqrt)
tan_ = _unary(op.tan)
tanh_ = _unary(op.tanh)
trunc_ = fix_ = _unary(op.trunc)

# ---- operators of two operands -------------------------------------------------------------------

atan2_ = arctan2_ = _binary(op.atan2)
bitwise_and_ = _binary(op.bitwise_and)
bitwise_left_shift_ = _binary(op.bitwise_left_shift)
bitwise_or_ = _binary(op.bitwise_or)
bitwise_right_shift_ = _binary(op.bitwise_right_shift)
bitwise_xor_ = _binary(op.bitwise_xor)
copysign_ = _binary(op.copysign)
eq_ = _binary(op.eq)
fmod_ = _binary(op.fmod)
ge_ = greater_equal_ = _binary(op.ge)
gt_ = greater_ = _binary(op.gt)
hypot_ = _binary(op.hypot)
le_ = less_equal_ = _binary(op.le)
logical_and_ = _binary(op.logical_and)
logical_or_ = _binary(op.logical_or)
logical_xor_ = _binary(op.logical_xor)
lt_ = less_ = _binary(op.lt)
ne_ = not_equal_ = _binary(op.ne)
true_divide_ = _binary(op.div, "true_divide")
xlogy_ = _binary(op.xlogy)

# ---- other functions -----------------------------------------------------------------------------

bitwise_not_ = in_place(elementwise_integers.bitwise_not)
conj_physical_ = in_place(elementwise_complex.conj_physical)
gcd_ = in_place(elementwise_integers.gcd)
heaviside_ = in_place(elementwise.heaviside)
lcm_ = in_place(elementwise_integers.lcm)
ldexp_ = in_place(elementwise.ldexp)
logit_ = in_place(elementwise.logit)
nan_to_num_ = in_place(pointwise.nan_to_num)
nextafter_ = in_place(elementwise.nextafter)
round_ = in_place(pointwise.round)
square_ = in_place(pointwise.square)

# PyTorch's second names.
clip_ = clamp_
divide_ = div_
multiply_ = mul_
subtract_ = sub_


def float_power_(input: Tensor, exponent: Tensor | float) -> Tensor:
    """In place: input ** exponent, in float64, which input must have.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.float_power_.html

    Raises:
        RuntimeError: if input has another dtype.
    """
    if input.dtype is not dtypes.float64:
        raise RuntimeError(
            f"float_power_: the result has dtype {dtypes.float64}, but the base to write it into "
            f"has dtype {input.dtype}; use float_power()"
        )
    others = () if isinstance(exponent, (int, float)) else (exponent,)
    return write("float_power_", input, lambda old: elementwise.float_power(old, exponent), *others)
