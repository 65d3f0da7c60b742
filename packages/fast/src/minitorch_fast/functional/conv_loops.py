"""The loops of a convolution: shifted planes.

Some images are copied, padded, into planes whose rows all have one length. Then the output at
position v of a plane is

    out[o, v] = bias[o] + sum over taps k of weight[o, k] * planes[tap[k] + v]

with one table of offsets `tap` for all v: a matrix product whose right-hand side is never built,
because its rows are the planes themselves, shifted. (At the end of each row some v lie across two
rows; they are computed and dropped.) A stride s cuts the input into s * s planes, one for each
remainder of row and column by s, so that neighbouring outputs read neighbouring elements again.

The inner loops take two outputs and four taps at a time: eight multiplications and additions for
four loads from the planes and two from the results, which is what a processor with two such units
can feed.

The gradient of the input is such a sum too, over the planes of the output's gradient, once for each
remainder of the input's rows and columns by the stride. That of the weights is the product of the
two sets of planes.
"""

from __future__ import annotations

from minitorch_fast.loops import Floats, Ints, reordered, scratch

# The numbers in `g`, which describe a convolution; `conv` fills them in.
#
#  0 images              1 channels of x       2 height of x         3 width of x
#  4 rows above x        5 columns before x    6 row step            7 rows of a plane
#  8 columns of a plane  9 channels of out    10 height of out      11 width of out
# 12 rows to write      13 columns to write   14 row step in out    15 first row in out
# 16 column step in out 17 first column       18 groups             19 taps
# 20 images in a block  21 rows in a piece    22 floats behind the planes
# 23 column step


def pack(planes: Floats, x: Floats, g: Ints, first: int, count: int) -> None:
    """Copy images of x into planes[channel, row % step, column % step, image, row, column]."""
    channels, height, width = g[1], g[2], g[3]
    top, left, row_step, column_step = g[4], g[5], g[6], g[23]
    rows, columns = g[7], g[8]
    plane = g[20] * rows * columns
    for i in range(channels * row_step * column_step * plane + g[22]):
        planes[i] = 0.0
    start = max(0, -left)
    stop = min(width, columns * column_step - left)
    for c in range(channels):
        for image in range(count):
            source = ((first + image) * channels + c) * height * width
            for i in range(max(0, -top), min(height, rows * row_step - top)):
                band = (c * row_step + (i + top) % row_step) * column_step * plane
                target = band + (image * rows + (i + top) // row_step) * columns
                line = source + i * width
                if column_step == 1:
                    for j in range(start, stop):
                        planes[target + left + j] = x[line + j]
                else:
                    for j in range(start, stop):
                        q = j + left
                        planes[target + (q % column_step) * plane + q // column_step] = x[line + j]


def add_taps(
    sums: Floats,
    n: int,
    planes: Floats,
    at: int,
    taps: Ints,
    count: int,
    weights: Floats,
    a: int,
    b: int,
) -> None:
    """sums[v] += sum_k weights[a + k] * planes[at + taps[k] + v]; sums[n + v] likewise with b."""
    whole = count - count % 4
    for k in range(0, whole, 4):
        p0 = at + taps[k]
        p1 = at + taps[k + 1]
        p2 = at + taps[k + 2]
        p3 = at + taps[k + 3]
        a0 = weights[a + k]
        a1 = weights[a + k + 1]
        a2 = weights[a + k + 2]
        a3 = weights[a + k + 3]
        b0 = weights[b + k]
        b1 = weights[b + k + 1]
        b2 = weights[b + k + 2]
        b3 = weights[b + k + 3]
        for v in range(n):
            x0 = planes[p0 + v]
            x1 = planes[p1 + v]
            x2 = planes[p2 + v]
            x3 = planes[p3 + v]
            sums[v] = sums[v] + a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3
            sums[n + v] = sums[n + v] + b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3
    for k in range(whole, count):
        p0 = at + taps[k]
        a0 = weights[a + k]
        b0 = weights[b + k]
        for v in range(n):
            x0 = planes[p0 + v]
            sums[v] = sums[v] + a0 * x0
            sums[n + v] = sums[n + v] + b0 * x0


def write_rows(
    out: Floats, sums: Floats, at: int, g: Ints, channel: int, first: int, r0: int, r1: int
) -> None:
    """Copy the rows r0 to r1 of a plane of results to where they belong in out."""
    rows, columns, width, step = g[7], g[8], g[13], g[16]
    for r in range(r0, r1):
        i = r % rows
        if i < g[12]:
            image = (first + r // rows) * g[9] + channel
            target = (image * g[10] + i * g[14] + g[15]) * g[11] + g[17]
            source = at + (r - r0) * columns
            if step == 1:
                for j in range(width):
                    out[target + j] = sums[source + j]
            else:
                for j in range(width):
                    out[target + j * step] = sums[source + j]


def correlate(out: Floats, x: Floats, weights: Floats, bias: Floats, taps: Ints, g: Ints) -> None:
    """For each channel of out the sum over taps of planes of x.

    That is the convolution, and it is the gradient of its input.

    for each block of images: pack it; for each piece of rows, for each two channels of out:
        start from the bias, add all taps, write the rows
    """
    images, steps, rows, columns = g[0], g[6] * g[23], g[7], g[8]
    groups, count, most, piece = g[18], g[19], g[20], g[21]
    plane = most * rows * columns
    inputs = g[1] // groups
    outputs = g[9] // groups
    planes = scratch(g[1] * steps * plane + g[22])
    sums = scratch(2 * piece * columns)
    for first in range(0, images, most):
        here = min(most, images - first)
        pack(planes, x, g, first, here)
        for r0 in range(0, here * rows, piece):
            r1 = min(r0 + piece, here * rows)
            n = (r1 - r0) * columns
            for group in range(groups):
                at = group * inputs * steps * plane + r0 * columns
                end = (group + 1) * outputs
                for o in range(group * outputs, end, 2):
                    other = min(o + 1, end - 1)
                    for v in range(n):
                        sums[v] = bias[o]
                        sums[n + v] = bias[other]
                    add_taps(sums, n, planes, at, taps, count, weights, o * count, other * count)
                    write_rows(out, sums, 0, g, o, first, r0, r1)
                    if other > o:
                        write_rows(out, sums, n, g, other, first, r0, r1)


def pack_gradient(planes: Floats, d: Floats, g: Ints, first: int, count: int) -> None:
    """Copy images of d, shaped like the output, into planes as long as those of x."""
    channels, height, width, rows, columns = g[9], g[10], g[11], g[7], g[8]
    plane = g[20] * rows * columns
    for i in range(channels * plane):
        planes[i] = 0.0
    for c in range(channels):
        for image in range(count):
            source = ((first + image) * channels + c) * height * width
            target = c * plane + image * rows * columns
            for i in range(height):
                for j in range(width):
                    planes[target + i * columns + j] = d[source + i * width + j]


@reordered
def add_products(
    out: Floats,
    a: int,
    b: int,
    d: Floats,
    p: int,
    q: int,
    planes: Floats,
    at: int,
    taps: Ints,
    count: int,
    n: int,
) -> None:
    """out[a + k] += sum_v d[p + v] * planes[at + taps[k] + v]; out[b + k] the same with q."""
    whole = count - count % 4
    for k in range(0, whole, 4):
        p0 = at + taps[k]
        p1 = at + taps[k + 1]
        p2 = at + taps[k + 2]
        p3 = at + taps[k + 3]
        a0 = 0.0
        a1 = 0.0
        a2 = 0.0
        a3 = 0.0
        b0 = 0.0
        b1 = 0.0
        b2 = 0.0
        b3 = 0.0
        for v in range(n):
            x0 = planes[p0 + v]
            x1 = planes[p1 + v]
            x2 = planes[p2 + v]
            x3 = planes[p3 + v]
            y = d[p + v]
            z = d[q + v]
            a0 += y * x0
            a1 += y * x1
            a2 += y * x2
            a3 += y * x3
            b0 += z * x0
            b1 += z * x1
            b2 += z * x2
            b3 += z * x3
        out[a + k] += a0
        out[a + k + 1] += a1
        out[a + k + 2] += a2
        out[a + k + 3] += a3
        out[b + k] += b0
        out[b + k + 1] += b1
        out[b + k + 2] += b2
        out[b + k + 3] += b3
    for k in range(whole, count):
        p0 = at + taps[k]
        a0 = 0.0
        b0 = 0.0
        for v in range(n):
            a0 += d[p + v] * planes[p0 + v]
            b0 += d[q + v] * planes[p0 + v]
        out[a + k] += a0
        out[b + k] += b0


@reordered
def total(d: Floats, at: int, n: int) -> float:
    """The sum of n numbers."""
    s = 0.0
    for v in range(n):
        s += d[at + v]
    return s


def weight_gradient(out: Floats, x: Floats, d: Floats, taps: Ints, g: Ints) -> None:
    """out[o, k] = sum of d[o] * x shifted by tap k.

    out[o, taps] is the sum of d[o] alone. out has one row more than there are channels: where their
    number is odd, the last is computed twice, and once of that goes there.
    """
    images, steps, rows, columns = g[0], g[6] * g[23], g[7], g[8]
    groups, count, most, piece = g[18], g[19], g[20], g[21]
    plane = most * rows * columns
    inputs = g[1] // groups
    outputs = g[9] // groups
    long = count + 1
    planes = scratch(g[1] * steps * plane + g[22])
    gradients = scratch(g[9] * plane)
    for i in range((g[9] + 1) * long):
        out[i] = 0.0
    for first in range(0, images, most):
        here = min(most, images - first)
        pack(planes, x, g, first, here)
        pack_gradient(gradients, d, g, first, here)
        for r0 in range(0, here * rows, piece):
            n = (min(r0 + piece, here * rows) - r0) * columns
            for group in range(groups):
                at = group * inputs * steps * plane + r0 * columns
                end = (group + 1) * outputs
                for o in range(group * outputs, end, 2):
                    p = o * plane + r0 * columns
                    a = o * long
                    q = p
                    b = g[9] * long
                    if o + 1 < end:
                        q = p + plane
                        b = a + long
                    add_products(out, a, b, gradients, p, q, planes, at, taps, count, n)
                    out[a + count] += total(gradients, p, n)
                    if q > p:
                        out[b + count] += total(gradients, q, n)
