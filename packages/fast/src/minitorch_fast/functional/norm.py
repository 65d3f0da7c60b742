"""layer_norm, rms_norm, batch_norm, instance_norm and group_norm; the loops are in `norm_loops`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, threads
from minitorch_fast.functional import norm_loops as loops
from minitorch_fast.functional.memory import constant, flat, fresh, kind, shares
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import HostArray, finfo
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

if TYPE_CHECKING:
    from minitorch_fast.target import Kind

PARALLEL: Final = 60_000
"""From so many elements on, rows or units are shared out to threads."""

BLOCKS: Final = 16
"""Into so many blocks large inputs are cut, whose sums for the gradient of a weight are added up
at the end: the same blocks for any number of threads, and so the same sums."""

SHORT: Final = 8
"""Channels whose elements lie together in runs shorter than this are made rows first."""

Composite = Callable[[Tensor, Tensor | None, Tensor | None], Tensor]
"""The composite as a function of the input, the weight and the bias."""


@layer_norm.override("cpu")
def fused_layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Mean, variance and result of a row while it is in cache."""
    check_normalized("layer_norm", input, normalized_shape, weight, bias)
    n = math.prod(normalized_shape)

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        return layer_norm.composite(x, normalized_shape, w, b, eps)

    return _of_rows("NativeLayerNormBackward0", input, weight, bias, eps, n, True, composite)


@rms_norm.override("cpu")
def fused_rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """The same with a mean of 0."""
    check_normalized("rms_norm", input, normalized_shape, weight, None)
    small = finfo(input.dtype).eps if eps is None else eps
    n = math.prod(normalized_shape)

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        return rms_norm.composite(x, normalized_shape, w, eps)

    return _of_rows("FusedRmsNormBackward0", input, weight, None, small, n, False, composite)


def _of_rows(
    title: str,
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
    n: int,
    centred: bool,
    composite: Composite,
) -> Tensor:
    found = kind(x.dtype)
    if found is None or x.layout.size == 0:
        return composite(x, weight, bias)
    computed = found
    source = flat(x)
    w, b = _affine(weight, n, 1.0, source), _affine(bias, n, 0.0, source)
    rows = source.size // n
    y, out = fresh(x, x.layout.shape)
    mean, rstd = np.empty(rows, source.dtype), np.empty(rows, source.dtype)
    arrays = (out, mean, rstd, source, w, b, eps, centred)
    ranges = shares(rows, source.size, PARALLEL)
    kernel = fused.compiled(loops.normalize_rows, computed)
    threads.run(kernel, [(*arrays, first, last, n) for first, last in ranges])

    def backward(g: Tensor) -> tuple[Tensor, HostArray, HostArray]:
        dx, out = fresh(x, x.layout.shape)
        block = rows if source.size < PARALLEL else -(-rows // BLOCKS)
        blocks = -(-rows // block)
        dw, db = np.empty((blocks, n), source.dtype), np.empty((blocks, n), source.dtype)
        arrays = (
            out, dw.reshape(-1), db.reshape(-1), source, flat(g), w, mean, rstd, centred, rows,
            block,
        )  # fmt: skip
        kernel = fused.compiled(loops.rows_gradient, computed)
        ranges = shares(blocks, source.size, PARALLEL)
        threads.run(kernel, [(*arrays, first, last, n) for first, last in ranges])
        return dx, (dw[0] if blocks == 1 else dw.sum(0)), (db[0] if blocks == 1 else db.sum(0))

    return _recorded(title, y, x, weight, bias, backward, composite)


def _recorded(
    title: str,
    y: Tensor,
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    gradients: Callable[[Tensor], tuple[Tensor, HostArray, HostArray]],
    composite: Composite,
) -> Tensor:
    """The result, recorded for what needs a gradient of input, weight and bias."""

    def made(parameter: Tensor | None, d: HostArray) -> Tensor | None:
        if parameter is None:
            return None
        found, memory = fresh(x, parameter.layout.shape)
        memory[:] = d
        return found

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        dx, dw, db = gradients(g)
        return dx, made(weight, dw), made(bias, db)

    return record_norm(title, y, x, weight, bias, backward, composite)


def _affine(parameter: Tensor | None, n: int, otherwise: float, x: HostArray) -> HostArray:
    return constant(n, otherwise, x.dtype.name) if parameter is None else flat(parameter)


@batch_norm.override("cpu")
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
    """Mean, variance and result of a channel while it is in cache."""
    check_batch_norm(input, running_mean, running_var, weight, bias, training)
    running = [s for s in (running_mean, running_var) if s is not None]
    found = kind(input.dtype)
    plain = all(s.layout.dense and not s.requires_grad for s in running)
    if found is None or input.layout.size == 0 or not plain or len(set(map(id, running))) == 1:
        return batch_norm.composite(
            input, running_mean, running_var, weight, bias, training, momentum, eps
        )

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        kept = (None, None) if training else (running_mean, running_var)  # they followed already
        return batch_norm.composite(x, *kept, w, b, training, momentum, eps)

    n, channels, *rest = input.layout.shape
    inner = math.prod(rest)
    # One element after the other, channels are walked as columns: then they are made rows first.
    columns = inner < SHORT and n > 1
    source = flat(input.detach().transpose(0, 1) if columns else input)
    place = (
        Place(channels, 1, n * inner, n * inner, 0, channels, 1, 0)
        if columns
        else Place(channels, n, inner, inner, channels * inner, channels, 1, 0)
    )
    statistics: tuple[HostArray, HostArray] | None = None
    follow = None
    if not training:
        mean, var = (flat(s) for s in running)
        statistics = mean, (1 / np.sqrt(var + np.asarray(eps, var.dtype))).astype(var.dtype)
    elif running and momentum != 0.0:
        follow = [flat(s) for s in running]
    made = _Units(found, source, place, weight, bias, eps, statistics)
    y, out = fresh(input, input.layout.shape)
    rows = np.empty_like(source) if columns else out
    rstd = made.forward(rows, follow, momentum)
    if columns:
        _turn(out, rows, n, channels)
    for s in () if follow is None else running:
        s.storage.version += 1
    same = unchanged("NativeBatchNormBackward0", *(() if training else running))

    def gradients(g: Tensor) -> tuple[Tensor, HostArray, HostArray]:
        same()
        dx, out = fresh(input, input.layout.shape)
        rows = np.empty_like(source) if columns else out
        d = flat(g.detach().transpose(0, 1) if columns else g)
        dw, db = made.backward(rows, d, rstd)
        if columns:
            _turn(out, rows, n, channels)
        return dx, dw.sum(1), db.sum(1)

    return _recorded("NativeBatchNormBackward0", y, input, weight, bias, gradients, composite)


def _turn(out: HostArray, rows: HostArray, n: int, channels: int) -> None:
    """From (channels, n, ...) back to (n, channels, ...)."""
    out.reshape(n, channels, -1)[...] = rows.reshape(channels, n, -1).swapaxes(0, 1)


@instance_norm.override("cpu")
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
    """Each channel of a sample is a unit; running statistics take the composite's way."""
    found = kind(input.dtype)
    if not use_input_stats or running_mean is not None or found is None or not input.layout.size:
        return instance_norm.composite(
            input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
        )
    check_instance_norm(input, running_mean, running_var, weight, bias)

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        return instance_norm.composite(x, None, None, w, b, True, momentum, eps)

    n, channels, *rest = input.layout.shape
    inner = math.prod(rest)
    place = Place(n * channels, 1, inner, inner, 0, channels, 1, 0)
    return _of_units(found, input, weight, bias, eps, place, composite)


@group_norm.override("cpu")
def fused_group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """A unit is a group, whose pieces are its channels."""
    check_group_norm(input, num_groups, weight, bias)

    def composite(x: Tensor, w: Tensor | None, b: Tensor | None) -> Tensor:
        return group_norm.composite(x, num_groups, w, b, eps)

    found = kind(input.dtype)
    if found is None or input.layout.size == 0:
        return composite(input, weight, bias)
    n, channels, *rest = input.layout.shape
    inner, pieces = math.prod(rest), channels // num_groups
    place = Place(n * num_groups, pieces, inner, pieces * inner, inner, channels, pieces, 1)
    return _of_units(found, input, weight, bias, eps, place, composite)


def _of_units(
    kind: Kind,
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
    place: Place,
    composite: Composite,
) -> Tensor:
    """Units of whole samples: the gradients of a weight are added up over the samples."""
    made = _Units(kind, flat(x), place, weight, bias, eps, None)
    y, out = fresh(x, x.layout.shape)
    rstd = made.forward(out, None, 0.0)

    def gradients(g: Tensor) -> tuple[Tensor, HostArray, HostArray]:
        dx, out = fresh(x, x.layout.shape)
        dw, db = made.backward(out, flat(g), rstd)
        channels = place.channels
        return dx, dw.reshape(-1, channels).sum(0), db.reshape(-1, channels).sum(0)

    return _recorded("NativeGroupNormBackward0", y, x, weight, bias, gradients, composite)


class Place(NamedTuple):
    """Where units lie: see `norm_loops`."""

    units: int
    pieces: int
    length: int
    unit_step: int
    piece_step: int
    channels: int
    unit_channels: int
    piece_channels: int


@lru_cache(maxsize=1024)
def _numbers(place: Place) -> npt.NDArray[np.int64]:
    return np.array(place[1:], np.int64)


class _Units:
    """Units of a normalisation and their kernels; `statistics` are a mean and rstd that are given.

    Attributes:
        mean: of each unit.
    """

    def __init__(
        self,
        kind: Kind,
        x: HostArray,
        place: Place,
        weight: Tensor | None,
        bias: Tensor | None,
        eps: float,
        statistics: tuple[HostArray, HostArray] | None,
    ) -> None:
        self.kind, self.x, self.place, self.eps = kind, x, place, eps
        self.numbers = _numbers(place)
        self.weight = _affine(weight, place.channels, 1.0, x)
        self.bias = _affine(bias, place.channels, 0.0, x)
        self.statistics = statistics
        self.mean: HostArray = np.empty(0) if statistics is None else statistics[0]
        self.ranges = shares(place.units, x.size, PARALLEL)

    def forward(
        self, out: HostArray, running: Sequence[HostArray] | None, momentum: float
    ) -> HostArray:
        """Write the result; return 1 / sqrt(variance + eps) of each unit."""
        given = self.statistics is not None
        if self.statistics is None:
            self.mean, rstd = np.empty((2, self.place.units), self.x.dtype)
        else:
            self.mean, rstd = self.statistics
        follow = (self.mean, self.mean, 0.0) if running is None else (*running, momentum)
        arrays = (out, self.mean, rstd, self.x, self.weight, self.bias, *follow, self.eps, given)
        kernel = fused.compiled(loops.normalize_units, self.kind)
        threads.run(kernel, [(*arrays, a, b, self.numbers) for a, b in self.ranges])
        return rstd

    def backward(self, dx: HostArray, g: HostArray, rstd: HostArray) -> tuple[HostArray, HostArray]:
        """Write the gradient of the input; return those of the weights and biases of all pieces.

        Both are (units, pieces).
        """
        dw, db = np.empty((2, self.place.units, self.place.pieces), self.x.dtype)
        arrays = (
            dx, dw.reshape(-1), db.reshape(-1), self.x, g, self.weight, self.mean, rstd,
            self.statistics is not None,
        )  # fmt: skip
        kernel = fused.compiled(loops.units_gradient, self.kind)
        threads.run(kernel, [(*arrays, a, b, self.numbers) for a, b in self.ranges])
        return dw, db
