"""batch_norm: one mean and variance for each channel, whose elements lie in a plane a sample.

    plane_moments     the mean of each plane, and its sum of squared distances from that
    channel_moments   those of a channel from its planes'; the running statistics follow
    scale_planes      the result, plane by plane

and backward likewise: sums over planes, over channels, then dx. So a large channel is shared by as
many blocks as there are samples, and sums come in a fixed order. Planes of one mean and distance
each are put together as Chan, Golub and LeVeque do: the distances of the planes' means from the
channel's are added.

Source: Chan, Golub and LeVeque 1979, Updating formulae and a pairwise algorithm for computing
sample variances, Stanford STAN-CS-79-773
"""

from __future__ import annotations

from minitorch_cuda import dsl as cuda
from minitorch_cuda.kernels.norm import mean_of, scaled, weight_of
from minitorch_cuda.kernels.rows import group_sum, place, put, rest, row_of_thread, take
from minitorch_cuda.simulator import Pointer
from minitorch_operators.ieee import sqrt as ieee_sqrt

# The template parameters, besides those of rows.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
GROUP = 32
HELD = 4
WEIGHTED = 0
FOLLOW = 0  # 1 if there are running statistics
GIVEN = 0  # 1 if the statistics do not depend on the input

# In all of them a row is a plane: number r belongs to channel r % channels.


def plane_moments(
    mean: Pointer[float], squares: Pointer[float], x: Pointer[float], rows: int, n: int
) -> None:
    """The mean of each plane, and the sum of the squared distances from it."""
    held = cuda.local.array(HELD, T)
    row = row_of_thread()
    length = n if row < rows else 0
    at = row * n
    take(held, x, at, length, T(0))
    m = mean_of(held, x, at, length, T(1) / T(n))
    total = T(0)
    for k in range(HELD):
        if place(k) < length:
            d = held[k] - m
            total = T(total + d * d)
    j = rest()
    while j < length:
        d = L(x[at + j]) - m
        total = T(total + d * d)
        j += GROUP
    total = group_sum(total)
    if length > 0 and cuda.threadIdx.x % GROUP == 0:
        mean[row] = m
        squares[row] = total


def channel_moments(
    mean: Pointer[float],
    rstd: Pointer[float],
    plane_mean: Pointer[float],
    plane_squares: Pointer[float],
    running_mean: Pointer[float],
    running_var: Pointer[float],
    channels: int,
    samples: int,
    n: int,
    momentum: float,
    eps: float,
) -> None:
    """The mean and 1 / sqrt(variance + eps) of each channel; a group of threads takes one."""
    c = row_of_thread()
    me = cuda.threadIdx.x % GROUP
    count = samples if c < channels else 0
    total = T(0)
    i = me
    while i < count:
        total = T(total + plane_mean[i * channels + c])
        i += GROUP
    m = group_sum(total) / T(samples)
    total = T(0)
    i = me
    while i < count:
        d = plane_mean[i * channels + c] - m
        total = T(total + (plane_squares[i * channels + c] + T(n) * (d * d)))
        i += GROUP
    total = group_sum(total)
    if count > 0 and me == 0:
        mean[c] = m
        rstd[c] = T(1) / T(ieee_sqrt(total / T(samples * n) + eps))
        if FOLLOW == 1:
            before, before_var = L(running_mean[c]), L(running_var[c])
            variance = total / T(samples * n - 1)
            running_mean[c] = S(before + momentum * (m - before))
            running_var[c] = S(before_var + momentum * (variance - before_var))


def given_moments(
    mean: Pointer[float],
    rstd: Pointer[float],
    running_mean: Pointer[float],
    running_var: Pointer[float],
    channels: int,
    eps: float,
) -> None:
    """The same from running statistics."""
    c = cuda.grid(1)
    if c < channels:
        mean[c] = L(running_mean[c])
        rstd[c] = T(1) / T(ieee_sqrt(L(running_var[c]) + eps))


def scale_planes(
    out: Pointer[float],
    x: Pointer[float],
    weight: Pointer[float],
    bias: Pointer[float],
    mean: Pointer[float],
    rstd: Pointer[float],
    rows: int,
    n: int,
    channels: int,
) -> None:
    """y = (x - mean) * rstd * weight + bias."""
    held = cuda.local.array(HELD, T)
    row = row_of_thread()
    if row < rows:
        at, c = row * n, row % channels
        m, r = mean[c], rstd[c]
        take(held, x, at, n, T(0))
        for k in range(HELD):
            held[k] = scaled((held[k] - m) * r, weight, bias, c)
        put(out, at, n, held)
        j = rest()
        while j < n:
            out[at + j] = S(scaled((L(x[at + j]) - m) * r, weight, bias, c))
            j += GROUP


def plane_sums(
    products: Pointer[float],
    sums: Pointer[float],
    x: Pointer[float],
    g: Pointer[float],
    mean: Pointer[float],
    rstd: Pointer[float],
    rows: int,
    n: int,
    pieces: int,
    units: int,
) -> None:
    """The sums of g * xhat and of g over each plane.

    The mean of plane r is number r // pieces % units: pieces = 1 and units = channels for
    batch_norm; as many pieces as a group has channels, and a unit for each group of each sample,
    for group_norm.
    """
    held = cuda.local.array(HELD, T)
    gs = cuda.local.array(HELD, T)
    row = row_of_thread()
    length = n if row < rows else 0
    at = row * n
    m, r = T(0), T(0)
    if length > 0:
        unit = row // pieces % units
        m, r = mean[unit], rstd[unit]
    take(held, x, at, length, T(0))
    take(gs, g, at, length, T(0))
    product, total = T(0), T(0)
    for k in range(HELD):
        if place(k) < length:
            total = T(total + gs[k])
            product = T(product + gs[k] * ((held[k] - m) * r))
    j = rest()
    while j < length:
        d = L(g[at + j])
        total = T(total + d)
        product = T(product + d * ((L(x[at + j]) - m) * r))
        j += GROUP
    product = group_sum(product)
    total = group_sum(total)
    if length > 0 and cuda.threadIdx.x % GROUP == 0:
        products[row] = product
        sums[row] = total


def channel_sums(
    dw: Pointer[float],
    db: Pointer[float],
    product: Pointer[float],
    total: Pointer[float],
    products: Pointer[float],
    sums: Pointer[float],
    channels: int,
    samples: int,
) -> None:
    """The sums of the planes of each channel: as gradients of weight and bias, and for dx."""
    c = row_of_thread()
    me = cuda.threadIdx.x % GROUP
    count = samples if c < channels else 0
    p, t = T(0), T(0)
    i = me
    while i < count:
        p = T(p + products[i * channels + c])
        t = T(t + sums[i * channels + c])
        i += GROUP
    p = group_sum(p)
    t = group_sum(t)
    if count > 0 and me == 0:
        dw[c], db[c] = S(p), S(t)
        product[c], total[c] = p, t


def planes_gradient(
    dx: Pointer[float],
    x: Pointer[float],
    g: Pointer[float],
    weight: Pointer[float],
    mean: Pointer[float],
    rstd: Pointer[float],
    product: Pointer[float],
    total: Pointer[float],
    rows: int,
    n: int,
    channels: int,
    samples: int,
) -> None:
    """dx = (g - mean(g) - xhat * mean(g * xhat)) * rstd * weight."""
    xs = cuda.local.array(HELD, T)
    gs = cuda.local.array(HELD, T)
    row = row_of_thread()
    if row < rows:
        at, c = row * n, row % channels
        m, r = mean[c], rstd[c]
        scale = r * weight_of(weight, c)
        p, t = T(0), T(0)
        if GIVEN == 0:
            part = T(1) / T(samples * n)
            p, t = product[c] * part * r, total[c] * part
        take(xs, x, at, n, T(0))
        take(gs, g, at, n, T(0))
        for k in range(HELD):
            gs[k] = (gs[k] - t - (xs[k] - m) * p) * scale
        put(dx, at, n, gs)
        j = rest()
        while j < n:
            dx[at + j] = S((L(g[at + j]) - t - (L(x[at + j]) - m) * p) * scale)
            j += GROUP
