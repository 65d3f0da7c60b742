"""Floating point as a GPU does it, where NumPy has no function that gives the same bits.

`fma` rounds once. NumPy has none, so the product and the sum are made in a wider type, or in two
parts, and what was lost decides where the rounding would have gone wrong. The instructions that a
GPU computes approximately (`ex2.approx`, `rcp.approx`, ...) are computed as exactly as NumPy can,
and rounded: a GPU may differ in the last places, as its documentation says. So may the sign and the
digits of a nan that arithmetic makes: here they are the CPU's, there always the same.

Sources: https://docs.nvidia.com/cuda/parallel-thread-execution/#floating-point-instructions;
Boldo, Melquiond: "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding
to odd" (2008), https://doi.org/10.1109/TC.2007.70819
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
F = TypeVar("F", F32, F64)

_LEAST: Final = np.float32(2.0**-126)  # below it, a float32 is subnormal
_LOW28: Final = np.uint64((1 << 28) - 1)
_ONE: Final = np.uint64(1)
_SPLIT: Final = 134217729.0  # 2**27 + 1: cuts a float64 into two halves
_TINY, _HUGE = 2.0**-900, 2.0**900  # between them nothing of a product is lost
_FRACTION_BITS: Final = 52


# --- one rounding ----------------------------------------------------------------------------


def fma32(a: F32, b: F32, c: F32) -> F32:
    """a * b + c, rounded once, to the nearest.

    In float64 the product is exact, and the sum is rounded. A second rounding, to float32, goes
    wrong only where the first ended just between two float32 numbers.

    >>> a, b, c = np.float32([1 + 2**-23]), np.float32([1 + 2**-23]), np.float32([2**-60])
    >>> fma32(a, b, c).tolist() == [1 + 2**-22]
    True
    """
    product = a.astype(np.float64) * b
    wide = product + c
    rounded = wide.astype(np.float32)
    # Numbers between two neighbours among float32 end with 28 zeros, at least.
    between = ((wide.view(np.uint64) & _LOW28) == 0) & (rounded != wide)
    if between.any():
        wide = _toward(wide, _lost(product, c.astype(np.float64), wide), between)
        rounded = wide.astype(np.float32)
    return rounded


def fma32_down(a: F32, b: F32, c: F32) -> F32:
    """a * b + c, rounded once, to the next number below.

    >>> x = np.float32([1.0])
    >>> bool(fma32_down(x, x, np.float32([-(2.0**-60)]))[0] < 1), fma32_down(x, x, x).tolist()
    (True, [2.0])
    """
    product = a.astype(np.float64) * b
    addend = c.astype(np.float64)
    wide = product + addend
    lost = _lost(product, addend, wide)
    rounded = wide.astype(np.float32)
    over = (rounded > wide) | ((rounded == wide) & (lost < 0))
    below = np.nextafter(rounded, np.float32(-np.inf))
    found = np.where(over, below, rounded)
    cancelled = (wide == 0) & (lost == 0) & (np.signbit(product) != np.signbit(addend))
    return np.where(cancelled, np.float32(-0.0), found)  # a zero that is rounded down


def fma32_zero(a: F32, b: F32, c: F32) -> F32:
    """a * b + c, rounded once, to the next number nearer to 0.

    >>> x = np.float32([1.0])
    >>> bool(fma32_zero(x, x, np.float32([-(2.0**-60)]))[0] < 1)
    True
    """
    down = fma32_down(a, b, c)
    up = -fma32_down(-a, b, -c)
    return np.where(up <= 0, up, down)


def fma64(a: F64, b: F64, c: F64) -> F64:
    """a * b + c in float64, rounded once, to the nearest.

    >>> x = np.array([1 + 2.0**-52])
    >>> fma64(x, x, np.array([-1 - 2.0**-51])).tolist() == [2.0**-104]
    True
    """
    a, b, c = np.broadcast_arrays(a, b, c)
    high, low = _product(a, b)
    upper, lower = _sum(c, low)
    high, middle = _sum(high, upper)
    tail, rest = _sum(lower, middle)
    odd = (tail.view(np.uint64) & _ONE) == 1
    tail = _toward(tail, rest, ~odd)
    found = high + tail
    plain = a * b + c
    size = np.maximum(np.maximum(np.abs(a), np.abs(b)), np.maximum(np.abs(a * b), np.abs(c)))
    least = np.abs(a * b)
    near = (size < _HUGE) & ((least > _TINY) | (a == 0) | (b == 0))
    found = np.where(near & (found != 0), found, plain)
    far = ~near & np.isfinite(a) & np.isfinite(b) & np.isfinite(c)
    for i in np.flatnonzero(far):
        found[i] = _by_fractions(float(a[i]), float(b[i]), float(c[i]), float(plain[i]))
    return found


def _by_fractions(a: float, b: float, c: float, plain: float) -> float:
    """The same with whole numbers, for a result that is very large or very small."""
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return plain  # its sign is right
    try:
        return float(exact)
    except OverflowError:
        return float("inf") if exact > 0 else float("-inf")


def _sum(a: F64, b: F64) -> tuple[F64, F64]:
    """A sum and what its rounding lost (Knuth's two-sum)."""
    total = a + b
    return total, _lost(a, b, total)


def _lost(a: F64, b: F64, total: F64) -> F64:
    """What rounding a + b to `total` lost."""
    part = total - a
    lost: F64 = (a - (total - part)) + (b - part)
    return lost


def _product(a: F64, b: F64) -> tuple[F64, F64]:
    """A product and what its rounding lost (Dekker's)."""
    total = a * b
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    lost = ((a_high * b_high - total) + a_high * b_low + a_low * b_high) + a_low * b_low
    return total, lost


def _halves(a: F64) -> tuple[F64, F64]:
    scaled = _SPLIT * a
    high = scaled - (scaled - a)
    return high, a - high


def _toward(x: F64, lost: F64, where: Mask) -> F64:
    """x, a step nearer to the exact result where something was lost."""
    up, down = where & (lost > 0), where & (lost < 0)
    found: F64 = np.where(up, np.nextafter(x, np.inf), np.where(down, np.nextafter(x, -np.inf), x))
    return found


# --- signs, zeros and nan --------------------------------------------------------------------


def flush(x: F32) -> F32:
    """Subnormal numbers as zero of the same sign (`.ftz`).

    >>> flush(np.float32([1e-40, 1.0])).tolist()
    [0.0, 1.0]
    """
    return np.where(np.abs(x) < _LEAST, np.copysign(np.float32(0), x), x)


def saturate(x: F) -> F:
    """Between 0 and 1; nan is 0 (`.sat`).

    >>> saturate(np.float32([-1.0, 0.25, 7.0, np.nan])).tolist()
    [0.0, 0.25, 1.0, 0.0]
    """
    found: F = np.fmin(np.fmax(x, x.dtype.type(0)), x.dtype.type(1))
    return np.where(np.isnan(x), x.dtype.type(0), found)


def least(a: F, b: F) -> F:
    """The lesser one; of nan and a number the number; -0 is less than 0."""
    return np.where((a == 0) & (b == 0), np.where(np.signbit(a), a, b), np.fmin(a, b))


def most(a: F, b: F) -> F:
    """The greater one; of nan and a number the number; 0 is greater than -0.

    >>> most(np.float32([-0.0, np.nan]), np.float32([0.0, 1.0])).tolist()
    [0.0, 1.0]
    """
    return np.where((a == 0) & (b == 0), np.where(np.signbit(a), b, a), np.fmax(a, b))


def sign_from(a: F, b: F) -> F:
    """b with the sign of a (`copysign`, whose operands come in this order).

    >>> sign_from(np.float32([-1.0]), np.float32([3.0])).tolist()
    [-3.0]
    """
    return np.copysign(b, a)


# --- approximate on a GPU, exact here ----------------------------------------------------------


def exp2(x: F32) -> F32:
    """2**x, rounded."""
    return np.exp2(x.astype(np.float64)).astype(np.float32)


def log2(x: F32) -> F32:
    """The logarithm to the base 2, rounded."""
    return np.log2(x.astype(np.float64)).astype(np.float32)


def sin(x: F32) -> F32:
    """The sine, rounded."""
    return np.sin(x.astype(np.float64)).astype(np.float32)


def cos(x: F32) -> F32:
    """The cosine, rounded."""
    return np.cos(x.astype(np.float64)).astype(np.float32)


def tanh(x: F32) -> F32:
    """The hyperbolic tangent, rounded."""
    return np.tanh(x.astype(np.float64)).astype(np.float32)


def upper_half(x: F64) -> F64:
    """A float64 whose lower 32 bits are 0, as `rcp.approx.ftz.f64` gives."""
    return (x.view(np.uint64) & np.uint64(0xFFFFFFFF << 32)).view(np.float64)


def one_over(x: F) -> F:
    """1 / x."""
    return x.dtype.type(1) / x


def inverse_root(x: F) -> F:
    """1 / sqrt(x)."""
    wide: F64 = 1 / np.sqrt(x.astype(np.float64))
    found: F = wide.astype(x.dtype)
    return found
