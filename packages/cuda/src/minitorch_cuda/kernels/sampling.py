"""Random numbers, each of a distribution of its own: coins, events, successes.

    coins      1 with probability p[i]
    events     how often something happens that happens rate[i] times on average
    successes  how many of trials[i] succeed, each with probability p[i]

A coin takes one word. The two counts are drawn by rejection: candidates come until one is accepted,
so nobody knows how many words it takes; round t of element i has the block i + t 2**40, and the
numbers depend on the seed, the call and the place of the element alone.

The probability of a count k is asked for as Loader writes it: by how far k is from the mean, and
what Stirling's formula leaves. There large numbers do not cancel, and float32 is enough.

Source: Hoermann 1993, "The transformed rejection method" and "The generation of binomial random
variates"; Knuth 1969, 3.4.1; Devroye 1986, X.4.3; Loader 2000, "Fast and accurate computation of
binomial probabilities"
"""

from __future__ import annotations

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import load4, red_min, store4
from minitorch_cuda.kernels.random import philox, word
from minitorch_cuda.simulator import Pointer
from minitorch_operators.ieee import ceil as ieee_ceil
from minitorch_operators.ieee import exp as ieee_exp
from minitorch_operators.ieee import fabs as ieee_fabs
from minitorch_operators.ieee import floor as ieee_floor
from minitorch_operators.ieee import log as ieee_log
from minitorch_operators.ieee import log1p as ieee_log1p
from minitorch_operators.ieee import sqrt as ieee_sqrt

# The template parameters.
T: cuda.ValueType = cuda.float32  # computes
L: cuda.ValueType = cuda.float32  # loads
S: cuda.ValueType = cuda.float32  # stores
QUAD = 1  # 4 where operands are read by fours

ROUND = 1 << 40


# --- coins ---------------------------------------------------------------------------------------


def coin(p: float, bits: int) -> float:
    """1 with probability p; a p that is none is never less than anything."""
    below = T(T(bits) * T(2.3283064365386963e-10)) < p or p >= T(1)
    return S(T(1) if below else T(0))


def is_chance(p: float) -> bool:
    """Whether p is in [0, 1]."""
    return p >= T(0) and p <= T(1)


def coins(
    out: Pointer[float],
    p: Pointer[float],
    bad: Pointer[int],
    n: int,
    call0: int,
    call1: int,
    seed0: int,
    seed1: int,
) -> None:
    """out[i] = 1 with probability p[i], else 0."""
    block = cuda.int64(cuda.grid(1))
    while block < (n + 3) // 4:
        w0, w1, w2, w3 = philox(block, call0, call1, seed0, seed1)
        at = block * 4
        if QUAD == 4 and at + 3 < n:
            p0, p1, p2, p3 = load4(p, at)
            a, b, c, d = T(L(p0)), T(L(p1)), T(L(p2)), T(L(p3))
            if not (is_chance(a) and is_chance(b) and is_chance(c) and is_chance(d)):
                red_min(bad, 0, at)
            store4(out, at, coin(a, w0), coin(b, w1), coin(c, w2), coin(d, w3))
        else:
            for j in range(4):
                if at + j < n:
                    a = T(L(p[at + j]))
                    if not is_chance(a):
                        red_min(bad, 0, at + j)
                    out[at + j] = coin(a, word(w0, w1, w2, w3, j))
        block += cuda.gridsize(1)


# --- the probability of a count ------------------------------------------------------------------


def inner(bits: int) -> float:
    """A word as a number in (0, 1), both ends left out: an odd multiple of 2**-24."""
    return T(T(bits >> 9) * T(1.1920928955078125e-07) + T(5.9604644775390625e-08))


def stirling(k: float) -> float:
    """What Stirling's formula leaves of ln k!, for k from 1 on."""
    square = T(T(1) / (k * k))
    rest = T(T(0.002777777777777778) - square * T(0.0007936507936507937))
    return T((T(0.08333333333333333) - square * rest) / k)


def apart(k: float, mean: float) -> float:
    """k ln(k / mean) + mean - k, for k above 0: how improbable it is to be so far from the mean."""
    away = T(k - mean)
    part = T(away / (k + mean))
    if ieee_fabs(part) > T(0.1):
        return T(k * ieee_log(T(k / mean)) - away)
    square = T(part * part)
    rest = T(T(0.14285714285714285) + square * T(0.1111111111111111))
    rest = T(T(0.2) + square * rest)
    rest = T(T(0.3333333333333333) + square * rest)
    return T(away * part + T(2) * k * part * square * rest)


def log_of_events(k: float, rate: float) -> float:
    """ln(rate**k exp(-rate) / k!)."""
    if k < T(1):
        return T(-rate)
    around = T(T(0.5) * ieee_log(T(k * T(6.283185307179586))))
    return T(-stirling(k) - apart(k, rate) - around)


def log_of_successes(k: float, n: float, p: float) -> float:
    """ln(binomial(n, k) p**k (1 - p)**(n - k))."""
    if k < T(1):
        return T(n * ieee_log1p(T(-p)))
    if k >= n:
        return T(n * ieee_log(p))
    failures = T(n - k)
    far = T(apart(k, T(n * p)) + apart(failures, T(n * (T(1) - p))))
    around = T(T(0.5) * ieee_log(T(T(6.283185307179586) * k * (failures / n))))
    return T(stirling(n) - stirling(k) - stirling(failures) - far - around)


# --- events --------------------------------------------------------------------------------------


def few_events(i: int, rate: float, call0: int, call1: int, seed0: int, seed1: int) -> float:
    """How many uniform numbers can be multiplied before the product is at most exp(-rate)."""
    bound = T(ieee_exp(T(-rate)))
    product, k = T(1), T(0)
    going = product > bound
    at = i
    while going:
        w0, w1, w2, w3 = philox(at, call0, call1, seed0, seed1)
        for j in range(4):
            if going:
                product = T(product * inner(word(w0, w1, w2, w3, j)))
                going = product > bound
                if going:
                    k = T(k + T(1))
        at += ROUND
    return k


def many_events(i: int, rate: float, call0: int, call1: int, seed0: int, seed1: int) -> float:
    """Hoermann's algorithm PTRS, for rates from 10 on."""
    b = T(T(0.931) + T(2.53) * ieee_sqrt(rate))
    a = T(T(-0.059) + T(0.02483) * b)
    alpha = T(T(1.1239) + T(1.1328) / (b - T(3.4)))
    tight = T(T(0.9277) - T(3.6224) / (b - T(2)))
    k = T(0)
    going = True
    at = i
    while going:
        w0, w1, w2, w3 = philox(at, call0, call1, seed0, seed1)
        for j in range(2):
            if going:
                u = T(inner(w0 if j == 0 else w2) - T(0.5))
                v = inner(w1 if j == 0 else w3)
                us = T(T(0.5) - ieee_fabs(u))
                k = T(ieee_floor(T((T(2) * a / us + b) * u + rate + T(0.43))))
                if us >= T(0.07) and v <= tight:
                    going = False
                elif k >= T(0) and (us >= T(0.013) or v <= us):
                    height = T(ieee_log(T(v * alpha / (a / (us * us) + b))))
                    going = height > log_of_events(k, rate)
        at += ROUND
    return k


def events(
    out: Pointer[float],
    rate: Pointer[float],
    bad: Pointer[int],
    n: int,
    call0: int,
    call1: int,
    seed0: int,
    seed1: int,
) -> None:
    """out[i] = k with probability rate[i]**k exp(-rate[i]) / k!."""
    i = cuda.int64(cuda.grid(1))
    while i < n:
        mean = T(L(rate[i]))
        k = T(0)
        if not mean >= T(0):
            red_min(bad, 0, i)
        elif mean >= T(10):
            k = many_events(i, mean, call0, call1, seed0, seed1)
        else:
            k = few_events(i, mean, call0, call1, seed0, seed1)
        out[i] = S(k)
        i += cuda.gridsize(1)


# --- successes -----------------------------------------------------------------------------------


def few_successes(
    i: int, n: float, p: float, call0: int, call1: int, seed0: int, seed1: int
) -> float:
    """Count successes, the waiting times between which are geometric."""
    failure = T(ieee_log1p(T(-p)))
    waited, k = T(0), T(0)
    going = True
    at = i
    while going:
        w0, w1, w2, w3 = philox(at, call0, call1, seed0, seed1)
        for j in range(4):
            if going:
                time = T(ieee_log(inner(word(w0, w1, w2, w3, j))) / failure)
                waited = T(waited + ieee_ceil(time))
                going = waited <= n
                if going:
                    k = T(k + T(1))
        at += ROUND
    return k


def many_successes(
    i: int, n: float, p: float, call0: int, call1: int, seed0: int, seed1: int
) -> float:
    """Hoermann's algorithm BTRS, for n p from 10 on and p up to a half."""
    deviation = T(ieee_sqrt(T(n * p * (T(1) - p))))
    b = T(T(1.15) + T(2.53) * deviation)
    a = T(T(-0.0873) + T(0.0248) * b + T(0.01) * p)
    tight = T(T(0.92) - T(4.2) / b)
    alpha = T((T(2.83) + T(5.1) / b) * deviation)
    highest = log_of_successes(T(ieee_floor(T((n + T(1)) * p))), n, p)
    k = T(0)
    going = True
    at = i
    while going:
        w0, w1, w2, w3 = philox(at, call0, call1, seed0, seed1)
        for j in range(2):
            if going:
                u = T(inner(w0 if j == 0 else w2) - T(0.5))
                v = inner(w1 if j == 0 else w3)
                us = T(T(0.5) - ieee_fabs(u))
                k = T(ieee_floor(T((T(2) * a / us + b) * u + n * p + T(0.5))))
                if k >= T(0) and k <= n:
                    height = T(ieee_log(T(v * alpha / (a / (us * us) + b))))
                    going = not (us >= T(0.07) and v <= tight)
                    if going:
                        going = height > log_of_successes(k, n, p) - highest
        at += ROUND
    return k


def successes(
    out: Pointer[float],
    trials: Pointer[float],
    p: Pointer[float],
    size: int,
    call0: int,
    call1: int,
    seed0: int,
    seed1: int,
) -> None:
    """How many of trials[i] succeed; a p beyond 0 or 1 is 0 or 1, and nan gives nan."""
    i = cuda.int64(cuda.grid(1))
    while i < size:
        n, chance = T(L(trials[i])), T(L(p[i]))
        k = T(0)
        if n > T(0) and chance >= T(1):
            k = n
        elif n > T(0) and not chance <= T(0):
            rare = chance if chance <= T(0.5) else T(T(1) - chance)
            if chance != chance:
                k = chance
            elif n * rare >= T(10):
                k = many_successes(i, n, rare, call0, call1, seed0, seed1)
            else:
                k = few_successes(i, n, rare, call0, call1, seed0, seed1)
            if chance > T(0.5):
                k = T(n - k)
        out[i] = S(k)
        i += cuda.gridsize(1)
