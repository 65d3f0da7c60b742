"""Padding: a tensor inside a larger one, with a constant, or with itself, around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from minitorch_tensor import views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.resample import Taps, resample
from minitorch_tensor.layout import Layout, Shape


def pad_constant(x: Tensor, before: Shape, after: Shape, value: float) -> Tensor:
    """x with `before[i]` and `after[i]` constants around each of its last dimensions."""
    lead = x.ndim - len(before)
    inner = x.shape[lead:]
    outer = tuple(b + n + a for b, n, a in zip(before, inner, after, strict=True))
    y = x._full(x.shape[:lead] + outer, value, x.dtype)
    part = y._view(_inside(y.layout, before, inner))
    x.storage.device.backend.copy(part, x)
    return views.linear(x, y, "ConstantPadNdBackward0", lambda g: crop(g, before, inner))


def crop(x: Tensor, start: Shape, length: Shape) -> Tensor:
    """`length[i]` elements from `start[i]` on of each of the last dimensions: the transpose."""
    lead = x.ndim - len(start)
    y = x._view(_inside(x.layout, start, length))
    after = tuple(n - s - k for n, s, k in zip(x.shape[lead:], start, length, strict=True))
    return views.linear(x, y, "SliceBackward0", lambda g: pad_constant(g, start, after, 0.0))


def _inside(layout: Layout, start: Shape, length: Shape) -> Layout:
    lead = layout.ndim - len(start)
    for i, (first, n) in enumerate(zip(start, length, strict=True)):
        layout = layout.narrow(lead + i, first, n)
    return layout


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """The input with something around its last dimensions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html

    Args:
        input: of any shape for a constant; else with 1 or 2 more dimensions than are padded.
        pad: how much before and after the last dimension, then the one before it, and so on:
            (left, right, top, bottom, ...). Negative for a constant: what to cut off.
        mode: "constant", "reflect" (the edge is not repeated), "replicate" (it is), or "circular".
        value: the constant; 0 if omitted.

    Raises:
        RuntimeError: if there is an odd number of paddings, too many, or too large ones; for an
            unknown mode; or for a value without mode "constant".

    >>> pad(Tensor([[1.0, 2.0]]), (1, 2)).tolist()
    [[0.0, 1.0, 2.0, 0.0, 0.0]]
    >>> pad(Tensor([[1.0, 2.0, 3.0]]), (2, 1), mode="reflect").tolist()
    [[3.0, 2.0, 1.0, 2.0, 3.0, 2.0]]
    """
    if len(pad) % 2:
        raise RuntimeError(
            f"pad: Padding length must be divisible by 2, but got {tuple(pad)}: before and after "
            "for each dimension"
        )
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "pad: Padding length should be less than or equal to two times the input dimension but "
            f"got padding length {len(pad)} and input of dimension {input.ndim}"
        )
    before, after = tuple(pad[-2::-2]), tuple(pad[::-2])
    if mode == "constant":
        return _pad_or_cut(input, before, after, 0.0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(f'pad: Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _SOURCES:
        known = "', '".join(("constant", *_SOURCES))
        raise RuntimeError(f"pad: Unrecognised padding mode {mode}; expected one of '{known}'")
    if input.ndim - len(before) not in (1, 2):
        raise RuntimeError(
            f"pad: Padding size {len(pad)} is not supported for {input.ndim}D input tensor: mode "
            f"'{mode}' pads all but the first one or two dimensions"
        )
    lead = input.ndim - len(before)
    y = input
    for i, (b, a) in enumerate(zip(before, after, strict=True)):
        dim = lead + i
        n = input.shape[dim]
        _check_source(mode, input.shape, dim, b, a)
        kept = (max(-b, 0), n + min(a, 0))
        if b or a:
            y = resample(y, dim, _taps(mode, n, b, a, kept))
    return y.clone() if y is input else y


@lru_cache(maxsize=512)
def _taps(mode: str, n: int, before: int, after: int, kept: tuple[int, int]) -> Taps:
    """Which element stands where in a dimension of size n that is padded."""
    picks = [_SOURCES[mode](p, n, *kept) for p in range(-before, n + after)]
    return Taps(np.array([picks], np.int64), None)


def _reflected(p: int, n: int, first: int, end: int) -> int:
    return -p if p < 0 else 2 * (n - 1) - p if p >= n else p


def _replicated(p: int, n: int, first: int, end: int) -> int:
    return min(max(p, 0), n - 1)


def _wrapped(p: int, n: int, first: int, end: int) -> int:
    return first + (p - first) % (end - first)  # what was cut off does not come around


_SOURCES: dict[str, Callable[[int, int, int, int], int]] = {
    "reflect": _reflected,
    "replicate": _replicated,
    "circular": _wrapped,
}
"""Which of the elements 0 to n - 1 stands at position p, from -before to n + after - 1.

Those from `first` up to `end` are kept; the others are cut off by a negative padding.
"""


def _check_source(mode: str, shape: Shape, dim: int, before: int, after: int) -> None:
    """Refuse paddings that the mode cannot fill from a dimension."""
    n = shape[dim]
    if n + min(before, 0) + min(after, 0) < 1:
        raise RuntimeError(
            f"pad: mode '{mode}' needs elements to pad with and some to be left, but dimension "
            f"{dim} of {shape} has size {n} and padding ({before}, {after})"
        )
    if mode == "reflect" and max(before, after) >= n:
        raise RuntimeError(
            "pad: Padding size should be less than the corresponding input dimension, but got: "
            f"padding ({before}, {after}) at dimension {dim} of input {shape}"
        )
    if mode == "circular" and max(before, after) > n:
        raise RuntimeError(
            "pad: Padding value causes wrapping around more than once: padding "
            f"({before}, {after}) at dimension {dim} of input {shape}"
        )


def _pad_or_cut(x: Tensor, before: Shape, after: Shape, value: float) -> Tensor:
    lead = x.ndim - len(before)
    start = tuple(max(-b, 0) for b in before)
    sizes = x.shape[lead:]
    length = tuple(n - s - max(-a, 0) for n, s, a in zip(sizes, start, after, strict=True))
    if min(length, default=0) < 0:
        raise RuntimeError(
            f"pad: the padding before {before} and after {after} cuts off more than there is of "
            f"the last dimensions of {x.shape}"
        )
    if length != sizes:
        x = crop(x, start, length)
    return pad_constant(x, tuple(max(b, 0) for b in before), tuple(max(a, 0) for a in after), value)
