"""softmax and log_softmax over any dimension; the loops are in `softmax_loops`."""

from __future__ import annotations

import math
from typing import Final

from minitorch_fast import fused, threads
from minitorch_fast.functional import softmax_loops as loops
from minitorch_fast.functional.memory import flat, fresh, kind, shares
from minitorch_tensor import Tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.exponentials import log_softmax, softmax, softmax_arguments
from minitorch_tensor.fusing import record_softmax

PARALLEL: Final = 60_000
"""From so many elements on, the rows are shared out to threads."""

SHORT: Final = 32
"""Up to so many elements of a row the exponentials of several rows are made together."""


@softmax.override("cpu")
def fused_softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """exp(x - m) / sum(exp(x - m)) while a row is in cache; backward needs the result only."""
    x, i = softmax_arguments("softmax", input, dim, dtype)
    if kind(x.dtype) is None or x.layout.size == 0:
        return softmax.composite(x, i)

    def kernel(g: Tensor, y: Tensor) -> Tensor:
        return _backward(g, y, i, logarithm=False)

    return record_softmax(x, _forward(x, i, logarithm=False), i, kernel, logarithm=False)


@log_softmax.override("cpu")
def fused_log_softmax(
    input: Tensor, dim: int | None = None, *, dtype: DType | None = None
) -> Tensor:
    """(x - m) - log(sum(exp(x - m))), likewise."""
    x, i = softmax_arguments("log_softmax", input, dim, dtype)
    if kind(x.dtype) is None or x.layout.size == 0:
        return log_softmax.composite(x, i)

    def kernel(g: Tensor, y: Tensor) -> Tensor:
        return _backward(g, y, i, logarithm=True)

    return record_softmax(x, _forward(x, i, logarithm=True), i, kernel, logarithm=True)


def _forward(x: Tensor, dim: int, *, logarithm: bool) -> Tensor:
    y, out = fresh(x, x.layout.shape)
    computed = kind(x.dtype)
    assert computed is not None
    n, inner, source = *_sizes(x, dim), flat(x)
    if inner == 1:
        loop = loops.softmax_short if n <= SHORT else loops.softmax_rows
        kernel = fused.compiled(loop, computed)
        ranges = shares(out.size // n, out.size, PARALLEL)
        threads.run(kernel, [(out, source, a, b, n, logarithm) for a, b in ranges])
    else:
        kernel = fused.compiled(loops.softmax_columns, computed)
        ranges = shares(out.size // (n * inner), out.size, PARALLEL)
        threads.run(kernel, [(out, source, a, b, n, inner, logarithm) for a, b in ranges])
    return y


def _backward(g: Tensor, y: Tensor, dim: int, *, logarithm: bool) -> Tensor:
    dx, out = fresh(y, y.layout.shape)
    computed = kind(y.dtype)
    assert computed is not None
    n, inner, arrays = *_sizes(y, dim), (out, flat(y), flat(g))
    if inner == 1:
        loop = loops.log_softmax_rows_gradient if logarithm else loops.softmax_rows_gradient
        kernel = fused.compiled(loop, computed)
        ranges = shares(out.size // n, out.size, PARALLEL)
        threads.run(kernel, [(*arrays, a, b, n) for a, b in ranges])
    else:
        kernel = fused.compiled(loops.columns_gradient, computed)
        ranges = shares(out.size // (n * inner), out.size, PARALLEL)
        threads.run(kernel, [(*arrays, a, b, n, inner, logarithm) for a, b in ranges])
    return dx


def _sizes(x: Tensor, dim: int) -> tuple[int, int]:
    """How many elements a sum has, and how far apart they lie."""
    shape = x.layout.shape
    return (shape[dim], math.prod(shape[dim + 1 :])) if shape else (1, 1)
