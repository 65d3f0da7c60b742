"""Memory, shared by all views of it, and the count of its writes in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType
from minitorch_tensor.layout import Layout

if TYPE_CHECKING:
    from weakref import ReferenceType

    from minitorch_tensor.core import Tensor


class Buffer(Protocol):
    """Flat device memory, opaque to this layer; each backend narrows it with isinstance."""

    def __len__(self) -> int:
        """The number of elements."""
        ...


class Storage:
    """Memory on one device; `version` counts writes in place, `views` lists recorded views."""

    __slots__ = ("buffer", "device", "version", "views")

    def __init__(self, buffer: Buffer, device: Device) -> None:
        self.buffer = buffer
        self.device = device
        self.version = 0
        self.views: list[ReferenceType[Tensor]] | None = None

    def root(self) -> Storage:
        """What owns the memory: for memory that is read as another dtype, the original."""
        return self


class Array(Protocol):
    """What a kernel sees: memory, and how to walk it. `Tensor` is one."""

    storage: Storage
    layout: Layout
    dtype: DType
