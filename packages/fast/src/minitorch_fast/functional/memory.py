"""Tensors as the flat arrays that fused kernels take, and back."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

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
