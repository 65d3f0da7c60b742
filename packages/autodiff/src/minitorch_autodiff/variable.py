"""What every differentiable value has: history, hooks, and arithmetic both ways."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from sys import getrefcount
from threading import RLock
from typing import ClassVar, Generic
from weakref import ref

from minitorch_autodiff.equality import Comparison
from minitorch_autodiff.graph import D, Hook, Node
from minitorch_autodiff.handle import RemovableHandle
from minitorch_operators import Binary, Ternary, Unary, add, div, eq, mul, ne, neg, sub

# Threads may walk graphs that share a leaf. One lock for all: it is held for one addition.
_accumulating = RLock()


class AccumulateGrad(Node[D]):
    """The sink of a leaf: adds what arrives to `leaf.grad`.

    The leaf owns this node, and so the node holds the leaf weakly: there is no reference cycle, and
    a gradient for a leaf that nobody holds any more is of no use to anybody.
    """

    __slots__ = ("after", "leaf")

    alone: ClassVar[int] = 0  # see `references_when_alone`; 0: no gradient is ever taken over

    def __init__(self, leaf: D) -> None:
        super().__init__(())
        self.leaf = ref(leaf)
        self.after: list[Callable[[D], None]] = []  # called with the leaf once `.grad` is updated

    @property
    def variable(self) -> D | None:
        """The leaf, as PyTorch names it."""
        return self.leaf()

    def backward(self, g: D, /) -> Sequence[D | None]:
        """leaf.grad += g, unless the leaf was frozen after it was used."""
        alone = getrefcount(g) <= self.alone
        leaf = self.leaf()
        if leaf is not None and leaf.requires_grad:
            with _accumulating:
                leaf.receive(g, alone=alone)
            for hook in tuple(self.after):
                hook(leaf)
        return ()


class _RetainGrad(Generic[D]):
    """The hook behind `retain_grad`; it holds its value weakly, since the value owns the node."""

    def __init__(self, value: Variable[D]) -> None:
        self._value = ref(value)

    def __call__(self, g: D) -> None:
        value = self._value()
        if value is not None:
            value.receive(g)


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

    @abstractmethod
    def receive(self, g: D, /, *, alone: bool = False) -> None:
        """Add `g` to `.grad`, or let it be `.grad` if it is `alone`: nobody else has it."""

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

    # `==` compares values; as a key in a dict or set a value stands for itself. The annotation is
    # for pyright, which would else take the type from `object`: bool.
    __eq__: Comparison = Comparison(eq)
    __ne__: Comparison = Comparison(ne)
    __hash__ = object.__hash__

    @property
    def is_leaf(self) -> bool:
        """Whether no operation made this value, or none was recorded."""
        return self.node is None or isinstance(self.node, AccumulateGrad)

    @property
    def grad_fn(self) -> Node[D] | None:
        """The node of the operation that made this value; None for a leaf."""
        return None if self.is_leaf else self.node

    def register_hook(self, hook: Hook[D]) -> RemovableHandle:
        """Call `hook` with the complete gradient of this value; its result, if any, replaces it.

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
        hooks = node.hooks
        last = len(hooks) - 1 if hooks and isinstance(hooks[-1], _RetainGrad) else len(hooks)
        hooks.insert(last, hook)  # what `retain_grad` keeps is the gradient after all hooks
        return RemovableHandle(lambda: _drop(node, hook))

    def register_post_accumulate_grad_hook(self, hook: Callable[[D], None]) -> RemovableHandle:
        """Call `hook` with this leaf, each time after its `.grad` was updated.

        https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_post_accumulate_grad_hook.html

        Raises:
            RuntimeError: if this value is no leaf, or does not require grad.
        """
        node = self.gradient_node()
        if node is None:
            raise RuntimeError(
                "register_post_accumulate_grad_hook: cannot register a hook on a value that does "
                "not require grad; call requires_grad_() first"
            )
        if not isinstance(node, AccumulateGrad):
            raise RuntimeError(
                "register_post_accumulate_grad_hook: post accumulate grad hooks cannot be "
                f"registered on non-leaf values, and this one was made by {node!r}; only leaves "
                "accumulate into .grad"
            )
        after = node.after
        after.append(hook)
        return RemovableHandle(lambda: after.remove(hook) if hook in after else None)

    def retain_grad(self) -> None:
        """Keep the gradient of this value in `.grad` too, although no leaf; nothing for a leaf.

        https://docs.pytorch.org/docs/stable/generated/torch.Tensor.retain_grad.html

        Raises:
            RuntimeError: if this value does not require grad.
        """
        node = self.gradient_node()
        if node is None:
            raise RuntimeError(
                "retain_grad: can't retain_grad on a value that does not require grad; "
                "call requires_grad_() first"
            )
        if isinstance(node, AccumulateGrad) or self.retains_grad:
            return
        if node.hooks is None:
            node.hooks = []
        node.hooks.append(_RetainGrad(self))

    @property
    def retains_grad(self) -> bool:
        """Whether this value is no leaf, and `retain_grad` was called."""
        hooks = None if self.node is None else self.node.hooks
        return bool(hooks and isinstance(hooks[-1], _RetainGrad))


def _drop(node: Node[D], hook: Hook[D]) -> None:
    if node.hooks is not None and hook in node.hooks:
        node.hooks.remove(hook)
        if not node.hooks:
            node.hooks = None
