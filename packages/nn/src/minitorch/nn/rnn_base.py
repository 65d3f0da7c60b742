"""What recurrent layers share: parameters of layers and directions, checks, packed sequences."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Generic, ParamSpec, TypeVar, overload

from minitorch.nn import hooks, init
from minitorch.nn.module import HasForward, Module
from minitorch.nn.parameter import Parameter
from minitorch.nn.utils.rnn import PackedSequence, whole
from minitorch_tensor import Device, DType, Tensor, empty, zeros
from minitorch_tensor.amp.state import state as autocast
from minitorch_tensor.functional.recurrent import packed

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
H = TypeVar("H")

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(Module, Generic[H]):
    """What RNN, LSTM and GRU share: parameters, checks, and running the layers.

    To a type checker it is generic in its states H: a Tensor, or the h and c of an LSTM.

    Raises:
        ValueError: if a size or a probability is out of range.
        TypeError: if an argument is of another type.
    """

    def __init__(
        self,
        mode: str,
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
        super().__init__()
        _check(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        rows = _GATES[mode] * hidden_size
        written = proj_size or hidden_size  # how wide the output of a direction is
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse") if bidirectional else ("",):
                read = input_size if layer == 0 else written * (2 if bidirectional else 1)
                shapes: dict[str, tuple[int, ...]] = {
                    "weight_ih": (rows, read),
                    "weight_hh": (rows, written),
                }
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = [f"{name}_l{layer}{suffix}" for name in shapes]
                for name, shape in zip(names, shapes.values(), strict=True):
                    made = Parameter(empty(shape, dtype=dtype, device=device))
                    self.register_parameter(name, made)
                self._all_weights.append(names)
        self.reset_parameters()

    # What `Module` says of a call, and that packed sequences give packed sequences: the signature
    # of an overloaded `forward` is taken over for its first overload only.
    @overload
    def __call__(self: HasForward[P, R_co], *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, input: PackedSequence, hx: H | None = None) -> tuple[PackedSequence, H]: ...
    @overload
    def __call__(self, *args: Tensor, **kwargs: Tensor) -> Tensor: ...
    def __call__(self: hooks.Hooked, *args: object, **kwargs: object) -> object:
        """`forward`, between the hooks."""
        return hooks.call(self, args, kwargs)

    def reset_parameters(self) -> None:
        """Draw the first values: uniform on [-1/sqrt(hidden), 1/sqrt(hidden))."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """For PyTorch's cuDNN only; here parameters are read as they lie."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each direction of each layer."""
        # By getattr: a parametrized one is computed, and no attribute of the instance.
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def extra_repr(self) -> str:
        """The sizes, and the settings that are not the usual ones."""
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size != 0:
            text += f", proj_size={self.proj_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if not self.bias:
            text += f", bias={self.bias}"
        if self.batch_first:
            text += f", batch_first={self.batch_first}"
        if self.dropout != 0:
            text += f", dropout={self.dropout}"
        if self.bidirectional:
            text += f", bidirectional={self.bidirectional}"
        return text

    def _widths(self) -> tuple[int, ...]:
        """How wide the states are."""
        return (self.hidden_size,)

    def _run(
        self, input: Tensor | PackedSequence, hx: Sequence[Tensor] | None
    ) -> tuple[Tensor | PackedSequence, list[Tensor]]:
        """The output and the last states, for states that may be left out."""
        if isinstance(input, PackedSequence):
            data, batch_sizes, sorted_indices, unsorted_indices = input
            sizes = tuple(whole(batch_sizes))
            if hx is not None and sorted_indices is not None:
                hx = [state.index_select(1, sorted_indices) for state in hx]
            y, states = self._layers(data, sizes, hx)
            if unsorted_indices is not None:
                states = [state.index_select(1, unsorted_indices) for state in states]
            return PackedSequence(y, batch_sizes, sorted_indices, unsorted_indices), states
        kind = "RNN" if self.mode.startswith("RNN") else self.mode
        if input.ndim not in (2, 3):
            raise ValueError(f"{kind}: Expected input to be 2D or 3D, got {input.ndim}D instead")
        batched = input.ndim == 3
        for state in hx or ():
            if state.ndim != input.ndim:
                raise RuntimeError(
                    f"For {'batched 3-D' if batched else 'unbatched 2-D'} input, hx should also be "
                    f"{input.ndim}-D but got {state.ndim}-D tensor"
                )
        x = input
        if not batched:
            x = x.unsqueeze(1)
            hx = None if hx is None else [state.unsqueeze(1) for state in hx]
        elif self.batch_first:
            x = x.transpose(0, 1)
        steps, n, size = x.shape
        if steps == 0:
            raise RuntimeError(f"{kind}: Expected sequence length to be larger than 0 in RNN")
        y, states = self._layers(x.reshape(steps * n, size), (n,) * steps, hx)
        if not batched:
            return y, [state.squeeze(1) for state in states]
        y = y.reshape(steps, n, y.shape[-1])
        return (y.transpose(0, 1) if self.batch_first else y), states

    def _layers(
        self, data: Tensor, sizes: tuple[int, ...], hx: Sequence[Tensor] | None
    ) -> tuple[Tensor, list[Tensor]]:
        weights = [weight for direction in self.all_weights for weight in direction]
        if data.dtype is not weights[0].dtype and not autocast.enabled:
            raise ValueError(
                f"RNN input dtype ({data.dtype}) does not match weight dtype ({weights[0].dtype}). "
                f"Convert input: input.to({weights[0].dtype}), or convert model: "
                f"model.to({data.dtype})"
            )
        if data.shape[-1] != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. "
                f"Expected {self.input_size}, got {data.shape[-1]}"
            )
        count = self.num_layers * (2 if self.bidirectional else 1)
        shapes = [(count, sizes[0], width) for width in self._widths()]
        if hx is None:
            hx = [zeros(shape, dtype=data.dtype, device=data.device) for shape in shapes]
        if len(hx) != len(shapes):
            raise RuntimeError(f"{self.mode}: expected {len(shapes)} states, but got {len(hx)}")
        for k, (state, shape) in enumerate(zip(hx, shapes, strict=True)):
            if state.shape != shape:
                which = f"hidden[{k}]" if len(shapes) > 1 else "hidden"
                raise RuntimeError(f"Expected {which} size {shape}, got {list(state.shape)}")
        y, *states = packed(
            self.mode.lower(), data, sizes, hx, weights, self.bias, self.num_layers, self.dropout,
            self.training, self.bidirectional,
        )  # fmt: skip
        return y, states


def _check(
    input_size: int,
    hidden_size: int,
    num_layers: int,
    bias: bool,
    batch_first: bool,
    dropout: float,
    proj_size: int,
) -> None:
    if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element "
            f"being zeroed, but got {dropout!r}"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and "
            f"num_layers={num_layers}",
            stacklevel=4,
        )
    for what, flag in (("bias", bias), ("batch_first", batch_first)):
        if not isinstance(flag, bool):
            raise TypeError(f"{what} should be of type bool, got: {type(flag).__name__}")
    for what, size in (("input_size", input_size), ("hidden_size", hidden_size)):
        if not isinstance(size, int):
            raise TypeError(f"{what} should be of type int, got: {type(size).__name__}")
        if size <= 0:
            raise ValueError(f"{what} must be greater than zero, but got {size}")
    if num_layers <= 0:
        raise ValueError(f"num_layers must be greater than zero, but got {num_layers}")
    if proj_size < 0:
        raise ValueError(
            "proj_size should be a positive integer or zero to disable projections, but got "
            f"{proj_size}"
        )
    if proj_size >= hidden_size:
        raise ValueError(
            f"proj_size has to be smaller than hidden_size, but got {proj_size} and {hidden_size}"
        )
