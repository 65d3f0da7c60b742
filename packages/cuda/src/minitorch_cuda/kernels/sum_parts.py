"""out[i] = parts[0, i] + parts[1, i] + ... + bias: what several blocks found of one sum, in order.

    for each i, a thread:
        for each part: add its number

Threads that are neighbours read neighbours in every part. The order is that of the parts, so the
same input gives the same bits.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final, Literal

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import (
    INDEX_TYPES,
    Kernel,
    Parameter,
    Plan,
    Span,
    computing_type,
    hand_written,
    plan,
    span_of,
    storage_type,
    types,
)
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import DType, float16, float32
from minitorch_tensor.layout import Layout

# Template parameters, bound anew for each kernel.
T: cuda.ValueType = cuda.float32
L: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = INDEX_TYPES["uint32"]  # noqa: E741 - the name it has in all kernels


def sum_parts(out: Pointer[float], parts: Pointer[float], size: int, count: int) -> None:
    """`size` sums of `count` numbers each."""
    i = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    while i < size:
        out[i] = S(_sum(parts, i, size, count))
        i = I(i + step)


def sum_parts_biased(
    out: Pointer[float],
    parts: Pointer[float],
    bias: Pointer[float],
    size: int,
    count: int,
    apart: int,
    period: int,
) -> None:
    """The same plus bias[i / apart mod period]."""
    i = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    while i < size:
        out[i] = S(_sum(parts, i, size, count) + L(bias[I(I(i // apart) % period)]))
        i = I(i + step)


def _sum(parts: Pointer[float], i: int, size: int, count: int) -> float:
    total = T(0)
    at = i
    p = I(0)
    while p < count:
        total += parts[at]
        at = I(at + size)
        p = I(p + 1)
    return total


@lru_cache(maxsize=64)
def sum_parts_kernel(dtype: DType, biased: bool, index: str) -> Kernel:
    """The kernel for parts in the computing type of `dtype`."""
    stored, value = storage_type(dtype), computing_type(dtype)
    pointers = [("out", stored), ("parts", value)] + ([("bias", stored)] if biased else [])
    names = ("size", "count", *(("apart", "period") if biased else ()))
    parameters = (
        *(Parameter(name, kind, pointer=True) for name, kind in pointers),
        *(Parameter(name, index) for name in names),
    )
    function = sum_parts_biased if biased else sum_parts
    bound = {**types(dtype), "I": INDEX_TYPES[index]}
    bound.pop("T")  # `hand_written` binds it
    return hand_written(function, parameters, value, "", **bound)


@lru_cache(maxsize=4096)
def plan_sum_parts(
    out: Layout,
    count: int,
    dtype: DType,
    limits: Limits,
    bias: Layout | None = None,
    along: Literal["", "rows", "columns"] = "",
) -> Plan:
    """The launch for dense `out` (..., m, n), and `count` parts of its size behind each other."""
    size = out.size
    index = "uint32" if (size + limits.threads * limits.blocks) * count < 1 << 31 else "int64"
    grid, block = limits.cover(size)
    spans = [span_of(out), Span(0, 0, size * count)]
    numbers = [size, count]
    if bias is not None:
        m, n = out.shape[-2:]
        spans.append(span_of(bias))
        numbers += [n, m] if along == "rows" else [1, n]
    return plan(sum_parts_kernel(dtype, bias is not None, index), grid, block, spans, numbers)


GATES: Final = (
    Gate("sum of parts float32", partial(sum_parts_kernel, float32, False, "uint32"), registers=32),
    Gate(
        "sum of parts float16, bias",
        partial(sum_parts_kernel, float16, True, "uint32"),
        registers=32,
    ),
)
