"""Gates for kernels that are made from operators: one of each pattern of access, and of each kind.

The other operators differ in one function; `tests/test_compile.py` sees to those.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from minitorch_cuda.backend import plain
from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.kernels.pointwise import pointwise_kernel
from minitorch_cuda.kernels.pointwise_tiles import tiles_kernel
from minitorch_cuda.kernels.pointwise_vectors import ordered_kernel, rows_kernel
from minitorch_operators import add, exp, gelu, gt, id, lerp, sigmoid, sin
from minitorch_tensor.dtype import bfloat16, bool_, float32, float64, int8

_ONE = (float32, float32)
_TWO = (float32, float32, float32)

# All are bound by memory: 32 registers let an SM hold as many threads as it can.
GATES: Final = (
    Gate(
        "add bfloat16, by fours",
        partial(ordered_kernel, plain(add.fn), bfloat16, (bfloat16,) * 3, ("i", "i"), "uint32"),
        registers=32,
    ),
    Gate(
        "gelu float32, by fours",
        partial(ordered_kernel, plain(gelu.fn), float32, _ONE, ("i",), "uint32"),
        registers=32,
        loads128=1,
        stores128=1,
    ),
    Gate(
        "add float32, a row to each",
        partial(rows_kernel, plain(add.fn), float32, _TWO, ("i", "i"), 2, "uint32"),
        registers=32,
        loads128=2,
        stores128=1,
    ),
    Gate(
        "copy float32, across",
        partial(tiles_kernel, plain(id.fn), float32, _ONE, (True,), 0, "uint32", 32),
        registers=32,
    ),
    Gate(
        "exp float32, in order",
        partial(pointwise_kernel, plain(exp.fn), float32, _ONE, ("i",), 1, "uint32"),
        registers=32,
    ),
    Gate(
        "sigmoid float32, in order",
        partial(pointwise_kernel, plain(sigmoid.fn), float32, _ONE, ("i",), 1, "uint32"),
        registers=32,
    ),
    Gate(  # CUDA's sine reduces a large argument in float64, whatever the argument's type
        "sin float32, in order",
        partial(pointwise_kernel, plain(sin.fn), float32, _ONE, ("i",), 1, "uint32"),
        registers=32,
        float64=True,
    ),
    Gate(
        "add float32, in order",
        partial(pointwise_kernel, plain(add.fn), float32, _TWO, ("i", "i"), 1, "uint32"),
        registers=32,
    ),
    Gate(
        "add float32, one number",
        partial(pointwise_kernel, plain(add.fn), float32, _TWO, ("i", "0"), 1, "uint32"),
        registers=32,
    ),
    Gate(
        "add float32, strided, rank 3",
        partial(pointwise_kernel, plain(add.fn), float32, _TWO, None, 3, "uint32"),
        registers=32,
    ),
    Gate(
        "add float32, strided, rank 3, 64 bits",
        partial(pointwise_kernel, plain(add.fn), float32, _TWO, None, 3, "int64"),
        registers=64,
    ),
    Gate(
        "add float64, in order",
        partial(pointwise_kernel, plain(add.fn), float64, (float64,) * 3, ("i", "i"), 1, "uint32"),
        registers=32,
    ),
    Gate(
        "add int8, in order",
        partial(pointwise_kernel, plain(add.fn), int8, (int8,) * 3, ("i", "i"), 1, "uint32"),
        registers=32,
    ),
    Gate(
        "gt float32, in order",
        partial(pointwise_kernel, plain(gt.fn), float32, (bool_, *_ONE), ("i", "i"), 1, "uint32"),
        registers=32,
    ),
    Gate(
        "lerp float32, in order",
        partial(pointwise_kernel, plain(lerp.fn), float32, (float32,) * 4, ("i",) * 3, 1, "uint32"),
        registers=32,
    ),
    Gate(
        "exp float32, by fours",
        partial(ordered_kernel, plain(exp.fn), float32, _ONE, ("i",), "uint32"),
        registers=32,
        loads128=1,
        stores128=1,
    ),
    Gate(
        "add float32, by fours",
        partial(ordered_kernel, plain(add.fn), float32, _TWO, ("i", "i"), "uint32"),
        registers=32,
        loads128=2,
        stores128=1,
    ),
    Gate(
        "add float32, rows by fours, one number",
        partial(rows_kernel, plain(add.fn), float32, _TWO, ("i", "0"), 2, "uint32"),
        registers=32,
        loads128=1,
        stores128=1,
    ),
    Gate(
        "add float32, one across",
        partial(tiles_kernel, plain(add.fn), float32, _TWO, (True, False), 1, "uint32", 32),
        registers=40,
    ),
)
