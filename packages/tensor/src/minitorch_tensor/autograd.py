"""What PyTorch's autograd offers on tensors: backward, grad, and what a leaf is told."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from minitorch_autodiff import AccumulateGrad, GradMode, Hook, Node, Variable
from minitorch_autodiff import backward as walk
from minitorch_tensor import views
from minitorch_tensor.arguments import require_tensor

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def _seed(y: Tensor, gradient: Tensor | None) -> Tensor:
    """The gradient to start from: given, or 1 for a tensor with one element."""
    if gradient is None:
        if y.layout.size != 1:
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs, but the output has shape "
                f"{y.shape}; pass a gradient of that shape, or reduce it with sum() or mean()"
            )
        return y._full(y.shape, 1.0, y.dtype)
    if require_tensor("backward", "gradient", gradient).shape != y.shape:
        raise RuntimeError(
            f"backward: Mismatch in shape: the gradient has shape {gradient.shape} and the "
            f"output has shape {y.shape}"
        )
    if gradient.device is not y.device:
        raise RuntimeError(
            f"backward: the gradient is on {gradient.device} and the output on {y.device}"
        )
    return views.alias(gradient.to(y.dtype))


def _several(name: str, argument: str, tensors: Tensor | Sequence[Tensor]) -> list[Tensor]:
    found = list(tensors) if isinstance(tensors, Sequence) else [tensors]
    if not found:
        raise RuntimeError(f"{name}: `{argument}` cannot be empty")
    return [require_tensor(name, argument, x) for x in found]


def _root(y: Tensor) -> Node[Tensor]:
    node = y.gradient_node()
    if node is None or not y.requires_grad:
        raise RuntimeError(
            "element 0 of tensors does not require grad and does not have a grad_fn; set "
            "requires_grad=True on what it is computed from, outside no_grad()"
        )
    return node


def backward(
    x: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradient of x with respect to every leaf to the leaf's `.grad`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html

    Args:
        x: what to differentiate.
        gradient: of some later scalar with respect to x, of x's shape; 1 if omitted.
        retain_graph: keep the graph for another backward; by default as `create_graph`.
        create_graph: record the backward itself, for second derivatives.
        inputs: the only leaves to give gradients to; all if omitted.

    Raises:
        RuntimeError: if x has no history, or is no scalar and no gradient is given; or if the
            graph was freed, or a value in it has been written since.
    """
    root = _root(x)
    seed = _seed(x, gradient)
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        walk([(root, seed)], retain_graph=keep, create_graph=create_graph)
        return
    leaves = _several("backward", "inputs", inputs)
    wanted = [_root(leaf) for leaf in leaves]
    found = walk([(root, seed)], wanted, retain_graph=keep, create_graph=create_graph)
    with GradMode(create_graph):
        for leaf, node in zip(leaves, wanted, strict=True):
            g = found.pop(node, None)
            if g is None:
                continue
            if isinstance(node, AccumulateGrad):
                node.backward(g)  # which calls the hooks too
            else:
                leaf.receive(g)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of the outputs with respect to the inputs, without touching any `.grad`.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html

    Returns:
        One gradient for each input, of its shape; None for an input that was not used, if
        `allow_unused`, or zeros if `materialize_grads`.

    Raises:
        RuntimeError: if an input does not require grad or was not used, and for what `backward`
            raises.
        ValueError: if `materialize_grads` is asked for, but `allow_unused` forbidden.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "grad: expected allow_unused to be True or not passed when materialize_grads=True, but "
            "got allow_unused=False"
        )
    ys = _several("grad", "outputs", outputs)
    xs = _several("grad", "inputs", inputs)
    if grad_outputs is None:
        seeds: list[Tensor | None] = [None] * len(ys)
    else:
        seeds = list(grad_outputs) if isinstance(grad_outputs, Sequence) else [grad_outputs]
    if len(seeds) != len(ys):
        raise RuntimeError(f"grad: got {len(ys)} outputs and {len(seeds)} grad_outputs")
    wanted = []
    for i, x in enumerate(xs):
        node = x.gradient_node()
        if node is None or not x.requires_grad:
            raise RuntimeError(
                f"grad: input {i} does not require grad; call requires_grad_() before using it"
            )
        wanted.append(node)
    roots = [(_root(y), _seed(y, seed)) for y, seed in zip(ys, seeds, strict=True)]
    keep = create_graph if retain_graph is None else retain_graph
    found = walk(roots, wanted, retain_graph=keep, create_graph=create_graph)
    results: list[Tensor | None] = []
    for i, (x, node) in enumerate(zip(xs, wanted, strict=True)):
        g = found.get(node)
        if g is None:
            if materialize_grads:
                g = x._full(x.shape, 0.0, x.dtype)
            elif not allow_unused:
                raise RuntimeError(
                    f"grad: input {i} (shape {x.shape}) appears to not have been used in the "
                    "graph; set allow_unused=True if this is the desired behavior"
                )
        results.append(g)
    return tuple(results)


def requires_grad_(x: Tensor, requires_grad: bool = True) -> Tensor:
    """Whether operations on this leaf are recorded from now on.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.requires_grad_.html

    Raises:
        RuntimeError: for integers and bools, or to switch it off for a tensor with history.
    """
    if requires_grad and not x.dtype.is_floating_point:
        raise RuntimeError(
            "only Tensors of floating point dtype can require gradients, but this one is "
            f"{x.dtype}; convert it with .float() first"
        )
    if not x.is_leaf:
        if not requires_grad:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables; use detach() to get "
                "a tensor without history"
            )
        return x
    x.requires_grad = requires_grad
    if not requires_grad:
        x.node = None
    return x


def detach_(x: Tensor) -> Tensor:
    """Cut x off from its history, in place.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach_.html

    Raises:
        RuntimeError: if x is a view: its base would go on with the history, but not x.
    """
    if x.base is not None:
        raise RuntimeError("detach_: can't detach views in-place; use detach() instead")
    x.requires_grad, x.node, x.base = False, None, None
    return x


def warn_of_no_leaf(x: Tensor) -> None:
    """Say that `.grad` stays None here, if x is no leaf and does not retain its gradient."""
    if not x.is_leaf and not x.retains_grad:
        warnings.warn(
            f".grad of a tensor that is no leaf ({x.node!r} made it) is None: backward fills it "
            "for leaves only; call retain_grad() on this tensor before backward() to have it",
            UserWarning,
            stacklevel=3,
        )


def check_gradient(x: Tensor, g: Tensor) -> None:
    """Raise unless g can be the `.grad` of x.

    Raises:
        TypeError: if g is no tensor.
        RuntimeError: if it is x itself, or of another shape, dtype or device.
    """
    if not isinstance(g, Variable):
        raise TypeError(f"grad: expected a Tensor or None, but got {type(g).__name__}")
    if g is x:
        raise RuntimeError("grad: can't assign a Tensor as its own grad; use its clone()")
    _check_alike("grad: attempting to assign a gradient", x, g)


def _check_alike(what: str, x: Tensor, g: Tensor) -> None:
    for name, wanted, got in (
        ("shape", x.shape, g.shape),
        ("dtype", x.dtype, g.dtype),
        ("device", x.device, g.device),
    ):
        if wanted != got:
            raise RuntimeError(f"{what} of {name} {got} to a tensor of {name} {wanted}")


def check_data(x: Tensor, other: Tensor) -> None:
    """Raise unless x can use the memory of `other` as its own.

    Raises:
        TypeError: if `other` is no tensor.
        RuntimeError: if x requires grad and `other` holds integers or bools.
    """
    if not isinstance(other, Variable):
        raise TypeError(f"data: has to be a Tensor, but got {type(other).__name__}")
    if x.requires_grad and not other.dtype.is_floating_point:
        raise RuntimeError(
            "data: what is set to a tensor that requires gradients must be floating point, but "
            f"it is {other.dtype}"
        )


def checked_hook(hook: Hook[Tensor]) -> Hook[Tensor]:
    """`hook`, which then may only replace a gradient by one that is alike."""

    def checked(g: Tensor) -> Tensor | None:
        replacement = hook(g)
        if isinstance(replacement, type(g)) and replacement is not g:
            name = getattr(hook, "__name__", "hook")
            _check_alike(f"backward: hook '{name}' changes a gradient", g, replacement)
        return replacement

    return checked
