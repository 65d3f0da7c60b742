"""Launches that draw numbers of which each has a distribution of its own; see `sampling`.

All are given the four numbers of their `Source`, so a plan depends on shapes alone.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.kernel import Plan
from minitorch_cuda.kernels.planning import WORD, kernel_of, planned
from minitorch_cuda.kernels.sampling import coins, events, successes
from minitorch_cuda.limits import Limits
from minitorch_tensor.dtype import DType, float32
from minitorch_tensor.layout import Layout


def plan_coins(out: Layout, p: Layout, dtype: DType, limits: Limits) -> Plan:
    """The launch over out and p, both dense, and a word for what is no probability."""
    quad = 4 if out.offset % 4 == 0 and p.offset % 4 == 0 else 1
    launch = limits.cover_vectors(-(-out.size // 4))
    flags = (("QUAD", quad),)
    return planned(coins, "SSIiiiii", (out, p, WORD), (out.size,), launch, dtype, flags)


def plan_events(out: Layout, rate: Layout, dtype: DType, limits: Limits) -> Plan:
    """The launch over out and rate, both dense, and a word for what is no rate."""
    launch = limits.cover(out.size)
    return planned(events, "SSIiiiii", (out, rate, WORD), (out.size,), launch, dtype)


def plan_successes(out: Layout, trials: Layout, p: Layout, dtype: DType, limits: Limits) -> Plan:
    """The launch over out, trials and p, all dense."""
    launch = limits.cover(out.size)
    return planned(successes, "SSSiiiii", (out, trials, p), (out.size,), launch, dtype)


GATES: Final = (
    Gate(
        "bernoulli float32, a chance for each",
        partial(kernel_of, coins, "SSIiiiii", float32, (("QUAD", 4),)),
        registers=40,
        loads128=1,
        stores128=1,
    ),
    Gate("poisson float32", partial(kernel_of, events, "SSIiiiii", float32), registers=48),
    Gate("binomial float32", partial(kernel_of, successes, "SSSiiiii", float32), registers=64),
)
