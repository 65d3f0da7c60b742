"""What each step from the scalar function to the vector loop gains: `... steps gelu`.

The operator is compiled five times, with one more of the ideas of this package each time, and timed
on an array that fits into the cache. The README says what the steps are.
"""

from __future__ import annotations

import ast
import inspect
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from minitorch_fast import cache, kernels, plan, templates
from minitorch_fast.target import Body, NumbaTarget, inline
from minitorch_fast.templates import Spec
from minitorch_operators import Binary, Ternary, Unary
from minitorch_tensor import float32
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import expression

SIZE = 10_000
"""Elements: 40 kB, so that it is the computation that is timed, not the memory."""


class _AsWritten(NumbaTarget):
    """Literals as Python has them, float64, and the C library's functions."""

    def literal(self, value: float) -> str:
        return f'f64("{value!r}")'

    def library(self) -> dict[str, ast.FunctionDef]:
        return {}


class _Typed(NumbaTarget):
    """Literals of float32, and the C library's functions."""

    def library(self) -> dict[str, ast.FunctionDef]:
        return {}


def steps(operator: Unary | Binary | Ternary) -> Iterator[tuple[str, float]]:
    """The name of each step, and how many nanoseconds an element takes with it."""
    fn = operator.fn
    names = list(inspect.signature(fn).parameters)
    rng = np.random.default_rng(0)
    operands = [np.abs(rng.standard_normal(SIZE)).astype(np.float32) + 0.1 for _ in names]
    out = np.empty_like(operands[0])
    few = [x[:200].tolist() for x in operands]
    yield "Python, one float at a time", _seconds(lambda: list(map(fn, *few))) / 200 * 1e9
    whole = expression(fn, "float")
    yield "NumPy, one array after another", _seconds(lambda: whole(*operands)) / SIZE * 1e9
    hints = {"wide", "apart"}
    for title, target, kept in (
        ("Numba, as it is written", _AsWritten("float32"), set[str]()),
        ("literals of float32", _Typed("float32"), set[str]()),
        ("functions without branches", NumbaTarget("float32"), set[str]()),
        ("the output apart from the operands", NumbaTarget("float32"), {"apart"}),
        ("the processor's widest vectors", NumbaTarget("float32"), hints),
    ):
        kernel = cache.load(*_kernel(names, inline(fn, target, names), hints - kept, title))
        taken = _seconds(partial(kernel, out, *operands, SIZE))
        yield title, taken / SIZE * 1e9


def crosswise(operator: Binary) -> Iterator[tuple[str, float]]:
    """The same for `a + b.T` of 1024 x 1024, where the second operand lies crosswise."""
    side = 1024
    rng = np.random.default_rng(0)
    a, b = (np.abs(rng.standard_normal(side * side)).astype(np.float32) + 0.1 for _ in "ab")
    out = np.empty_like(a)
    dense = Layout.contiguous((side, side))
    loops = plan.loops([dense, dense, dense.permute((1, 0))])
    for title, pattern in (("gathered, row by row", "vvg"), ("turned, in tiles", "vvx")):
        source = kernels.source(operator.fn, float32, float32, [float32] * 2, pattern)
        taken = _seconds(partial(cache.load(*source), out, a, b, loops.listed()))
        yield title, taken / side**2 * 1e9


def _kernel(names: list[str], body: Body, without: set[str], title: str) -> tuple[str, str, str]:
    pattern = "flat_" + "v" * len(names)
    spec = Spec(tuple(names), (float32,) * len(names), float32, float32, pattern)
    loop = templates.flat(body, spec)
    for hint in without:
        loop = loop.replace(f"    {hint}()\n", "")
    arrays = "float32[::1], " * (1 + len(names))
    return "step", templates.head(title, body) + loop, f"void({arrays}int64)"


def _seconds(call: Callable[[], object]) -> float:
    """The shortest of many calls."""
    call()
    best = float("inf")
    end = time.perf_counter() + 0.2
    while time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
    return best


def report(operator: Unary | Binary | Ternary) -> str:
    """The steps as a table."""
    lines = [f"{operator.name}, float32: nanoseconds for an element, and how many times less"]
    lines += _rows(steps(operator))
    if isinstance(operator, Binary):
        lines += ["", "of two operands that lie crosswise:", *_rows(crosswise(operator))]
    return "\n".join(lines)


def _rows(found: Iterator[tuple[str, float]]) -> Iterator[str]:
    before = 0.0
    for title, taken in found:
        yield f"{title:36s}{taken:10.3f}" + (f"{before / taken:9.2f}" if before else "")
        before = taken
