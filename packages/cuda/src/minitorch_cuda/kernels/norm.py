"""layer_norm, rms_norm, group_norm and instance_norm: mean 0 and variance 1 along each row.

A row is what shares a mean: the last dimensions for layer_norm, a group of channels of one sample
for the others. Its elements are in registers when mean, variance and result are computed from them,
each in a pass of its own: so a mean that is large beside the spread costs no precision.

The weight of an element is that of its channel. With `PLANES` = 0 each column of the row is one;
else a row is `pieces` channels of `inner` elements each, out of `channels`.

Backward is one launch for dx; the gradients of weights are sums over rows, in two launches with a
fixed order: strips of rows, then the strips.

    dx = (e - mean(e) - xhat * mean(e * xhat)) * rstd, where e = g * weight
"""

from __future__ import annotations

from minitorch_cuda import dsl as cuda
from minitorch_cuda.kernels.rows import group_sum, place, put, rest, row_of_thread, take
from minitorch_cuda.simulator import LocalArray, Pointer
from minitorch_operators.ieee import sqrt as ieee_sqrt

# The template parameters, besides those of rows.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = cuda.index32  # noqa: E741 - positions in a row
GROUP = 32
HELD = 4
CENTRED = 1  # 0 for rms_norm, whose mean is 0
PLANES = 0
WEIGHTED = 0
BIASED = 0
WIDTH = 32  # columns of a block
HEIGHT = 8  # rows of it


def first_channel(row: int, pieces: int, channels: int) -> int:
    """The channel of the first element of a row."""
    return row * pieces % channels if PLANES == 1 else 0


def channel(first: int, j: int, inner: int) -> int:
    """The channel of an element of a row."""
    return first + I(I(j) // I(inner)) if PLANES == 1 else j


def weight_of(weight: Pointer[float], c: int) -> float:
    """The weight of a channel."""
    return L(weight[c]) if WEIGHTED == 1 else T(1)


def mean_of(held: LocalArray[float], x: Pointer[float], at: int, length: int, part: float) -> float:
    """The mean of a row; `part` is 1 / n."""
    total = T(0)
    for k in range(HELD):
        total = T(total + held[k])
    j = rest()
    while j < length:
        total = T(total + L(x[at + j]))
        j += GROUP
    return group_sum(total) * part


def normalize_rows(
    out: Pointer[float],
    mean: Pointer[float],
    rstd: Pointer[float],
    x: Pointer[float],
    weight: Pointer[float],
    bias: Pointer[float],
    rows: int,
    n: int,
    inner: int,
    pieces: int,
    channels: int,
    eps: float,
) -> None:
    """y = (x - mean) * rstd * weight + bias; mean and rstd of each row are kept."""
    held = cuda.local.array(HELD, T)
    row = row_of_thread()
    length = n if row < rows else 0
    at = row * n
    take(held, x, at, length, T(0))
    first = first_channel(row, pieces, channels)
    part = T(1) / T(n)
    m = T(0)
    if CENTRED == 1:
        m = mean_of(held, x, at, length, part)
    squares = T(0)
    for k in range(HELD):
        held[k] = held[k] - m
        if place(k) < length:
            squares = T(squares + held[k] * held[k])
    j = rest()
    while j < length:
        v = L(x[at + j]) - m
        squares = T(squares + v * v)
        j += GROUP
    r = T(1) / T(ieee_sqrt(group_sum(squares) * part + eps))
    if length > 0 and cuda.threadIdx.x % GROUP == 0:
        mean[row] = m
        rstd[row] = r
    for k in range(HELD):
        j = place(k)
        if j < length:
            held[k] = scaled(held[k] * r, weight, bias, channel(first, j, inner))
    put(out, at, length, held)
    j = rest()
    while j < length:
        c = channel(first, j, inner)
        out[at + j] = S(scaled((L(x[at + j]) - m) * r, weight, bias, c))
        j += GROUP


def scaled(xhat: float, weight: Pointer[float], bias: Pointer[float], c: int) -> float:
    """xhat * weight + bias."""
    if WEIGHTED == 1:
        xhat = xhat * L(weight[c])
    return xhat + L(bias[c]) if BIASED == 1 else xhat


def rows_gradient(
    dx: Pointer[float],
    x: Pointer[float],
    g: Pointer[float],
    weight: Pointer[float],
    mean: Pointer[float],
    rstd: Pointer[float],
    rows: int,
    n: int,
    inner: int,
    pieces: int,
    channels: int,
) -> None:
    """The gradient of the input."""
    xs = cuda.local.array(HELD, T)  # xhat
    es = cuda.local.array(HELD, T)  # g * weight
    row = row_of_thread()
    length = n if row < rows else 0
    at = row * n
    first = first_channel(row, pieces, channels)
    m, r = T(0), T(0)
    if length > 0:
        m, r = mean[row], rstd[row]
    take(xs, x, at, length, T(0))
    take(es, g, at, length, T(0))
    sums, products = T(0), T(0)
    for k in range(HELD):
        j = place(k)
        if j < length:
            xs[k] = (xs[k] - m) * r
            es[k] = es[k] * weight_of(weight, channel(first, j, inner))
            sums = T(sums + es[k])
            products = T(products + es[k] * xs[k])
    j = rest()
    while j < length:
        e = L(g[at + j]) * weight_of(weight, channel(first, j, inner))
        sums = T(sums + e)
        products = T(products + e * ((L(x[at + j]) - m) * r))
        j += GROUP
    part = T(1) / T(n)
    products = group_sum(products) * part
    sums = group_sum(sums) * part if CENTRED == 1 else T(0)
    for k in range(HELD):
        es[k] = (es[k] - sums - xs[k] * products) * r
    put(dx, at, length, es)
    j = rest()
    while j < length:
        e = L(g[at + j]) * weight_of(weight, channel(first, j, inner))
        dx[at + j] = S((e - sums - (L(x[at + j]) - m) * r * products) * r)
        j += GROUP


def column_strips(
    dw: Pointer[float],
    db: Pointer[float],
    x: Pointer[float],
    g: Pointer[float],
    mean: Pointer[float],
    rstd: Pointer[float],
    rows: int,
    n: int,
    strip: int,
) -> None:
    """The sums of g * xhat and of g along the rows of each strip: dw and db are (strips, n).

    A block takes WIDTH columns of a strip; HEIGHT threads share a column.
    """
    products = cuda.shared.array((HEIGHT, WIDTH), T)
    sums = cuda.shared.array((HEIGHT, WIDTH), T)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    j = cuda.blockIdx.x * WIDTH + tx
    first = cuda.blockIdx.y * strip
    end = min(first + strip, rows)
    product, total = T(0), T(0)
    if j < n:
        row = first + ty
        while row < end:
            d = L(g[row * n + j])
            total = T(total + d)
            product = T(product + d * ((L(x[row * n + j]) - mean[row]) * rstd[row]))
            row += HEIGHT
    products[ty, tx] = product
    sums[ty, tx] = total
    cuda.syncthreads()
    if ty == 0 and j < n:
        for i in range(1, HEIGHT):
            product = T(product + products[i, tx])
            total = T(total + sums[i, tx])
        dw[cuda.blockIdx.y * n + j] = product
        db[cuda.blockIdx.y * n + j] = total


def strips_sum(
    out: Pointer[float],
    out2: Pointer[float],
    x: Pointer[float],
    x2: Pointer[float],
    strips: int,
    n: int,
) -> None:
    """out[j] = the sum of all x[i, j], and the same of a second pair."""
    j = cuda.grid(1)
    if j < n:
        total, total2 = T(0), T(0)
        for i in range(strips):
            total = T(total + x[i * n + j])
            total2 = T(total2 + x2[i * n + j])
        out[j] = S(total)
        out2[j] = S(total2)
