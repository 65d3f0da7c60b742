"""The special functions under their names of the literature: `minitorch.special`.

Many are the functions of the tensor layer under another name (expit is sigmoid, gammainc igamma);
here are those that PyTorch has in this namespace only. The Bessel and Airy functions and the
orthogonal polynomials have no gradient, as in PyTorch.

https://docs.pytorch.org/docs/stable/special.html

>>> import minitorch_tensor as mt
>>> bessel_j0(mt.tensor([0.0, 1.0]))
Tensor([1.0000, 0.7652], requires_grad=False)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import minitorch_operators as op
from minitorch_operators import Unary
from minitorch_tensor import pointwise
from minitorch_tensor.arguments import require_tensor
from minitorch_tensor.elementwise import logit, sinc
from minitorch_tensor.exponentials import log_softmax as _log_softmax
from minitorch_tensor.exponentials import softmax as _softmax
from minitorch_tensor.gamma_functions import digamma, erfinv, i0, polygamma, zeta
from minitorch_tensor.gamma_functions import igamma as gammainc
from minitorch_tensor.gamma_functions import igammac as gammaincc
from minitorch_tensor.gamma_functions import lgamma as gammaln
from minitorch_tensor.gamma_functions import mvlgamma as multigammaln
from minitorch_tensor.pointwise import (
    erf,
    erfc,
    exp2,
    expm1,
    log1p,
    round,
    xlogy,
)
from minitorch_tensor.pointwise import sigmoid as expit
from minitorch_tensor.polynomials import (
    chebyshev_polynomial_t,
    chebyshev_polynomial_u,
    chebyshev_polynomial_v,
    chebyshev_polynomial_w,
    hermite_polynomial_h,
    hermite_polynomial_he,
    laguerre_polynomial_l,
    legendre_polynomial_p,
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
)
from minitorch_tensor.reductions import logsumexp

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor
    from minitorch_tensor.dtype import DType

__all__ = [
    "airy_ai",
    "bessel_j0",
    "bessel_j1",
    "bessel_y0",
    "bessel_y1",
    "chebyshev_polynomial_t",
    "chebyshev_polynomial_u",
    "chebyshev_polynomial_v",
    "chebyshev_polynomial_w",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "modified_bessel_i0",
    "modified_bessel_i1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
    "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
    "sinc",
    "softmax",
    "spherical_bessel_j0",
    "xlog1py",
    "xlogy",
    "zeta",
]


def _function(
    operator: Unary, name: str = "", *, smooth: bool = True
) -> Callable[[Tensor], Tensor]:
    """The function that applies the operator; if not `smooth`, to the tensor without history."""
    known = name or operator.name

    def function(input: Tensor) -> Tensor:
        x = require_tensor(known, "input", input)
        return (x if smooth else x.detach()).apply_unary(operator)

    function.__name__ = function.__qualname__ = known
    gradient = "" if smooth else "\n    It has no gradient.\n"
    function.__doc__ = (
        f"Elementwise: {operator.fn.__doc__}\n{gradient}\n"
        f"    https://docs.pytorch.org/docs/stable/special.html#torch.special.{known}"
    )
    return function


psi = digamma

entr = _function(op.entr)
erfcx = _function(op.erfcx)
i0e = _function(op.i0e)
i1 = _function(op.i1)
i1e = _function(op.i1e)
log_ndtr = _function(op.log_ndtr)
ndtr = _function(op.ndtr)
ndtri = _function(op.ndtri)

airy_ai = _function(op.airy_ai, smooth=False)
bessel_j0 = _function(op.bessel_j0, smooth=False)
bessel_j1 = _function(op.bessel_j1, smooth=False)
bessel_y0 = _function(op.bessel_y0, smooth=False)
bessel_y1 = _function(op.bessel_y1, smooth=False)
modified_bessel_i0 = _function(op.i0, "modified_bessel_i0", smooth=False)
modified_bessel_i1 = _function(op.i1, "modified_bessel_i1", smooth=False)
modified_bessel_k0 = _function(op.modified_bessel_k0, smooth=False)
modified_bessel_k1 = _function(op.modified_bessel_k1, smooth=False)
scaled_modified_bessel_k0 = _function(op.scaled_modified_bessel_k0, smooth=False)
scaled_modified_bessel_k1 = _function(op.scaled_modified_bessel_k1, smooth=False)
spherical_bessel_j0 = _function(op.spherical_bessel_j0, smooth=False)


def log_softmax(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """log(softmax(x)) = x_i - log(sum_j exp(x_j)) along one dimension.

    https://docs.pytorch.org/docs/stable/special.html#torch.special.log_softmax

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.
    """
    return _log_softmax(input, dim, dtype=dtype)


def softmax(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """exp(x_i) / sum_j exp(x_j) along one dimension.

    https://docs.pytorch.org/docs/stable/special.html#torch.special.softmax

    Raises:
        RuntimeError: for integers without a `dtype`.
        IndexError: if there is no such dimension.
    """
    return _softmax(input, dim, dtype=dtype)


def xlog1py(input: Tensor | float, other: Tensor | float) -> Tensor:
    """Elementwise: input * log(1 + other), but 0 where input is 0 (and other is not nan).

    https://docs.pytorch.org/docs/stable/special.html#torch.special.xlog1py

    Raises:
        TypeError: if both are numbers, or one is neither a tensor nor a number.

    >>> import minitorch_tensor as mt
    >>> xlog1py(mt.tensor([0.0, 2.0]), mt.tensor([-1.0, 1.0]))
    Tensor([0.0000, 1.3863], requires_grad=False)
    """
    if isinstance(input, (int, float)):
        if isinstance(other, (int, float)):
            raise TypeError(
                "xlog1py: one of input and other must be a Tensor, but both are numbers"
            )
        return require_tensor("xlog1py", "other", other).apply_reflected(op.xlog1py, input)
    return _xlog1py(input, other)


_xlog1py = pointwise.binary(op.xlog1py)
