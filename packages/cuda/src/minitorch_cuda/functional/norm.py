"""layer_norm, rms_norm, group_norm, instance_norm: what shares a mean is a row; see `kernels.norm`.

The gradients of weight and bias are sums over the rows of a column, or over planes, the elements of
a channel of a sample: `plane_sums`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from minitorch_cuda.functional.launching import (
    computed,
    dense,
    floating,
    fresh,
    limits_of,
    placeholder,
    run,
)
from minitorch_cuda.functional.plane_sums import channel_sums, plane_sums, shape_of
from minitorch_cuda.kernels import norm as kernels
from minitorch_cuda.kernels.planning import Flags, planned
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import finfo
from minitorch_tensor.functional.norm import (
    check_group_norm,
    check_instance_norm,
    check_normalized,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
)
from minitorch_tensor.fusing import record_norm

Composite = Callable[[Tensor, Tensor | None, Tensor | None], Tensor]
Gradients = tuple[Tensor, Tensor | None, Tensor | None]


class Rows(NamedTuple):
    """What shares a mean: rows of n elements, and which channels they are."""

    number: int
    n: int
    inner: int = 1  # elements of a channel
    pieces: int = 1  # channels of a row
    channels: int = 1
    planes: bool = False  # else each column is a channel


@layer_norm.override("cuda")
def fused_layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Mean, variance and result of a row while it is in registers: one launch."""
    check_normalized("layer_norm", input, normalized_shape, weight, bias)

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        return layer_norm.composite(x, normalized_shape, w, b, eps)

    if not floating(input) or input.layout.size == 0:
        return composite(input, weight, bias)
    n = math.prod(normalized_shape)
    rows = Rows(input.layout.size // n, n)
    title = "NativeLayerNormBackward0"
    return _of_rows(title, input, weight, bias, eps, rows, True, composite)


@rms_norm.override("cuda")
def fused_rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """The same with a mean of 0."""
    check_normalized("rms_norm", input, normalized_shape, weight, None)

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        return rms_norm.composite(x, normalized_shape, w, eps)

    if not floating(input) or input.layout.size == 0:
        return composite(input, weight, None)
    small = finfo(input.dtype).eps if eps is None else eps
    n = math.prod(normalized_shape)
    rows = Rows(input.layout.size // n, n)
    title = "FusedRmsNormBackward0"
    return _of_rows(title, input, weight, None, small, rows, False, composite)


@instance_norm.override("cuda")
def fused_instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of a sample is a row; running statistics take the composite's way."""
    if not use_input_stats or running_mean is not None or not floating(input):
        return instance_norm.composite(
            input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
        )
    check_instance_norm(input, running_mean, running_var, weight, bias)

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        return instance_norm.composite(x, None, None, w, b, True, momentum, eps)

    if not 0 < input.layout.size < 1 << 32:
        return composite(input, weight, bias)
    n, channels, *rest = input.layout.shape
    inner = math.prod(rest)
    rows = Rows(n * channels, inner, inner, 1, channels, True)
    title = "NativeGroupNormBackward0"
    return _of_rows(title, input, weight, bias, eps, rows, True, composite)


@group_norm.override("cuda")
def fused_group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """A row is a group of channels of a sample."""
    check_group_norm(input, num_groups, weight, bias)

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        return group_norm.composite(x, num_groups, w, b, eps)

    if not floating(input) or not 0 < input.layout.size < 1 << 32:  # positions in a row: 32 bits
        return composite(input, weight, bias)
    n, channels, *rest = input.layout.shape
    inner, pieces = math.prod(rest), channels // num_groups
    rows = Rows(n * num_groups, pieces * inner, inner, pieces, channels, True)
    title = "NativeGroupNormBackward0"
    return _of_rows(title, input, weight, bias, eps, rows, True, composite)


def _of_rows(
    title: str,
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
    rows: Rows,
    centred: bool,
    composite: Composite,
) -> Tensor:
    x = dense(input)
    w, b = (placeholder(None if t is None else dense(t), x) for t in (weight, bias))
    y = fresh(x, x.layout.shape)
    mean, rstd = (fresh(x, (rows.number,), computed(x)) for _ in range(2))
    flags: Flags = (
        ("CENTRED", int(centred)),
        ("PLANES", int(rows.planes)),
        ("WEIGHTED", int(weight is not None)),
        ("BIASED", int(bias is not None)),
    )
    numbers = (rows.number, rows.n, rows.inner, rows.pieces, rows.channels)
    tensors = (y, mean, rstd, x, w, b)
    shape = shape_of(rows.number, rows.n, 1, y, x)
    layouts, launch = tuple([t.layout for t in tensors]), shape.launch(rows.number)
    kinds, all_flags = "STTSSSiiuiit", flags + shape.flags
    run(
        planned(
            kernels.normalize_rows, kinds, layouts, (*numbers, eps), launch, x.dtype, all_flags
        ),
        *tensors,
    )
    wanted = any(t is not None and t.requires_grad for t in (weight, bias))

    def gradients(g: Tensor) -> Gradients:
        g = dense(g)
        dx = fresh(x, x.layout.shape)
        tensors = (dx, x, g, w, mean, rstd)
        shape = shape_of(rows.number, rows.n, 2, dx, x, g)
        layouts, launch = tuple([t.layout for t in tensors]), shape.launch(rows.number)
        kinds, all_flags = "SSSSTTiiuii", flags + shape.flags
        run(
            planned(kernels.rows_gradient, kinds, layouts, numbers, launch, x.dtype, all_flags),
            *tensors,
        )
        if not wanted:
            return dx, None, None
        of = _plane_gradients if rows.planes else _column_gradients
        dw, db = of(x, g, mean, rstd, rows)
        like = next(t for t in (weight, bias) if t is not None).layout.shape
        return dx, dw._view(dw.layout.contiguous(like)), db._view(db.layout.contiguous(like))

    return record_norm(title, y, input, weight, bias, gradients, composite)


def _column_gradients(
    x: Tensor, g: Tensor, mean: Tensor, rstd: Tensor, rows: Rows
) -> tuple[Tensor, Tensor]:
    """Those of weight and bias where each column is a channel: strips of rows, then the strips."""
    limits = limits_of(x)
    height = 8
    width = limits.threads // height
    across = -(-rows.n // width)
    strips = min(max(limits.blocks // 8, 2) // across, rows.number // (2 * height), 65535)
    strip = -(-rows.number // max(strips, 1))
    strips = -(-rows.number // strip)
    dw, db = (fresh(x, (strips, rows.n), mean.dtype) for _ in range(2))
    tensors = (dw, db, x, g, mean, rstd)
    layouts = tuple([t.layout for t in tensors])
    numbers, launch = (rows.number, rows.n, strip), ((across, strips, 1), (width, height, 1))
    block = (("WIDTH", width), ("HEIGHT", height))
    run(
        planned(kernels.column_strips, "TTSSTTiii", layouts, numbers, launch, x.dtype, block),
        *tensors,
    )
    out, out2 = (fresh(x, (rows.n,)) for _ in range(2))
    summed = (out, out2, dw, db)
    layouts = tuple([t.layout for t in summed])
    blocks = -(-rows.n // limits.threads)
    launch = ((blocks, 1, 1), (limits.threads, 1, 1))
    run(
        planned(kernels.strips_sum, "SSTTii", layouts, (strips, rows.n), launch, x.dtype),
        *summed,
    )
    return out, out2


def _plane_gradients(
    x: Tensor, g: Tensor, mean: Tensor, rstd: Tensor, rows: Rows
) -> tuple[Tensor, Tensor]:
    """Those of weight and bias where channels are planes: sums of planes, then over samples."""
    sums = plane_sums(x, g, mean, rstd, rows.inner, rows.pieces, rows.number)
    dw, db, _, _ = channel_sums(x, rows.channels, *sums)
    return dw, db
