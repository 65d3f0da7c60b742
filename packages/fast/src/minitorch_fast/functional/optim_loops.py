"""The loops of the optimizers: each parameter, its gradient and its state in one pass."""

from __future__ import annotations

from minitorch_fast.loops import Floats, choose
from minitorch_operators.ieee import sqrt

# The numbers of a step come as an array, `c`, so that the kernel is the same for all of them.


def sgd(p: Floats, g: Floats, c: Floats, n: int) -> None:
    """p = p - lr * (sign * g + weight_decay * p); c is lr, sign, weight_decay."""
    lr = c[0]
    sign = c[1]
    decay = c[2]
    for i in range(n):
        p[i] = p[i] - lr * (sign * g[i] + decay * p[i])


def sgd_momentum(p: Floats, g: Floats, b: Floats, c: Floats, n: int) -> None:
    """The same along b = momentum * b + (1 - dampening) * g.

    c is lr, sign, weight_decay, momentum, 1 - dampening, and momentum and 1 again, or 1 and 0
    without Nesterov: the parts of b and g in the step.
    """
    lr = c[0]
    sign = c[1]
    decay = c[2]
    momentum = c[3]
    fresh = c[4]
    along_b = c[5]
    along_g = c[6]
    for i in range(n):
        d = sign * g[i] + decay * p[i]
        v = momentum * b[i] + fresh * d
        b[i] = v
        p[i] = p[i] - lr * (along_b * v + along_g * d)


def adam(p: Floats, g: Floats, m: Floats, v: Floats, c: Floats, n: int) -> None:
    """m, v: running means of g and g * g; p = shrink * p - step * m / (sqrt(v) / root + eps).

    c is step, root, eps, 1 - beta1, beta2, 1 - beta2, sign, weight_decay, shrink.
    """
    step = c[0]
    root = c[1]
    eps = c[2]
    new1 = c[3]
    old2 = c[4]
    new2 = c[5]
    sign = c[6]
    decay = c[7]
    shrink = c[8]
    for i in range(n):
        d = sign * g[i] + decay * p[i]
        a = m[i] + new1 * (d - m[i])
        s = old2 * v[i] + new2 * d * d
        m[i] = a
        v[i] = s
        p[i] = shrink * p[i] - step * (a / (sqrt(s) / root + eps))


def adam_largest(p: Floats, g: Floats, m: Floats, v: Floats, w: Floats, c: Floats, n: int) -> None:
    """`adam` with w, the largest v so far, in place of v (AMSGrad)."""
    step = c[0]
    root = c[1]
    eps = c[2]
    new1 = c[3]
    old2 = c[4]
    new2 = c[5]
    sign = c[6]
    decay = c[7]
    shrink = c[8]
    for i in range(n):
        d = sign * g[i] + decay * p[i]
        a = m[i] + new1 * (d - m[i])
        s = old2 * v[i] + new2 * d * d
        m[i] = a
        v[i] = s
        t = w[i]
        t = choose((s > t) | (s != s), s, t)
        w[i] = t
        p[i] = shrink * p[i] - step * (a / (sqrt(t) / root + eps))
