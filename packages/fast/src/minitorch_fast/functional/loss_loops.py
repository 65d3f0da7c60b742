"""The loops of the cross-entropy with class indices: one pass over the scores each way."""

from __future__ import annotations

from minitorch_fast.loops import Floats, Ints, choose, reordered, scratch
from minitorch_operators.ieee import exp, log


def largest(x: Floats, at: int, n: int, lanes: Floats) -> float:
    """The largest of n numbers; a nan may be passed over."""
    m = x[at]
    if n < 64:
        for j in range(1, n):
            m = choose(x[at + j] > m, x[at + j], m)
        return m
    for k in range(32):
        lanes[k] = x[at + k]
    whole = n - n % 32
    for j in range(32, whole, 32):
        for k in range(32):
            v = x[at + j + k]
            lanes[k] = choose(v > lanes[k], v, lanes[k])
    for k in range(32):
        m = choose(lanes[k] > m, lanes[k], m)
    for j in range(whole, n):
        m = choose(x[at + j] > m, x[at + j], m)
    return m


@reordered
def total(x: Floats, n: int) -> float:
    """The sum of n numbers."""
    s = 0.0
    for j in range(n):
        s += x[j]
    return s


def log_sums(sums: Floats, losses: Floats, x: Floats, target: Ints, g: Ints) -> int:
    """sums[i] = log(sum_j exp(x[i, j])), losses[i] = sums[i] - x[i, target[i]].

    A loss is 0 where the target is ignored. g is: rows, classes, the index to ignore. Returns how
    many targets are no class; their loss is 0 too.
    """
    rows, classes, ignored = g[0], g[1], g[2]
    bad = 0
    buffer = scratch(32 + classes)
    for i in range(rows):
        at = i * classes
        m = largest(x, at, classes, buffer)
        for j in range(classes):
            buffer[j] = exp(x[at + j] - m)
        s = log(total(buffer, classes)) + m
        sums[i] = s
        losses[i] = 0.0
        c = target[i]
        if c != ignored:
            if 0 <= c < classes:
                losses[i] = s - x[at + c]
            else:
                bad += 1
    return bad


def scores_gradient(
    dx: Floats, x: Floats, sums: Floats, target: Ints, scale: Floats, each: int, g: Ints
) -> None:
    """dx[i, j] = (exp(x[i, j] - sums[i]) - (j == target[i])) * scale.

    It is 0 where a target is ignored. scale holds one number, or one for each row if `each` is 1.
    """
    rows, classes, ignored = g[0], g[1], g[2]
    for i in range(rows):
        at = i * classes
        c = target[i]
        s = 0.0
        if c != ignored:
            s = scale[i * each]
        k = sums[i]
        if c == ignored:
            for j in range(classes):
                dx[at + j] = 0.0
        else:
            for j in range(classes):
                dx[at + j] = exp(x[at + j] - k) * s
            dx[at + c] -= s
