"""The gradients of attention: weights are made again, tile by tile, from what forward kept.

With p = exp(scores - log(sum(exp))), g the gradient of the result, and delta = sum(g * result) of
each query:

    dv = p.T @ g        ds = p * (g @ v.T - delta) * scale        dq = ds @ k        dk = ds.T @ q

One kernel has a block for a tile of queries, past which keys go, and gives dq; the other a block
for a tile of keys, past which queries go, and gives dk and dv. So each result is written once, in a
fixed order of sums, without atomics; that scores are made twice is the price.

Source: Dao 2023, FlashAttention-2, arXiv:2307.08691
"""

from __future__ import annotations

import math

from minitorch_cuda import dsl as cuda
from minitorch_cuda.kernels.attention import (
    add_product,
    load_tile,
    multiply_rows,
    put_weights,
    score,
    write_tile,
    zero,
)
from minitorch_cuda.kernels.rows import group_sum, row_of_thread
from minitorch_cuda.simulator import Pointer
from minitorch_operators.ieee import exp as ieee_exp

# The template parameters: see `attention`. Here a block has BM queries, or BM keys.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
TX = 8
RM, RN = 4, 4
BM, BN = 32, 32
A_SIZE, B_SIZE, P_SIZE = 2176, 2176, 1152
RS, RO = 16, 32
GROUP = 32
CAUSAL = 0

LOWEST = -math.inf


def attention_deltas(
    deltas: Pointer[float],
    g: Pointer[float],
    out: Pointer[float],
    number: int,
    rows: int,
    wide: int,
    heads: int,
    g_image: int,
    g_head: int,
    g_row: int,
    o_image: int,
    o_head: int,
    o_row: int,
) -> None:
    """delta = sum(g * out) of each of `number` queries; a group of threads takes one."""
    row = row_of_thread()
    total = T(0)
    if row < number:
        head, i = row // rows, row % rows
        g_at = head // heads * g_image + head % heads * g_head + i * g_row
        o_at = head // heads * o_image + head % heads * o_head + i * o_row
        c = cuda.threadIdx.x % GROUP
        while c < wide:
            total = T(total + L(g[g_at + c]) * L(out[o_at + c]))
            c += GROUP
    total = group_sum(total)
    if row < number and cuda.threadIdx.x % GROUP == 0:
        deltas[row] = total


def weight_of(x: float, log_sum: float) -> float:
    """The weight that a score had."""
    return T(0) if x == T(LOWEST) else T(ieee_exp(x - log_sum))


def queries_gradient(
    dq: Pointer[float],
    sums: Pointer[float],
    deltas: Pointer[float],
    q: Pointer[float],
    k: Pointer[float],
    v: Pointer[float],
    g: Pointer[float],
    mask: Pointer[float],
    rows: int,
    keys: int,
    width: int,
    wide: int,
    heads: int,
    d_image: int,
    d_head: int,
    d_row: int,
    q_image: int,
    q_head: int,
    q_row: int,
    k_image: int,
    k_head: int,
    k_row: int,
    v_image: int,
    v_head: int,
    v_row: int,
    g_image: int,
    g_head: int,
    g_row: int,
    m_image: int,
    m_head: int,
    m_row: int,
    m_key: int,
    scale: float,
) -> None:
    """dq of BM queries."""
    queries = cuda.shared.array(A_SIZE, T, alignment=16)
    gradients = cuda.shared.array(A_SIZE, T, alignment=16)
    tile = cuda.shared.array(B_SIZE, T, alignment=16)
    pulls = cuda.shared.array(P_SIZE, T, alignment=16)
    s = cuda.local.array(RS, T)
    d = cuda.local.array(RS, T)
    o = cuda.local.array(RO, T)
    tx, ty = cuda.threadIdx.x % TX, cuda.threadIdx.x // TX
    tiles = (rows + BM - 1) // BM
    number = cuda.blockIdx.x // tiles
    first = (tiles - 1 - cuda.blockIdx.x % tiles) * BM
    image, head = number // heads, number % heads
    k_at, v_at = image * k_image + head * k_head, image * v_image + head * v_head
    m_at = image * m_image + head * m_head
    q_at = image * q_image + head * q_head + first * q_row
    g_at = image * g_image + head * g_head + first * g_row
    load_tile(queries, BM, q, q_at, q_row, rows - first, width)
    load_tile(gradients, BM, g, g_at, g_row, rows - first, wide)
    zero(o, RO)
    end = min(keys, first + BM) if CAUSAL == 1 else keys
    for start in range(0, end, BN):
        cuda.syncthreads()
        load_tile(tile, BN, v, v_at + start * v_row, v_row, keys - start, wide)
        cuda.syncthreads()
        multiply_rows(d, gradients, tile)
        cuda.syncthreads()
        load_tile(tile, BN, k, k_at + start * k_row, k_row, keys - start, width)
        cuda.syncthreads()
        multiply_rows(s, queries, tile)
        for i in range(RM):
            row = min(first + ty * RM + i, rows - 1)
            log_sum, delta = sums[number * rows + row], deltas[number * rows + row]
            for j in range(RN):
                key = start + j * TX + tx
                at = m_at + row * m_row + key * m_key
                x = score(s[i * RN + j], scale, mask, at, row, key, keys)
                s[i * RN + j] = weight_of(x, log_sum) * (d[i * RN + j] - delta) * scale
        put_weights(pulls, s)
        cuda.syncthreads()
        add_product(o, pulls, tile)
    d_at = image * d_image + head * d_head + first * d_row
    write_tile(dq, o, d_at, d_row, rows - first, width)


def keys_gradient(
    dk: Pointer[float],
    dv: Pointer[float],
    sums: Pointer[float],
    deltas: Pointer[float],
    q: Pointer[float],
    k: Pointer[float],
    v: Pointer[float],
    g: Pointer[float],
    mask: Pointer[float],
    rows: int,
    keys: int,
    width: int,
    wide: int,
    heads: int,
    d_image: int,
    d_head: int,
    d_row: int,
    e_image: int,
    e_head: int,
    e_row: int,
    q_image: int,
    q_head: int,
    q_row: int,
    k_image: int,
    k_head: int,
    k_row: int,
    v_image: int,
    v_head: int,
    v_row: int,
    g_image: int,
    g_head: int,
    g_row: int,
    m_image: int,
    m_head: int,
    m_row: int,
    m_key: int,
    scale: float,
) -> None:
    """dk and dv of BM keys."""
    own_keys = cuda.shared.array(A_SIZE, T, alignment=16)
    own_values = cuda.shared.array(A_SIZE, T, alignment=16)
    tile = cuda.shared.array(B_SIZE, T, alignment=16)
    weights = cuda.shared.array(P_SIZE, T, alignment=16)
    s = cuda.local.array(RS, T)
    d = cuda.local.array(RS, T)
    of_keys = cuda.local.array(RO, T)
    of_values = cuda.local.array(RO, T)
    tx, ty = cuda.threadIdx.x % TX, cuda.threadIdx.x // TX
    tiles = (keys + BM - 1) // BM
    number = cuda.blockIdx.x // tiles
    first = cuda.blockIdx.x % tiles * BM
    image, head = number // heads, number % heads
    q_at, g_at = image * q_image + head * q_head, image * g_image + head * g_head
    m_at = image * m_image + head * m_head
    k_at = image * k_image + head * k_head + first * k_row
    v_at = image * v_image + head * v_head + first * v_row
    load_tile(own_keys, BM, k, k_at, k_row, keys - first, width)
    load_tile(own_values, BM, v, v_at, v_row, keys - first, wide)
    zero(of_keys, RO)
    zero(of_values, RO)
    begin = first // BN * BN if CAUSAL == 1 else 0  # no query before these keys looks at them
    for start in range(begin, rows, BN):
        cuda.syncthreads()
        load_tile(tile, BN, q, q_at + start * q_row, q_row, rows - start, width)
        cuda.syncthreads()
        multiply_rows(s, own_keys, tile)
        for j in range(RN):
            row = start + j * TX + tx
            log_sum = sums[number * rows + min(row, rows - 1)]
            for i in range(RM):
                key = first + ty * RM + i
                w = T(0)
                if row < rows:
                    at = m_at + row * m_row + min(key, keys - 1) * m_key
                    x = score(s[i * RN + j], scale, mask, at, row, key, keys)
                    w = weight_of(x, log_sum)
                s[i * RN + j] = w
        put_weights(weights, s)
        cuda.syncthreads()
        load_tile(tile, BN, g, g_at + start * g_row, g_row, rows - start, wide)
        cuda.syncthreads()
        multiply_rows(d, own_values, tile)
        add_product(of_values, weights, tile)
        for j in range(RN):
            row = start + j * TX + tx
            delta = deltas[number * rows + row] if row < rows else T(0)
            for i in range(RM):
                s[i * RN + j] = s[i * RN + j] * (d[i * RN + j] - delta) * scale
        cuda.syncthreads()
        put_weights(weights, s)
        load_tile(tile, BN, q, q_at + start * q_row, q_row, rows - start, width)
        cuda.syncthreads()
        add_product(of_keys, weights, tile)
    d_at = image * d_image + head * d_head + first * d_row
    write_tile(dk, of_keys, d_at, d_row, keys - first, width)
    e_at = image * e_image + head * e_head + first * e_row
    write_tile(dv, of_values, e_at, e_row, keys - first, wide)
