"""Attention: an average of values, weighted by how well each key answers the query."""

from __future__ import annotations

import math

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import linalg, views
from minitorch_tensor.core import Tensor
from minitorch_tensor.exponentials import softmax
from minitorch_tensor.functional.checks import require_alike, require_floating
from minitorch_tensor.functional.dropout import dropout
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.op import Op
from minitorch_tensor.pointwise import where


@Op
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(q @ k^T * scale + mask) @ v, for q (..., l, e), k (..., s, e), v (..., s, d).

    Vaswani et al. 2017, arXiv:1706.03762;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html

    Args:
        query: (..., l, e), floating.
        key: (..., s, e).
        value: (..., s, d).
        attn_mask: broadcast to (..., l, s): True where a query may look, or what is added to the
            scores.
        dropout_p: the probability that a weight is dropped; give 0 to evaluate.
        is_causal: query i may look at the keys 0 to i only.
        scale: 1 / sqrt(e) if omitted.
        enable_gqa: whether the heads, in dimension -3, of key and value may be fewer: each then
            serves as many heads of the query as there are for it. Ainslie et al. 2023,
            arXiv:2305.13245.

    Returns:
        (..., l, d). A query that may look nowhere gives 0.

    Raises:
        RuntimeError: if shapes, dtypes or devices do not fit, or if both kinds of mask are given.
    """
    name = "scaled_dot_product_attention"
    require_floating(name, query)
    require_alike(name, query, "key", key)
    require_alike(name, query, "value", value)
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            f"{name}: Expected query, key, and value to all be at least 2 dimensional, but got "
            f"shapes {query.shape}, {key.shape} and {value.shape}"
        )
    if is_causal and attn_mask is not None:
        raise RuntimeError(f"{name}: Explicit attn_mask should not be set when is_causal=True")
    if enable_gqa:
        key, value = (_for_heads_of(query, x) for x in (key, value))
    width = query.shape[-1]
    factor = (1.0 / math.sqrt(width) if width else 1.0) if scale is None else scale
    scores = linalg.matmul(query * factor, views.transpose(key, -1, -2))  # (..., l, s)
    allowed = attn_mask
    if is_causal:
        rows, columns = query._arange(scores.shape[-2]), query._arange(scores.shape[-1])
        allowed = columns <= views.unsqueeze(rows, 1)
    if allowed is None:
        weights = softmax(scores, -1)
    else:
        is_bool = allowed.dtype is dtypes.bool_
        scores = where(allowed, scores, -math.inf) if is_bool else scores + allowed
        # The softmax of -inf alone would be nan: take that of zeros there, and count it 0.
        nowhere = scores.detach().eq(-math.inf).all(-1, True)
        weights = where(nowhere, 0.0, softmax(where(nowhere, 0.0, scores), -1))
    return linalg.matmul(dropout(weights, dropout_p), value)


def _for_heads_of(query: Tensor, x: Tensor) -> Tensor:
    """Each head of x as often in a row as the query has heads for it: (..., heads, s, e)."""
    heads, own = (y.shape[-3] if y.ndim > 2 else 0 for y in (query, x))
    if own == 0 or heads % own:
        raise RuntimeError(
            "scaled_dot_product_attention: with enable_gqa the number of heads of the query must "
            f"be a multiple of that of key and value, but got shapes {query.shape} and {x.shape}"
        )
    lead, rest = x.shape[:-3], x.shape[-2:]
    shared = views.expand(views.unsqueeze(x, -3), *lead, own, heads // own, *rest)
    return views.reshape(shared, (*lead, heads, *rest))


def plain_attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout_p: float, enable_gqa: bool
) -> bool:
    """Whether all is as fused kernels take it: equal batches, a mask without gradient, no dropout.

    What does not fit at all is for the composite to refuse.
    """
    if dropout_p != 0.0 or enable_gqa or min(q.ndim, k.ndim, v.ndim) < 2:
        return False
    alike = all(x.dtype is q.dtype and x.device is q.device for x in (k, v))
    fits = (
        q.shape[:-2] == k.shape[:-2] == v.shape[:-2]
        and q.shape[-1] == k.shape[-1]
        and k.shape[-2] == v.shape[-2]
        and 0 not in (*q.shape, *k.shape, *v.shape)
    )
    if mask is None:
        return alike and fits
    scores = (*q.shape[:-1], k.shape[-2])
    return (
        alike
        and fits
        and not mask.requires_grad
        and mask.dtype.name in (q.dtype.name, "bool")
        and mask.device is q.device
        and mask.ndim <= len(scores)
        and all(n in (1, m) for n, m in zip(mask.shape[::-1], scores[::-1], strict=False))
    )


def as_stack(shape: Shape) -> Shape:
    """The shape of a stack of matrices with a dimension of images and one of heads.

    >>> as_stack((5, 4)), as_stack((3, 5, 4)), as_stack((2, 3, 1, 5, 4))
    ((1, 1, 5, 4), (3, 1, 5, 4), (6, 1, 5, 4))
    """
    if len(shape) > 3:
        return (math.prod(shape[:-3]), *shape[-3:])
    return (*shape[:-2], 1, *shape[-2:]) if len(shape) == 3 else (1, 1, *shape)


def joined_heads(shape: Shape) -> Layout:
    """The layout of a result (..., heads, rows, n) whose heads lie inside rows, as users join them.

    >>> joined_heads((2, 3, 5, 4)).strides
    (60, 4, 12, 1)
    """
    if len(shape) < 4:
        return Layout.contiguous(shape)
    *lead, heads, rows, n = shape
    last = len(shape) - 1
    joined = Layout.contiguous((*lead, rows, heads, n))
    return joined.permute((*range(last - 2), last - 1, last - 2, last))
