"""The steps of the optimizers: all parameters in one launch.

A kernel cannot be handed as many pointers as a model has parameters. So it is handed a table of
addresses, which stays on the device as long as the addresses are the same:

    chunks[2 c], chunks[2 c + 1]    the tensor that block c works on, and the first element of it
    rows[TENSOR ROW + 2 k]          the address of the tensor's k-th memory (parameter, gradient,
    rows[TENSOR ROW + 2 k + 1]      state, ...), and the number of its first element there
    rows[TENSOR ROW + ROW - 1]      how many elements it has

The number of steps done so far lies on the device as well. What Adam makes of it, 1 - beta ** t,
needs more digits than float32 has: a launch with one thread for each parameter counts the steps,
and makes in float64 the two numbers that the other launch takes in float32.

Source: the formulas are in `minitorch_tensor.functional.optim_steps`.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.instructions import load4, memory_at, store4
from minitorch_cuda.kernels.planning import kernel_of
from minitorch_cuda.kernels.rows import group_sum
from minitorch_cuda.simulator import Pointer
from minitorch_operators.ieee import expm1 as ieee_expm1
from minitorch_operators.ieee import fabs as ieee_fabs
from minitorch_operators.ieee import sqrt as ieee_sqrt
from minitorch_tensor import dtype as dtypes

# The template parameters.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
ROW = 5  # numbers in a row of the table
QUAD = 4  # elements that a thread takes at once: 4, if all memory starts at a multiple of 4, or 1
CHUNK = 4096  # elements of a block
MOMENTUM = 0  # 1 if there is one
LARGEST = 0  # 1 for AMSGrad
SQUARES = 1  # 1 for the norm of squares, 0 for that of absolute values
WIDE = 0  # 1 if what is made of the steps is kept in float64


def norm_of_chunks(
    like: Pointer[float], chunks: Pointer[int], rows: Pointer[int], sums: Pointer[float]
) -> None:
    """The sum of |x| or of x * x over the part of each block."""
    row = chunks[2 * cuda.blockIdx.x] * ROW
    first = chunks[2 * cuda.blockIdx.x + 1]
    end = min(rows[row + ROW - 1], first + CHUNK)
    xs, x0 = memory_at(like, rows[row]), rows[row + 1]
    total = T(0)
    j = first + cuda.threadIdx.x * QUAD
    while j < end:
        if QUAD == 4 and j + 4 <= end:
            a, b, c, d = load4(xs, x0 + j)
            total = T(total + (power(L(a)) + power(L(b))) + (power(L(c)) + power(L(d))))
        else:
            for i in range(min(QUAD, end - j)):
                total = T(total + power(L(xs[x0 + j + i])))
        j += cuda.blockDim.x * QUAD
    total = group_sum(total)
    if cuda.threadIdx.x == 0:
        sums[cuda.blockIdx.x] = total


def power(x: float) -> float:
    """x * x, or |x|."""
    return x * x if SQUARES == 1 else T(ieee_fabs(x))


def norm_of_sums(out: Pointer[float], sums: Pointer[float], n: int) -> None:
    """The norm of all, by one block."""
    total = T(0)
    i = cuda.threadIdx.x
    while i < n:
        total = T(total + sums[i])
        i += cuda.blockDim.x
    total = group_sum(total)
    if cuda.threadIdx.x == 0:
        out[0] = S(T(ieee_sqrt(total)) if SQUARES == 1 else total)


def scale_many(
    like: Pointer[float], chunks: Pointer[int], rows: Pointer[int], factor: Pointer[float]
) -> None:
    """x = x * factor."""
    row = chunks[2 * cuda.blockIdx.x] * ROW
    first = chunks[2 * cuda.blockIdx.x + 1]
    end = min(rows[row + ROW - 1], first + CHUNK)
    xs, x0 = memory_at(like, rows[row]), rows[row + 1]
    f = L(factor[0])
    j = first + cuda.threadIdx.x * QUAD
    while j < end:
        if QUAD == 4 and j + 4 <= end:
            a, b, c, d = load4(xs, x0 + j)
            store4(xs, x0 + j, S(L(a) * f), S(L(b) * f), S(L(c) * f), S(L(d) * f))
        else:
            for i in range(min(QUAD, end - j)):
                xs[x0 + j + i] = S(L(xs[x0 + j + i]) * f)
        j += cuda.blockDim.x * QUAD


def sgd_element(
    p: float, g: float, b: float, sign: float, decay: float, momentum: float, new: float
) -> tuple[float, float]:
    """The gradient with its decay, and the momentum after it."""
    d = sign * g + decay * p
    return d, momentum * b + new * d if MOMENTUM == 1 else d


def sgd_many(
    like: Pointer[float],
    chunks: Pointer[int],
    rows: Pointer[int],
    lr: float,
    sign: float,
    decay: float,
    momentum: float,
    new: float,
    along_b: float,
    along_g: float,
) -> None:
    """p = p - lr * (along_b * b + along_g * d), where d = sign * g + decay * p.

    b = momentum * b + new * d is the momentum; without one, b is d.
    """
    row = chunks[2 * cuda.blockIdx.x] * ROW
    first = chunks[2 * cuda.blockIdx.x + 1]
    end = min(rows[row + ROW - 1], first + CHUNK)
    ps, p0 = memory_at(like, rows[row]), rows[row + 1]
    gs, g0 = memory_at(like, rows[row + 2]), rows[row + 3]
    bs, b0 = ps, p0
    if MOMENTUM == 1:
        bs, b0 = memory_at(like, rows[row + 4]), rows[row + 5]
    j = first + cuda.threadIdx.x * QUAD
    while j < end:
        if QUAD == 4 and j + 4 <= end:
            pa, pb, pc, pd = load4(ps, p0 + j)
            ga, gb, gc, gd = load4(gs, g0 + j)
            ba, bb, bc, bd = pa, pb, pc, pd
            if MOMENTUM == 1:
                ba, bb, bc, bd = load4(bs, b0 + j)
            ua, va = sgd_element(L(pa), L(ga), L(ba), sign, decay, momentum, new)
            ub, vb = sgd_element(L(pb), L(gb), L(bb), sign, decay, momentum, new)
            uc, vc = sgd_element(L(pc), L(gc), L(bc), sign, decay, momentum, new)
            ud, vd = sgd_element(L(pd), L(gd), L(bd), sign, decay, momentum, new)
            if MOMENTUM == 1:
                store4(bs, b0 + j, S(va), S(vb), S(vc), S(vd))
            store4(
                ps,
                p0 + j,
                S(L(pa) - lr * (along_b * va + along_g * ua)),
                S(L(pb) - lr * (along_b * vb + along_g * ub)),
                S(L(pc) - lr * (along_b * vc + along_g * uc)),
                S(L(pd) - lr * (along_b * vd + along_g * ud)),
            )
        else:
            for i in range(min(QUAD, end - j)):
                p = L(ps[p0 + j + i])
                u, v = sgd_element(
                    p, L(gs[g0 + j + i]), L(bs[b0 + j + i]), sign, decay, momentum, new
                )
                if MOMENTUM == 1:
                    bs[b0 + j + i] = S(v)
                ps[p0 + j + i] = S(p - lr * (along_b * v + along_g * u))
        j += cuda.blockDim.x * QUAD


def adam_moments(
    p: float,
    g: float,
    m: float,
    v: float,
    new1: float,
    old2: float,
    new2: float,
    sign: float,
    decay: float,
) -> tuple[float, float]:
    """The running means of the gradient and of its square."""
    d = sign * g + decay * p
    return m + new1 * (d - m), old2 * v + new2 * d * d


def adam_moved(
    p: float, m: float, w: float, step: float, root: float, eps: float, shrink: float
) -> float:
    """The parameter after a step along m."""
    return shrink * p - step * (m / (T(ieee_sqrt(w)) / root + eps))


def larger(w: float, v: float) -> float:
    """The larger of both; nan stays."""
    return v if v > w or v != v else w


def adam_many(
    like: Pointer[float],
    chunks: Pointer[int],
    rows: Pointer[int],
    sizes: Pointer[float],
    eps: float,
    new1: float,
    old2: float,
    new2: float,
    sign: float,
    decay: float,
    shrink: float,
) -> None:
    """m and v, and p = shrink * p - step * m / (sqrt(v) / root + eps).

    `sizes` has step and root of each tensor, from `adam_counts`. With LARGEST the largest v so far
    stands in v's place.
    """
    tensor = chunks[2 * cuda.blockIdx.x]
    row = tensor * ROW
    first = chunks[2 * cuda.blockIdx.x + 1]
    end = min(rows[row + ROW - 1], first + CHUNK)
    step, root = sizes[2 * tensor], sizes[2 * tensor + 1]
    ps, p0 = memory_at(like, rows[row]), rows[row + 1]
    gs, g0 = memory_at(like, rows[row + 2]), rows[row + 3]
    ms, m0 = memory_at(like, rows[row + 4]), rows[row + 5]
    vs, v0 = memory_at(like, rows[row + 6]), rows[row + 7]
    ws, w0 = vs, v0
    if LARGEST == 1:
        ws, w0 = memory_at(like, rows[row + 8]), rows[row + 9]
    j = first + cuda.threadIdx.x * QUAD
    while j < end:
        if QUAD == 4 and j + 4 <= end:
            pa, pb, pc, pd = load4(ps, p0 + j)
            ga, gb, gc, gd = load4(gs, g0 + j)
            ma, mb, mc, md = load4(ms, m0 + j)
            va, vb, vc, vd = load4(vs, v0 + j)
            na, sa = adam_moments(L(pa), L(ga), L(ma), L(va), new1, old2, new2, sign, decay)
            nb, sb = adam_moments(L(pb), L(gb), L(mb), L(vb), new1, old2, new2, sign, decay)
            nc, sc = adam_moments(L(pc), L(gc), L(mc), L(vc), new1, old2, new2, sign, decay)
            nd, sd = adam_moments(L(pd), L(gd), L(md), L(vd), new1, old2, new2, sign, decay)
            store4(ms, m0 + j, S(na), S(nb), S(nc), S(nd))
            store4(vs, v0 + j, S(sa), S(sb), S(sc), S(sd))
            if LARGEST == 1:
                wa, wb, wc, wd = load4(ws, w0 + j)
                sa, sb = larger(L(wa), sa), larger(L(wb), sb)
                sc, sd = larger(L(wc), sc), larger(L(wd), sd)
                store4(ws, w0 + j, S(sa), S(sb), S(sc), S(sd))
            store4(
                ps,
                p0 + j,
                S(adam_moved(L(pa), na, sa, step, root, eps, shrink)),
                S(adam_moved(L(pb), nb, sb, step, root, eps, shrink)),
                S(adam_moved(L(pc), nc, sc, step, root, eps, shrink)),
                S(adam_moved(L(pd), nd, sd, step, root, eps, shrink)),
            )
        else:
            for i in range(min(QUAD, end - j)):
                p, m = L(ps[p0 + j + i]), L(ms[m0 + j + i])
                g, v = L(gs[g0 + j + i]), L(vs[v0 + j + i])
                n, s = adam_moments(p, g, m, v, new1, old2, new2, sign, decay)
                ms[m0 + j + i], vs[v0 + j + i] = S(n), S(s)
                if LARGEST == 1:
                    s = larger(L(ws[w0 + j + i]), s)
                    ws[w0 + j + i] = S(s)
                ps[p0 + j + i] = S(adam_moved(p, n, s, step, root, eps, shrink))
        j += cuda.blockDim.x * QUAD


def adam_counts(
    like: Pointer[float],
    steps: Pointer[int],
    sizes: Pointer[float],
    n: int,
    lr: float,
    log_beta1: float,
    log_beta2: float,
) -> None:
    """t = t + 1; sizes = lr / (1 - beta1 ** t) and sqrt(1 - beta2 ** t), for each tensor.

    `steps` has the address of each count, and the number of the element there. Computes in float64,
    also for parameters in float32.
    """
    i = cuda.grid(1)
    if i < n:
        count, at = memory_at(like, steps[2 * i]), steps[2 * i + 1]
        t = cuda.float64(count[at]) + T(1)
        count[at] = cuda.float32(t)
        step = lr / -T(ieee_expm1(t * log_beta1))
        root = T(ieee_sqrt(-T(ieee_expm1(t * log_beta2))))
        if WIDE == 1:
            sizes[2 * i], sizes[2 * i + 1] = step, root
        else:
            sizes[2 * i], sizes[2 * i + 1] = cuda.float32(step), cuda.float32(root)


_FLAGS = (("ROW", 3), ("QUAD", 4), ("CHUNK", 65536), ("GROUP", 256), ("WARPS", 8), ("SQUARES", 1))

GATES: Final = (
    Gate(
        "norm of all tensors float32",
        partial(kernel_of, norm_of_chunks, "SIIT", dtypes.float32, _FLAGS),
        registers=40,
        loads128=1,
    ),
    Gate(
        "norm of the sums of blocks float32",
        partial(kernel_of, norm_of_sums, "STi", dtypes.float32, _FLAGS),
        registers=32,
    ),
    Gate(
        "all tensors times a number float32",
        partial(kernel_of, scale_many, "SIIS", dtypes.float32, _FLAGS),
        registers=40,
        loads128=1,
        stores128=1,
    ),
)
