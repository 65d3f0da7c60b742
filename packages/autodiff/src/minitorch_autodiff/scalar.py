"""`Scalar`: a float with a history. The whole engine, without any shapes."""

from __future__ import annotations

from minitorch_autodiff.engine import backward
from minitorch_autodiff.graph import Node
from minitorch_autodiff.mode import is_grad_enabled
from minitorch_autodiff.pointwise import record_binary, record_ternary, record_unary
from minitorch_autodiff.variable import AccumulateGrad, Variable
from minitorch_operators import Binary, Rule, Ternary, TernaryRule, Unary


class Scalar(Variable["Scalar"]):
    """A float that remembers how it was computed.

    >>> x = Scalar(3.0, requires_grad=True)
    >>> y = x * x + 1.0
    >>> y.backward()
    >>> x.grad
    Scalar(6.0)
    """

    __slots__ = ("__weakref__", "data", "grad", "name", "node", "requires_grad")

    def __init__(self, data: float, *, requires_grad: bool = False, name: str | None = None) -> None:
        self.data = float(data)
        self.requires_grad = requires_grad
        self.grad: Scalar | None = None
        self.node: Node[Scalar] | None = None
        self.name = name

    @property
    def version(self) -> int:
        """0: a float is never written in place."""
        return 0

    def detach(self) -> Scalar:
        """The same number without history."""
        return Scalar(self.data)

    def gradient_node(self) -> Node[Scalar] | None:
        """Where a gradient of this value is sent."""
        if self.node is None and self.requires_grad:
            self.node = AccumulateGrad(self)
        return self.node

    def receive(self, g: Scalar, /) -> None:
        """Add g to `.grad`."""
        self.grad = g if self.grad is None else self.grad + g

    def apply_unary(self, operator: Unary, /) -> Scalar:
        """`operator` of this value."""
        y = Scalar(operator.fn(self.data))
        if operator.vjp is not None and self.requires_grad and is_grad_enabled():
            record_unary(operator, self, y)
        return y

    def apply_binary(self, operator: Binary, other: Scalar | float, /) -> Scalar:
        """`operator(self, other)`."""
        if not isinstance(other, Scalar):
            if not isinstance(other, (int, float)):
                return NotImplemented
            other = Scalar(other)
        y = Scalar(operator.fn(self.data, other.data))
        if (
            (self.requires_grad or other.requires_grad)
            and operator.vjps != (None, None)
            and is_grad_enabled()
        ):
            record_binary(operator, self, other, y)
        return y

    def apply_reflected(self, operator: Binary, other: float, /) -> Scalar:
        """`operator(other, self)`."""
        return Scalar(other).apply_binary(operator, self)

    def apply_ternary(self, operator: Ternary, b: Scalar | float, c: Scalar | float, /) -> Scalar:
        """`operator(self, b, c)`."""
        b = b if isinstance(b, Scalar) else Scalar(b)
        c = c if isinstance(c, Scalar) else Scalar(c)
        y = Scalar(operator.fn(self.data, b.data, c.data))
        if (self.requires_grad or b.requires_grad or c.requires_grad) and is_grad_enabled():
            record_ternary(operator, self, b, c, y)
        return y

    def compute_rule(self, rule: Rule, a: Scalar, b: Scalar, /) -> Scalar:
        """`rule(self, a, b)`."""
        return rule(self, a, b)

    def compute_ternary_rule(self, rule: TernaryRule, a: Scalar, b: Scalar, c: Scalar, /) -> Scalar:
        """`rule(self, a, b, c)`."""
        return rule(self, a, b, c)

    def backward(
        self,
        gradient: Scalar | float = 1.0,
        *,
        retain_graph: bool = False,
        create_graph: bool = False,
    ) -> None:
        """Add the derivative of this value to the `.grad` of every leaf it was computed from."""
        root = self.gradient_node()
        if root is None:
            raise RuntimeError(
                "backward: this Scalar does not require grad and has no history; make a leaf with "
                "Scalar(value, requires_grad=True)"
            )
        seed = gradient if isinstance(gradient, Scalar) else Scalar(gradient)
        backward([(root, seed)], retain_graph=retain_graph, create_graph=create_graph)

    def __repr__(self) -> str:
        return f"Scalar({self.data!r})"
