"""What every differentiable value has: history, hooks, and arithmetic both ways."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar
from weakref import ref

from minitorch_autodiff.graph import D, Differentiable, Hook, Node
from minitorch_operators import Binary, Ternary, Unary, add, div, mul, neg, sub

L = TypeVar("L", bound=Differentiable)


class AccumulateGrad(Node[D]):
    """The sink of a leaf: adds what arrives to `leaf.grad`.

    The leaf owns this node, and so the node holds the leaf weakly: there is no reference cycle, and a
    gradient for a leaf that nobody holds any more is of no use to anybody.
    """

    __slots__ = ("after", "leaf")

    def __init__(self, leaf: D) -> None:
        super().__init__(())
        self.leaf = ref(leaf)
        self.after: list[Callable[[D], None]] = []  # called with the leaf once `.grad` is updated

    @property
    def variable(self) -> D | None:
        """The leaf, as PyTorch names it."""
        return self.leaf()

    def backward(self, g: D, /) -> Sequence[D | None]:
        """leaf.grad += g."""
        leaf = self.leaf()
        if leaf is not None:
            leaf.receive(g)
            for hook in self.after:
                hook(leaf)
        return ()


class RemovableHandle:
    """Takes a hook away again: `handle.remove()`, or at the end of a `with` block."""

    def __init__(self, remove: Callable[[], None]) -> None:
        self._remove: Callable[[], None] | None = remove

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        if self._remove is not None:
            self._remove()
            self._remove = None

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


class Variable(Generic[D]):
    """History and arithmetic, shared by all kinds of values: `class Tensor(Variable["Tensor"])`.

    Results are of type D and not Self, so that arithmetic on a `Parameter` gives a `Tensor`.
    """

    __slots__ = ()

    requires_grad: bool
    node: Node[D] | None  # None for constants, and for leaves not used yet

    @abstractmethod
    def apply_unary(self, operator: Unary, /) -> D:
        """`operator` of this value."""

    @abstractmethod
    def apply_binary(self, operator: Binary, other: D | float, /) -> D:
        """`operator(self, other)`."""

    @abstractmethod
    def apply_reflected(self, operator: Binary, other: float, /) -> D:
        """`operator(other, self)`."""

    @abstractmethod
    def apply_ternary(self, operator: Ternary, b: D | float, c: D | float, /) -> D:
        """`operator(self, b, c)`."""

    @abstractmethod
    def gradient_node(self) -> Node[D] | None:
        """Where a gradient of this value is sent; None if it needs none."""

    def __add__(self, other: D | float, /) -> D:
        return self.apply_binary(add, other)

    def __radd__(self, other: float, /) -> D:
        return self.apply_reflected(add, other)

    def __sub__(self, other: D | float, /) -> D:
        return self.apply_binary(sub, other)

    def __rsub__(self, other: float, /) -> D:
        return self.apply_reflected(sub, other)

    def __mul__(self, other: D | float, /) -> D:
        return self.apply_binary(mul, other)

    def __rmul__(self, other: float, /) -> D:
        return self.apply_reflected(mul, other)

    def __truediv__(self, other: D | float, /) -> D:
        return self.apply_binary(div, other)

    def __rtruediv__(self, other: float, /) -> D:
        return self.apply_reflected(div, other)

    def __neg__(self) -> D:
        return self.apply_unary(neg)

    @property
    def is_leaf(self) -> bool:
        """Whether no operation made this value, or none was recorded."""
        return self.node is None or isinstance(self.node, AccumulateGrad)

    @property
    def grad_fn(self) -> Node[D] | None:
        """The node of the operation that made this value; None for a leaf."""
        return None if self.is_leaf else self.node

    def register_hook(self, hook: Hook[D]) -> RemovableHandle:
        """Call `hook` with the complete gradient of this value; what it returns replaces the gradient.

        https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html

        Raises:
            RuntimeError: if this value does not require grad.
        """
        node = self.gradient_node()
        if node is None:
            raise RuntimeError(
                "register_hook: cannot register a hook on a value that does not require grad; "
                "call requires_grad_() first"
            )
        if node.hooks is None:
            node.hooks = []
        node.hooks.append(hook)
        return RemovableHandle(lambda: _drop(node, hook))


def _drop(node: Node[D], hook: Hook[D]) -> None:
    if node.hooks is not None and hook in node.hooks:
        node.hooks.remove(hook)
        if not node.hooks:
            node.hooks = None
