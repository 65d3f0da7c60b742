"""Maps y = W x + b of the last dimension, and their bilinear relative.

A device that computes y in one kernel records it by `record_linear`: the gradient of the weight is
then g^T @ x, which lies as the weight does. The composite multiplies by the transposed weight,
whose gradient has to be turned before it is `.grad`.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_autodiff import Node, Saved, is_grad_enabled
from minitorch_tensor import views
from minitorch_tensor.core import Tensor
from minitorch_tensor.functional.checks import require_alike
from minitorch_tensor.op import Op


def check_linear(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    """Refuse what does not fit: input (..., n), weight (m, n), bias that broadcasts to (..., m).

    Raises:
        RuntimeError: if shapes do not fit, or dtypes or devices differ.
    """
    if input.ndim == 0 or not 1 <= weight.ndim <= 2:
        raise RuntimeError(
            "linear: both arguments need to be at least 1D, and weight at most 2D, but got input "
            f"{input.shape} and weight {weight.shape}"
        )
    if input.shape[-1] != weight.shape[-1]:
        rows = input.layout.size // input.shape[-1] if input.shape[-1] else 0
        raise RuntimeError(
            f"linear: mat1 and mat2 shapes cannot be multiplied ({rows}x{input.shape[-1]} and "
            f"{weight.shape[-1]}x{weight.shape[0]}): input {input.shape} has {input.shape[-1]} "
            f"features, but weight {weight.shape} expects {weight.shape[-1]}"
        )
    if weight.dtype is not input.dtype or weight.storage.device is not input.storage.device:
        require_alike("linear", input, "weight", weight)
    if bias is not None:
        require_alike("linear", input, "bias", bias)
        if bias.ndim == 1 and weight.ndim == 2 and bias.shape[0] not in (1, weight.shape[0]):
            raise RuntimeError(
                f"linear: bias {bias.shape} must have one element for each of the "
                f"{weight.shape[0]} rows of weight {weight.shape}"
            )


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


def record_linear(y: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The fresh y = x @ weight^T + bias, recorded if any of the three needs a gradient."""
    if is_grad_enabled() and (
        x.requires_grad or weight.requires_grad or (bias is not None and bias.requires_grad)
    ):
        y.requires_grad, y.node = True, LinearNode(x, weight, bias)
    return y


def in_one_kernel(input: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    """Whether all fits and is of one floating dtype and device: matrices, not empty.

    Where not, the composite says what does not fit, or does it.
    """
    layout, sizes = input.layout, weight.layout.shape
    dtype, device = input.dtype, input.storage.device
    return (
        len(sizes) == 2
        and bool(layout.shape)
        and layout.size != 0
        and layout.shape[-1] == sizes[1]
        and dtype.is_floating_point
        and weight.dtype is dtype
        and weight.storage.device is device
        and (
            bias is None
            or (
                bias.layout.shape == sizes[:1]
                and bias.dtype is dtype
                and bias.storage.device is device
            )
        )
    )


@Op
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = x @ weight.T + bias, for x (..., n), weight (m, n), bias (m,) -> (..., m).

    A weight of shape (n,) gives (...). One dtype for all.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html

    Raises:
        RuntimeError: if shapes do not fit, or dtypes or devices differ.

    >>> linear(Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0], [5.0, 6.0]]), Tensor([0.0, 100.0]))
    Tensor([[ 11., 117.]], requires_grad=False)
    """
    check_linear(input, weight, bias)
    y = input.matmul(views.t(weight))
    return y if bias is None else y + bias


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y_o = x1 @ weight[o] @ x2 + bias_o: (..., i), (..., j), weight (o, i, j) -> (..., o).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html

    Raises:
        RuntimeError: if shapes do not fit, or dtypes or devices differ.
    """
    for what, other in (("input2", input2), ("weight", weight), ("bias", bias)):
        require_alike("bilinear", input1, what, other)
    if weight.ndim != 3:
        raise RuntimeError(
            f"bilinear: weight must have shape (out, in1, in2), but got {weight.shape}"
        )
    if input1.shape[:-1] != input2.shape[:-1] or input1.ndim == 0:
        raise RuntimeError(
            f"bilinear: input batch dimensions do not match: got {input1.shape} and {input2.shape}"
        )
    o, i, j = weight.shape
    for what, x, size in (("input1", input1, i), ("input2", input2, j)):
        if x.shape[-1] != size:
            raise RuntimeError(
                f"bilinear: {what} size does not match weight size: got {x.shape[-1]} but expected "
                f"{size} ({what} {x.shape}, weight {weight.shape})"
            )
    left = views.reshape(views.permute(weight, 1, 0, 2), (i, o * j))
    halfway = views.unflatten(input1.matmul(left), -1, (o, j))  # (..., o, j)
    y = (halfway * views.unsqueeze(input2, -2)).sum(-1)
    return y if bias is None else y + bias
