"""LSTM, GRU and RNN over whole sequences; the kernels are in `kernels.recurrent`.

What the weights make of the input is one matrix product for all steps. Then each step is a product
with the state, and one launch for the gates; backward likewise, and the gradients of the weights
are again one product each, for which the states before every step were kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minitorch_cuda.functional.launching import dense, floating, fresh, limits_of, run
from minitorch_cuda.kernels import recurrent as kernels
from minitorch_cuda.kernels.planning import Flags, narrowed, planned
from minitorch_tensor import Tensor, cat
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
from minitorch_tensor.layout import Layout
from minitorch_tensor.op import record_fused_many

Gradients = Sequence[Tensor | None]


def _rows(x: Tensor, begin: int, end: int) -> Tensor:
    """Rows of a matrix, outside the graph."""
    return x._view(x.layout.narrow(0, begin, end - begin, 1))


def _turned(x: Tensor) -> Tensor:
    """The transpose, outside the graph."""
    return x._view(x.layout.permute((1, 0)))


def _product(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """a @ b, outside the graph; written to `out`, if there is one."""
    made = fresh(a, (a.shape[0], b.shape[1])) if out is None else out
    made.storage.device.backend.matmul(made, a, b)
    return made


def _copied(x: Tensor) -> Tensor:
    """A dense copy of its own."""
    y = fresh(x, x.layout.shape)
    y.storage.device.backend.copy(y, x)
    return y


def _given(g: Tensor | None, like: Tensor) -> Tensor:
    """A copy of a gradient, zeros for None."""
    return like._full(like.shape, 0.0, like.dtype) if g is None else _copied(g)


class _Cells:
    """The launches of steps, with m elements a row."""

    def __init__(self, x: Tensor, m: int, flags: Flags = ()) -> None:
        self.m, self.dtype, self.flags, self.limits = m, x.dtype, flags, limits_of(x)

    def step(
        self, function: Callable[..., None], tensors: Sequence[Tensor], begin: int, n: int
    ) -> None:
        """Run a kernel for n rows from `begin` on."""
        layouts: tuple[Layout, ...] = tuple([x.layout for x in tensors])
        size, threads = n * self.m, self.limits.threads
        kinds = narrowed("S" * len(tensors) + "iuu", size)
        launch = (-(-size // threads), 1, 1), (threads, 1, 1)
        numbers = (begin, n, self.m)
        run(planned(function, kinds, layouts, numbers, launch, self.dtype, self.flags), *tensors)


def _weight_gradients(
    inputs: Sequence[Tensor], x: Tensor, before: Tensor, d_ih: Tensor, d_hh: Tensor
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
    for k, (w, d) in enumerate(zip(inputs, (d_ih, d_hh, d_ih, d_hh), strict=False)):
        if not w.requires_grad:
            found.append(None)
        elif k < 2:
            found.append(_product(_turned(d), x if k == 0 else before))
        else:
            found.append(d.sum(0))
    return found


def _biases(x: Tensor, b_ih: Tensor | None, b_hh: Tensor | None) -> tuple[Tensor, Tensor, Flags]:
    """Both biases, or anything in their place."""
    if b_ih is None or b_hh is None:
        return x, x, (("BIASED", 0),)
    return dense(b_ih), dense(b_hh), (("BIASED", 1),)


def _covered(x: Tensor, w_ih: Tensor, sizes: Sizes, *biases: Tensor | None) -> bool:
    """Whether there is a kernel: not with one bias alone, nor for what is empty."""
    given = [b is not None for b in biases]
    return floating(x) and any(given) == all(given) and 0 not in (*w_ih.shape, *sizes)


@lstm_direction.override("cuda")
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
    if not _covered(input, w_ih, batch_sizes, b_ih, b_hh) or w_hr is not None:
        return lstm_direction.composite(
            input, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, batch_sizes, reverse
        )
    steps, m, rows = order(batch_sizes, reverse), c.shape[1], input.shape[0]
    x, w = dense(input), dense(w_hh)
    gates = _product(x, _turned(w_ih))
    b1, b2, flags = _biases(x, b_ih, b_hh)
    cells = _Cells(x, m, flags)
    y, before, c_before, squashed = (fresh(x, (rows, m)) for _ in range(4))
    last_h, last_c = _copied(h), _copied(c)
    from_state = fresh(x, (h.shape[0], 4 * m))
    tensors = (gates, y, from_state, b1, b2, last_h, last_c, before, c_before, squashed)
    for begin, end in steps:
        n = end - begin
        _product(_rows(last_h, 0, n), _turned(w), _rows(from_state, 0, n))
        cells.step(kernels.lstm_step, tensors, begin, n)
    inputs = [t for t in (input, h, c, w_ih, w_hh, b_ih, b_hh) if t is not None]

    def backward(grads: Gradients) -> Gradients:
        g = _given(None, y) if grads[0] is None else dense(grads[0])
        dh, dc = _given(grads[1], h), _given(grads[2], c)
        d = fresh(x, (rows, 4 * m))
        for begin, end in reversed(steps):
            n = end - begin
            tensors = (d, gates, c_before, squashed, g, dh, dc)
            cells.step(kernels.lstm_step_gradient, tensors, begin, n)
            _product(_rows(d, begin, end), w, _rows(dh, 0, n))
        dx = _product(d, w_ih) if input.requires_grad else None
        return [dx, dh, dc, *_weight_gradients(inputs[3:], x, before, d, d)]

    def composite(fresh_inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        x, h, c, w_ih, w_hh, *biases = fresh_inputs
        found = with_biases(biases, b_ih, b_hh)
        return lstm_direction.composite(x, h, c, w_ih, w_hh, *found, None, batch_sizes, reverse)

    record_fused_many("CudnnRnnBackward0", (y, last_h, last_c), inputs, backward, composite)
    return y, last_h, last_c


@gru_direction.override("cuda")
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
    if not _covered(input, w_ih, batch_sizes, b_ih, b_hh):
        return gru_direction.composite(input, h, w_ih, w_hh, b_ih, b_hh, batch_sizes, reverse)
    steps, m, rows = order(batch_sizes, reverse), h.shape[1], input.shape[0]
    x, w = dense(input), dense(w_hh)
    sums = _product(x, _turned(w_ih))
    b1, b2, flags = _biases(x, b_ih, b_hh)
    cells = _Cells(x, m, flags)
    y, before = (fresh(x, (rows, m)) for _ in range(2))
    gates, from_state = fresh(x, (rows, 4 * m)), fresh(x, (h.shape[0], 3 * m))
    last = _copied(h)
    for begin, end in steps:
        n = end - begin
        _product(_rows(last, 0, n), _turned(w), _rows(from_state, 0, n))
        tensors = (gates, y, sums, from_state, b1, b2, last, before)
        cells.step(kernels.gru_step, tensors, begin, n)
    inputs = [t for t in (input, h, w_ih, w_hh, b_ih, b_hh) if t is not None]

    def backward(grads: Gradients) -> Gradients:
        g = _given(None, y) if grads[0] is None else dense(grads[0])
        dh, through = _given(grads[1], h), _given(None, h)
        # The rows of d are the gradients for n of the state, then r and z, then n of the input: so
        # the three of either side lie together. The weights of the state are put in that order.
        d = fresh(x, (rows, 4 * m))
        d_hh, d_ih = (d._view(d.layout.narrow(1, start, 3 * m, 1)) for start in (0, m))
        turned = cat([_rows(w, 2 * m, 3 * m), _rows(w, 0, 2 * m)])
        for begin, end in reversed(steps):
            n = end - begin
            tensors = (d, gates, before, g, dh, through)
            cells.step(kernels.gru_step_gradient, tensors, begin, n)
            _product(_rows(d_hh, begin, end), turned, _rows(through, 0, n))
        dx = _product(d_ih, w_ih) if input.requires_grad else None
        found = _weight_gradients(inputs[2:], x, before, d_ih, d_hh)
        for k in range(1, len(found), 2):  # of the state: w_hh, b_hh
            gradient = found[k]
            if gradient is not None:
                found[k] = cat([_rows(gradient, m, 3 * m), _rows(gradient, 0, m)])
        return [dx, dh.add_(through), *found]

    def composite(fresh_inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        x, h, w_ih, w_hh, *biases = fresh_inputs
        found = with_biases(biases, b_ih, b_hh)
        return gru_direction.composite(x, h, w_ih, w_hh, *found, batch_sizes, reverse)

    record_fused_many("CudnnRnnBackward0", (y, last), inputs, backward, composite)
    return y, last


@rnn_direction.override("cuda")
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
    if not _covered(input, w_ih, batch_sizes, b_ih, b_hh):
        return rnn_direction.composite(
            input, h, w_ih, w_hh, b_ih, b_hh, batch_sizes, reverse, is_tanh
        )
    steps, m, rows = order(batch_sizes, reverse), h.shape[1], input.shape[0]
    x, w = dense(input), dense(w_hh)
    made = _product(x, _turned(w_ih))
    b1, b2, flags = _biases(x, b_ih, b_hh)
    cells = _Cells(x, m, (*flags, ("TANH", int(is_tanh))))
    before, from_state, last = fresh(x, (rows, m)), fresh(x, h.shape), _copied(h)
    for begin, end in steps:
        n = end - begin
        _product(_rows(last, 0, n), _turned(w), _rows(from_state, 0, n))
        tensors = (made, from_state, b1, b2, last, before)
        cells.step(kernels.rnn_step, tensors, begin, n)
    inputs = [t for t in (input, h, w_ih, w_hh, b_ih, b_hh) if t is not None]
    y = made._view(made.layout)
    unwritten = unchanged("CudnnRnnBackward0", made)

    def backward(grads: Gradients) -> Gradients:
        unwritten()
        g = _given(None, made) if grads[0] is None else dense(grads[0])
        dh, d = _given(grads[1], h), fresh(x, (rows, m))
        for begin, end in reversed(steps):
            n = end - begin
            cells.step(kernels.rnn_step_gradient, (d, made, g, dh), begin, n)
            _product(_rows(d, begin, end), w, _rows(dh, 0, n))
        dx = _product(d, w_ih) if input.requires_grad else None
        return [dx, dh, *_weight_gradients(inputs[2:], x, before, d, d)]

    def composite(fresh_inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        x, h, w_ih, w_hh, *biases = fresh_inputs
        found = with_biases(biases, b_ih, b_hh)
        return rnn_direction.composite(x, h, w_ih, w_hh, *found, batch_sizes, reverse, is_tanh)

    record_fused_many("CudnnRnnBackward0", (y, last), inputs, backward, composite)
    return y, last
