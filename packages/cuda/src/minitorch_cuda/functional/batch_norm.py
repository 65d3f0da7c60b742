"""batch_norm: moments of planes, then of channels, then the result; see `kernels.norm_planes`.

Running statistics are updated on the device, by the launch that puts the moments of a channel
together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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
from minitorch_cuda.kernels import norm_planes as planes
from minitorch_cuda.kernels.planning import Flags, planned
from minitorch_cuda.kernels.rows import RowShape, row_shape
from minitorch_tensor import Tensor
from minitorch_tensor.functional.norm import batch_norm, check_batch_norm
from minitorch_tensor.fusing import record_norm, unchanged

SHORT = 8
"""Channels whose elements lie together in runs shorter than this are made rows first."""

Gradients = tuple[Tensor, Tensor | None, Tensor | None]


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
        given: Sequence[float] = (),
    ) -> None:
        """Run a kernel of rows; `given` are the numbers that may change from call to call."""
        layouts, launch = tuple([t.layout for t in tensors]), shape.launch(rows)
        flags = flags + shape.flags
        plan = planned(function, kinds, layouts, tuple(numbers), launch, self.x.dtype, flags)
        run(plan, *tensors, numbers=given)

    def measure(self, running: Sequence[Tensor], momentum: float, eps: float) -> None:
        """The statistics of x; the running ones follow."""
        x, rows = self.x, self.rows
        mean, squares = (fresh(x, (rows,), self.mean.dtype) for _ in range(2))
        shape = shape_of(rows, self.size, 1, x)
        tensors: tuple[Tensor, ...] = (mean, squares, x)
        self.launch(planes.plane_moments, "TTSii", tensors, (rows, self.size), shape, rows)
        follow = list(running) or [x, x]
        tensors = (self.mean, self.rstd, mean, squares, *follow)
        shape = row_shape(self.channels, self.samples, False, limits_of(x))
        self.launch(
            planes.channel_moments,
            "TTTTSSiiitt",
            tensors,
            (self.channels, self.samples, self.size),
            shape,
            self.channels,
            (("FOLLOW", int(bool(running))),),
            (momentum, eps),  # an average of all batches has another momentum at each
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
        shape = shape_of(self.rows, self.size, 1, y, self.x)
        numbers = (self.rows, self.size, self.channels)
        self.launch(
            planes.scale_planes, "SSSSTTiii", tensors, numbers, shape, self.rows, self.flags
        )
        return y

    def pulled(self, g: Tensor, *, given: bool) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients of x, weight and bias."""
        x = self.x
        sums = plane_sums(x, g, self.mean, self.rstd, self.size, 1, self.channels)
        dw, db, product, total = channel_sums(x, self.channels, *sums)
        dx = fresh(x, x.layout.shape)
        tensors = (dx, x, g, self.weight, self.mean, self.rstd, product, total)
        shape = shape_of(self.rows, self.size, 2, dx, x, g)
        numbers = (self.rows, self.size, self.channels, self.samples)
        flags = (*self.flags, ("GIVEN", int(given)))
        self.launch(
            planes.planes_gradient, "SSSSTTTTiiii", tensors, numbers, shape, self.rows, flags
        )
        return dx, dw, db


def _covering(n: int, threads: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The grid and block with a thread for each of n elements."""
    return (-(-n // threads), 1, 1), (threads, 1, 1)
