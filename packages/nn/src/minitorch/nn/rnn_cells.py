"""One step of a recurrent network as a layer: RNNCell, LSTMCell and GRUCell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_tensor import Device, DType, Tensor, empty, zeros
from minitorch_tensor.functional.cells import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell


class RNNCellBase(Module):
    """What the cells share: weights (gates * hidden, ...), and a batch that may be missing."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty(rows, input_size, dtype=dtype, device=device))
        self.weight_hh = Parameter(empty(rows, hidden_size, dtype=dtype, device=device))
        for name in ("bias_ih", "bias_hh"):
            made = Parameter(empty(rows, dtype=dtype, device=device)) if bias else None
            self.register_parameter(name, made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the first values: uniform on [-1/sqrt(hidden), 1/sqrt(hidden))."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0.0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes, and the settings that are not the usual ones."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")

    def _states(self, input: Tensor, hx: Sequence[Tensor] | None, count: int) -> list[Tensor]:
        """The given states, or zeros.

        Raises:
            ValueError: if the input or a state has not 1 or 2 dimensions.
        """
        if input.ndim not in (1, 2):
            raise ValueError(
                f"{self._get_name()}: Expected input to be 1D or 2D, got {input.ndim}D instead"
            )
        for state in hx or ():
            if state.ndim not in (1, 2):
                raise ValueError(
                    f"{self._get_name()}: Expected hidden to be 1D or 2D, got {state.ndim}D instead"
                )
        if hx is not None:
            return list(hx)
        shape = (*input.shape[:-1], self.hidden_size)
        return [zeros(shape, dtype=input.dtype, device=input.device)] * count


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Source: Elman 1990, https://doi.org/10.1207/s15516709cog1402_1
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html

    Args:
        input_size: how many features x has.
        hidden_size: how many the state has.
        bias: whether there are biases.
        nonlinearity: "tanh" or "relu".
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> RNNCell(3, 5)(torch.ones(2, 3)).shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state; the state before is zeros if omitted."""
        (h,) = self._states(input, None if hx is None else (hx,), 1)
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        cell = rnn_tanh_cell if self.nonlinearity == "tanh" else rnn_relu_cell
        return cell(input, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def extra_repr(self) -> str:
        """The sizes, and the settings that are not the usual ones."""
        usual = self.nonlinearity == "tanh"
        return super().extra_repr() + ("" if usual else f", nonlinearity={self.nonlinearity}")


class LSTMCell(RNNCellBase):
    """One step of an `LSTM`.

    Source: Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html

    Args:
        input_size: how many features x has.
        hidden_size: how many the states have.
        bias: whether there are biases.
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> h, c = LSTMCell(3, 5)(torch.ones(2, 3))
    >>> h.shape, c.shape
    (torch.Size([2, 5]), torch.Size([2, 5]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """The next h and c; those before are zeros if omitted."""
        states = self._states(input, hx, 2)
        return lstm_cell(input, states, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)


class GRUCell(RNNCellBase):
    """One step of a `GRU`.

    Source: Cho et al. 2014, https://arxiv.org/abs/1406.1078
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html

    Args:
        input_size: how many features x has.
        hidden_size: how many the state has.
        bias: whether there are biases.
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> GRUCell(3, 5)(torch.ones(2, 3)).shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state; the state before is zeros if omitted."""
        (h,) = self._states(input, None if hx is None else (hx,), 1)
        return gru_cell(input, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
