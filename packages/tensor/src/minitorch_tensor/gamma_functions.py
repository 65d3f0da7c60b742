"""The gamma function's logarithm and derivatives, its incomplete forms, and the zeta function.

Each is an operator of `minitorch_operators`, or a sum of such. Where PyTorch has no derivative by
an argument, there is none here: the function can be called, and a backward that needs it raises.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import minitorch_operators as op
from minitorch_autodiff import is_grad_enabled
from minitorch_operators import Binary
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import pointwise, views
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.elementwise_inplace import in_place

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

_LARGEST_FACTORIAL = 170  # of those that are a float

lgamma = pointwise.unary(op.lgamma)
digamma = pointwise.unary(op.digamma)
erfinv = pointwise.unary(op.erfinv)
i0 = pointwise.unary(op.i0)


def polygamma(n: int, input: Tensor) -> Tensor:
    """Elementwise: the derivative number n + 1 of log(gamma(x)), so digamma for n = 0.

    From n = 2 on it is (-1)**(n + 1) n! zeta(n + 1, x), with the Hurwitz zeta function.
    https://docs.pytorch.org/docs/stable/generated/torch.polygamma.html

    Raises:
        RuntimeError: if n is negative.
        TypeError: if n is no integer, or input is no tensor.

    >>> import minitorch_tensor as mt
    >>> polygamma(1, mt.tensor([1.0, 0.5]))
    Tensor([1.6449, 4.9348], requires_grad=False)
    """
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(f"polygamma: argument 'n' must be an int, not {type(n).__name__}")
    if n < 0:
        raise RuntimeError(f"polygamma: n must not be negative, but got {n}; n = 0 is digamma")
    require_tensor("polygamma", "input", input)
    if n < 2:
        return input.apply_unary(op.trigamma if n == 1 else op.digamma)
    factorial = float(math.factorial(n)) if n <= _LARGEST_FACTORIAL else math.inf
    return input.apply_reflected(op.zeta, n + 1.0) * (factorial if n % 2 else -factorial)


def polygamma_of(input: Tensor, n: int) -> Tensor:
    """`x.polygamma(n)`: the derivative number n + 1 of log(gamma(x)).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.polygamma.html
    """
    return polygamma(n, input)


polygamma_of.__name__ = "polygamma"


def mvlgamma(input: Tensor, p: int) -> Tensor:
    """Elementwise: log of the gamma function of p dimensions.

    sum over j < p of lgamma(x - j/2), plus p (p - 1) / 4 log(pi).
    https://docs.pytorch.org/docs/stable/generated/torch.mvlgamma.html

    Raises:
        RuntimeError: if p < 1, or for a bool tensor.
        TypeError: if p is no integer, or input is no tensor.

    >>> import minitorch_tensor as mt
    >>> mvlgamma(mt.tensor([1.5, 3.0]), 2)
    Tensor([0.4516, 1.5502], requires_grad=False)
    """
    if require_tensor("mvlgamma", "input", input).dtype is dtypes.bool_:
        raise RuntimeError("mvlgamma: not defined for bool tensors; convert it with .float() first")
    if not isinstance(p, int) or isinstance(p, bool):
        raise TypeError(f"mvlgamma: argument 'p' must be an int, not {type(p).__name__}")
    if p < 1:
        raise RuntimeError(f"mvlgamma: p must be at least 1, but got {p}; 1 is lgamma")
    x = input if input.dtype.is_floating_point else input.to(dtypes.get_default_dtype())
    shifts = x._arange(p).to(x.dtype) * -0.5  # (p,)
    terms = lgamma(views.unsqueeze(x, -1) + shifts)  # (..., p)
    return terms.sum(-1) + p * (p - 1) / 4 * math.log(math.pi)


def igamma(input: Tensor, other: Tensor) -> Tensor:
    """Elementwise: the part of the gamma integral below x, for a = input and x = other.

    P(a, x), the integral of t**(a-1) exp(-t) from 0 to x, over gamma(a); nan if a or x is negative.
    https://docs.pytorch.org/docs/stable/generated/torch.igamma.html

    Raises:
        RuntimeError: if both are of integers.
        NotImplementedError: in a backward that needs the derivative by input, as in PyTorch.
        TypeError: if one is no tensor.

    >>> import minitorch_tensor as mt
    >>> igamma(mt.tensor([1.0, 4.0]), mt.tensor([1.0, 4.0]))
    Tensor([0.6321, 0.5665], requires_grad=False)
    """
    return _incomplete(op.igamma, input, other)


def igammac(input: Tensor, other: Tensor) -> Tensor:
    """Elementwise: the part of the gamma integral above x, for a = input and x = other.

    Q(a, x) = 1 - P(a, x), with all digits where it is small.
    https://docs.pytorch.org/docs/stable/generated/torch.igammac.html

    Raises:
        RuntimeError: if both are of integers.
        NotImplementedError: in a backward that needs the derivative by input, as in PyTorch.
        TypeError: if one is no tensor.

    >>> import minitorch_tensor as mt
    >>> igammac(mt.tensor([1.0, 4.0]), mt.tensor([1.0, 4.0]))
    Tensor([0.3679, 0.4335], requires_grad=False)
    """
    return _incomplete(op.igammac, input, other)


def _incomplete(operator: Binary, input: Tensor, other: Tensor) -> Tensor:
    name = operator.name
    require_tensor(name, "input", input)
    require_tensor(name, "other", other)
    return refusing(name, input, input.detach().apply_binary(operator, other))


def zeta(input: Tensor | float, other: Tensor | float) -> Tensor:
    """Elementwise: the Hurwitz zeta function, the sum of (other + k) ** -input for k >= 0.

    inf for input = 1 and at the poles other = 0, -1, -2, ...; nan for input < 1.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.zeta

    Raises:
        NotImplementedError: in a backward that needs the derivative by input, as in PyTorch.
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> zeta(mt.tensor([2.0, 4.0]), 1)
    Tensor([1.6449, 1.0823], requires_grad=False)
    """
    if isinstance(input, (int, float)):
        if isinstance(other, (int, float)):
            raise TypeError("zeta: one of input and other must be a Tensor, but both are numbers")
        return require_tensor("zeta", "other", other).apply_reflected(op.zeta, input)
    x = require_tensor("zeta", "input", input)
    return refusing("zeta", x, _zeta(x.detach(), other))


_zeta = pointwise.binary(op.zeta)


def refusing(name: str, x: Tensor, y: Tensor) -> Tensor:
    """y, whose derivative by the `input` x is not known: a backward that comes to x raises."""
    if not (x.requires_grad and is_grad_enabled()):
        return y

    def refuse(g: Tensor) -> Tensor:
        raise NotImplementedError(
            f"{name}: the derivative by 'input' is not implemented, as in PyTorch; detach() it, or "
            "ask for the gradient by 'other' alone"
        )

    return y + views.linear(x, y._full(y.shape, 0.0, y.dtype), "NotImplemented", refuse)


digamma_ = in_place(digamma)
erfinv_ = in_place(erfinv)
i0_ = in_place(i0)
igamma_ = in_place(igamma)
igammac_ = in_place(igammac)
lgamma_ = in_place(lgamma)
mvlgamma_ = in_place(mvlgamma)
polygamma_ = in_place(polygamma_of)
