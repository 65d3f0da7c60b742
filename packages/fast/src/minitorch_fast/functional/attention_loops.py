"""The loops of attention: the softmax of scores in place, and its gradient."""

from __future__ import annotations

from minitorch_fast.functional.row_loops import dot, largest
from minitorch_fast.loops import Floats, Ints, exp_negative, reordered


@reordered
def exponentials_in_place(w: Floats, at: int, n: int, m: float) -> float:
    """w = exp(w - m), and the sum of that.

    One array, not one that is read and one that is written: where these are the same, the check for
    overlap that LLVM puts in front of a vectorised loop sends it the slow way, 4 times slower.
    """
    s = 0.0
    for j in range(n):
        e = exp_negative(w[at + j] - m)
        w[at + j] = e
        s += e
    return s


def attention_weights(
    w: Floats, mask: Floats, places: Ints, scale: float, lowest: float, causal: int, g: Ints
) -> None:
    """Scores w (count, rows, n) become softmax(w * scale + mask) along the last dimension.

    Of matrix b the mask begins at places[b]; at -1 there is none. If `causal`, row i has i + 1
    elements, and 0 behind them, which costs nothing. A row that is -inf throughout, which is
    `lowest`, becomes 0. g is: count, rows, n.
    """
    count, rows, n = g[0], g[1], g[2]
    for b in range(count):
        place = places[b]
        for i in range(rows):
            at = (b * rows + i) * n
            stop = n
            if causal != 0:
                stop = min(i + 1, n)
            if place >= 0:
                shift = place + i * n
                for j in range(stop):
                    w[at + j] = w[at + j] * scale + mask[shift + j]
            else:
                for j in range(stop):
                    w[at + j] *= scale
            m = largest(w, at, stop)
            if m == lowest:
                stop = 0
            else:
                k = 1.0 / exponentials_in_place(w, at, stop, m)
                for j in range(stop):
                    w[at + j] *= k
            for j in range(stop, n):
                w[at + j] = 0.0


def attention_weights_gradient(dw: Floats, w: Floats, scale: float, causal: int, g: Ints) -> None:
    """dw = w * (dw - sum(w * dw)) * scale for each row: of the scores, from that of the weights."""
    count, rows, n = g[0], g[1], g[2]
    for b in range(count):
        for i in range(rows):
            at = (b * rows + i) * n
            stop = n
            if causal != 0:
                stop = min(i + 1, n)
            s = dot(dw, w, at, stop)
            for j in range(stop):
                dw[at + j] = w[at + j] * (dw[at + j] - s) * scale
            for j in range(stop, n):
                dw[at + j] = 0.0
