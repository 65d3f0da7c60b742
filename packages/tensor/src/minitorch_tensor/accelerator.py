"""What a device with memory of its own offers beside the Backend contract, and its errors.

A backend that has these methods computes on a GPU, real or simulated; the host reaches its memory
only by copies, so the contract says how those are started, and when they have ended.
"""

from __future__ import annotations

from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np

from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.storage import Array, Buffer


class AcceleratorError(RuntimeError):
    """A device reported an error: `torch.AcceleratorError`.

    Attributes:
        error_code: the driver's number of it.
    """

    def __init__(self, message: str, error_code: int = 0) -> None:
        super().__init__(message)
        self.error_code = error_code


class OutOfMemoryError(RuntimeError):
    """A device has no room left, even after all that was kept for later was given back.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.OutOfMemoryError.html
    """


class PinnedMemory(Protocol):
    """Memory of the host that the driver has locked, so that a GPU copies it by itself."""

    @property
    def pointer(self) -> int:
        """The address of its first byte."""
        ...

    @property
    def nbytes(self) -> int:
        """Its size."""
        ...

    def used_by(self, device: int, /) -> None:
        """A copy of it was started on the current stream of a device: wait before reusing it."""
        ...


class HostMemory:
    """Pinned memory as NumPy sees it: the end of the chain of bases of each array on it."""

    def __init__(self, memory: PinnedMemory) -> None:
        self.memory = memory
        self.__array_interface__ = {
            "version": 3, "typestr": "|u1", "shape": (memory.nbytes,),
            "data": (memory.pointer, False),
        }  # fmt: skip


def pinned_memory(array: object) -> PinnedMemory | None:
    """The pinned memory that an array lies in, or None.

    >>> pinned_memory(np.zeros(3)) is None
    True
    """
    owner = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return owner.memory if isinstance(owner, HostMemory) else None


@runtime_checkable
class Accelerator(Protocol):
    """A backend whose memory is not the host's."""

    index: int  # which of the devices of its type it is

    def upload_later(self, values: HostArray, /) -> Buffer:
        """Start to copy a flat array of pinned memory; it must not be written until that ended."""
        ...

    def upload_shared(self, values: HostArray, /) -> Buffer:
        """A copy of a flat array that is there already, for launches of all streams.

        It is given out anew only when all streams have done what they were given before it was
        freed.
        """
        ...

    def from_peer(self, buffer: Buffer, source: Accelerator, /) -> Buffer:
        """A copy of memory of another device of this type, without a way through the host."""
        ...

    def pin(self, nbytes: int, /) -> PinnedMemory:
        """Pinned memory of the host."""
        ...

    def record_stream(self, buffer: Buffer, stream: object, /) -> None:
        """A stream uses this memory: once it is freed, wait for the stream before reusing it."""
        ...

    def address(self, buffer: Buffer, /) -> int:
        """The address of the first byte, on the device."""
        ...

    def require_zeros(self, found: Array, message: str, error: type[Exception], /) -> None:
        """Raise when the host next waits, unless all elements of an int64 array are 0."""
        ...

    def require_range(
        self, index: Array, low: int, size: int, name: str, dim: int, error: type[Exception], /
    ) -> None:
        """Raise when the host next waits, unless all of an int64 array are in [low, size)."""
        ...

    def from_front(
        self,
        out: Array,
        index: Array,
        name: str,
        size: int,
        dim: int,
        far: int,
        error: type[Exception],
        /,
    ) -> None:
        """out[i] = index[i], or size + index[i] below 0; `require_range` of [-size, size) too.

        For one outside out[i] = -far.
        """
        ...

    def put(self, out: Array, index: Array, x: Array, dim: int, /) -> None:
        """out[index[i, j, ...], j, ...] = x[i, j, ...], for dim = 0; likewise for others.

        Of repeated indices the last one stays. They were checked, and none outside is followed.
        """
        ...

    def shares_with_host(self) -> bool:
        """Whether the host may read the memory as its own: in the simulator."""
        ...

    def stream_handle(self) -> int:
        """The driver's number of the current stream."""
        ...

    def hand_over(self, handle: int, /) -> None:
        """Let a foreign stream wait for what the current one was given so far."""
        ...

    def adopt(self, address: int, size: int, dtype: DType, owner: object, /) -> Buffer:
        """Foreign memory of this device as a buffer; `owner` lives as long as it."""
        ...


_known: dict[type[object], bool] = {}


def is_accelerator(backend: object) -> TypeGuard[Accelerator]:
    """Whether a backend's memory is not the host's; asked once for each class, as it takes long."""
    kind = type(backend)
    found = _known.get(kind)
    if found is None:
        found = _known[kind] = isinstance(backend, Accelerator)
    return found
