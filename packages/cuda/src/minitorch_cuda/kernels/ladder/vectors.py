"""out = a @ b with four numbers an instruction, and then without waiting for global memory.

    by_fours     the square of registers of `matmul`, but global and shared memory are read four
                 numbers at once: a quarter of the instructions that are no arithmetic
    two_tiles    while a tile is multiplied, the next is on its way: one barrier a step, and what
                 global memory takes is spent computing

Four numbers at once must be neighbours. Those of b are; those of a that a thread needs lie in a
column, so its tile is turned over on the way into shared memory. Positions must be multiples of
four: k and m have to be. Each thread fetches four numbers of each tile, no more and no fewer, which
ties the sizes to each other (`rungs` checks it).

Source: CUTLASS, Efficient GEMM in CUDA,
https://docs.nvidia.com/cutlass/latest/media/docs/cpp/efficient_gemm.html
"""

from __future__ import annotations

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import Four, load4, shared_load4, shared_store4, store4
from minitorch_cuda.simulator import LocalArray, Pointer, SharedArray

# The template parameters: `rungs` binds them anew.
T: cuda.ValueType = cuda.float32
ROWS = 16  # a block computes ROWS x COLUMNS,
COLUMNS = 16
DEPTH = 4  # and walks along k in steps of DEPTH
UP = 4  # a thread computes UP rows, in groups of four that are ROWS // UP * 4 apart,
ACROSS = 4  # of ACROSS columns, likewise
WIDTH = 4  # threads across: COLUMNS // ACROSS
HEIGHT = 4  # threads down: ROWS // UP
A_WORDS = 64  # ROWS * DEPTH
B_WORDS = 64  # DEPTH * COLUMNS
A_WORDS_TWICE = 128
B_WORDS_TWICE = 128


def four(memory: Pointer[float], row: int, column: int, rows: int, columns: int) -> Four:
    """Four neighbours of a matrix, zeros outside; `column` and `columns` are multiples of 4."""
    if row < rows and column < columns:
        return load4(memory, row * columns + column)
    return T(0), T(0), T(0), T(0)


def put_across(tile: SharedArray[float], at: int, i: int, j: int, values: Four) -> None:
    """Four numbers of row i, from column j on, into a tile that is turned over: (DEPTH, ROWS)."""
    tile[at + j * ROWS + i] = values[0]
    tile[at + (j + 1) * ROWS + i] = values[1]
    tile[at + (j + 2) * ROWS + i] = values[2]
    tile[at + (j + 3) * ROWS + i] = values[3]


def multiply(
    totals: LocalArray[float],
    left: LocalArray[float],
    right: LocalArray[float],
    a_tile: SharedArray[float],
    b_tile: SharedArray[float],
    a_at: int,
    b_at: int,
    tx: int,
    ty: int,
) -> None:
    """Add the products of two tiles, which begin at `a_at` and `b_at`, to a thread's results."""
    for q in range(DEPTH):
        for g in range(0, UP, 4):
            at = a_at + q * ROWS + g * HEIGHT + ty * 4
            left[g], left[g + 1], left[g + 2], left[g + 3] = shared_load4(a_tile, at)
        for g in range(0, ACROSS, 4):
            at = b_at + q * COLUMNS + g * WIDTH + tx * 4
            right[g], right[g + 1], right[g + 2], right[g + 3] = shared_load4(b_tile, at)
        for i in range(UP):
            for j in range(ACROSS):
                totals[i, j] += left[i] * right[j]


def write(
    out: Pointer[float],
    totals: LocalArray[float],
    row: int,
    column: int,
    n: int,
    m: int,
    tx: int,
    ty: int,
) -> None:
    """A thread's results, four columns at once."""
    for i in range(UP):
        y = row + i // 4 * 4 * HEIGHT + ty * 4 + i % 4
        for g in range(0, ACROSS, 4):
            x = column + g * WIDTH + tx * 4
            if y < n and x < m:
                store4(
                    out,
                    y * m + x,
                    totals[i, g],
                    totals[i, g + 1],
                    totals[i, g + 2],
                    totals[i, g + 3],
                )


def by_fours(
    out: Pointer[float], a: Pointer[float], b: Pointer[float], n: int, k: int, m: int
) -> None:
    """(UP + ACROSS) / 4 reads of shared memory for UP * ACROSS products; k and m by fours."""
    a_tile = cuda.shared.array(A_WORDS, T, alignment=16)
    b_tile = cuda.shared.array(B_WORDS, T, alignment=16)
    totals = cuda.local.array((UP, ACROSS), T)
    left = cuda.local.array(UP, T)
    right = cuda.local.array(ACROSS, T)
    tx = cuda.threadIdx.x
    ty = cuda.threadIdx.y
    row = cuda.blockIdx.y * ROWS
    column = cuda.blockIdx.x * COLUMNS
    me = ty * WIDTH + tx
    a_i = me // (DEPTH // 4)  # where the four numbers are that this thread fetches
    a_j = me % (DEPTH // 4) * 4
    b_i = me // (COLUMNS // 4)
    b_j = me % (COLUMNS // 4) * 4
    for i in range(UP):
        for j in range(ACROSS):
            totals[i, j] = T(0)
    for start in range(0, k, DEPTH):
        put_across(a_tile, 0, a_i, a_j, four(a, row + a_i, start + a_j, n, k))
        x0, x1, x2, x3 = four(b, start + b_i, column + b_j, k, m)
        shared_store4(b_tile, b_i * COLUMNS + b_j, x0, x1, x2, x3)
        cuda.syncthreads()
        multiply(totals, left, right, a_tile, b_tile, 0, 0, tx, ty)
        cuda.syncthreads()
    write(out, totals, row, column, n, m, tx, ty)


def two_tiles(
    out: Pointer[float], a: Pointer[float], b: Pointer[float], n: int, k: int, m: int
) -> None:
    """`by_fours` with the next four numbers of each thread on their way; k and m by fours."""
    a_tile = cuda.shared.array(A_WORDS_TWICE, T, alignment=16)
    b_tile = cuda.shared.array(B_WORDS_TWICE, T, alignment=16)
    totals = cuda.local.array((UP, ACROSS), T)
    left = cuda.local.array(UP, T)
    right = cuda.local.array(ACROSS, T)
    tx = cuda.threadIdx.x
    ty = cuda.threadIdx.y
    row = cuda.blockIdx.y * ROWS
    column = cuda.blockIdx.x * COLUMNS
    me = ty * WIDTH + tx
    a_i = me // (DEPTH // 4)
    a_j = me % (DEPTH // 4) * 4
    b_i = me // (COLUMNS // 4)
    b_j = me % (COLUMNS // 4) * 4
    for i in range(UP):
        for j in range(ACROSS):
            totals[i, j] = T(0)
    next_a = four(a, row + a_i, a_j, n, k)
    next_b = four(b, b_i, column + b_j, k, m)
    turn = 0  # which of the two tiles
    for start in range(0, k, DEPTH):
        put_across(a_tile, turn * A_WORDS, a_i, a_j, next_a)
        x0, x1, x2, x3 = next_b
        shared_store4(b_tile, turn * B_WORDS + b_i * COLUMNS + b_j, x0, x1, x2, x3)
        # One barrier is enough: who is a step ahead writes into the other tile, and two steps
        # ahead is nobody.
        cuda.syncthreads()
        next_a = four(a, row + a_i, start + DEPTH + a_j, n, k)  # arrives while we multiply
        next_b = four(b, start + DEPTH + b_i, column + b_j, k, m)
        multiply(totals, left, right, a_tile, b_tile, turn * A_WORDS, turn * B_WORDS, tx, ty)
        turn = 1 - turn
    write(out, totals, row, column, n, m, tx, ty)
