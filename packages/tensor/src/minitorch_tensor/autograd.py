"""What PyTorch's autograd offers on tensors: backward, grad, and what a leaf is told."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minitorch_autodiff import AccumulateGrad, GradMode, Hook, Node, Variable
from minitorch_autodiff import backward as walk
from minitorch_tensor import conversion, joining, views
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


def _seeds(
    name: str, ys: Sequence[Tensor], given: Tensor | Sequence[Tensor | None] | None
) -> list[Tensor | None]:
    """A gradient, or None, for each output."""
    if given is None:
        return [None] * len(ys)
    seeds: list[Tensor | None] = [given] if not isinstance(given, Sequence) else [*given]
    if len(seeds) != len(ys):
        raise RuntimeError(f"{name}: got {len(ys)} tensors and {len(seeds)} gradients")
    return seeds


def _root(y: Tensor, i: int = 0) -> Node[Tensor]:
    node = y.gradient_node()
    if node is None or not y.requires_grad:
        raise RuntimeError(
            f"element {i} of tensors does not require grad and does not have a grad_fn; set "
            "requires_grad=True on what it is computed from, outside no_grad()"
        )
    return node


def _roots(
    name: str, ys: Sequence[Tensor], given: Tensor | Sequence[Tensor | None] | None
) -> list[tuple[Node[Tensor], Tensor]]:
    """Where to begin, and with what."""
    seeds = _seeds(name, ys, given)
    nodes = [_root(y, i) for i, y in enumerate(ys)]
    return [(n, _seed(y, seed)) for n, y, seed in zip(nodes, ys, seeds, strict=True)]


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
    _walk([(root, _seed(x, gradient))], retain_graph, create_graph, inputs)


def backward_of(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Tensor | Sequence[Tensor | None] | None = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradients of the sum of the tensors to the `.grad` of every leaf.

    This is `autograd.backward`. The graph is walked once, whatever the tensors share.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html

    Args:
        tensors: what to differentiate.
        grad_tensors: for each of them, of its shape, the gradient to begin with; None stands for 1
            where there is one element.
        retain_graph: keep the graph for another backward; by default as `create_graph`.
        create_graph: record the backward itself, for second derivatives.
        grad_variables: the old name of `grad_tensors`.
        inputs: the only leaves to give gradients to; all if omitted.

    Raises:
        RuntimeError: if the numbers of tensors and gradients differ, or a tensor has no history.

    >>> from minitorch_tensor import tensor
    >>> x = tensor(2.0, requires_grad=True)
    >>> backward_of([x * x, 3 * x])
    >>> x.grad
    Tensor(7.0, requires_grad=False)
    """
    if grad_variables is not None:
        if grad_tensors is not None:
            raise RuntimeError(
                "backward: grad_tensors and grad_variables (its old name) were both given; pass "
                "grad_tensors only"
            )
        grad_tensors = grad_variables
    ys = _several("backward", "tensors", tensors)
    _walk(_roots("backward", ys, grad_tensors), retain_graph, create_graph, inputs)


def _walk(
    roots: Sequence[tuple[Node[Tensor], Tensor]],
    retain_graph: bool | None,
    create_graph: bool,
    inputs: Tensor | Sequence[Tensor] | None,
) -> None:
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        walk(roots, retain_graph=keep, create_graph=create_graph)
        return
    leaves = _several("backward", "inputs", inputs)
    wanted = [_root(leaf, i) for i, leaf in enumerate(leaves)]
    found = walk(roots, wanted, retain_graph=keep, create_graph=create_graph)
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
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of the outputs with respect to the inputs, without touching any `.grad`.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html

    Args:
        outputs: what to differentiate.
        inputs: by what.
        grad_outputs: for each output, of its shape, the gradient to begin with; None stands for 1
            where there is one element.
        retain_graph: keep the graph for another walk; by default as `create_graph`.
        create_graph: record the backward itself, for second derivatives.
        only_inputs: True; PyTorch has kept the argument, but nothing else is possible.
        allow_unused: give None for an input that was not used, where otherwise it is an error.
        is_grads_batched: each of `grad_outputs` has one more dimension, the first: a batch of
            gradients, for each of which we walk the graph. The results are stacked.
        materialize_grads: zeros for an input that was not used.

    Returns:
        One gradient for each input, of its shape; None for an input that was not used, if
        `allow_unused`, or zeros if `materialize_grads`.

    Raises:
        RuntimeError: if an input does not require grad or was not used, and for what `backward`
            raises.
        ValueError: if `materialize_grads` is asked for, but `allow_unused` forbidden; or if
            `only_inputs` is False.
    """
    if not only_inputs:
        raise ValueError(
            "grad: only_inputs=False is no longer possible, in PyTorch too: call backward() to "
            "accumulate into the other leaves"
        )
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "grad: expected allow_unused to be True or not passed when materialize_grads=True, but "
            "got allow_unused=False"
        )
    ys = _several("grad", "outputs", outputs)
    xs = _several("grad", "inputs", inputs)
    wanted = []
    for i, x in enumerate(xs):
        node = x.gradient_node()
        if node is None or not x.requires_grad:
            raise RuntimeError(
                f"grad: input {i} does not require grad; call requires_grad_() before using it"
            )
        wanted.append(node)
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        return _batched_grad(ys, xs, grad_outputs, keep, create_graph, allow_unused)
    roots = _roots("grad", ys, grad_outputs)
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


def _batched_grad(
    ys: Sequence[Tensor],
    xs: Sequence[Tensor],
    given: Tensor | Sequence[Tensor | None] | None,
    keep: bool,
    create_graph: bool,
    allow_unused: bool | None,
) -> tuple[Tensor | None, ...]:
    """One walk for each element of the first dimension of the gradients."""
    seeds = _seeds("grad", ys, given)
    batches = [seed for seed in seeds if seed is not None]
    sizes = {seed.shape[0] if seed.ndim else -1 for seed in batches}
    if len(batches) < len(seeds) or len(sizes) != 1 or sizes & {-1, 0}:
        raise RuntimeError(
            "grad: with is_grads_batched=True each output needs a gradient with one more "
            "dimension, the first, of one size for all and at least 1; but got gradients of shape "
            f"{', '.join(str(None if seed is None else seed.shape) for seed in seeds)}"
        )
    (size,) = sizes
    rows = [
        grad(
            ys,
            xs,
            [seed[i] for seed in batches],
            keep or i + 1 < size,
            create_graph,
            allow_unused=allow_unused,
        )
        for i in range(size)
    ]
    stacked: list[Tensor | None] = []
    for column in zip(*rows, strict=True):
        used = [g for g in column if g is not None]
        stacked.append(joining.stack(used) if used else None)
    return tuple(stacked)


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


def first_nan(x: Tensor) -> tuple[int, ...] | None:
    """The index of the first nan, in row-major order; None if there is none.

    What anomaly mode asks of a gradient; PyTorch has no such method.

    >>> from minitorch_tensor import tensor
    >>> tensor([[1.0, 2.0], [float("nan"), 0.0]]).first_nan()
    (1, 0)
    """
    if not x.dtype.is_floating_point:
        return None
    values = conversion.host_array(x.detach().double())
    places = np.argwhere(np.isnan(values))
    return tuple(int(i) for i in places[0]) if len(places) else None


def is_inference(input: Tensor) -> bool:
    """Whether input was made in a special form inside `inference_mode`: False.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_inference.html

    PyTorch's inference tensors save it the version counter and the record of views, and so cannot
    be used in autograd later. Here tensors made in `inference_mode` are ordinary ones.
    """
    return False


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
