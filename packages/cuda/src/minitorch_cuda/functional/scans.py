"""cumsum, cumprod, cummax, cummin and logcumsumexp in one pass over memory, or two."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_cuda.functional.launching import backend_of, dense, fresh
from minitorch_cuda.kernels.folds import NEUTRAL, OperatorFold
from minitorch_cuda.kernels.scan_folds import ExtremeScan, GradientScan, OperatorScan, Scan
from minitorch_cuda.kernels.scanning import Sizes, plan_scan, run_scan
from minitorch_operators import Binary, add, logaddexp, mul
from minitorch_tensor import Tensor, gathering, int64, views
from minitorch_tensor.op import record_fused
from minitorch_tensor.ordering import running_product, running_sum
from minitorch_tensor.reductions import ValuesIndices
from minitorch_tensor.scans import running_extreme, running_logsumexp


def _sizes(x: Tensor, dim: int) -> Sizes:
    """x as (outer, n, inner), n being what is run along."""
    shape = x.layout.shape or (1,)
    outer, inner = math.prod(shape[:dim]), math.prod(shape[dim + 1 :])
    return Sizes(outer, shape[dim], inner)


def _run(
    scan: Scan,
    dim: int,
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    numbers: tuple[float, ...] = (),
) -> None:
    """Launch a scan over dense tensors."""
    launcher = backend_of(outputs[0].storage.device).launcher
    layouts = tuple([x.layout for x in (*outputs, *inputs)])
    chunked = plan_scan(scan, _sizes(outputs[0], dim), layouts, numbers, launcher.limits)
    run_scan(
        chunked,
        launcher.empty,
        launcher.launch,
        [x.storage.buffer for x in outputs],
        [x.storage.buffer for x in inputs],
    )


def _operator(
    operator: Binary, neutral: float, x: Tensor, dim: int, *, reverse: bool = False
) -> Tensor:
    """The running fold of an operator."""
    values = dense(x)
    y = fresh(values, values.layout.shape)
    scan = OperatorScan(x.dtype, OperatorFold(x.dtype, operator, x.dtype), reverse)
    _run(scan, dim, [y], [values], (neutral,))
    return y


@running_sum.override("cuda")
def sum_scan(x: Tensor, dim: int) -> Tensor:
    """Backward runs from the end."""
    if x.layout.size == 0:
        return running_sum.composite(x, dim)
    neutral = NEUTRAL["add"]

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        return (_operator(add, neutral, g, dim, reverse=True),)

    def composite(inputs: Sequence[Tensor]) -> Tensor:
        return running_sum.composite(inputs[0], dim)

    y = _operator(add, neutral, x, dim)
    return record_fused("CumsumBackward0", y, (x,), backward, composite)


def _gradient(product: bool, x: Tensor, y: Tensor, g: Tensor, dim: int) -> Tensor:
    values, gradient = dense(x), dense(g)
    dx = fresh(values, values.layout.shape)
    _run(GradientScan(x.dtype, product), dim, [dx], [gradient, values, y])
    return dx


@running_product.override("cuda")
def product_scan(x: Tensor, dim: int) -> Tensor:
    """Backward by a recurrence from the end, which divides by nothing."""
    if x.layout.size == 0:
        return running_product.composite(x, dim)
    y = _operator(mul, NEUTRAL["mul"], x, dim)
    kept = y.detach()

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        return (_gradient(True, x, kept, g, dim),)

    def composite(inputs: Sequence[Tensor]) -> Tensor:
        return running_product.composite(inputs[0], dim)

    return record_fused("CumprodBackward0", y, (x,), backward, composite)


@running_logsumexp.override("cuda")
def logsumexp_scan(x: Tensor, dim: int) -> Tensor:
    """Likewise."""
    if x.layout.size == 0:
        return running_logsumexp.composite(x, dim)
    y = _operator(logaddexp, -math.inf, x, dim)
    kept = y.detach()

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        return (_gradient(False, x, kept, g, dim),)

    def composite(inputs: Sequence[Tensor]) -> Tensor:
        return running_logsumexp.composite(inputs[0], dim)

    return record_fused("LogcumsumexpBackward0", y, (x,), backward, composite)


@running_extreme.override("cuda")
def extreme_scan(x: Tensor, dim: int, largest: bool) -> ValuesIndices:
    """Values and places at once; the gradient goes to the places."""
    if x.layout.size == 0:
        return running_extreme.composite(x, dim, largest)
    given = dense(x)
    shape = given.layout.shape
    values, indices = fresh(given, shape), fresh(given, shape, int64)
    _run(ExtremeScan(x.dtype, largest), dim, [values, indices], [given])

    def transpose(g: Tensor) -> Tensor:
        return gathering.add_at(g._full(g.shape, 0.0, g.dtype), dim, indices, g)

    title = "CummaxBackward0" if largest else "CumminBackward0"
    return ValuesIndices(views.linear(x, values, title, transpose), indices)
