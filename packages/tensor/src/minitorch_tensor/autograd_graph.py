"""`autograd.graph`: edges of the graph, hooks on several gradients at once, and versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Literal, NamedTuple, overload
from weakref import WeakKeyDictionary

from minitorch_autodiff import Node, Output, RemovableHandle, Walk, current_walk
from minitorch_tensor.core import Tensor

Gradients = list[Tensor | None]


class GradientEdge(NamedTuple):
    """Where a gradient of a tensor is sent: a node, and which of its outputs the tensor is.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.GradientEdge.html
    """

    node: Node[Tensor]
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge of a tensor, which outlives it, and tells its place in the graph.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.get_gradient_edge.html

    Raises:
        RuntimeError: if the tensor does not require grad.

    >>> x = Tensor([1.0], requires_grad=True)
    >>> get_gradient_edge(x.exp())
    GradientEdge(node=<ExpBackward0>, output_nr=0)
    """
    node = tensor.gradient_node()
    if node is None:
        raise RuntimeError(
            "get_gradient_edge: it is not possible to get the gradient edge for a Tensor that does "
            "not require gradients; call requires_grad_() first"
        )
    if isinstance(node, Output):
        return GradientEdge(node.producer, node.slot)
    return GradientEdge(node, 0)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Say that a tensor, or several, were written in a way that autograd did not see.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.increment_version.html

    >>> x = Tensor([1.0])
    >>> increment_version([x, x])
    >>> x._version
    2
    """
    for x in [tensor] if isinstance(tensor, Tensor) else tensor:
        x.storage.version += 1


@overload
def register_multi_grad_hook(
    tensors: Sequence[Tensor],
    fn: Callable[[Gradients], None],
    *,
    mode: Literal["all"] = "all",
) -> RemovableHandle: ...
@overload
def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[[Tensor], None], *, mode: Literal["any"]
) -> RemovableHandle: ...
def register_multi_grad_hook(
    tensors: Sequence[Tensor],
    fn: Callable[[Gradients], None] | Callable[[Tensor], None],
    *,
    mode: str = "all",
) -> RemovableHandle:
    """Call fn once in each backward that computes a gradient of one of the tensors.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.register_multi_grad_hook.html

    Args:
        tensors: whose gradients to wait for; all require grad.
        fn: with mode "all" it gets a list with the gradient, or None, for each tensor, at the end
            of the backward; with "any" the first gradient that is there.
        mode: "all" or "any".

    Raises:
        ValueError: for another mode.
        RuntimeError: if a tensor does not require grad.

    >>> x, y = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    >>> handle = register_multi_grad_hook([x, y], lambda gs: print([g.item() for g in gs]))
    >>> (x * y).backward()
    [2.0, 1.0]
    """
    if mode not in ("all", "any"):
        raise ValueError(
            f"register_multi_grad_hook: Expects mode to be one of ('all', 'any') but got {mode}"
        )
    call: Callable[..., None] = fn
    found: WeakKeyDictionary[Walk, Gradients] = WeakKeyDictionary()

    def hook_of(i: int) -> Callable[[Tensor], None]:
        def hook(g: Tensor) -> None:
            walk = current_walk()
            own = found.get(walk)
            if own is None:
                own = found[walk] = [None] * len(tensors)
                if mode == "any":
                    call(g)
                else:
                    walk.callbacks.append(partial(call, own))
            own[i] = g

        return hook

    handles = [x.register_hook(hook_of(i)) for i, x in enumerate(tensors)]

    def remove() -> None:
        for handle in handles:
            handle.remove()

    return RemovableHandle(remove)
