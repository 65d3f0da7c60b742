"""Attention without a table of all scores: tile by tile, with a softmax that corrects itself.

A block takes BM queries of one head. Keys and values pass by in tiles of BN, through one place in
shared memory; what is kept of all of them is, for each query, the largest score so far, the sum of
exponentials, and the weighted sum of values:

    scores = queries @ keys.T * scale
    if a score is larger than all before: sum and values shrink by exp(before - now)
    weights = exp(scores - largest);  sum += weights;  values += weights @ values of the tile

Both products are done in registers: a thread has RM queries by RN keys, or by RD columns of the
result, and reads shared memory four elements at once. The last step keeps log(sum) + largest of
each query, from which backward makes the weights again.

Source: Dao, Fu, Ermon, Rudra and Re 2022, FlashAttention, arXiv:2205.14135
"""

from __future__ import annotations

import math

from minitorch_cuda import dsl as cuda
from minitorch_cuda.instructions import load4, shared_load4, shared_store4
from minitorch_cuda.simulator import LocalArray, Pointer, SharedArray
from minitorch_operators.ieee import exp as ieee_exp
from minitorch_operators.ieee import log as ieee_log

# The template parameters: `attention_plan` chooses and binds them.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
TX, TY = 8, 16  # a thread's place in its block: TX share a query
RM, RN, RD = 4, 4, 8  # a thread's queries, keys of a tile, columns of the result
BM, BN = 64, 32  # TY * RM queries of a block, TX * RN keys of a tile
D = 64  # columns, in tiles: a head has as many or fewer
DP, PP = 68, 36  # D + 4 and BN + 4, the length of rows in shared memory: no two in one bank
A_SIZE, B_SIZE, P_SIZE = 4352, 2176, 2304  # BM * DP, BN * DP, BM * PP
RM4, RN4, RS, RO = 16, 16, 16, 32  # RM * 4, RN * 4, RM * RN, RM * RD
VECTOR = 1  # whether rows are read four elements at once
CAUSAL = 0  # 1 if query i looks at the keys 0 to i
MASK = 0  # 1: a byte for each score, whether it counts; 2: a number to add

ALL = 0xFFFFFFFF
LOWEST = -math.inf


def load_tile(
    tile: SharedArray[float],
    count: int,
    x: Pointer[float],
    at: int,
    step: int,
    rows: int,
    width: int,
) -> None:
    """`count` rows of D columns of a head, by all threads; 0 past the last row and column."""
    e = cuda.threadIdx.x
    while e < count * (D // 4):
        row, c = e // (D // 4), e % (D // 4) * 4
        a, b, u, v = T(0), T(0), T(0), T(0)
        if row < rows:
            place = at + row * step + c
            if VECTOR == 1:
                if c < width:
                    xa, xb, xu, xv = load4(x, place)
                    a, b, u, v = L(xa), L(xb), L(xu), L(xv)
            else:
                a = L(x[place]) if c < width else T(0)
                b = L(x[place + 1]) if c + 1 < width else T(0)
                u = L(x[place + 2]) if c + 2 < width else T(0)
                v = L(x[place + 3]) if c + 3 < width else T(0)
        shared_store4(tile, row * DP + c, a, b, u, v)
        e += TX * TY


def zero(numbers: LocalArray[float], count: int) -> None:
    """Start sums."""
    for i in range(count):
        numbers[i] = T(0)


def multiply_rows(s: LocalArray[float], a: SharedArray[float], b: SharedArray[float]) -> None:
    """s[i, j] = row i of a times row j of b, for this thread's rows of both."""
    left = cuda.local.array(RM4, T)
    right = cuda.local.array(RN4, T)
    tx, ty = cuda.threadIdx.x % TX, cuda.threadIdx.x // TX
    zero(s, RS)
    for e in range(0, D, 4):
        for i in range(RM):
            p, q, r, t = shared_load4(a, (ty * RM + i) * DP + e)
            left[4 * i], left[4 * i + 1], left[4 * i + 2], left[4 * i + 3] = p, q, r, t
        for j in range(RN):
            p, q, r, t = shared_load4(b, (j * TX + tx) * DP + e)
            right[4 * j], right[4 * j + 1], right[4 * j + 2], right[4 * j + 3] = p, q, r, t
        for i in range(RM):
            for j in range(RN):
                for k in range(4):
                    s[i * RN + j] = T(s[i * RN + j] + left[4 * i + k] * right[4 * j + k])


def add_product(o: LocalArray[float], p: SharedArray[float], v: SharedArray[float]) -> None:
    """o += p @ v, for this thread's rows of p (BM, BN) and columns of v (BN, D)."""
    left = cuda.local.array(RM4, T)
    tx, ty = cuda.threadIdx.x % TX, cuda.threadIdx.x // TX
    for k in range(0, BN, 4):
        for i in range(RM):
            a, b, c, d = shared_load4(p, (ty * RM + i) * PP + k)
            left[4 * i], left[4 * i + 1], left[4 * i + 2], left[4 * i + 3] = a, b, c, d
        for e in range(4):
            for r in range(RD // 4):
                a, b, c, d = shared_load4(v, (k + e) * DP + (r * TX + tx) * 4)
                for i in range(RM):
                    w = left[4 * i + e]
                    to = i * RD + 4 * r
                    o[to] = T(o[to] + w * a)
                    o[to + 1] = T(o[to + 1] + w * b)
                    o[to + 2] = T(o[to + 2] + w * c)
                    o[to + 3] = T(o[to + 3] + w * d)


def put_weights(tile: SharedArray[float], s: LocalArray[float]) -> None:
    """This thread's part of the weights, for all threads."""
    tx, ty = cuda.threadIdx.x % TX, cuda.threadIdx.x // TX
    for i in range(RM):
        for j in range(RN):
            tile[(ty * RM + i) * PP + j * TX + tx] = s[i * RN + j]


def write_tile(
    out: Pointer[float],
    o: LocalArray[float],
    at: int,
    step: int,
    rows: int,
    width: int,
) -> None:
    """This thread's part of a result (BM, D), as far as there are rows and columns."""
    tx, ty = cuda.threadIdx.x % TX, cuda.threadIdx.x // TX
    for i in range(RM):
        row = ty * RM + i
        if row < rows:
            for r in range(RD // 4):
                c = (r * TX + tx) * 4
                for e in range(4):
                    if c + e < width:
                        out[at + row * step + c + e] = S(o[i * RD + 4 * r + e])


def score(
    s: float, scale: float, mask: Pointer[float], at: int, row: int, key: int, keys: int
) -> float:
    """A score as the softmax sees it: -inf where the query does not look."""
    if key >= keys or (CAUSAL == 1 and key > row):
        return T(LOWEST)
    s = s * scale
    if MASK == 1:
        s = s if mask[at] != 0 else T(LOWEST)
    if MASK == 2:
        s = T(s + L(mask[at]))
    return s


def over_keys_max(value: float) -> float:
    """The largest of the values of the threads that share a query."""
    bits = TX // 2
    while bits > 0:
        other = cuda.shfl_xor_sync(ALL, value, bits)
        value = other if other > value else value
        bits >>= 1
    return value


def over_keys_sum(value: float) -> float:
    """The sum of the values of the threads that share a query."""
    bits = TX // 2
    while bits > 0:
        value = T(value + cuda.shfl_xor_sync(ALL, value, bits))
        bits >>= 1
    return value


def attention(
    out: Pointer[float],
    sums: Pointer[float],
    q: Pointer[float],
    k: Pointer[float],
    v: Pointer[float],
    mask: Pointer[float],
    rows: int,
    keys: int,
    width: int,
    wide: int,
    heads: int,
    o_image: int,
    o_head: int,
    o_row: int,
    q_image: int,
    q_head: int,
    q_row: int,
    k_image: int,
    k_head: int,
    k_row: int,
    v_image: int,
    v_head: int,
    v_row: int,
    m_image: int,
    m_head: int,
    m_row: int,
    m_key: int,
    scale: float,
) -> None:
    """out = softmax(q @ k.T * scale + mask) @ v, and log(sum(exp)) of each row of scores."""
    queries = cuda.shared.array(A_SIZE, T, alignment=16)
    tile = cuda.shared.array(B_SIZE, T, alignment=16)
    weights = cuda.shared.array(P_SIZE, T, alignment=16)
    s = cuda.local.array(RS, T)
    o = cuda.local.array(RO, T)
    largest = cuda.local.array(RM, T)
    total = cuda.local.array(RM, T)
    tx, ty = cuda.threadIdx.x % TX, cuda.threadIdx.x // TX
    tiles = (rows + BM - 1) // BM
    number = cuda.blockIdx.x // tiles
    first = (tiles - 1 - cuda.blockIdx.x % tiles) * BM  # with CAUSAL the last have most to do
    image, head = number // heads, number % heads
    k_at, v_at = image * k_image + head * k_head, image * v_image + head * v_head
    m_at = image * m_image + head * m_head
    q_at = image * q_image + head * q_head + first * q_row
    load_tile(queries, BM, q, q_at, q_row, rows - first, width)
    zero(o, RO)
    for i in range(RM):
        largest[i], total[i] = T(LOWEST), T(0)
    end = min(keys, first + BM) if CAUSAL == 1 else keys
    for start in range(0, end, BN):
        cuda.syncthreads()  # all have read the values before
        load_tile(tile, BN, k, k_at + start * k_row, k_row, keys - start, width)
        cuda.syncthreads()
        multiply_rows(s, queries, tile)
        for i in range(RM):
            row = first + ty * RM + i
            high = largest[i]
            for j in range(RN):
                key = start + j * TX + tx
                at = m_at + min(row, rows - 1) * m_row + key * m_key
                x = score(s[i * RN + j], scale, mask, at, row, key, keys)
                s[i * RN + j] = x
                high = x if x > high else high
            high = over_keys_max(high)
            shrink = T(0) if largest[i] == T(LOWEST) else T(ieee_exp(largest[i] - high))
            part = T(0)
            for j in range(RN):
                x = s[i * RN + j]
                w = T(0) if x == T(LOWEST) else T(ieee_exp(x - high))
                s[i * RN + j] = w
                part = T(part + w)
            total[i] = T(total[i] * shrink + over_keys_sum(part))
            largest[i] = high
            for c in range(RD):
                o[i * RD + c] = o[i * RD + c] * shrink
        put_weights(weights, s)
        cuda.syncthreads()  # all have read the keys, and written their weights
        load_tile(tile, BN, v, v_at + start * v_row, v_row, keys - start, wide)
        cuda.syncthreads()
        add_product(o, weights, tile)
    for i in range(RM):
        row = first + ty * RM + i
        part = T(1) / total[i]
        if (CAUSAL == 1 or MASK > 0) and total[i] == T(0):
            part = T(0)  # a query that may look nowhere
        for c in range(RD):
            o[i * RD + c] = o[i * RD + c] * part
        if tx == 0 and row < rows:
            sums[number * rows + row] = largest[i] + T(ieee_log(total[i]))
    o_at = image * o_image + head * o_head + first * o_row
    write_tile(out, o, o_at, o_row, rows - first, wide)
