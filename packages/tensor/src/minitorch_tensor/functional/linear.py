"""Maps y = W x + b of the last dimension, and their bilinear relative."""

from __future__ import annotations

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
