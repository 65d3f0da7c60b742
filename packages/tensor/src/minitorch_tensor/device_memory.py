"""Tensors beside a GPU: pinned memory that it copies by itself, streams that use a tensor.

And what CUDA libraries ask for to share a GPU's memory, `__cuda_array_interface__`; where they
can, they had better use DLPack (`dlpack`), which is quicker and names the stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch_tensor import dtype as dtypes
from minitorch_tensor import views
from minitorch_tensor.accelerator import HostMemory, is_accelerator, pinned_memory
from minitorch_tensor.device import Device
from minitorch_tensor.layout import Layout
from minitorch_tensor.storage import Storage

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor


def is_pinned(x: Tensor, device: str | Device | None = None) -> bool:
    """Whether x lies in memory of the host that a GPU copies by itself.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_pinned.html

    >>> from minitorch_tensor import zeros
    >>> zeros(2).is_pinned()
    False
    """
    return pinned_memory(x.storage.buffer) is not None


def pin_memory(x: Tensor, device: str | Device | None = None) -> Tensor:
    """A copy of x in pinned memory, from which `x.to("cuda", non_blocking=True)` goes on by itself.

    x itself, if it is pinned. Derivatives are those of a copy.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.pin_memory.html

    Args:
        x: a tensor on the CPU.
        device: whose driver locks the memory: "cuda".

    Raises:
        RuntimeError: if x is not on the CPU, or there is no GPU.
    """
    if is_pinned(x):
        return x
    if not x.is_cpu:
        raise RuntimeError(
            f"pin_memory: cannot pin memory of {x.device}, only dense CPU tensors can be pinned"
        )
    place = x.device
    backend = Device("cuda" if device is None else device).backend
    if not is_accelerator(backend):
        raise RuntimeError(f"pin_memory: {device} has memory that needs no pinning")
    layout = Layout.contiguous(x.layout.shape)
    nbytes = layout.size * x.dtype.itemsize
    flat = np.asarray(HostMemory(backend.pin(nbytes)))[:nbytes].view(x.dtype.numpy)
    y = x._on(Storage(flat, place), layout)
    if layout.size:
        place.backend.copy(y, x.detach())
    return views.linear(x, y, "PinMemoryBackward0", lambda g: g)


def record_stream(x: Tensor, stream: object) -> None:
    """Say that a stream uses x: once x is freed, its memory waits until that stream has done.

    A tensor is freed for use on the stream it was made on; another one that still reads it must be
    named, or it may read what comes next.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.record_stream.html

    Raises:
        RuntimeError: if x is not on a GPU.
        TypeError: if it is no stream.
    """
    backend = x.device.backend
    if not is_accelerator(backend):
        raise RuntimeError(
            f"record_stream: x is on {x.device}, where there are no streams; only tensors of a GPU "
            "are used on them"
        )
    backend.record_stream(x.storage.root().buffer, stream)


def cuda_array_interface(x: Tensor) -> dict[str, object]:
    """Where a GPU's memory is, for libraries that read it: CuPy, Numba, RAPIDS.

    https://numba.readthedocs.io/en/stable/cuda/cuda_array_interface.html

    Raises:
        AttributeError: if x is not on a GPU, or in the simulator, so that `hasattr` says so; or if
            x has the dtype bfloat16, for which there is no name.
        RuntimeError: if x requires grad.
    """
    backend = x.device.backend
    if not is_accelerator(backend) or backend.shares_with_host():
        raise AttributeError(
            f"Can't get __cuda_array_interface__ on non-CUDA tensor type: x is on {x.device}, whose"
            " memory no GPU has"
        )
    if x.requires_grad:
        raise RuntimeError(
            "Can't get __cuda_array_interface__ on Variable that requires grad. If gradients aren't"
            " required, use x.detach()"
        )
    if x.dtype is dtypes.bfloat16:
        raise AttributeError("__cuda_array_interface__ has no bfloat16; use x.float()")
    itemsize = x.dtype.itemsize
    layout = x.layout
    start = backend.address(x.storage.buffer) + layout.offset * itemsize
    dense = layout.is_contiguous()
    return {
        "typestr": x.dtype.numpy.str,
        "shape": tuple(layout.shape),
        "strides": None if dense else tuple(stride * itemsize for stride in layout.strides),
        "data": (start if layout.size else 0, False),
        "version": 3,
        "stream": backend.stream_handle(),
    }
