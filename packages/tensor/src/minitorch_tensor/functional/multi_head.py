"""Attention with several heads: projections of queries, keys and values, each head by itself.

Vaswani et al. 2017, arXiv:1706.03762. Sequences come first here: (length, n, features).
"""

from __future__ import annotations

import math
import warnings

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import joining, linalg, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.exponentials import softmax
from minitorch_tensor.functional.attention import scaled_dot_product_attention
from minitorch_tensor.functional.dropout import dropout
from minitorch_tensor.functional.linear import linear
from minitorch_tensor.functional.pad import pad

_NAME = "multi_head_attention_forward"


def _require(condition: bool, text: str) -> None:
    """Refuse as PyTorch does here, by an assertion.

    Raises:
        AssertionError: if the condition does not hold.
    """
    if not condition:
        raise AssertionError(f"{_NAME}: {text}")


def _check_ranks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Tensor | None,
    attn_mask: Tensor | None,
    num_heads: int,
) -> bool:
    """Whether there is a batch."""
    ndim = query.ndim
    _require(
        ndim in (2, 3),
        f"query should be unbatched 2D or batched 3D tensor but received {query.shape}",
    )
    _require(
        key.ndim == ndim and value.ndim == ndim,
        f"for a {ndim}-D query, expected key and value to be {ndim}-D, but found {key.shape} and "
        f"{value.shape}",
    )
    if key_padding_mask is not None:
        _require(
            key_padding_mask.ndim == ndim - 1,
            f"for a {ndim}-D query, expected key_padding_mask to be {ndim - 1}-D, but found "
            f"{key_padding_mask.shape}",
        )
    if attn_mask is not None:
        _require(
            attn_mask.ndim in (2, 3),
            f"expected attn_mask to be None, 2-D or 3-D, but found {attn_mask.shape}",
        )
        if ndim == 2 and attn_mask.ndim == 3:
            expected = (num_heads, query.shape[0], key.shape[0])
            _require(
                attn_mask.shape == expected,
                f"expected attn_mask of shape {expected}, but got {attn_mask.shape}",
            )
    return ndim == 3


def _additive(name: str, mask: Tensor | None, dtype: DType) -> Tensor | None:
    """A mask that is added to the scores: -inf where a bool says True, that is do not look."""
    if mask is None or mask.dtype.is_floating_point:
        return mask
    _require(
        mask.dtype is dtypes.bool_,
        f"only bool and floating types of {name} are supported, but got {mask.dtype}",
    )
    return mask._full(mask.shape, 0.0, dtype).masked_fill(mask, -math.inf)


def _projected(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    separate: tuple[Tensor | None, Tensor | None, Tensor | None] | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values, each through its own linear map."""
    e = query.shape[-1]
    biases = (None, None, None) if in_proj_bias is None else views.chunk(in_proj_bias, 3)
    if separate is None:
        _require(
            in_proj_weight is not None,
            "use_separate_proj_weight is False but in_proj_weight is None",
        )
        assert in_proj_weight is not None
        if key is value and query is key:
            q, k, v = views.chunk(linear(query, in_proj_weight, in_proj_bias), 3, -1)
            return q, k, v
        w_q, w_k, w_v = views.chunk(in_proj_weight, 3)
    else:
        found = []
        for what, w, x in zip("qkv", separate, (query, key, value), strict=True):
            _require(
                w is not None, f"use_separate_proj_weight is True but {what}_proj_weight is None"
            )
            assert w is not None
            _require(
                w.shape == (e, x.shape[-1]),
                f"expecting {what}_proj_weight of shape {(e, x.shape[-1])}, but got {w.shape}",
            )
            found.append(w)
        w_q, w_k, w_v = found
    return linear(query, w_q, biases[0]), linear(key, w_k, biases[1]), linear(value, w_v, biases[2])


def _check_attn_mask(mask: Tensor, heads: int, queries: int, keys: int) -> Tensor:
    """The mask as (1 or n * heads, queries, keys)."""
    expected = (queries, keys) if mask.ndim == 2 else (heads, queries, keys)
    if mask.shape != expected:
        raise RuntimeError(
            f"{_NAME}: The shape of the {mask.ndim}D attn_mask is {mask.shape}, but should be "
            f"{expected}."
        )
    return views.unsqueeze(mask, 0) if mask.ndim == 2 else mask


def _static(what: str, given: Tensor, heads: int, width: int) -> Tensor:
    _require(
        given.ndim == 3 and given.shape[0] == heads and given.shape[2] == width,
        f"expecting {what} of shape ({heads}, length, {width}), but got {given.shape}",
    )
    return given


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of each head to its part of the features; all heads joined and projected.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multi_head_attention_forward.html

    Args:
        query: (l, n, e), or (l, e).
        key: (s, n, e), or (s, e).
        value: of the shape of the key.
        embed_dim_to_check: e.
        num_heads: into how many parts the e features are cut.
        in_proj_weight: (3 e, e), for queries, keys and values; None with separate weights.
        in_proj_bias: (3 e,).
        bias_k: (1, 1, e), one more key; together with bias_v.
        bias_v: (1, 1, e), its value.
        add_zero_attn: whether one more key and value are zeros.
        dropout_p: the probability that a weight is dropped, when training.
        out_proj_weight: (e, e).
        out_proj_bias: (e,).
        training: whether weights are dropped.
        key_padding_mask: (n, s) or (s,): True for keys that do not count, or what is added.
        need_weights: whether the weights are returned too.
        attn_mask: (l, s) or (n * num_heads, l, s): True where a query may not look, or what is
            added to the scores.
        use_separate_proj_weight: whether the next three are used.
        q_proj_weight: (e, e).
        k_proj_weight: (e, features of the key).
        v_proj_weight: (e, features of the value).
        static_k: (n * num_heads, s, e / num_heads), used instead of the projected keys.
        static_v: likewise for values.
        average_attn_weights: whether the weights are the mean over the heads.
        is_causal: a hint that attn_mask is the causal one.

    Returns:
        (l, n, e), and the weights (n, l, s) or (n, num_heads, l, s), or None.

    Raises:
        AssertionError: if shapes do not fit.
        RuntimeError: if a mask does not fit, or dtypes or devices differ.
    """
    batched = _check_ranks(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        shared = key is value, query is key
        query = views.unsqueeze(query, 1)
        key = query if shared[1] else views.unsqueeze(key, 1)
        value = key if shared[0] else views.unsqueeze(value, 1)
        if key_padding_mask is not None:
            key_padding_mask = views.unsqueeze(key_padding_mask, 0)
    length, n, e = query.shape
    s, heads = key.shape[0], n * num_heads
    if (
        key_padding_mask is not None
        and attn_mask is not None
        and key_padding_mask.dtype is not attn_mask.dtype
    ):
        warnings.warn(
            "Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type "
            "for both instead.",
            UserWarning,
            stacklevel=2,
        )
    padding = _additive("key_padding_mask", key_padding_mask, query.dtype)
    if is_causal and attn_mask is None:
        raise RuntimeError(f"{_NAME}: Need attn_mask if specifying the is_causal hint.")
    causal = is_causal and padding is None and not need_weights
    mask = None if causal else _additive("attn_mask", attn_mask, query.dtype)
    _require(
        e == embed_dim_to_check,
        f"was expecting embedding dimension of {embed_dim_to_check}, but got {e}",
    )
    width = e // num_heads
    _require(width * num_heads == e, f"embed_dim {e} not divisible by num_heads {num_heads}")
    same = slice(0, 2) if use_separate_proj_weight else slice(None)
    _require(
        key.shape[same] == value.shape[same],
        f"key shape {key.shape} does not match value shape {value.shape}",
    )
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias, separate)
    if mask is not None:
        mask = _check_attn_mask(mask, heads, length, s)
    more = 0
    if bias_k is not None and bias_v is not None:
        _require(static_k is None and static_v is None, "bias cannot be added to static key, value")
        k = joining.cat([k, views.expand(bias_k, 1, n, e)])
        v = joining.cat([v, views.expand(bias_v, 1, n, e)])
        more = 1
    else:
        _require(bias_k is None and bias_v is None, "bias_k and bias_v must be given together")

    def of_heads(x: Tensor) -> Tensor:
        return views.transpose(views.reshape(x, (x.shape[0], heads, width)), 0, 1)

    q = of_heads(q)  # (n * heads, length, width)
    k = of_heads(k) if static_k is None else _static("static_k", static_k, heads, width)
    v = of_heads(v) if static_v is None else _static("static_v", static_v, heads, width)
    if add_zero_attn:
        k, v = (joining.cat([x, x._full((heads, 1, width), 0.0, x.dtype)], 1) for x in (k, v))
        more += 1
    mask = mask if mask is None or not more else pad(mask, (0, more))
    source = k.shape[1]
    if padding is not None:
        padding = pad(padding, (0, more)) if more else padding
        _require(
            padding.shape == (n, source),
            f"expected key_padding_mask of shape {(n, source - more)}, but got "
            f"{(padding.shape[0], padding.shape[1] - more)}",
        )
        spread = views.expand(views.reshape(padding, (n, 1, 1, source)), n, num_heads, 1, source)
        spread = views.reshape(spread, (heads, 1, source))
        mask = spread if mask is None else mask + spread
    p = dropout_p if training else 0.0
    weights = None
    if need_weights:
        scores = linalg.matmul(q * math.sqrt(1.0 / width), views.transpose(k, 1, 2))
        weights = dropout(softmax(scores if mask is None else scores + mask, -1), p)
        y = linalg.matmul(weights, v)  # (n * heads, length, width)
        weights = views.reshape(weights, (n, num_heads, length, source))
        weights = weights.mean(1) if average_attn_weights else weights
    else:
        if mask is not None:
            mask = views.reshape(mask, (-1, num_heads if mask.shape[0] > 1 else 1, *mask.shape[1:]))
        q, k, v = (views.reshape(x, (n, num_heads, x.shape[1], width)) for x in (q, k, v))
        y = scaled_dot_product_attention(q, k, v, mask, p, causal)
        y = views.reshape(y, (heads, length, width))
    y = views.reshape(views.transpose(y, 0, 1), (length, n, e))
    y = linear(y, out_proj_weight, out_proj_bias)
    if batched:
        return y, weights
    return views.squeeze(y, 1), None if weights is None else views.squeeze(weights, 0)
