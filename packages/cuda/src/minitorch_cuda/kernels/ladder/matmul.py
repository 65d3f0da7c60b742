"""out = a @ b, from a line per thread to a square of registers per thread.

    naive        each thread reads a row of a and a column of b from global memory
    shared_tile  a block shares what its threads read: n / TILE reads of each element, not n
    column       a thread has UP results: what it reads of b serves all of them
    square       a thread has UP * ACROSS results: UP + ACROSS reads for UP * ACROSS products

What limits the first is global memory, then shared memory: one number read from it takes as long as
an addition and a multiplication. Each rung does the same arithmetic with fewer reads. All take
dense matrices a (n, k), b (k, m) and out (n, m) of any size.

Source: CUDA C++ Programming Guide, section on shared memory,
https://docs.nvidia.com/cuda/cuda-c-programming-guide/#shared-memory; Volkov, Better Performance at
Lower Occupancy, 2010, https://www.nvidia.com/content/GTC-2010/pdfs/2238_GTC2010.pdf
"""

from __future__ import annotations

from minitorch_cuda import dsl as cuda
from minitorch_cuda.simulator import Pointer, SharedArray

# The template parameters: `rungs` binds them anew.
T: cuda.ValueType = cuda.float32
TILE = 4  # shared_tile: a block computes TILE x TILE, and walks along k in steps of TILE
ROWS = 8  # column and square: a block computes ROWS x COLUMNS,
COLUMNS = 8
DEPTH = 4  # walks along k in steps of DEPTH,
UP = 2  # and each of its threads computes UP rows
ACROSS = 2  # of ACROSS columns
WIDTH = 4  # threads across: COLUMNS // ACROSS
HEIGHT = 4  # threads down: ROWS // UP
THREADS = 16


def naive(
    out: Pointer[float], a: Pointer[float], b: Pointer[float], n: int, k: int, m: int
) -> None:
    """A thread an element: 2 k reads of global memory for k products."""
    j, i = cuda.grid(2)
    if i < n and j < m:
        total = T(0)
        for q in range(k):
            total += a[i * k + q] * b[q * m + j]
        out[i * m + j] = total


def shared_tile(
    out: Pointer[float], a: Pointer[float], b: Pointer[float], n: int, k: int, m: int
) -> None:
    """A block reads a tile of a and one of b together: 2 reads of shared memory a product."""
    a_tile = cuda.shared.array((TILE, TILE), T)
    b_tile = cuda.shared.array((TILE, TILE), T)
    tx = cuda.threadIdx.x
    ty = cuda.threadIdx.y
    j = cuda.blockIdx.x * TILE + tx
    i = cuda.blockIdx.y * TILE + ty
    total = T(0)
    for start in range(0, k, TILE):
        a_tile[ty, tx] = a[i * k + start + tx] if i < n and start + tx < k else T(0)
        b_tile[ty, tx] = b[(start + ty) * m + j] if start + ty < k and j < m else T(0)
        cuda.syncthreads()
        for q in range(TILE):
            total += a_tile[ty, q] * b_tile[q, tx]
        cuda.syncthreads()  # the tiles are overwritten next
    if i < n and j < m:
        out[i * m + j] = total


def fill(
    tile: SharedArray[float],
    height: int,
    width: int,
    memory: Pointer[float],
    row: int,
    column: int,
    rows: int,
    columns: int,
    threads: int,
    me: int,
) -> None:
    """tile[i, j] = memory[row + i, column + j], 0 outside: each thread puts every so many-th."""
    for at in range(me, height * width, threads):
        i = at // width
        j = at % width
        if row + i < rows and column + j < columns:
            tile[i, j] = memory[(row + i) * columns + column + j]
        else:
            tile[i, j] = T(0)


def column(
    out: Pointer[float], a: Pointer[float], b: Pointer[float], n: int, k: int, m: int
) -> None:
    """A thread has UP rows of one column: UP + 1 reads of shared memory for UP products."""
    a_tile = cuda.shared.array((ROWS, DEPTH), T)
    b_tile = cuda.shared.array((DEPTH, COLUMNS), T)
    totals = cuda.local.array(UP, T)  # becomes UP registers: each index is known when compiling
    tx = cuda.threadIdx.x
    ty = cuda.threadIdx.y
    row = cuda.blockIdx.y * ROWS
    first = cuda.blockIdx.x * COLUMNS
    me = ty * COLUMNS + tx
    for i in range(UP):
        totals[i] = T(0)
    for start in range(0, k, DEPTH):
        fill(a_tile, ROWS, DEPTH, a, row, start, n, k, THREADS, me)
        fill(b_tile, DEPTH, COLUMNS, b, start, first, k, m, THREADS, me)
        cuda.syncthreads()
        for q in range(DEPTH):
            right = b_tile[q, tx]
            for i in range(UP):
                totals[i] += a_tile[ty * UP + i, q] * right
        cuda.syncthreads()
    for i in range(UP):
        if row + ty * UP + i < n and first + tx < m:
            out[(row + ty * UP + i) * m + first + tx] = totals[i]


def square(
    out: Pointer[float], a: Pointer[float], b: Pointer[float], n: int, k: int, m: int
) -> None:
    """A thread has UP rows of ACROSS columns: UP + ACROSS reads for UP * ACROSS products.

    Its columns are WIDTH apart, so that neighbouring threads read, and write, neighbouring words.
    """
    a_tile = cuda.shared.array((ROWS, DEPTH), T)
    b_tile = cuda.shared.array((DEPTH, COLUMNS), T)
    totals = cuda.local.array((UP, ACROSS), T)
    left = cuda.local.array(UP, T)
    right = cuda.local.array(ACROSS, T)
    tx = cuda.threadIdx.x
    ty = cuda.threadIdx.y
    row = cuda.blockIdx.y * ROWS
    first = cuda.blockIdx.x * COLUMNS
    me = ty * WIDTH + tx
    for i in range(UP):
        for j in range(ACROSS):
            totals[i, j] = T(0)
    for start in range(0, k, DEPTH):
        fill(a_tile, ROWS, DEPTH, a, row, start, n, k, THREADS, me)
        fill(b_tile, DEPTH, COLUMNS, b, start, first, k, m, THREADS, me)
        cuda.syncthreads()
        for q in range(DEPTH):
            for i in range(UP):
                left[i] = a_tile[ty + i * HEIGHT, q]
            for j in range(ACROSS):
                right[j] = b_tile[q, tx + j * WIDTH]
            for i in range(UP):
                for j in range(ACROSS):
                    totals[i, j] += left[i] * right[j]
        cuda.syncthreads()
    for i in range(UP):
        for j in range(ACROSS):
            y = row + ty + i * HEIGHT
            x = first + tx + j * WIDTH
            if y < n and x < m:
                out[y * m + x] = totals[i, j]
