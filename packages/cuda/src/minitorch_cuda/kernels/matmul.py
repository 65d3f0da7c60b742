"""out = a @ b, tile by tile: a block of threads shares what each of them loads.

    for each tile of out, one block; for each element of the tile, one thread:
        total = 0
        for each pair of tiles along k:
            every thread loads one element of a's tile and one of b's
            wait until all have
            total += row of a's tile times column of b's tile
            wait until all have read

Each element is read from global memory n / TILE times instead of n times. A tile that hangs over an
edge is filled up with zeros. Operands have strides, so a transposed one costs no copy.

This is the textbook kernel, bound by its reads of shared memory: two for each multiplication.
Source: CUDA C++ Programming Guide, section on shared memory,
https://docs.nvidia.com/cuda/cuda-c-programming-guide/#shared-memory
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import (
    Kernel,
    Parameter,
    Plan,
    computing_type,
    plan,
    span_of,
    storage_type,
    template,
    types,
)
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import DType, float32, float64
from minitorch_tensor.layout import Layout

# The template parameters: `matmul_kernel` binds them anew for each type and size.
T: cuda.ValueType = cuda.float32  # computes
L: cuda.ValueType = cuda.float32  # makes a number of an element
S: cuda.ValueType = cuda.float32  # is stored
TILE = 16


def matmul(
    out: Pointer[float],
    a: Pointer[float],
    b: Pointer[float],
    n: int,
    k: int,
    m: int,
    a_batch: int,
    a_row: int,
    a_column: int,
    b_batch: int,
    b_row: int,
    b_column: int,
) -> None:
    """One element of out (batch, n, m), dense, from a (batch, n, k) and b (batch, k, m)."""
    a_tile = cuda.shared.array((TILE, TILE), T)
    b_tile = cuda.shared.array((TILE, TILE), T)
    tx = cuda.threadIdx.x
    ty = cuda.threadIdx.y

    # Blocks are numbered in one dimension: it has room for 2**31 of them, the others for 65535.
    tiles_across = (m + TILE - 1) // TILE
    tiles_down = (n + TILE - 1) // TILE
    tile = cuda.blockIdx.x
    column = tile % tiles_across * TILE + tx
    row = tile // tiles_across % tiles_down * TILE + ty
    batch = tile // tiles_across // tiles_down
    a_start = batch * a_batch + row * a_row
    b_start = batch * b_batch + column * b_column

    total = T(0)
    for start in range(0, k, TILE):
        if row < n and start + tx < k:
            a_tile[ty, tx] = L(a[a_start + (start + tx) * a_column])
        else:
            a_tile[ty, tx] = T(0)
        if start + ty < k and column < m:
            b_tile[ty, tx] = L(b[b_start + (start + ty) * b_row])
        else:
            b_tile[ty, tx] = T(0)
        cuda.syncthreads()
        for q in range(TILE):
            total += a_tile[ty, q] * b_tile[q, tx]
        cuda.syncthreads()  # the tiles are overwritten next
    if row < n and column < m:
        out[(batch * n + row) * m + column] = S(total)


_NUMBERS = (
    *("n", "k", "m"),
    *("a_batch", "a_row", "a_column"),
    *("b_batch", "b_row", "b_column"),
)


@lru_cache(maxsize=64)
def matmul_kernel(dtype: DType, tile: int) -> Kernel:
    """The kernel for one dtype, with tiles of `tile` by `tile`."""
    stored, value = storage_type(dtype), computing_type(dtype)
    parameters = (
        *(Parameter(name, stored, pointer=True) for name in ("out", "a", "b")),
        *(Parameter(name, "int64") for name in _NUMBERS),
    )
    function = template(matmul, parameters, **types(dtype), TILE=tile)
    return Kernel("matmul_kernel", function, parameters, value=value)


@lru_cache(maxsize=4096)
def plan_matmul(out: Layout, a: Layout, b: Layout, dtype: DType) -> Plan:
    """The launch for a (batch, n, k) @ b (batch, k, m); out is dense and not empty."""
    batch, n, m = out.shape
    k = a.shape[2]
    tile = 16 if max(n, m) > 8 else 8
    blocks = batch * -(-n // tile) * -(-m // tile)
    return plan(
        matmul_kernel(dtype, tile),
        (blocks, 1, 1),
        (tile, tile, 1),
        [span_of(layout) for layout in (out, a, b)],
        [n, k, m, *a.strides, *b.strides],
    )


def with_one_batch(layout: Layout) -> Layout | None:
    """A layout of (..., n, k) as (batch, n, k); None if that needs a copy.

    >>> with_one_batch(Layout.contiguous((2, 3, 4, 5)))
    Layout(shape=(6, 4, 5), strides=(20, 5, 1), offset=0)
    """
    leading = Layout(layout.shape[:-2], layout.strides[:-2])
    merged = leading.reshape((leading.size,))
    if merged is None:
        return None
    shape = (leading.size, *layout.shape[-2:])
    return Layout(shape, (*merged.strides, *layout.strides[-2:]), layout.offset)


GATES: Final = (
    Gate("matmul float32, tile 16", partial(matmul_kernel, float32, 16), registers=48),
    Gate("matmul float32, tile 8", partial(matmul_kernel, float32, 8), registers=48),
    Gate("matmul float64, tile 16", partial(matmul_kernel, float64, 16), registers=48),
)
