"""The loops of recurrent layers: what one step does around its matrix product, each way.

A step adds what the weights made of the input (`sums`, for all steps at once) to what they made of
the state (`from_state`), applies the nonlinearities, and updates the states in place. What backward
needs is written in passing: the gates, and the states before the step.

Each row is gone over several times, a few arrays at a time, while it is in the first cache: with
all of them in one loop LLVM would have to check too many pairs of arrays for overlap, and does not
vectorise.
"""

from __future__ import annotations

from minitorch_fast.loops import Floats, choose
from minitorch_operators.ieee import exp, tanh

# In all of them: `at` is the first row of the step, n its number of rows, m the size of the state.


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + exp(-x))


def put(a: Floats, i: int, b: Floats, j: int, n: int) -> None:
    """a[i + k] = b[j + k]."""
    for k in range(n):
        a[i + k] = b[j + k]


def rnn_step(
    sums: Floats, from_state: Floats, bias: Floats, h: Floats, before: Floats,
    is_tanh: int, at: int, n: int, m: int,
) -> None:  # fmt: skip
    """sums = tanh or relu (sums + from_state + bias); h = sums; before = what h was."""
    for b in range(n):
        q = (at + b) * m
        s = b * m
        put(before, q, h, s, m)
        if is_tanh != 0:
            for j in range(m):
                h[s + j] = tanh(sums[q + j] + from_state[s + j] + bias[j])
        else:
            for j in range(m):
                v = sums[q + j] + from_state[s + j] + bias[j]
                h[s + j] = choose(v < 0.0, 0.0, v)
        put(sums, q, h, s, m)


def rnn_step_gradient(
    d: Floats, y: Floats, g: Floats, dh: Floats, is_tanh: int, at: int, n: int, m: int
) -> None:
    """d = (g + dh) times the derivative at y: of what went into the nonlinearity."""
    for b in range(n):
        q = (at + b) * m
        s = b * m
        if is_tanh != 0:
            for j in range(m):
                v = y[q + j]
                d[q + j] = (g[q + j] + dh[s + j]) * (1.0 - v * v)
        else:
            for j in range(m):
                d[q + j] = choose(y[q + j] > 0.0, g[q + j] + dh[s + j], 0.0)


def gru_step(
    gates: Floats, sums: Floats, from_state: Floats, b_ih: Floats, b_hh: Floats, h: Floats,
    before: Floats, y: Floats, at: int, n: int, m: int,
) -> None:  # fmt: skip
    """gates = r, z, n and w_hn h + b_hn; y = h = (h - n) z + n; before = what h was."""
    for b in range(n):
        q = (at + b) * m
        s = b * m
        x = 3 * q
        f = 3 * s
        r = 4 * q
        for j in range(2 * m):
            gates[r + j] = sigmoid(sums[x + j] + from_state[f + j] + b_ih[j] + b_hh[j])
        v = 2 * m
        for j in range(m):
            gates[r + 3 * m + j] = from_state[f + v + j] + b_hh[v + j]
        for j in range(m):
            new = sums[x + v + j] + b_ih[v + j] + gates[r + j] * gates[r + 3 * m + j]
            gates[r + v + j] = tanh(new)
        put(before, q, h, s, m)
        for j in range(m):
            new = gates[r + v + j]
            h[s + j] = (h[s + j] - new) * gates[r + m + j] + new
        put(y, q, h, s, m)


def gru_step_gradient(
    d: Floats, gates: Floats, before: Floats, g: Floats, dh: Floats, through: Floats,
    at: int, n: int, m: int,
) -> None:  # fmt: skip
    """Rows of d: the gradients of w_hn h + b_hn, and of what went into r, z and n.

    dh is that of h but for what goes `through` the weights, before and after the step.
    """
    for b in range(n):
        q = (at + b) * m
        s = b * m
        o = 4 * q
        for j in range(m):
            dh[s + j] += g[q + j] + through[s + j]
        for j in range(m):
            new = gates[o + 2 * m + j]
            d[o + 3 * m + j] = dh[s + j] * (1.0 - gates[o + m + j]) * (1.0 - new * new)
        for j in range(m):
            z = gates[o + m + j]
            d[o + 2 * m + j] = dh[s + j] * (before[q + j] - gates[o + 2 * m + j]) * (z * (1.0 - z))
        for j in range(m):
            r = gates[o + j]
            v = d[o + 3 * m + j]
            d[o + j] = v * r
            d[o + m + j] = v * gates[o + 3 * m + j] * (r * (1.0 - r))
        for j in range(m):
            dh[s + j] *= gates[o + m + j]


def lstm_step(
    gates: Floats, from_state: Floats, bias: Floats, h: Floats, c: Floats, h_before: Floats,
    c_before: Floats, squashed: Floats, y: Floats, at: int, n: int, m: int,
) -> None:  # fmt: skip
    """gates = i, f, g, o; c = f c + i g; squashed = tanh(c); y = h = o squashed."""
    for b in range(n):
        q = (at + b) * m
        s = b * m
        i = 4 * q
        f = i + m
        o = i + 3 * m
        for j in range(4 * m):
            gates[i + j] += from_state[4 * s + j] + bias[j]
        for j in range(2 * m):
            gates[i + j] = sigmoid(gates[i + j])
        for j in range(m):
            gates[f + m + j] = tanh(gates[f + m + j])
        for j in range(m):
            gates[o + j] = sigmoid(gates[o + j])
        put(c_before, q, c, s, m)
        for j in range(m):
            c[s + j] = gates[f + j] * c[s + j] + gates[i + j] * gates[f + m + j]
        for j in range(m):
            squashed[q + j] = tanh(c[s + j])
        put(h_before, q, h, s, m)
        for j in range(m):
            h[s + j] = gates[o + j] * squashed[q + j]
        put(y, q, h, s, m)


def lstm_step_gradient(
    d: Floats, gates: Floats, c_before: Floats, squashed: Floats, g: Floats, dh: Floats,
    dc: Floats, at: int, n: int, m: int,
) -> None:  # fmt: skip
    """d = the gradients of what went into i, f, g and o, from those of h and c after the step.

    dc becomes that of c before the step. That of h is d times the weights.
    """
    for b in range(n):
        q = (at + b) * m
        s = b * m
        i = 4 * q
        f = i + m
        o = i + 3 * m
        for j in range(m):
            dh[s + j] += g[q + j]
        for j in range(m):
            t = squashed[q + j]
            u = gates[o + j]
            v = dh[s + j] * u
            d[o + j] = v * t * (1.0 - u)
            dc[s + j] += v * (1.0 - t * t)
        for j in range(m):
            v = gates[i + j]
            w = gates[f + m + j]
            u = dc[s + j] * v
            d[i + j] = u * w * (1.0 - v)
            d[f + m + j] = u * (1.0 - w * w)
        for j in range(m):
            v = gates[f + j]
            u = dc[s + j] * v
            d[f + j] = u * c_before[q + j] * (1.0 - v)
            dc[s + j] = u
