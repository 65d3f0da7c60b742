"""Numbers evenly spaced: out[i] = first + i * by, in int64 or float64, whatever memory holds.

It is memory that takes the time; two operations in float64 for each number are hidden behind it.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from minitorch_cuda import dsl as cuda
from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.kernel import Plan
from minitorch_cuda.kernels.planning import kernel_of, planned
from minitorch_cuda.limits import Limits
from minitorch_cuda.simulator import Pointer
from minitorch_tensor.dtype import DType, float32, int64
from minitorch_tensor.layout import Layout

# The template parameters.
T: cuda.ValueType = cuda.float32
S: cuda.ValueType = cuda.float32
I = cuda.index32  # noqa: E741 - positions


def steps(out: Pointer[float], n: int, first: float, by: float) -> None:
    """A thread for each number."""
    i = I(cuda.grid(1))
    while i < n:
        out[i] = S(T(first + T(i) * by))
        i = I(i + cuda.gridsize(1))


def plan_steps(out: Layout, dtype: DType, limits: Limits) -> Plan:
    """The launch over out (n,), dense; it is given `first` and `by`."""
    whole = dtype.kind == "int"
    kinds = "Suii" if whole else "Sudd"
    kinds = kinds if out.size < 1 << 31 else kinds.replace("u", "i")
    value = "int64" if whole else "float64"
    return planned(steps, kinds, (out,), (out.size,), limits.cover(out.size), dtype, (), value)


GATES: Final = (
    Gate("steps int64", partial(kernel_of, steps, "Suii", int64, (), "int64"), registers=32),
    Gate(
        "steps float32",
        partial(kernel_of, steps, "Sudd", float32, (), "float64"),
        registers=32,
    ),
)
