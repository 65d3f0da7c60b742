"""The float32 logarithm, sine and cosine that PyTorch's vector kernels compute, bit for bit.

Range reduction and polynomials are those of Moshier's Cephes library (1992), in the order of
operations of the AVX forms by Pommier and Garberoglio, with the multiply-adds fused. Each result is
within 2 units in the last place of the true value; what matters here is that it is always the same.

Source: https://www.netlib.org/cephes/ (logf.c, sinf.c)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minitorch_tensor.rounding import fma32


def _float32(*values: float) -> list[float]:
    """Round each constant to float32, as the vector code holds it."""
    return [float(np.float32(value)) for value in values]


_SQRT_HALF = np.float32(0.707106781186547524)
_LOG = _float32(
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
# ln 2 in two parts: the first has so few bits that its product with an exponent is exact.
_LN2_HIGH, _LN2_LOW = _float32(0.693359375, -2.12194440e-4)

_FOUR_OVER_PI = np.float32(1.27323954473516)
# -pi / 4 in three parts, for the same reason.
_QUARTER_TURN = _float32(-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)
_SIN = _float32(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = _float32(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)


def log32(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ln x for normal numbers x > 0, shape (n,).

    With x = 2**e m and m in [sqrt(1/2), sqrt(2)): ln x = e ln 2 + ln(1 + f), f = m - 1, and
    ln(1 + f) = f - f**2 / 2 + f**3 p(f).

    >>> log32(np.array([1.0, 0.5, 2.0**-24], dtype=np.float32)).tolist()
    [0.0, -0.6931471824645996, -16.63553237915039]
    """
    half_to_one, exponent = np.frexp(x)
    small = half_to_one < _SQRT_HALF
    f = np.where(small, half_to_one + half_to_one, half_to_one) - np.float32(1.0)  # exact
    e = (exponent - small).astype(np.float32)
    f_squared = f * f
    y = _polynomial(_LOG, f) * f
    y = fma32(y, f_squared, e * np.float32(_LN2_LOW))
    y = y - np.float32(0.5) * f_squared
    return fma32(e, _LN2_HIGH, f + y)


def sincos32(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return sin x and cos x for x in [0, 8192), shape (n,).

    x is brought to r in [-pi/4, pi/4] by taking off an even number j of eighths of a turn; j modulo
    8 says which of sin r and cos r is wanted, and with which sign.

    >>> sine, cosine = sincos32(np.array([0.0, 3.1415927], dtype=np.float32))
    >>> sine.tolist(), cosine.tolist()
    ([0.0, -8.742277657347586e-08], [1.0, -1.0])
    """
    j = ((x * _FOUR_OVER_PI).astype(np.int32) + np.int32(1)) & np.int32(-2)
    eighths = j.astype(np.float64)
    r = x
    for part in _QUARTER_TURN:
        r = fma32(np.full_like(r, part), eighths, r)
    r_squared = r * r
    cosine = _polynomial(_COS, r_squared) * r_squared
    cosine = fma32(cosine, r_squared, np.float32(-0.5) * r_squared) + np.float32(1.0)
    sine = _polynomial(_SIN, r_squared) * r_squared
    sine = fma32(sine, r, r)
    swapped = (j & np.int32(2)) != 0
    return (
        _flip(np.where(swapped, cosine, sine), j),
        _flip(np.where(swapped, sine, cosine), j + np.int32(2)),
    )


def _polynomial(coefficients: Sequence[float], x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (c0 x + c1) x + c2 ..., each step rounded once (Horner's rule)."""
    wide = x.astype(np.float64)
    y = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        y = fma32(y, wide, coefficient)
    return y


def _flip(values: NDArray[np.float32], j: NDArray[np.int32]) -> NDArray[np.float32]:
    """Change the sign where bit 2 of j is set: the second half of a turn."""
    return (values.view(np.int32) ^ ((j & np.int32(4)) << np.int32(29))).view(np.float32)
