"""Tensors as the flat arrays that fused kernels take, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_tensor import Tensor, core
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.layout import Layout, Shape
from minitorch_tensor.numpy_backend import host

if TYPE_CHECKING:
    from minitorch_fast.target import Kind


def flat(x: Tensor) -> HostArray:
    """The elements in row-major order: the memory itself if they lie so, else a copy."""
    if not x.layout.is_contiguous():
        x = x.detach().contiguous()
    offset = x.layout.offset
    return host(x.storage.buffer)[offset : offset + x.layout.size]


def fresh(like: Tensor, shape: Shape) -> tuple[Tensor, HostArray]:
    """A new tensor of the dtype and device of another, and its memory."""
    y = core.fresh(Layout.contiguous(shape), like.dtype, like.storage.device)
    return y, host(y.storage.buffer)


def kind(dtype: DType) -> Kind | None:
    """What a fused kernel computes in; None for a dtype that has none."""
    if dtype.name == "float32":
        return "float32"
    return "float64" if dtype.name == "float64" else None
