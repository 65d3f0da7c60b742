"""scaled_dot_product_attention without a table of scores; see `kernels.attention`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from minitorch_cuda.functional.launching import computed, fresh, limits_of, run
from minitorch_cuda.kernels import attention as forward
from minitorch_cuda.kernels import attention_gradient as backward
from minitorch_cuda.kernels.planning import Flags, planned
from minitorch_cuda.kernels.rows import row_shape
from minitorch_cuda.limits import DEVICE, Limits
from minitorch_tensor import Tensor, core, float32
from minitorch_tensor.functional.attention import (
    as_stack,
    joined_heads,
    plain_attention,
    scaled_dot_product_attention,
)
from minitorch_tensor.fusing import unchanged
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.op import record_fused

WIDEST: Final = 128
"""Heads up to this width have a kernel."""


class Tiles(NamedTuple):
    """How a block's work is shared out: TX, TY threads; RM, RN rows of each; columns."""

    tx: int
    ty: int
    rm: int
    rn: int
    d: int

    @property
    def rows(self) -> int:
        """Of a block."""
        return self.ty * self.rm

    @property
    def flags(self) -> Flags:
        """The template parameters."""
        tx, ty, rm, rn, d = self
        bm, bn = ty * rm, tx * rn
        named = {"TX": tx, "TY": ty, "RM": rm, "RN": rn, "D": d, "BM": bm, "BN": bn}
        named |= {"RD": d // tx, "DP": d + 4, "PP": bn + 4}
        named |= {"A_SIZE": bm * (d + 4), "B_SIZE": bn * (d + 4), "P_SIZE": bm * (bn + 4)}
        named |= {"RM4": rm * 4, "RN4": rn * 4, "RS": rm * rn, "RO": rm * (d // tx)}
        return tuple(named.items())


def tiles_for(width: int, limits: Limits, *, gradient: bool = False) -> Tiles:
    """The tiles for heads of a width: as large as 48 KB of shared memory hold.

    >>> tiles_for(64, DEVICE), tiles_for(80, DEVICE, gradient=True)
    (Tiles(tx=8, ty=16, rm=4, rn=4, d=64), Tiles(tx=8, ty=8, rm=2, rn=4, d=128))
    """
    if limits.threads < DEVICE.threads:  # the simulator
        return Tiles(2, 2, 2, 2, -(-width // 8) * 8)
    d = next(d for d in (32, 64, 128) if width <= d)
    if gradient:
        return Tiles(8, 8, 2 if d == 128 else 4, 4, d)
    return Tiles(8, 8 if d == 128 else 16, 4, 4, d)


@scaled_dot_product_attention.override("cuda")
def attention_in_tiles(
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
    """`scaled_dot_product_attention` of equal batches, without dropout, computed in float32."""
    plain = plain_attention(query, key, value, attn_mask, dropout_p, enable_gqa)
    both_masks = is_causal and attn_mask is not None
    if (
        not plain
        or both_masks
        or query.dtype.kind != "float"
        or computed(query) is not float32
        or max(query.shape[-1], value.shape[-1]) > WIDEST
    ):
        return scaled_dot_product_attention.composite(
            query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
        )
    heads = _Heads(query, key, value, attn_mask, is_causal, scale)
    out, sums = heads.attend()
    name = "ScaledDotProductEfficientAttentionBackward0"
    same = unchanged(name, out)

    def pulled(g: Tensor) -> Sequence[Tensor | None]:
        same()
        return heads.pull(g, out, sums)

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        q, k, v = fresh_inputs
        return scaled_dot_product_attention.composite(
            q, k, v, attn_mask, 0.0, is_causal, scale=scale
        )

    y = out._view(out.layout)
    return record_fused(name, y, (query, key, value), pulled, composite)


def _stacked(x: Tensor) -> tuple[Tensor, Layout]:
    """A tensor, and its layout as a stack whose rows lie dense: copied only if it has none."""
    layout = x.layout.reshape(as_stack(x.shape))
    if layout is not None and (layout.strides[3] == 1 or layout.shape[3] == 1):
        return x, layout
    x = x.detach().contiguous()
    layout = x.layout.reshape(as_stack(x.shape))
    assert layout is not None
    return x, layout


def _steps(layout: Layout) -> tuple[int, ...]:
    """From image to image, from head to head, from row to row."""
    return layout.strides[:3]


def _joined(like: Tensor, shape: Shape) -> Tensor:
    """A new tensor whose heads lie inside its rows."""
    x = fresh(like, shape)
    return core.make(x.storage, joined_heads(shape), x.dtype)


class _Heads:
    """Queries, keys and values as stacks (images, heads, rows, width), and the launches."""

    def __init__(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        causal: bool,
        scale: float | None,
    ) -> None:
        self.given = (query, key, value)
        (self.q, q), (self.k, k), (self.v, v) = (_stacked(x) for x in self.given)
        self.layouts = (q, k, v)
        self.images, self.heads, self.rows, self.width = q.shape
        self.keys, self.wide = v.shape[2], v.shape[3]
        self.scale = 1.0 / math.sqrt(self.width) if scale is None else scale
        self.mask, self.mask_layout, kind = self._mask(mask, query)
        self.mask_kind = "B" if kind == 1 else "S"
        self.flags: Flags = (("CAUSAL", int(causal)), ("MASK", kind))
        self.limits = limits_of(query)

    def _mask(self, mask: Tensor | None, query: Tensor) -> tuple[Tensor, Layout, int]:
        """What masks, its layout as a stack of scores, and its kind."""
        if mask is None:
            return self.q, Layout((1, 1, 1, 1), (0, 0, 0, 0), self.q.layout.offset), 0
        kind = 1 if mask.dtype.name == "bool" else 2
        scores = (*query.shape[:-1], self.keys)
        layout = mask.layout.expand(scores)
        stack = layout.reshape(as_stack(scores))
        if stack is None:
            mask = mask.detach()._view(layout).contiguous()
            stack = mask.layout.reshape(as_stack(scores))
            assert stack is not None
        return mask, stack, kind

    def attend(self) -> tuple[Tensor, Tensor]:
        """The result, and log(sum(exp)) of each query."""
        out = _joined(self.q, (*self.given[0].shape[:-1], self.wide))
        sums = fresh(self.q, (self.images * self.heads * self.rows,), float32)
        o = out.layout.reshape(as_stack(out.shape))
        assert o is not None
        tiles = tiles_for(max(self.width, self.wide), self.limits)
        steps = (*_steps(o), *(step for layout in self.layouts for step in _steps(layout)))
        self.launch(
            forward.attention,
            f"STSSS{self.mask_kind}" + "i" * 21 + "t",
            (out, sums, self.q, self.k, self.v),
            (o, sums.layout, *self.layouts),
            steps,
            self.rows,
            tiles,
        )
        return out, sums

    def pull(self, given: Tensor, out: Tensor, sums: Tensor) -> list[Tensor]:
        """The gradients of queries, keys and values."""
        g, pulled = _stacked(given)
        o = out.layout.reshape(as_stack(out.shape))
        assert o is not None
        deltas = self._deltas(g, pulled, out, o)
        tiles = tiles_for(max(self.width, self.wide), self.limits, gradient=True)
        found = [_joined(x, x.shape) for x in self.given]
        stacks = [x.layout.reshape(as_stack(x.shape)) for x in found]
        q, k, v = (layout for layout in stacks if layout is not None)
        read = (self.q, self.k, self.v, g)
        layouts = (*self.layouts, pulled)
        steps = [step for layout in layouts for step in _steps(layout)]
        self.launch(
            backward.queries_gradient,
            f"STTSSSS{self.mask_kind}" + "i" * 24 + "t",
            (found[0], sums, deltas, *read),
            (q, sums.layout, deltas.layout, *layouts),
            (*_steps(q), *steps),
            self.rows,
            tiles,
        )
        self.launch(
            backward.keys_gradient,
            f"SSTTSSSS{self.mask_kind}" + "i" * 27 + "t",
            (found[1], found[2], sums, deltas, *read),
            (k, v, sums.layout, deltas.layout, *layouts),
            (*_steps(k), *_steps(v), *steps),
            self.keys,
            tiles,
        )
        return found

    def _deltas(self, g: Tensor, g_layout: Layout, out: Tensor, o_layout: Layout) -> Tensor:
        """sum(g * out) of each query."""
        number = self.images * self.heads * self.rows
        deltas = fresh(out, (number,), float32)
        shape = row_shape(number, self.wide, False, self.limits)
        plan = planned(
            backward.attention_deltas,
            "TSS" + "i" * 10,
            (deltas.layout, g_layout, o_layout),
            (number, self.rows, self.wide, self.heads, *_steps(g_layout), *_steps(o_layout)),
            shape.launch(number),
            out.dtype,
            shape.flags,
        )
        run(plan, deltas, g, out)
        return deltas

    def launch(
        self,
        function: Callable[..., None],
        kinds: str,
        tensors: Sequence[Tensor],
        layouts: Sequence[Layout],
        steps: Sequence[int],
        rows: int,
        tiles: Tiles,
    ) -> None:
        """Run a kernel whose blocks take tiles of `rows`."""
        stacks = [layout for layout in layouts if len(layout.shape) == 4]
        vector = all(
            layout.offset % 4 == 0
            and layout.shape[3] % 4 == 0
            and all(step % 4 == 0 for step in layout.strides[:3])
            for layout in stacks
        )
        sizes = (self.rows, self.keys, self.width, self.wide, self.heads)
        blocks = self.images * self.heads * -(-rows // tiles.rows)
        plan = planned(
            function,
            kinds,
            (*layouts, self.mask_layout),
            (*sizes, *steps, *self.mask_layout.strides, self.scale),
            ((blocks, 1, 1), (tiles.tx * tiles.ty, 1, 1)),
            self.q.dtype,
            (*self.flags, ("VECTOR", int(vector)), *tiles.flags),
        )
        run(plan, *tensors, self.mask)
