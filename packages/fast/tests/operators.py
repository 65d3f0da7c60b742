"""Every function and rule of every operator, and numbers to try them at."""

import functools
import inspect
import math
import re
from dataclasses import dataclass
from types import FunctionType

import numpy as np
import numpy.typing as npt

from minitorch_fast import kernels
from minitorch_operators import ALL, Unary, identity
from minitorch_tensor import float32
from minitorch_tensor.specialise import Pointwise

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A function to compile: the operator's, or a rule of it."""

    name: str
    fn: Pointwise
    arity: int

    def at(self, *operands: float) -> float:
        """The function at floats."""
        assert isinstance(self.fn, FunctionType)
        result: float = self.fn(*operands)
        return result


def _cases() -> list[Case]:
    found: dict[Pointwise, str] = {}
    for name, operator in ALL.items():
        if operator.result == "integer":  # no function of floats
            continue
        found.setdefault(operator.fn, name)
        vjps = (operator.vjp,) if isinstance(operator, Unary) else operator.vjps
        for i, rule in enumerate(vjps):
            if rule is not None and rule is not identity:
                found.setdefault(rule, f"{name}-rule{i}")
    return [Case(name, fn, len(inspect.signature(fn).parameters)) for fn, name in found.items()]


CASES = _cases()

TWINS = {
    "digamma-rule0", "i0e", "i0e-rule0", "i1", "i1e-rule0", "igamma", "lgamma-rule0",
    "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "trigamma-rule0", "zeta-rule1",
}  # fmt: skip
"""Long ones that are composed of what others are composed of too: not each is compiled."""


@functools.cache
def flat_source(case: Case) -> tuple[str, str, str]:
    """The kernel of arrays alike at float32, as (name, text, signature)."""
    k = case.arity
    return kernels.source(case.fn, float32, float32, [float32] * k, "flat_" + "v" * k)


def loop_of(case: Case) -> str:
    """The lines of its loop."""
    text = flat_source(case)[1]
    return text[text.rindex("def kernel") :]


def parts_of(case: Case) -> set[str]:
    """The functions in its loop: those whose lines are there, and those that are called."""
    return set(re.findall(r"# (\w+)", loop_of(case))) | set(re.findall(r"(\w+)\(", loop_of(case)))


def assert_close(
    case: Case, operands: list[Floats], found: npt.NDArray[np.float64], dtype: str
) -> None:
    """`found` is what the function gives at floats, but for rounding at this dtype."""
    exact = np.array([case.at(*map(float, values)) for values in zip(*operands, strict=True)])
    # Where large terms cancel, the error is that of the operands, not that of the result.
    scale = np.abs(exact) + math.prod(1 + np.abs(x.astype(np.float64)) for x in operands)
    with np.errstate(all="ignore"):
        rounded = exact.astype(dtype).astype(np.float64)
        error = np.abs(found - exact) / (scale * np.finfo(dtype).eps)
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    # exp makes an error in its argument, which may be 88, as many times that in its result.
    assert error[~same].max(initial=0) < 100


_POSITIVE = {"log", "log2", "log10", "log1p", "pow", "sqrt", "rsqrt", "xlogy", "log_back"}
_POSITIVE |= {
    "digamma",
    "trigamma",
    "entr",
    "igamma",
    "igammac",
    "bessel_y0",
    "bessel_y1",
    "xlog1py",
    "zeta",
}
_POSITIVE |= {f"{scaled}modified_bessel_k{n}" for scaled in ("", "scaled_") for n in "01"}
_UNIT = {"asin", "acos", "atanh", "erfinv", "logit", "ndtri"}


def random_operands(case: Case, kind: npt.DTypeLike, n: int = 400) -> list[Floats]:
    """Numbers in the domain of the operator."""
    rng = np.random.default_rng(sum(map(ord, case.name)))
    operator = case.name.partition("-")[0]
    operands = []
    for _ in range(case.arity):
        values = rng.standard_normal(n) * 3
        if operator in _POSITIVE:
            values = np.abs(values) + 0.01
        elif operator in _UNIT:
            values = values - np.floor(values)
        elif operator == "acosh":
            values = np.abs(values) + 1
        operands.append(np.asarray(values, kind))
    return operands


def edge_operands(case: Case, kind: npt.DTypeLike) -> list[Floats]:
    """Zeros of both signs, infinities, nan, the largest and smallest numbers: all pairs of them."""
    limits = np.finfo(np.dtype(kind).name)
    numbers = [0.0, 1.0, 0.5, 2.0, 3.0, 0.7, 20.5, 88.8, 104.0, 1e-20, float("inf")]
    numbers += [float(limits.max), float(limits.tiny), float(limits.tiny) / 8]
    values = np.array([*numbers, *(-x for x in numbers), np.nan], kind)
    if case.arity < 3:
        return [g.reshape(-1) for g in np.meshgrid(*[values] * case.arity)]
    rng = np.random.default_rng(0)
    return [rng.choice(values, 4000) for _ in range(case.arity)]
