"""The C library's functions at float64, as straight lines of arithmetic; see `vectormath32`.

A function that is missing here (erf, sin, ...) is called from libm, one element at a time. The
rational functions come from Moshier's Cephes library (https://www.netlib.org/cephes).
"""

from minitorch_fast.primitives import exp2i, exponent, mantissa
from minitorch_operators.ieee import copysign, div, fabs, rint

INF = float("inf")
NAN = float("nan")
TINY = 2.2250738585072014e-308  # the smallest normal number

LOG2E = 1.4426950408889634
LOG10E_HIGH = (
    0.43359375  # log10(e) in two parts; the product of the first with a short number is exact
)
LOG10E_LOW = 7.00731903251827651129e-4
LOG10_2_HIGH = 0.30078125
LOG10_2_LOW = 2.48745663981195213739e-4
LN2 = 0.6931471805599453
LN2_HIGH = 6.93145751953125e-1  # 20 bits: n * LN2_HIGH is exact
LN2_LOW = 1.42860682030941723212e-6


def exp_reduced(r: float) -> float:
    """exp(r) - 1 for |r| <= ln(2) / 2, as 2p / (q - p) with p odd and q even in r."""
    s = r * r
    p = 1.26177193074810590878e-4 * s + 3.02994407707441961300e-2
    p = (p * s + 9.99999999999999999910e-1) * r
    q = 3.00198505138664455042e-6 * s + 2.52448340349684104192e-3
    q = q * s + 2.27265548208155028766e-1
    q = q * s + 2.0
    return 2.0 * div(p, q - p)


def exp(x: float) -> float:
    """`e**r * 2**n`, where x = n ln(2) + r. At most 1.7 ulp, also where the result is subnormal."""
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    n = rint(x * LOG2E)
    y = exp_reduced((x - n * LN2_HIGH) - n * LN2_LOW) + 1.0
    half = rint(n * 0.5)  # in two steps, because 2**n itself may be too large or too small
    return y * exp2i(half) * exp2i(n - half)


def exp_negative(x: float) -> float:
    """`exp(x)` for x <= 0, but 0 where the result would be subnormal. At most 1.7 ulp."""
    z = -708.39 if x < -708.39 else x
    n = rint(z * LOG2E)
    r = (z - n * LN2_HIGH) - n * LN2_LOW
    y = exp_reduced(r) + 1.0
    return 0.0 if x < -708.39 else y * exp2i(n)


def exp2(x: float) -> float:
    """`2**r * 2**n`, where x = n + r. At most 1.8 ulp."""
    x = 1025.0 if x > 1025.0 else x
    x = -1076.0 if x < -1076.0 else x
    n = rint(x)
    y = exp_reduced((x - n) * LN2) + 1.0
    half = rint(n * 0.5)
    return y * exp2i(half) * exp2i(n - half)


def expm1(x: float) -> float:
    """(exp(r) - 1) * 2**n + (2**n - 1). At most 4.2 ulp."""
    z = 710.0 if x > 710.0 else x
    z = -40.0 if z < -40.0 else z
    n = rint(z * LOG2E)
    y = exp_reduced((z - n * LN2_HIGH) - n * LN2_LOW)
    s = exp2i(n - 1.0)  # half of 2**n, which may be too large
    result = (s * y + (s - 0.5)) * 2.0
    return x if fabs(x) < 1e-17 else result  # keeps -0.0, and subnormal numbers


def tanh(x: float) -> float:
    """d / (d + 2), where d = exp(2 |x|) - 1. At most 4.2 ulp."""
    z = fabs(x) + fabs(x)
    z = 40.0 if z > 40.0 else z
    n = rint(z * LOG2E)
    y = exp_reduced((z - n * LN2_HIGH) - n * LN2_LOW)
    s = exp2i(n)
    d = s * y + (s - 1.0)
    return copysign(div(d, d + 2.0), x)


def log_tail(m: float) -> float:
    """log(1 + m) - m + m**2 / 2 for 1 + m in [sqrt(1/2), sqrt(2))."""
    p = 1.01875663804580931796e-4 * m + 4.97494994976747001425e-1
    p = p * m + 4.70579119878881725854
    p = p * m + 1.44989225341610930846e1
    p = p * m + 1.79368678507819816313e1
    p = p * m + 7.70838733755885391666
    q = m + 1.12873587189167450590e1
    q = q * m + 4.52279145837532221105e1
    q = q * m + 8.29875266912776603211e1
    q = q * m + 7.11544750618563894466e1
    q = q * m + 2.31251620126765340583e1
    return div(p, q) * m * (m * m)


def log_edges(x: float, y: float) -> float:
    """y = log(x) where x is positive and finite; else what the logarithm is there."""
    y = y if x < INF else x  # inf and nan
    y = -INF if x == 0.0 else y
    return NAN if x < 0.0 else y


def log(x: float) -> float:
    """`ln(m) + e ln(2)`, where x = m 2**e. At most 1 ulp."""
    small = x < TINY
    z = x * 18014398509481984.0 if small else x  # subnormal numbers, times 2**54
    e = exponent(z)
    m = mantissa(z) - 1.0
    e = e - 54.0 if small else e
    y = (log_tail(m) - e * 2.121944400546905827679e-4) - 0.5 * (m * m)
    return log_edges(x, (m + y) + e * 0.693359375)


def log2(x: float) -> float:
    """log(m) / ln(2) + e, where x = m 2**e. At most 1.5 ulp."""
    small = x < TINY
    z = x * 18014398509481984.0 if small else x
    e = exponent(z)
    m = mantissa(z) - 1.0
    e = e - 54.0 if small else e
    y = log_tail(m) - 0.5 * (m * m)
    # m / ln(2) = m + m (1 / ln(2) - 1): the last term is added last.
    return log_edges(x, ((y * 0.4426950408889634 + m * 0.4426950408889634) + y) + m + e)


def log10(x: float) -> float:
    """`ln(m) / ln(10) + e ln(2) / ln(10)`, where x = m 2**e. At most 1.8 ulp."""
    small = x < TINY
    z = x * 18014398509481984.0 if small else x
    e = exponent(z)
    m = mantissa(z) - 1.0
    e = e - 54.0 if small else e
    y = log_tail(m) - 0.5 * (m * m)
    low = (m + y) * LOG10E_LOW + e * LOG10_2_LOW
    return log_edges(x, ((low + y * LOG10E_HIGH) + m * LOG10E_HIGH) + e * LOG10_2_HIGH)


def log1p(x: float) -> float:
    """log(u) + what x lost when it was rounded to u = 1 + x. At most 1.5 ulp."""
    u = 1.0 + x
    y = log(u) + div(x - (u - 1.0), u)
    y = x if u == 1.0 else y
    return y if u > 0.0 and u < INF else log_edges(u, x)
