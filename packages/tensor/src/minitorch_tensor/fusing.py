"""What fused kernels of any device keep for backward, besides the nodes of `op`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minitorch_autodiff import Node, Saved, is_grad_enabled
from minitorch_autodiff.saved import STALE
from minitorch_tensor.core import Tensor
from minitorch_tensor.op import record_fused
from minitorch_tensor.views import linear


def unchanged(title: str, *kept: Tensor | None) -> Callable[[], None]:
    """A check that nothing was written into these tensors since now.

    For what a kernel's backward reads besides the inputs of its node, which guards those itself.
    """
    stamps = [(x.storage, x.storage.version) for x in kept if x is not None]

    def check() -> None:
        for storage, version in stamps:
            if storage.version != version:
                raise RuntimeError(STALE.format(title, version, storage.version))

    return check


def linear_map(
    title: str, x: Tensor, kernel: Callable[[Tensor], Tensor], transpose: Callable[[Tensor], Tensor]
) -> Tensor:
    """kernel(x), recorded as a linear map of x with this transpose; neither records anything."""
    y = kernel(x)
    return linear(x, y, title, lambda g: linear_map(title, g, transpose, kernel))


class ResultNode(Node[Tensor]):
    """The record of a kernel whose gradient follows from its result alone: y = softmax(x).

    The input may be written in place meanwhile, as in PyTorch.

    Args:
        title: PyTorch's name of the node.
        x: the input.
        y: the result.
        kernel: (g, y) to the gradient of x, not recorded.
        rule: the same as a composition, which is recorded for second derivatives.
    """

    __slots__ = ("kernel", "rule", "title", "y")

    def __init__(
        self,
        title: str,
        x: Tensor,
        y: Tensor,
        kernel: Callable[[Tensor, Tensor], Tensor],
        rule: Callable[[Tensor, Tensor], Tensor],
    ) -> None:
        super().__init__((x.gradient_node(),))
        self.title = title
        self.y = Saved(y, is_output=True)
        self.kernel = kernel
        self.rule = rule

    def backward(self, g: Tensor, /) -> tuple[Tensor]:
        """By the kernel, or recorded by the rule."""
        y = self.y.unpack(self)
        return (self.rule(g, y) if is_grad_enabled() else self.kernel(g, y),)

    def release(self) -> None:
        """Drop the result."""
        self.y.release()

    def name(self) -> str:
        """PyTorch's name of the node."""
        return self.title


def record_result(
    title: str,
    x: Tensor,
    y: Tensor,
    kernel: Callable[[Tensor, Tensor], Tensor],
    rule: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The fresh y, recorded by a `ResultNode` if x needs a gradient."""
    if x.requires_grad and is_grad_enabled():
        y.requires_grad, y.node = True, ResultNode(title, x, y, kernel, rule)
    return y


def record_softmax(
    x: Tensor,
    y: Tensor,
    dim: int,
    kernel: Callable[[Tensor, Tensor], Tensor],
    *,
    logarithm: bool,
) -> Tensor:
    """The fresh y, the softmax of x or its logarithm, recorded; the kernel makes (g, y) to dx."""

    def rule(g: Tensor, y: Tensor) -> Tensor:
        if logarithm:
            return g - y.exp() * g.sum(dim, True)
        return y * (g - (g * y).sum(dim, True))

    title = "LogSoftmaxBackward0" if logarithm else "SoftmaxBackward0"
    return record_result(title, x, y, kernel, rule)


def record_norm(
    title: str,
    y: Tensor,
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    gradients: Callable[[Tensor], Sequence[Tensor | None]],
    composite: Callable[[Tensor, Tensor | None, Tensor | None], Tensor],
) -> Tensor:
    """The fresh y, a normalisation of x, recorded for what there is of input, weight and bias.

    `gradients` makes those of all three of the gradient of y; that of one that is None is dropped.
    """
    given = (x, weight, bias)

    def backward(g: Tensor) -> Sequence[Tensor | None]:
        return [d for d, t in zip(gradients(g), given, strict=True) if t is not None]

    def again(inputs: Sequence[Tensor]) -> Tensor:
        rest = iter(inputs[1:])
        w = None if weight is None else next(rest)
        return composite(inputs[0], w, None if bias is None else next(rest))

    return record_fused(title, y, [t for t in given if t is not None], backward, again)
