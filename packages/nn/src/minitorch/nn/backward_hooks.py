"""Hooks that see the gradients of a module: of its outputs before, of its inputs after backward.

Two nodes that change nothing are put around the module: all its input tensors go through one, all
its outputs through the other. What comes to the second in backward is the gradient of the outputs;
what comes to the first is that of the inputs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

from minitorch_autodiff import is_grad_enabled
from minitorch_tensor import Tensor
from minitorch_tensor.autograd_function import Function
from minitorch_tensor.autograd_function_node import FunctionCtx

Gradients = tuple[Tensor | None, ...]
See = Callable[[Gradients], Gradients]


class _Pass(Function):
    """The given tensors; in backward, what `see` makes of their gradients."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, see: See, materialize: bool, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.see = see
        ctx.set_materialize_grads(materialize)
        return tuple(x.view_as(x) for x in tensors)

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor | None) -> Gradients:
        see = ctx.see
        if not callable(see):
            raise TypeError("a module's backward hook lost what it was to call")
        seen: Gradients = see(grads)
        return (None, None, *seen)


class AroundBackward:
    """The backward hooks of one call of a module."""

    def __init__(
        self,
        module: object,
        before: Sequence[Callable[..., object]],
        after: Sequence[Callable[..., object]],
    ) -> None:
        self.module, self.before, self.after = module, before, after
        self.grad_outputs: Gradients | None = None
        self.input_places: list[int] | None = None
        self.inputs = 0

    def inward(self, args: tuple[object, ...]) -> tuple[object, ...]:
        """The arguments, watched."""
        self.inputs = len(args)
        places = [i for i, x in enumerate(args) if isinstance(x, Tensor)]

        def see(grads: Gradients) -> Gradients:
            if self.grad_outputs is None:  # a path that leads here past the outputs
                return grads
            found: list[Tensor | None] = [None] * self.inputs
            for i, g in zip(places, grads, strict=True):
                found[i] = g
            result = tuple(found)
            for hook in self.after:
                result = _replaced(
                    "grad_input", hook(self.module, result, self.grad_outputs), result
                )
            self.grad_outputs = None
            return tuple(result[i] for i in places)

        watched = _watched(args, places, see, materialize=True)
        self.input_places = None if watched is None else places
        return args if watched is None else watched

    def outward(self, output: object) -> object:
        """The output, a tensor or a tuple of them, watched."""
        if not isinstance(output, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(output)}",
                stacklevel=4,
            )
        args = output if isinstance(output, tuple) else (output,)
        places = [i for i, x in enumerate(args) if isinstance(x, Tensor)]
        n = len(args)  # not `args` themselves: their history would hold what holds them

        def see(grads: Gradients) -> Gradients:
            found: list[Tensor | None] = [None] * n
            for i, g in zip(places, grads, strict=True):
                found[i] = g
            result = tuple(found)
            for hook in self.before:
                result = _replaced("grad_output", hook(self.module, result), result)
            self.grad_outputs = result
            if self.input_places is None:
                self._without_inputs(result)
            return tuple(result[i] for i in places)

        watched = _watched(args, places, see, materialize=False)
        if watched is None:
            return output
        if not isinstance(output, tuple):
            return watched[0]
        make = getattr(type(output), "_make", None)  # a named tuple stays one
        return watched if make is None else make(watched)

    def _without_inputs(self, grad_outputs: Gradients) -> None:
        """Call the hooks although no input requires grad: nothing will come to the first node."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients. See "
            "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
            "#torch.nn.Module.register_full_backward_hook for more details.",
            stacklevel=2,
        )
        nothing: Gradients = (None,) * self.inputs
        for hook in self.after:
            result = hook(self.module, nothing, grad_outputs)
            if result is not None and result != nothing:
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None


def _watched(
    args: tuple[object, ...], places: list[int], see: See, *, materialize: bool
) -> tuple[object, ...] | None:
    """The arguments, with their tensors gone through a node; None if no gradient flows there.

    With `materialize`, a gradient that did not come is zeros to `see`, else None.
    """
    tensors = [x for x in args if isinstance(x, Tensor)]
    if not is_grad_enabled() or not any(x.requires_grad for x in tensors):
        return None
    passed = dict(zip(places, _Pass.apply(see, materialize, *tensors), strict=True))
    return tuple(passed.get(i, x) for i, x in enumerate(args))


def _replaced(what: str, result: object, grads: Gradients) -> Gradients:
    """The gradients a hook returned, or those it was given if it returned None.

    Raises:
        RuntimeError: if it returned another number of them, or something else.
    """
    if result is None:
        return grads
    if isinstance(result, Tensor):
        result = (result,)
    kind = "Backward pre hook" if what == "grad_output" else "Backward hook"
    if not isinstance(result, (tuple, list)):
        raise RuntimeError(f"{kind} must return None or a tuple of {what}, but got {result!r}")
    if len(result) != len(grads):
        raise RuntimeError(
            f"{kind} returned an invalid number of {what}, got {len(result)}, but expected "
            f"{len(grads)}"
        )
    return tuple(result)
