"""`autograd.Function`: an operation with a backward of its own, written as in PyTorch.

The node of such an operation calls the class's `backward`; everything else, what is saved, what is
returned and what may be written, is bookkeeping around the call of `forward`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import TYPE_CHECKING, ClassVar, NamedTuple, ParamSpec, Protocol, TypeVar, overload
from weakref import WeakSet, ref

from minitorch_autodiff import DelayedError, GradMode, Many, Node, Output, Saved, is_grad_enabled
from minitorch_autodiff.saved import FREED
from minitorch_tensor import inplace, views
from minitorch_tensor.core import Tensor, full
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Shape

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_once: WeakSet[Callable[..., object]] = WeakSet()  # what `once_differentiable` made


class _Kind(NamedTuple):
    """What a gradient must be like."""

    shape: Shape
    dtype: DType
    device: Device


def _kind(x: object) -> _Kind | None:
    return _Kind(x.shape, x.dtype, x.device) if isinstance(x, Tensor) else None


class FunctionCtx:
    """What `forward` leaves for `backward`: saved tensors, and any attributes you like.

    https://docs.pytorch.org/docs/stable/autograd.html#context-method-mixins

    A type checker knows the attributes you set as `object`: narrow them with isinstance.

    Args:
        needs_input_grad: for each argument of forward, whether a gradient is wanted for it.
    """

    def __init__(self, needs_input_grad: tuple[bool, ...] = ()) -> None:
        self.needs_input_grad = needs_input_grad
        self._given: tuple[Tensor | None, ...] = ()  # until forward has returned
        self._saved: list[tuple[Saved[Tensor], int | None] | None] | None = None
        self._node: ref[FunctionNode] | None = None
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True

    if TYPE_CHECKING:
        # PyTorch's type: hardly anyone saves None, so nobody shall have to test for it.
        @property
        def saved_tensors(self) -> tuple[Tensor, ...]:
            """What was saved; an entry that was None is None again."""
            ...

        def __getattr__(self, name: str) -> object: ...

        def __setattr__(self, name: str, value: object) -> None: ...

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, outputs or other tensors for backward, guarded against writes in place.

        https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.FunctionCtx.save_for_backward.html

        Raises:
            TypeError: for anything else; set an attribute of ctx instead.
        """
        for i, x in enumerate(tensors):
            if x is not None and not isinstance(x, Tensor):
                raise TypeError(
                    "save_for_backward can only save tensors, but argument "
                    f"{i} is of type {type(x).__name__}; set it as an attribute: ctx.name = value"
                )
        self._given = tensors

    save_for_forward = save_for_backward

    def _unpack(self) -> tuple[Tensor | None, ...]:
        """What was saved; an entry that was None is None again.

        Raises:
            RuntimeError: if it was freed by an earlier backward, or written in place since.
        """
        node = None if self._node is None else self._node()
        if node is None:
            return self._given
        if self._saved is None:
            raise RuntimeError(FREED.format(node.name()))
        return tuple(
            None if entry is None else entry[0].unpack(node.output(entry[1]))
            for entry in self._saved
        )

    if not TYPE_CHECKING:
        saved_tensors = property(_unpack)

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say that forward writes into these inputs in place; it must return them too.

        https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.FunctionCtx.mark_dirty.html
        """
        self._dirty = tensors
        for x in tensors:
            x.storage.version += 1

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say that these outputs are constants; backward gets zeros for them.

        https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.FunctionCtx.mark_non_differentiable.html
        """
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros, and not None, for outputs that no gradient reached.

        https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.FunctionCtx.set_materialize_grads.html
        """
        self._materialize = value


class FunctionNode(Many[Tensor]):
    """The record of one call of a `Function`."""

    __slots__ = ("ctx", "function", "inputs", "outputs")

    def __init__(self, function: type[Function], ctx: FunctionCtx, args: Sequence[object]) -> None:
        super().__init__(tuple(x.gradient_node() if isinstance(x, Tensor) else None for x in args))
        self.function = function
        self.ctx = ctx
        self.inputs = [_kind(x) for x in args]
        self.outputs: list[_Kind | None] = []
        ctx._node = ref(self)

    @property
    def saved_tensors(self) -> tuple[Tensor, ...]:
        """What `forward` saved."""
        return self.ctx.saved_tensors

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        """For each argument of forward, whether a gradient is wanted for it."""
        return self.ctx.needs_input_grad

    def output(self, slot: int | None) -> Node[Tensor]:
        """The node of output number `slot`: this one, if there is no other output."""
        return self if slot is None or len(self.outputs) == 1 else Output(self, slot)

    def backward_many(self, grads: Sequence[Tensor | None], /) -> Sequence[Tensor | None]:
        """What the class's own `backward` gives, checked.

        Raises:
            NotImplementedError: if the class has no backward.
            RuntimeError: for the wrong number of gradients, or one of the wrong shape or device.
        """
        given = [*grads, *[None] * (len(self.outputs) - len(grads))]
        if self.ctx._materialize:
            given = [
                full(kind.shape, 0.0, kind.dtype, kind.device)
                if g is None and kind is not None
                else g
                for g, kind in zip(given, self.outputs, strict=True)
            ]
        result = self.function.backward(self.ctx, *given)
        found = self._checked(result if isinstance(result, tuple) else (result,))
        if is_grad_enabled() and self.function.backward in _once:
            return [None if g is None else self._unrecorded(g, given) for g in found]
        return found

    def _checked(self, grads: tuple[object, ...]) -> list[Tensor | None]:
        name, expected = self.name(), len(self.inputs)
        if len(grads) < expected or any(g is not None for g in grads[expected:]):
            raise RuntimeError(
                f"function {name} returned an incorrect number of gradients (expected {expected}, "
                f"one for each argument of forward, None for those without; got {len(grads)})"
            )
        pairs = zip(self.inputs, grads[:expected], strict=True)
        return [self._fitted(i, kind, g) for i, (kind, g) in enumerate(pairs)]

    def _fitted(self, i: int, kind: _Kind | None, g: object) -> Tensor | None:
        name = self.name()
        if g is None:
            return None
        if not isinstance(g, Tensor):
            raise RuntimeError(
                f"{name}: expected Variable or None (got {type(g).__name__}) at position {i} of "
                "what backward returned; a gradient is a Tensor"
            )
        if kind is None:
            raise RuntimeError(
                f"function {name} returned a gradient different than None at position {i + 1}, "
                "but the corresponding forward input was not a Variable; return None there"
            )
        if g.device is not kind.device:
            raise RuntimeError(
                f"Function {name} returned an invalid gradient at index {i} - expected device "
                f"{kind.device} but got {g.device}"
            )
        if g.shape != kind.shape:
            tail = g.shape[len(g.shape) - len(kind.shape) :]
            if len(g.shape) < len(kind.shape) or any(
                m not in (1, n) for m, n in zip(kind.shape, tail, strict=True)
            ):
                raise RuntimeError(
                    f"Function {name} returned an invalid gradient at index {i} - got "
                    f"{list(g.shape)} but expected shape compatible with {list(kind.shape)}"
                )
            g = views.sum_to(g, kind.shape)
        return g.to(kind.dtype)

    def _unrecorded(self, g: Tensor, given: Sequence[Tensor | None]) -> Tensor:
        """g, marked so that nobody takes it for a constant in a second derivative."""
        message = (
            f"trying to differentiate twice a function that was marked with @once_differentiable: "
            f"{self.name()}; write its backward with operations on tensors, and leave it unmarked"
        )
        sources = tuple(x.gradient_node() for x in given if x is not None)
        y = g.detach()
        y.node = DelayedError(f"{self.name()}Backward", message, (*sources, *self.edges))
        y.requires_grad = True
        return y

    def release(self) -> None:
        """Drop what was saved, if it was."""
        if self.ctx._saved:
            self.ctx._saved = None

    def name(self) -> str:
        """For example `ExpBackward`."""
        return f"{self.function.__name__}Backward"


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
    node = FunctionNode(function, ctx, args) if tracked else None
    ctx._node = None  # until forward has returned, what is saved is seen as it is
    with GradMode(False):
        if separate:
            result = forward(*args)
            function.setup_context(ctx, args, result)
        else:
            result = forward(ctx, *args)
    outputs = result if isinstance(result, tuple) else (result,)
    if node is None:
        ctx._given = ctx._dirty = ctx._constant = ()
        return result
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
    node.outputs = [_kind(y) for y in outputs]
    inputs = [x for x in args if isinstance(x, Tensor)]
    tensors = [y for y in outputs if isinstance(y, Tensor)]
    slots: dict[int, int] = {}  # of the outputs that this node makes, by identity
    results: dict[int, Tensor] = {}
    for slot, y in enumerate(outputs):
        if not isinstance(y, Tensor):
            continue
        given = any(x is y for x in inputs)
        if any(x is y for x in ctx._constant) or not y.dtype.is_floating_point:
            results[id(y)] = y.detach() if given or y.requires_grad else y
            continue
        slots[id(y)] = slot
        if given and any(x is y for x in ctx._dirty):
            inplace.check(f"{node.function.__name__}.apply", y)
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
