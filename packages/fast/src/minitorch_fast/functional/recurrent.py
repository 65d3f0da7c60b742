"""LSTM, GRU and RNN over whole sequences; the loops are in `recurrent_loops`.

What the weights make of the input is one matrix product for all steps. Then each step is a product
with the state and one pass over the gates; backward likewise, and the gradients of the weights are
again one product each, for which the states before every step were kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused
from minitorch_fast.functional import recurrent_loops as loops
from minitorch_fast.functional.memory import flat, fresh, kind
from minitorch_fast.linalg import product
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.functional.recurrent_steps import (
    Sizes,
    check_direction,
    check_lstm,
    gru_direction,
    lstm_direction,
    order,
    rnn_direction,
    with_biases,
)
from minitorch_tensor.fusing import unchanged
from minitorch_tensor.op import record_fused_many

Gradients = Sequence[Tensor | None]


def _matrix(x: Tensor) -> HostArray:
    """A matrix in row-major order."""
    return flat(x).reshape(x.layout.shape)


def _memory(like: HostArray, *shape: int) -> HostArray:
    memory: npt.NDArray[np.generic] = np.empty(shape, like.dtype)
    return memory


def _bias(like: HostArray, width: int, *biases: Tensor | None) -> HostArray:
    """The sum of the biases that there are."""
    total: npt.NDArray[np.generic] = np.zeros(width, like.dtype)
    for b in biases:
        if b is not None:
            np.add(total, flat(b), out=total)
    return total


def _copied(x: Tensor) -> tuple[Tensor, HostArray]:
    """A new tensor with the elements of another, and its memory as a matrix."""
    y, memory = fresh(x, x.layout.shape)
    memory[...] = flat(x)
    return y, memory.reshape(x.layout.shape)


def _given(g: Tensor | None, like: Tensor) -> tuple[Tensor, HostArray]:
    """A copy of a gradient, zeros for None; and its memory as a matrix."""
    if g is not None:
        return _copied(g)
    y, memory = fresh(like, like.layout.shape)
    memory.fill(0)
    return y, memory.reshape(like.layout.shape)


def _outer(g: Tensor | None, x: HostArray, m: int) -> HostArray:
    """The gradient of the output, flat; zeros for None."""
    if g is not None:
        return flat(g)
    zeros: npt.NDArray[np.generic] = np.zeros(len(x) * m, x.dtype)
    return zeros


def _made(like: Tensor, a: HostArray, b: HostArray) -> Tensor:
    """A new tensor, a @ b."""
    y, memory = fresh(like, like.layout.shape)
    product(a, b, memory.reshape(like.layout.shape))
    return y


def _weight_gradients(
    inputs: Sequence[Tensor], x: HostArray, before: HostArray, d_ih: HostArray, d_hh: HostArray
) -> list[Tensor | None]:
    """Those of w_ih, w_hh and the biases, from those of what the weights made.

    Args:
        inputs: w_ih, w_hh, and b_ih and b_hh if there are biases.
        x: the input.
        before: the states before each step.
        d_ih: the gradient of x @ w_ih.T.
        d_hh: the gradient of before @ w_hh.T.
    """
    found: list[Tensor | None] = []
    ones: npt.NDArray[np.generic] = np.ones(len(x), x.dtype)
    for k, (w, d) in enumerate(zip(inputs, (d_ih, d_hh, d_ih, d_hh), strict=False)):
        if not w.requires_grad:
            found.append(None)
        elif k < 2:
            found.append(_made(w, d.T, x if k == 0 else before))
        else:
            db, memory = fresh(w, w.layout.shape)
            with np.errstate(all="ignore"):
                np.dot(ones, d, memory)
            found.append(db)
    return found


@lstm_direction.override("cpu")
def lstm_sequence(
    input: Tensor,
    h: Tensor,
    c: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None,
    b_hh: Tensor | None,
    w_hr: Tensor | None,
    batch_sizes: Sizes,
    reverse: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """`lstm_direction` without a projection."""
    check_lstm(input, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, batch_sizes)
    dtype, m, rows = kind(input.dtype), c.shape[1], input.shape[0]
    one_bias = (b_ih is None) != (b_hh is None)
    if dtype is None or one_bias or w_hr is not None or 0 in (*w_ih.shape, *batch_sizes):
        return lstm_direction.composite(
            input, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, batch_sizes, reverse
        )
    steps, x = order(batch_sizes, reverse), _matrix(input)
    gates = _memory(x, rows, 4 * m)
    product(x, _matrix(w_ih).T, gates)
    bias = _bias(x, 4 * m, b_ih, b_hh)
    y, out = fresh(input, (rows, m))
    (last_h, state), (last_c, memory) = _copied(h), _copied(c)
    before, c_before, squashed = (_memory(x, rows, m) for _ in range(3))
    from_state = _memory(x, len(state), 4 * m)
    weight = np.ascontiguousarray(_matrix(w_hh).T)
    flats = [
        a.reshape(-1)
        for a in (gates, from_state, bias, state, memory, before, c_before, squashed, out)
    ]
    step = fused.compiled(loops.lstm_step, dtype)
    with np.errstate(all="ignore"):
        for begin, end in steps:
            n = end - begin
            np.dot(state[:n], weight, from_state[:n])
            step(*flats, begin, n, m)
    inputs = [t for t in (input, h, c, w_ih, w_hh, b_ih, b_hh) if t is not None]

    def backward(grads: Gradients) -> Gradients:
        g = _outer(grads[0], x, m)
        (first_h, dh), (first_c, dc) = _given(grads[1], h), _given(grads[2], c)
        d, w = _memory(x, rows, 4 * m), _matrix(w_hh)
        flats = [a.reshape(-1) for a in (d, gates, c_before, squashed, g, dh, dc)]
        step = fused.compiled(loops.lstm_step_gradient, dtype)
        with np.errstate(all="ignore"):
            for begin, end in reversed(steps):
                n = end - begin
                step(*flats, begin, n, m)
                np.dot(d[begin:end], w, dh[:n])
        dx = _made(input, d, _matrix(w_ih)) if input.requires_grad else None
        return [dx, first_h, first_c, *_weight_gradients(inputs[3:], x, before, d, d)]

    def composite(fresh_inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        x, h, c, w_ih, w_hh, *biases = fresh_inputs
        found = with_biases(biases, b_ih, b_hh)
        return lstm_direction.composite(x, h, c, w_ih, w_hh, *found, None, batch_sizes, reverse)

    record_fused_many("MkldnnRnnLayerBackward0", (y, last_h, last_c), inputs, backward, composite)
    return y, last_h, last_c


@gru_direction.override("cpu")
def gru_sequence(
    input: Tensor,
    h: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None,
    b_hh: Tensor | None,
    batch_sizes: Sizes,
    reverse: bool,
) -> tuple[Tensor, Tensor]:
    """`gru_direction`."""
    check_direction("gru", 3, input, h, h.shape[-1], w_ih, w_hh, (b_ih, b_hh), batch_sizes)
    dtype, m, rows = kind(input.dtype), h.shape[1], input.shape[0]
    one_bias = (b_ih is None) != (b_hh is None)
    if dtype is None or one_bias or 0 in (*w_ih.shape, *batch_sizes):
        return gru_direction.composite(input, h, w_ih, w_hh, b_ih, b_hh, batch_sizes, reverse)
    steps, x = order(batch_sizes, reverse), _matrix(input)
    sums = _memory(x, rows, 3 * m)
    product(x, _matrix(w_ih).T, sums)
    y, out = fresh(input, (rows, m))
    last, state = _copied(h)
    gates, before = _memory(x, rows, 4 * m), _memory(x, rows, m)
    from_state = _memory(x, len(state), 3 * m)
    weight = np.ascontiguousarray(_matrix(w_hh).T)
    biases = _bias(x, 3 * m, b_ih), _bias(x, 3 * m, b_hh)
    flats = [a.reshape(-1) for a in (gates, sums, from_state, *biases, state, before, out)]
    step = fused.compiled(loops.gru_step, dtype)
    with np.errstate(all="ignore"):
        for begin, end in steps:
            n = end - begin
            np.dot(state[:n], weight, from_state[:n])
            step(*flats, begin, n, m)
    inputs = [t for t in (input, h, w_ih, w_hh, b_ih, b_hh) if t is not None]

    def backward(grads: Gradients) -> Gradients:
        g = _outer(grads[0], x, m)
        first, dh = _given(grads[1], h)
        # The rows of d are the gradients for n of the state, then r and z, then n of the input: so
        # the three of either side lie together. The weights of the state are put in that order.
        d, through = _memory(x, rows, 4 * m), _memory(x, *dh.shape)
        through.fill(0)
        d_hh, d_ih = d[:, : 3 * m], d[:, m:]
        w = np.concatenate([_matrix(w_hh)[2 * m :], _matrix(w_hh)[: 2 * m]])
        flats = [a.reshape(-1) for a in (d, gates, before, g, dh, through)]
        step = fused.compiled(loops.gru_step_gradient, dtype)
        with np.errstate(all="ignore"):
            for begin, end in reversed(steps):
                n = end - begin
                step(*flats, begin, n, m)
                np.matmul(d_hh[begin:end], w, out=through[:n])
            np.add(dh, through, out=dh)
        dx = _made(input, d_ih, _matrix(w_ih)) if input.requires_grad else None
        found = _weight_gradients(inputs[2:], x, before, d_ih, d_hh)
        for turned in found[1::2]:  # of the state: w_hh, b_hh
            if turned is not None:
                gradient = flat(turned).reshape(3, -1)
                gradient[...] = gradient[[1, 2, 0]]
        return [dx, first, *found]

    def composite(fresh_inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        x, h, w_ih, w_hh, *biases = fresh_inputs
        found = with_biases(biases, b_ih, b_hh)
        return gru_direction.composite(x, h, w_ih, w_hh, *found, batch_sizes, reverse)

    record_fused_many("StackBackward0", (y, last), inputs, backward, composite)
    return y, last


@rnn_direction.override("cpu")
def rnn_sequence(
    input: Tensor,
    h: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None,
    b_hh: Tensor | None,
    batch_sizes: Sizes,
    reverse: bool,
    is_tanh: bool,
) -> tuple[Tensor, Tensor]:
    """`rnn_direction`: what the weights make of the input becomes the output in place."""
    check_direction("rnn", 1, input, h, h.shape[-1], w_ih, w_hh, (b_ih, b_hh), batch_sizes)
    dtype, m, rows = kind(input.dtype), h.shape[1], input.shape[0]
    one_bias = (b_ih is None) != (b_hh is None)
    if dtype is None or one_bias or 0 in (*w_ih.shape, *batch_sizes):
        return rnn_direction.composite(
            input, h, w_ih, w_hh, b_ih, b_hh, batch_sizes, reverse, is_tanh
        )
    steps, x = order(batch_sizes, reverse), _matrix(input)
    y, out = fresh(input, (rows, m))
    product(x, _matrix(w_ih).T, out.reshape(rows, m))
    last, state = _copied(h)
    before, from_state = _memory(x, rows, m), _memory(x, *state.shape)
    weight = np.ascontiguousarray(_matrix(w_hh).T)
    bias = _bias(x, m, b_ih, b_hh)
    flats = [a.reshape(-1) for a in (out, from_state, bias, state, before)]
    step = fused.compiled(loops.rnn_step, dtype)
    with np.errstate(all="ignore"):
        for begin, end in steps:
            n = end - begin
            np.dot(state[:n], weight, from_state[:n])
            step(*flats, is_tanh, begin, n, m)
    inputs = [t for t in (input, h, w_ih, w_hh, b_ih, b_hh) if t is not None]
    unwritten = unchanged("StackBackward0", y)

    def backward(grads: Gradients) -> Gradients:
        unwritten()
        g = _outer(grads[0], x, m)
        first, dh = _given(grads[1], h)
        d, w = _memory(x, rows, m), _matrix(w_hh)
        flats = [a.reshape(-1) for a in (d, out, g, dh)]
        step = fused.compiled(loops.rnn_step_gradient, dtype)
        with np.errstate(all="ignore"):
            for begin, end in reversed(steps):
                n = end - begin
                step(*flats, is_tanh, begin, n, m)
                np.dot(d[begin:end], w, dh[:n])
        dx = _made(input, d, _matrix(w_ih)) if input.requires_grad else None
        return [dx, first, *_weight_gradients(inputs[2:], x, before, d, d)]

    def composite(fresh_inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        x, h, w_ih, w_hh, *biases = fresh_inputs
        found = with_biases(biases, b_ih, b_hh)
        return rnn_direction.composite(x, h, w_ih, w_hh, *found, batch_sizes, reverse, is_tanh)

    record_fused_many("StackBackward0", (y, last), inputs, backward, composite)
    return y, last
