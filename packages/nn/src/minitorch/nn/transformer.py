"""The Transformer: layers of attention and of a small network for each position.

Vaswani et al. 2017, https://arxiv.org/abs/1706.03762. An encoder reads a sequence; a decoder writes
another, looking at what the encoder made of the first.
"""

from __future__ import annotations

from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.normalization import LayerNorm
from minitorch.nn.transformer_layers import (
    Activation,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
    clones,
)
from minitorch_tensor import Device, DType, Tensor, full
from minitorch_tensor import functional as F


def square_mask(
    size: int, device: str | Device | None = None, dtype: DType | None = None
) -> Tensor:
    """The causal mask (size, size): -inf above the diagonal, else 0."""
    return full((size, size), float("-inf"), dtype=dtype, device=device).triu(1)


def _is_causal(mask: Tensor | None, is_causal: bool | None, size: int) -> bool:
    """Whether the mask is the causal one: as it is said, or, if nothing is said, as it is."""
    if is_causal is not None or mask is None:
        return is_causal is True
    if mask.shape != (size, size):
        return False
    return bool((mask == square_mask(size, mask.device, mask.dtype)).all())


def _length(x: Tensor, batch_first: bool) -> int:
    return x.shape[1 if x.ndim == 3 and batch_first else 0]


def _additive(mask: Tensor | None, like: Tensor) -> Tensor | None:
    """A mask that is added: -inf where a bool says True."""
    if mask is None or mask.is_floating_point():
        return mask
    zeros = full(mask.shape, 0.0, dtype=like.dtype, device=like.device)
    return zeros.masked_fill(mask, float("-inf"))


class TransformerEncoder(Module):
    """Encoder layers above one another.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html

    Args:
        encoder_layer: a layer; the encoder has copies of it.
        num_layers: how many.
        norm: what is applied at the end.
        enable_nested_tensor: accepted; there are no nested tensors here.
        mask_check: accepted, likewise.

    >>> import minitorch as torch
    >>> layer = torch.nn.TransformerEncoderLayer(8, 2, 16)
    >>> TransformerEncoder(layer, num_layers=2)(torch.ones(5, 3, 8)).shape
    torch.Size([5, 3, 8])
    """

    norm: Module | None

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = clones(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """The sequence, with what each position found in the others.

        Args:
            src: (length, n, features), or (length, features).
            mask: (length, length): True where a position may not look, or what is added.
            src_key_padding_mask: (n, length): True for positions that do not count.
            is_causal: whether `mask` is the causal one; it is looked at if omitted.
        """
        mask, padding = _additive(mask, src), _additive(src_key_padding_mask, src)
        length = _length(src, self.layers[0].self_attn.batch_first)
        causal = _is_causal(mask, is_causal, length)
        for layer in self.layers:
            src = layer(src, src_mask=mask, is_causal=causal, src_key_padding_mask=padding)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Decoder layers above one another.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html

    Args:
        decoder_layer: a layer; the decoder has copies of it.
        num_layers: how many.
        norm: what is applied at the end.

    >>> import minitorch as torch
    >>> layer = torch.nn.TransformerDecoderLayer(8, 2, 16)
    >>> TransformerDecoder(layer, num_layers=2)(torch.ones(4, 3, 8), torch.ones(5, 3, 8)).shape
    torch.Size([4, 3, 8])
    """

    norm: Module | None

    def __init__(
        self,
        decoder_layer: TransformerDecoderLayer,
        num_layers: int,
        norm: Module | None = None,
    ) -> None:
        super().__init__()
        self.layers = clones(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
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
            tgt_is_causal: whether `tgt_mask` is the causal one; it is looked at if omitted.
            memory_is_causal: whether `memory_mask` is the causal one.
        """
        length = _length(tgt, self.layers[0].self_attn.batch_first)
        causal = _is_causal(tgt_mask, tgt_is_causal, length)
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder and a decoder.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html

    Args:
        d_model: how many features.
        nhead: how many heads.
        num_encoder_layers: how many layers the encoder has.
        num_decoder_layers: how many the decoder has.
        dim_feedforward: how many features between the two linear maps of a layer.
        dropout: the probability of all dropouts.
        activation: "relu", "gelu", or a function.
        custom_encoder: an encoder to use instead.
        custom_decoder: a decoder to use instead.
        layer_norm_eps: added to the variances.
        batch_first: whether sequences are (n, length, features), not (length, n, features).
        norm_first: whether a layer normalises what it reads, not what it wrote.
        bias: whether linear maps and norms have biases.
        device: of the parameters.
        dtype: of the parameters.

    >>> import minitorch as torch
    >>> model = Transformer(8, 2, 1, 1, 16)
    >>> model(torch.ones(5, 3, 8), torch.ones(4, 3, 8)).shape
    torch.Size([4, 3, 8])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        custom_encoder: TransformerEncoder | None = None,
        custom_decoder: TransformerDecoder | None = None,
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

        if custom_encoder is None:
            encoder_layer = TransformerEncoderLayer(
                d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
                norm_first, bias, device, dtype,
            )  # fmt: skip
            custom_encoder = TransformerEncoder(encoder_layer, num_encoder_layers, norm())
        self.encoder = custom_encoder
        if custom_decoder is None:
            decoder_layer = TransformerDecoderLayer(
                d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
                norm_first, bias, device, dtype,
            )  # fmt: skip
            custom_decoder = TransformerDecoder(decoder_layer, num_decoder_layers, norm())
        self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        for p in self.parameters():
            if p.ndim > 1:
                init.xavier_uniform_(p)

    @staticmethod
    def generate_square_subsequent_mask(
        sz: int, device: str | Device | None = None, dtype: DType | None = None
    ) -> Tensor:
        """The causal mask (sz, sz): -inf above the diagonal, else 0.

        >>> Transformer.generate_square_subsequent_mask(2).tolist()
        [[0.0, -inf], [0.0, 0.0]]
        """
        return square_mask(sz, device, dtype)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """What the decoder makes of the target and of the encoded source.

        Args:
            src: (source, n, d_model), or (source, d_model).
            tgt: (length, n, d_model), or (length, d_model).
            src_mask: (source, source); masks are as for the encoder and the decoder.
            tgt_mask: (length, length).
            memory_mask: (length, source).
            src_key_padding_mask: (n, source).
            tgt_key_padding_mask: (n, length).
            memory_key_padding_mask: (n, source).
            src_is_causal: whether `src_mask` is the causal one; it is looked at if omitted.
            tgt_is_causal: whether `tgt_mask` is the causal one, likewise.
            memory_is_causal: whether `memory_mask` is the causal one.

        Raises:
            RuntimeError: if batches or features do not fit.
        """
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(
                "the batch number of src and tgt must be equal, but got "
                f"{src.shape[batch]} and {tgt.shape[batch]}"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(
                "the feature number of src and tgt must be equal to d_model, but got "
                f"{src.shape[-1]} and {tgt.shape[-1]} for {self.d_model}"
            )
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )
