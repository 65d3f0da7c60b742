"""A tensor's memory for other libraries: `np.from_dlpack(x)`, `torch.from_dlpack(x)` share it.

NumPy writes the capsule, for a tensor on the CPU is also an array. https://dmlc.github.io/dlpack/
"""

from __future__ import annotations

from operator import methodcaller
from typing import TYPE_CHECKING

from minitorch_tensor import conversion
from minitorch_tensor import dtype as dtypes

if TYPE_CHECKING:
    from minitorch_tensor.core import Tensor

CPU = 1
"""DLPack's number of the CPU as a device."""


def _require_host(x: Tensor) -> None:
    """Raise unless others may look at the memory of x.

    Raises:
        BufferError: if x requires grad, is not on the CPU, or has a dtype that NumPy lacks.
    """
    if x.requires_grad:
        raise BufferError("__dlpack__: can't export tensors that require gradient; use x.detach()")
    if x.device.type not in ("cpu", "numpy"):
        raise BufferError(
            f"__dlpack__: only memory of the CPU can be exported, but x is on {x.device}; copy it "
            "with x.cpu() first"
        )
    if x.dtype is dtypes.bfloat16:
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

    Raises:
        BufferError: if x requires grad, is not on the CPU, or has a dtype that NumPy lacks; for a
            stream, of which a CPU has none; or for another device.
    """
    _require_host(x)
    if stream is not None:
        raise BufferError(f"__dlpack__: stream must be None on the CPU, but got {stream}")
    wishes = {"max_version": max_version, "dl_device": dl_device, "copy": copy}
    given = {name: wish for name, wish in wishes.items() if wish is not None}
    capsule: object = methodcaller("__dlpack__", **given)(conversion.numpy(x))
    return capsule


def device(x: Tensor) -> tuple[int, int]:
    """DLPack's number of the type of x's device, and which of that type.

    Raises:
        BufferError: if x is not on the CPU.
    """
    if x.device.type not in ("cpu", "numpy"):
        raise BufferError(f"__dlpack_device__: only memory of the CPU is exported, not {x.device}")
    return (CPU, 0)
