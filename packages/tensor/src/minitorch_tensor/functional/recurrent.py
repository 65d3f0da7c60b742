"""Recurrent networks over whole sequences: layers above one another, forwards and backwards.

What one direction of one layer computes is in `recurrent_steps`; here they are put together, for
sequences of one length and for packed ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minitorch_tensor import joining, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.dropout import dropout as _dropout
from minitorch_tensor.functional.recurrent_steps import (
    Sizes,
    gru_direction,
    lstm_direction,
    rnn_direction,
)

Direction = Callable[[Tensor, Sequence[Tensor], Sequence[Tensor], Sizes, bool], tuple[Tensor, ...]]
"""(input, states, weights, sizes, whether backwards) -> the output and the last states."""


def _layers(
    direction: Direction,
    input: Tensor,
    batch_sizes: Sizes,
    states: Sequence[Tensor],
    params: Sequence[Tensor],
    per_direction: int,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, ...]:
    """Layers above one another, each reading what the one below wrote.

    Args:
        direction: one direction of one layer.
        input: (rows, size).
        batch_sizes: how the rows belong to steps.
        states: the first states, each (layers * directions, n, hidden).
        params: the weights of each direction of each layer, in a row.
        per_direction: how many of them belong to one.
        num_layers: how many layers.
        dropout: the probability with which an output between layers is dropped in training.
        train: whether this is training.
        bidirectional: whether each layer also reads backwards.

    Returns:
        The output of the last layer (rows, directions * hidden), and the last states.

    Raises:
        RuntimeError: if the numbers of weights or states do not fit.
    """
    directions = 2 if bidirectional else 1
    count = num_layers * directions
    if len(params) != count * per_direction:
        raise RuntimeError(
            f"expected {per_direction} weights for each of {count} layers and directions, but got "
            f"{len(params)}"
        )
    for state in states:
        if state.ndim != 3 or state.shape[0] != count:
            raise RuntimeError(
                f"expected states of shape ({count}, n, hidden), but got {state.shape}"
            )
    last: list[list[Tensor]] = [[] for _ in states]
    for layer in range(num_layers):
        outputs = []
        for side in range(directions):
            k = layer * directions + side
            own = params[k * per_direction : (k + 1) * per_direction]
            before = [views.select(state, 0, k) for state in states]
            y, *after = direction(input, before, own, batch_sizes, side == 1)
            outputs.append(y)
            for found, state in zip(last, after, strict=True):
                found.append(state)
        input = joining.cat(outputs, 1) if bidirectional else outputs[0]
        if dropout and train and layer < num_layers - 1:
            input = _dropout(input, dropout)
    return (input, *(joining.stack(found) for found in last))


def _lstm_direction(
    x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor], sizes: Sizes, reverse: bool
) -> tuple[Tensor, ...]:
    (h, c), (w_ih, w_hh, *rest) = states, weights
    b_ih, b_hh = (rest[0], rest[1]) if len(rest) > 1 else (None, None)
    w_hr = rest[-1] if len(rest) % 2 else None
    return lstm_direction(x, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, sizes, reverse)


def _gru_direction(
    x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor], sizes: Sizes, reverse: bool
) -> tuple[Tensor, ...]:
    w_ih, w_hh, *biases = weights
    b_ih, b_hh = biases or (None, None)
    return gru_direction(x, states[0], w_ih, w_hh, b_ih, b_hh, sizes, reverse)


def _rnn_direction(is_tanh: bool) -> Direction:
    def run(
        x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor], sizes: Sizes, reverse: bool
    ) -> tuple[Tensor, ...]:
        w_ih, w_hh, *biases = weights
        b_ih, b_hh = biases or (None, None)
        return rnn_direction(x, states[0], w_ih, w_hh, b_ih, b_hh, sizes, reverse, is_tanh)

    return run


_DIRECTIONS: dict[str, Direction] = {
    "lstm": _lstm_direction,
    "gru": _gru_direction,
    "rnn_tanh": _rnn_direction(True),
    "rnn_relu": _rnn_direction(False),
}


def _padded(
    name: str,
    input: Tensor,
    states: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, ...]:
    """Sequences of one length: (steps, n, size), or (n, steps, size) with `batch_first`."""
    if input.ndim != 3:
        raise RuntimeError(f"{name}: input must have 3 dimensions, got {input.ndim}")
    if batch_first:
        input = views.transpose(input, 0, 1)
    steps, n, size = input.shape
    if steps == 0:
        raise RuntimeError(f"{name}: Expected sequence length to be larger than 0 in RNN")
    y, *last = packed(
        name, views.reshape(input, (steps * n, size)), (n,) * steps, states, params, has_biases,
        num_layers, dropout, train, bidirectional,
    )  # fmt: skip
    y = views.reshape(y, (steps, n, y.shape[-1]))
    return (views.transpose(y, 0, 1) if batch_first else y, *last)


def packed(
    name: str,
    data: Tensor,
    batch_sizes: Sizes,
    states: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, ...]:
    """A recurrent network on packed sequences: the rows of each step in a row.

    Args:
        name: "lstm", "gru", "rnn_tanh" or "rnn_relu".
        data: (rows, size).
        batch_sizes: how the rows belong to steps.
        states: the first states: h, and c for an LSTM, each (layers * directions, n, hidden).
        params: the weights of each direction of each layer, in a row: w_ih, w_hh, b_ih and b_hh if
            `has_biases`, and w_hr if the h of an LSTM is narrower than its c.
        has_biases: whether there are biases.
        num_layers: how many layers.
        dropout: the probability with which an output between layers is dropped in training.
        train: whether this is training.
        bidirectional: whether each layer also reads backwards.

    Returns:
        The output of the last layer (rows, directions * hidden), and the last states.

    Raises:
        RuntimeError: if shapes or the numbers of weights do not fit, or dtypes or devices differ.
    """
    projected = len(states) == 2 and states[0].shape[-1] != states[1].shape[-1]
    per_direction = (4 if has_biases else 2) + int(projected)
    return _layers(
        _DIRECTIONS[name], data, batch_sizes, states, params, per_direction, num_layers, dropout,
        train, bidirectional,
    )  # fmt: skip


def lstm(
    input: Tensor,
    hx: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Layers of `lstm_cell` over whole sequences.

    Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html

    Args:
        input: (steps, n, size), or (n, steps, size) with `batch_first`.
        hx: the first states h and c, each (layers * directions, n, hidden).
        params: the weights; for each layer and direction w_ih (4 hidden, size), w_hh
            (4 hidden, hidden), b_ih and b_hh (4 hidden,) if `has_biases`, and w_hr
            (projected, hidden) if h is narrower than c.
        has_biases: whether there are biases.
        num_layers: how many layers.
        dropout: the probability with which an output between layers is dropped in training.
        train: whether this is training.
        bidirectional: whether each layer also reads backwards.
        batch_first: whether the batch is the first dimension of input and output.

    Returns:
        The output (steps, n, directions * hidden), and the last h and c.

    Raises:
        RuntimeError: if shapes or the numbers of weights do not fit, or dtypes or devices differ.
    """
    if len(hx) != 2:
        raise RuntimeError(f"lstm: expects two hidden states, but got {len(hx)}")
    y, h, c = _padded(
        "lstm", input, hx, params, has_biases, num_layers, dropout, train, bidirectional,
        batch_first,
    )  # fmt: skip
    return y, h, c


def gru(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor]:
    """Layers of `gru_cell` over whole sequences; arguments as for `lstm`, with one state.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html

    Raises:
        RuntimeError: if shapes or the numbers of weights do not fit, or dtypes or devices differ.
    """
    y, h = _padded(
        "gru", input, (hx,), params, has_biases, num_layers, dropout, train, bidirectional,
        batch_first,
    )  # fmt: skip
    return y, h


def rnn_tanh(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor]:
    """Layers of `rnn_tanh_cell` over whole sequences; arguments as for `lstm`, with one state.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html

    Raises:
        RuntimeError: if shapes or the numbers of weights do not fit, or dtypes or devices differ.
    """
    y, h = _padded(
        "rnn_tanh", input, (hx,), params, has_biases, num_layers, dropout, train, bidirectional,
        batch_first,
    )  # fmt: skip
    return y, h


def rnn_relu(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor]:
    """Layers of `rnn_relu_cell` over whole sequences; arguments as for `lstm`, with one state.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html

    Raises:
        RuntimeError: if shapes or the numbers of weights do not fit, or dtypes or devices differ.
    """
    y, h = _padded(
        "rnn_relu", input, (hx,), params, has_biases, num_layers, dropout, train, bidirectional,
        batch_first,
    )  # fmt: skip
    return y, h
