"""The cross-entropy: one pass over the scores each way, and one launch that adds up the losses.

With s = log(sum(exp(x))) the loss of a row is, for the class c,

    hard * weight[c] * (s - x[c]) + even * sum_j weight[j] * (s - x[j])

and 0 where c is the class to ignore; for probabilities q of the classes it is

    sum_j weight[j] * (hard * q[j] + even) * (s - x[j])

Forward keeps s of each row, from which backward makes the probabilities again: to write and to read
them would cost more than the exponentials. A class that is none is reported as a bad index is (see
`faults`), and its row counts nothing.
"""

from __future__ import annotations

import math

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import red_min
from minitorch_cuda.kernels.rows import group_sum, place, put, rest, row_of_thread, take
from minitorch_cuda.kernels.softmax import log_sum
from minitorch_cuda.simulator import Pointer
from minitorch_operators.ieee import exp as ieee_exp
from minitorch_operators.ieee import log as ieee_log

# The template parameters, besides those of rows.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = cuda.index32  # noqa: E741 - positions
GROUP = 32
HELD = 4
WEIGHTED = 0  # 1 if classes have weights; else the pointer to them is not followed
SMOOTH = 0  # 1 if even is not 0
EACH = 0  # 1 if each row has a gradient of its own, 0 if there is one for all
MEAN = 0  # 1 if that is to be divided by what counted

LOWEST = -math.inf


def weight_of(weight: Pointer[float], j: int) -> float:
    """The weight of a class."""
    return L(weight[j]) if WEIGHTED == 1 else T(1)


def class_losses(
    sums: Pointer[float],
    losses: Pointer[float],
    counted: Pointer[float],
    x: Pointer[float],
    target: Pointer[int],
    weight: Pointer[float],
    bad: Pointer[int],
    rows: int,
    n: int,
    ignored: int,
    hard: float,
    even: float,
) -> None:
    """The loss of each row of scores, how much it counts in the mean, and its s."""
    held = cuda.local.array(HELD, T)
    me = cuda.threadIdx.x % GROUP
    row = row_of_thread()
    length = n if row < rows else 0
    at = row * n
    take(held, x, at, length, T(LOWEST))
    largest, total = log_sum(held, x, at, length)
    log_total = T(ieee_log(total))
    spread = T(0)
    if SMOOTH == 1:
        j = me
        while j < length:
            spread = T(spread + weight_of(weight, j) * (largest - L(x[at + j]) + log_total))
            j += GROUP
        spread = group_sum(spread)
    if me == 0 and row < rows:
        c = target[row]
        loss, share = T(0), T(0)
        if c >= 0 and c < n and c != ignored:
            share = weight_of(weight, c)
            loss = hard * share * (largest - L(x[at + c]) + log_total)
            if SMOOTH == 1:
                loss = T(loss + even * spread)
        elif c != ignored:
            red_min(bad, 0, row)
        sums[row] = largest + log_total
        losses[row] = loss
        counted[row] = share


def scale_of(g: Pointer[float], divisor: Pointer[float], row: int) -> float:
    """What the gradient of a row is multiplied by."""
    scale = L(g[row]) if EACH == 1 else L(g[0])
    return scale / divisor[0] if MEAN == 1 else scale


def class_gradient(
    dx: Pointer[float],
    x: Pointer[float],
    sums: Pointer[float],
    target: Pointer[int],
    weight: Pointer[float],
    g: Pointer[float],
    divisor: Pointer[float],
    rows: int,
    n: int,
    ignored: int,
    hard: float,
    even: float,
) -> None:
    """The gradient of `class_losses`."""
    held = cuda.local.array(HELD, T)
    me = cuda.threadIdx.x % GROUP
    row = row_of_thread()
    length = n if row < rows else 0
    at = row * n
    take(held, x, at, length, T(0))
    mass = T(0)  # of all weights, as far as it is spread
    if SMOOTH == 1:
        j = me
        while j < n:
            mass = T(mass + weight_of(weight, j))
            j += GROUP
        mass = group_sum(mass) * even
    c, counts, scale, own, s = 0, 0, T(0), T(0), T(0)
    if row < rows:
        c = target[row]
        s = sums[row]
        if c >= 0 and c < n and c != ignored:
            counts = 1
            scale = scale_of(g, divisor, row)
            own = hard * weight_of(weight, c)
    p = T(own + mass) * scale
    spread = even * scale
    for k in range(HELD):
        j = place(k)
        v = T(0)
        if j < length and counts == 1:
            v = pulled(held[k], s, p, weight, spread, j)
            v = v - own * scale if j == c else v
        held[k] = v
    put(dx, at, length, held)
    j = rest()
    while j < length:
        v = T(0)
        if counts == 1:
            v = pulled(L(x[at + j]), s, p, weight, spread, j)
            v = v - own * scale if j == c else v
        dx[at + j] = S(v)
        j += GROUP


def pulled(x: float, s: float, p: float, weight: Pointer[float], spread: float, j: int) -> float:
    """What a score gets through the sum of exponentials, less its even share."""
    v = T(ieee_exp(x - s)) * p
    return v - weight_of(weight, j) * spread if SMOOTH == 1 else v


# --- probabilities as targets --------------------------------------------------------------------


def share_of(
    weight: Pointer[float], q: Pointer[float], at: int, j: int, hard: float, even: float
) -> float:
    """How much the log-probability of a class counts."""
    return weight_of(weight, j) * T(hard * L(q[at + j]) + even)


def distribution_losses(
    sums: Pointer[float],
    losses: Pointer[float],
    x: Pointer[float],
    q: Pointer[float],
    weight: Pointer[float],
    rows: int,
    n: int,
    hard: float,
    even: float,
) -> None:
    """The loss of each row for probabilities of its classes, and its s."""
    held = cuda.local.array(HELD, T)
    me = cuda.threadIdx.x % GROUP
    row = row_of_thread()
    length = n if row < rows else 0
    at = row * n
    take(held, x, at, length, T(LOWEST))
    largest, total = log_sum(held, x, at, length)
    log_total = T(ieee_log(total))
    loss = T(0)
    j = me
    while j < length:
        distance = largest - L(x[at + j]) + log_total
        loss = T(loss + share_of(weight, q, at, j, hard, even) * distance)
        j += GROUP
    loss = group_sum(loss)
    if me == 0 and row < rows:
        sums[row] = largest + log_total
        losses[row] = loss


def distribution_gradient(
    dx: Pointer[float],
    x: Pointer[float],
    q: Pointer[float],
    sums: Pointer[float],
    weight: Pointer[float],
    g: Pointer[float],
    divisor: Pointer[float],
    rows: int,
    n: int,
    hard: float,
    even: float,
) -> None:
    """The gradient of `distribution_losses`."""
    me = cuda.threadIdx.x % GROUP
    row = row_of_thread()
    length = n if row < rows else 0
    at = row * n
    mass = T(0)
    j = me
    while j < length:
        mass = T(mass + share_of(weight, q, at, j, hard, even))
        j += GROUP
    mass = group_sum(mass)
    if length > 0:
        scale, s = scale_of(g, divisor, row), sums[row]
        j = me
        while j < length:
            own = share_of(weight, q, at, j, hard, even)
            dx[at + j] = S((T(ieee_exp(L(x[at + j]) - s)) * mass - own) * scale)
            j += GROUP


# --- log-probabilities that are there ------------------------------------------------------------


def picked_losses(
    losses: Pointer[float],
    counted: Pointer[float],
    x: Pointer[float],
    target: Pointer[int],
    weight: Pointer[float],
    bad: Pointer[int],
    positions: int,
    classes: int,
    inner: int,
    ignored: int,
) -> None:
    """-weight[c] * x[c] for log-probabilities (samples, classes, inner), and what counts."""
    i = I(cuda.grid(1))
    while i < positions:
        c = target[i]
        loss, share = T(0), T(0)
        if c >= 0 and c < classes and c != ignored:
            share = weight_of(weight, c)
            row = I(I(i // inner) * classes + I(c))
            loss = -share * L(x[I(row * inner + I(i % inner))])
        elif c != ignored:
            red_min(bad, 0, cuda.int64(i))
        losses[i] = loss
        counted[i] = share
        i = I(i + cuda.gridsize(1))


def picked_gradient(
    dx: Pointer[float],
    target: Pointer[int],
    weight: Pointer[float],
    g: Pointer[float],
    divisor: Pointer[float],
    size: int,
    classes: int,
    inner: int,
    ignored: int,
) -> None:
    """dx = -weight[c] * scale at the class c of each position, 0 elsewhere."""
    e = I(cuda.grid(1))
    while e < size:
        row = I(e // inner)
        i = I(I(row // classes) * inner + I(e % inner))
        c = target[i]
        v = T(0)
        if c == I(row % classes) and c != ignored:
            v = -weight_of(weight, c) * scale_of(g, divisor, i)
        dx[e] = S(v)
        e = I(e + cuda.gridsize(1))


def total_losses(
    out: Pointer[float],
    divisor: Pointer[float],
    losses: Pointer[float],
    counted: Pointer[float],
    rows: int,
) -> None:
    """The sum of all losses, or their mean over what counted, by one block."""
    total, count = T(0), T(0)
    i = cuda.threadIdx.x
    while i < rows:
        total = T(total + losses[i])
        if MEAN == 1:
            count = T(count + counted[i])
        i += GROUP
    total = group_sum(total)
    if MEAN == 1:
        count = group_sum(count)
    if cuda.threadIdx.x == 0:
        if MEAN == 1:
            divisor[0] = count
            total = total / count
        out[0] = S(total)
