"""Tensors as the flat arrays that fused kernels take, and back; and what is kept for backward."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Node, Saved, is_grad_enabled
from minitorch_autodiff.saved import STALE
from minitorch_fast import threads
from minitorch_tensor import Tensor, core
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.numpy_backend import host

if TYPE_CHECKING:
    from minitorch_fast.target import Kind


def flat(x: Tensor) -> HostArray:
    """The elements in row-major order: the memory itself if they lie so, else a copy."""
    layout = x.layout
    if not layout.dense and not layout.is_contiguous():
        x = x.detach().contiguous()
        layout = x.layout
    memory = host(x.storage.buffer)
    if layout.size == memory.size:
        return memory
    return memory[layout.offset : layout.offset + layout.size]


def fresh(like: Tensor, shape: Shape) -> tuple[Tensor, HostArray]:
    """A new tensor of the dtype and device of another, and its memory."""
    y = core.fresh(Layout.contiguous(shape), like.dtype, like.storage.device)
    return y, host(y.storage.buffer)


def kind(dtype: DType) -> Kind | None:
    """What a fused kernel computes in; None for a dtype that has none."""
    if dtype.name == "float32":
        return "float32"
    return "float64" if dtype.name == "float64" else None


@lru_cache(maxsize=256)
def constant(n: int, value: float, dtype: str) -> HostArray:
    """n times the same number: what a kernel reads for a weight that was not given."""
    made: npt.NDArray[np.generic] = np.full(n, value, dtype)
    made.flags.writeable = False
    return made


def shares(rows: int, elements: int, parallel: int) -> list[tuple[int, int]]:
    """Ranges of rows, one for each thread; a single one below `parallel` elements."""
    if elements < parallel or rows < 2:
        return [(0, rows)]
    return threads.cut(rows, threads.get_num_threads(), 1)


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
