"""out[o] = the k whose x[o, k] beats all others: a nan, else the largest (or smallest).

    serial: each thread runs through all k of one output, and keeps the best.
    tree:   HEIGHT threads share one output; then half of them compare their best with the other
        half's.

Of equals the first wins: to beat is a total order on (element, k), and the shape of the tree does
not matter.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final

from minitorch_cuda.gates import Gate
from minitorch_cuda.kernel import (
    Kernel,
    Parameter,
    Plan,
    computing_type,
    from_text,
    plan,
    span_of,
    storage_type,
)
from minitorch_cuda.kernels.reduce import parts_of, shape_of_block
from minitorch_cuda.kernels.source import Position, indent, load, numbers, scope
from minitorch_cuda.limits import Limits
from minitorch_cuda.target import scope_of, specialised
from minitorch_operators import Binary, gt
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.layout import Layout

_BEATS = '''"""{title}"""

{function}

def beats(v, i, w, j):
    nan = v != v
    tie = v == w or (nan and w != w)
    return (nan and w == w) or {fn}(v, w) != T(0) or (tie and i < j)

'''

_SERIAL = (
    _BEATS
    + """
def {name}({parameters}):
    k = I(cuda.grid(1))
    step = I(cuda.gridsize(1))
    while k < n:
        {kept}
        best = {first}
        at = int64(0)
        r = I(1)
        while r < m:
            v = {value}
            if beats(v, int64(r), best, at):
                best = v
                at = int64(r)
            r = I(r + 1)
        out[out_k] = at
        k = I(k + step)
"""
)

_TREE = (
    _BEATS
    + """
def {name}({parameters}):
    values = cuda.shared.array(THREADS, T)
    places = cuda.shared.array(THREADS, int64)
    tx = cuda.threadIdx.x  # which of the block's WIDTH outputs
    ty = cuda.threadIdx.y  # which of the HEIGHT threads that share it
    k = I(cuda.blockIdx.x * WIDTH + tx)
    t = ty * WIDTH + tx
    if k < n and ty < m:
        {kept}
        r = I(ty)
        best = {value}
        at = int64(r)
        r = I(r + HEIGHT)
        while r < m:
            v = {value}
            if beats(v, int64(r), best, at):
                best = v
                at = int64(r)
            r = I(r + HEIGHT)
        values[t] = best
        places[t] = at
    cuda.syncthreads()
    half = HEIGHT // 2
    while half > 0:
        if k < n and ty < half and ty + half < m:
            u = t + half * WIDTH
            if beats(values[u], places[u], values[t], places[t]):
                values[t] = values[u]
                places[t] = places[u]
        cuda.syncthreads()
        half = half // 2
    if k < n and ty == 0:
        {kept}
        out[out_k] = places[t]
"""
)


@lru_cache(maxsize=1024)
def plan_arg_reduce(
    operator: Binary, out: Layout, x: Layout, dim: int, dtype: DType, limits: Limits
) -> Plan | None:
    """The launch of argmax (operator gt) or argmin (lt) along `dim`; None if there is no output."""
    kept = [i for i in range(x.ndim) if i != dim]
    parts = parts_of(out, x.permute(kept), x.permute([dim]))
    if parts.n == 0:
        return None
    tree = shape_of_block(parts, limits) if parts.m > limits.serial else None
    kernel = arg_reduce_kernel(operator, dtype, parts.kept.rank, parts.index, tree)
    grid, block = limits.cover(parts.n)
    if tree is not None:
        grid, block = (-(-parts.n // tree[0]), 1, 1), (*tree, 1)
    walk = numbers(parts.kept.shape, parts.kept.strides)
    return plan(
        kernel,
        grid,
        block,
        [span_of(parts.out), span_of(x)],
        [parts.n, parts.m, *walk, x.strides[dim]],
    )


@lru_cache(maxsize=1024)
def arg_reduce_kernel(
    operator: Binary, dtype: DType, rank: int, index: str, tree: tuple[int, int] | None
) -> Kernel:
    """The kernel for one comparison, type and rank; with `tree`, WIDTH and HEIGHT of a block."""
    value = computing_type(dtype)
    program = specialised(operator.fn, value)
    position = Position(["out", "x"], "k", rank)
    parameters = [
        Parameter("out", "int64", pointer=True),
        Parameter("x", storage_type(dtype), pointer=True),
        Parameter("n", index),
        Parameter("m", index),
        *position.parameters(index),
        Parameter("stride", index),
    ]
    name = f"arg{'max' if program.entry == 'gt' else 'min'}_kernel"
    text = (_SERIAL if tree is None else _TREE).format(
        title=f"The place of the element of {dtype.name} that is {program.entry} all others.",
        function=program.text,
        name=name,
        fn=program.entry,
        parameters=", ".join(parameter.name for parameter in parameters),
        kept=indent(position.text("k"), 2),
        first=load("x[x_k]", dtype, dtype),
        value=load("x[I(x_k + r * stride)]", dtype, dtype),
    )
    bound = {**scope(value, index, dtype), **scope_of(program, value)}
    if tree is not None:
        width, height = tree
        bound |= {"WIDTH": width, "HEIGHT": height, "THREADS": width * height}
    return from_text(name, text, parameters, bound, value=value)


def _argmax(tree: tuple[int, int] | None) -> Kernel:
    return arg_reduce_kernel(gt, float32, 1, "uint32", tree)


GATES: Final = (
    Gate("argmax float32, alone", partial(_argmax, None), registers=32),
    Gate("argmax float32, rows", partial(_argmax, (1, 256)), registers=40),
)
