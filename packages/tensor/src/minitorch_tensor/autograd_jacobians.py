"""Jacobians and Hessians: all derivatives of a function as tensors, one walk for each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, overload

from minitorch_autodiff import GradMode
from minitorch_tensor import joining, pointwise
from minitorch_tensor.autograd_partials import (
    Tensors,
    as_tuple,
    filled,
    finished,
    one_number,
    partials,
    prepared,
    require_grad,
)
from minitorch_tensor.core import Tensor

Strategy = Literal["reverse-mode", "forward-mode"]


@overload
def jacobian(
    func: Callable[..., Tensor],
    inputs: Tensor,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: Strategy = "reverse-mode",
) -> Tensor: ...
@overload
def jacobian(
    func: Callable[..., Tensor],
    inputs: tuple[Tensor, ...],
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: Strategy = "reverse-mode",
) -> tuple[Tensor, ...]: ...
@overload
def jacobian(
    func: Callable[..., tuple[Tensor, ...]],
    inputs: Tensor,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: Strategy = "reverse-mode",
) -> tuple[Tensor, ...]: ...
@overload
def jacobian(
    func: Callable[..., tuple[Tensor, ...]],
    inputs: tuple[Tensor, ...],
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: Strategy = "reverse-mode",
) -> tuple[tuple[Tensor, ...], ...]: ...
def jacobian(
    func: Callable[..., Tensor | tuple[Tensor, ...]],
    inputs: Tensor | tuple[Tensor, ...],
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: Strategy = "reverse-mode",
) -> Tensor | tuple[Tensor, ...] | tuple[tuple[Tensor, ...], ...]:
    """The derivative of each number that func gives by each number it is given.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html

    Args:
        func: as in `vjp`.
        inputs: as in `vjp`.
        create_graph: as in `vjp`.
        strict: as in `vjp`.
        vectorize: for PyTorch's sake: the graph is walked once for each number of the outputs.
        strategy: for PyTorch's sake: "forward-mode" gives the same numbers in the same way.

    Returns:
        For output y and input x a tensor of shape `y.shape + x.shape`: one, a tuple of them if
        inputs or outputs are a tuple, and a tuple (for each output) of tuples if both are.

    Raises:
        RuntimeError: in strict mode.
        TypeError: if there is anything but tensors.
        ValueError: for another strategy.

    >>> jacobian(lambda x: x * x, Tensor([1.0, 2.0]))
    Tensor([[2., 0.],
            [0., 4.]], requires_grad=False)
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(
            f"jacobian: strategy must be 'reverse-mode' or 'forward-mode', but got {strategy!r}"
        )
    if strict and vectorize:
        raise RuntimeError(
            "jacobian: `strict=True` and `vectorize=True` are not supported together"
        )
    with GradMode(True):
        xs = prepared(as_tuple("jacobian", "inputs", inputs), create_graph)
        result = func(*xs)
        ys = as_tuple("jacobian", "outputs", result)
        require_grad(ys, "outputs", strict)
        rows = tuple(blocks_of(i, y, xs, create_graph, strict) for i, y in enumerate(ys))
    if isinstance(inputs, Tensor):
        firsts = tuple(row[0] for row in rows)
        return firsts[0] if isinstance(result, Tensor) else firsts
    return rows[0] if isinstance(result, Tensor) else rows


def blocks_of(i: int, y: Tensor, xs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The Jacobians of output i by each input: one walk for each of its numbers."""
    n = y.numel()
    numbers = y._arange(n)
    columns: list[list[Tensor]] = [[] for _ in xs]
    for j in range(n):
        seed = pointwise.eq(numbers, j).to(y.dtype).view(y.shape)
        for k, g in enumerate(partials((y,), xs, (seed,), create_graph)):
            if g is None and strict:
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {k}. This "
                    "is not allowed in strict mode."
                )
            if g is not None and strict and create_graph and not g.requires_grad:
                raise RuntimeError(
                    "The jacobian of the user-provided function is independent of input "
                    f"{k}. This is not allowed in strict mode when create_graph=True."
                )
            columns[k].append(xs[k]._full(xs[k].shape, 0.0, xs[k].dtype) if g is None else g)
    blocks = tuple(
        joining.stack(column).view((*y.shape, *x.shape))
        if column
        else x._full((*y.shape, *x.shape), 0.0, x.dtype)
        for x, column in zip(xs, columns, strict=True)
    )
    return finished(blocks, create_graph)


@overload
def hessian(
    func: Callable[..., Tensor],
    inputs: Tensor,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: Strategy = "reverse-mode",
) -> Tensor: ...
@overload
def hessian(
    func: Callable[..., Tensor],
    inputs: tuple[Tensor, ...],
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: Strategy = "reverse-mode",
) -> tuple[tuple[Tensor, ...], ...]: ...
def hessian(
    func: Callable[..., Tensor],
    inputs: Tensor | tuple[Tensor, ...],
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: Strategy = "reverse-mode",
) -> Tensor | tuple[tuple[Tensor, ...], ...]:
    """The second derivatives of one number by each pair of numbers it is computed from.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html

    Args:
        func: a function of tensors that returns one number.
        inputs: as in `vjp`.
        create_graph: as in `vjp`.
        strict: as in `vjp`.
        vectorize: as in `jacobian`.
        outer_jacobian_strategy: as the strategy of `jacobian`.

    Returns:
        For inputs a and b a tensor of shape `a.shape + b.shape`; a tuple of tuples of them if
        inputs are a tuple.

    Raises:
        RuntimeError: if func returns anything else than one number, and in strict mode.
        TypeError: if there is anything but tensors.

    >>> hessian(lambda x: (x * x * x).sum(), Tensor([1.0, 2.0]))
    Tensor([[ 6.,  0.],
            [ 0., 12.]], requires_grad=False)
    """
    given = as_tuple("hessian", "inputs", inputs)

    def first(*xs: Tensor) -> tuple[Tensor, ...]:
        y = one_number("hessian", func(*xs))
        require_grad((y,), "outputs", strict)
        found = filled(partials((y,), xs, graph=True), xs, strict, False, "back")
        require_grad(found, "jacobian", strict)
        return found

    blocks = jacobian(
        first, given, create_graph, strict, strategy=outer_jacobian_strategy, vectorize=vectorize
    )
    return blocks[0][0] if isinstance(inputs, Tensor) else blocks
