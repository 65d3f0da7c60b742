"""What a fold keeps of the elements it has seen, as text: begin, take one, merge two.

The kernels of `folding` run any fold: a sum keeps one number, an argmax a number and its place, a
variance four. Each variable has an end of its name, `total0`, `total1`, because a thread keeps
several independent folds, which it merges in the end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from minitorch_cuda.kernel import Parameter, computing_type, storage_type
from minitorch_cuda.kernels.source import load, scope, store
from minitorch_cuda.target import scope_of, specialised
from minitorch_operators import Binary
from minitorch_tensor.dtype import DType, float32, float64, int64

Lines = list[str]

WIDE = {"float32": float32, "float64": float64, "int64": int64}
"""The dtypes that kernels compute in, by name."""


@dataclass(frozen=True)
class Fold(ABC):
    """A kind of fold, and the dtypes it is for; what kernels are kept by.

    Attributes:
        source: the dtype of the elements.
    """

    source: DType

    @property
    @abstractmethod
    def name(self) -> str:
        """Of its kernels."""

    @property
    @abstractmethod
    def value(self) -> str:
        """The type it computes in, `T` in the text."""

    @property
    @abstractmethod
    def state(self) -> Mapping[str, str]:
        """The variables it keeps, each with its type: that of `value`, or int64."""

    @property
    @abstractmethod
    def outputs(self) -> Sequence[Parameter]:
        """Where results go: pointers."""

    @property
    @abstractmethod
    def numbers(self) -> Sequence[Parameter]:
        """The last parameters of its kernels."""

    @property
    def ieee(self) -> frozenset[str]:
        """The functions of `ieee` that it uses."""
        return frozenset()

    @property
    def functions(self) -> str:
        """The source of functions that the lines below call."""
        return ""

    def element(self, at: str) -> str:
        """An element, as a number to compute with."""
        return load(at, self.source, self.source)

    @abstractmethod
    def begin(self, s: str) -> Lines:
        """Make the state of no elements."""

    @abstractmethod
    def take(self, s: str, element: str, number: str) -> Lines:
        """Take in one element, of which `number` is the place in the row."""

    def settle(self, s: str) -> Lines:
        """After a thread has taken its last element."""
        return []

    @abstractmethod
    def merge(self, s: str, other: str) -> Lines:
        """Take in another state, whose elements come later."""

    @abstractmethod
    def finish(self, s: str, at: str) -> Lines:
        """Write the result to position `at` of the outputs."""

    def scope(self, index: str) -> dict[str, object]:
        """What the names in the text mean."""
        return scope(self.value, index, self.source)

    def type(self, variable: str) -> str:
        """The text of a variable's type."""
        return "T" if self.state[variable] == self.value else self.state[variable]


NEUTRAL = {
    "add": 0.0,
    "mul": 1.0,
    "maximum": float("-inf"),
    "minimum": float("inf"),
    "logical_and": 1.0,
    "logical_or": 0.0,
}
"""What changes nothing, for each operator that reductions are made with."""


@dataclass(frozen=True)
class OperatorFold(Fold):
    """total = fn(total, x), for an associative operator.

    Attributes:
        operator: one of NEUTRAL.
        out: the dtype of the result, to which elements are cast before they are folded.
    """

    operator: Binary
    out: DType

    @property
    def name(self) -> str:
        """`add_reduce_kernel`."""
        return f"{self.fn.rstrip('_')}_reduce_kernel"

    @property
    def fn(self) -> str:
        """The name of the operator's function in the text."""
        return specialised(self.operator.fn, self.value).entry

    @property
    def value(self) -> str:
        """That of the result."""
        return computing_type(self.out)

    @property
    def state(self) -> Mapping[str, str]:
        """What was folded so far."""
        return {"total": self.value}

    @property
    def outputs(self) -> Sequence[Parameter]:
        """`out`."""
        return (Parameter("out", storage_type(self.out), pointer=True),)

    @property
    def numbers(self) -> Sequence[Parameter]:
        """`neutral` changes nothing; `start` is folded into each result once."""
        return (Parameter("neutral", self.value), Parameter("start", self.value))

    @property
    def ieee(self) -> frozenset[str]:
        """Those of the operator."""
        return frozenset(specialised(self.operator.fn, self.value).ieee)

    @property
    def functions(self) -> str:
        """The operator's own."""
        return specialised(self.operator.fn, self.value).text

    def element(self, at: str) -> str:
        """Cast to the dtype of the result."""
        return load(at, self.source, self.out)

    def begin(self, s: str) -> Lines:
        """The neutral number."""
        return [f"total{s} = neutral"]

    def take(self, s: str, element: str, number: str) -> Lines:
        """Fold it in."""
        return [f"total{s} = {self.fn}(total{s}, {element})"]

    def merge(self, s: str, other: str) -> Lines:
        """Fold one into the other."""
        return [f"total{s} = {self.fn}(total{s}, total{other})"]

    def finish(self, s: str, at: str) -> Lines:
        """With the start."""
        result = store(f"{self.fn}(start, total{s})", self.out, self.out)
        return [f"out[{at}] = {result}"]

    def scope(self, index: str) -> dict[str, object]:
        """The types, and what the operator uses."""
        program = specialised(self.operator.fn, self.value)
        return {
            **scope(self.value, index, self.source, self.out),
            **scope_of(program, self.value),
        }


@dataclass(frozen=True)
class ArgFold(Fold):
    """The place of the element that beats all others: a nan, else the largest (or smallest).

    Of equals the first wins: to beat is a total order on (element, place), so the order in which
    states are merged does not matter. A state without elements has the place -1.

    Attributes:
        operator: gt or lt.
    """

    operator: Binary

    @property
    def name(self) -> str:
        """`argmax_kernel` or `argmin_kernel`."""
        return f"arg{'max' if self.fn == 'gt' else 'min'}_kernel"

    @property
    def fn(self) -> str:
        """The name of the comparison in the text."""
        return specialised(self.operator.fn, self.value).entry

    @property
    def value(self) -> str:
        """That of the elements."""
        return computing_type(self.source)

    @property
    def state(self) -> Mapping[str, str]:
        """The best so far, and its place."""
        return {"best": self.value, "at": "int64"}

    @property
    def outputs(self) -> Sequence[Parameter]:
        """`out`: places."""
        return (Parameter("out", "int64", pointer=True),)

    @property
    def numbers(self) -> Sequence[Parameter]:
        """None."""
        return ()

    @property
    def functions(self) -> str:
        """What beats what."""
        text = specialised(self.operator.fn, self.value).text
        return (
            f"{text}\n\ndef beats(v, i, w, j):\n"
            "    nan = v != v\n"
            "    tie = v == w or (nan and w != w)\n"
            f"    return (nan and w == w) or {self.fn}(v, w) != T(0) or (tie and i < j)\n"
        )

    def begin(self, s: str) -> Lines:
        """No place."""
        return [f"best{s} = T(0)", f"at{s} = int64(-1)"]

    def take(self, s: str, element: str, number: str) -> Lines:
        """Keep it if it is the first or beats the best."""
        return [
            f"v = {element}",
            f"i = int64({number})",
            f"if at{s} < 0 or beats(v, i, best{s}, at{s}):",
            f"    best{s} = v",
            f"    at{s} = i",
        ]

    def merge(self, s: str, other: str) -> Lines:
        """Keep the better one."""
        beats = f"beats(best{other}, at{other}, best{s}, at{s})"
        return [
            f"if at{other} >= 0 and (at{s} < 0 or {beats}):",
            f"    best{s} = best{other}",
            f"    at{s} = at{other}",
        ]

    def finish(self, s: str, at: str) -> Lines:
        """The place."""
        return [f"out[{at}] = at{s}"]

    def scope(self, index: str) -> dict[str, object]:
        """The types, and what the comparison uses."""
        program = specialised(self.operator.fn, self.value)
        return {**scope(self.value, index, self.source), **scope_of(program, self.value)}


@dataclass(frozen=True)
class MomentsFold(Fold):
    """The sum, and the sum of squared distances from the mean, in one pass.

    A thread adds up distances from its first element, and their squares: no large numbers whose
    difference is small. Two states then have (Chan et al.)

        mean = mean_1 + d count_2 / count,  m2 = m2_1 + m2_2 + d^2 count_1 count_2 / count

    for d = mean_2 - mean_1. The mean that is written is the sum over the count.

    Source: Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing
    sample variances, Stanford STAN-CS-79-773
    """

    @property
    def name(self) -> str:
        """`moments_kernel`."""
        return "moments_kernel"

    @property
    def value(self) -> str:
        """That of the elements."""
        return computing_type(self.source)

    @property
    def state(self) -> Mapping[str, str]:
        """How many, their sum, their mean, and the squares of the distances from it."""
        return dict.fromkeys(("count", "total", "mean", "m2"), self.value)

    @property
    def outputs(self) -> Sequence[Parameter]:
        """`variance` and `average`."""
        stored = storage_type(self.source)
        return tuple(Parameter(name, stored, pointer=True) for name in ("variance", "average"))

    @property
    def numbers(self) -> Sequence[Parameter]:
        """What the squares are divided by, and how many elements there are."""
        return (Parameter("degrees", self.value), Parameter("elements", self.value))

    def begin(self, s: str) -> Lines:
        """Nothing; before `settle`, `mean` is the first element and `m2` the raw squares."""
        return [f"{x}{s} = T(0)" for x in ("count", "total", "mean", "away", "m2")]

    def take(self, s: str, element: str, number: str) -> Lines:
        """Add up its distance from the first."""
        return [
            f"v = {element}",
            f"if count{s} == T(0):",
            f"    mean{s} = v",
            f"d = v - mean{s}",
            f"count{s} += T(1)",
            f"total{s} += v",
            f"away{s} += d",
            f"m2{s} += d * d",
        ]

    def settle(self, s: str) -> Lines:
        """From the first element to the mean."""
        return [
            f"if count{s} > T(0):",
            f"    d = away{s} / count{s}",
            f"    mean{s} += d",
            f"    m2{s} -= d * away{s}",
        ]

    def merge(self, s: str, other: str) -> Lines:
        """Chan's formulae."""
        return [
            f"if count{other} > T(0):",
            f"    d = mean{other} - mean{s}",
            f"    both = count{s} + count{other}",
            f"    share = count{other} / both",
            f"    mean{s} += d * share",
            f"    m2{s} += m2{other} + d * (count{s} * share) * d",
            f"    total{s} += total{other}",
            f"    count{s} = both",
        ]

    def finish(self, s: str, at: str) -> Lines:
        """Over the degrees of freedom, and over the count."""
        variance = store(f"m2{s} / degrees", self.source, self.source)
        average = store(f"total{s} / elements", self.source, self.source)
        return [f"variance[{at}] = {variance}", f"average[{at}] = {average}"]
