"""`Scalar`: a float with a history. The whole engine, without any shapes."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from minitorch_autodiff.engine import backward
from minitorch_autodiff.graph import Node
from minitorch_autodiff.methods import Pointwise
from minitorch_autodiff.mode import is_grad_enabled, no_grad
from minitorch_autodiff.pointwise import record_binary, record_ternary, record_unary
from minitorch_autodiff.variable import AccumulateGrad
from minitorch_operators import Binary, Rule, Ternary, TernaryRule, Unary

if TYPE_CHECKING:
    from minitorch_autodiff.course import ScalarHistory

_making_leaf_node = Lock()  # two threads that use a leaf first at once must get the same node


class History(Protocol):
    """What a Scalar may be given a history from: `ScalarHistory` in `course.py`."""

    def attach(self, value: Scalar, /) -> None:
        """Make the fresh `value` remember this history."""
        ...


class Scalar(Pointwise["Scalar"]):
    """A float that remembers how it was computed.

    Args:
        data: the number.
        back: where it comes from, as in the course: `ScalarHistory()` makes a leaf that requires
            grad, None a constant. The same as `requires_grad`, which is PyTorch's way to say it.
        name: shown by `draw`.
        requires_grad: whether `backward` shall give it a `.grad`; by default not, as in PyTorch.

    >>> x = Scalar(3.0, requires_grad=True)
    >>> y = x * x + 1.0
    >>> y.backward()
    >>> x.grad
    Scalar(6.0)
    """

    __slots__ = ("__weakref__", "data", "grad", "inputs", "name", "node", "requires_grad")

    def __init__(
        self,
        data: float,
        back: History | None = None,
        name: str | None = None,
        *,
        requires_grad: bool = False,
    ) -> None:
        self.data = float(data)
        self.requires_grad = requires_grad
        self.grad: Scalar | None = None
        self.node: Node[Scalar] | None = None
        self.name = name
        self.inputs: tuple[Scalar, ...] = ()  # the operands, if the operation was recorded
        if back is not None:
            back.attach(self)

    @property
    def version(self) -> int:
        """0: a float is never written in place."""
        return 0

    def detach(self) -> Scalar:
        """The same number without history."""
        return Scalar(self.data)

    def requires_grad_(self, requires_grad: bool = True) -> Scalar:
        """Say whether `backward` shall give this leaf a `.grad`; returns the leaf.

        Raises:
            RuntimeError: if this is no leaf, and `requires_grad` is False.
        """
        if not requires_grad and not self.is_leaf:
            raise RuntimeError(
                "requires_grad_: you can only change requires_grad flags of leaf variables, and "
                f"this one was made by {self.node!r}; use detach() for the number alone"
            )
        self.requires_grad = requires_grad
        return self

    def gradient_node(self) -> Node[Scalar] | None:
        """Where a gradient of this value is sent; None if it needs none."""
        if not self.requires_grad:
            return None
        if self.node is None:
            with _making_leaf_node:
                if self.node is None:
                    self.node = AccumulateGrad(self)
        return self.node

    def receive(self, g: Scalar, /, *, alone: bool = False) -> None:
        """Add g to `.grad`."""
        if g.requires_grad and not is_grad_enabled():
            g = g.detach()  # a gradient has a history only if its computation was recorded
        self.grad = g if self.grad is None else self.grad + g

    def first_nan(self) -> tuple[int, ...] | None:
        """(), the index of the one number that a Scalar has, if that is nan; else None."""
        return () if self.data != self.data else None

    def apply_unary(self, operator: Unary, /) -> Scalar:
        """`operator` of this value."""
        y = Scalar(operator.fn(self.data))
        if self.requires_grad and operator.vjp is not None and is_grad_enabled():
            record_unary(operator, self, y)
            y.inputs = (self,)
        return y

    def apply_binary(self, operator: Binary, other: Scalar | float, /) -> Scalar:
        """`operator(self, other)`; TypeError if `other` is neither a Scalar nor a number."""
        if not isinstance(other, Scalar):
            other = _number(operator.name, other)
        y = Scalar(operator.fn(self.data, other.data))
        if (
            (self.requires_grad or other.requires_grad)
            and operator.vjps != (None, None)
            and is_grad_enabled()
        ):
            record_binary(operator, self, other, y)
            y.inputs = (self, other)
        return y

    def apply_reflected(self, operator: Binary, other: float, /) -> Scalar:
        """`operator(other, self)`."""
        return _number(operator.name, other).apply_binary(operator, self)

    def apply_ternary(self, operator: Ternary, b: Scalar | float, c: Scalar | float, /) -> Scalar:
        """`operator(self, b, c)`; TypeError if b or c is neither a Scalar nor a number."""
        b = b if isinstance(b, Scalar) else _number(operator.name, b)
        c = c if isinstance(c, Scalar) else _number(operator.name, c)
        y = Scalar(operator.fn(self.data, b.data, c.data))
        if (
            (self.requires_grad or b.requires_grad or c.requires_grad)
            and operator.vjps != (None, None, None)
            and is_grad_enabled()
        ):
            record_ternary(operator, self, b, c, y)
            y.inputs = (self, b, c)
        return y

    def compute_rule(self, rule: Rule, a: Scalar, b: Scalar, /) -> Scalar:
        """`rule(self, a, b)`."""
        return rule(self, a, b)

    def compute_ternary_rule(self, rule: TernaryRule, a: Scalar, b: Scalar, c: Scalar, /) -> Scalar:
        """`rule(self, a, b, c)`."""
        return rule(self, a, b, c)

    def backward(
        self,
        gradient: Scalar | float | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Scalar | Sequence[Scalar] | None = None,
    ) -> None:
        """Add the derivative of this value to the `.grad` of every leaf it was computed from.

        https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html

        Args:
            gradient: the derivative of some later value by this one, to start from; 1 if omitted.
            retain_graph: keep the graph for another backward; by default as `create_graph`.
            create_graph: record the backward itself, so that `.grad` can be differentiated.
            inputs: the only values to give a `.grad`; all leaves if omitted.

        Raises:
            RuntimeError: if this value has no history, or its graph was freed by an earlier walk.
        """
        keep = create_graph if retain_graph is None else retain_graph
        roots = [(_root(self), _seed(gradient))]
        if inputs is None:
            backward(roots, retain_graph=keep, create_graph=create_graph)
            return
        values = _listed(inputs)
        nodes = [_wanted(i, x) for i, x in enumerate(values)]
        found = backward(roots, nodes, retain_graph=keep, create_graph=create_graph)
        for x, node in zip(values, nodes, strict=True):
            if node in found:
                x.receive(found[node])

    @property
    def derivative(self) -> float | None:
        """`.grad` as a number, as in the course; it can be set, for example to None."""
        return None if self.grad is None else self.grad.data

    @derivative.setter
    def derivative(self, value: float | None) -> None:
        self.grad = None if value is None else Scalar(value)

    @property
    def history(self) -> ScalarHistory | None:
        """How this value was made, as in the course: None for a constant."""
        from minitorch_autodiff.scalar_functions import history_of  # which are made of Scalars

        return history_of(self)

    @property
    def unique_id(self) -> int:
        """A number that no other Scalar alive has."""
        return id(self)

    def is_constant(self) -> bool:
        """Whether no derivative is wanted for this value."""
        return not self.requires_grad

    @property
    def parents(self) -> tuple[Scalar, ...]:
        """The operands of the recorded operation that made this value; none for a leaf."""
        return self.inputs

    def chain_rule(self, d_output: float) -> list[tuple[Scalar, float]]:
        """The operands that are no constants, each with d_output times the derivative by it.

        Raises:
            RuntimeError: if no recorded operation made this value, or its graph was freed.

        >>> x, y = Scalar(3.0, requires_grad=True), Scalar(4.0, requires_grad=True)
        >>> (x * y).chain_rule(10.0)
        [(Scalar(3.0), 40.0), (Scalar(4.0), 30.0)]
        """
        node = self.grad_fn
        if node is None:
            raise RuntimeError(
                f"chain_rule: {self!r} was made by no recorded operation, so there is nothing to "
                "go on to; it is a leaf or a constant"
            )
        if len(self.inputs) != len(node.edges):
            raise RuntimeError(
                f"chain_rule: {self!r} was rebuilt by a recorded backward, and does not know its "
                "operands; use backward()"
            )
        with no_grad():
            derivatives = node.backward(Scalar(d_output))
        return [
            (x, 0.0 if d is None else d.data)
            for x, d in zip(self.inputs, derivatives, strict=True)
            if not x.is_constant()
        ]

    def accumulate_derivative(self, x: float) -> None:
        """Add x to the derivative of this leaf.

        Raises:
            RuntimeError: if this is no leaf.
        """
        if not self.is_leaf:
            raise RuntimeError(
                f"accumulate_derivative: only leaves have derivatives, and {self!r} was made by "
                f"{self.node!r}"
            )
        self.receive(Scalar(x))

    def item(self) -> float:
        """The number."""
        return self.data

    def __float__(self) -> float:
        return self.data

    def __int__(self) -> int:
        return int(self.data)

    def __bool__(self) -> bool:
        return self.data != 0.0

    def __format__(self, spec: str) -> str:
        return format(self.data, spec)

    def __repr__(self) -> str:
        return f"Scalar({self.data!r})"

    def __reduce__(self) -> tuple[object, ...]:
        """How to copy and pickle a leaf; a result belongs to its graph, which is not copied."""
        if not self.is_leaf:
            raise RuntimeError(
                f"deepcopy: only leaves can be copied or pickled, and {self!r} was made by "
                f"{self.node!r}; copy its detach()"
            )
        gradient = None if self.grad is None else self.grad.data
        return _leaf, (self.data, self.name, self.requires_grad, gradient)


def _leaf(data: float, name: str | None, requires_grad: bool, gradient: float | None) -> Scalar:
    leaf = Scalar(data, name=name, requires_grad=requires_grad)
    leaf.grad = None if gradient is None else Scalar(gradient)
    return leaf


def grad(
    outputs: Scalar | Sequence[Scalar],
    inputs: Scalar | Sequence[Scalar],
    grad_outputs: Scalar | float | Sequence[Scalar | float | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    materialize_grads: bool = False,
) -> tuple[Scalar, ...]:
    """The derivatives of the sum of `outputs` by each of `inputs`, without touching any `.grad`.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html

    Args:
        outputs: what to differentiate.
        inputs: by what; leaves, or values on the way to the outputs.
        grad_outputs: the derivatives of some later value by the outputs, to start from; 1 each if
            omitted.
        retain_graph: keep the graph for another walk; by default as `create_graph`.
        create_graph: record the derivatives, so that they can be differentiated again.
        materialize_grads: give 0 for an input that no output depends on, not an error.

    Raises:
        RuntimeError: if an input does not require grad, or no output was computed from it; if the
            numbers of outputs and grad_outputs differ; and for what `backward` raises.

    >>> x = Scalar(2.0, requires_grad=True)
    >>> (first,) = grad(x**3, x, create_graph=True)
    >>> (second,) = grad(first, x)
    >>> first, second
    (Scalar(12.0), Scalar(12.0))
    """
    ys, xs = _listed(outputs), _listed(inputs)
    seeds = grad_outputs if isinstance(grad_outputs, Sequence) else [grad_outputs] * len(ys)
    if len(seeds) != len(ys):
        raise RuntimeError(f"grad: got {len(ys)} outputs and {len(seeds)} grad_outputs")
    roots = [(_root(y), _seed(seed)) for y, seed in zip(ys, seeds, strict=True)]
    nodes = [_wanted(i, x) for i, x in enumerate(xs)]
    keep = create_graph if retain_graph is None else retain_graph
    found = backward(roots, nodes, retain_graph=keep, create_graph=create_graph)
    for i, node in enumerate(nodes):
        if node not in found and not materialize_grads:
            raise RuntimeError(
                f"grad: input {i}, {xs[i]!r}, appears to not have been used in the graph of the "
                "outputs; pass materialize_grads=True if its derivative shall be 0"
            )
    return tuple(found[node] if node in found else Scalar(0.0) for node in nodes)


def _listed(values: Scalar | Sequence[Scalar]) -> list[Scalar]:
    return [values] if isinstance(values, Scalar) else list(values)


def _root(y: Scalar) -> Node[Scalar]:
    node = y.gradient_node()
    if node is None:
        raise RuntimeError(
            f"backward: {y!r} does not require grad and does not have a grad_fn; make what it is "
            "computed from with Scalar(value, requires_grad=True), and compute it outside no_grad()"
        )
    return node


def _wanted(i: int, x: Scalar) -> Node[Scalar]:
    node = x.gradient_node()
    if node is None:
        raise RuntimeError(
            f"grad: input {i}, {x!r}, does not require grad; make it with requires_grad=True "
            "before it is used"
        )
    return node


def _seed(gradient: Scalar | float | None) -> Scalar:
    if gradient is None:
        return Scalar(1.0)
    return gradient if isinstance(gradient, Scalar) else _number("backward", gradient)


def _number(operation: str, value: float) -> Scalar:
    if isinstance(value, (int, float)):
        return Scalar(value)
    raise TypeError(
        f"{operation}: a Scalar goes with Scalars and with numbers, but got the "
        f"{type(value).__name__} {value!r}; convert it with float() first"
    )
