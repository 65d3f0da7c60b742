"""One step of a recurrent network: the new state from an input and the old state.

At the top level of PyTorch, not in `nn.functional`; the modules are built of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_tensor import views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.activation import relu
from minitorch_tensor.functional.linear import linear


def _check(name: str, gates: int, input: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor) -> None:
    hidden = h.shape[-1] if h.ndim else 0
    for what, x, w in (("input", input, w_ih), ("hx", h, w_hh)):
        if x.ndim not in (1, 2) or w.ndim != 2 or w.shape != (gates * hidden, x.shape[-1]):
            raise RuntimeError(
                f"{name}: {what} {x.shape} and its weight {w.shape} do not fit: expected (n, size) "
                f"and ({gates * hidden}, size), for a state of {hidden} elements"
            )
    if input.shape[:-1] != h.shape[:-1]:
        raise RuntimeError(
            f"{name}: Input batch size {input.shape[:-1]} doesn't match hidden batch size "
            f"{h.shape[:-1]}"
        )


def _simple(
    name: str, input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor,
    b_ih: Tensor | None, b_hh: Tensor | None,
) -> Tensor:  # fmt: skip
    _check(name, 1, input, hx, w_ih, w_hh)
    return linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh)


def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """tanh(w_ih x + b_ih + w_hh h + b_hh).

    Elman 1990, https://doi.org/10.1207/s15516709cog1402_1;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html

    Args:
        input: x, (n, size) or (size,).
        hx: the state h, (n, hidden) or (hidden,).
        w_ih: (hidden, size).
        w_hh: (hidden, hidden).
        b_ih: (hidden,).
        b_hh: (hidden,).

    Raises:
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    return _simple("rnn_tanh_cell", input, hx, w_ih, w_hh, b_ih, b_hh).tanh()


def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """relu(w_ih x + b_ih + w_hh h + b_hh): shapes as for `rnn_tanh_cell`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html

    Raises:
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    return relu(_simple("rnn_relu_cell", input, hx, w_ih, w_hh, b_ih, b_hh))


def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """h' = (1 - z) n + z h, for r, z = sigmoid(...), n = tanh(x part + r * (h part)).

    Cho et al. 2014, arXiv:1406.1078;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html

    Args:
        input: x, (n, size) or (size,).
        hx: the state h, (n, hidden) or (hidden,).
        w_ih: (3 hidden, size): for r, z and n.
        w_hh: (3 hidden, hidden).
        b_ih: (3 hidden,).
        b_hh: (3 hidden,).

    Raises:
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    _check("gru_cell", 3, input, hx, w_ih, w_hh)
    return gru_gates(linear(input, w_ih, b_ih), linear(hx, w_hh, b_hh), hx)


def gru_gates(from_input: Tensor, from_state: Tensor, h: Tensor) -> Tensor:
    """h' from what the weights made of the input and of the state, each (n, 3 hidden)."""
    ir, iz, i_new = views.chunk(from_input, 3, -1)
    hr, hz, h_new = views.chunk(from_state, 3, -1)
    r, z = (ir + hr).sigmoid(), (iz + hz).sigmoid()
    n = (i_new + r * h_new).tanh()
    return (h - n) * z + n


def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """c' = f c + i g and h' = o tanh(c'), for i, f, o = sigmoid(...) and g = tanh(...).

    Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html

    Args:
        input: x, (n, size) or (size,).
        hx: the states h and c, each (n, hidden) or (hidden,).
        w_ih: (4 hidden, size): for i, f, g and o.
        w_hh: (4 hidden, hidden).
        b_ih: (4 hidden,).
        b_hh: (4 hidden,).

    Returns:
        h' and c'.

    Raises:
        RuntimeError: if shapes, dtypes or devices do not fit.
    """
    if len(hx) != 2:
        raise RuntimeError(f"lstm_cell: expected two hidden states, h and c, but got {len(hx)}")
    h, c = hx
    _check("lstm_cell", 4, input, h, w_ih, w_hh)
    if c.shape != h.shape:
        raise RuntimeError(f"lstm_cell: the states differ in shape: {h.shape} and {c.shape}")
    return lstm_gates(linear(input, w_ih, b_ih) + linear(h, w_hh, b_hh), c)


def lstm_gates(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """h' and c' from the sums (n, 4 hidden) for the gates i, f, g and o."""
    i, f, g, o = views.chunk(gates, 4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c
