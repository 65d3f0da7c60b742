"""The loops of pooling in up to three dimensions.

A window is a range along each dimension: so it is for a pooling with strides and padding, whose
windows at the border are cut, and for an adaptive one. A row of windows is computed in two steps:

1. the rows of x that it covers become one, column by column, which is vectorised;
2. of that row, the columns of each window become one number.

So an element is read once for each row of windows, not once for each window.

The windows are described by three arrays of integers and one of numbers:

    place    0 depth, 1 height, 2 width of x; 3 depth, 4 height, 5 width of the result; steps inside
             a window along 6 depth, 7 height and 8 width
    begin    where each window begins: along depth, then height, then width
    end      where it ends
    share    by what a sum is divided: the product of three of these
"""

from __future__ import annotations

from minitorch_fast.loops import Floats, Ints, Words, choose, real, scratch, separate, whole


@separate
def means(
    out: Floats, x: Floats, share: Floats, place: Ints, begin: Ints, end: Ints,
    left: int, taps: int, stride: int, first: int, last: int,
) -> None:  # fmt: skip
    """The sum of each window over its share, for the volumes from `first` to `last`.

    Along the width, windows of `taps` elements may begin at every `stride`, the first of them
    `left` elements before the row: so they are added up side by side. If taps is 0, they are ranges
    of any size.
    """
    height, width, planes, rows, columns = place[1], place[2], place[3], place[4], place[5]
    room = max(left + width, (columns - 1) * stride + taps)
    row = scratch(room)
    sums = scratch(columns)
    for c in range(room):
        row[c] = 0.0
    for image in range(first, last):
        for p in range(planes):
            for q in range(rows):
                for c in range(width):
                    row[left + c] = 0.0
                for d in range(begin[p], end[p]):
                    for r in range(begin[planes + q], end[planes + q]):
                        at = ((image * place[0] + d) * height + r) * width
                        for c in range(width):
                            row[left + c] += x[at + c]
                for w in range(columns):
                    sums[w] = 0.0
                if taps == 0:
                    for w in range(columns):
                        k = planes + rows + w
                        s = 0.0
                        for c in range(begin[k], end[k]):
                            s += row[c]
                        sums[w] = s
                elif stride == 2:  # the usual one, which LLVM then vectorises
                    for j in range(taps):
                        for w in range(columns):
                            sums[w] += row[j + 2 * w]
                else:
                    for j in range(taps):
                        for w in range(columns):
                            sums[w] += row[j + stride * w]
                by = share[p] * share[planes + q]
                to = ((image * planes + p) * rows + q) * columns
                for w in range(columns):
                    out[to + w] = sums[w] / (by * share[planes + rows + w])


@separate
def means_gradient(
    dx: Floats, g: Floats, share: Floats, place: Ints, begin: Ints, end: Ints,
    first: int, last: int,
) -> None:  # fmt: skip
    """To each element the g / share of all windows that it is in."""
    height, width, planes, rows, columns = place[1], place[2], place[3], place[4], place[5]
    row = scratch(width)
    volume = place[0] * height * width
    for image in range(first, last):
        for c in range(image * volume, (image + 1) * volume):
            dx[c] = 0.0
        for p in range(planes):
            for q in range(rows):
                for c in range(width):
                    row[c] = 0.0
                by = share[p] * share[planes + q]
                to = ((image * planes + p) * rows + q) * columns
                for w in range(columns):
                    k = planes + rows + w
                    e = g[to + w] / (by * share[k])
                    for c in range(begin[k], end[k]):
                        row[c] += e
                for d in range(begin[p], end[p]):
                    for r in range(begin[planes + q], end[planes + q]):
                        at = ((image * place[0] + d) * height + r) * width
                        for c in range(width):
                            dx[at + c] += row[c]


# A nan beats every number; of several equal elements the first wins, of several nans the last. A
# position is kept as a number of the kernel's dtype, which holds it exactly up to 2**24, because
# what is chosen together with a float is vectorised best as a float.


@separate
def best_of_taps(
    y: Floats, at: Floats, x: Floats, where: Floats, n: int, taps: int, step: int
) -> None:
    """y[k] is the best of x[k], x[k + step], ..., so many of them, and at[k] its position."""
    for k in range(n):
        y[k] = x[k]
        at[k] = where[k]
    for j in range(1, taps):
        o = j * step
        for k in range(n):
            v = x[k + o]
            best = y[k]
            better = (v > best) | (v != v)
            y[k] = choose(better, v, best)
            at[k] = choose(better, where[k + o], at[k])


@separate
def maxima(
    out: Floats, where: Words, x: Floats, places: Floats, lowest: float, g: Ints,
    first: int, last: int,
) -> None:  # fmt: skip
    """The largest element of each window, and where it is in its volume, for regular windows.

    A volume is copied into one with its padding, and the best of the taps along the width, then
    the height, then the depth, is found for every position of that, whether a window begins there
    or not: so the loops are long, and none looks at borders.

    `places` says for every position of the volume with padding which element it is, or, in the
    padding, which is nearest. The numbers in g are

        0 depth, height, width of x                  3 of the result        6 of x with padding
        9 step inside a window along each dimension  12 stride              15 taps
        18 padding before
    """
    depth, height, width, planes, rows, columns = g[0], g[1], g[2], g[3], g[4], g[5]
    pitch = g[8]
    layer = g[7] * pitch
    n = g[6] * layer
    a = scratch(n)
    b = scratch(n)
    a_at = scratch(n)
    b_at = scratch(n)
    for k in range(n):
        a[k] = lowest
        b[k] = lowest
        a_at[k] = 0.0
        b_at[k] = 0.0
    cells = scratch(n)
    for k in range(n):
        cells[k] = lowest
    across = n - (g[17] - 1) * g[11]
    down = across - (g[16] - 1) * g[10] * pitch
    deep = down - (g[15] - 1) * g[9] * layer
    for image in range(first, last):
        for d in range(depth):
            for r in range(height):
                start = ((image * depth + d) * height + r) * width
                to = (d + g[18]) * layer + (r + g[19]) * pitch + g[20]
                for c in range(width):
                    cells[to + c] = x[start + c]
        best_of_taps(a, a_at, cells, places, across, g[17], g[11])
        best_of_taps(b, b_at, a, a_at, down, g[16], g[10] * pitch)
        if depth > 1:
            best_of_taps(a, a_at, b, b_at, deep, g[15], g[9] * layer)
        for p in range(planes):
            for q in range(rows):
                start = p * g[12] * layer + q * g[13] * pitch
                to = ((image * planes + p) * rows + q) * columns
                if depth > 1:
                    for w in range(columns):
                        out[to + w] = a[start + w * g[14]]
                        where[to + w] = whole(a_at[start + w * g[14]])
                else:
                    for w in range(columns):
                        out[to + w] = b[start + w * g[14]]
                        where[to + w] = whole(b_at[start + w * g[14]])


@separate
def maxima_of_ranges(
    out: Floats, where: Words, x: Floats, place: Ints, begin: Ints, end: Ints,
    first: int, last: int,
) -> None:  # fmt: skip
    """The same for windows that are ranges of any size."""
    height, width, planes, rows, columns = place[1], place[2], place[3], place[4], place[5]
    for image in range(first, last):
        base = image * place[0] * height * width
        for p in range(planes):
            for q in range(rows):
                for w in range(columns):
                    k = planes + rows + w
                    found = (begin[p] * height + begin[planes + q]) * width + begin[k]
                    best = x[base + found]
                    for d in range(begin[p], end[p]):
                        for r in range(begin[planes + q], end[planes + q]):
                            at = (d * height + r) * width
                            for c in range(at + begin[k], at + end[k]):
                                v = x[base + c]
                                if v > best or v != v:
                                    best = v
                                    found = c
                    to = ((image * planes + p) * rows + q) * columns + w
                    out[to] = best
                    where[to] = found


@separate
def maxima_of_four(
    out: Floats, where: Words, x: Floats, place: Ints, first: int, last: int
) -> None:
    """`maxima` for windows of 2 x 2 that do not overlap and cover lines of even width.

    First the larger of each pair of columns, for all lines at once, then of each pair of lines.
    """
    height, width, rows, columns = place[1], place[2], place[4], place[5]
    pairs = rows * 2 * columns
    high = scratch(pairs)
    at = scratch(pairs)
    for image in range(first, last):
        base = image * height * width
        for k in range(pairs):
            a = x[base + 2 * k]
            b = x[base + 2 * k + 1]
            better = (b > a) | (b != b)
            high[k] = choose(better, b, a)
            at[k] = real(2 * k) + choose(better, 1.0, 0.0)
        for r in range(rows):
            upper = 2 * r * columns
            lower = upper + columns
            to = (image * rows + r) * columns
            for q in range(columns):
                a = high[upper + q]
                b = high[lower + q]
                better = (b > a) | (b != b)
                out[to + q] = choose(better, b, a)
                where[to + q] = whole(choose(better, at[lower + q], at[upper + q]))


@separate
def maxima_gradient(
    dx: Floats, g: Floats, where: Words, volume: int, windows: int, first: int, last: int
) -> None:
    """dx[winner] += g for each window."""
    for image in range(first, last):
        base = image * volume
        for c in range(base, base + volume):
            dx[c] = 0.0
        for w in range(image * windows, (image + 1) * windows):
            dx[base + where[w]] += g[w]


# Maxima alone, for inference: no position is kept. The numbers in g, which describe the windows:
#
# 0 images times channels   1 height   2 width           3 height of out  4 width of out
# 5 height of the kernel    6 width    7 row stride      8 column stride
# 9 rows above            10 columns before             11 row dilation  12 column dilation


@separate
def largest(out: Floats, x: Floats, lowest: float, g: Ints) -> None:
    """The largest element of each window; `lowest` where a window holds nothing.

    for each row of windows, for each element of the kernel: compare it with the best so far, along
    the row
    """
    height, width, rows, columns = g[1], g[2], g[3], g[4]
    row_stride, stride, top, left = g[7], g[8], g[9], g[10]
    for line in range(g[0] * rows):
        base = (line // rows) * height * width
        to = line * columns
        for q in range(columns):
            out[to + q] = lowest
        for i in range(g[5]):
            r = (line % rows) * row_stride - top + i * g[11]
            if 0 <= r < height:
                for j in range(g[6]):
                    at = base + r * width + j * g[12] - left
                    # Windows whose column j lies inside the image.
                    first = max(0, (left - j * g[12] + stride - 1) // stride)
                    last = min(columns, (width - 1 + left - j * g[12]) // stride + 1)
                    if stride == 2:
                        for q in range(first, last):
                            v = x[at + 2 * q]
                            b = out[to + q]
                            out[to + q] = choose((v > b) | (v != v), v, b)
                    else:
                        for q in range(first, last):
                            v = x[at + q * stride]
                            b = out[to + q]
                            out[to + q] = choose((v > b) | (v != v), v, b)


@separate
def largest_of_four(out: Floats, x: Floats, g: Ints) -> None:
    """`largest` for windows of 2 x 2 that do not overlap and lie inside the image."""
    width, rows, columns = g[2], g[3], g[4]
    for line in range(g[0] * rows):
        upper = (line // rows) * g[1] * width + (line % rows) * 2 * width
        lower = upper + width
        to = line * columns
        for q in range(columns):
            a = x[upper + 2 * q]
            b = x[upper + 2 * q + 1]
            c = x[lower + 2 * q]
            d = x[lower + 2 * q + 1]
            m = choose((b > a) | (b != b), b, a)
            m = choose((c > m) | (c != c), c, m)
            out[to + q] = choose((d > m) | (d != d), d, m)
