"""The loops of the normalisations: of rows, and of units that lie in pieces.

Each reads its elements three times (mean, variance, result) while they are in cache: a row in the
first level, a channel of a batch in the second. The variance is that of the centred elements, so a
mean that is large beside the spread costs no precision.
"""

from __future__ import annotations

from minitorch_fast.functional.row_loops import total
from minitorch_fast.loops import Floats, Ints, real, reordered, separate
from minitorch_operators.ieee import sqrt


@reordered
def squares(x: Floats, at: int, n: int, m: float) -> float:
    """The sum of (x - m)**2."""
    s = 0.0
    for j in range(n):
        d = x[at + j] - m
        s += d * d
    return s


@separate
def normalize_rows(
    y: Floats, mean: Floats, rstd: Floats, x: Floats, weight: Floats, bias: Floats,
    eps: float, centred: int, first: int, last: int, n: int,
) -> None:  # fmt: skip
    """y = (x - mean) * rstd * weight + bias along each row; the mean is 0 if not `centred`."""
    part = 1.0 / real(n)
    for i in range(first, last):
        at = i * n
        m = 0.0
        if centred != 0:
            m = total(x, at, n) * part
        r = 1.0 / sqrt(squares(x, at, n, m) * part + eps)
        mean[i] = m
        rstd[i] = r
        for j in range(n):
            y[at + j] = (x[at + j] - m) * r * weight[j] + bias[j]


@reordered
def row_sums(
    x: Floats, g: Floats, weight: Floats, dw: Floats, db: Floats,
    at: int, to: int, n: int, m: float, r: float,
) -> tuple[float, float]:  # fmt: skip
    """The sums of g * weight and of g * weight * xhat, where xhat = (x - m) * r.

    dw and db, from the position `to`, gather g * xhat and g.
    """
    s = 0.0
    t = 0.0
    for j in range(n):
        xhat = (x[at + j] - m) * r
        d = g[at + j]
        e = d * weight[j]
        s += e
        t += e * xhat
        dw[to + j] += d * xhat
        db[to + j] += d
    return s, t


@separate
def rows_gradient(
    dx: Floats, dw: Floats, db: Floats, x: Floats, g: Floats, weight: Floats, mean: Floats,
    rstd: Floats, centred: int, rows: int, block: int, first: int, last: int, n: int,
) -> None:  # fmt: skip
    """The gradients of `normalize_rows`, for blocks of rows; each block has sums dw, db of its own.

    dx = (e - mean(e) - xhat * mean(e * xhat)) * rstd, where e = g * weight.
    """
    part = 1.0 / real(n)
    for b in range(first, last):
        to = b * n
        for j in range(n):
            dw[to + j] = 0.0
            db[to + j] = 0.0
        for i in range(b * block, min(b * block + block, rows)):
            at = i * n
            m = mean[i]
            r = rstd[i]
            s, t = row_sums(x, g, weight, dw, db, at, to, n, m, r)
            s = s * part
            if centred == 0:
                s = 0.0
            t = t * part * r
            for j in range(n):
                dx[at + j] = (g[at + j] * weight[j] - s - (x[at + j] - m) * t) * r


# A unit is what shares a mean and a variance. It lies in pieces, each of one channel, that is, of
# one weight and one bias. The numbers in `place`, which say where:
#
# 0 pieces of a unit   1 elements of a piece   2 from unit to unit     3 from piece to piece
# 4 channels           5 from unit to unit     6 from piece to piece (channels)
#
#                     units       pieces of each        channel of piece i of unit u
# batch_norm          channels    one of each sample    u
# instance_norm       all rows    one                   u mod channels
# group_norm          groups      its channels          (u * pieces + i) mod channels


@separate
def normalize_units(
    y: Floats, mean: Floats, rstd: Floats, x: Floats, weight: Floats, bias: Floats,
    running_mean: Floats, running_var: Floats, momentum: float, eps: float, given: int,
    first: int, last: int, place: Ints,
) -> None:  # fmt: skip
    """y = (x - mean) * rstd * weight + bias, with the statistics of each unit.

    If `given`, mean and rstd hold them already. Where momentum is not 0, the running statistics
    follow.
    """
    pieces, n, channels = place[0], place[1], place[4]
    count = pieces * n
    part = 1.0 / real(count)
    for u in range(first, last):
        base = u * place[2]
        if given == 0:
            m = 0.0
            for i in range(pieces):
                m += total(x, base + i * place[3], n)
            m = m * part
            v = 0.0
            for i in range(pieces):
                v += squares(x, base + i * place[3], n, m)
            mean[u] = m
            rstd[u] = 1.0 / sqrt(v * part + eps)
            if momentum != 0.0:
                running_mean[u] += momentum * (m - running_mean[u])
                running_var[u] += momentum * (v / real(count - 1) - running_var[u])
        m = mean[u]
        for i in range(pieces):
            at = base + i * place[3]
            c = (u * place[5] + i * place[6]) % channels
            scale = rstd[u] * weight[c]
            shift = bias[c]
            for j in range(n):
                y[at + j] = (x[at + j] - m) * scale + shift


@reordered
def piece_sums(x: Floats, g: Floats, at: int, n: int, m: float) -> tuple[float, float]:
    """The sums of g and of g * (x - m)."""
    s = 0.0
    t = 0.0
    for j in range(n):
        s += g[at + j]
        t += g[at + j] * (x[at + j] - m)
    return s, t


@separate
def units_gradient(
    dx: Floats, dw: Floats, db: Floats, x: Floats, g: Floats, weight: Floats, mean: Floats,
    rstd: Floats, given: int, first: int, last: int, place: Ints,
) -> None:  # fmt: skip
    """The gradients of `normalize_units`; dw and db for each piece, to be added up."""
    pieces, n, channels = place[0], place[1], place[4]
    part = 1.0 / real(pieces * n)
    for u in range(first, last):
        base = u * place[2]
        m = mean[u]
        r = rstd[u]
        sums = 0.0
        products = 0.0
        for i in range(pieces):
            c = (u * place[5] + i * place[6]) % channels
            s, t = piece_sums(x, g, base + i * place[3], n, m)
            db[u * pieces + i] = s
            dw[u * pieces + i] = t * r
            sums += s * weight[c]
            products += t * weight[c]
        sums = sums * part * r
        products = products * part * r * r * r
        if given != 0:
            sums = 0.0
            products = 0.0
        for i in range(pieces):
            at = base + i * place[3]
            scale = weight[(u * place[5] + i * place[6]) % channels] * r
            for j in range(n):
                dx[at + j] = g[at + j] * scale - sums - (x[at + j] - m) * products
