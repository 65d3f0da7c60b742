"""`Op`: a function defined by composition, which a device may override with a fused kernel."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import update_wrapper
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

from minitorch_autodiff import Many, Node, Output, Saved, is_grad_enabled
from minitorch_tensor.autograd import grad
from minitorch_tensor.device import Device
from minitorch_tensor.views import alias

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

P = ParamSpec("P")
R = TypeVar("R")


class Op(Generic[P, R]):
    """A function whose composite definition works on every device, and may be overridden on some.

    The device of the first argument decides. An override has the signature of the composite, which
    is checked statically, gives the same numbers, which tests check, and may call `op.composite`
    for cases it does not cover.

    >>> from minitorch_tensor import Tensor
    >>> @Op
    ... def double_it(input: Tensor) -> Tensor:
    ...     return input + input
    >>> double_it(Tensor([1.0])), double_it(input=Tensor([2.0]))
    (Tensor([2.], requires_grad=False), Tensor([4.], requires_grad=False))
    """

    def __init__(self, composite: Callable[P, R]) -> None:
        self.composite = composite
        self._kernels: dict[str, Callable[P, R]] = {}
        update_wrapper(self, composite)

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the override of the device type of the first argument, else the composite.

        Raises:
            TypeError: if that argument is on no device: most likely it is a list or an array.
        """
        device = getattr(args[0] if args else self._first(kwargs), "device", None)
        if not isinstance(device, Device):
            raise self._no_tensor(args, kwargs)
        return self._kernels.get(device.type, self.composite)(*args, **kwargs)

    def _first(self, named: dict[str, object]) -> object:
        """The first argument, given by its name; None if it is missing."""
        return named.get(self._name_of_first())

    def _name_of_first(self) -> str:
        return next(iter(inspect.signature(self.composite).parameters))

    def _no_tensor(self, args: tuple[object, ...], named: dict[str, object]) -> TypeError:
        function, name = self.composite.__name__, self._name_of_first()
        if not args and name not in named:
            return TypeError(f"{function}() missing 1 required argument: '{name}'")
        given = args[0] if args else named[name]
        return TypeError(
            f"{function}: argument '{name}' must be a Tensor, not {type(given).__name__}; "
            "tensor(...) makes one"
        )

    def override(self, device_type: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Register a kernel for one type of device."""

        def register(kernel: Callable[P, R]) -> Callable[P, R]:
            self._kernels[device_type] = kernel
            return kernel

        return register

    def overridden(self) -> tuple[str, ...]:
        """The device types that have a kernel of their own."""
        return tuple(sorted(self._kernels))


@contextmanager
def kernels_of(device_type: str) -> Iterator[None]:
    """Let every `Op` run its kernel for this type of device, wherever its tensors are, for a while.

    It is for tools that look at what a model computes. They may exchange the backend of a device;
    this keeps fused kernels from computing past it. `__call__` itself is exchanged, for all
    threads: a flag would cost time in every call at all other times.

    >>> from minitorch_tensor import Tensor
    >>> @Op
    ... def double_it(input: Tensor) -> Tensor:
    ...     return input + input
    >>> @double_it.override("nowhere")
    ... def _double_it(input: Tensor) -> Tensor:
    ...     return input
    >>> with kernels_of("nowhere"):
    ...     double_it(Tensor([1.0]))
    Tensor([1.], requires_grad=False)
    """
    usual = Op.__call__

    def call(self: Op[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._kernels.get(device_type, self.composite)(*args, **kwargs)

    type.__setattr__(Op, "__call__", call)
    try:
        yield
    finally:
        type.__setattr__(Op, "__call__", usual)


def _recorded(
    inputs: Sequence[Tensor],
    composite: Callable[[Sequence[Tensor]], Sequence[Tensor]],
    grads: Sequence[Tensor | None],
) -> list[Tensor | None]:
    """The gradients of the inputs, by a composite and so recorded: to be differentiated again.

    It is differentiated at fresh aliases of the inputs, which gives partial derivatives although
    one input may depend on another.
    """
    fresh = [alias(x) for x in inputs]
    pairs = [
        (y, g)
        for y, g in zip(composite(fresh), grads, strict=True)
        if g is not None and y.requires_grad
    ]
    wanted = [x for x in fresh if x.requires_grad]
    ys, gs = [y for y, _ in pairs], [g for _, g in pairs]
    gradients = iter(grad(ys, wanted, gs, create_graph=True, allow_unused=True))
    return [next(gradients) if x.requires_grad else None for x in fresh]


class FusedNode(Node["Tensor"]):
    """The record of a fused kernel: backward by a kernel, second derivatives through the composite.

    Args:
        title: PyTorch's name of the node.
        inputs: what a gradient may be wanted for.
        kernel: the gradient of the output to those of the inputs, not recorded.
        composite: the same function of the inputs as a composition.
    """

    __slots__ = ("composite", "inputs", "kernel", "title")

    def __init__(
        self,
        title: str,
        inputs: Sequence[Tensor],
        kernel: Callable[[Tensor], Sequence[Tensor | None]],
        composite: Callable[[Sequence[Tensor]], Tensor],
    ) -> None:
        super().__init__(tuple(x.gradient_node() for x in inputs))
        self.title = title
        self.inputs = [Saved(x) for x in inputs]
        self.kernel: Callable[[Tensor], Sequence[Tensor | None]] | None = kernel
        self.composite = composite

    def backward(self, g: Tensor, /) -> Sequence[Tensor | None]:
        """By the kernel, or recorded through the composite."""
        inputs = [saved.unpack(self) for saved in self.inputs]
        if not is_grad_enabled() and self.kernel is not None:
            return self.kernel(g)
        return _recorded(inputs, lambda fresh: [self.composite(fresh)], [g])

    def release(self) -> None:
        """Drop the inputs, and what the kernel holds."""
        for saved in self.inputs:
            saved.release()
        self.kernel = None

    def name(self) -> str:
        """PyTorch's name of the node."""
        return self.title


def record_fused(
    title: str,
    y: Tensor,
    inputs: Sequence[Tensor],
    kernel: Callable[[Tensor], Sequence[Tensor | None]],
    composite: Callable[[Sequence[Tensor]], Tensor],
) -> Tensor:
    """The fresh y, recorded as the result of a fused kernel if any input needs a gradient."""
    if is_grad_enabled() and any(x.requires_grad for x in inputs):
        y.requires_grad, y.node = True, FusedNode(title, inputs, kernel, composite)
    return y


class FusedManyNode(Many["Tensor"]):
    """The record of a fused kernel with several outputs; see `FusedNode`.

    The kernel and the second derivatives get a gradient, or None for zero, for each output.
    """

    __slots__ = ("composite", "inputs", "kernel", "outputs", "title")

    def __init__(
        self,
        title: str,
        inputs: Sequence[Tensor],
        outputs: int,
        kernel: Callable[[Sequence[Tensor | None]], Sequence[Tensor | None]],
        composite: Callable[[Sequence[Tensor]], Sequence[Tensor]],
    ) -> None:
        super().__init__(tuple(x.gradient_node() for x in inputs))
        self.title = title
        self.inputs = [Saved(x) for x in inputs]
        self.outputs = outputs
        self.kernel: Callable[[Sequence[Tensor | None]], Sequence[Tensor | None]] | None = kernel
        self.composite = composite

    def backward_many(self, grads: Sequence[Tensor | None], /) -> Sequence[Tensor | None]:
        """By the kernel, or recorded through the composite."""
        inputs = [saved.unpack(self) for saved in self.inputs]
        grads = [*grads, *[None] * (self.outputs - len(grads))]
        if not is_grad_enabled() and self.kernel is not None:
            return self.kernel(grads)
        return _recorded(inputs, self.composite, grads)

    def release(self) -> None:
        """Drop the inputs, and what the kernel holds."""
        for saved in self.inputs:
            saved.release()
        self.kernel = None

    def name(self) -> str:
        """PyTorch's name of the node."""
        return self.title


def record_fused_many(
    title: str,
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    kernel: Callable[[Sequence[Tensor | None]], Sequence[Tensor | None]],
    composite: Callable[[Sequence[Tensor]], Sequence[Tensor]],
) -> None:
    """Record the fresh outputs as those of a fused kernel, if any input needs a gradient."""
    if is_grad_enabled() and any(x.requires_grad for x in inputs):
        node = FusedManyNode(title, inputs, len(outputs), kernel, composite)
        for slot, y in enumerate(outputs):
            y.requires_grad, y.node = True, Output(node, slot)
