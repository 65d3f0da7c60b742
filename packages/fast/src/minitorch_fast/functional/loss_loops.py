"""The loops of the cross-entropy: one pass over the scores each way.

Forward keeps log(sum(exp(x))) of each row, from which backward makes the probabilities again: to
write and to read them would cost as much as the exponentials.
"""

from __future__ import annotations

from minitorch_fast.functional.row_loops import largest, total, total_of_exponentials
from minitorch_fast.loops import Floats, Ints, exp_negative, reordered, separate
from minitorch_operators.ieee import log


def log_sum(x: Floats, at: int, n: int) -> float:
    """log(sum(exp(x))) of n numbers."""
    m = largest(x, at, n)
    return log(total_of_exponentials(x, at, n, m)) + m


@reordered
def weighted_distance(x: Floats, at: int, n: int, s: float, weight: Floats) -> float:
    """The sum of weight * (s - x)."""
    d = 0.0
    for j in range(n):
        d += weight[j] * (s - x[at + j])
    return d


@separate
def class_losses(
    sums: Floats, losses: Floats, counted: Floats, x: Floats, target: Ints, weight: Floats,
    hard: float, even: float, first: int, last: int, classes: int, ignored: int,
) -> int:  # fmt: skip
    """The loss of each row of scores, and how much it counts in the mean.

    With s = log(sum(exp(x))) the loss is, for the class c,

        hard * weight[c] * (s - x[c]) + even * sum_j weight[j] * (s - x[j])

    and 0 where the class is the one to ignore. Returns how many targets are no class.
    """
    bad = 0
    for i in range(first, last):
        at = i * classes
        c = target[i]
        sums[i] = 0.0
        losses[i] = 0.0
        counted[i] = 0.0
        if c != ignored:
            if 0 <= c < classes:
                s = log_sum(x, at, classes)
                sums[i] = s
                counted[i] = weight[c]
                loss = hard * weight[c] * (s - x[at + c])
                if even != 0.0:
                    loss += even * weighted_distance(x, at, classes, s, weight)
                losses[i] = loss
            else:
                bad += 1
    return bad


@separate
def class_gradient(
    dx: Floats, x: Floats, sums: Floats, target: Ints, weight: Floats, scale: Floats, each: int,
    hard: float, even: float, first: int, last: int, classes: int, ignored: int,
) -> None:  # fmt: skip
    """The gradient of `class_losses`, times scale: one number, or one a row if `each` is 1."""
    mass = even * total(weight, 0, classes)
    for i in range(first, last):
        at = i * classes
        c = target[i]
        if c == ignored:
            for j in range(classes):
                dx[at + j] = 0.0
        else:
            k = scale[i * each]
            own = hard * weight[c]
            p = (own + mass) * k
            s = sums[i]
            if even == 0.0:
                for j in range(classes):
                    dx[at + j] = exp_negative(x[at + j] - s) * p
            else:
                spread = even * k
                for j in range(classes):
                    dx[at + j] = exp_negative(x[at + j] - s) * p - weight[j] * spread
            dx[at + c] -= own * k


@reordered
def expected_distance(
    x: Floats, q: Floats, at: int, n: int, s: float, weight: Floats, hard: float, even: float
) -> float:
    """The sum of weight * (hard * q + even) * (s - x)."""
    d = 0.0
    for j in range(n):
        d += weight[j] * (hard * q[at + j] + even) * (s - x[at + j])
    return d


@reordered
def expected_weight(q: Floats, at: int, n: int, weight: Floats, hard: float, even: float) -> float:
    """The sum of weight * (hard * q + even)."""
    d = 0.0
    for j in range(n):
        d += weight[j] * (hard * q[at + j] + even)
    return d


@separate
def distribution_losses(
    sums: Floats, losses: Floats, x: Floats, q: Floats, weight: Floats,
    hard: float, even: float, first: int, last: int, classes: int,
) -> None:  # fmt: skip
    """The loss of each row for probabilities q of its classes."""
    for i in range(first, last):
        at = i * classes
        s = log_sum(x, at, classes)
        sums[i] = s
        losses[i] = expected_distance(x, q, at, classes, s, weight, hard, even)


@separate
def distribution_gradient(
    dx: Floats, x: Floats, q: Floats, sums: Floats, weight: Floats, scale: Floats, each: int,
    hard: float, even: float, first: int, last: int, classes: int,
) -> None:  # fmt: skip
    """The gradient of `distribution_losses`, times scale."""
    for i in range(first, last):
        at = i * classes
        k = scale[i * each]
        s = sums[i]
        p = expected_weight(q, at, classes, weight, hard, even) * k
        for j in range(classes):
            own = weight[j] * (hard * q[at + j] + even) * k
            dx[at + j] = exp_negative(x[at + j] - s) * p - own


@separate
def picked_losses(
    losses: Floats, counted: Floats, x: Floats, target: Ints, weight: Floats,
    samples: int, classes: int, inner: int, ignored: int,
) -> int:  # fmt: skip
    """-weight[c] * x[c] for log-probabilities (samples, classes, inner), and the weights.

    Returns how many targets are no class.
    """
    bad = 0
    for i in range(samples):
        for k in range(inner):
            at = i * inner + k
            c = target[at]
            losses[at] = 0.0
            counted[at] = 0.0
            if c != ignored:
                if 0 <= c < classes:
                    counted[at] = weight[c]
                    losses[at] = -weight[c] * x[(i * classes + c) * inner + k]
                else:
                    bad += 1
    return bad


@separate
def picked_gradient(
    dx: Floats, target: Ints, weight: Floats, scale: Floats, each: int,
    samples: int, classes: int, inner: int, ignored: int,
) -> None:  # fmt: skip
    """dx = -weight[c] * scale at the class c; dx is 0 before."""
    for i in range(samples):
        for k in range(inner):
            at = i * inner + k
            c = target[at]
            if c != ignored:
                dx[(i * classes + c) * inner + k] = -weight[c] * scale[at * each]
