"""Random numbers on the device: each thread makes a block of Philox, and numbers of its words.

    for each thread:
        for b = its number in the grid, then steps of the grid's size:
            four words = philox(b, call, seed)
            out[4 b], ... = four numbers of one word each, or two of two words each

So element i depends on the seed, the call and i: not on the grid, nor on the GPU. How a number is
made of words is a function of this module, which the kernel is bound to; `philox.words` are the
same words, so tests can say which numbers must come.

Dropout makes the same words again in backward, instead of keeping a mask.

Source: Salmon et al. 2011, see `philox`; Box and Muller 1958 for normal numbers
"""

from __future__ import annotations

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import load4, mulhi, store4
from minitorch_cuda.philox import FIRST, GOLDEN, ROUNDS, SECOND, SQUARE
from minitorch_cuda.simulator import Pointer
from minitorch_operators.ieee import exp as ieee_exp
from minitorch_operators.ieee import floor as ieee_floor
from minitorch_operators.ieee import log as ieee_log
from minitorch_operators.ieee import sqrt as ieee_sqrt

# The template parameters.
T: cuda.ValueType = cuda.float32  # computes
L: cuda.ValueType = cuda.float32  # loads
S: cuda.ValueType = cuda.float32  # stores
WIDE = 0  # whether a number is made of two words
QUAD = 1  # 4 where dropout's operands are read by fours

U = cuda.index32  # a word
LOW = 0xFFFFFFFF

Four = tuple[int, int, int, int]


def philox(block: int, call0: int, call1: int, seed0: int, seed1: int) -> Four:
    """The four words of a block of a call; see `philox.block`."""
    a = U(block & LOW)
    b = U((block >> 32) & LOW)
    c = U(call0)
    d = U(call1)
    k = U(seed0)
    m = U(seed1)
    for _ in range(ROUNDS):
        high = mulhi(U(FIRST), a)
        low = U((a * FIRST) & LOW)
        other = mulhi(U(SECOND), c)
        a = U(other ^ b ^ k)
        b = U((c * SECOND) & LOW)
        c = U(high ^ d ^ m)
        d = low
        k = U((k + GOLDEN) & LOW)
        m = U((m + SQUARE) & LOW)
    return a, b, c, d


# --- words as numbers in [0, 1) ------------------------------------------------------------------


def word(w0: int, w1: int, w2: int, w3: int, j: int) -> int:
    """The j-th of four."""
    pair = w0 if j == 0 else w1
    return pair if j < 2 else (w2 if j == 2 else w3)


def fraction(high: int, low: int) -> float:
    """A multiple of 2**-24 in [0, 1); if WIDE, of 2**-53, for which the second word is used."""
    if WIDE:
        return T((T(high >> 5) * T(67108864.0) + T(low >> 6)) * T(1.1102230246251565e-16))
    return T(T(high >> 8) * T(5.9604644775390625e-08))


def unit(w0: int, w1: int, w2: int, w3: int, j: int) -> float:
    """The `fraction` of the j-th number of a block."""
    if WIDE:
        return fraction(w0 if j == 0 else w2, w1 if j == 0 else w3)
    return fraction(word(w0, w1, w2, w3, j), 0)


def cosine(turns: float) -> float:
    """cos(2 pi turns), for turns in [-1, 1]: two series, on an eighth of the circle each way.

    CUDA's own cosine has to be ready for any argument, and takes float64 for that.
    """
    quarter = ieee_floor(T(turns * T(4.0) + T(0.5)))
    x = T((turns - quarter * T(0.25)) * T(6.283185307179586))
    y = T(x * x)
    even = T(T(-2.755731922398589e-07) + y * T(2.08767569878681e-09))
    even = T(T(2.48015873015873e-05) + y * even)
    even = T(T(-0.001388888888888889) + y * even)
    even = T(T(0.041666666666666664) + y * even)
    even = T(T(1.0) + y * (T(-0.5) + y * even))
    odd = T(T(-2.505210838544172e-08) + y * T(1.6059043836821613e-10))
    odd = T(T(2.7557319223985893e-06) + y * odd)
    odd = T(T(-0.0001984126984126984) + y * odd)
    odd = T(T(0.008333333333333333) + y * odd)
    odd = T(x * (T(1.0) + y * (T(-0.16666666666666666) + y * odd)))
    q = int(quarter) & 3
    value = odd if q % 2 == 1 else even
    return T(-value) if q == 1 or q == 2 else value


# --- numbers of a distribution: the j-th of a block's words --------------------------------------


def uniform(w0: int, w1: int, w2: int, w3: int, j: int, low: float, high: float) -> float:
    """In [low, high), also after it was rounded to what memory holds."""
    x = L(S(unit(w0, w1, w2, w3, j) * (high - low) + low))
    return x if x < high else low


def normal(w0: int, w1: int, w2: int, w3: int, j: int, mean: float, std: float) -> float:
    """Box-Muller: two numbers are a point, its distance and its angle are two uniform ones."""
    if WIDE:
        radius = T(T(1.0) - fraction(w0, w1))
        turns = fraction(w2, w3)
    else:
        far = w0 if j < 2 else w2
        radius = T(T(far) * T(2.3283064365386963e-10) + T(1.1641532182693481e-10))
        turns = fraction(w1 if j < 2 else w3, 0)
    length = ieee_sqrt(T(T(-2.0) * ieee_log(radius)))
    angle = turns if j % 2 == 0 else T(turns - T(0.25))  # the sine is a cosine a quarter earlier
    return T(length * cosine(angle) * std + mean)


def exponential(w0: int, w1: int, w2: int, w3: int, j: int, scale: float, unused: float) -> float:
    """-ln(u) scale, for u in (0, 1]."""
    return T(-ieee_log(T(T(1.0) - unit(w0, w1, w2, w3, j))) * scale)


def bernoulli(w0: int, w1: int, w2: int, w3: int, j: int, limit: int, unused: int) -> float:
    """1 where the word is below 2**32 p."""
    return T(1) if word(w0, w1, w2, w3, j) < limit else T(0)


def integer(w0: int, w1: int, w2: int, w3: int, j: int, low: int, span: int) -> float:
    """In [low, low + span): a word times span over 2**32; if WIDE, 63 bits modulo span."""
    if WIDE:
        high = (w0 if j == 0 else w2) & 0x7FFFFFFF
        bits = cuda.int64(high) * 4294967296 + (w1 if j == 0 else w3)
        return T(low + bits % span)
    return T(low + mulhi(word(w0, w1, w2, w3, j), U(span)))


def positive(w0: int, w1: int, w2: int, w3: int, j: int, unused: int, other: int) -> float:
    """63 bits."""
    high = (w0 if j == 0 else w2) & 0x7FFFFFFF
    return T(cuda.int64(high) * 4294967296 + (w1 if j == 0 else w3))


def log_normal(w0: int, w1: int, w2: int, w3: int, j: int, mean: float, std: float) -> float:
    """e to the power of a normal number."""
    return ieee_exp(normal(w0, w1, w2, w3, j, mean, std))


def cauchy(w0: int, w1: int, w2: int, w3: int, j: int, median: float, sigma: float) -> float:
    """median + sigma tan(pi (u - 1/2)), u in the middle of its cell: never 0, nor 1."""
    middle = T(5.551115123125783e-17) if WIDE else T(2.9802322387695312e-08)
    turns = T((unit(w0, w1, w2, w3, j) - T(0.5) + middle) * T(0.5))
    return T(median + sigma * (cosine(T(turns - T(0.25))) / cosine(turns)))


def geometric(w0: int, w1: int, w2: int, w3: int, j: int, scale: float, unused: float) -> float:
    """ceil(ln u / ln(1 - p)), at least 1, for u in (0, 1] and scale = 1 / ln(1 - p)."""
    tries = T(-ieee_floor(T(-ieee_log(T(T(1.0) - unit(w0, w1, w2, w3, j))) * scale)))
    return tries if tries > T(1.0) else T(1.0)


VALUE = uniform


def draw(
    out: Pointer[float],
    n: int,
    call0: int,
    call1: int,
    seed0: int,
    seed1: int,
    a: float,
    b: float,
) -> None:
    """n numbers of one distribution with parameters a and b."""
    block = cuda.grid(1)
    step = cuda.gridsize(1)
    each = 2 if WIDE else 4
    blocks = (n + each - 1) // each
    while block < blocks:
        w0, w1, w2, w3 = philox(block, call0, call1, seed0, seed1)
        at = block * each
        x0 = S(VALUE(w0, w1, w2, w3, 0, a, b))
        x1 = S(VALUE(w0, w1, w2, w3, 1, a, b))
        if WIDE:
            out[at] = x0
            if at + 1 < n:
                out[at + 1] = x1
        else:
            x2 = S(VALUE(w0, w1, w2, w3, 2, a, b))
            x3 = S(VALUE(w0, w1, w2, w3, 3, a, b))
            if at + 3 < n:
                store4(out, at, x0, x1, x2, x3)
            else:
                out[at] = x0
                if at + 1 < n:
                    out[at + 1] = x1
                if at + 2 < n:
                    out[at + 2] = x2
        block += step


def kept(x: float, bits: int, limit: int, scale: float) -> float:
    """x scaled if the word is below the limit, else times 0."""
    return S(L(x) * (scale if bits < limit else T(0)))


def dropout(
    out: Pointer[float],
    x: Pointer[float],
    n: int,
    call0: int,
    call1: int,
    seed0: int,
    seed1: int,
    limit: int,
    scale: float,
) -> None:
    """out[i] = x[i] scale where word i is below the limit, else 0."""
    block = cuda.grid(1)
    step = cuda.gridsize(1)
    while block < (n + 3) // 4:
        w0, w1, w2, w3 = philox(block, call0, call1, seed0, seed1)
        at = block * 4
        if QUAD == 4 and at + 3 < n:
            a, b, c, d = load4(x, at)
            store4(
                out,
                at,
                kept(a, w0, limit, scale),
                kept(b, w1, limit, scale),
                kept(c, w2, limit, scale),
                kept(d, w3, limit, scale),
            )
        else:
            for j in range(4):
                if at + j < n:
                    out[at + j] = kept(x[at + j], word(w0, w1, w2, w3, j), limit, scale)
        block += step
