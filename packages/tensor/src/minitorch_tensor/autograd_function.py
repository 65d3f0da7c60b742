"""`autograd.Function`: an operation with a backward of its own, written as in PyTorch.

The node of such an operation calls the class's `backward`; everything else, what is saved, what is
returned and what may be written, is bookkeeping around the call of `forward`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import ClassVar, ParamSpec, Protocol, TypeVar, overload
from weakref import WeakSet, ref

from minitorch_autodiff import GradMode, Saved, is_grad_enabled
from minitorch_tensor import inplace
from minitorch_tensor.autograd_function_node import FunctionCtx, FunctionNode, kind_of
from minitorch_tensor.core import Tensor

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_once: WeakSet[Callable[..., object]] = WeakSet()  # what `once_differentiable` made


class _Takes(Protocol[P, R_co]):
    """A class whose forward begins with ctx."""

    @staticmethod
    def forward(ctx: FunctionCtx, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """The values."""
        ...


class _TakesNone(Protocol[P, R_co]):
    """A class whose forward is the function alone, beside a setup_context."""

    @staticmethod
    def forward(*args: P.args, **kwargs: P.kwargs) -> R_co:
        """The values."""
        ...


class _Apply:
    """`apply`, with the signature of the class's own `forward`, ctx aside."""

    @overload
    def __get__(self, instance: object, owner: type[_Takes[P, R]]) -> Callable[P, R]: ...
    @overload
    def __get__(self, instance: object, owner: type[_TakesNone[P, R]]) -> Callable[P, R]: ...
    @overload
    def __get__(self, instance: object, owner: type[Function]) -> Callable[..., object]: ...
    def __get__(self, instance: object, owner: type[object]) -> Callable[..., object]:
        if not issubclass(owner, Function):
            raise TypeError(f"apply: {owner.__name__} is no subclass of Function")
        return partial(_apply, owner)


def _no_forward(*args: object, **kwargs: object) -> object:
    raise NotImplementedError(
        "You must implement the forward function for custom autograd.Function."
    )


def _no_setup(ctx: FunctionCtx, inputs: tuple[object, ...], output: object) -> None:
    raise NotImplementedError("setup_context is not implemented.")


def _no_backward(ctx: FunctionCtx, *grads: Tensor | None) -> object:
    raise NotImplementedError(
        "You must implement either the backward or vjp method for your custom autograd.Function "
        "to use it with backward mode AD."
    )


class Function:
    """An operation with a backward of its own.

    https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function

    A subclass defines two static methods. `forward(ctx, *args)` computes, unrecorded, a tensor or
    a tuple; `backward(ctx, *grads)` gets the gradient of each output, and returns one for each
    argument, None for those that need none. Its operations are recorded when the backward itself
    is to be differentiated. Instead, `forward(*args)` may leave ctx to a third static method,
    `setup_context(ctx, inputs, output)`. Call it by `apply`.

    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...
    ...     @staticmethod
    ...     def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3.0 * x * x
    >>> x = Tensor([2.0], requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    Tensor([12.], requires_grad=False)
    """

    forward: ClassVar[Callable[..., object]] = staticmethod(_no_forward)
    setup_context: ClassVar[Callable[..., object]] = staticmethod(_no_setup)
    backward: ClassVar[Callable[..., object]] = staticmethod(_no_backward)
    apply = _Apply()


def once_differentiable(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a `backward` that cannot be differentiated: a second derivative is then an error.

    https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.function.once_differentiable
    """

    @wraps(function)
    def once(*args: P.args, **kwargs: P.kwargs) -> R:
        with GradMode(False):
            return function(*args, **kwargs)

    _once.add(once)
    return once


def _bound(
    forward: Callable[..., object], args: Sequence[object], named: dict[str, object]
) -> tuple[object, ...]:
    """All arguments in their order, with defaults filled in."""
    if not named and not getattr(forward, "__defaults__", None):
        return tuple(args)
    bound = inspect.signature(forward).bind(*args, **named)
    bound.apply_defaults()
    return bound.args


def _apply(function: type[Function], /, *args: object, **named: object) -> object:
    """Call forward, unrecorded, and record the call if an argument requires grad."""
    forward = function.forward
    separate = function.setup_context is not Function.setup_context
    if separate:
        args = _bound(forward, args, named)
    elif named:
        args = _bound(forward, (None, *args), named)[1:]
    needs = tuple(isinstance(x, Tensor) and x.requires_grad for x in args)
    ctx = FunctionCtx(needs)
    tracked = is_grad_enabled() and any(needs)
    node = (
        FunctionNode(
            f"{function.__name__}Backward", function.backward, function.backward in _once, ctx, args
        )
        if tracked
        else None
    )
    ctx._node = None  # until forward has returned, what is saved is seen as it is
    with GradMode(False):
        if separate:
            result = forward(*args)
            function.setup_context(ctx, args, result)
        else:
            result = forward(ctx, *args)
    outputs = result if isinstance(result, tuple) else (result,)
    if node is None:
        untouched = [x for x in args if not any(x is y for y in ctx._dirty)]
        ctx._given = ctx._dirty = ctx._constant = ()
        found = tuple(
            y.detach() if isinstance(y, Tensor) and any(x is y for x in untouched) else y
            for y in outputs
        )
        return found if isinstance(result, tuple) else found[0]
    if isinstance(result, list) and any(isinstance(y, Tensor) for y in result):
        raise TypeError(
            f"{function.__name__}.forward returned a list, whose tensors would have no history; "
            "return a Tensor or a tuple"
        )
    recorded = _record(node, args, outputs)
    return recorded if isinstance(result, tuple) else recorded[0]


def _record(
    node: FunctionNode, args: Sequence[object], outputs: tuple[object, ...]
) -> tuple[object, ...]:
    """The outputs with their history, and what was saved put where backward finds it."""
    ctx = node.ctx
    if not all(any(x is y for y in outputs) for x in ctx._dirty):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. "
            "The inputs that are modified inplace must all be outputs of the Function."
        )
    node.outputs = [kind_of(y) for y in outputs]
    inputs = [x for x in args if isinstance(x, Tensor)]
    tensors = [y for y in outputs if isinstance(y, Tensor)]
    slots: dict[int, int] = {}  # of the outputs that this node makes, by identity
    results: dict[int, Tensor] = {}
    for slot, y in enumerate(outputs):
        if not isinstance(y, Tensor):
            continue
        given = any(x is y for x in inputs)
        dirty = given and any(x is y for x in ctx._dirty)
        if any(x is y for x in ctx._constant) or not y.dtype.is_floating_point:
            results[id(y)] = y.detach() if (given and not dirty) or y.requires_grad else y
            continue
        slots[id(y)] = slot
        if dirty:
            inplace.check(node.name(), y)
            written = y.detach()
            written.requires_grad, written.node = True, node.output(slot)
            inplace.rebase(y, written)
            results[id(y)] = y
            continue
        if given:
            del slots[id(y)]  # as a saved tensor it is the input
        owners = [x for x in (*inputs, *tensors) if x is not y or given]
        shared = any(x.storage is y.storage for x in owners) or y.requires_grad
        z = results[id(y)] = inplace.fixed_view(y, node.name()) if shared else y
        if not shared:
            z.base = None  # perhaps a view of something that forward made
        z.requires_grad, z.node = True, node.output(slot)
    ctx._saved = [
        None if x is None else (Saved(x, is_output=id(x) in slots), slots.get(id(x)))
        for x in ctx._given
    ]
    ctx._given = ctx._dirty = ctx._constant = ()
    ctx._node = ref(node)
    return tuple(results[id(y)] if isinstance(y, Tensor) else y for y in outputs)
