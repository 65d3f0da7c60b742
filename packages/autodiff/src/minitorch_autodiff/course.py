"""The course's way to write autodiff: functions of numbers with their backward, on our engine.

MiniTorch, the course (https://minitorch.github.io), builds a `Scalar` from these parts. Here they
are recorded into the engine's own graph, and mix freely with operators. Where the course's spelling
and PyTorch's differ, PyTorch's holds: `x.is_leaf` is a property, and a Scalar requires grad only if
told to, by `requires_grad=True` or by `ScalarHistory()`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self, TypeVar

from minitorch_autodiff.check import gradcheck
from minitorch_autodiff.delayed import DelayedError
from minitorch_autodiff.differences import GradcheckError
from minitorch_autodiff.graph import Node
from minitorch_autodiff.mode import is_grad_enabled, no_grad
from minitorch_autodiff.saved import FREED
from minitorch_autodiff.scalar import Scalar


class Context:
    """Where `forward` leaves numbers for `backward`.

    Args:
        no_grad: whether nothing is recorded, so that nothing need be saved.
        saved_values: the numbers.

    >>> ctx = Context()
    >>> ctx.save_for_backward(2.0, 3.0)
    >>> ctx.saved_values
    (2.0, 3.0)
    """

    def __init__(self, no_grad: bool = False, saved_values: tuple[float, ...] = ()) -> None:
        self.no_grad = no_grad
        self.saved_values = saved_values

    def save_for_backward(self, *values: float) -> None:
        """Keep `values`, unless nothing is recorded."""
        if not self.no_grad:
            self.saved_values = values

    @property
    def saved_tensors(self) -> tuple[float, ...]:
        """`saved_values`, by PyTorch's name."""
        return self.saved_values

    def __repr__(self) -> str:
        return f"Context(no_grad={self.no_grad}, saved_values={self.saved_values})"


class ScalarFunction:
    """A function of numbers that brings its own backward.

    A subclass defines `forward(ctx, *numbers)`, which returns a number, and `backward(ctx, d)`,
    which maps the derivative d of the result to those of the inputs: a number, or a tuple of one
    for each input. Both are static methods. Since `backward` works on numbers, it cannot be
    differentiated again; a formula of operators can.

    >>> class Cube(ScalarFunction):
    ...     @staticmethod
    ...     def forward(ctx: Context, x: float) -> float:
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx: Context, d: float) -> float:
    ...         (x,) = ctx.saved_values
    ...         return d * 3.0 * x**2
    >>> x = Scalar(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.derivative
    12.0
    """

    forward: ClassVar[Callable[..., float]]
    backward: ClassVar[Callable[..., float | tuple[float, ...]]]

    @classmethod
    def apply(cls, *vals: Scalar | float) -> Scalar:
        """The function of these values, recorded if one of them requires grad.

        Raises:
            TypeError: if `forward` does not return a number.
        """
        inputs = tuple(v if isinstance(v, Scalar) else Scalar(v) for v in vals)
        tracked = is_grad_enabled() and any(x.requires_grad for x in inputs)
        ctx = Context(no_grad=not tracked)
        result = cls.forward(ctx, *(x.data for x in inputs))
        if not isinstance(result, (int, float)):
            raise TypeError(
                f"{cls.__name__}.forward must return a number, but returned the "
                f"{type(result).__name__} {result!r}"
            )
        return Scalar(result, ScalarHistory(cls, ctx, inputs) if tracked else None)


@dataclass(frozen=True, eq=False)
class ScalarHistory:
    """How a Scalar was made: `Scalar(value, ScalarHistory())` is a leaf that requires grad.

    Args:
        last_fn: the function that made it; None for a leaf.
        ctx: what that function saved.
        inputs: what it was called with.
    """

    last_fn: type[ScalarFunction] | None = None
    ctx: Context | None = None
    inputs: Sequence[Scalar] = ()

    def attach(self, value: Scalar, /) -> None:
        """Make the fresh `value` remember this history, in the engine's graph."""
        if self.last_fn is None:
            value.requires_grad = True
        elif any(x.requires_grad for x in self.inputs):
            value.inputs = tuple(self.inputs)
            value.node = FunctionNode(self.last_fn, self.ctx or Context(), self.inputs)
            value.requires_grad = True


class FunctionNode(Node[Scalar]):
    """The record of a `ScalarFunction`."""

    __slots__ = ("ctx", "function")

    def __init__(
        self, function: type[ScalarFunction], ctx: Context, inputs: Sequence[Scalar]
    ) -> None:
        super().__init__(tuple(x.gradient_node() for x in inputs))
        self.function = function
        self.ctx: Context | None = ctx

    def backward(self, g: Scalar, /) -> Sequence[Scalar | None]:
        """What the function's own `backward` gives.

        Raises:
            RuntimeError: if it gives too few or too many, or the graph was freed.
        """
        if self.ctx is None:
            raise RuntimeError(FREED.format(self.name()))
        with no_grad():
            result = self.function.backward(self.ctx, g.data)
        derivatives = result if isinstance(result, tuple) else (result,)
        if len(derivatives) != len(self.edges):
            raise RuntimeError(
                f"{self.function.__name__}.backward returned an incorrect number of derivatives: "
                f"expected {len(self.edges)}, one for each input of forward, got "
                f"{len(derivatives)}"
            )
        return [self._constant(d, g) for d in derivatives]

    def _constant(self, d: float, g: Scalar) -> Scalar:
        """`d`, marked so that nobody takes it for a constant in a second derivative."""
        y = Scalar(d)
        if is_grad_enabled():
            message = (
                f"trying to differentiate {self.name()} twice, but it computes with numbers, which "
                "have no history; write the function as a formula of Scalars and operators instead"
            )
            edges = (g.gradient_node(), *self.edges)
            y.node = DelayedError(f"{self.name()}Backward", message, edges)
            y.requires_grad = True
        return y

    def release(self) -> None:
        """Drop what the function saved."""
        self.ctx = None

    def name(self) -> str:
        """For example `CubeBackward`."""
        return f"{self.function.__name__}Backward"


class Variable(Protocol):
    """What `backpropagate` asks of a value; `Scalar` satisfies it."""

    @property
    def unique_id(self) -> int:
        """A number that no other variable alive has."""
        ...

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by no recorded function."""
        ...

    def is_constant(self) -> bool:
        """Whether no derivative is wanted for it."""
        ...

    @property
    def parents(self) -> Sequence[Self]:
        """The inputs of the function that made it."""
        ...

    def chain_rule(self, d_output: float, /) -> Sequence[tuple[Self, float]]:
        """Its inputs, each with d_output times the derivative by it; no constants."""
        ...

    def accumulate_derivative(self, x: float, /) -> None:
        """Add x to the derivative of this leaf."""
        ...


W = TypeVar("W", bound=Variable)


def topological_sort(variable: W) -> list[W]:
    """All variables that `variable` was computed from, each after everything computed from it.

    Constants are left out. It needs no recursion: a graph may be 100,000 deep.

    >>> x = Scalar(1.0, requires_grad=True, name="x")
    >>> y = x * 2.0
    >>> [v.data for v in topological_sort(y + x)]
    [3.0, 2.0, 1.0]
    """
    order: list[W] = []
    seen: set[int] = set()
    stack = [(variable, False)]
    while stack:
        v, parents_done = stack.pop()
        if parents_done:
            order.append(v)
        elif v.unique_id not in seen and not v.is_constant():
            seen.add(v.unique_id)
            stack.append((v, True))
            stack.extend((parent, False) for parent in v.parents)
    order.reverse()
    return order


def backpropagate(variable: W, deriv: float) -> None:
    """Add `deriv` times the derivative of `variable` to every leaf that it was computed from.

    The course's algorithm. `Scalar.backward` gives the same numbers, by the engine.

    >>> x = Scalar(3.0, requires_grad=True)
    >>> backpropagate(x * x, 1.0)
    >>> x.derivative
    6.0
    """
    derivatives = {variable.unique_id: deriv}
    for v in topological_sort(variable):
        d = derivatives.pop(v.unique_id, None)
        if d is None:
            continue
        if v.is_leaf:
            v.accumulate_derivative(d)
            continue
        for parent, contribution in v.chain_rule(d):
            key = parent.unique_id
            derivatives[key] = derivatives.get(key, 0.0) + contribution


def derivative_check(f: Callable[..., Scalar], *scalars: Scalar) -> None:
    """Assert that backward and central differences agree on f to 1e-2, for each of `scalars`.

    `gradcheck` says more about f; this is the course's name for it.

    Raises:
        AssertionError: if a derivative is wrong.

    >>> derivative_check(lambda x, y: x * y, Scalar(2.0), Scalar(3.0))
    """
    leaves = [Scalar(x.data, name=x.name, requires_grad=True) for x in scalars]
    try:
        gradcheck(f, leaves, atol=1e-2, rtol=1e-2)
    except GradcheckError as error:
        raise AssertionError(str(error)) from None
