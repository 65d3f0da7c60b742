"""Products of a Jacobian with vectors from the right: `func.jvp` and `func.linearize`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar, overload

from minitorch_autodiff import GradMode
from minitorch_tensor.autograd_partials import filled, pushed
from minitorch_tensor.autograd_transforms import Level, split_aux, tensors_of
from minitorch_tensor.core import Tensor
from minitorch_tensor.trees import mapped, structure

A = TypeVar("A")
T = TypeVar("T")


def _check_tangents(primals: object, tangents: object) -> None:
    """Raise unless there is a tangent for each primal.

    Raises:
        RuntimeError: if they differ in structure, or a tangent in shape.
    """
    if structure(primals) != structure(tangents):
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python "
            "structure. For example, if primals is a tuple of 3 tensors, tangents also must be. "
            f"Got primals with structure {structure(primals)} and tangents with structure "
            f"{structure(tangents)}"
        )
    xs, vs = tensors_of("jvp", primals), tensors_of("jvp", tangents)
    for i, (x, v) in enumerate(zip(xs, vs, strict=True)):
        if x.shape != v.shape:
            raise RuntimeError(
                f"jvp(f, primals, tangents): tangent {i} has shape {tuple(v.shape)}, but its "
                f"primal has shape {tuple(x.shape)}; they must be the same"
            )


@overload
def jvp(
    func: Callable[..., T],
    primals: tuple[object, ...],
    tangents: tuple[object, ...],
    *,
    strict: bool = False,
    has_aux: Literal[False] = False,
) -> tuple[T, T]: ...
@overload
def jvp(
    func: Callable[..., tuple[T, A]],
    primals: tuple[object, ...],
    tangents: tuple[object, ...],
    *,
    strict: bool = False,
    has_aux: Literal[True],
) -> tuple[T, T, A]: ...
def jvp(
    func: Callable[..., object],
    primals: tuple[object, ...],
    tangents: tuple[object, ...],
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> tuple[object, ...]:
    """The value of func, and its Jacobian times a vector: how it changes along the tangents.

    https://docs.pytorch.org/docs/stable/generated/torch.func.jvp.html

    There is no forward mode here: this is the derivative of the product from the left.

    Args:
        func: a function that returns a tensor or a tree of tensors.
        primals: its arguments: a tuple of tensors, or of trees of them.
        tangents: the vector, in the structure of the primals.
        strict: raise if an output does not depend on the primals, instead of giving zeros.
        has_aux: func returns a pair, and its second part is passed on, as a third result.

    Raises:
        RuntimeError: if primals are no tuple, tangents do not fit, or func returns anything but
            tensors; and in strict mode.
        ValueError: if there are other primals than tensors.

    >>> jvp(lambda x: x * x, (Tensor([1.0, 2.0]),), (Tensor([1.0, 10.0]),))[1]
    Tensor([ 2., 40.], requires_grad=False)
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid "
            "to call f(*primals)."
        )
    _check_tangents(primals, tangents)
    level = Level()
    vs = tensors_of("jvp", tangents)
    with level.inside():
        fresh = [level.enter(primal) for primal in primals]
        output, aux = split_aux("jvp", func(*fresh), has_aux)
        ys = tensors_of("jvp(f, primals, tangents)", output)
        xs = tensors_of("jvp", fresh)
        graph = level.leads_out([*ys, *vs])
        found = iter(filled(pushed(ys, xs, vs, graph), ys, strict, False, "trick"))
    moved = level.leave(mapped(lambda y: next(found), output))
    results = (level.leave(output), moved)
    return (*results, level.leave(aux)) if has_aux else results


@overload
def linearize(
    func: Callable[..., Tensor], *primals: object
) -> tuple[Tensor, Callable[..., Tensor]]: ...
@overload
def linearize(
    func: Callable[..., object], *primals: object
) -> tuple[object, Callable[..., object]]: ...
def linearize(
    func: Callable[..., object], *primals: object
) -> tuple[object, Callable[..., object]]:
    """The value of func, and the function that multiplies its Jacobian there by tangents.

    https://docs.pytorch.org/docs/stable/generated/torch.func.linearize.html

    Args:
        func: a function that returns a tensor or a tree of tensors.
        primals: its arguments: tensors or trees of them.

    Raises:
        RuntimeError: as `jvp`, here or when the function is called.
        ValueError: as `jvp`.

    >>> y, push = linearize(lambda x: x * x, Tensor([1.0, 2.0]))
    >>> push(Tensor([1.0, 10.0]))
    Tensor([ 2., 40.], requires_grad=False)
    """
    level = Level()
    with level.inside():
        fresh = [level.enter(primal) for primal in primals]
        output = func(*fresh)
        ys = tensors_of("linearize(f, *primals)", output)
    xs = tensors_of("linearize", fresh)

    def push(*tangents: object) -> object:
        _check_tangents(primals, tangents)
        vs = tensors_of("linearize", tangents)
        with GradMode(True):
            graph = level.leads_out([*ys, *vs])
            found = iter(filled(pushed(ys, xs, vs, graph), ys, False, False, "trick"))
        return level.leave(mapped(lambda y: next(found), output))

    return level.leave(output), push
