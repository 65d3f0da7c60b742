"""What functions of `autograd.functional` share: their arguments, and what depends on what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from minitorch_tensor import views
from minitorch_tensor.autograd import grad
from minitorch_tensor.core import Tensor

Tensors = tuple[Tensor, ...]
X = TypeVar("X", Tensor, tuple[Tensor, ...])
Y = TypeVar("Y", Tensor, tuple[Tensor, ...])


def alike(like: X, values: Tensors) -> X:
    """A tensor for a tensor, a tuple for a tuple."""
    if isinstance(like, tuple):
        return values
    return values[0]


def as_tuple(name: str, what: str, values: object) -> Tensors:
    """The tensor, or the tuple of tensors, as a tuple.

    Raises:
        TypeError: if it is neither.
    """
    of = "outputs of the user-provided function" if what == "outputs" else what
    given = "given outputs of the user-provided function" if what == "outputs" else f"given {what}"
    to = f"The {of} given to {name} must be either a Tensor or a tuple of Tensors but the "
    if isinstance(values, Tensor):
        return (values,)
    if not isinstance(values, tuple):
        raise TypeError(f"{to}{given} has type {type(values)}.")
    found = []
    for i, x in enumerate(values):
        if not isinstance(x, Tensor):
            raise TypeError(f"{to}value at index {i} has type {type(x)}.")
        found.append(x)
    return tuple(found)


def prepared(xs: Tensors, create_graph: bool, need_graph: bool = True) -> Tensors:
    """Fresh tensors to differentiate by; they lead back to x if a graph shall be created."""
    return tuple(
        views.alias(x)
        if create_graph and x.requires_grad
        else x.detach().requires_grad_(need_graph and x.dtype.is_floating_point)
        for x in xs
    )


def finished(xs: Tensors, create_graph: bool) -> Tensors:
    """What is returned: with its history, if that was asked for."""
    return xs if create_graph else tuple(x.detach() for x in xs)


def require_grad(xs: Sequence[Tensor | None], what: str, strict: bool) -> None:
    """Raise in strict mode if one of them depends on nothing.

    Raises:
        RuntimeError: if it does.
    """
    if not strict:
        return
    for i, x in enumerate(xs):
        if x is None or not x.requires_grad:
            raise RuntimeError(
                {
                    "outputs": f"Output {i} of the user-provided function does not require "
                    "gradients. The outputs must be computed in a differentiable manner from the "
                    "input when running in strict mode.",
                    "grad_inputs": f"The gradient with respect to input {i} does not depend on the "
                    "gradients of the outputs: the outputs of the user-provided function are "
                    f"independent of input {i}. This is not allowed in strict mode.",
                    "jacobian": "While computing the hessian, found that the jacobian of the "
                    f"user-provided function with respect to input {i} is independent of the "
                    "input. This is not allowed in strict mode. You should ensure that your "
                    "function is twice differentiable and that the jacobian depends on the inputs "
                    "(this would be violated by a linear function for example).",
                }[what]
            )


def filled(
    found: Sequence[Tensor | None], likes: Tensors, strict: bool, create_graph: bool, stage: str
) -> Tensors:
    """The gradients, with zeros for what is independent.

    Raises:
        RuntimeError: in strict mode, if anything is.
    """
    filled = []
    for i, (g, like) in enumerate(zip(found, likes, strict=True)):
        if strict and g is None:
            raise RuntimeError(
                {
                    "back": f"The output of the user-provided function is independent of input {i}",
                    "trick": "The gradient with respect to the input is independent of entry "
                    f"{i} in the grad_outputs when using the double backward trick",
                    "double": "The jacobian of the user-provided function is independent of "
                    f"input {i}",
                }[stage]
                + ". This is not allowed in strict mode."
            )
        if strict and create_graph and g is not None and not g.requires_grad:
            derivative = "hessian" if stage == "double" else "jacobian"
            raise RuntimeError(
                f"The {derivative} of the user-provided function is independent of input {i}. This "
                "is not allowed in strict mode when create_graph=True."
            )
        filled.append(like._full(like.shape, 0.0, like.dtype) if g is None else g)
    return tuple(filled)


def partials(
    ys: Tensors, xs: Tensors, seeds: Sequence[Tensor | None] | None = None, graph: bool = False
) -> tuple[Tensor | None, ...]:
    """The gradients, None where there is no dependence at all; the graph stays for another walk."""
    seeds = [None] * len(ys) if seeds is None else seeds
    used = [(y, v) for y, v in zip(ys, seeds, strict=True) if y.requires_grad]
    wanted = [x for x in xs if x.requires_grad]
    if not used or not wanted:
        return (None,) * len(xs)
    found = iter(
        grad(
            [y for y, _ in used],
            wanted,
            [v for _, v in used],
            retain_graph=True,
            create_graph=graph,
            allow_unused=True,
        )
    )
    return tuple(next(found) if x.requires_grad else None for x in xs)


def vectors(v: object, likes: Tensors, single: bool, name: str, where: str) -> Tensors:
    """v, checked against what it is multiplied with; one 1 if omitted.

    Raises:
        RuntimeError: if it does not fit, or is omitted where there are more numbers than one.
    """
    if v is None:
        if len(likes) != 1 or likes[0].numel() != 1:
            raise RuntimeError(f"The vector v can only be None if {where}.")
        return (likes[0]._full(likes[0].shape, 1.0, likes[0].dtype),)
    vs = as_tuple(name, "v", v)
    if len(vs) != len(likes):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(likes)} but got {len(vs)}."
        )
    for i, (a, b) in enumerate(zip(vs, likes, strict=True)):
        if a.shape != b.shape:
            entry = "" if single else f"Entry {i} in "
            raise RuntimeError(
                f"{entry}v has invalid size: should be {tuple(b.shape)} but got {tuple(a.shape)}."
            )
    return vs


ONE_OUTPUT = "the user-provided function returns a single Tensor with a single element"
ONE_INPUT = "the input to the user-provided function is a single Tensor with a single element"


def pushed(
    ys: Tensors, xs: Tensors, vs: Sequence[Tensor], create_graph: bool, strict: bool = False
) -> tuple[Tensor | None, ...]:
    """J v, by the double backward trick: u^T J is linear in u, and its transpose takes v."""
    us = tuple(y._full(y.shape, 0.0, y.dtype).requires_grad_() for y in ys)
    pulled = partials(ys, xs, us, graph=True)
    require_grad(pulled, "grad_inputs", strict)
    pairs = [(p, v) for p, v in zip(pulled, vs, strict=True) if p is not None]
    return partials(tuple(p for p, _ in pairs), us, [v for _, v in pairs], create_graph)


def one_number(name: str, result: object) -> Tensor:
    """The result, if it is one number.

    Raises:
        RuntimeError: if it is not.
    """
    if not isinstance(result, Tensor):
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if result.numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element, "
            f"but has shape {tuple(result.shape)}"
        )
    return result.view(()) if result.ndim else result
