"""The exponential, the logarithm and the error function, each with its relatives."""

from minitorch_operators import ieee
from minitorch_operators.comparison import eq, le, where
from minitorch_operators.logic import logical_and
from minitorch_operators.record import Binary, Unary, V

_LN2 = 0.6931471805599453
_LN10 = 2.302585092994046
_2_SQRTPI = 1.1283791670955126  # 2 / sqrt(pi), the slope of erf at 0
_SQRTPI_2 = 0.886226925452758


def _exp(x: float) -> float:
    """`e ** x`."""
    return ieee.exp(x)


def _exp_vjp(g: V, x: V, y: V) -> V:
    return g * y


def _exp2(x: float) -> float:
    """`2 ** x`."""
    return ieee.exp2(x)


def _exp2_vjp(g: V, x: V, y: V) -> V:
    return g * (y * _LN2)


def _expm1(x: float) -> float:
    """`e ** x - 1`, exact to the last digits near 0."""
    return ieee.expm1(x)


def _expm1_vjp(g: V, x: V, y: V) -> V:
    return g * (y + 1.0)


def _log(x: float) -> float:
    """The natural logarithm of x."""
    return ieee.log(x)


def _log_vjp(g: V, x: V, y: V) -> V:
    return log_back(x, g)


def _log_back(x: float, d: float) -> float:
    """`d / x`: the gradient of log."""
    return ieee.div(d, x)


def _log_back_vjp_x(g: V, x: V, d: V) -> V:
    return -g * ((d / x) / x)


def _log_back_vjp_d(g: V, x: V, d: V) -> V:
    return g / x


def _log1p(x: float) -> float:
    """`log(1 + x)`, exact to the last digits near 0."""
    return ieee.log1p(x)


def _log1p_vjp(g: V, x: V, y: V) -> V:
    return g / (x + 1.0)


def _log2(x: float) -> float:
    """The logarithm of x to base 2."""
    return ieee.log2(x)


def _log2_vjp(g: V, x: V, y: V) -> V:
    return g / (x * _LN2)


def _log10(x: float) -> float:
    """The logarithm of x to base 10."""
    return ieee.log10(x)


def _log10_vjp(g: V, x: V, y: V) -> V:
    return g / (x * _LN10)


def _xlogy(a: float, b: float) -> float:
    """`a * log(b)`, but 0 where a is 0 (and b is not nan)."""
    return 0.0 if a == 0.0 and b == b else a * ieee.log(b)


def _xlogy_vjp_a(g: V, a: V, b: V) -> V:
    # At a = 0 and b <= 0 the function is 0 beside a jump to inf or nan: PyTorch takes 0.
    return xlogy(g, where(logical_and(eq(a, 0.0), le(b, 0.0)), 1.0, b))


def _xlogy_vjp_b(g: V, a: V, b: V) -> V:
    return g * a / b


def _erf(x: float) -> float:
    """2/sqrt(pi) times the integral of exp(-t*t) from 0 to x."""
    return ieee.erf(x)


def _erf_vjp(g: V, x: V, y: V) -> V:
    return g * (exp(-(x * x)) * _2_SQRTPI)


def _erfc(x: float) -> float:
    """`1 - erf(x)`, exact to the last digits for large x."""
    return ieee.erfc(x)


def _erfc_vjp(g: V, x: V, y: V) -> V:
    return -(g * (exp(-(x * x)) * _2_SQRTPI))


def _erfinv_central(y: float) -> float:
    """An x with erf(x) = y for |y| <= 0.7, to about four digits: y times a ratio of polynomials."""
    z = y * y
    p = ((-0.140543331 * z + 0.914624893) * z - 1.645349621) * z + 0.886226899
    q = (((0.012229801 * z - 0.329097515) * z + 1.442710462) * z - 2.118377725) * z + 1.0
    return y * ieee.div(p, q)


def _erfinv_tail(y: float) -> float:
    """The same for 0.7 < |y| < 1, where x grows like the root of -log(1 - |y|)."""
    z = ieee.sqrt(-ieee.log((1.0 - ieee.fabs(y)) * 0.5))
    p = ((1.641345311 * z + 3.429567803) * z - 1.624906493) * z - 1.970840454
    q = (1.637067800 * z + 3.543889200) * z + 1.0
    return ieee.copysign(ieee.div(p, q), y)


def _erfinv_step(x: float, y: float) -> float:
    """One Newton step towards erf(x) = y."""
    return x - ieee.div(ieee.erf(x) - y, ieee.exp(-(x * x)) * _2_SQRTPI)


def _erfinv(x: float) -> float:
    """The number whose erf is x: an approximation, then two Newton steps, as in PyTorch."""
    y = _erfinv_central(x) if ieee.fabs(x) <= 0.7 else _erfinv_tail(x)
    y = _erfinv_step(_erfinv_step(y, x), x)
    return ieee.div(x, 0.0) if ieee.fabs(x) == 1.0 else y


def _erfinv_vjp(g: V, x: V, y: V) -> V:
    return g * (exp(y * y) * _SQRTPI_2)


exp = Unary("exp", _exp, _exp_vjp, needs="y", result="float")
exp2 = Unary("exp2", _exp2, _exp2_vjp, needs="y", result="float")
expm1 = Unary("expm1", _expm1, _expm1_vjp, needs="y", result="float")
log = Unary("log", _log, _log_vjp, needs="x", result="float")
log_back = Binary(
    "log_back", _log_back, (_log_back_vjp_x, _log_back_vjp_d), needs=("ab", "a"), result="float"
)
log1p = Unary("log1p", _log1p, _log1p_vjp, needs="x", result="float")
log2 = Unary("log2", _log2, _log2_vjp, needs="x", result="float")
log10 = Unary("log10", _log10, _log10_vjp, needs="x", result="float")
xlogy = Binary("xlogy", _xlogy, (_xlogy_vjp_a, _xlogy_vjp_b), needs=("ab", "ab"), result="float")
erf = Unary("erf", _erf, _erf_vjp, needs="x", result="float")
erfc = Unary("erfc", _erfc, _erfc_vjp, needs="x", result="float")
erfinv = Unary("erfinv", _erfinv, _erfinv_vjp, needs="y", result="float")
