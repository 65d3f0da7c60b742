"""The kernels of recurrent networks for the device type "onnx": its LSTM, GRU and RNN.

ONNX has the gates in another order, which the weights are brought into by nodes of the graph, so
that they keep their names and shapes in the file: a runtime does it once, when it loads the file.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch.onnx.graph import Attribute, Operand, Value
from minitorch.onnx.recorder import DEVICE_TYPE, Recorder, paused, recording
from minitorch_tensor import Tensor
from minitorch_tensor.functional.recurrent_steps import (
    Sizes,
    gru_direction,
    lstm_direction,
    rnn_direction,
)


def _uniform(batch_sizes: Sizes) -> bool:
    """Whether all sequences have one length, which is what the operators are used for here."""
    return len(set(batch_sizes)) == 1


def _gates(recorder: Recorder, x: Value, order: Sequence[int]) -> Value:
    """The parts of the first dimension, one for each gate, in another order."""
    if list(order) == list(range(len(order))):
        return x
    n = x.shape[0] // len(order)
    return recorder.concat([recorder.slice(x, {0: (k * n, k * n + n, 1)}) for k in order], 0)


def _recorded(
    recorder: Recorder,
    operator: str,
    order: Sequence[int],
    input: Tensor,
    states: Sequence[Tensor],
    weights: tuple[Tensor, Tensor, Tensor | None, Tensor | None],
    steps: int,
    attributes: dict[str, Attribute],
    reverse: bool,
    results: tuple[Tensor, ...],
) -> tuple[Tensor, ...]:
    """One direction of one layer: the outputs of all steps as rows, and the last states."""
    w_ih, w_hh, b_ih, b_hh = weights
    n, hidden = states[0].shape
    matrices = [_gates(recorder, recorder.read(w), order) for w in (w_ih, w_hh)]
    bias: Value | None = None
    if b_ih is not None and b_hh is not None:
        halves = [_gates(recorder, recorder.read(b), order) for b in (b_ih, b_hh)]
        bias = recorder.unsqueeze(recorder.concat(halves, 0), 0)
    x = recorder.reshape(recorder.read(input), (steps, n, input.shape[1]))
    first = [recorder.unsqueeze(recorder.read(state), 0) for state in states]
    inputs: list[Operand] = [x, *(recorder.unsqueeze(w, 0) for w in matrices), bias, None, *first]
    shapes = [(steps, 1, n, hidden), *[(1, n, hidden)] * len(states)]
    attributes = {
        "hidden_size": hidden, "direction": "reverse" if reverse else "forward", **attributes,
    }  # fmt: skip
    y, *last = recorder.several(
        operator, inputs, [(shape, input.dtype) for shape in shapes], attributes
    )
    rows = recorder.reshape(recorder.squeeze(y, 1), (steps * n, hidden))
    values = [rows, *(recorder.squeeze(state, 0) for state in last)]
    return tuple(recorder.result(t, v) for t, v in zip(results, values, strict=True))


@lstm_direction.override(DEVICE_TYPE)
def _lstm(
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
    recorder = recording()
    given = (input, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, batch_sizes, reverse)
    if recorder is None or not _uniform(batch_sizes) or w_hr is not None or input.dtype.half:
        return lstm_direction.composite(*given)
    with paused():
        computed = lstm_direction.composite(*given)
    y, last_h, last_c = _recorded(  # input, forget, cell, output -> input, output, forget, cell
        recorder, "LSTM", (0, 3, 1, 2), input, (h, c), (w_ih, w_hh, b_ih, b_hh),
        len(batch_sizes), {}, reverse, computed,
    )  # fmt: skip
    return y, last_h, last_c


@gru_direction.override(DEVICE_TYPE)
def _gru(
    input: Tensor,
    h: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None,
    b_hh: Tensor | None,
    batch_sizes: Sizes,
    reverse: bool,
) -> tuple[Tensor, Tensor]:
    recorder = recording()
    given = (input, h, w_ih, w_hh, b_ih, b_hh, batch_sizes, reverse)
    if recorder is None or not _uniform(batch_sizes) or input.dtype.half:
        return gru_direction.composite(*given)
    with paused():
        computed = gru_direction.composite(*given)
    y, last = _recorded(  # reset, update, new -> update, reset, new
        recorder, "GRU", (1, 0, 2), input, (h,), (w_ih, w_hh, b_ih, b_hh), len(batch_sizes),
        {"linear_before_reset": 1}, reverse, computed,
    )  # fmt: skip
    return y, last


@rnn_direction.override(DEVICE_TYPE)
def _rnn(
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
    recorder = recording()
    given = (input, h, w_ih, w_hh, b_ih, b_hh, batch_sizes, reverse, is_tanh)
    if recorder is None or not _uniform(batch_sizes) or input.dtype.half:
        return rnn_direction.composite(*given)
    with paused():
        computed = rnn_direction.composite(*given)
    y, last = _recorded(
        recorder, "RNN", (0,), input, (h,), (w_ih, w_hh, b_ih, b_hh), len(batch_sizes),
        {"activations": ("Tanh" if is_tanh else "Relu",)}, reverse, computed,
    )  # fmt: skip
    return y, last
