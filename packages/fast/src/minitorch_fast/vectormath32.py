"""The C library's functions at float32, as straight lines that a loop can vectorise.

The functions of libm branch and look up tables, so a compiler must call them for one element at a
time. These evaluate a polynomial on a reduced argument and choose between results instead of
branching; all lanes of a vector take the same path. Each states its largest error in ulp (units in
the last place), which `tests/test_vectormath.py` checks against float64.

They are written as operators are: plain Python on floats, whose literals become float32 in a
kernel. Unlike operators they use bare names: `exp` is the function in this file, `exp2i` and its
like are in `primitives`.

The polynomials for exp, log and erf come from Moshier's Cephes library
(https://www.netlib.org/cephes) and from Juffa's erff (https://forums.developer.nvidia.com/t/58107,
BSD licence).
"""

from minitorch_fast.primitives import exp2i, exponent, mantissa
from minitorch_operators.ieee import copysign, div, fabs, rint

INF = float("inf")
NAN = float("nan")
TINY = 1.1754943508222875e-38  # the smallest normal number

LOG2E = 1.4426950408889634
LOG10E_HIGH = (
    0.43359375  # log10(e) in two parts; the product of the first with a short number is exact
)
LOG10E_LOW = 7.00731903251827651129e-4
LOG10_2_HIGH = 0.30078125
LOG10_2_LOW = 2.48745663981195213739e-4
LN2 = 0.6931471805599453
LN2_HIGH = 0.693359375  # 9 bits: n * LN2_HIGH is exact
LN2_LOW = -2.12194440e-4


def exp_tail(r: float) -> float:
    """(exp(r) - 1 - r) / r**2 for |r| <= ln(2) / 2."""
    p = 1.9875691500e-4 * r + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    return p * r + 5.0000001201e-1


def exp(x: float) -> float:
    """`e**r * 2**n`, where x = n ln(2) + r. At most 1.1 ulp, also where the result is subnormal."""
    x = 89.0 if x > 89.0 else x
    x = -104.0 if x < -104.0 else x
    n = rint(x * LOG2E)
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    y = exp_tail(r) * (r * r) + r + 1.0
    half = rint(n * 0.5)  # in two steps, because 2**n itself may be too large or too small
    return y * exp2i(half) * exp2i(n - half)


def exp_negative(x: float) -> float:
    """`exp(x)` for x <= 0, but 0 where the result would be subnormal. At most 1.1 ulp."""
    z = -87.33654 if x < -87.33654 else x
    n = rint(z * LOG2E)
    r = (z - n * LN2_HIGH) - n * LN2_LOW
    y = exp_tail(r) * (r * r) + r + 1.0
    return 0.0 if x < -87.33654 else y * exp2i(n)


def exp2(x: float) -> float:
    """`2**r * 2**n`, where x = n + r. At most 1.2 ulp."""
    x = 129.0 if x > 129.0 else x
    x = -151.0 if x < -151.0 else x
    n = rint(x)
    r = (x - n) * LN2
    y = exp_tail(r) * (r * r) + r + 1.0
    half = rint(n * 0.5)
    return y * exp2i(half) * exp2i(n - half)


def expm1(x: float) -> float:
    """(exp(r) - 1) * 2**n + (2**n - 1). At most 1.5 ulp."""
    z = 89.0 if x > 89.0 else x
    z = -20.0 if z < -20.0 else z
    n = rint(z * LOG2E)
    r = (z - n * LN2_HIGH) - n * LN2_LOW
    y = exp_tail(r) * (r * r) + r
    s = exp2i(n - 1.0)  # half of 2**n, which may be too large
    result = (s * y + (s - 0.5)) * 2.0
    return x if fabs(x) < 1e-8 else result  # keeps -0.0, and subnormal numbers


def tanh(x: float) -> float:
    """d / (d + 2), where d = exp(2 |x|) - 1. At most 2.5 ulp."""
    z = fabs(x) + fabs(x)
    z = 20.0 if z > 20.0 else z
    n = rint(z * LOG2E)
    r = (z - n * LN2_HIGH) - n * LN2_LOW
    y = exp_tail(r) * (r * r) + r
    s = exp2i(n)
    d = s * y + (s - 1.0)
    return copysign(div(d, d + 2.0), x)


def log_tail(m: float) -> float:
    """log(1 + m) - m + m**2 / 2 for 1 + m in [sqrt(1/2), sqrt(2))."""
    p = 7.0376836292e-2 * m - 1.1514610310e-1
    p = p * m + 1.1676998740e-1
    p = p * m - 1.2420140846e-1
    p = p * m + 1.4249322787e-1
    p = p * m - 1.6668057665e-1
    p = p * m + 2.0000714765e-1
    p = p * m - 2.4999993993e-1
    p = p * m + 3.3333331174e-1
    return p * m * (m * m)


def log_edges(x: float, y: float) -> float:
    """y = log(x) where x is positive and finite; else what the logarithm is there."""
    y = y if x < INF else x  # inf and nan
    y = -INF if x == 0.0 else y
    return NAN if x < 0.0 else y


def log(x: float) -> float:
    """`ln(m) + e ln(2)`, where x = m 2**e. At most 1 ulp."""
    small = x < TINY
    z = x * 33554432.0 if small else x  # subnormal numbers, times 2**25
    e = exponent(z)
    m = mantissa(z) - 1.0
    e = e - 25.0 if small else e
    y = (log_tail(m) + e * LN2_LOW) - 0.5 * (m * m)
    return log_edges(x, (m + y) + e * LN2_HIGH)


def log2(x: float) -> float:
    """log(m) / ln(2) + e, where x = m 2**e. At most 1.5 ulp."""
    small = x < TINY
    z = x * 33554432.0 if small else x
    e = exponent(z)
    m = mantissa(z) - 1.0
    e = e - 25.0 if small else e
    y = log_tail(m) - 0.5 * (m * m)
    # m / ln(2) = m + m (1 / ln(2) - 1): the last term is added last.
    return log_edges(x, ((y * 0.4426950408889634 + m * 0.4426950408889634) + y) + m + e)


def log10(x: float) -> float:
    """`ln(m) / ln(10) + e ln(2) / ln(10)`, where x = m 2**e. At most 1.8 ulp."""
    small = x < TINY
    z = x * 33554432.0 if small else x
    e = exponent(z)
    m = mantissa(z) - 1.0
    e = e - 25.0 if small else e
    y = log_tail(m) - 0.5 * (m * m)
    low = (m + y) * LOG10E_LOW + e * LOG10_2_LOW
    return log_edges(x, ((low + y * LOG10E_HIGH) + m * LOG10E_HIGH) + e * LOG10_2_HIGH)


def log1p(x: float) -> float:
    """log(u) + what x lost when it was rounded to u = 1 + x. At most 1.5 ulp."""
    u = 1.0 + x
    y = log(u) + div(x - (u - 1.0), u)
    y = x if u == 1.0 else y
    return y if u > 0.0 and u < INF else log_edges(u, x)


def erf(x: float) -> float:
    """A polynomial below 0.92, above 1 - 2**(another). At most 1.4 ulp.

    What is subtracted from 1 is less than a fifth, so 2**q may be a polynomial of lower degree than
    in `exp2`: gelu takes three quarters of the time.
    """
    t = fabs(x)
    t = 4.0 if t > 4.0 else t
    s = t * t
    r = -2.4937484e-5 * t + 5.5283659e-4
    u = -5.6033762e-3 * t + 3.4992023e-2
    r = r * s + u
    r = r * t - 1.54047914e-1
    r = r * t - 9.15890167e-1
    r = (r * t - 1.628395157) * t
    n = rint(r)
    q = r - n
    y = 1.32647269e-3 * q + 9.67151266e-3
    y = y * q + 5.55073374e-2
    y = y * q + 2.40222421e-1
    y = y * q + 6.93146978e-1
    y = y * q + 1.0
    large = 1.0 - y * exp2i(n)
    p = -5.96761703e-4 * s + 4.99119423e-3
    p = p * s - 2.67681349e-2
    p = p * s + 1.12819925e-1
    p = p * s - 3.76125336e-1
    p = p * s + 1.28379166e-1
    small = p * t + t
    return copysign(large if t > 0.921875 else small, x)
