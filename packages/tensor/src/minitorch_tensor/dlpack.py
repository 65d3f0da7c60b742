"""A tensor's memory for other libraries: `np.from_dlpack(x)`, `torch.from_dlpack(x)` share it.

NumPy writes the capsule for a tensor on the CPU, for that is also an array; for memory of a GPU it
is written here. https://dmlc.github.io/dlpack/
"""

from __future__ import annotations

from operator import methodcaller
from typing import TYPE_CHECKING, Final

from minitorch_tensor import conversion, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.accelerator import is_accelerator
from minitorch_tensor.dlpack_capsule import CPU, CUDA, Shared, capsule

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

_NO_WAIT: Final = -1
_LEGACY: Final = 1  # CUDA's number of the stream that all who name none share


def _require_shareable(x: Tensor) -> None:
    """Raise unless others may look at the memory of x.

    Raises:
        BufferError: if x requires grad, or has a dtype that NumPy, which exports it, lacks.
    """
    if x.requires_grad:
        raise BufferError("__dlpack__: can't export tensors that require gradient; use x.detach()")
    if x.is_cpu and x.dtype is dtypes.bfloat16:
        raise BufferError("__dlpack__: NumPy, which exports it, has no bfloat16; use x.float()")


def export(
    x: Tensor,
    *,
    stream: int | None = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> object:
    """The memory of x as a DLPack capsule, for a library to take over.

    https://data-apis.org/array-api/latest/API_specification/generated/array_api.array.__dlpack__.html

    Args:
        x: the tensor.
        stream: for a GPU, the stream of the library, which is made to wait for what was launched
            here; -1 if it need not.
        max_version: of the structure.
        dl_device: where the memory shall be.
        copy: True to copy always.

    Raises:
        BufferError: if x requires grad, or has a dtype that NumPy lacks; for a stream of a CPU,
            which has none; or for another device.
    """
    _require_shareable(x)
    backend = x.device.backend
    where = device(x)
    if where[0] == CPU and stream is not None:
        raise BufferError(f"__dlpack__: stream must be None on the CPU, but got {stream}")
    if not is_accelerator(backend):
        wishes = {"max_version": max_version, "dl_device": dl_device, "copy": copy}
        given = {name: wish for name, wish in wishes.items() if wish is not None}
        made: object = methodcaller("__dlpack__", **given)(conversion.numpy(x))
        return made
    if dl_device is not None and dl_device != where:
        raise BufferError(f"__dlpack__: x is on device {where}, and is not copied to {dl_device}")
    if copy:
        x = views.clone(x)
    if where[0] == CUDA and stream != _NO_WAIT:
        backend.hand_over(_LEGACY if stream is None else stream)
    buffer = x.storage.buffer
    address = backend.address(buffer) + x.layout.offset * x.dtype.itemsize
    shared = Shared(address, where, x.dtype.name, tuple(x.layout.shape), x.layout.strides)
    return capsule(shared, buffer)


def device(x: Tensor) -> tuple[int, int]:
    """DLPack's number of the type of x's device, and which of that type.

    In the simulator it is the CPU: that is where the memory can be read.
    """
    backend = x.device.backend
    if is_accelerator(backend) and not backend.shares_with_host():
        return CUDA, x.device.index or 0
    return CPU, 0
