"""`func.jacrev`, `func.jacfwd` and `func.hessian`: functions to the functions of their matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, Literal, ParamSpec, TypeVar, overload

from minitorch_tensor.autograd_jacobians import blocks_of
from minitorch_tensor.autograd_transforms import (
    Argnums,
    Level,
    numbers_of,
    put,
    split_aux,
    tensors_of,
)
from minitorch_tensor.core import Tensor
from minitorch_tensor.trees import mapped

P = ParamSpec("P")
A = TypeVar("A")


def _jacobian(
    name: str, func: Callable[..., object], argnums: Argnums, has_aux: bool
) -> Callable[..., object]:
    def transformed(*args: object, **kwargs: object) -> object:
        level = Level()
        places = numbers_of(argnums, len(args))
        with level.inside():
            fresh = [level.enter(args[n]) for n in places]
            result = func(*put(args, places, fresh), **kwargs)
            output, aux = split_aux(name, result, has_aux)
            xs = tensors_of(name, fresh)
            graph = level.leads_out(tensors_of(f"{name}(f)(*args)", output))

            def blocks(y: object) -> object:
                """The matrices of one output, in the structure of the arguments."""
                if not isinstance(y, Tensor):
                    return y
                found = iter(blocks_of(0, y, xs, graph, strict=False))
                trees = [mapped(lambda x: next(found), tree) for tree in fresh]
                return trees[0] if isinstance(argnums, int) else tuple(trees)

            matrices = mapped(blocks, output)
        kept = level.leave(matrices)
        return (kept, level.leave(aux)) if has_aux else kept

    return transformed


@overload
def jacrev(
    func: Callable[Concatenate[Tensor, P], Tensor],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
) -> Callable[Concatenate[Tensor, P], Tensor]: ...
@overload
def jacrev(
    func: Callable[Concatenate[Tensor, P], tuple[Tensor, A]],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[True],
    chunk_size: int | None = None,
) -> Callable[Concatenate[Tensor, P], tuple[Tensor, A]]: ...
@overload
def jacrev(
    func: Callable[..., object],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., object]: ...
def jacrev(
    func: Callable[..., object],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., object]:
    """The function that gives the Jacobian of func: each number by each number it is given.

    https://docs.pytorch.org/docs/stable/generated/torch.func.jacrev.html

    Args:
        func: a function that returns a tensor or a tree of tensors.
        argnums: the place of the argument to differentiate by, or several; each may be a tree.
        has_aux: func returns a pair, and its second part is passed on, as a second result.
        chunk_size: for PyTorch's sake: rows are computed one by one.

    Returns:
        A function that gives, in the place of each output y, a tensor of shape `y.shape + x.shape`
        for each tensor x of the argument, in the argument's structure; a tuple for several argnums.

    Raises:
        ValueError: if `chunk_size` is not positive.
        RuntimeError: when it is called, as for `grad`.

    >>> def square(x: Tensor) -> Tensor:
    ...     return x * x
    >>> jacrev(square)(Tensor([1.0, 2.0]))
    Tensor([[2., 0.],
            [0., 4.]], requires_grad=False)
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"jacrev: `chunk_size` should be greater than 0, but got {chunk_size}")
    return _jacobian("jacrev", func, argnums, has_aux)


@overload
def jacfwd(
    func: Callable[Concatenate[Tensor, P], Tensor],
    argnums: Literal[0] = 0,
    has_aux: Literal[False] = False,
    *,
    randomness: str = "error",
) -> Callable[Concatenate[Tensor, P], Tensor]: ...
@overload
def jacfwd(
    func: Callable[Concatenate[Tensor, P], tuple[Tensor, A]],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[True],
    randomness: str = "error",
) -> Callable[Concatenate[Tensor, P], tuple[Tensor, A]]: ...
@overload
def jacfwd(
    func: Callable[..., object],
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
) -> Callable[..., object]: ...
def jacfwd(
    func: Callable[..., object],
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
) -> Callable[..., object]:
    """The function that gives the Jacobian of func, as `jacrev` does.

    https://docs.pytorch.org/docs/stable/generated/torch.func.jacfwd.html

    PyTorch computes it column by column, in forward mode, which there is none of here: this is
    computed row by row, and func is called once, so `randomness` does not matter.

    Args:
        func: as in `jacrev`.
        argnums: as in `jacrev`.
        has_aux: as in `jacrev`.
        randomness: "error", "different" or "same", for PyTorch's sake.

    Raises:
        RuntimeError: when it is called, as for `grad`.

    >>> def square(x: Tensor) -> Tensor:
    ...     return x * x
    >>> jacfwd(square)(Tensor([1.0, 2.0]))
    Tensor([[2., 0.],
            [0., 4.]], requires_grad=False)
    """
    return _jacobian("jacfwd", func, argnums, has_aux)


@overload
def hessian(
    func: Callable[Concatenate[Tensor, P], Tensor], argnums: Literal[0] = 0
) -> Callable[Concatenate[Tensor, P], Tensor]: ...
@overload
def hessian(func: Callable[..., object], argnums: Argnums = 0) -> Callable[..., object]: ...
def hessian(func: Callable[..., object], argnums: Argnums = 0) -> Callable[..., object]:
    """The function that gives the second derivatives of func: the Jacobian of its Jacobian.

    https://docs.pytorch.org/docs/stable/generated/torch.func.hessian.html

    Args:
        func: as in `jacrev`.
        argnums: as in `jacrev`.

    Raises:
        RuntimeError: when it is called, as for `grad`.

    >>> def cubes(x: Tensor) -> Tensor:
    ...     return (x * x * x).sum()
    >>> hessian(cubes)(Tensor([1.0, 2.0]))
    Tensor([[ 6.,  0.],
            [ 0., 12.]], requires_grad=False)
    """
    return _jacobian("hessian", _jacobian("hessian", func, argnums, False), argnums, False)
