"""One dimension resampled in one pass, for `interpolate` and `pad`; see `resample_loops`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from minitorch_fast import fused, threads
from minitorch_fast.functional import resample_loops as loops
from minitorch_fast.functional.memory import flat, fresh, kind, shares
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import HostArray
from minitorch_tensor.functional.resample import Taps, resample
from minitorch_tensor.op import record_fused

PARALLEL: Final = 60_000
"""From so many elements on, the work is shared out to threads."""


@resample.override("cpu")
def resample_in_one_pass(x: Tensor, dim: int, taps: Taps) -> Tensor:
    """`resample` for taps that all count."""
    dtype = kind(x.dtype)
    if dtype is None or x.layout.size == 0 or taps.inside is not None:
        return resample.composite(x, dim, taps)
    computed = dtype
    n, m = x.shape[dim], taps.places.shape[1]
    outer, inner = math.prod(x.shape[:dim]), math.prod(x.shape[dim + 1 :])
    places: npt.NDArray[np.int64] = np.ascontiguousarray(taps.places).reshape(-1)
    weights: npt.NDArray[np.generic] = np.zeros(1, x.dtype.numpy)
    if taps.weights is not None:
        weights = np.ascontiguousarray(taps.weights, x.dtype.numpy).reshape(-1)
    count = 0 if taps.weights is None else len(taps.places)
    numbers = np.array([n, m, inner, count, *_run(places[:m])], np.int64)

    def passed(loop: Callable[..., None], to: HostArray, source: HostArray) -> None:
        ranges = shares(outer, max(to.size, source.size), PARALLEL)
        kernel = fused.compiled(loop, computed)
        threads.run(kernel, [(to, source, places, weights, a, b, numbers) for a, b in ranges])

    y, out = fresh(x, (*x.shape[:dim], m, *x.shape[dim + 1 :]))
    passed(loops.resample_rows if inner == 1 else loops.resample_blocks, out, flat(x))

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        dx, memory = fresh(x, x.shape)
        loop = loops.resample_rows_gradient if inner == 1 else loops.resample_blocks_gradient
        passed(loop, memory, flat(g))
        return (dx,)

    def composite(fresh_inputs: Sequence[Tensor]) -> Tensor:
        return resample.composite(fresh_inputs[0], dim, taps)

    return record_fused("ResampleBackward0", y, (x,), backward, composite)


def _run(places: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The longest part in which each place is one further than the one before.

    >>> _run(np.array([2, 1, 0, 1, 2, 3, 2]))
    (2, 6)
    """
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    edges = np.concatenate([[0], breaks, [len(places)]])
    longest = int(np.diff(edges).argmax())
    return int(edges[longest]), int(edges[longest + 1])
