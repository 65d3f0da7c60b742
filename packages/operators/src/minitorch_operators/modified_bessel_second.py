"""The modified Bessel functions of the second kind: K0 and K1, which fall like exp(-x) / sqrt(x).

Up to 2 the logarithm that makes them infinite at 0 is taken out, and what is left is a short sum of
Chebyshev polynomials in x*x; beyond, one in 1 / x after the exponential (see `modified_bessel`).

The coefficients are those of Moshier's Cephes library (https://www.netlib.org/cephes, k0.c, k1.c).
These functions have no rule, for PyTorch does not differentiate them.
"""

from minitorch_operators import ieee
from minitorch_operators.modified_bessel import i0, i1
from minitorch_operators.record import Unary

_INF = float("inf")
_NAN = float("nan")


def _k0_rest(t: float) -> float:
    """K0(x) + log(x/2) I0(x) for x*x = t + 2 up to 4."""
    a = 1.374465435613523e-16
    b = t * a + 4.25981614279661e-14
    a = t * b - a + 1.0349695257633842e-11
    b = t * a - b + 1.904516377220209e-09
    a = t * b - a + 2.5347910790261494e-07
    b = t * a - b + 2.286212103119452e-05
    a = t * b - a + 0.001264615411446926
    b = t * a - b + 0.0359799365153615
    a = t * b - a + 0.3442898999246285
    return 0.5 * (t * a - 0.5353273932339028) - b


def _k0e_large(t: float) -> float:
    """exp(x) K0(x) sqrt(x) for x = 8 / (t + 2) from 2."""
    a = 5.300433772686263e-18
    b = t * a - 1.6475804301524212e-17
    a = t * b - a + 5.2103915050390274e-17
    b = t * a - b - 1.678231096805412e-16
    a = t * b - a + 5.512055978524319e-16
    b = t * a - b - 1.848593377343779e-15
    a = t * b - a + 6.3400764774050706e-15
    b = t * a - b - 2.2275133269916698e-14
    a = t * b - a + 8.032890775363575e-14
    b = t * a - b - 2.9800969231727303e-13
    a = t * b - a + 1.140340588208475e-12
    b = t * a - b - 4.514597883373944e-12
    a = t * b - a + 1.8559491149547177e-11
    b = t * a - b - 7.957489244477107e-11
    a = t * b - a + 3.577397281400301e-10
    b = t * a - b - 1.69753450938906e-09
    a = t * b - a + 8.574034017414225e-09
    b = t * a - b - 4.660489897687948e-08
    a = t * b - a + 2.766813639445015e-07
    b = t * a - b - 1.8317555227191195e-06
    a = t * b - a + 1.39498137188765e-05
    b = t * a - b - 0.00012849549581627802
    a = t * b - a + 0.0015698838857300533
    b = t * a - b - 0.0314481013119645
    return 0.5 * (t * b + 2.4403030820659555) - a


def _k1_rest(t: float) -> float:
    """(K1(x) - log(x/2) I1(x)) x for x*x = t + 2 up to 4."""
    a = -7.023863479386288e-18
    b = t * a - 2.427449850519366e-15
    a = t * b - a - 6.666901694199329e-13
    b = t * a - b - 1.4114883926335278e-10
    a = t * b - a - 2.213387630734726e-08
    b = t * a - b - 2.4334061415659684e-06
    a = t * b - a - 0.0001730288957513052
    b = t * a - b - 0.006975723859639864
    a = t * b - a - 0.12261118082265715
    b = t * a - b - 0.3531559607765449
    return 0.5 * (t * b + 1.5253002273389478) - a


def _k1e_large(t: float) -> float:
    """exp(x) K1(x) sqrt(x) for x = 8 / (t + 2) from 2."""
    a = -5.756744483665017e-18
    b = t * a + 1.7940508731475592e-17
    a = t * b - a - 5.689462558442859e-17
    b = t * a - b + 1.838093544366639e-16
    a = t * b - a - 6.057047248373319e-16
    b = t * a - b + 2.038703165624334e-15
    a = t * b - a - 7.019837090418314e-15
    b = t * a - b + 2.4771544244813043e-14
    a = t * b - a - 8.976705182324994e-14
    b = t * a - b + 3.3484196660784293e-13
    a = t * b - a - 1.2891739609510289e-12
    b = t * a - b + 5.13963967348173e-12
    a = t * b - a - 2.1299678384275683e-11
    b = t * a - b + 9.218315187605006e-11
    a = t * b - a - 4.1903547593418965e-10
    b = t * a - b + 2.015049755197033e-09
    a = t * b - a - 1.0345762465678097e-08
    b = t * a - b + 5.7410841254500495e-08
    a = t * b - a - 3.5019606030878126e-07
    b = t * a - b + 2.406484947837217e-06
    a = t * b - a - 1.936197974166083e-05
    b = t * a - b + 0.00019521551847135162
    a = t * b - a - 0.002857816859622779
    b = t * a - b + 0.10392373657681724
    return 0.5 * (t * b + 2.7206261904844427) - a


def _k0_small(x: float) -> float:
    """K0 for x <= 2."""
    return _k0_rest(x * x - 2.0) - ieee.log(0.5 * x) * i0(x)


def _k1_small(x: float) -> float:
    """K1 for x <= 2."""
    return ieee.log(0.5 * x) * i1(x) + ieee.div(_k1_rest(x * x - 2.0), x)


def _edge(x: float, y: float) -> float:
    """y for x > 0; inf at 0, nan below."""
    y = _INF if x == 0.0 else y
    return _NAN if x < 0.0 else y


def _k0(x: float) -> float:
    """The modified Bessel function of the second kind of order 0: inf at 0, nan below."""
    large = ieee.div(ieee.exp(-x) * _k0e_large(ieee.div(8.0, x) - 2.0), ieee.sqrt(x))
    return _edge(x, _k0_small(x) if x <= 2.0 else large)


def _k0e(x: float) -> float:
    """`exp(x)` times the modified Bessel function of the second kind of order 0."""
    large = ieee.div(_k0e_large(ieee.div(8.0, x) - 2.0), ieee.sqrt(x))
    return _edge(x, _k0_small(x) * ieee.exp(x) if x <= 2.0 else large)


def _k1(x: float) -> float:
    """The modified Bessel function of the second kind of order 1: inf at 0, nan below."""
    large = ieee.div(ieee.exp(-x) * _k1e_large(ieee.div(8.0, x) - 2.0), ieee.sqrt(x))
    return _edge(x, _k1_small(x) if x <= 2.0 else large)


def _k1e(x: float) -> float:
    """`exp(x)` times the modified Bessel function of the second kind of order 1."""
    large = ieee.div(_k1e_large(ieee.div(8.0, x) - 2.0), ieee.sqrt(x))
    return _edge(x, _k1_small(x) * ieee.exp(x) if x <= 2.0 else large)


modified_bessel_k0 = Unary("modified_bessel_k0", _k0, None, result="float")
modified_bessel_k1 = Unary("modified_bessel_k1", _k1, None, result="float")
scaled_modified_bessel_k0 = Unary("scaled_modified_bessel_k0", _k0e, None, result="float")
scaled_modified_bessel_k1 = Unary("scaled_modified_bessel_k1", _k1e, None, result="float")
