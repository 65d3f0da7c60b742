"""The layers of a Transformer: attention, then two linear maps, each with a way past it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeVar

from minitorch.nn.attention import MultiheadAttention
from minitorch.nn.container import ModuleList
from minitorch.nn.dropout import Dropout
from minitorch.nn.linear import Linear
from minitorch.nn.module import Module
from minitorch.nn.normalization import LayerNorm
from minitorch_tensor import Device, DType, Tensor
from minitorch_tensor import functional as F

M = TypeVar("M", bound=Module)

Activation = Callable[[Tensor], Tensor]
"""A nonlinearity: a function or a module."""


def activation_of(name: str | Activation) -> Activation:
    """The nonlinearity of that name, or the given one.

    Raises:
        RuntimeError: if the name is neither "relu" nor "gelu".
    """
    if not isinstance(name, str):
        return name
    if name == "relu":
        return F.relu
    if name == "gelu":
        return F.gelu
    raise RuntimeError(f"activation should be relu/gelu, not {name}")


def clones(layer: M, count: int) -> ModuleList[M]:
    """Copies of a layer."""
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


def attended(
    attention: MultiheadAttention,
    x: Tensor,
    memory: Tensor,
    mask: Tensor | None,
    padding: Tensor | None,
    causal: bool,
) -> Tensor:
    """What the positions of x find in a memory; not where they looked for it."""
    y, _ = attention(
        x,
        memory,
        memory,
        attn_mask=mask,
        key_padding_mask=padding,
        need_weights=False,
        is_causal=causal,
    )
    return y


class TransformerEncoderLayer(Module):
    """Self-attention, then linear, activation, linear; each added to what it read, and normalised.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html

    Args:
        d_model: how many features.
        nhead: how many heads.
        dim_feedforward: how many features between the two linear maps.
        dropout: the probability of all dropouts.
        activation: "relu", "gelu", or a function.
        layer_norm_eps: added to the variances.
        batch_first: whether sequences are (n, length, features), not (length, n, features).
        norm_first: whether the layer normalises what it reads, not what it wrote.
        bias: whether linear maps and norms have biases.
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> TransformerEncoderLayer(8, 2, 16)(torch.ones(5, 3, 8)).shape
    torch.Size([5, 3, 8])
    """

    activation: Activation

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)

        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, device=device, dtype=dtype
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, device, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, device, dtype)
        self.norm_first = norm_first
        self.norm1 = norm()
        self.norm2 = norm()
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = activation_of(activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The sequence, with what each position found in the others.

        Args:
            src: (length, n, features), or (length, features).
            src_mask: (length, length): True where a position may not look, or what is added.
            src_key_padding_mask: (n, length): True for positions that do not count.
            is_causal: a hint that `src_mask` is the causal one.
        """

        def attend(x: Tensor) -> Tensor:
            y = attended(self.self_attn, x, x, src_mask, src_key_padding_mask, is_causal)
            return self.dropout1(y)

        if self.norm_first:
            x = src + attend(self.norm1(src))
            return x + self._feed_forward(self.norm2(x))
        x = self.norm1(src + attend(src))
        return self.norm2(x + self._feed_forward(x))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoderLayer(Module):
    """Self-attention, attention to the memory, then linear, activation, linear.

    Each is added to what it read, and normalised.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html

    Args:
        d_model: how many features.
        nhead: how many heads.
        dim_feedforward: how many features between the two linear maps.
        dropout: the probability of all dropouts.
        activation: "relu", "gelu", or a function.
        layer_norm_eps: added to the variances.
        batch_first: whether sequences are (n, length, features), not (length, n, features).
        norm_first: whether the layer normalises what it reads, not what it wrote.
        bias: whether linear maps and norms have biases.
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> TransformerDecoderLayer(8, 2, 16)(torch.ones(4, 3, 8), torch.ones(5, 3, 8)).shape
    torch.Size([4, 3, 8])
    """

    activation: Activation

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)

        def attention() -> MultiheadAttention:
            return MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, device=device, dtype=dtype
            )

        self.self_attn = attention()
        self.multihead_attn = attention()
        self.linear1 = Linear(d_model, dim_feedforward, bias, device, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, device, dtype)
        self.norm_first = norm_first
        self.norm1 = norm()
        self.norm2 = norm()
        self.norm3 = norm()
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = activation_of(activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The target, with what each position found in the others and in the memory.

        Args:
            tgt: (length, n, features), or (length, features).
            memory: what the encoder gave, (source, n, features).
            tgt_mask: (length, length): True where a position may not look, or what is added.
            memory_mask: (length, source), likewise.
            tgt_key_padding_mask: (n, length): True for positions that do not count.
            memory_key_padding_mask: (n, source), likewise.
            tgt_is_causal: a hint that `tgt_mask` is the causal one.
            memory_is_causal: a hint that `memory_mask` is the causal one.
        """

        def attend(x: Tensor) -> Tensor:
            y = attended(self.self_attn, x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)
            return self.dropout1(y)

        def look(x: Tensor) -> Tensor:
            padding = memory_key_padding_mask
            y = attended(self.multihead_attn, x, memory, memory_mask, padding, memory_is_causal)
            return self.dropout2(y)

        if self.norm_first:
            x = tgt + attend(self.norm1(tgt))
            x = x + look(self.norm2(x))
            return x + self._feed_forward(self.norm3(x))
        x = self.norm1(tgt + attend(tgt))
        x = self.norm2(x + look(x))
        return self.norm3(x + self._feed_forward(x))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))
