"""linear as one operation: the bias is added to each part of the product while it is in the cache.

The gradient of the weight is computed as g^T @ x, which lies as the weight does. The composite
multiplies by the transposed weight, whose gradient has to be turned before it is `.grad`.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_autodiff import Node, Saved, is_grad_enabled
from minitorch_fast.functional.memory import flat
from minitorch_fast.linalg import matrix, product
from minitorch_tensor import Tensor, core
from minitorch_tensor.dtype import float32, float64
from minitorch_tensor.functional.linear import linear
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import host


class LinearNode(Node[Tensor]):
    """y = x @ w^T + b: dx = g @ w, dw = g^T @ x, db = the sum of the rows of g."""

    __slots__ = ("weight", "x")

    def __init__(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> None:
        edge_x, edge_w = x.gradient_node(), weight.gradient_node()
        super().__init__((edge_x, edge_w, None if bias is None else bias.gradient_node()))
        self.x = None if edge_w is None else Saved(x)
        self.weight = None if edge_x is None else Saved(weight)

    def backward(self, g: Tensor, /) -> Sequence[Tensor | None]:
        """The three gradients, recorded if gradients of gradients are wanted."""
        shape = g.layout.shape
        plain = len(shape) == 2
        rows = g if plain else g.reshape(-1, shape[-1])
        dx = dw = None
        if self.weight is not None:
            dx = rows.matmul(self.weight.unpack(self))
            dx = dx if plain else dx.reshape(*shape[:-1], dx.shape[-1])
        if self.x is not None:
            x = self.x.unpack(self)
            dw = rows.t().matmul(x if plain else x.reshape(-1, x.shape[-1]))
        return dx, dw, rows.sum(0) if self.edges[2] is not None else None

    def release(self) -> None:
        """Drop x and w."""
        for saved in (self.x, self.weight):
            if saved is not None:
                saved.release()

    def name(self) -> str:
        """PyTorch's name."""
        return "AddmmBackward0" if len(self.edges) == 3 else "MmBackward0"


@linear.override("cpu")
def linear_fused(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Matrices of float32 and float64 in one operation."""
    layout, sizes = input.layout, weight.layout.shape
    dtype, device = input.dtype, input.storage.device
    if (
        len(sizes) != 2
        or not layout.shape
        or layout.size == 0
        or layout.shape[-1] != sizes[1]
        or not (dtype is float32 or dtype is float64)
        or weight.dtype is not dtype
        or weight.storage.device is not device
        or (
            bias is not None
            and (
                bias.layout.shape != sizes[:1]
                or bias.dtype is not dtype
                or bias.storage.device is not device
            )
        )
    ):
        return linear.composite(input, weight, bias)  # which says what does not fit
    width, lead = sizes[0], layout.shape[:-1]
    y = core.fresh(Layout.contiguous((*lead, width)), dtype, device)
    out = host(y.storage.buffer).reshape(-1, width)
    x = matrix(input) if len(lead) == 1 else flat(input).reshape(-1, sizes[1])
    product(x, matrix(weight).T, out, None if bias is None else flat(bias))
    if is_grad_enabled() and (
        input.requires_grad or weight.requires_grad or (bias is not None and bias.requires_grad)
    ):
        y.requires_grad, y.node = True, LinearNode(input, weight, bias)
    return y
