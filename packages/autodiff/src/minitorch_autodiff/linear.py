"""The node of a linear map: it is recorded by its transpose, which is itself differentiable."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minitorch_autodiff import anomaly
from minitorch_autodiff.graph import D, Node, next_sequence

_new = object.__new__


class LinearNode(Node[D]):
    """The record of y = A x, by g -> A^T g. A view, a sum, a copy, a scatter are all such maps."""

    __slots__ = ("title", "transpose")

    transpose: Callable[[D], D]
    title: str

    def backward(self, g: D, /) -> Sequence[D | None]:
        """A^T g."""
        return (self.transpose(g),)

    def name(self) -> str:
        """For example `ExpandBackward0`."""
        return self.title


def record_linear(title: str, x: D, y: D, transpose: Callable[[D], D]) -> None:
    """Make the fresh value y remember that it is a linear map of x with this transpose."""
    node: LinearNode[D] = _new(LinearNode)
    node.title = title
    node.transpose = transpose
    node.hooks = None
    node.edges = (x.node or x.gradient_node(),)
    node.sequence = next_sequence()
    if anomaly.enabled:
        anomaly.remember(node)
    y.requires_grad = True
    y.node = node
