"""The operators as methods, written once for every kind of value: `x.tanh()`, `x ** 2`, `x < y`.

Here are those that have a symbol in Python, and the common ones by name. The others are functions:
`operators.gelu(x)`.
"""

from __future__ import annotations

from minitorch_autodiff.graph import D
from minitorch_autodiff.variable import Variable
from minitorch_operators import (
    abs as absolute,
)
from minitorch_operators import (
    atan,
    ceil,
    cos,
    cosh,
    erf,
    exp,
    expm1,
    floor,
    floor_divide,
    ge,
    gt,
    inv,
    le,
    log,
    log1p,
    lt,
    maximum,
    minimum,
    relu,
    remainder,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
)
from minitorch_operators import (
    pow as power,
)
from minitorch_operators import (
    round as half_to_even,
)


class Pointwise(Variable[D]):
    """Powers, remainders, comparisons and the elementary functions of a value.

    A comparison gives a value of 0 or 1 without history.
    """

    __slots__ = ()

    def __pow__(self, other: D | float, /) -> D:
        return self.apply_binary(power, other)

    def __rpow__(self, other: float, /) -> D:
        return self.apply_reflected(power, other)

    def __floordiv__(self, other: D | float, /) -> D:
        return self.apply_binary(floor_divide, other)

    def __rfloordiv__(self, other: float, /) -> D:
        return self.apply_reflected(floor_divide, other)

    def __mod__(self, other: D | float, /) -> D:
        return self.apply_binary(remainder, other)

    def __rmod__(self, other: float, /) -> D:
        return self.apply_reflected(remainder, other)

    def __abs__(self) -> D:
        return self.apply_unary(absolute)

    def __lt__(self, other: D | float, /) -> D:
        return self.apply_binary(lt, other)

    def __le__(self, other: D | float, /) -> D:
        return self.apply_binary(le, other)

    def __gt__(self, other: D | float, /) -> D:
        return self.apply_binary(gt, other)

    def __ge__(self, other: D | float, /) -> D:
        return self.apply_binary(ge, other)

    def abs(self) -> D:
        """`|x|`; its derivative at 0 is 0."""
        return self.apply_unary(absolute)

    def atan(self) -> D:
        """The angle in (-pi/2, pi/2) with tangent x."""
        return self.apply_unary(atan)

    def ceil(self) -> D:
        """The smallest integer not below x; its derivative is 0."""
        return self.apply_unary(ceil)

    def cos(self) -> D:
        """The cosine of x, in radians."""
        return self.apply_unary(cos)

    def cosh(self) -> D:
        """`(exp(x) + exp(-x)) / 2`."""
        return self.apply_unary(cosh)

    def erf(self) -> D:
        """The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
        return self.apply_unary(erf)

    def exp(self) -> D:
        """`e ** x`."""
        return self.apply_unary(exp)

    def expm1(self) -> D:
        """`exp(x) - 1`, exact near 0."""
        return self.apply_unary(expm1)

    def floor(self) -> D:
        """The largest integer not above x; its derivative is 0."""
        return self.apply_unary(floor)

    def log(self) -> D:
        """The natural logarithm: -inf at 0, nan below."""
        return self.apply_unary(log)

    def log1p(self) -> D:
        """`log(1 + x)`, exact near 0."""
        return self.apply_unary(log1p)

    def maximum(self, other: D | float, /) -> D:
        """The larger of x and other; at a tie each gets half of the gradient."""
        return self.apply_binary(maximum, other)

    def minimum(self, other: D | float, /) -> D:
        """The smaller of x and other; at a tie each gets half of the gradient."""
        return self.apply_binary(minimum, other)

    def pow(self, exponent: D | float, /) -> D:
        """`x ** exponent`."""
        return self.apply_binary(power, exponent)

    def reciprocal(self) -> D:
        """`1 / x`."""
        return self.apply_unary(inv)

    def relu(self) -> D:
        """`max(x, 0)`; its derivative at 0 is 0."""
        return self.apply_unary(relu)

    def round(self) -> D:
        """The nearest integer, of two the even one; its derivative is 0."""
        return self.apply_unary(half_to_even)

    def rsqrt(self) -> D:
        """`1 / sqrt(x)`."""
        return self.apply_unary(rsqrt)

    def sigmoid(self) -> D:
        """`1 / (1 + exp(-x))`, without overflow."""
        return self.apply_unary(sigmoid)

    def sign(self) -> D:
        """-1, 0 or 1; its derivative is 0."""
        return self.apply_unary(sign)

    def sin(self) -> D:
        """The sine of x, in radians."""
        return self.apply_unary(sin)

    def sinh(self) -> D:
        """`(exp(x) - exp(-x)) / 2`."""
        return self.apply_unary(sinh)

    def sqrt(self) -> D:
        """The square root: nan below 0."""
        return self.apply_unary(sqrt)

    def square(self) -> D:
        """`x * x`."""
        return self.apply_unary(square)

    def tan(self) -> D:
        """The tangent of x, in radians."""
        return self.apply_unary(tan)

    def tanh(self) -> D:
        """The hyperbolic tangent, between -1 and 1."""
        return self.apply_unary(tanh)
