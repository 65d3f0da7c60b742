"""The loops of running sums, products, extremes and logarithms of sums.

x and y hold (outer, n, inner) numbers, and n is what is run along. There are two kinds of loop:

    lines      inner is 1: each element waits for the one before. Four lines go side by side, so
               that the processor has four additions to do while it waits for each (3 times faster
               than one line); of a long line, four segments do, and are shifted to where the ones
               before ended.
    columns    a row is computed from the row before it, as vectors.

`step` is 1, or -1 to run from the end to the beginning, which is what the gradient of a running
sum does.
"""

from __future__ import annotations

from minitorch_fast.loops import Floats, Ints, choose, scratch, wider
from minitorch_operators.ieee import exp, fabs, log1p


def lost(a: float, b: float, s: float) -> float:
    """What rounding took from s = a + b (Knuth); 0 for infinities."""
    c = s - a
    e = (a - (s - c)) + (b - c)
    return choose(e == e, e, 0.0)


def four_sums(y: Floats, x: Floats, a: int, gap: int, n: int, step: int) -> None:
    """Running sums of n elements at a, a + gap, a + 2 * gap and a + 3 * gap.

    They are kept in float64, as PyTorch does, so that a thousand roundings do not add up.
    """
    b = a + gap
    c = b + gap
    d = c + gap
    p = wider(0.0)
    q = wider(0.0)
    r = wider(0.0)
    s = wider(0.0)
    for k in range(n):
        i = k * step
        p += x[a + i]
        q += x[b + i]
        r += x[c + i]
        s += x[d + i]
        y[a + i] = p
        y[b + i] = q
        y[c + i] = r
        y[d + i] = s


def sum_lines(y: Floats, x: Floats, first: int, last: int, n: int, step: int) -> None:
    """y[i, k] = x[i, 0] + ... + x[i, k] for lines first to last.

    Lines of more than 1024 elements are cut into segments of 256, four at a time, and what rounding
    takes from the sum at the end of a segment is added to the next: however long the line is, the
    error is that of 256 additions.
    """
    back = (1 - step) // 2
    i = first
    while i < last:
        a = i * n + (n - 1) * back
        lines = 1
        groups = n // 1024
        length = 256
        gap = 256 * step
        if n <= 1024 and i + 4 <= last:
            lines = 4
            groups = 1
            length = n
            gap = n
        total = 0.0
        rest = 0.0
        for _ in range(groups):
            four_sums(y, x, a, gap, length, step)
            if lines == 1:
                for _ in range(4):
                    end = y[a + 255 * step]
                    low = a - 255 * back
                    for k in range(256):
                        y[low + k] = total + (rest + y[low + k])
                    new = total + (rest + end)
                    rest = lost(total, rest + end, new)
                    total = new
                    a += 256 * step
        if lines == 1:
            p = wider(0.0)
            for _ in range(n % 1024):
                p += x[a]
                y[a] = total + (rest + p)
                a += step
        i += lines


def sum_columns(
    y: Floats, x: Floats, first: int, last: int, n: int, inner: int, low: int, high: int, step: int
) -> None:
    """y[i, k, j] = x[i, 0, j] + ... + x[i, k, j] for i from first to last and j from low to high.

    What rounding takes is added up beside the sums.
    """
    width = high - low
    sums = scratch(2 * width)
    for i in range(first, last):
        at = (i * n + (n - 1) * ((1 - step) // 2)) * inner + low
        for j in range(width):
            sums[j] = x[at + j]
            sums[width + j] = 0.0
            y[at + j] = x[at + j]
        for _ in range(1, n):
            at += step * inner
            for j in range(width):
                v = x[at + j]
                u = sums[j]
                s = u + v
                e = sums[width + j] + lost(u, v, s)
                sums[j] = s
                sums[width + j] = e
                y[at + j] = s + e


def four_products(y: Floats, x: Floats, a: int, gap: int, n: int) -> None:
    """Running products of n elements at a, a + gap, a + 2 * gap and a + 3 * gap."""
    b = a + gap
    c = b + gap
    d = c + gap
    p = wider(1.0)
    q = wider(1.0)
    r = wider(1.0)
    s = wider(1.0)
    for k in range(n):
        p *= x[a + k]
        q *= x[b + k]
        r *= x[c + k]
        s *= x[d + k]
        y[a + k] = p
        y[b + k] = q
        y[c + k] = r
        y[d + k] = s


def product_lines(y: Floats, x: Floats, first: int, last: int, n: int) -> None:
    """y[i, k] = x[i, 0] * ... * x[i, k] for lines first to last."""
    i = first
    while i < last:
        a = i * n
        lines = 1
        groups = n // 1024
        length = 256
        if n <= 1024 and i + 4 <= last:
            lines = 4
            groups = 1
            length = n
        total = 1.0
        for _ in range(groups):
            four_products(y, x, a, length, length)
            if lines == 1:
                for _ in range(4):
                    for k in range(256):
                        y[a + k] = total * y[a + k]
                    total = y[a + 255]
                    a += 256
        if lines == 1:
            p = wider(total)
            for k in range(n % 1024):
                p *= x[a + k]
                y[a + k] = p
        i += lines


def product_columns(
    y: Floats, x: Floats, first: int, last: int, n: int, inner: int, low: int, high: int
) -> None:
    """y[i, k, j] = x[i, 0, j] * ... * x[i, k, j], i from first to last and j from low to high."""
    for i in range(first, last):
        at = i * n * inner
        for j in range(low, high):
            y[at + j] = x[at + j]
        for _ in range(1, n):
            for j in range(low, high):
                y[at + inner + j] = y[at + j] * x[at + inner + j]
            at += inner


def product_gradient(
    dx: Floats, g: Floats, x: Floats, y: Floats, first: int, last: int, n: int, inner: int
) -> None:
    """dx[k] = sum of g[m] * y[m] / x[k] over m >= k, for lines (i, j) first to last.

    A quotient serves before the first zero only. At the zero it is the product without it, and
    after it nothing has an influence.
    """
    for line in range(first, last):
        at = line // inner * n * inner + line % inner
        zero = 0
        while zero < n and x[at + zero * inner] != 0.0:
            zero += 1
        s = 0.0
        for k in range(zero):
            p = at + (zero - 1 - k) * inner
            s += g[p] * y[p]
            dx[p] = s / x[p]
        if zero < n:
            others = 1.0
            if zero > 0:
                others = y[at + (zero - 1) * inner]
            s = g[at + zero * inner] * others
            for k in range(zero + 1, n):
                p = at + k * inner
                others *= x[p]
                s += g[p] * others
                dx[p] = 0.0
            dx[at + zero * inner] = s


def turned(x: float, base: float, down: int) -> float:
    """x, or what lies as far down if x lies up: -0.0 - x for floats, -1 - x for integers."""
    return choose(down == 1, base - x, x)


def two_largest(
    y: Floats, places: Ints, x: Floats, a: int, gap: int, n: int, place: int, further: int,
    base: float, down: int,
) -> None:  # fmt: skip
    """Running maxima of n elements at a and at a + gap, whose places are place and further on."""
    b = a + gap
    p = turned(x[a], base, down)
    q = turned(x[b], base, down)
    i = place
    j = place + further
    for k in range(n):
        e = turned(x[a + k], base, down)
        f = turned(x[b + k], base, down)
        wins = (e >= p) | (e != e)
        beats = (f >= q) | (f != f)
        p = choose(wins, e, p)
        i = choose(wins, place + k, i)
        q = choose(beats, f, q)
        j = choose(beats, place + further + k, j)
        y[a + k] = turned(p, base, down)
        places[a + k] = i
        y[b + k] = turned(q, base, down)
        places[b + k] = j


def largest_lines(
    y: Floats, places: Ints, x: Floats, first: int, last: int, n: int, base: float, down: int
) -> None:
    """y[i, k] = the largest of x[i, 0] to x[i, k], and the last place where it is.

    A nan beats all numbers. For the smallest, `down` turns the order round. Two lines go side by
    side, or two halves of one: that the second begins lower than the first ends is mended after.
    """
    i = first
    while i < last:
        a = i * n
        if n < 64 and i + 2 <= last:
            two_largest(y, places, x, a, n, n, 0, 0, base, down)
            i += 2
        else:
            half = n // 2
            if half > 0:
                two_largest(y, places, x, a, half, half, 0, half, base, down)
                u = turned(y[a + half - 1], base, down)
                p = places[a + half - 1]
                for k in range(half, 2 * half):
                    e = turned(y[a + k], base, down)
                    stays = (e >= u) | (e != e)
                    y[a + k] = turned(choose(stays, e, u), base, down)
                    places[a + k] = choose(stays, places[a + k], p)
            if n > 2 * half:
                k = n - 1
                e = turned(x[a + k], base, down)
                u = e
                p = 0
                if k > 0:
                    u = turned(y[a + k - 1], base, down)
                    p = places[a + k - 1]
                wins = (e >= u) | (e != e)
                y[a + k] = turned(choose(wins, e, u), base, down)
                places[a + k] = choose(wins, k, p)
            i += 1


def largest_columns(
    y: Floats, places: Ints, x: Floats, first: int, last: int, n: int, inner: int, low: int,
    high: int, base: float, down: int,
) -> None:  # fmt: skip
    """The same along columns (i, j), i from first to last and j from low to high."""
    for i in range(first, last):
        at = i * n * inner
        for j in range(low, high):
            y[at + j] = x[at + j]
            places[at + j] = 0
        for k in range(1, n):
            for j in range(low, high):
                e = turned(x[at + inner + j], base, down)
                u = turned(y[at + j], base, down)
                wins = (e >= u) | (e != e)
                y[at + inner + j] = turned(choose(wins, e, u), base, down)
                places[at + inner + j] = choose(wins, k, places[at + j])
            at += inner


def logsumexp_lanes(
    y: Floats, x: Floats, first: int, last: int, n: int, inner: int, lane: int
) -> None:
    """y[k] = log(exp(x[0]) + ... + exp(x[k])) for lines (i, j) first to last, 32 at a time.

    lane is the distance of two lines in memory.
    """
    sums = scratch(32)
    line = first
    while line < last:
        count = min(32, last - line)
        if inner > 1:
            count = min(count, inner - line % inner)
        at = line // inner * n * inner + line % inner
        for j in range(count):
            sums[j] = x[at + j * lane]
            y[at + j * lane] = sums[j]
        for _ in range(1, n):
            at += inner
            for j in range(count):
                a = sums[j]
                b = x[at + j * lane]
                s = choose(a > b, a, b) + log1p(exp(-fabs(a - b)))
                # Two equal infinities have no difference.
                s = choose((a == b) & (a - b != 0.0), a, s)
                sums[j] = s
                y[at + j * lane] = s
        line += count


def logsumexp_gradient(
    dx: Floats, g: Floats, x: Floats, y: Floats, first: int, last: int, n: int, inner: int
) -> None:
    """dx[k] = sum of g[m] * exp(x[k] - y[m]) over m >= k, for lines (i, j) first to last.

    y never decreases, so exp(y[k] - y[m]) is at most 1: the sum is carried as a multiple of
    exp(-y[k]), from the end.
    """
    ratio = scratch(n)
    for line in range(first, last):
        at = line // inner * n * inner + line % inner
        for k in range(n - 1):
            p = at + k * inner
            ratio[k] = exp(y[p] - y[p + inner])
        ratio[n - 1] = 0.0
        s = 0.0
        for k in range(n):
            m = n - 1 - k
            s = g[at + m * inner] + s * ratio[m]
            ratio[m] = s
        for k in range(n):
            p = at + k * inner
            dx[p] = ratio[k] * exp(x[p] - y[p])
