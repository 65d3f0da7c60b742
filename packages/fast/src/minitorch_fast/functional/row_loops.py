"""What the loops over rows share: the extreme and the sums of one row.

They are marked `reordered`, so that LLVM keeps some 64 partial results side by side in registers
instead of one; the functions that call them keep the order in which they are written.
"""

from __future__ import annotations

from minitorch_fast.loops import Floats, exp_negative, larger, reordered


@reordered
def largest(x: Floats, at: int, n: int) -> float:
    """The largest of n numbers; nan if one is."""
    m = x[at]
    for j in range(1, n):
        m = larger(m, x[at + j])
    return m


@reordered
def total(x: Floats, at: int, n: int) -> float:
    """The sum of n numbers."""
    s = 0.0
    for j in range(n):
        s += x[at + j]
    return s


@reordered
def dot(a: Floats, b: Floats, at: int, n: int) -> float:
    """The sum of the products of n pairs."""
    s = 0.0
    for j in range(n):
        s += a[at + j] * b[at + j]
    return s


@reordered
def exponentials(y: Floats, x: Floats, at: int, n: int, m: float) -> float:
    """y = exp(x - m), and the sum of that; m is the largest of x."""
    s = 0.0
    for j in range(n):
        e = exp_negative(x[at + j] - m)
        y[at + j] = e
        s += e
    return s


@reordered
def total_of_exponentials(x: Floats, at: int, n: int, m: float) -> float:
    """The sum of exp(x - m), where m is the largest of x."""
    s = 0.0
    for j in range(n):
        s += exp_negative(x[at + j] - m)
    return s
