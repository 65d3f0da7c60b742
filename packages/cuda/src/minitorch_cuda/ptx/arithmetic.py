"""Whole numbers as a GPU does them, where NumPy has no operator that does the same.

Registers hold bits: an instruction says whether they mean a number with a sign. So the functions
here take unsigned arrays and signed ones, and keep their type. Sums, products and comparisons need
no function: arrays of a fixed width wrap around as registers do.

Source: https://docs.nvidia.com/cuda/parallel-thread-execution/#integer-arithmetic-instructions
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_cuda.ptx.errors import Fault
from minitorch_cuda.simulator.errors import SimulationError

U32 = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.integer]

_HALF: Final = np.uint64(32)
_LOW: Final = np.uint64(0xFFFFFFFF)


class DivisionError(SimulationError, ZeroDivisionError):
    """A thread divides whole numbers by zero: a GPU goes on with any number."""


def quotient(a: Ints, b: Ints, number: int) -> Ints:
    """a / b without the fraction, as C has it.

    Raises:
        Fault: if a thread divides by zero.

    >>> quotient(np.array([-7, 7]), np.array([2, -2]), 0).tolist()
    [-3, -3]
    """
    zero = b == 0
    if zero.any():
        raise Fault(DivisionError, "divides a whole number by zero", number, zero)
    found: Ints
    if a.dtype.kind == "u":
        found = a // b
        return found
    unsigned = np.dtype(f"u{a.dtype.itemsize}")
    size = np.abs(a).view(unsigned) // np.abs(b).view(unsigned)  # the least number is its own abs
    signed = size.view(a.dtype)
    found = np.where((a < 0) != (b < 0), -signed, signed)
    return found


def remainder(a: Ints, b: Ints, number: int) -> Ints:
    """What is left of a / b; it has the sign of a.

    >>> remainder(np.array([-7, 7]), np.array([2, -2]), 0).tolist()
    [-1, 1]
    """
    return a - quotient(a, b, number) * b


def high(a: Ints, b: Ints) -> Ints:
    """The upper half of a product.

    >>> high(np.uint32([0x80000000]), np.uint32([6])).tolist()
    [3]
    """
    if a.dtype.itemsize == 8:
        return _high64(a, b)
    wide = np.int64 if a.dtype.kind == "i" else np.uint64
    product = a.astype(wide) * b.astype(wide)
    return (product >> wide(8 * a.dtype.itemsize)).astype(a.dtype)


def _high64(a: Ints, b: Ints) -> Ints:
    """The same of 64 bits, in four products of 32."""
    x, y = a.view(np.uint64), b.view(np.uint64)
    x_low, x_high, y_low, y_high = x & _LOW, x >> _HALF, y & _LOW, y >> _HALF
    middle = x_high * y_low + ((x_low * y_low) >> _HALF)
    other = x_low * y_high + (middle & _LOW)
    found = x_high * y_high + (middle >> _HALF) + (other >> _HALF)
    if a.dtype.kind == "i":  # what a sign weighs
        found = found - np.where(a < 0, y, np.uint64(0)) - np.where(b < 0, x, np.uint64(0))
    same: Ints = found.view(a.dtype)
    return same


def carried(a: Ints, b: Ints, carry: Mask | None = None) -> tuple[Ints, Mask]:
    """a + b, with a carry in, and the carry out."""
    total = a + b
    over = total < a
    if carry is not None:
        before = total
        total = total + carry.astype(a.dtype)
        over = over | (total < before)
    return total, over


def borrowed(a: Ints, b: Ints, borrow: Mask | None = None) -> tuple[Ints, Mask]:
    """a - b, with a borrow in, and the borrow out."""
    total = a - b
    under = a < b
    if borrow is not None:
        taken = borrow.astype(a.dtype)
        under = under | (total < taken)
        total = total - taken
    return total, under


# --- shifts and bits -------------------------------------------------------------------------


def left(a: Ints, by: U32) -> Ints:
    """a << by; 0 if all bits are shifted out."""
    width = np.uint32(8 * a.dtype.itemsize)
    shifted = a << np.minimum(by, width - np.uint32(1)).astype(a.dtype)
    return np.where(by < width, shifted, a.dtype.type(0))


def right(a: Ints, by: U32) -> Ints:
    """a >> by; with a sign, its bit comes from the left for ever.

    >>> right(np.int32([-8, -8]), np.uint32([1, 99])).tolist()
    [-4, -1]
    """
    width = np.uint32(8 * a.dtype.itemsize)
    shifted = a >> np.minimum(by, width - np.uint32(1)).astype(a.dtype)
    if a.dtype.kind == "i":
        return shifted
    return np.where(by < width, shifted, a.dtype.type(0))


def insert(field: Ints, into: Ints, position: U32, length: U32) -> Ints:
    """`bfi`: the lowest `length` bits of a field in the place of those at `position`.

    >>> hex(insert(np.uint32([0xAB]), np.uint32([0]), np.uint32([4]), np.uint32([8]))[0])
    '0xab0'
    """
    mask = left(_ones(into, length & np.uint32(255)), position & np.uint32(255))
    return (into & ~mask) | (left(field, position & np.uint32(255)) & mask)


def extract(a: Ints, position: U32, length: U32, signed: bool) -> Ints:
    """`bfe`: `length` bits from `position` on, as a number."""
    width = np.uint32(8 * a.dtype.itemsize)
    position, length = position & np.uint32(255), length & np.uint32(255)
    mask = _ones(a, length)
    found = right(a, position) & mask
    if signed:
        place = np.minimum(position + length - np.uint32(1), width - np.uint32(1))
        negative = ((right(a, place) & a.dtype.type(1)) != 0) & (length != 0)
        found = np.where(negative, found | ~mask, found)
    return found


def _ones(like: Ints, length: U32) -> Ints:
    """As many bits, from the lowest on."""
    return left(like | ~like, length) ^ (like | ~like)


def count(a: Ints) -> U32:
    """How many bits are 1.

    >>> count(np.uint64([255])).tolist()
    [8]
    """
    return np.bitwise_count(a).astype(np.uint32)


def leading(a: Ints) -> U32:
    """How many zeros come before the first 1.

    >>> leading(np.uint32([1, 0])).tolist()
    [31, 32]
    """
    found = a.copy()
    for step in (1, 2, 4, 8, 16, 32)[: 5 + (a.dtype.itemsize == 8)]:
        found |= found >> a.dtype.type(step)
    return np.uint32(8 * a.dtype.itemsize) - count(found)


def reversed_bits(a: Ints) -> Ints:
    """The bits from the last to the first."""
    size = a.dtype.itemsize
    octets = np.ascontiguousarray(a).view(np.uint8).reshape(-1, size)
    bits = np.unpackbits(octets, axis=1, bitorder="little")
    return np.packbits(bits[:, ::-1], axis=1, bitorder="little").view(a.dtype).reshape(-1)


def funnel(low: U32, up: U32, by: U32, to_left: bool, wrap: bool) -> U32:
    """`shf`: 32 of the 64 bits of two words, shifted."""
    by = by & np.uint32(31) if wrap else np.minimum(by, np.uint32(32))
    both = (up.astype(np.uint64) << _HALF) | low.astype(np.uint64)
    if to_left:
        return (left(both, by) >> _HALF).astype(np.uint32)
    return right(both, by).astype(np.uint32)


def table(a: Ints, b: Ints, c: Ints, looked: int) -> Ints:
    """`lop3`: a function of three bits, given as its table of eight.

    >>> table(np.uint32([12]), np.uint32([10]), np.uint32([6]), 0xF0 & 0xCC).tolist()
    [8]
    """
    found = a ^ a
    for row in range(8):
        if looked >> row & 1:
            x, y, z = a if row & 4 else ~a, b if row & 2 else ~b, c if row & 1 else ~c
            found = found | (x & y & z)
    return found


def permuted(a: U32, b: U32, chosen: U32) -> U32:
    """`prmt`: four of the eight bytes of two words; the fourth bit of a choice repeats its sign.

    >>> hex(permuted(np.uint32([0x33221100]), np.uint32([0x77665544]), np.uint32([0x7310]))[0])
    '0x77331100'
    """
    both = (b.astype(np.uint64) << _HALF) | a.astype(np.uint64)
    found: U32 = np.zeros(np.broadcast(both, chosen).shape, np.uint32)
    for i in range(4):
        choice = (chosen >> np.uint32(4 * i)) & np.uint32(15)
        byte = (right(both, (choice & np.uint32(7)) * np.uint32(8)) & np.uint64(255)).astype(
            np.uint32
        )
        sign = np.where(byte >= 128, np.uint32(255), np.uint32(0))
        found |= np.where(choice >= 8, sign, byte) << np.uint32(8 * i)
    return found


# --- several registers as one ----------------------------------------------------------------


def packed(wide: npt.DTypeLike, *parts: Ints) -> Ints:
    """Registers side by side as one that is wider, the lowest first.

    >>> hex(packed(np.uint32, np.uint16([1]), np.uint16([2]))[0])
    '0x20001'
    """
    bits, number = 8 * parts[0].dtype.itemsize, np.dtype(wide).type
    found: Ints = parts[0].astype(wide)
    for i, part in enumerate(parts[1:], 1):
        found = found | (part.astype(wide) << number(bits * i))
    return found


def unpacked(value: Ints, narrow: npt.DTypeLike, times: int) -> list[Ints]:
    """The parts of a register, the lowest first."""
    wide, bits = value.dtype.type, 8 * np.dtype(narrow).itemsize
    return [(value >> wide(bits * i)).astype(narrow) for i in range(times)]
