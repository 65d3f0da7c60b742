"""Recurrent layers over whole sequences: RNN, LSTM and GRU, also on packed sequences."""

from __future__ import annotations

from typing import overload

from minitorch.nn.rnn_base import RNNBase
from minitorch.nn.utils.rnn import PackedSequence
from minitorch_tensor import Device, DType, Tensor


class RNN(RNNBase[Tensor]):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h + b_hh), step by step, in one or more layers.

    Source: Elman 1990, https://doi.org/10.1207/s15516709cog1402_1
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html

    Args:
        input_size: how many features an element of a sequence has.
        hidden_size: how many the state has.
        num_layers: how many layers, each reading what the one below wrote.
        nonlinearity: "tanh" or "relu".
        bias: whether there are biases.
        batch_first: whether input and output are (n, steps, features), not (steps, n, features).
        dropout: the probability with which an output between layers is dropped in training.
        bidirectional: whether each layer also reads backwards.
        device: of the parameters.
        dtype: of the parameters.

    Raises:
        ValueError: if a size, a probability or the nonlinearity is out of range.

    >>> import minitorch as torch
    >>> y, h = RNN(3, 5)(torch.ones(7, 2, 3))  # 7 steps of 2 sequences
    >>> y.shape, h.shape
    (torch.Size([7, 2, 5]), torch.Size([1, 2, 5]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first,
            dropout, bidirectional, 0, device, dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity

    @overload
    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]: ...
    @overload
    def forward(
        self, input: PackedSequence, hx: Tensor | None = None
    ) -> tuple[PackedSequence, Tensor]: ...
    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """All states of the last layer, and the last state of each layer and direction."""
        y, (h,) = self._run(input, None if hx is None else (hx,))
        return y, h


class LSTM(RNNBase[tuple[Tensor, Tensor]]):
    """Long short-term memory: a state c that gates write and read, and h, what is read of it.

    i, f, o = sigmoid(...), g = tanh(...) of W_ih x_t + b_ih + W_hh h + b_hh; c_t = f c + i g;
    h_t = o tanh(c_t).
    Source: Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html

    Args:
        input_size: how many features an element of a sequence has.
        hidden_size: how many the states have.
        num_layers: how many layers, each reading what the one below wrote.
        bias: whether there are biases.
        batch_first: whether input and output are (n, steps, features), not (steps, n, features).
        dropout: the probability with which an output between layers is dropped in training.
        bidirectional: whether each layer also reads backwards.
        proj_size: if not 0, h is projected to so many features.
        device: of the parameters.
        dtype: of the parameters.

    Raises:
        ValueError: if a size or a probability is out of range.

    >>> import minitorch as torch
    >>> y, (h, c) = LSTM(3, 5, num_layers=2)(torch.ones(7, 2, 3))  # 7 steps of 2 sequences
    >>> y.shape, h.shape, c.shape
    (torch.Size([7, 2, 5]), torch.Size([2, 2, 5]), torch.Size([2, 2, 5]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            proj_size, device, dtype,
        )  # fmt: skip

    def _widths(self) -> tuple[int, ...]:
        return (self.proj_size or self.hidden_size, self.hidden_size)

    @overload
    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]: ...
    @overload
    def forward(
        self, input: PackedSequence, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[PackedSequence, tuple[Tensor, Tensor]]: ...
    def forward(
        self, input: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor | PackedSequence, tuple[Tensor, Tensor]]:
        """All h of the last layer, and the last h and c of each layer and direction."""
        y, (h, c) = self._run(input, hx)
        return y, (h, c)


class GRU(RNNBase[Tensor]):
    """Gated recurrent units: h_t = (1 - z) n + z h, with a new state n that a gate r lets in.

    r, z = sigmoid(W_ih x_t + b_ih + W_hh h + b_hh); n = tanh(W_in x_t + b_in + r (W_hn h + b_hn)).
    Source: Cho et al. 2014, https://arxiv.org/abs/1406.1078
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html

    Args:
        input_size: how many features an element of a sequence has.
        hidden_size: how many the state has.
        num_layers: how many layers, each reading what the one below wrote.
        bias: whether there are biases.
        batch_first: whether input and output are (n, steps, features), not (steps, n, features).
        dropout: the probability with which an output between layers is dropped in training.
        bidirectional: whether each layer also reads backwards.
        device: of the parameters.
        dtype: of the parameters.

    Raises:
        ValueError: if a size or a probability is out of range.

    >>> import minitorch as torch
    >>> y, h = GRU(3, 5, bidirectional=True)(torch.ones(7, 2, 3))  # 7 steps of 2 sequences
    >>> y.shape, h.shape
    (torch.Size([7, 2, 10]), torch.Size([2, 2, 5]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            0, device, dtype,
        )  # fmt: skip

    @overload
    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]: ...
    @overload
    def forward(
        self, input: PackedSequence, hx: Tensor | None = None
    ) -> tuple[PackedSequence, Tensor]: ...
    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """All states of the last layer, and the last state of each layer and direction."""
        y, (h,) = self._run(input, None if hx is None else (hx,))
        return y, h
