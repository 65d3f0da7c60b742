"""What running sums, products, extremes and their gradients carry along; see `folds`.

A scan is a fold that leaves a result at every element. Memory is dense, (outer, n, inner), and `p`
is the position of element `i` of the n; with `backwards`, i runs from n - 1 to 0.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from minitorch_cuda.kernel import Parameter, computing_type, storage_type
from minitorch_cuda.kernels.folds import Fold, Lines, OperatorFold
from minitorch_cuda.kernels.source import load, scope, store
from minitorch_cuda.target import twin


@dataclass(frozen=True)
class Scan(Fold):
    """A fold that writes at every element."""

    @property
    def backwards(self) -> bool:
        """Whether it runs from the end."""
        return False

    @property
    @abstractmethod
    def inputs(self) -> Sequence[Parameter]:
        """What it reads: pointers."""

    @abstractmethod
    def absorb(self, s: str) -> Lines:
        """Take in the element at `p`."""

    @abstractmethod
    def emit(self, s: str) -> Lines:
        """Write the results at `p`."""

    def take(self, s: str, element: str, number: str) -> Lines:
        """A scan says with `absorb` what it reads."""
        return self.absorb(s)

    def finish(self, s: str, at: str) -> Lines:
        """A scan says with `emit` what it writes."""
        return self.emit(s)


@dataclass(frozen=True)
class OperatorScan(Scan):
    """out[k] = x[0] . x[1] . ... . x[k], for an associative operator.

    Attributes:
        fold: the operator's fold.
        reverse: from the end.
    """

    fold: OperatorFold
    reverse: bool = False

    @property
    def name(self) -> str:
        """`add_scan_kernel`."""
        return f"{self.fold.fn.rstrip('_')}_scan_kernel"

    @property
    def backwards(self) -> bool:
        """If it was asked for."""
        return self.reverse

    @property
    def value(self) -> str:
        """That of the fold."""
        return self.fold.value

    @property
    def state(self) -> Mapping[str, str]:
        """That of the fold."""
        return self.fold.state

    @property
    def outputs(self) -> Sequence[Parameter]:
        """`out`."""
        return self.fold.outputs

    @property
    def inputs(self) -> Sequence[Parameter]:
        """`x`."""
        return (Parameter("x", storage_type(self.source), pointer=True),)

    @property
    def numbers(self) -> Sequence[Parameter]:
        """What changes nothing."""
        return self.fold.numbers[:1]

    @property
    def ieee(self) -> frozenset[str]:
        """Those of the operator."""
        return self.fold.ieee

    @property
    def functions(self) -> str:
        """The operator's own."""
        return self.fold.functions

    def begin(self, s: str) -> Lines:
        """The neutral number."""
        return self.fold.begin(s)

    def absorb(self, s: str) -> Lines:
        """Fold it in."""
        return self.fold.take(s, self.fold.element("x[p]"), "i")

    def merge(self, s: str, other: str) -> Lines:
        """Fold one into the other."""
        return self.fold.merge(s, other)

    def emit(self, s: str) -> Lines:
        """What was folded so far."""
        return [f"out[p] = {store(f'total{s}', self.source, self.source)}"]

    def scope(self, index: str) -> dict[str, object]:
        """That of the fold."""
        return self.fold.scope(index)


@dataclass(frozen=True)
class ExtremeScan(Scan):
    """The largest (or smallest) so far, and the last place where it is; from a nan on, nan.

    Attributes:
        largest: which of the two.
    """

    largest: bool

    @property
    def name(self) -> str:
        """`cummax_kernel` or `cummin_kernel`."""
        return "cummax_kernel" if self.largest else "cummin_kernel"

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
        """Values and places."""
        return (
            Parameter("out", storage_type(self.source), pointer=True),
            Parameter("places", "int64", pointer=True),
        )

    @property
    def inputs(self) -> Sequence[Parameter]:
        """`x`."""
        return (Parameter("x", storage_type(self.source), pointer=True),)

    @property
    def numbers(self) -> Sequence[Parameter]:
        """None."""
        return ()

    def begin(self, s: str) -> Lines:
        """No place."""
        return [f"best{s} = T(0)", f"at{s} = int64(-1)"]

    def absorb(self, s: str) -> Lines:
        """Keep it unless it is worse."""
        sign = ">=" if self.largest else "<="
        return [
            f"v = {load('x[p]', self.source, self.source)}",
            f"if at{s} < 0 or v {sign} best{s} or v != v:",
            f"    best{s} = v",
            f"    at{s} = int64(i)",
        ]

    def merge(self, s: str, other: str) -> Lines:
        """Keep the later one unless it is worse."""
        sign = ">=" if self.largest else "<="
        better = f"best{other} {sign} best{s} or best{other} != best{other}"
        return [
            f"if at{other} >= 0 and (at{s} < 0 or {better}):",
            f"    best{s} = best{other}",
            f"    at{s} = at{other}",
        ]

    def emit(self, s: str) -> Lines:
        """Both."""
        return [
            f"out[p] = {store(f'best{s}', self.source, self.source)}",
            f"places[p] = at{s}",
        ]


@dataclass(frozen=True)
class GradientScan(Scan):
    """The gradient of a running product or logarithm of a sum, from the end, by a recurrence.

        product     r[k] = g[k] + x[k+1] r[k+1]                dx[k] = y[k-1] r[k]
        logsumexp   r[k] = g[k] + exp(y[k] - y[k+1]) r[k+1]    dx[k] = exp(x[k] - y[k]) r[k]

    A step r -> scale r + shift followed by another is such a step again, so what is carried is a
    scale and a shift. Nothing is divided by x, which may be 0; and y never decreases, so no
    exponential is above 1.

    Attributes:
        product: which of the two.
    """

    product: bool

    @property
    def name(self) -> str:
        """`cumprod_gradient_kernel` or `logcumsumexp_gradient_kernel`."""
        return ("cumprod" if self.product else "logcumsumexp") + "_gradient_kernel"

    @property
    def backwards(self) -> bool:
        """From the end."""
        return True

    @property
    def value(self) -> str:
        """That of the elements."""
        return computing_type(self.source)

    @property
    def state(self) -> Mapping[str, str]:
        """The steps so far as one."""
        return {"scale": self.value, "shift": self.value}

    @property
    def outputs(self) -> Sequence[Parameter]:
        """`dx`."""
        return (Parameter("dx", storage_type(self.source), pointer=True),)

    @property
    def inputs(self) -> Sequence[Parameter]:
        """The gradient, the input, the result."""
        stored = storage_type(self.source)
        return tuple(Parameter(name, stored, pointer=True) for name in ("g", "x", "y"))

    @property
    def numbers(self) -> Sequence[Parameter]:
        """None."""
        return ()

    @property
    def ieee(self) -> frozenset[str]:
        """The exponential."""
        return frozenset() if self.product else frozenset({"exp"})

    def begin(self, s: str) -> Lines:
        """No step: r stays r."""
        return [f"scale{s} = T(1)", f"shift{s} = T(0)"]

    def absorb(self, s: str) -> Lines:
        """One step more."""
        e = self._element
        factor = e("x[I(p + inner)]")
        if not self.product:
            factor = f"ieee_exp({e('y[p]')} - {e('y[I(p + inner)]')})"
        return [
            "f = T(0)",
            "if i + 1 < n:",
            f"    f = {factor}",
            f"scale{s} = f * scale{s}",
            f"shift{s} = f * shift{s} + {e('g[p]')}",
        ]

    def merge(self, s: str, other: str) -> Lines:
        """The other's steps after these."""
        return [
            f"shift{s} = scale{other} * shift{s} + shift{other}",
            f"scale{s} = scale{other} * scale{s}",
        ]

    def emit(self, s: str) -> Lines:
        """r, times what element k itself brings."""
        e = self._element
        if self.product:
            lines = ["f = T(1)", "if i > 0:", f"    f = {e('y[I(p - inner)]')}"]
        else:
            lines = [f"f = ieee_exp({e('x[p]')} - {e('y[p]')})"]
        return [*lines, f"dx[p] = {store(f'f * shift{s}', self.source, self.source)}"]

    def _element(self, at: str) -> str:
        return load(at, self.source, self.source)

    def scope(self, index: str) -> dict[str, object]:
        """The types, and the exponential."""
        names = scope(self.value, index, self.source)
        if not self.product:
            names["ieee_exp"] = twin("exp", self.value)
        return names
