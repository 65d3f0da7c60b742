"""The loops of a dimension resampled: each new element is an old one, or a sum of a few old ones.

new[i] is the sum over k of weights[k, i] * old[places[k, i]]; without weights it is
old[places[0, i]]. Where the dimension is not the last one, an element is a block of `inner`
neighbours, and all is done to whole blocks. Where elements are only moved, as in padding, most keep
their neighbours: those from `begin` to `end` are copied as they lie, all at once.
"""

from __future__ import annotations

from minitorch_fast.loops import Floats, Ints

# The numbers in `g`, which describe a dimension.
#
# 0 old size   1 new size   2 inner   3 taps, 0 without weights   4 begin   5 end


def resample_rows(
    out: Floats, x: Floats, places: Ints, weights: Floats, first: int, last: int, g: Ints
) -> None:
    """The last dimension resampled, for rows first to last."""
    n, m, taps, begin, end = g[0], g[1], g[3], g[4], g[5]
    for o in range(first, last):
        at = o * n
        to = o * m
        if taps == 0:
            for i in range(begin):
                out[to + i] = x[at + places[i]]
            source = at + places[begin]
            target = to + begin
            for i in range(end - begin):
                out[target + i] = x[source + i]
            for i in range(end, m):
                out[to + i] = x[at + places[i]]
        elif taps == 2:
            for i in range(m):
                a = weights[i] * x[at + places[i]]
                out[to + i] = a + weights[m + i] * x[at + places[m + i]]
        else:
            for i in range(m):
                s = 0.0
                for k in range(taps):
                    s += weights[k * m + i] * x[at + places[k * m + i]]
                out[to + i] = s


def resample_blocks(
    out: Floats, x: Floats, places: Ints, weights: Floats, first: int, last: int, g: Ints
) -> None:
    """Another dimension resampled, for all that lies outside it from first to last."""
    n, m, inner, taps, begin, end = g[0], g[1], g[2], g[3], g[4], g[5]
    for o in range(first, last):
        if taps == 0:
            source = (o * n + places[begin]) * inner
            target = (o * m + begin) * inner
            for j in range((end - begin) * inner):
                out[target + j] = x[source + j]
        for i in range(m):
            to = (o * m + i) * inner
            a = (o * n + places[i]) * inner
            if taps == 0:
                if i < begin or i >= end:
                    for j in range(inner):
                        out[to + j] = x[a + j]
            elif taps == 2:
                b = (o * n + places[m + i]) * inner
                u = weights[i]
                v = weights[m + i]
                for j in range(inner):
                    out[to + j] = u * x[a + j] + v * x[b + j]
            else:
                for j in range(inner):
                    out[to + j] = weights[i] * x[a + j]
                for k in range(1, taps):
                    b = (o * n + places[k * m + i]) * inner
                    v = weights[k * m + i]
                    for j in range(inner):
                        out[to + j] += v * x[b + j]


def resample_rows_gradient(
    dx: Floats, d: Floats, places: Ints, weights: Floats, first: int, last: int, g: Ints
) -> None:
    """dx[places[k, i]] += weights[k, i] * d[i], in the last dimension."""
    n, m, taps, begin, end = g[0], g[1], g[3], g[4], g[5]
    for o in range(first, last):
        at = o * n
        to = o * m
        for i in range(n):
            dx[at + i] = 0.0
        if taps == 0:
            source = at + places[begin]
            target = to + begin
            for i in range(end - begin):
                dx[source + i] = d[target + i]
            for i in range(begin):
                dx[at + places[i]] += d[to + i]
            for i in range(end, m):
                dx[at + places[i]] += d[to + i]
        else:
            for k in range(taps):
                for i in range(m):
                    dx[at + places[k * m + i]] += weights[k * m + i] * d[to + i]


def resample_blocks_gradient(
    dx: Floats, d: Floats, places: Ints, weights: Floats, first: int, last: int, g: Ints
) -> None:
    """dx[places[k, i]] += weights[k, i] * d[i], in another dimension."""
    n, m, inner, taps = g[0], g[1], g[2], g[3]
    for o in range(first, last):
        for i in range(o * n * inner, (o + 1) * n * inner):
            dx[i] = 0.0
        for k in range(max(taps, 1)):
            for i in range(m):
                at = (o * n + places[k * m + i]) * inner
                to = (o * m + i) * inner
                if taps == 0:
                    for j in range(inner):
                        dx[at + j] += d[to + j]
                else:
                    w = weights[k * m + i]
                    for j in range(inner):
                        dx[at + j] += w * d[to + j]
