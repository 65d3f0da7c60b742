"""What a device of CUDA is besides its kernels: memory, copies and streams, asked of its launcher.

This half of a backend is the contract of `minitorch_tensor.accelerator`; `backend` has the other,
which computes.
"""

from __future__ import annotations

from collections.abc import Callable

from minitorch_cuda.launcher import Launcher
from minitorch_cuda.pinned import Pinned
from minitorch_cuda.queues import DeviceQueue
from minitorch_cuda.simulated import SimQueue, SimulatorLauncher
from minitorch_tensor.accelerator import Accelerator
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.storage import Buffer


class DeviceMemory:
    """The memory of one device.

    Args:
        find: gives the launcher; it is asked at each call, so the choice can be made late.
        index: which of the devices it is.
    """

    def __init__(self, find: Callable[[], Launcher], index: int = 0) -> None:
        self._find = find
        self.index = index

    @property
    def launcher(self) -> Launcher:
        """What runs the kernels.

        Raises:
            RuntimeError: if there is no GPU and the simulator was not asked for.
        """
        return self._find()

    # --- memory ----------------------------------------------------------------------------------

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """Device memory for `size` elements."""
        return self.launcher.empty(size, dtype)

    def upload(self, values: HostArray, /) -> Buffer:
        """Copy a flat array to the device."""
        return self.launcher.upload(values)

    def download(self, buffer: Buffer, /) -> HostArray:
        """Copy from the device; waits for all launches before."""
        return self.launcher.download(buffer)

    def reinterpret(self, buffer: Buffer, dtype: DType, /) -> Buffer:
        """The same memory as elements of another dtype."""
        return self.launcher.reinterpret(buffer, dtype)

    def upload_later(self, values: HostArray, /) -> Buffer:
        """Start to copy a flat array of pinned memory, and go on."""
        return self.launcher.upload_later(values)

    def upload_shared(self, values: HostArray, /) -> Buffer:
        """Copy a flat array to the device, for launches of all streams."""
        return self.launcher.upload_shared(values)

    def from_peer(self, buffer: Buffer, source: Accelerator, /) -> Buffer:
        """A copy of memory of another device.

        Raises:
            TypeError: if that is no device of CUDA.
        """
        if not isinstance(source, DeviceMemory):
            raise TypeError(f"expected a device of CUDA, got {type(source).__name__}")
        return self.launcher.from_peer(buffer, source.launcher)

    def pin(self, nbytes: int, /) -> Pinned:
        """Pinned memory of the host."""
        return self.launcher.pin(nbytes)

    def record_stream(self, buffer: Buffer, stream: object, /) -> None:
        """A stream uses this memory.

        Raises:
            TypeError: if it is no stream.
        """
        queue = getattr(stream, "queue", None)
        if not isinstance(queue, (SimQueue, DeviceQueue)):
            raise TypeError(
                f"record_stream: expected a minitorch.cuda.Stream, but got {type(stream).__name__}"
            )
        self.launcher.record_stream(buffer, queue)

    def address(self, buffer: Buffer, /) -> int:
        """Where memory starts."""
        return self.launcher.address(buffer)

    def shares_with_host(self) -> bool:
        """Whether the host may read the memory: in the simulator."""
        return isinstance(self.launcher, SimulatorLauncher)

    def stream_handle(self) -> int:
        """The driver's number of the current stream."""
        return self.launcher.queue.handle

    def hand_over(self, handle: int, /) -> None:
        """Let a foreign stream wait for what the current one was given so far."""
        self.launcher.hand_over(handle)

    def adopt(self, address: int, size: int, dtype: DType, owner: object, /) -> Buffer:
        """Foreign memory of this device."""
        return self.launcher.adopt(address, size, dtype, owner)
