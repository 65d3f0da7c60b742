"""Memory of a GPU as tensors hold it."""

from __future__ import annotations

from typing import NoReturn

from minitorch_cuda.allocator import Block, CachingAllocator
from minitorch_tensor.dtype import DType
from minitorch_tensor.storage import Buffer


class DeviceBuffer:
    """Memory of a GPU; when the last tensor on it goes, the allocator gets it back."""

    __slots__ = ("__weakref__", "_give_back", "block", "dtype", "owner", "pointer", "size")

    owner: object  # of memory that is not the allocator's, or another buffer's

    def __init__(self, block: Block, size: int, dtype: DType, allocator: CachingAllocator) -> None:
        self._give_back = allocator.release
        self.block = block
        self.pointer = block.pointer
        self.size = size
        self.dtype = dtype

    def __len__(self) -> int:
        return self.size

    @property
    def nbytes(self) -> int:
        """The number of bytes."""
        return self.size * self.dtype.itemsize

    def read_as(self, dtype: DType) -> DeviceBuffer:
        """The same memory as elements of another dtype; this buffer lives as long as that."""
        window = object.__new__(DeviceBuffer)
        window._give_back = _keep
        window.block = self.block  # the streams that use the window use the block
        window.pointer = self.pointer
        window.size = self.nbytes // dtype.itemsize
        window.dtype = dtype
        window.owner = self
        return window

    def __del__(self) -> None:
        self._give_back(self.block)

    def __repr__(self) -> str:
        return f"DeviceBuffer({self.size} of {self.dtype.name} at {self.pointer:#x})"


def _keep(block: Block) -> None:
    """The memory belongs to the buffer that the window looks at."""


def on_device(buffer: Buffer) -> DeviceBuffer:
    """A buffer as memory of a GPU.

    Raises:
        TypeError: if it is memory of another device.
    """
    return buffer if isinstance(buffer, DeviceBuffer) else refuse(buffer)


def refuse(buffer: Buffer) -> NoReturn:
    """Say what a buffer is, that is no memory of a GPU."""
    raise TypeError(f"expected memory of a GPU, got {type(buffer).__name__}")
