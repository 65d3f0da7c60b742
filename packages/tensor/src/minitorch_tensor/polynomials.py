"""The orthogonal polynomials: each the weighted sum of the two before it.

`P_k+1(x) = step(k, x, P_k, P_k-1)`, from P_0 = 1 and a first P_1; the degree n is a tensor too, so
the recurrence runs to the largest one, and each element takes what was there at its own degree.
Chebyshev's polynomials have closed forms in the angle whose cosine is x, which serve from degree 9
on. None of them is differentiated, as in PyTorch.

Source: DLMF 18 (https://dlmf.nist.gov/18).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import pointwise
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.joining import broadcast_tensors
from minitorch_tensor.pointwise import where

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor
    from minitorch_tensor.dtype import DType

Step = Callable[[int, "Tensor", "Tensor", "Tensor"], "Tensor"]
Closed = Callable[["Tensor", "Tensor", "Tensor"], "Tensor"]

_RECURRENCE: Final = 8  # the degree up to which Chebyshev's polynomials are summed
_HERMITE: Final = {"float64": 512, "float32": 128}  # beyond, PyTorch gives nan; others: 1024


def _prepared(name: str, input: Tensor | float, n: Tensor | float) -> tuple[Tensor, Tensor]:
    """x and n without history, of one shape and one floating dtype; n is whole.

    Raises:
        TypeError: if both are numbers, or one is neither a tensor nor a number.
    """
    if isinstance(input, (int, float)):
        if isinstance(n, (int, float)):
            raise TypeError(
                f"{name}: one of input and n must be a Tensor, but both are numbers; tensor(...) "
                "makes one"
            )
        degree = require_tensor(name, "n", n).detach()
        dtype = _floating(dtypes.with_number(degree.dtype, input))
        x = degree._constant(input, dtype)
    else:
        x = require_tensor(name, "input", input).detach()
        if isinstance(n, (int, float)):
            dtype = _floating(dtypes.with_number(x.dtype, n))
            degree = x._constant(n, dtype)
        else:
            degree = require_tensor(name, "n", n).detach()
            dtype = dtypes.result_of(x.dtype, x.ndim == 0, degree.dtype, degree.ndim == 0)
            dtype = _floating(dtype)
    x, degree = broadcast_tensors(x.to(dtype), degree.to(dtype))
    return x, pointwise.trunc(degree)


def _floating(dtype: DType) -> DType:
    return dtype if dtype.is_floating_point else dtypes.get_default_dtype()


def _recurrence(x: Tensor, n: Tensor, first: Tensor, step: Step, limit: int | None) -> Tensor:
    """P_n(x) for every n up to `limit`; 0 for a negative n, and the last P for a larger one."""
    p, q = x._full(x.shape, 1.0, x.dtype), first
    y = where(n < 0.0, 0.0, where(n < 1.0, p, q))
    largest = int(n.max().item()) if n.numel() else 0
    for k in range(1, largest if limit is None else min(largest, limit)):
        p, q = q, step(k, x, q, p)
        y = where(n > float(k), q, y)
    return y


def _double(k: int, x: Tensor, q: Tensor, p: Tensor) -> Tensor:
    """2 x q - p, by which all of Chebyshev's polynomials go on."""
    return (x + x) * q - p


def _chebyshev(x: Tensor, n: Tensor, first: Tensor, closed: Closed) -> Tensor:
    """By recurrence for low degrees, and in closed form for the others.

    `closed(x, n, sign)` gets (-1)**n as its sign.
    """
    y = _recurrence(x, n, first, _double, _RECURRENCE)
    if not bool((n > float(_RECURRENCE)).any()):
        return y
    return where(n > float(_RECURRENCE), closed(x, n, 1.0 - 2.0 * pointwise.remainder(n, 2.0)), y)


def _waves(x: Tensor, inside: Tensor, outside: Tensor, one: Tensor, minus_one: Tensor) -> Tensor:
    """What is given for |x| < 1, for |x| > 1, for 1 and for -1."""
    y = where(pointwise.abs(x) > 1.0, outside, inside)
    return where(pointwise.eq(x, 1.0), one, where(pointwise.eq(x, -1.0), minus_one, y))


def _closed_t(x: Tensor, n: Tensor, sign: Tensor) -> Tensor:
    """cos(n a), with x = cos(a); beyond 1 the same with hyperbolic functions."""
    t = pointwise.acosh(pointwise.abs(x))
    outside = pointwise.cosh(n * t) * where(x < 0.0, sign, 1.0)
    return _waves(x, pointwise.cos(n * pointwise.acos(x)), outside, n * 0.0 + 1.0, sign)


def _closed_u(x: Tensor, n: Tensor, sign: Tensor) -> Tensor:
    """sin((n + 1) a) / sin(a)."""
    a, t = pointwise.acos(x), pointwise.acosh(pointwise.abs(x))
    inside = pointwise.sin((n + 1.0) * a) / pointwise.sin(a)
    outside = pointwise.sinh((n + 1.0) * t) / pointwise.sinh(t) * where(x < 0.0, sign, 1.0)
    return _waves(x, inside, outside, n + 1.0, sign * (n + 1.0))


def _closed_v(x: Tensor, n: Tensor, sign: Tensor) -> Tensor:
    """cos((n + 1/2) a) / cos(a / 2)."""
    a, t = pointwise.acos(x), pointwise.acosh(pointwise.abs(x))
    inside = pointwise.cos((n + 0.5) * a) / pointwise.cos(a * 0.5)
    right = pointwise.cosh((n + 0.5) * t) / pointwise.cosh(t * 0.5)
    left = sign * pointwise.sinh((n + 0.5) * t) / pointwise.sinh(t * 0.5)
    return _waves(x, inside, where(x < 0.0, left, right), n * 0.0 + 1.0, sign * (2.0 * n + 1.0))


def _closed_w(x: Tensor, n: Tensor, sign: Tensor) -> Tensor:
    """sin((n + 1/2) a) / sin(a / 2)."""
    a, t = pointwise.acos(x), pointwise.acosh(pointwise.abs(x))
    inside = pointwise.sin((n + 0.5) * a) / pointwise.sin(a * 0.5)
    right = pointwise.sinh((n + 0.5) * t) / pointwise.sinh(t * 0.5)
    left = sign * pointwise.cosh((n + 0.5) * t) / pointwise.cosh(t * 0.5)
    return _waves(x, inside, where(x < 0.0, left, right), 2.0 * n + 1.0, sign)


def _shifted(name: str, input: Tensor | float, n: Tensor | float) -> tuple[Tensor, Tensor]:
    """2 x - 1 and n."""
    x, degree = _prepared(name, input, n)
    return x + x - 1.0, degree


def chebyshev_polynomial_t(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Chebyshev's polynomial of the first kind.

    For |x| < 1 it is cos(n arccos(x)); 0 for a negative n.
    It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_t

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> chebyshev_polynomial_t(mt.tensor([0.5, 2.0]), 3)
    Tensor([-1., 26.], requires_grad=False)
    """
    x, degree = _prepared("chebyshev_polynomial_t", input, n)
    return _chebyshev(x, degree, x, _closed_t)


def chebyshev_polynomial_u(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Chebyshev's polynomial of the second kind.

    For |x| < 1 it is sin((n + 1) arccos(x)) / sin(arccos(x)); 0 for a negative n.
    It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_u

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> chebyshev_polynomial_u(mt.tensor([0.5, 2.0]), 3)
    Tensor([-1., 56.], requires_grad=False)
    """
    x, degree = _prepared("chebyshev_polynomial_u", input, n)
    return _chebyshev(x, degree, x + x, _closed_u)


def chebyshev_polynomial_v(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Chebyshev's polynomial of the third kind.

    For |x| < 1 it is cos((n + 1/2) arccos(x)) / cos(arccos(x) / 2); 0 for a negative n.
    It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_v

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> chebyshev_polynomial_v(mt.tensor([0.5, 2.0]), 3)
    Tensor([-1., 41.], requires_grad=False)
    """
    x, degree = _prepared("chebyshev_polynomial_v", input, n)
    return _chebyshev(x, degree, x + x - 1.0, _closed_v)


def chebyshev_polynomial_w(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Chebyshev's polynomial of the fourth kind.

    For |x| < 1 it is sin((n + 1/2) arccos(x)) / sin(arccos(x) / 2); 0 for a negative n.
    It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_w

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> chebyshev_polynomial_w(mt.tensor([0.5, 2.0]), 3)
    Tensor([-1., 71.], requires_grad=False)
    """
    x, degree = _prepared("chebyshev_polynomial_w", input, n)
    return _chebyshev(x, degree, x + x + 1.0, _closed_w)


def shifted_chebyshev_polynomial_t(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Chebyshev's polynomial of the first kind at 2 x - 1.

    0 for a negative n. It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_t

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> shifted_chebyshev_polynomial_t(mt.tensor([0.5, 2.0]), 3)
    Tensor([-0., 99.], requires_grad=False)
    """
    x, degree = _shifted("shifted_chebyshev_polynomial_t", input, n)
    return _chebyshev(x, degree, x, _closed_t)


def shifted_chebyshev_polynomial_u(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Chebyshev's polynomial of the second kind at 2 x - 1.

    0 for a negative n. It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_u

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> shifted_chebyshev_polynomial_u(mt.tensor([0.5, 2.0]), 3)
    Tensor([ -0., 204.], requires_grad=False)
    """
    x, degree = _shifted("shifted_chebyshev_polynomial_u", input, n)
    return _chebyshev(x, degree, x + x, _closed_u)


def shifted_chebyshev_polynomial_v(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Chebyshev's polynomial of the third kind at 2 x - 1.

    0 for a negative n. It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_v

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> shifted_chebyshev_polynomial_v(mt.tensor([0.5, 2.0]), 3)
    Tensor([  1., 169.], requires_grad=False)
    """
    x, degree = _shifted("shifted_chebyshev_polynomial_v", input, n)
    return _chebyshev(x, degree, x + x - 1.0, _closed_v)


def shifted_chebyshev_polynomial_w(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Chebyshev's polynomial of the fourth kind at 2 x - 1.

    0 for a negative n. It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_w

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> shifted_chebyshev_polynomial_w(mt.tensor([0.5, 2.0]), 3)
    Tensor([ -1., 239.], requires_grad=False)
    """
    x, degree = _shifted("shifted_chebyshev_polynomial_w", input, n)
    return _chebyshev(x, degree, x + x + 1.0, _closed_w)


def _hermite(k: int, x: Tensor, q: Tensor, p: Tensor) -> Tensor:
    return (x + x) * q - p * (2.0 * k)


def _hermite_e(k: int, x: Tensor, q: Tensor, p: Tensor) -> Tensor:
    return x * q - p * float(k)


def _laguerre(k: int, x: Tensor, q: Tensor, p: Tensor) -> Tensor:
    return ((2.0 * k + 1.0 - x) * q - p * float(k)) / (k + 1.0)


def _legendre(k: int, x: Tensor, q: Tensor, p: Tensor) -> Tensor:
    return (x * q * (2.0 * k + 1.0) - p * float(k)) / (k + 1.0)


def hermite_polynomial_h(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Hermite's polynomial of the physicists, H_n+1 = 2 x H_n - 2 n H_n-1.

    0 for a negative n. It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.hermite_polynomial_h

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> hermite_polynomial_h(mt.tensor([0.5, 2.0]), 3)
    Tensor([-5., 40.], requires_grad=False)
    """
    x, degree = _prepared("hermite_polynomial_h", input, n)
    y = _recurrence(x, degree, x + x, _hermite, _HERMITE.get(x.dtype.name, 1024))
    return where(degree > float(_HERMITE.get(x.dtype.name, 1024)), math.nan, y)


def hermite_polynomial_he(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Hermite's polynomial of probability, He_n+1 = x He_n - n He_n-1.

    0 for a negative n. It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.hermite_polynomial_he

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> hermite_polynomial_he(mt.tensor([0.5, 2.0]), 3)
    Tensor([-1.3750,  2.0000], requires_grad=False)
    """
    x, degree = _prepared("hermite_polynomial_he", input, n)
    y = _recurrence(x, degree, x, _hermite_e, _HERMITE.get(x.dtype.name, 1024))
    return where(degree > float(_HERMITE.get(x.dtype.name, 1024)), math.nan, y)


def laguerre_polynomial_l(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Laguerre's polynomial, (n + 1) L_n+1 = (2 n + 1 - x) L_n - n L_n-1.

    0 for a negative n. It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.laguerre_polynomial_l

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> laguerre_polynomial_l(mt.tensor([0.5, 2.0]), 3)
    Tensor([-0.1458, -0.3333], requires_grad=False)
    """
    x, degree = _prepared("laguerre_polynomial_l", input, n)
    return _recurrence(x, degree, 1.0 - x, _laguerre, None)


def legendre_polynomial_p(input: Tensor | float, n: Tensor | float) -> Tensor:
    """Elementwise: Legendre's polynomial, (n + 1) P_n+1 = (2 n + 1) x P_n - n P_n-1.

    0 for a negative n. It has no gradient.
    https://docs.pytorch.org/docs/stable/special.html#torch.special.legendre_polynomial_p

    Raises:
        TypeError: if both are numbers.

    >>> import minitorch_tensor as mt
    >>> legendre_polynomial_p(mt.tensor([0.5, 2.0]), 3)
    Tensor([-0.4375, 17.0000], requires_grad=False)
    """
    x, degree = _prepared("legendre_polynomial_p", input, n)
    return _recurrence(x, degree, x, _legendre, None)
