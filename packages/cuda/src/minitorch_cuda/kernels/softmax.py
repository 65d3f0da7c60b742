"""softmax and log_softmax: of rows, by the threads of a group; of columns, by threads side by side.

Both need the largest number and the sum of exponentials before the first result. What a thread
holds in registers it looks at twice; the rest of a long row it reads twice, with both in one pass:

    a larger number comes:  total = total * exp(before - now) + 1

Backward needs the result only: y * (g - sum(g * y)), and g - exp(y) * sum(g) for the logarithm.

Source: Milakov and Gimelshein 2018, Online normalizer calculation for softmax, arXiv:1805.02867
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from minitorch_cuda import dsl as cuda
from minitorch_cuda.kernel import Plan
from minitorch_cuda.kernels.planning import Flags, planned
from minitorch_cuda.kernels.rows import (
    aligned,
    group_max,
    group_sum,
    put,
    rest,
    row_of_thread,
    row_shape,
    take,
)
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import LocalArray, Pointer
from minitorch_operators.ieee import exp as ieee_exp
from minitorch_operators.ieee import log as ieee_log
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout

# The template parameters, besides those of rows.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
GROUP = 32
HELD = 4
LOG = 0  # 1 for log_softmax
WIDTH = 32  # columns of a block
HEIGHT = 8  # threads that share a column

LOWEST = -math.inf


def grown(total: float, high: float, v: float) -> float:
    """The sum of exponentials over exp(high), after v: over exp(v) if v is the larger.

    v - v is 0, but nan for inf, where the softmax is nan. -inf adds nothing, also to nothing.
    """
    if v > high:
        return T(total * T(ieee_exp(high - v)) + T(1) + (v - v))
    return total if v == T(LOWEST) else T(total + T(ieee_exp(v - high)))


def log_sum(
    held: LocalArray[float], x: Pointer[float], at: int, length: int
) -> tuple[float, float]:
    """The largest number of a row, and the sum of the exponentials of what is left to it.

    The first elements are in `held`, which are their exponentials afterwards but for LOG = 1.
    """
    largest = T(LOWEST)
    for k in range(HELD):
        largest = held[k] if held[k] > largest else largest
    high, total = T(LOWEST), T(0)  # of what is not held
    j = rest()
    while j < length:
        v = L(x[at + j])
        total = grown(total, high, v)
        high = v if v > high else high
        j += GROUP
    largest = group_max(high if high > largest else largest)
    if high > T(LOWEST):
        total = T(total * T(ieee_exp(high - largest)))
    for k in range(HELD):
        e = T(ieee_exp(held[k] - largest))
        total = T(total + e)
        if LOG == 0:
            held[k] = e
    return largest, group_sum(total)


def softmax_rows(out: Pointer[float], x: Pointer[float], rows: int, n: int) -> None:
    """Each row of n dense elements."""
    held = cuda.local.array(HELD, T)
    row = row_of_thread()
    length = n if row < rows else 0  # a thread without a row takes part in the sums, with nothing
    at = row * n
    take(held, x, at, length, T(LOWEST))
    largest, total = log_sum(held, x, at, length)
    scale = T(ieee_log(total)) if LOG == 1 else T(1) / total
    for k in range(HELD):
        held[k] = held[k] - largest - scale if LOG == 1 else held[k] * scale
    put(out, at, length, held)
    j = rest()
    while j < length:
        v = L(x[at + j]) - largest
        out[at + j] = S(v - scale if LOG == 1 else T(ieee_exp(v)) * scale)
        j += GROUP


def softmax_rows_gradient(
    dx: Pointer[float], y: Pointer[float], g: Pointer[float], rows: int, n: int
) -> None:
    """The gradient of rows from the results y and their gradient g."""
    ys = cuda.local.array(HELD, T)
    gs = cuda.local.array(HELD, T)
    row = row_of_thread()
    length = n if row < rows else 0
    at = row * n
    take(ys, y, at, length, T(0))
    take(gs, g, at, length, T(0))
    total = T(0)
    for k in range(HELD):
        total = T(total + (gs[k] if LOG == 1 else gs[k] * ys[k]))
    j = rest()
    while j < length:
        d = L(g[at + j])
        total = T(total + (d if LOG == 1 else d * L(y[at + j])))
        j += GROUP
    total = group_sum(total)
    for k in range(HELD):
        gs[k] = gs[k] - T(ieee_exp(ys[k])) * total if LOG == 1 else ys[k] * (gs[k] - total)
    put(dx, at, length, gs)
    j = rest()
    while j < length:
        d = L(g[at + j])
        v = L(y[at + j])
        dx[at + j] = S(d - T(ieee_exp(v)) * total if LOG == 1 else v * (d - total))
        j += GROUP


def column_start(columns: int, n: int, inner: int) -> int:
    """Where this thread's column starts in (outer, n, inner); -1 if there is none."""
    column = cuda.blockIdx.x * WIDTH + cuda.threadIdx.x
    return column // inner * n * inner + column % inner if column < columns else -1


def column_sum(value: float) -> float:
    """The sum of the values of the HEIGHT threads of a column; all of the block are here."""
    if HEIGHT > 1:
        tile = cuda.shared.array((HEIGHT, WIDTH), T)
        tx = cuda.threadIdx.x
        tile[cuda.threadIdx.y, tx] = value
        cuda.syncthreads()
        value = tile[0, tx]
        for i in range(1, HEIGHT):
            value = T(value + tile[i, tx])
        cuda.syncthreads()
    return value


def column_max(value: float) -> float:
    """The largest of the values of the HEIGHT threads of a column."""
    if HEIGHT > 1:
        tile = cuda.shared.array((HEIGHT, WIDTH), T)
        tx = cuda.threadIdx.x
        tile[cuda.threadIdx.y, tx] = value
        cuda.syncthreads()
        value = tile[0, tx]
        for i in range(1, HEIGHT):
            value = tile[i, tx] if tile[i, tx] > value else value
        cuda.syncthreads()
    return value


def softmax_columns(
    out: Pointer[float], x: Pointer[float], columns: int, n: int, inner: int
) -> None:
    """Along dimension 1 of (outer, n, inner): threads that are neighbours read neighbours."""
    at = column_start(columns, n, inner)
    length = n if at >= 0 else 0
    high, total = T(LOWEST), T(0)
    j = cuda.threadIdx.y
    while j < length:
        v = L(x[at + j * inner])
        total = grown(total, high, v)
        high = v if v > high else high
        j += HEIGHT
    largest = column_max(high)
    if high > T(LOWEST):
        total = T(total * T(ieee_exp(high - largest)))
    total = column_sum(total)
    scale = T(ieee_log(total)) if LOG == 1 else T(1) / total
    j = cuda.threadIdx.y
    while j < length:
        v = L(x[at + j * inner]) - largest
        out[at + j * inner] = S(v - scale if LOG == 1 else T(ieee_exp(v)) * scale)
        j += HEIGHT


def softmax_columns_gradient(
    dx: Pointer[float], y: Pointer[float], g: Pointer[float], columns: int, n: int, inner: int
) -> None:
    """The gradient of columns from the results y and their gradient g."""
    at = column_start(columns, n, inner)
    length = n if at >= 0 else 0
    total = T(0)
    j = cuda.threadIdx.y
    while j < length:
        d = L(g[at + j * inner])
        total = T(total + (d if LOG == 1 else d * L(y[at + j * inner])))
        j += HEIGHT
    total = column_sum(total)
    j = cuda.threadIdx.y
    while j < length:
        d = L(g[at + j * inner])
        v = L(y[at + j * inner])
        dx[at + j * inner] = S(d - T(ieee_exp(v)) * total if LOG == 1 else v * (d - total))
        j += HEIGHT


# --- launches ------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def plan_softmax(
    layouts: tuple[Layout, ...], dim: int, dtype: DType, logarithm: bool, limits: Limits
) -> Plan:
    """The launch over dense tensors of one shape: out and x; or backward: dx, y and g."""
    shape = layouts[0].shape or (1,)
    n, inner = shape[dim], math.prod(shape[dim + 1 :])
    columns = layouts[0].size // n
    backward = len(layouts) == 3
    kinds = "S" * len(layouts)
    flags: Flags = (("LOG", int(logarithm)),)
    function: Callable[..., None]
    if inner == 1:
        rows = row_shape(columns, n, aligned(*layouts), limits, arrays=2 if backward else 1)
        function = softmax_rows_gradient if backward else softmax_rows
        numbers, launch = (columns, n), rows.launch(columns)
        return planned(function, f"{kinds}ii", layouts, numbers, launch, dtype, flags + rows.flags)
    height = 8 if n >= 2 * limits.serial else 1
    width = limits.threads // height
    launch = ((-(-columns // width), 1, 1), (width, height, 1))
    flags = (*flags, ("WIDTH", width), ("HEIGHT", height))
    function = softmax_columns_gradient if backward else softmax_columns
    return planned(function, f"{kinds}iii", layouts, (columns, n, inner), launch, dtype, flags)
