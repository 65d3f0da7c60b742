"""One dimension resampled in one launch, for `interpolate` and `pad`; see `kernels.resample`."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from minitorch_cuda.functional.launching import backend_of, dense, fresh, run
from minitorch_cuda.kernels.resample import plan_resample
from minitorch_cuda.launcher import Launcher
from minitorch_tensor import Tensor, core
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import of_numpy
from minitorch_tensor.functional.resample import Taps, resample
from minitorch_tensor.fusing import linear_map
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Storage

Table = tuple[Tensor, Tensor, Tensor]
"""Where the entries of each element start; of each entry its place, and its weight."""


@resample.override("cuda")
def resample_fused(x: Tensor, dim: int, taps: Taps) -> Tensor:
    """All taps of all elements in one launch."""
    if not x.dtype.is_floating_point or x.layout.size == 0:
        return resample.composite(x, dim, taps)
    n, m = x.shape[dim], taps.places.shape[1]
    device = x.storage.device
    wide = x.dtype.name == "float64"
    there, back = _tables(taps, n, wide, device)
    inner = math.prod(x.shape[dim + 1 :])

    def passed(given: Tensor, size: int, table: Table) -> Tensor:
        source = dense(given)
        y = fresh(given, (*given.shape[:dim], size, *given.shape[dim + 1 :]))
        tensors = (y, source, *table)
        layouts = tuple([tensor.layout for tensor in tensors])
        sizes = (size, given.shape[dim], inner)
        limits = backend_of(device).launcher.limits
        run(plan_resample(layouts, sizes, given.dtype, limits), *tensors)
        return y

    return linear_map(
        "ResampleBackward0", x, lambda g: passed(g, m, there), lambda g: passed(g, n, back)
    )


_kept: dict[tuple[Taps, int, bool, Device], tuple[Launcher, tuple[Table, Table]]] = {}


def _tables(taps: Taps, n: int, wide: bool, device: Device) -> tuple[Table, Table]:
    """The table of these taps, and the one turned round, in the memory of a device; kept."""
    launcher, key = backend_of(device).launcher, (taps, n, wide, device)
    found = _kept.get(key)
    if found is None or found[0] is not launcher:  # the simulator may have come in between
        if len(_kept) >= 256:
            _kept.clear()
        found = _kept[key] = launcher, _made(taps, n, wide, device)
    return found[1]


def _made(taps: Taps, n: int, wide: bool, device: Device) -> tuple[Table, Table]:
    """Both tables, uploaded."""
    m = taps.places.shape[1]
    new, old, weights = entries(taps)
    made = []
    for rows, columns, size in ((new, old, m), (old, new, n)):
        order = np.argsort(rows, kind="stable")
        starts = np.searchsorted(rows[order], np.arange(size + 1))
        numbers = weights[order].astype(np.float64 if wide else np.float32)
        made.append(tuple(_on(device, a) for a in (starts, columns[order], numbers)))
    (a, b, c), (d, e, f) = made
    return (a, b, c), (d, e, f)


def _on(device: Device, array: NDArray[np.generic]) -> Tensor:
    """An array there; a word more, so that it is never empty."""
    values = np.append(array, array.dtype.type(0))
    memory = backend_of(device).upload_shared(values)
    return core.make(
        Storage(memory, device), Layout.contiguous(values.shape), of_numpy(array.dtype)
    )


def entries(
    taps: Taps,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.floating]]:
    """Of each tap that counts: the new element, the old one, and the weight; by the new ones."""
    count, m = taps.places.shape
    new = np.repeat(np.arange(m), count)
    old: NDArray[np.int64] = taps.places.T.reshape(-1)
    weights: NDArray[np.floating] = np.ones(count * m)
    if taps.weights is not None:
        weights = taps.weights.T.reshape(-1)
    if taps.inside is None:
        return new, old, weights
    counts = taps.inside.T.reshape(-1)
    return new[counts], old[counts], weights[counts]
