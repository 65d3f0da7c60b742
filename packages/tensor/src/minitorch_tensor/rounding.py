"""Rounding as PyTorch's compiled kernels round: fused multiply-adds, and the way to a small dtype.

A fused multiply-add is `a * b + c` rounded once, where NumPy's two operations round twice. The
compiler fuses wherever it can, and half of the numbers in `uniform_(-0.1, 0.1)` show it in their
last bit. To give the same numbers on every machine, so must we. (PyTorch itself gives others on a
processor that cannot fuse, an x86 from before AVX2.)
"""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)

_SPLITTER = 2.0**27 + 1.0
_CHUNK = 1 << 13  # what fits the cache takes a fifth of the time


def narrow(numbers: NDArray[np.float64], kind: np.dtype[T]) -> NDArray[T]:
    """Return the numbers in another dtype, as C++ converts a double.

    PyTorch's float16 is made from a float32, so a double is rounded twice on its way there.

    >>> x = np.array([1 + 2**-11 + 2**-40])
    >>> narrow(x, np.dtype(np.float16)).tolist(), x.astype(np.float16).tolist()
    ([1.0], [1.0009765625])
    """
    if kind == np.float16:
        return numbers.astype(np.float32).astype(kind)
    return numbers.astype(kind)


def fma32(
    a: NDArray[np.float32],
    b: NDArray[np.float32] | NDArray[np.float64] | float,
    c: NDArray[np.float32] | float,
) -> NDArray[np.float32]:
    """Return a * b + c, rounded once to float32; b and c hold float32 numbers in any dtype.

    The product of two float32 numbers is exact in float64. The sum may round there, a second time,
    which changes the result only when it falls halfway between two float32 numbers: about one sum
    in 2**29.

    >>> a = np.array([1 + 2**-12], dtype=np.float32)
    >>> c = np.float32(-1 - 2**-11)
    >>> fma32(a, a, float(c)).tolist(), (a * a + c).tolist()
    ([5.960464477539063e-08], [0.0])
    """
    result = a.astype(np.float64)
    result *= b
    result += c
    return result.astype(np.float32)


def fma64(a: NDArray[np.float64], b: float, c: float) -> NDArray[np.float64]:
    """Return a * b + c, rounded once to float64.

    The exact sum is gathered in three float64 numbers; the two low ones are added with rounding to
    odd, so that the last addition rounds as if it saw all of them (Boldo and Melquiond, "Emulation
    of a FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).

    Args:
        a: shape (n,); below 2**60 in magnitude, or the splitting might overflow.
        b: any number.
        c: any number.

    >>> a = np.array([1 + 2**-52])
    >>> float(fma64(a, 1 + 2**-52, -1.0)[0]) == 2**-51 + 2**-104
    True
    """
    if b in (0.0, 1.0) or c == 0.0 or not (math.isfinite(b) and math.isfinite(c)):
        return a * b + c  # only one of the two operations rounds
    # Bring b and c near 1, so that no partial result overflows or falls below the normal numbers.
    exponent = max(math.frexp(b)[1], math.frexp(c)[1])
    b, c = math.ldexp(b, -exponent), math.ldexp(c, -exponent)
    result = np.empty_like(a)
    for start in range(0, len(a), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        np.ldexp(_fused64(a[chunk], b, c), exponent, out=result[chunk])
    return result


def _fused64(a: NDArray[np.float64], b: float, c: float) -> NDArray[np.float64]:
    product, product_error = _two_product(a, b)
    low, low_error = _two_sum(product_error, np.full_like(a, c))
    high, high_error = _two_sum(product, low)
    return high + _add_to_odd(low_error, high_error)


def _two_product(
    a: NDArray[np.float64], b: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a * b and the error of that rounding, exactly (Dekker 1971)."""
    scaled = a * _SPLITTER
    a_high = scaled - (scaled - a)
    a_low = a - a_high
    b_high = b * _SPLITTER - (b * _SPLITTER - b)
    b_low = b - b_high
    product = a * b
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def _two_sum(
    a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a + b and the error of that rounding, exactly (Knuth 1969)."""
    total = a + b
    b_seen = total - a
    error = (a - (total - b_seen)) + (b - b_seen)
    return total, error


def _add_to_odd(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a + b, where an inexact sum takes the neighbour whose last bit is 1."""
    total, error = _two_sum(a, b)
    bits = total.view(np.int64)
    step = np.where((error > 0) == (total > 0), 1, -1)  # away from zero, or towards it
    inexact_and_even = (error != 0) & (bits & 1 == 0)
    return np.where(inexact_and_even, bits + step, bits).view(np.float64)
