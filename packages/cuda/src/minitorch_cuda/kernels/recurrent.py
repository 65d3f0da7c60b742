"""LSTM, GRU and RNN: what one step does around its matrix product, each way, in one launch.

A step adds what the weights made of the input (for all steps at once) to what they made of the
state, applies the nonlinearities, and updates the states in place. What backward needs is written
in passing: the gates, and the states before the step. A thread has one element of the state, with
all its gates.

In all of them `at` is the first row of the step, n its number of rows, m the size of the state.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.kernels.planning import kernel_of
from minitorch_cuda.simulator import Pointer
from minitorch_operators.ieee import exp as ieee_exp
from minitorch_operators.ieee import tanh as ieee_tanh
from minitorch_tensor.dtype import float32

# The template parameters.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = cuda.index32  # noqa: E741 - positions
TANH = 1  # 0: relu
BIASED = 1  # 0: there are no biases


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return T(1) / (T(1) + T(ieee_exp(-x)))


def biased(x: float, b_ih: Pointer[float], b_hh: Pointer[float], j: int) -> float:
    """x and both biases."""
    return x + L(b_ih[j]) + L(b_hh[j]) if BIASED == 1 else x


def rnn_step(
    y: Pointer[float],
    from_state: Pointer[float],
    b_ih: Pointer[float],
    b_hh: Pointer[float],
    h: Pointer[float],
    before: Pointer[float],
    at: int,
    n: int,
    m: int,
) -> None:
    """y = h = tanh or relu of what was in y, and the state and biases add; before = what h was."""
    e = I(cuda.grid(1))
    if e < n * m:
        q = at * m + e
        x = biased(L(y[q]) + L(from_state[e]), b_ih, b_hh, I(e % m))
        if TANH == 1:
            x = T(ieee_tanh(x))
        elif x < T(0):
            x = T(0)
        before[q] = h[e]
        h[e] = S(x)
        y[q] = S(x)


def rnn_step_gradient(
    d: Pointer[float],
    y: Pointer[float],
    g: Pointer[float],
    dh: Pointer[float],
    at: int,
    n: int,
    m: int,
) -> None:
    """d = (g + dh) times the derivative at y: of what went into the nonlinearity."""
    e = I(cuda.grid(1))
    if e < n * m:
        q = at * m + e
        v, u = L(y[q]), L(g[q]) + L(dh[e])
        if TANH == 1:
            u = u * (T(1) - v * v)
        elif not v > T(0):
            u = T(0)
        d[q] = S(u)


def gru_step(
    gates: Pointer[float],
    y: Pointer[float],
    sums: Pointer[float],
    from_state: Pointer[float],
    b_ih: Pointer[float],
    b_hh: Pointer[float],
    h: Pointer[float],
    before: Pointer[float],
    at: int,
    n: int,
    m: int,
) -> None:
    """gates = r, z, n and w_hn h + b_hn; y = h = (h - n) z + n; before = what h was."""
    e = I(cuda.grid(1))
    if e < n * m:
        b, j = I(e // m), I(e % m)
        q = at * m + e
        x, f, o = (at + b) * 3 * m + j, b * 3 * m + j, (at + b) * 4 * m + j
        r = sigmoid(biased(L(sums[x]) + L(from_state[f]), b_ih, b_hh, j))
        z = sigmoid(biased(L(sums[x + m]) + L(from_state[f + m]), b_ih, b_hh, m + j))
        of_input, of_state = L(sums[x + 2 * m]), L(from_state[f + 2 * m])
        if BIASED == 1:
            of_input = of_input + L(b_ih[2 * m + j])
            of_state = of_state + L(b_hh[2 * m + j])
        new = T(ieee_tanh(of_input + r * of_state))
        was = L(h[e])
        gates[o], gates[o + m] = S(r), S(z)
        gates[o + 2 * m], gates[o + 3 * m] = S(new), S(of_state)
        before[q] = h[e]
        now = S((was - new) * z + new)
        h[e] = now
        y[q] = now


def gru_step_gradient(
    d: Pointer[float],
    gates: Pointer[float],
    before: Pointer[float],
    g: Pointer[float],
    dh: Pointer[float],
    through: Pointer[float],
    at: int,
    n: int,
    m: int,
) -> None:
    """Rows of d: the gradients of w_hn h + b_hn, and of what went into r, z and n.

    dh is that of h but for what goes `through` the weights, before and after the step.
    """
    e = I(cuda.grid(1))
    if e < n * m:
        b, j = I(e // m), I(e % m)
        q, o = at * m + e, (at + b) * 4 * m + j
        r, z, new, of_state = L(gates[o]), L(gates[o + m]), L(gates[o + 2 * m]), L(gates[o + 3 * m])
        u = L(dh[e]) + L(g[q]) + L(through[e])
        v = u * (T(1) - z) * (T(1) - new * new)
        d[o + 3 * m] = S(v)
        d[o + 2 * m] = S(u * (L(before[q]) - new) * (z * (T(1) - z)))
        d[o] = S(v * r)
        d[o + m] = S(v * of_state * (r * (T(1) - r)))
        dh[e] = S(u * z)


def lstm_step(
    gates: Pointer[float],
    y: Pointer[float],
    from_state: Pointer[float],
    b_ih: Pointer[float],
    b_hh: Pointer[float],
    h: Pointer[float],
    c: Pointer[float],
    h_before: Pointer[float],
    c_before: Pointer[float],
    squashed: Pointer[float],
    at: int,
    n: int,
    m: int,
) -> None:
    """gates = i, f, g, o; c = f c + i g; squashed = tanh(c); y = h = o squashed."""
    e = I(cuda.grid(1))
    if e < n * m:
        b, j = I(e // m), I(e % m)
        q, o, s = at * m + e, (at + b) * 4 * m + j, b * 4 * m + j
        i = sigmoid(biased(L(gates[o]) + L(from_state[s]), b_ih, b_hh, j))
        f = sigmoid(biased(L(gates[o + m]) + L(from_state[s + m]), b_ih, b_hh, m + j))
        x = biased(L(gates[o + 2 * m]) + L(from_state[s + 2 * m]), b_ih, b_hh, 2 * m + j)
        new = T(ieee_tanh(x))
        x = biased(L(gates[o + 3 * m]) + L(from_state[s + 3 * m]), b_ih, b_hh, 3 * m + j)
        out = sigmoid(x)
        gates[o], gates[o + m], gates[o + 2 * m], gates[o + 3 * m] = S(i), S(f), S(new), S(out)
        memory = f * L(c[e]) + i * new
        t = T(ieee_tanh(memory))
        c_before[q], h_before[q] = c[e], h[e]
        now = S(out * t)
        c[e], squashed[q] = S(memory), S(t)
        h[e] = now
        y[q] = now


def lstm_step_gradient(
    d: Pointer[float],
    gates: Pointer[float],
    c_before: Pointer[float],
    squashed: Pointer[float],
    g: Pointer[float],
    dh: Pointer[float],
    dc: Pointer[float],
    at: int,
    n: int,
    m: int,
) -> None:
    """d = the gradients of what went into i, f, g and o, from those of h and c after the step.

    dc becomes that of c before the step. That of h is d times the weights.
    """
    e = I(cuda.grid(1))
    if e < n * m:
        b = I(e // m)
        q, o = at * m + e, (at + b) * 4 * m + I(e % m)
        i, f, new, out = L(gates[o]), L(gates[o + m]), L(gates[o + 2 * m]), L(gates[o + 3 * m])
        t = L(squashed[q])
        u = (L(dh[e]) + L(g[q])) * out
        d[o + 3 * m] = S(u * t * (T(1) - out))
        memory = L(dc[e]) + u * (T(1) - t * t)
        d[o] = S(memory * i * new * (T(1) - i))
        d[o + 2 * m] = S(memory * i * (T(1) - new * new))
        d[o + m] = S(memory * f * L(c_before[q]) * (T(1) - f))
        dc[e] = S(memory * f)


def _gate(function: Callable[..., None], memory: int, registers: int) -> Gate:
    make = partial(kernel_of, function, "S" * memory + "iuu", float32)
    return Gate(f"{function.__name__} float32", make, registers)


GATES: Final = (
    _gate(rnn_step, 6, 24),
    _gate(rnn_step_gradient, 4, 24),
    _gate(gru_step, 8, 40),
    _gate(gru_step_gradient, 6, 40),
    _gate(lstm_step, 10, 40),
    _gate(lstm_step_gradient, 7, 40),
)
