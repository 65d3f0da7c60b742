"""Derivatives that were derived, against differences that were measured, for any kind of value.

This knows values only as lists of numbers, through `Components`. A function has no derivative where
it has a kink or a jump; where the differences to both sides show one, the report says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Generic, NamedTuple, Protocol

from minitorch_autodiff.engine import backward
from minitorch_autodiff.graph import D


class GradcheckError(RuntimeError):
    """Derivatives that disagree with differences."""


class Components(Protocol[D]):
    """How a value is seen as a list of numbers."""

    def read(self, value: D, /) -> list[float]:
        """Its numbers, in a fixed order."""
        ...

    def build(self, like: D, numbers: Sequence[float], requires_grad: bool, /) -> D:
        """A fresh leaf or constant with these numbers, otherwise (shape, dtype) as `like`."""
        ...


def check_backward(
    f: Callable[..., D | Sequence[D]],
    inputs: Sequence[D],
    components: Components[D],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    fast_mode: bool = False,
    title: str = "gradcheck",
) -> None:
    """Compare the derivatives of f's outputs by its inputs with central differences.

    f is called on fresh copies of the inputs: no `.grad` is touched.

    Args:
        f: a function of the inputs that gives one value or a sequence of them.
        inputs: where to check; derivatives by those that require grad are compared.
        components: how to read and build such values. They must hold float64 numbers: with fewer
            digits the differences are noise.
        eps: the step of the differences.
        atol: how far a derivative may be from the difference d: `atol + rtol * abs(d)`.
        rtol: see `atol`.
        fast_mode: compare the derivatives of one random combination of all outputs: one backward,
            instead of one for each component of each output.
        title: the name in error messages.

    Raises:
        ValueError: if no input requires grad.
        GradcheckError: if a derivative is wrong, f has a kink here, or f is random.
    """
    wanted = _tracked(inputs, title)
    probe = _Probe(f, inputs, components, title)
    rows = _random_row(probe.size) if fast_mode else _rows(probe.sizes)
    derived = [probe.derive(row.weights, wanted) for row in rows]
    wrong: list[_Mismatch] = []
    checked = 0
    for place, k in enumerate(wanted):
        for c in range(len(probe.numbers[k])):
            step = probe.step(k, c, eps)
            half = None
            for row, derivatives in zip(rows, derived, strict=True):
                slopes = step.slopes(row.weights)
                a, b = derivatives[place][c], slopes.central
                checked += 1
                if not (a == b or abs(a - b) <= atol + rtol * abs(b)):
                    half = half or probe.step(k, c, eps / 2)
                    of = f"{row.label} by {_part(c, len(probe.numbers[k]))}input {k}"
                    near = half.slopes(row.weights)
                    wrong.append(_Mismatch(of, a, slopes, near, atol + rtol * slopes.largest))
    if wrong:
        worst = min(wrong, key=_severity)
        raise GradcheckError(
            f"{title}: {len(wrong)} of {checked} derivatives disagree with central differences "
            f"(eps={eps:g}, atol={atol:g}, rtol={rtol:g}).\n{worst}"
        )


def check_double_backward(
    f: Callable[..., D | Sequence[D]],
    inputs: Sequence[D],
    components: Components[D],
    *,
    grad_outputs: Sequence[D] | None = None,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    title: str = "gradgradcheck",
) -> None:
    """Compare second derivatives with differences of first ones.

    The backward of f is itself a function, of the inputs and of the gradients of the outputs. We
    check the derivatives of one random combination of what it gives.

    Args:
        f: as in `check_backward`.
        inputs: as in `check_backward`.
        components: as in `check_backward`.
        grad_outputs: gradients of the outputs to start from; random ones if omitted.
        eps: as in `check_backward`.
        atol: as in `check_backward`.
        rtol: as in `check_backward`.
        title: as in `check_backward`.

    Raises:
        ValueError: if no input requires grad.
        GradcheckError: as `check_backward`; and if the recorded backward cannot be differentiated.
    """
    count = len(inputs)
    tracked = _tracked(inputs, title)
    probe = _Probe(f, inputs, components, title)
    if grad_outputs is None:
        random = Random(1)
        seeds = [
            components.build(y, [_weight(random) for _ in range(size)], True)
            for y, size in zip(probe.outputs, probe.sizes, strict=True)
        ]
    elif len(grad_outputs) == len(probe.outputs):
        seeds = [components.build(g, components.read(g), True) for g in grad_outputs]
    else:
        raise ValueError(
            f"{title}: f gives {len(probe.outputs)} outputs, but there are {len(grad_outputs)} "
            "grad_outputs"
        )

    def gradients(*values: D) -> list[D]:
        xs, gs = values[:count], values[count:]
        roots = [
            (node, g)
            for y, g in zip(_listed(f(*xs)), gs, strict=True)
            if (node := y.gradient_node()) is not None
        ]
        leaves = [xs[k] for k in tracked]
        nodes = [node for x in leaves if (node := x.gradient_node()) is not None]
        found = backward(roots, nodes, create_graph=True)
        zeros = [[0.0] * len(components.read(x)) for x in leaves]
        return [
            found[node] if node in found else components.build(x, zero, False)
            for node, x, zero in zip(nodes, leaves, zeros, strict=True)
        ]

    check_backward(
        gradients,
        [*inputs, *seeds],
        components,
        eps=eps,
        atol=atol,
        rtol=rtol,
        fast_mode=True,
        title=title,
    )


class _Row(NamedTuple):
    """A combination of the components of all outputs, numbered through: one row of J, or more."""

    label: str
    weights: Mapping[int, float]


def _part(c: int, size: int) -> str:
    return f"component {c} of " if size > 1 else ""


def _rows(sizes: Sequence[int]) -> list[_Row]:
    labels = [f"{_part(c, size)}output {j}" for j, size in enumerate(sizes) for c in range(size)]
    return [_Row(label, {i: 1.0}) for i, label in enumerate(labels)]


def _random_row(size: int) -> list[_Row]:
    random = Random(0)
    return [_Row("a random combination of the outputs", {i: _weight(random) for i in range(size)})]


def _weight(random: Random) -> float:
    """Far enough from 0 that no error hides behind it."""
    return random.uniform(0.5, 1.5) * random.choice((-1.0, 1.0))


def _tracked(inputs: Sequence[D], title: str) -> list[int]:
    """The numbers of the inputs that require grad."""
    tracked = [k for k, x in enumerate(inputs) if x.requires_grad]
    if not tracked:
        raise ValueError(
            f"{title} expects at least one input that requires grad, but none of the "
            f"{len(inputs)} inputs does; make one with requires_grad=True"
        )
    return tracked


def _listed(values: D | Sequence[D]) -> list[D]:
    return list(values) if isinstance(values, Sequence) else [values]


class _Slopes(NamedTuple):
    """Differences to one side, to the other, and across."""

    below: float
    above: float
    central: float

    @property
    def largest(self) -> float:
        return max(abs(self.below), abs(self.above))


class _Step(NamedTuple):
    """The components of all outputs at three values of one number: below, here, above."""

    x: tuple[float, float, float]
    y: tuple[list[float], list[float], list[float]]

    def slopes(self, weights: Mapping[int, float]) -> _Slopes:
        """Those of one combination of the outputs."""
        (x0, x1, x2), (y0, y1, y2) = self.x, self.y
        return _Slopes(
            below=sum(w * (y1[i] - y0[i]) for i, w in weights.items()) / (x1 - x0),
            above=sum(w * (y2[i] - y1[i]) for i, w in weights.items()) / (x2 - x1),
            central=sum(w * (y2[i] - y0[i]) for i, w in weights.items()) / (x2 - x0),
        )


class _Probe(Generic[D]):
    """A function at one point: its values, its derivatives, and its values nearby."""

    def __init__(
        self,
        f: Callable[..., D | Sequence[D]],
        inputs: Sequence[D],
        components: Components[D],
        title: str,
    ) -> None:
        self.f = f
        self.inputs = inputs
        self.components = components
        self.title = title
        self.numbers = [components.read(x) for x in inputs]
        self.leaves = [self._fresh(k, numbers) for k, numbers in enumerate(self.numbers)]
        self.outputs = _listed(f(*self.leaves))
        values = [components.read(y) for y in self.outputs]
        self.sizes = [len(value) for value in values]
        self.here = [number for value in values for number in value]
        self.size = len(self.here)
        again = self.evaluate(0, self.numbers[0])
        if [repr(number) for number in again] != [repr(number) for number in self.here]:
            raise GradcheckError(
                f"{title}: f gave different outputs for the same inputs; a function that draws "
                "random numbers cannot be checked by differences, so fix its seed inside f"
            )

    def _fresh(self, k: int, numbers: Sequence[float]) -> D:
        like = self.inputs[k]
        return self.components.build(like, numbers, like.requires_grad)

    def evaluate(self, k: int, numbers: Sequence[float]) -> list[float]:
        """The components of all outputs, with these numbers in input k."""
        values = [self._fresh(j, numbers if j == k else own) for j, own in enumerate(self.numbers)]
        return [number for y in _listed(self.f(*values)) for number in self.components.read(y)]

    def step(self, k: int, c: int, eps: float) -> _Step:
        """Move component c of input k down and up by eps."""
        x = self.numbers[k][c]
        numbers = list(self.numbers[k])
        positions: list[float] = []
        values: list[list[float]] = []
        for moved in (x - eps, x + eps):
            numbers[c] = moved
            # The value may hold fewer digits than we asked for: the step is what it holds.
            positions.append(self.components.read(self._fresh(k, numbers))[c])
            values.append(self.evaluate(k, numbers))
        if not positions[0] < x < positions[1]:
            raise ValueError(
                f"{self.title}: {x!r} +- eps is {x!r} again for component {c} of input {k}, with "
                f"eps={eps:g}; take a larger eps, smaller inputs, or float64"
            )
        return _Step((positions[0], x, positions[1]), (values[0], self.here, values[1]))

    def derive(self, weights: Mapping[int, float], wanted: Sequence[int]) -> list[list[float]]:
        """The derivatives of one combination of the outputs, by the inputs `wanted`."""
        roots = []
        start = 0
        for y, size in zip(self.outputs, self.sizes, strict=True):
            own = [weights.get(i, 0.0) for i in range(start, start + size)]
            start += size
            node = y.gradient_node()
            if node is not None and any(own):
                roots.append((node, self.components.build(y, own, False)))
        nodes = [self.leaves[k].gradient_node() for k in wanted]
        found = backward(roots, [n for n in nodes if n is not None], retain_graph=True)
        return [
            self.components.read(found[node])
            if node is not None and node in found
            else [0.0] * len(self.numbers[k])
            for k, node in zip(wanted, nodes, strict=True)
        ]


class _Mismatch(NamedTuple):
    """A derivative that is not what was measured, and what the two sides say about it."""

    of: str
    derived: float
    slopes: _Slopes
    near: _Slopes  # with half the step
    tolerance: float

    @property
    def smooth(self) -> bool:
        """Whether all slopes agree: then only the derivative can be wrong."""
        sides = (self.slopes.below, self.slopes.above, self.near.below, self.near.above)
        return max(sides) - min(sides) <= self.tolerance

    @property
    def jump(self) -> bool:
        """Whether the slope grows as the step shrinks."""
        return self.near.largest > 1.5 * self.slopes.largest

    @property
    def excused(self) -> bool:
        """Whether no derivative exists, or this one is between those of the two sides."""
        low, high = sorted((self.slopes.below, self.slopes.above))
        between = low - self.tolerance <= self.derived <= high + self.tolerance
        return not self.smooth and (self.jump or between)

    def __str__(self) -> str:
        says = (
            f"The derivative of {self.of} is {self.derived:.9g} by backward, but "
            f"{self.slopes.central:.9g} by differences.\nThe slopes are {self.slopes.below:.9g} "
            f"from below and {self.slopes.above:.9g} from above: "
        )
        if not math.isfinite(self.derived + self.slopes.below + self.slopes.above):
            return f"{says}Not all of them are finite; check where f and its derivative are."
        if self.smooth:
            return f"{says}f is smooth here, so its backward is wrong."
        if self.jump:
            return (
                f"{says}f has a jump within eps of this point, where it has no derivative (they "
                "grow as eps shrinks); check at another point."
            )
        if self.excused:
            return (
                f"{says}f has a kink within eps of this point, where it has no derivative, and "
                "backward gives a value in between; check at another point."
            )
        return (
            f"{says}f has a kink within eps of this point, but backward gives a value outside of "
            "both; check at another point, where a wrong backward shows."
        )


def _severity(mismatch: _Mismatch) -> tuple[bool, float]:
    """Sorts what must be an error in front of what may be the fault of the point."""
    return mismatch.excused, -abs(mismatch.derived - mismatch.slopes.central)
