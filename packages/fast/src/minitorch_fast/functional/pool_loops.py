"""The loops of max-pooling: no index of the winner is kept; the backward pass finds it again.

A nan beats every number; of several equal elements the first wins, of several nans the last.
"""

from __future__ import annotations

from minitorch_fast.loops import Floats, Ints, choose

# The numbers in `g`, which describe the windows.
#
# 0 images times channels   1 height   2 width           3 height of out  4 width of out
# 5 height of the kernel    6 width    7 row stride      8 column stride
# 9 rows above            10 columns before             11 row dilation  12 column dilation


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


def largest_gradient(dx: Floats, x: Floats, d: Floats, g: Ints) -> None:
    """dx[winner] += d for each window."""
    height, width, rows, columns = g[1], g[2], g[3], g[4]
    plane = height * width
    for image in range(g[0]):
        base = image * plane
        for i in range(plane):
            dx[base + i] = 0.0
        for p in range(rows):
            r0 = p * g[7] - g[9]
            for q in range(columns):
                c0 = q * g[8] - g[10]
                winner = -1
                best = 0.0
                for i in range(g[5]):
                    r = r0 + i * g[11]
                    if 0 <= r < height:
                        for j in range(g[6]):
                            c = c0 + j * g[12]
                            if 0 <= c < width:
                                v = x[base + r * width + c]
                                if winner < 0 or v > best or v != v:
                                    winner = base + r * width + c
                                    best = v
                if winner >= 0:
                    dx[winner] += d[(image * rows + p) * columns + q]


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


def largest_of_four_gradient(dx: Floats, x: Floats, d: Floats, g: Ints) -> None:
    """`largest_gradient` for windows of 2 x 2 that do not overlap and lie inside the image.

    Every element is written once: d if it wins its window, else 0.
    """
    height, width, rows, columns = g[1], g[2], g[3], g[4]
    for image in range(g[0]):
        base = image * height * width
        for p in range(rows):
            upper = base + 2 * p * width
            lower = upper + width
            at = (image * rows + p) * columns
            for q in range(columns):
                a = x[upper + 2 * q]
                b = x[upper + 2 * q + 1]
                c = x[lower + 2 * q]
                e = x[lower + 2 * q + 1]
                m = choose((b > a) | (b != b), b, a)
                m = choose((c > m) | (c != c), c, m)
                m = choose((e > m) | (e != e), e, m)
                # With a nan among them m is nan, and equal to nothing.
                wins_a = (a == m) | ((a != a) & (b == b) & (c == c) & (e == e))
                wins_b = ((b == m) & (a != m)) | ((b != b) & (c == c) & (e == e))
                wins_c = ((c == m) & (a != m) & (b != m)) | ((c != c) & (e == e))
                wins_e = ((e == m) & (a != m) & (b != m) & (c != m)) | (e != e)
                s = d[at + q]
                dx[upper + 2 * q] = choose(wins_a, s, 0.0)
                dx[upper + 2 * q + 1] = choose(wins_b, s, 0.0)
                dx[lower + 2 * q] = choose(wins_c, s, 0.0)
                dx[lower + 2 * q + 1] = choose(wins_e, s, 0.0)
            for i in range(2 * columns, width):
                dx[upper + i] = 0.0
                dx[lower + i] = 0.0
        for i in range(2 * rows * width, height * width):
            dx[base + i] = 0.0
