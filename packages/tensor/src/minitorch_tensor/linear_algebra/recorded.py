"""Values that the host computes, recorded by a gradient that is a composite of tensor functions.

A factorisation is LAPACK's, and its derivative a formula in its own results: d inv(A) is
-inv(A) dA inv(A). So the node keeps inputs and results, and applies the formula to them *as
recorded tensors*: second derivatives go through the results back into this node, with nothing more
to write. Every function of this package whose numbers come from the host is made by `computed`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

from minitorch_autodiff import Many, Output, Saved, is_grad_enabled
from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.conversion import from_host, host_array
from minitorch_tensor.dtype import HostArray

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

Real = NDArray[np.floating]
"""An array of float32 or float64 in the host's memory."""

Tensors = Sequence["Tensor"]
Gradients = Sequence["Tensor | None"]
Formula = Callable[[Tensors, Tensors, Gradients], Gradients]
"""(inputs, outputs, gradients of the outputs) -> gradients of the inputs; None is zero.

Gradients of inputs that do not require one may be left out as None.
"""


class HostNode(Many["Tensor"]):
    """The record of outputs = f(inputs), by the formula of its gradient."""

    __slots__ = ("formula", "inputs", "outputs", "slots", "title")

    def __init__(
        self, title: str, inputs: Tensors, outputs: Tensors, formula: Formula, needs: str
    ) -> None:
        super().__init__(tuple(x.gradient_node() for x in inputs))
        self.title = title
        self.formula = formula
        self.inputs = [Saved(x) for x in inputs if "x" in needs]
        self.outputs = [Saved(y, is_output=True) for y in outputs if "y" in needs]
        # Held weakly: an output that is gone owns no gradient, one that lives is the same value.
        self.slots: list[ReferenceType[Output[Tensor]]] = []

    def backward_many(self, grads: Gradients, /) -> Gradients:
        """The formula at the saved values, the outputs attached to the graph again."""
        return self.formula(
            [saved.unpack(self) for saved in self.inputs],
            [saved.unpack(self._output(slot)) for slot, saved in enumerate(self.outputs)],
            [*grads, *[None] * (len(self.slots) - len(grads))],
        )

    def _output(self, slot: int) -> Output[Tensor]:
        return self.slots[slot]() or Output(self, slot)

    def release(self) -> None:
        """Drop inputs and outputs."""
        for saved in (*self.inputs, *self.outputs):
            saved.release()

    def name(self) -> str:
        """PyTorch's name of the node."""
        return self.title


def computed(
    title: str,
    inputs: Tensors,
    arrays: Sequence[HostArray],
    formula: Formula,
    needs: str = "xy",
) -> list[Tensor]:
    """Tensors of `arrays`, on the device of the inputs, recorded as made from them.

    Args:
        title: PyTorch's name of the node.
        inputs: what they are functions of.
        arrays: the values; no other tensor may share their memory.
        formula: the gradient.
        needs: what the formula reads, "x" the inputs, "y" the outputs: it gets an empty list for
            the others, which are not kept, and so may be written in place.
    """
    outputs = [from_host(inputs[0], array) for array in arrays]
    if is_grad_enabled() and any(x.requires_grad for x in inputs):
        node = HostNode(title, inputs, outputs, formula, needs)
        for slot, y in enumerate(outputs):
            output: Output[Tensor] = Output(node, slot)
            node.slots.append(ref(output))
            y.requires_grad, y.node = True, output
    return outputs


def undifferentiable(text: str) -> Formula:
    """The formula of a function without a derivative: it raises RuntimeError with this text."""

    def refuse(inputs: Tensors, outputs: Tensors, grads: Gradients) -> Gradients:
        raise RuntimeError(text)

    return refuse


def real(x: Tensor) -> Real:
    """The elements of a float32 or float64 tensor in the host's memory; never to be written."""
    values = host_array(x)
    if x.dtype is dtypes.float32:
        return values.astype(np.float32, copy=False)
    return values.astype(np.float64, copy=False)


def eye(like: Tensor, n: int, m: int | None = None) -> Tensor:
    """The unit matrix with the dtype and on the device of `like`."""
    return from_host(like, np.eye(n, m), like.dtype)


def on_diagonal(like: Tensor, n: int) -> Tensor:
    """Whether an element of an n by n matrix is on its diagonal: a mask."""
    return from_host(like, np.eye(n, dtype=np.bool_))


def independent(y: Tensor, x: Tensor, title: str) -> Tensor:
    """The fresh y, recorded as the linear map 0 x: PyTorch gives zeros for its gradient, not None.

    (The product y + 0 * x would not do: it is nan where x is not finite.)
    """
    before = x.shape
    return views.linear(x, y, title, lambda g: g._full(before, 0.0, g.dtype))
