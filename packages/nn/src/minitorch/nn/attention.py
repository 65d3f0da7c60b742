"""Attention with several heads."""

from __future__ import annotations

from minitorch.nn import init
from minitorch.nn.linear import Linear
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_tensor import Device, DType, Tensor, empty
from minitorch_tensor import functional as F


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear` under the name PyTorch prints for the output projection of attention."""


class MultiheadAttention(Module):
    """Queries look for keys that answer them, and get their values: for each head by itself.

    Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html

    Args:
        embed_dim: how many features queries and outputs have.
        num_heads: how many heads share them.
        dropout: the probability with which a weight is dropped in training.
        bias: whether the projections have biases.
        add_bias_kv: whether one more key and value are learnt.
        add_zero_attn: whether one more key and value are zeros.
        kdim: how many features keys have; `embed_dim` if omitted.
        vdim: how many features values have; `embed_dim` if omitted.
        batch_first: whether inputs are (n, length, features), not (length, n, features).
        device: of the parameters.
        dtype: of the parameters.

    Raises:
        ValueError: if a size is not positive.
        AssertionError: if `num_heads` does not divide `embed_dim`.

    >>> import minitorch as torch
    >>> x = torch.ones(5, 2, 8)
    >>> y, weights = MultiheadAttention(8, 4)(x, x, x)
    >>> y.shape, weights.shape
    (torch.Size([5, 2, 8]), torch.Size([2, 5, 5]))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                "embed_dim and num_heads must be greater than 0, got "
                f"embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError(
                f"embed_dim must be divisible by num_heads, but got {embed_dim} and {num_heads}"
            )
        together = self.kdim == self.vdim == embed_dim
        shapes = {
            "q_proj_weight": None if together else (embed_dim, embed_dim),
            "k_proj_weight": None if together else (embed_dim, self.kdim),
            "v_proj_weight": None if together else (embed_dim, self.vdim),
            "in_proj_weight": (3 * embed_dim, embed_dim) if together else None,
            "in_proj_bias": (3 * embed_dim,) if bias else None,
        }
        for name, shape in shapes.items():
            made = None if shape is None else Parameter(empty(shape, dtype=dtype, device=device))
            self.register_parameter(name, made)
        self.out_proj = NonDynamicallyQuantizableLinear(
            embed_dim, embed_dim, bias=bias, device=device, dtype=dtype
        )
        for name in ("bias_k", "bias_v"):
            made = None
            if add_bias_kv:
                made = Parameter(empty(1, 1, embed_dim, dtype=dtype, device=device))
            self.register_parameter(name, made)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (
            self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        ):  # fmt: skip
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """What each query gets, and the weights (n, queries, keys) if they are wanted.

        Args:
            query: (queries, n, embed_dim), or (queries, embed_dim).
            key: (keys, n, kdim), or (keys, kdim).
            value: (keys, n, vdim), or (keys, vdim).
            key_padding_mask: (n, keys): True for keys that do not count, or what is added.
            need_weights: whether the weights are returned; without them it is faster.
            attn_mask: (queries, keys) or (n * heads, queries, keys): True where a query may not
                look, or what is added to the scores.
            average_attn_weights: whether the weights are the mean over the heads.
            is_causal: a hint that `attn_mask` is the causal one.

        Raises:
            AssertionError: if shapes do not fit.
            RuntimeError: if a mask does not fit, or dtypes or devices differ.
        """
        turned = self.batch_first and query.ndim == 3
        if turned:
            same_key, same_value = key is query, value is key
            query = query.transpose(0, 1)
            key = query if same_key else key.transpose(0, 1)
            value = key if same_value else value.transpose(0, 1)
        y, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=self.in_proj_weight is None,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (y.transpose(0, 1) if turned else y), weights
