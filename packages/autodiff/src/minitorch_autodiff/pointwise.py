"""The nodes of pointwise operators: they keep what the rule reads, and apply the rule.

A million of them may be built in a training run, so they are made without `__init__`, and keep
values and versions in slots of their own instead of in `Saved` objects.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_autodiff import anomaly
from minitorch_autodiff.graph import D, Node, next_sequence
from minitorch_autodiff.mode import is_grad_enabled
from minitorch_autodiff.saved import FREED, STALE
from minitorch_operators import Binary, Rule, Ternary, TernaryRule, Unary, identity

_new = object.__new__


def node_name(operator: str) -> str:
    """PyTorch's name for the backward of an operator.

    >>> node_name("log_back")
    'LogBackBackward0'
    """
    return "".join(part.capitalize() for part in operator.split("_")) + "Backward0"


def _intact(node: Node[D], value: D | None, version: int) -> D:
    if value is None:
        raise RuntimeError(FREED.format(node.name()))
    if value.version != version:
        raise RuntimeError(STALE.format(node.name(), version, value.version))
    return value


class UnaryNode(Node[D]):
    """The record of y = operator(x)."""

    __slots__ = ("operator", "version_x", "version_y", "x", "y")

    operator: Unary
    x: D | None
    y: D | None  # without its node, so that this node does not own itself
    version_x: int
    version_y: int

    def backward(self, g: D, /) -> Sequence[D | None]:
        """dx = vjp(g, x, y)."""
        rule = self.operator.vjp
        if rule is None:  # a step function, such as floor: its derivative is zero, as in PyTorch
            return (g * 0.0,)
        if rule is identity:
            return (g,)
        needs = self.operator.needs
        x = _intact(self, self.x, self.version_x) if "x" in needs else g  # never read: any value
        y = _intact(self, self.y, self.version_y) if "y" in needs else g
        if "y" in needs and is_grad_enabled():
            y = y.detach()
            y.requires_grad, y.node = True, self
        return (g.compute_rule(rule, x, y),)

    def release(self) -> None:
        """Drop x and y."""
        self.x = self.y = None

    def name(self) -> str:
        """For example `TanhBackward0`."""
        return node_name(self.operator.name)


class BinaryNode(Node[D]):
    """The record of y = operator(a, b)."""

    __slots__ = ("a", "b", "operator", "version_a", "version_b")

    operator: Binary
    a: D | None
    b: D | None
    version_a: int
    version_b: int

    def backward(self, g: D, /) -> Sequence[D | None]:
        """The pair vjp_a(g, a, b), vjp_b(g, a, b)."""
        edge_a, edge_b = self.edges
        rule_a, rule_b = self.operator.vjps
        da = db = None
        if edge_a is not None and rule_a is not None:
            da = g if rule_a is identity else self._pull(rule_a, self.operator.needs[0], g)
        if edge_b is not None and rule_b is not None:
            db = g if rule_b is identity else self._pull(rule_b, self.operator.needs[1], g)
        return (da, db)

    def _pull(self, rule: Rule, needs: str, g: D) -> D:
        a = _intact(self, self.a, self.version_a) if "a" in needs else g
        b = _intact(self, self.b, self.version_b) if "b" in needs else g
        return g.compute_rule(rule, a, b)

    def release(self) -> None:
        """Drop a and b."""
        self.a = self.b = None

    def name(self) -> str:
        """For example `AddBackward0`."""
        return node_name(self.operator.name)


class TernaryNode(Node[D]):
    """The record of y = operator(a, b, c)."""

    __slots__ = ("operator", "values", "versions")

    operator: Ternary
    values: tuple[D | None, D | None, D | None]
    versions: tuple[int, int, int]

    def backward(self, g: D, /) -> Sequence[D | None]:
        """The three vjp(g, a, b, c)."""
        operator = self.operator
        return [
            None if edge is None or rule is None else self._pull(rule, needs, g)
            for edge, rule, needs in zip(self.edges, operator.vjps, operator.needs, strict=True)
        ]

    def _pull(self, rule: TernaryRule, needs: str, g: D) -> D:
        a, b, c = (
            _intact(self, value, version) if name in needs else g
            for name, value, version in zip("abc", self.values, self.versions, strict=True)
        )
        return g.compute_ternary_rule(rule, a, b, c)

    def release(self) -> None:
        """Drop the operands."""
        self.values = (None, None, None)

    def name(self) -> str:
        """For example `WhereBackward0`."""
        return node_name(self.operator.name)


def record_unary(operator: Unary, x: D, y: D) -> None:
    """Make the fresh value y remember that it is operator(x). The caller saw that x needs grad."""
    node: UnaryNode[D] = _new(UnaryNode)
    node.operator = operator
    node.hooks = None
    node.edges = (x.node or x.gradient_node(),)
    node.x = node.y = None
    needs = operator.needs
    if needs:
        if "x" in needs:
            node.x = x
            node.version_x = x.version
        if "y" in needs:
            node.y = kept = y.detach()
            node.version_y = kept.version
    node.sequence = next_sequence()
    if anomaly.enabled:
        anomaly.remember(node)
    y.requires_grad = True
    y.node = node


def record_binary(operator: Binary, a: D, b: D, y: D) -> None:
    """Make the fresh value y remember that it is operator(a, b). One of them needs grad."""
    node: BinaryNode[D] = _new(BinaryNode)
    node.operator = operator
    node.hooks = None
    # A leaf that was frozen after use still has its node.
    edge_a = (a.node or a.gradient_node()) if a.requires_grad else None
    edge_b = (b.node or b.gradient_node()) if b.requires_grad else None
    node.edges = (edge_a, edge_b)
    node.a = node.b = None
    needs_a, needs_b = operator.needs
    if needs_a or needs_b:
        reads = (needs_a if edge_a is not None else "") + (needs_b if edge_b is not None else "")
        if "a" in reads:
            node.a = a
            node.version_a = a.version
        if "b" in reads:
            node.b = b
            node.version_b = b.version
    node.sequence = next_sequence()
    if anomaly.enabled:
        anomaly.remember(node)
    y.requires_grad = True
    y.node = node


def record_ternary(operator: Ternary, a: D, b: D, c: D, y: D) -> None:
    """Make the fresh value y remember that it is operator(a, b, c). One of them needs grad."""
    node: TernaryNode[D] = _new(TernaryNode)
    node.operator = operator
    node.hooks = None
    node.edges = (
        a.gradient_node() if a.requires_grad else None,
        b.gradient_node() if b.requires_grad else None,
        c.gradient_node() if c.requires_grad else None,
    )
    reads = "".join(
        needs for needs, edge in zip(operator.needs, node.edges, strict=True) if edge is not None
    )
    node.values = (
        a if "a" in reads else None,
        b if "b" in reads else None,
        c if "c" in reads else None,
    )
    node.versions = (a.version, b.version, c.version)
    node.sequence = next_sequence()
    if anomaly.enabled:
        anomaly.remember(node)
    y.requires_grad = True
    y.node = node
