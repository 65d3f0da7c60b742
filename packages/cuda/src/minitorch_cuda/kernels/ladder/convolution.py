"""conv1d and conv2d: a thread an output, then a block that shares the window it slides over.

    conv1d:  out[b, o, i] = sum over c, k of weight[o, c, k] * x[b, c, i + k]
    conv2d:  out[b, o, i, j] = sum over c, k, q of weight[o, c, k, q] * x[b, c, i + k, j + q]

What lies beyond the end of x counts as 0, so the output is as long as the input: the convolution of
the course, which is PyTorch's with a padding at the end only. With `reverse` the window reaches to
the left, i - k in the place of i + k: that is the gradient with respect to x, for the transposed
weight. All tensors are dense, in this order of dimensions.

Threads that are neighbours read windows that overlap: `conv1d_shared` reads each element of x once
a block and channel, and one window more than it has outputs, the halo.

Source: https://minitorch.github.io/module4/module4/
"""

from __future__ import annotations

from functools import lru_cache

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import Kernel, Parameter, hand_written
from minitorch_cuda.simulator import Pointer

T: cuda.ValueType = cuda.float32
BLOCK = 32
HALO = 8  # conv1d_shared: the longest kernel
WINDOW = 40  # BLOCK + HALO


def conv1d(
    out: Pointer[float],
    x: Pointer[float],
    weight: Pointer[float],
    batch: int,
    channels: int,
    length: int,
    outputs: int,
    taps: int,
    reverse: int,
) -> None:
    """x (batch, channels, length), weight (outputs, channels, taps), out (batch, outputs, length).

    >>> import numpy as np
    >>> from minitorch_cuda import simulate
    >>> x, w = np.arange(1, 5, dtype=np.float32), np.array([10, 1], np.float32)
    >>> out = np.empty(4, np.float32)
    >>> simulate(conv1d, 1, 4, out, x, w, 1, 1, 4, 1, 2, 0)
    >>> out
    array([12., 23., 34., 40.], dtype=float32)
    """
    at = cuda.grid(1)
    if at < batch * outputs * length:
        i = at % length
        o = at // length % outputs
        b = at // length // outputs
        total = T(0)
        for c in range(channels):
            for k in range(taps):
                j = i - k if reverse else i + k
                if j >= 0 and j < length:
                    total += (
                        weight[(o * channels + c) * taps + k] * x[(b * channels + c) * length + j]
                    )
        out[at] = total


def conv1d_shared(
    out: Pointer[float],
    x: Pointer[float],
    weight: Pointer[float],
    channels: int,
    length: int,
    outputs: int,
    taps: int,
) -> None:
    """`conv1d` without `reverse`: a block of BLOCK threads for as many outputs, up to HALO taps.

    The grid is (blocks for the length, outputs, batch).

    >>> import numpy as np
    >>> from minitorch_cuda import simulate
    >>> x, w = np.arange(1, 5, dtype=np.float32), np.array([10, 1], np.float32)
    >>> out = np.empty(4, np.float32)
    >>> simulate(conv1d_shared, (1, 1, 1), 32, out, x, w, 1, 4, 1, 2)
    >>> out
    array([12., 23., 34., 40.], dtype=float32)
    """
    window = cuda.shared.array(WINDOW, T)
    taps_of_channel = cuda.shared.array(HALO, T)
    me = cuda.threadIdx.x
    first = cuda.blockIdx.x * BLOCK
    o = cuda.blockIdx.y
    b = cuda.blockIdx.z
    total = T(0)
    for c in range(channels):
        for at in range(me, BLOCK + taps, BLOCK):
            inside = first + at < length
            window[at] = x[(b * channels + c) * length + first + at] if inside else T(0)
        if me < taps:
            taps_of_channel[me] = weight[(o * channels + c) * taps + me]
        cuda.syncthreads()
        for k in range(taps):
            total += taps_of_channel[k] * window[me + k]
        cuda.syncthreads()  # the next channel is put over this one
    if first + me < length:
        out[(b * outputs + o) * length + first + me] = total


def conv2d(
    out: Pointer[float],
    x: Pointer[float],
    weight: Pointer[float],
    batch: int,
    channels: int,
    height: int,
    width: int,
    outputs: int,
    rows: int,
    columns: int,
    reverse: int,
) -> None:
    """x (batch, channels, height, width), weight (outputs, channels, rows, columns).

    >>> import numpy as np
    >>> from minitorch_cuda import simulate
    >>> x, w = np.ones((3, 3), np.float32), np.ones((2, 2), np.float32)
    >>> out = np.empty((3, 3), np.float32)
    >>> simulate(conv2d, 1, 9, out, x, w, 1, 1, 3, 3, 1, 2, 2, 0)
    >>> out
    array([[4., 4., 2.],
           [4., 4., 2.],
           [2., 2., 1.]], dtype=float32)
    """
    at = cuda.grid(1)
    if at < batch * outputs * height * width:
        j = at % width
        i = at // width % height
        o = at // width // height % outputs
        b = at // width // height // outputs
        total = T(0)
        for c in range(channels):
            for k in range(rows):
                y = i - k if reverse else i + k
                for q in range(columns):
                    z = j - q if reverse else j + q
                    if y >= 0 and y < height and z >= 0 and z < width:
                        w = weight[((o * channels + c) * rows + k) * columns + q]
                        total += w * x[((b * channels + c) * height + y) * width + z]
        out[at] = total


def _parameters(*numbers: str) -> tuple[Parameter, ...]:
    return (
        *(Parameter(name, "float32", pointer=True) for name in ("out", "x", "weight")),
        *(Parameter(name, "int64") for name in numbers),
    )


@lru_cache(maxsize=1)
def conv1d_kernel() -> Kernel:
    """`conv1d` to be compiled."""
    numbers = ("batch", "channels", "length", "outputs", "taps", "reverse")
    return hand_written(conv1d, _parameters(*numbers), "float32")


@lru_cache(maxsize=1)
def conv1d_shared_kernel() -> Kernel:
    """`conv1d_shared` to be compiled."""
    numbers = ("channels", "length", "outputs", "taps")
    return hand_written(conv1d_shared, _parameters(*numbers), "float32")


@lru_cache(maxsize=1)
def conv2d_kernel() -> Kernel:
    """`conv2d` to be compiled."""
    numbers = ("batch", "channels", "height", "width", "outputs", "rows", "columns", "reverse")
    return hand_written(conv2d, _parameters(*numbers), "float32")


GATES = (
    Gate("course conv1d", conv1d_kernel, registers=40),
    Gate("course conv1d_shared", conv1d_shared_kernel, registers=56),
    Gate("course conv2d", conv2d_kernel, registers=40),
)
