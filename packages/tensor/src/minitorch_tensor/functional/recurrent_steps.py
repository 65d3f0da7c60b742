"""One direction of one layer of a recurrent network, over whole sequences of several lengths.

A batch of sequences is one matrix: the rows of its first step, then those of the second, and so on;
`batch_sizes` says how many sequences reach each step. They are sorted, the longest first, so that
the sequences of a step are the first ones of the step before. Sequences of equal length are the
special case of equal sizes, and what PyTorch calls packed is the general one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from minitorch_tensor import joining, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.activation import relu
from minitorch_tensor.functional.cells import gru_gates, lstm_gates
from minitorch_tensor.functional.checks import require_alike
from minitorch_tensor.functional.linear import linear
from minitorch_tensor.op import Op

Sizes = tuple[int, ...]
"""How many sequences reach each step; never more than the step before."""


def order(batch_sizes: Sizes, reverse: bool) -> list[tuple[int, int]]:
    """The rows of each step, in the order in which the steps are taken.

    >>> order((3, 2), reverse=True)
    [(3, 5), (0, 3)]
    """
    ends, total = [], 0
    for size in batch_sizes:
        ends.append((total, total + size))
        total += size
    return ends[::-1] if reverse else ends


def check_direction(
    name: str,
    gates: int,
    input: Tensor,
    state: Tensor,
    hidden: int,
    w_ih: Tensor,
    w_hh: Tensor,
    biases: Sequence[Tensor | None],
    batch_sizes: Sizes,
) -> None:
    """Refuse what does not fit together.

    Raises:
        RuntimeError: if there are no steps, shapes do not fit, or dtypes or devices differ.
    """
    if not batch_sizes:
        raise RuntimeError(f"{name}: Expected sequence length to be larger than 0 in RNN")
    if input.ndim != 2 or input.shape[0] != sum(batch_sizes) or state.ndim != 2:
        raise RuntimeError(
            f"{name}: expected an input with {sum(batch_sizes)} rows and a state of 2 dimensions, "
            f"but got {input.shape} and {state.shape}"
        )
    if any(a < b for a, b in itertools.pairwise(batch_sizes)):
        raise RuntimeError(f"{name}: batch_sizes must not grow, but got {batch_sizes}")
    if state.shape[0] != batch_sizes[0]:
        raise RuntimeError(
            f"{name}: Input batch size {batch_sizes[0]} doesn't match hidden batch size "
            f"{state.shape[0]}"
        )
    for what, x, w in (("input", input, w_ih), ("hx", state, w_hh)):
        if w.shape != (gates * hidden, x.shape[-1]):
            raise RuntimeError(
                f"{name}: {what} {x.shape} and its weight {w.shape} do not fit: expected a weight "
                f"{(gates * hidden, x.shape[-1])}, for a state of {hidden} elements"
            )
        require_alike(name, input, what, x)
        require_alike(name, input, f"the weight of {what}", w)
    for b in biases:
        require_alike(name, input, "bias", b)
        if b is not None and b.shape != (gates * hidden,):
            raise RuntimeError(
                f"{name}: expected a bias of shape {(gates * hidden,)}, but got {b.shape}"
            )


def _first(x: Tensor, n: int) -> Tensor:
    return x if n == x.shape[0] else views.narrow(x, 0, 0, n)


def _replaced(state: Tensor, new: Tensor) -> Tensor:
    """The state with new first rows; sequences that are over keep theirs."""
    n, rows = new.shape[0], state.shape[0]
    return new if n == rows else joining.cat([new, views.narrow(state, 0, n, rows - n)])


def _joined(outputs: list[Tensor], reverse: bool) -> Tensor:
    return joining.cat(outputs[::-1] if reverse else outputs)


@Op
def rnn_direction(
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
    """h_t = tanh or relu of (w_ih x_t + b_ih + w_hh h + b_hh), step by step.

    Args:
        input: x, (rows, size).
        h: the first states, (n, hidden).
        w_ih: (hidden, size).
        w_hh: (hidden, hidden).
        b_ih: (hidden,).
        b_hh: (hidden,).
        batch_sizes: how the rows belong to steps.
        reverse: whether the steps are taken from the last to the first.
        is_tanh: tanh, not relu.

    Returns:
        All h_t, (rows, hidden), and the last of each sequence, (n, hidden).

    Raises:
        RuntimeError: as for `check_direction`.
    """
    check_direction("rnn", 1, input, h, h.shape[-1], w_ih, w_hh, (b_ih, b_hh), batch_sizes)
    from_input, outputs = linear(input, w_ih, b_ih), []
    for begin, end in order(batch_sizes, reverse):
        n = end - begin
        sums = views.narrow(from_input, 0, begin, n) + linear(_first(h, n), w_hh, b_hh)
        y = sums.tanh() if is_tanh else relu(sums)
        outputs.append(y)
        h = _replaced(h, y)
    return _joined(outputs, reverse), h


@Op
def gru_direction(
    input: Tensor,
    h: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None,
    b_hh: Tensor | None,
    batch_sizes: Sizes,
    reverse: bool,
) -> tuple[Tensor, Tensor]:
    """`gru_cell` step by step; weights for 3 gates, else as for `rnn_direction`.

    Raises:
        RuntimeError: as for `check_direction`.
    """
    check_direction("gru", 3, input, h, h.shape[-1], w_ih, w_hh, (b_ih, b_hh), batch_sizes)
    from_input, outputs = linear(input, w_ih, b_ih), []
    for begin, end in order(batch_sizes, reverse):
        n = end - begin
        before = _first(h, n)
        y = gru_gates(views.narrow(from_input, 0, begin, n), linear(before, w_hh, b_hh), before)
        outputs.append(y)
        h = _replaced(h, y)
    return _joined(outputs, reverse), h


@Op
def lstm_direction(
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
    """`lstm_cell` step by step; weights for 4 gates, else as for `rnn_direction`.

    With w_hr (projected, hidden) the states h are w_hr times what they were. Sak et al. 2014,
    arXiv:1402.1128.

    Raises:
        RuntimeError: as for `check_direction`.
    """
    check_lstm(input, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, batch_sizes)
    from_input, outputs = linear(input, w_ih, b_ih), []
    for begin, end in order(batch_sizes, reverse):
        n = end - begin
        gates = views.narrow(from_input, 0, begin, n) + linear(_first(h, n), w_hh, b_hh)
        y, memory = lstm_gates(gates, _first(c, n))
        y = y if w_hr is None else linear(y, w_hr)
        outputs.append(y)
        h, c = _replaced(h, y), _replaced(c, memory)
    return _joined(outputs, reverse), h, c


def check_lstm(
    input: Tensor,
    h: Tensor,
    c: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None,
    b_hh: Tensor | None,
    w_hr: Tensor | None,
    batch_sizes: Sizes,
) -> None:
    """Refuse arguments of `lstm_direction` that do not fit.

    Raises:
        RuntimeError: as for `check_direction`.
    """
    hidden = c.shape[-1] if c.ndim == 2 else 0
    check_direction("lstm", 4, input, h, hidden, w_ih, w_hh, (b_ih, b_hh), batch_sizes)
    require_alike("lstm", input, "c", c)
    require_alike("lstm", input, "w_hr", w_hr)
    projected = (h.shape[0], hidden if w_hr is None else w_hr.shape[0])
    if c.shape[0] != h.shape[0] or h.shape != projected:
        raise RuntimeError(
            f"lstm: the states do not fit: got h {h.shape} and c {c.shape}"
            + ("" if w_hr is None else f", with a projection {w_hr.shape}")
        )


def with_biases(
    fresh_biases: Sequence[Tensor], b_ih: Tensor | None, b_hh: Tensor | None
) -> tuple[Tensor | None, Tensor | None]:
    """The fresh biases in the places of those that were given."""
    rest = iter(fresh_biases)
    return None if b_ih is None else next(rest), None if b_hh is None else next(rest)
