"""Launches that draw random numbers: which kernel a `Sample` has, and with what numbers.

A plan depends on the shape alone. The words' source and the distribution's parameters, which change
from call to call, are given to the launch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final, NamedTuple

from minitorch_cuda.gates.gate import Gate
from minitorch_cuda.kernel import Kernel, Plan, computing_type, hand_written, plan, span_of, types
from minitorch_cuda.kernels import random
from minitorch_cuda.kernels.planning import parameters_of
from minitorch_cuda.limits import Limits
from minitorch_tensor import draws
from minitorch_tensor.backend import Sample
from minitorch_tensor.choices import largest
from minitorch_tensor.dtype import DType, bfloat16, float32, float64, int64
from minitorch_tensor.layout import Layout

Value = Callable[[int, int, int, int, int, float, float], float]

_LOW: Final = 0xFFFFFFFF
_FAIR: Final = 1 << 28  # up to such a range one word is as good as two
_LARGEST: Final = 1 << 62


class Source(NamedTuple):
    """Where words come from: see `philox`."""

    seed: int
    call: int

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """What a launch is given for call0, call1, seed0, seed1."""
        return self.call & _LOW, self.call >> 32 & _LOW, self.seed & _LOW, self.seed >> 32


class Draw(NamedTuple):
    """What a kernel is bound to, its last two numbers, and the dtype that it makes."""

    value: Callable[..., float]
    kind: str  # of the numbers: `t`, of the type that is computed in, or `i`
    a: float
    b: float
    wide: bool
    made: DType

    def plan(self, out: Layout, limits: Limits) -> Plan:
        """The launch that fills dense memory of the dtype `made`; it is given `numbers`."""
        return _plan_draw(self.value, self.kind, self.wide, out, self.made, limits)

    def numbers(self, source: Source) -> tuple[float, ...]:
        """What a launch is given that draws from these words."""
        return (*source.numbers, self.a, self.b)


def drawn_by(sample: Sample, dtype: DType) -> Draw | None:
    """How a kernel draws numbers of this distribution; None if there is none."""
    wide = dtype.name == "float64"
    match sample:
        case draws.Uniform():
            return Draw(random.uniform, "t", sample.low, sample.high, wide, dtype)
        case draws.Normal():
            return Draw(random.normal, "t", sample.mean, sample.std, wide, dtype)
        case draws.LogNormal():
            return Draw(random.log_normal, "t", sample.mean, sample.std, wide, dtype)
        case draws.Exponential():
            return Draw(random.exponential, "t", 1.0 / sample.rate, 0.0, wide, dtype)
        case draws.Cauchy():
            return Draw(random.cauchy, "t", sample.median, sample.sigma, wide, dtype)
        case draws.Geometric():
            made = dtype if dtype.is_floating_point else float64  # counted before they are cast
            scale = 1.0 / math.log1p(-sample.p) if 0.0 < sample.p < 1.0 else 0.0
            return Draw(random.geometric, "t", scale, 0.0, made is float64, made)
        case draws.Bernoulli():
            return Draw(random.bernoulli, "i", limit(sample.p), 0, False, dtype)
        case draws.Integers():
            return _integers(sample.low, sample.high - sample.low, dtype)
        case draws.AnyInteger():
            return _integers(0, largest(sample.dtype) + 1, dtype)
    return None


def _integers(low: int, span: int, dtype: DType) -> Draw | None:
    """How integers from low to low + span are drawn."""
    if span == 1 << 63 and not low:
        return Draw(random.positive, "i", 0, 0, True, dtype)
    if span > _LARGEST:
        return None
    return Draw(random.integer, "i", low, span, span > _FAIR, dtype)


def limit(p: float) -> int:
    """What a word is below with probability p.

    >>> limit(0.5), limit(1.0)
    (2147483648, 4294967296)
    """
    return math.ceil(math.ldexp(p, 32))


@lru_cache(maxsize=256)
def draw_kernel(value: Callable[..., float], kind: str, wide: bool, dtype: DType) -> Kernel:
    """The kernel for one distribution and dtype."""
    parameters = parameters_of(random.draw, "Siiiii" + 2 * kind, dtype)
    bind: dict[str, object] = {**types(dtype), "VALUE": value, "WIDE": int(wide)}
    name = f"{value.__name__}_kernel"
    return hand_written(random.draw, parameters, computing_type(dtype), name, **bind)


@lru_cache(maxsize=1024)
def _plan_draw(
    value: Callable[..., float], kind: str, wide: bool, out: Layout, dtype: DType, limits: Limits
) -> Plan:
    """The launch of `Draw.plan`."""
    kernel = draw_kernel(value, kind, wide, dtype)
    grid, block = limits.cover_vectors(-(-out.size // (2 if wide else 4)))
    return plan(kernel, grid, block, [span_of(out)], [out.size])


@lru_cache(maxsize=64)
def dropout_kernel(dtype: DType, quad: int) -> Kernel:
    """The kernel of dropout for one dtype."""
    parameters = parameters_of(random.dropout, "SSiiiiiit", dtype)
    return hand_written(
        random.dropout, parameters, computing_type(dtype), "", **types(dtype), QUAD=quad
    )


@lru_cache(maxsize=1024)
def plan_dropout(out: Layout, x: Layout, dtype: DType, limits: Limits) -> Plan:
    """The launch over out and x, both dense; it is given `dropout_numbers`."""
    kernel = dropout_kernel(dtype, 4 if x.offset % 4 == 0 else 1)
    grid, block = limits.cover_vectors(-(-out.size // 4))
    return plan(kernel, grid, block, [span_of(out), span_of(x)], [out.size])


def dropout_numbers(source: Source, keep: float) -> tuple[float, ...]:
    """What a launch is given that keeps elements with a probability."""
    return (*source.numbers, limit(keep), 1.0 / keep)


_DRAW = partial(draw_kernel, wide=False, dtype=float32)

GATES: Final = (
    Gate("uniform float32", partial(_DRAW, random.uniform, "t"), registers=40, stores128=1),
    Gate("normal float32", partial(_DRAW, random.normal, "t"), registers=48, stores128=1),
    Gate("exponential float32", partial(_DRAW, random.exponential, "t"), registers=40),
    Gate("log-normal float32", partial(_DRAW, random.log_normal, "t"), registers=48),
    Gate("cauchy float32", partial(_DRAW, random.cauchy, "t"), registers=48),
    Gate("geometric float32", partial(_DRAW, random.geometric, "t"), registers=40),
    Gate("bernoulli bfloat16", partial(draw_kernel, random.bernoulli, "i", False, bfloat16), 40),
    Gate("integers int64", partial(draw_kernel, random.integer, "i", True, int64), registers=64),
    Gate(
        "dropout float32",
        partial(dropout_kernel, float32, 4),
        registers=40,
        loads128=1,
        stores128=1,
    ),
)
