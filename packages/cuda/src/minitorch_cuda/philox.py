"""Philox4x32-10 in NumPy: random numbers by counting, the twin of `kernels.random`.

A block of four words is a function of a counter of 128 bits and a key of 64, ten rounds of two
multiplications each. There is no state to pass on: any thread makes any block, in any order, so the
numbers do not depend on how many threads there are.

    key                 the seed
    counter, lower half the number of the block: words 4 b to 4 b + 3 of this call
    counter, upper half the number of the call since the seed

Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011;
https://github.com/DEShawResearch/random123
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

FIRST: Final = 0xD2511F53
"""What the first word of the counter is multiplied with."""
SECOND: Final = 0xCD9E8D57
"""What the third is."""
GOLDEN: Final = 0x9E3779B9
"""What the first half of the key grows by each round: the golden ratio."""
SQUARE: Final = 0xBB67AE85
"""What the second half does: the square root of 3."""
ROUNDS: Final = 10

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def blocks(seed: int, call: int, n: int) -> Words:
    """The first n blocks of a call, (n, 4).

    >>> [hex(word) for word in blocks(0, 0, 1)[0]]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    number = np.arange(n, dtype=np.uint64)
    upper = np.full(n, call % (1 << 64), np.uint64)
    return block(
        [number & _LOW, number >> _HALF, upper & _LOW, upper >> _HALF],
        [seed & 0xFFFFFFFF, seed >> 32],
    )


def block(counter: list[npt.NDArray[np.uint64]], key: list[int]) -> Words:
    """The blocks of counters of four words each, (n, 4).

    >>> ones = [np.array([0xFFFFFFFF], np.uint64)] * 4
    >>> [hex(word) for word in block(ones, [0xFFFFFFFF, 0xFFFFFFFF])[0]]
    ['0x408f276d', '0x41c83b0e', '0xa20bc7c6', '0x6d5451fd']
    """
    a, b, c, d = counter
    k, m = key
    for _ in range(ROUNDS):
        first, second = a * np.uint64(FIRST), c * np.uint64(SECOND)
        a, b = (second >> _HALF) ^ b ^ np.uint64(k), second & _LOW
        c, d = (first >> _HALF) ^ d ^ np.uint64(m), first & _LOW
        k, m = (k + GOLDEN) & 0xFFFFFFFF, (m + SQUARE) & 0xFFFFFFFF
    words: Words = np.stack([a, b, c, d], axis=1).astype(np.uint32)
    return words


def words(seed: int, call: int, n: int) -> Words:
    """The first n words of a call."""
    return blocks(seed, call, -(-n // 4)).reshape(-1)[:n]
