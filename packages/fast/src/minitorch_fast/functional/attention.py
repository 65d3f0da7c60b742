"""scaled_dot_product_attention without a table of all scores; the loops are in `attention_loops`.

A few heads are computed at a time, so that their scores are still in the second cache when they
become weights, and those when they are multiplied by the values: a product, a pass, a product.
Threads take such groups. The weights are kept for backward, if they are not too many; else they are
made again from queries and keys, as Dao et al. do (arXiv:2205.14135).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, threads
from minitorch_fast.functional import attention_loops as loops
from minitorch_fast.functional.memory import kind
from minitorch_fast.threads import Kernel
from minitorch_tensor import Tensor
from minitorch_tensor.core import make
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.functional.attention import (
    as_stack,
    joined_heads,
    plain_attention,
    scaled_dot_product_attention,
)
from minitorch_tensor.layout import Shape
from minitorch_tensor.numpy_backend import view
from minitorch_tensor.op import record_fused
from minitorch_tensor.storage import Storage

GROUP: Final = 140_000
"""About so many scores are made at a time."""

BAND: Final = 64
"""With a causal mask, so many rows are one product: it leaves out what no row of them looks at."""

KEPT: Final = 1 << 24
"""Up to so many weights are kept for backward."""


Band = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Heads:
    """Queries, keys and values as stacks (images, heads, rows, features), and how to weigh them."""

    q: HostArray
    k: HostArray
    v: HostArray
    mask: HostArray  # flat; what is added to the scores
    places: npt.NDArray[np.int64]  # where in it each head finds its part; -1: nowhere
    scale: float
    causal: bool
    rows: Sequence[Band]  # rows of the scores, and the columns they look at
    columns: Sequence[Band]  # columns, and the rows that look at them
    groups: Sequence[tuple[int, int]]  # of images
    forward: Kernel
    backward: Kernel

    def scores(self, a: int, b: int) -> Shape:
        """The shape of those of a group."""
        return (b - a, self.q.shape[1], self.q.shape[2], self.k.shape[2])

    def geometry(self, a: int, b: int) -> npt.NDArray[np.int64]:
        """What a loop is told of a group: how many matrices, rows and columns."""
        images, heads, rows, n = self.scores(a, b)
        return np.array([images * heads, rows, n], np.int64)

    def weigh(self, w: HostArray, a: int, b: int) -> None:
        """The weights of a group, written to w."""
        _by_rows(self.q[a:b], self.k[a:b], w, self.rows)
        heads = self.q.shape[1]
        places = self.places[a * heads : b * heads]
        self.forward(
            w.reshape(-1), self.mask, places, self.scale, -math.inf, self.causal,
            self.geometry(a, b),
        )  # fmt: skip

    def attend(self, y: HostArray, kept: HostArray | None, a: int, b: int) -> None:
        """y = weights @ v for a group."""
        with np.errstate(all="ignore"):
            w = np.empty(self.scores(a, b), y.dtype) if kept is None else kept[a:b]
            self.weigh(w, a, b)
            for i, j in self.rows:
                np.matmul(w[:, :, i, j], self.v[a:b, :, j], out=y[a:b, :, i])

    def pull(
        self, g: HostArray, kept: HostArray | None, found: Sequence[HostArray], a: int, b: int
    ) -> None:
        """The gradients of q, k and v of a group, written to `found`."""
        dq, dk, dv = found
        with np.errstate(all="ignore"):
            dw = np.empty(self.scores(a, b), g.dtype)
            w = np.empty_like(dw) if kept is None else kept[a:b]
            if kept is None:
                self.weigh(w, a, b)
            _by_rows(g[a:b], self.v[a:b], dw, self.rows)
            self.backward(
                dw.reshape(-1), w.reshape(-1), self.scale, self.causal, self.geometry(a, b)
            )
            for i, j in self.rows:
                np.matmul(dw[:, :, i, j], self.k[a:b, :, j], out=dq[a:b, :, i])
            for i, j in self.columns:
                np.matmul(w[:, :, j, i].swapaxes(2, 3), g[a:b, :, j], out=dv[a:b, :, i])
                np.matmul(dw[:, :, j, i].swapaxes(2, 3), self.q[a:b, :, j], out=dk[a:b, :, i])


def _bands(n: int, causal: bool, along: int) -> Sequence[Band]:
    """Parts of n rows (0) or columns (1) of the scores, and what belongs to them of the other."""
    if not causal:
        return [(slice(0, n), slice(None))]
    parts = [(i, min(i + BAND, n)) for i in range(0, n, BAND)]
    return [(slice(i, j), slice(i, None) if along else slice(0, j)) for i, j in parts]


def _by_rows(a: HostArray, b: HostArray, out: HostArray, bands: Sequence[Band]) -> None:
    """The scores a @ b.T, in bands."""
    for i, j in bands:
        np.matmul(a[:, :, i], b[:, :, j].swapaxes(2, 3), out=out[:, :, i, j])


@scaled_dot_product_attention.override("cpu")
def attention_in_groups(
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
    """`scaled_dot_product_attention` of equal batches, without dropout."""
    plain = plain_attention(query, key, value, attn_mask, dropout_p, enable_gqa)
    both_masks = is_causal and attn_mask is not None
    if not plain or both_masks or kind(query.dtype) is None:
        return scaled_dot_product_attention.composite(
            query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
        )
    heads = _heads(query, key, value, attn_mask, is_causal, scale)
    y, out = _fresh(query, (*query.shape[:-1], value.shape[-1]))
    wanted = query.requires_grad or key.requires_grad or value.requires_grad
    shape = heads.scores(0, heads.q.shape[0])
    kept: HostArray | None = None
    if wanted and math.prod(shape) <= KEPT:
        kept = np.empty(shape, out.dtype)
    threads.blas_is_serial()  # threads take groups
    threads.run(heads.attend, [(out, kept, a, b) for a, b in heads.groups])
    inputs = (query, key, value)

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        made = [_fresh(x, x.shape) for x in inputs]
        found, stack = [memory for _, memory in made], _stack(g)
        threads.run(heads.pull, [(stack, kept, found, a, b) for a, b in heads.groups])
        return [x for x, _ in made]

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        q, k, v = fresh_inputs
        return scaled_dot_product_attention.composite(
            q, k, v, attn_mask, 0.0, is_causal, scale=scale
        )

    name = "ScaledDotProductFlashAttentionForCpuBackward0"
    return record_fused(name, y, inputs, backward, composite)


def _stack(x: Tensor) -> HostArray:
    """As a stack of four dimensions whose matrices BLAS can read: copied only if it cannot."""
    values = view(x).reshape(as_stack(x.shape))
    size = values.itemsize
    if values.strides[3] == size and values.strides[2] >= size * values.shape[3]:
        return values
    copied: npt.NDArray[np.generic] = np.ascontiguousarray(values)
    return copied


def _fresh(like: Tensor, shape: Shape) -> tuple[Tensor, HostArray]:
    """A new tensor, and it as a stack. In memory heads lie inside rows, as users join them next."""
    images, heads, rows, n = as_stack(shape)
    memory: npt.NDArray[np.generic] = np.empty(images * rows * heads * n, like.dtype.numpy)
    y = make(Storage(memory, like.storage.device), joined_heads(shape), like.dtype)
    return y, memory.reshape(images, rows, heads, n).swapaxes(1, 2)


def _heads(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None,
    is_causal: bool,
    scale: float | None,
) -> Heads:
    q, k, v = _stack(query), _stack(key), _stack(value)
    images, heads, rows, _ = q.shape
    mask, places = np.zeros(1, q.dtype), np.full(images * heads, -1, np.int64)
    if attn_mask is not None:
        mask, places = _mask(attn_mask, query.shape[:-2], (rows, k.shape[2]), q.dtype)
    computed = kind(query.dtype)
    assert computed is not None
    threads.blas_is_serial()  # or each of our threads would start BLAS's own
    together = max(GROUP // (heads * rows * k.shape[2]), 1)
    return Heads(
        q,
        k,
        v,
        mask,
        places,
        1.0 / math.sqrt(q.shape[3]) if scale is None else scale,
        is_causal,
        _bands(rows, is_causal, 0),
        _bands(k.shape[2], is_causal, 1),
        [(a, min(a + together, images)) for a in range(0, images, together)],
        fused.compiled(loops.attention_weights, computed),
        fused.compiled(loops.attention_weights_gradient, computed),
    )


def _mask(
    mask: Tensor, lead: Shape, size: Shape, dtype: np.dtype[np.generic]
) -> tuple[HostArray, npt.NDArray[np.int64]]:
    """What is added to scores, flat, a matrix for each that differs; where each head finds its."""
    values = view(mask)
    if mask.dtype.name == "bool":
        values = np.where(values, 0.0, -np.inf).astype(dtype)
    own = values.shape[:-2]
    matrices: npt.NDArray[np.generic] = np.ascontiguousarray(np.broadcast_to(values, (*own, *size)))
    numbers = np.arange(math.prod(own), dtype=np.int64).reshape(own) * math.prod(size)
    places: npt.NDArray[np.int64] = np.ascontiguousarray(np.broadcast_to(numbers, lead))
    return matrices.reshape(-1), places.reshape(-1)
