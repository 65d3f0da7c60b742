"""The graph: a node for each recorded operation, pointing at the nodes of its inputs.

An edge is simply the node it leads to. Only an operation with several outputs needs more: each of
its outputs is an `Output` node, which says which of them it is.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from minitorch_autodiff import anomaly
from minitorch_autodiff.handle import RemovableHandle
from minitorch_operators import Liftable, Rule, TernaryRule

if TYPE_CHECKING:
    from typing import Self

next_sequence = count().__next__
"""Numbers the nodes. A node is younger than all its inputs, so that order is a topological one."""


class Differentiable(Liftable, Protocol):
    """What the engine asks of a value. `Scalar` and `Tensor` satisfy it structurally."""

    requires_grad: bool
    node: Node[Self] | None

    @property
    def version(self) -> int:
        """How often the memory behind this value was written in place."""
        ...

    def detach(self) -> Self:
        """The same value without history."""
        ...

    def gradient_node(self) -> Node[Self] | None:
        """Where a gradient of this value is sent; None if it needs none."""
        ...

    def receive(self, g: Self, /, *, alone: bool = False) -> None:
        """Add `g` to `.grad`, or let it be `.grad` if it is `alone`: nobody else has it."""
        ...

    def first_nan(self) -> tuple[int, ...] | None:
        """The index of its first nan, () if it is a number; None if it has none."""
        ...

    def compute_rule(self, rule: Rule, a: Self, b: Self, /) -> Self:
        """`rule(self, a, b)`; where it is not recorded, tensors do it in one fused kernel."""
        ...

    def compute_ternary_rule(self, rule: TernaryRule, a: Self, b: Self, c: Self, /) -> Self:
        """`rule(self, a, b, c)`, likewise."""
        ...


D = TypeVar("D", bound=Differentiable)
F = TypeVar("F")

Hook = Callable[[D], D | None]
Grads = Sequence[D | None]


class Around(Generic[D]):
    """The hooks of a node itself, called before and after its backward."""

    def __init__(self) -> None:
        self.before: list[Callable[[Grads[D]], Grads[D] | None]] = []
        self.after: list[Callable[[Grads[D], Grads[D]], Grads[D] | None]] = []


class Hooked:
    """Whether any node ever got a hook around it: until then the engine looks for none."""

    ever = False


class Node(Generic[D]):
    """A recorded operation, younger than every node its edges lead to.

    `edges` has one entry for each input: the node that a gradient of that input goes to, or None.
    """

    __slots__ = ("__weakref__", "around", "edges", "hooks", "sequence")

    edges: tuple[Node[D] | None, ...]
    sequence: int
    hooks: list[Hook[D]] | None  # called with the complete gradient of the output
    around: Around[D]  # there only if it was asked for

    def __init__(self, edges: tuple[Node[D] | None, ...]) -> None:
        self.edges = edges
        self.hooks = None
        self.sequence = next_sequence()
        if anomaly.enabled:
            anomaly.remember(self)

    @abstractmethod
    def backward(self, g: D, /) -> Sequence[D | None]:
        """Map the gradient of the output to those of the inputs, one an edge; None is zero."""

    def release(self) -> None:
        """Drop the saved values, if there are any: the graph will not be walked again."""

    def name(self) -> str:
        """PyTorch's name of the node: `AddBackward0`."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Node[D] | None, int], ...]:
        """The nodes the gradients go on to, each with the number of its output, as in PyTorch."""
        return tuple(
            (edge.producer, edge.slot) if isinstance(edge, Output) else (edge, 0)
            for edge in self.edges
        )

    def register_prehook(self, fn: Callable[[Grads[D]], Grads[D] | None]) -> RemovableHandle:
        """Call fn with the gradients of the outputs, before backward; it may replace them.

        https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_prehook.html
        """
        return _registered(_around(self).before, fn)

    def register_hook(self, fn: Callable[[Grads[D], Grads[D]], Grads[D] | None]) -> RemovableHandle:
        """Call fn with the gradients of inputs and outputs, after backward; it may replace those.

        https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_hook.html
        """
        return _registered(_around(self).after, fn)

    def __repr__(self) -> str:
        return f"<{self.name()}>"


def _around(node: Node[D]) -> Around[D]:
    if not hasattr(node, "around"):
        node.around = Around()
        Hooked.ever = True
    return node.around


def _registered(hooks: list[F], fn: F) -> RemovableHandle:
    hooks.append(fn)
    return RemovableHandle(lambda: hooks.remove(fn) if fn in hooks else None)


class Many(Node[D]):
    """An operation with several outputs; `backward_many` gets a gradient, or None, for each."""

    __slots__ = ()

    @abstractmethod
    def backward_many(self, grads: Sequence[D | None], /) -> Sequence[D | None]:
        """Map the gradients of the outputs to those of the inputs."""

    def backward(self, g: D, /) -> Sequence[D | None]:
        """The gradient of the first output alone."""
        return self.backward_many([g])


class Output(Node[D]):
    """Output number `slot` of `producer`."""

    __slots__ = ("producer", "slot")

    def __init__(self, producer: Many[D], slot: int) -> None:
        super().__init__((producer,))
        self.producer = producer
        self.slot = slot

    def backward(self, g: D, /) -> Sequence[D | None]:
        """Pass the gradient on; the engine files it under `slot`."""
        return (g,)

    def name(self) -> str:
        """The name of the operation."""
        return self.producer.name()
