"""What a custom `Function` leaves in the graph: its ctx, and the node that calls its backward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from weakref import ref

from minitorch_autodiff import DelayedError, Many, Node, Output, Saved, is_grad_enabled
from minitorch_autodiff.saved import FREED
from minitorch_tensor import views
from minitorch_tensor.core import Tensor, full
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Shape


class Kind(NamedTuple):
    """What a gradient must be like."""

    shape: Shape
    dtype: DType
    device: Device


def kind_of(x: object) -> Kind | None:
    """What a gradient of x must be like; None if x is no tensor."""
    return Kind(x.shape, x.dtype, x.device) if isinstance(x, Tensor) else None


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
    """The record of one call of a `Function`.

    Args:
        title: the name of the node.
        rule: the class's own `backward`.
        once: whether that can not be differentiated.
        ctx: what forward leaves for it.
        args: what forward was called with.
    """

    __slots__ = ("ctx", "inputs", "once", "outputs", "rule", "title")

    def __init__(
        self,
        title: str,
        rule: Callable[..., object],
        once: bool,
        ctx: FunctionCtx,
        args: Sequence[object],
    ) -> None:
        super().__init__(tuple(x.gradient_node() if isinstance(x, Tensor) else None for x in args))
        self.title = title
        self.rule = rule
        self.once = once
        self.ctx = ctx
        self.inputs = [kind_of(x) for x in args]
        self.outputs: list[Kind | None] = []
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
        result = self.rule(self.ctx, *given)
        found = self._checked(result if isinstance(result, tuple) else (result,))
        if is_grad_enabled() and self.once:
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

    def _fitted(self, i: int, kind: Kind | None, g: object) -> Tensor | None:
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
        return self.title
