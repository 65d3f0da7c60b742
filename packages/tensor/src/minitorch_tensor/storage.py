"""Memory, shared by all views of it, and the count of its writes in place."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Protocol

from minitorch_tensor.device import Device
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.layout import Layout

if TYPE_CHECKING:
    from weakref import ReferenceType

    from minitorch_tensor.core import Tensor


class Buffer(Protocol):
    """Flat device memory, opaque to this layer; each backend narrows it with isinstance."""

    def __len__(self) -> int:
        """The number of elements."""
        ...

    @property
    def nbytes(self) -> int:
        """The number of bytes."""
        ...


class Storage:
    """Memory on one device; `version` counts writes in place, `views` lists recorded views."""

    __slots__ = ("buffer", "device", "version", "views")

    def __init__(self, buffer: Buffer, device: Device) -> None:
        self.buffer = buffer
        self.device = device
        self.version = 0
        self.views: list[ReferenceType[Tensor]] | None = None

    def __call__(self) -> Storage:
        """The storage itself, for PyTorch's `x.storage()`, which is deprecated there.

        https://docs.pytorch.org/docs/stable/storage.html
        """
        warnings.warn(
            "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will "
            "be the only storage class: use tensor.untyped_storage() instead of tensor.storage()",
            UserWarning,
            stacklevel=2,
        )
        return self

    def size(self) -> int:
        """The number of elements."""
        return len(self.buffer)

    def __len__(self) -> int:
        return len(self.buffer)

    def nbytes(self) -> int:
        """The number of bytes."""
        return self.buffer.nbytes

    def data_ptr(self) -> int:
        """The address of the first element, in the memory of its device."""
        return self.device.backend.address(self.buffer)

    def tolist(self) -> list[float]:
        """The elements as Python numbers."""
        numbers: list[float] = self.host().tolist()
        return numbers

    def host(self) -> HostArray:
        """The elements as a flat array of the host; on the CPU it is the memory itself."""
        return self.device.backend.download(self.buffer)

    def root(self) -> Storage:
        """What owns the memory: for memory that is read as another dtype, the original."""
        return self


class Array(Protocol):
    """What a kernel sees: memory, and how to walk it. `Tensor` is one."""

    storage: Storage
    layout: Layout
    dtype: DType
