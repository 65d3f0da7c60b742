"""layer_norm, rms_norm, group_norm, instance_norm, batch_norm; see `kernels.norm`, `norm_planes`.

Running statistics are updated on the device, by the launch that puts the moments of a channel
together.
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
from minitorch_cuda.kernels import norm as kernels
from minitorch_cuda.kernels import norm_planes as planes
from minitorch_cuda.kernels.planning import Flags, planned
from minitorch_cuda.kernels.rows import RowShape, aligned, row_shape
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import finfo
from minitorch_tensor.functional.norm import (
    batch_norm,
    check_batch_norm,
    check_group_norm,
    check_instance_norm,
    check_normalized,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
)
from minitorch_tensor.fusing import record_norm, unchanged

SHORT = 8
"""Channels whose elements lie together in runs shorter than this are made rows first."""

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
    shape = _shape(rows.number, rows.n, 1, y, x)
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
        shape = _shape(rows.number, rows.n, 2, dx, x, g)
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


def _shape(rows: int, n: int, arrays: int, *dense_: Tensor) -> RowShape:
    """How rows of these tensors are shared out."""
    layouts = [x.layout for x in dense_]
    return row_shape(rows, n, aligned(*layouts), limits_of(dense_[0]), arrays)


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
    sums = _plane_sums(x, g, mean, rstd, rows.inner, rows.pieces, rows.number)
    dw, db, _, _ = _channel_sums(x, rows.channels, *sums)
    return dw, db


def _plane_sums(
    x: Tensor, g: Tensor, mean: Tensor, rstd: Tensor, n: int, pieces: int, units: int
) -> tuple[Tensor, Tensor]:
    """The sums of g * xhat and of g over each plane of n elements."""
    count = x.layout.size // n
    products, sums = (fresh(x, (count,), mean.dtype) for _ in range(2))
    tensors = (products, sums, x, g, mean, rstd)
    layouts, shape = tuple([t.layout for t in tensors]), _shape(count, n, 2, x, g)
    numbers, launch = (count, n, pieces, units), shape.launch(count)
    run(
        planned(planes.plane_sums, "TTSSTTiiii", layouts, numbers, launch, x.dtype, shape.flags),
        *tensors,
    )
    return products, sums


def _channel_sums(
    x: Tensor, channels: int, products: Tensor, sums: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sums of planes added up over samples: of x's dtype, and as they were computed."""
    samples = products.layout.size // channels
    dw, db = (fresh(x, (channels,)) for _ in range(2))
    product, total = (fresh(x, (channels,), products.dtype) for _ in range(2))
    tensors = (dw, db, product, total, products, sums)
    layouts = tuple([t.layout for t in tensors])
    shape = row_shape(channels, samples, False, limits_of(x))
    numbers, launch = (channels, samples), shape.launch(channels)
    run(
        planned(planes.channel_sums, "SSTTTTii", layouts, numbers, launch, x.dtype, shape.flags),
        *tensors,
    )
    return dw, db, product, total


@batch_norm.override("cuda")
def fused_batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Moments of planes, then of channels, then the result: three launches."""
    check_batch_norm(input, running_mean, running_var, weight, bias, training)
    running = [s for s in (running_mean, running_var) if s is not None]
    plain = all(s.layout.is_contiguous() and not s.requires_grad for s in running)
    same_one = len(running) == 2 and running[0].storage is running[1].storage
    if not floating(input) or input.layout.size == 0 or not plain or same_one:
        return batch_norm.composite(
            input, running_mean, running_var, weight, bias, training, momentum, eps
        )

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        kept = (None, None) if training else (running_mean, running_var)  # they followed already
        return batch_norm.composite(x, *kept, w, b, training, momentum, eps)

    n, channels, *rest = input.layout.shape
    inner = math.prod(rest)
    # One element after the other, channels are columns of numbers: then they are made rows first.
    turned = inner < SHORT and n > 1
    x = _channels_first(input) if turned else dense(input)
    samples, size = (1, n * inner) if turned else (n, inner)
    units = _Channels(x, channels, samples, size, weight, bias)
    if training:
        units.measure(running if momentum != 0.0 else [], momentum, eps)
    else:
        units.take(running, eps)
    made = units.scaled()
    y = _channels_second(made) if turned else made
    same = unchanged("NativeBatchNormBackward0", *(() if training else running))

    def gradients(g: Tensor) -> Gradients:
        same()
        found = units.pulled(_channels_first(g) if turned else dense(g), given=not training)
        dx, dw, db = found
        return (_channels_second(dx) if turned else dx), dw, db

    return record_norm("NativeBatchNormBackward0", y, input, weight, bias, gradients, composite)


def _channels_first(x: Tensor) -> Tensor:
    """A copy (channels, n, ...) of (n, channels, ...)."""
    return x.detach().transpose(0, 1).contiguous()


def _channels_second(x: Tensor) -> Tensor:
    """The way back."""
    return x.transpose(0, 1).contiguous()


class _Channels:
    """Channels of samples x (samples, channels, size), and the launches over them."""

    def __init__(
        self,
        x: Tensor,
        channels: int,
        samples: int,
        size: int,
        weight: Tensor | None,
        bias: Tensor | None,
    ) -> None:
        self.x, self.channels, self.samples, self.size = x, channels, samples, size
        self.rows = channels * samples
        given = [None if t is None else dense(t) for t in (weight, bias)]
        self.weight, self.bias = (placeholder(t, x) for t in given)
        self.flags: Flags = (
            ("WEIGHTED", int(weight is not None)),
            ("BIASED", int(bias is not None)),
        )
        self.mean, self.rstd = (fresh(x, (channels,), computed(x)) for _ in range(2))

    def launch(
        self,
        function: Callable[..., None],
        kinds: str,
        tensors: Sequence[Tensor],
        numbers: Sequence[float],
        shape: RowShape,
        rows: int,
        flags: Flags = (),
    ) -> None:
        """Run a kernel of rows."""
        layouts, launch = tuple([t.layout for t in tensors]), shape.launch(rows)
        flags = flags + shape.flags
        plan = planned(function, kinds, layouts, tuple(numbers), launch, self.x.dtype, flags)
        run(plan, *tensors)

    def measure(self, running: Sequence[Tensor], momentum: float, eps: float) -> None:
        """The statistics of x; the running ones follow."""
        x, rows = self.x, self.rows
        mean, squares = (fresh(x, (rows,), self.mean.dtype) for _ in range(2))
        shape = _shape(rows, self.size, 1, x)
        tensors: tuple[Tensor, ...] = (mean, squares, x)
        self.launch(planes.plane_moments, "TTSii", tensors, (rows, self.size), shape, rows)
        follow = list(running) or [x, x]
        tensors = (self.mean, self.rstd, mean, squares, *follow)
        shape = row_shape(self.channels, self.samples, False, limits_of(x))
        numbers = (self.channels, self.samples, self.size, momentum, eps)
        flags = (("FOLLOW", int(bool(running))),)
        self.launch(
            planes.channel_moments, "TTTTSSiiitt", tensors, numbers, shape, self.channels, flags
        )
        for s in running:
            s.storage.version += 1

    def take(self, running: Sequence[Tensor], eps: float) -> None:
        """The statistics that are given."""
        tensors = (self.mean, self.rstd, *running)
        layouts, launch = (
            tuple([t.layout for t in tensors]),
            _covering(self.channels, limits_of(self.x).threads),
        )
        numbers = (self.channels, eps)
        run(
            planned(planes.given_moments, "TTSSit", layouts, numbers, launch, self.x.dtype),
            *tensors,
        )

    def scaled(self) -> Tensor:
        """The result."""
        y = fresh(self.x, self.x.layout.shape)
        tensors = (y, self.x, self.weight, self.bias, self.mean, self.rstd)
        shape = _shape(self.rows, self.size, 1, y, self.x)
        numbers = (self.rows, self.size, self.channels)
        self.launch(
            planes.scale_planes, "SSSSTTiii", tensors, numbers, shape, self.rows, self.flags
        )
        return y

    def pulled(self, g: Tensor, *, given: bool) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients of x, weight and bias."""
        x = self.x
        sums = _plane_sums(x, g, self.mean, self.rstd, self.size, 1, self.channels)
        dw, db, product, total = _channel_sums(x, self.channels, *sums)
        dx = fresh(x, x.layout.shape)
        tensors = (dx, x, g, self.weight, self.mean, self.rstd, product, total)
        shape = _shape(self.rows, self.size, 2, dx, x, g)
        numbers = (self.rows, self.size, self.channels, self.samples)
        flags = (*self.flags, ("GIVEN", int(given)))
        self.launch(
            planes.planes_gradient, "SSSSTTTTiiii", tensors, numbers, shape, self.rows, flags
        )
        return dx, dw, db


def _covering(n: int, threads: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The grid and block with a thread for each of n elements."""
    return (-(-n // threads), 1, 1), (threads, 1, 1)
