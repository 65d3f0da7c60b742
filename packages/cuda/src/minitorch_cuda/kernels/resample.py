"""One dimension resampled: out[o, k, j] = sum of weight[e] x[o, place[e], j] over k's entries e.

The entries of each k lie behind each other, from start[k] to start[k + 1]. The transpose of such a
map is one, too: so the gradient is the same kernel with a table turned round, and each thread adds
up what comes to its own element, in one order.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import INDEX_TYPES, Plan
from minitorch_cuda.kernels.planning import kernel_of, narrowed, planned
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.layout import Layout

# Template parameters, bound anew for each kernel.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = INDEX_TYPES["uint32"]  # noqa: E741 - the name it has in all kernels


def resample(
    out: Pointer[float],
    x: Pointer[float],
    starts: Pointer[int],
    places: Pointer[int],
    weights: Pointer[float],
    n: int,
    size: int,
    old: int,
    inner: int,
) -> None:
    """n elements; `size` along the dimension, where x has `old`; `inner` behind each of them."""
    i = I(cuda.grid(1))
    while i < n:
        j = I(i % inner)
        rest = I(i // inner)
        k = I(rest % size)
        at = I(I(rest // size) * old)
        e = starts[k]
        end = starts[k + 1]
        total = T(0)
        if e < end:  # not added to 0, which would lose the sign of another
            total = weights[e] * L(x[I(I(at + places[e]) * inner + j)])
            e += 1
        while e < end:
            total += weights[e] * L(x[I(I(at + places[e]) * inner + j)])
            e += 1
        out[i] = S(total)
        i = I(i + cuda.gridsize(1))


_KINDS: Final = "SSIITuuuu"


@lru_cache(maxsize=2048)
def plan_resample(
    layouts: tuple[Layout, ...], sizes: tuple[int, int, int], dtype: DType, limits: Limits
) -> Plan:
    """The launch over out, x, starts, places and weights, all in order.

    Args:
        layouts: of the five.
        sizes: the new size of the dimension, the old one, and how many elements lie behind each.
        dtype: of out and x.
        limits: how many threads there may be.
    """
    n = layouts[0].size
    kinds = narrowed(_KINDS, max(n, layouts[1].size) + limits.threads * limits.blocks)
    return planned(resample, kinds, layouts, (n, *sizes), limits.cover(n), dtype)


GATES: Final = (
    Gate("resample float32", partial(kernel_of, resample, _KINDS, float32, ()), registers=32),
)
