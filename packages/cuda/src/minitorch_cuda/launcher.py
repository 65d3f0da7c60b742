"""What runs kernels: a GPU, or the simulator. Both keep to one small protocol.

The backend plans launches and allocates through it, and knows no more: a `Launcher` that records or
times launches can wrap another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from minitorch_cuda.allocator import CachingAllocator, Mark
from minitorch_cuda.faults import Check
from minitorch_cuda.kernel import Plan
from minitorch_cuda.limits import Limits
from minitorch_cuda.pinned import Pinned
from minitorch_tensor.dtype import DType, HostArray, bfloat16, of_numpy
from minitorch_tensor.storage import Buffer


def of_memory(values: HostArray) -> DType:
    """The dtype of what an array holds: 16 bits without a sign are those of a bfloat16.

    >>> import numpy as np
    >>> of_memory(np.zeros(1, np.uint16)), of_memory(np.zeros(1, np.float16))
    (minitorch.bfloat16, minitorch.float16)
    """
    return bfloat16 if values.dtype == bfloat16.numpy else of_numpy(values.dtype)


class TimedMark(Mark, Protocol):
    """A place in a queue that the host can wait for, and that may know when it was reached."""

    def sync(self) -> None:
        """Wait until the GPU has come to it."""
        ...

    def since(self, earlier: TimedMark, /) -> float:
        """The milliseconds between another mark and this one; both were made with a time."""
        ...


class Queue(Protocol):
    """A stream of one device: what was launched on it runs in order."""

    @property
    def handle(self) -> int:
        """The driver's number of it."""
        ...

    @property
    def priority(self) -> int:
        """The lower, the earlier its kernels get a place."""
        ...

    def mark(self, *, timed: bool = False) -> TimedMark:
        """A mark behind all that was launched on it so far."""
        ...

    def wait_for(self, mark: Mark, /) -> None:
        """Let what is launched from now on wait for a mark of any queue."""
        ...

    def done(self) -> bool:
        """Whether all that was launched has ended."""
        ...

    def sync(self) -> None:
        """Wait until all that was launched has ended."""
        ...


@dataclass(frozen=True)
class Properties:
    """What a device is: `torch.cuda.get_device_properties`.

    Attributes:
        name: of the model.
        major: of the compute capability.
        minor: of the compute capability.
        total_memory: in bytes.
        multi_processor_count: how many blocks, at least, run at the same time.
        max_threads_per_multi_processor: at the same time.
        regs_per_multiprocessor: 32-bit registers.
        shared_memory_per_block: in bytes.
        shared_memory_per_multiprocessor: in bytes.
        L2_cache_size: in bytes.
        warp_size: how many threads go in step.
        is_integrated: whether it shares the host's memory.
        uuid: the one of this very device.
    """

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int
    max_threads_per_multi_processor: int = 2048
    regs_per_multiprocessor: int = 65536
    shared_memory_per_block: int = 49152
    shared_memory_per_multiprocessor: int = 167936
    L2_cache_size: int = 0
    warp_size: int = 32
    is_integrated: bool = False
    uuid: str = ""


class Launcher(Protocol):
    """Memory of one device, and kernels run on it, in the order of the calls of each stream."""

    @property
    def name(self) -> str:
        """Of the device: what `get_device_name` returns."""
        ...

    @property
    def index(self) -> int:
        """Which of the devices it is."""
        ...

    @property
    def limits(self) -> Limits:
        """The sizes that launches should be planned with."""
        ...

    @property
    def properties(self) -> Properties:
        """What the device is."""
        ...

    @property
    def allocator(self) -> CachingAllocator:
        """Where its memory comes from."""
        ...

    @property
    def immediate(self) -> bool:
        """Whether a launch has ended when `launch` returns: the simulator, and blocking mode."""
        ...

    # --- memory ----------------------------------------------------------------------------------

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """Memory for `size` elements, with any contents."""
        ...

    def upload(self, values: HostArray, /) -> Buffer:
        """A flat array of the host as device memory; it may be changed as soon as this returns."""
        ...

    def upload_later(self, values: HostArray, /) -> Buffer:
        """The same, of an array in pinned memory that stays as it is until the copy has ended."""
        ...

    def upload_shared(self, values: HostArray, /) -> Buffer:
        """The same, for launches of all streams: it is there when this returns."""
        ...

    def download(self, buffer: Buffer, /) -> HostArray:
        """Device memory as a new flat array of the host, after all that was launched before."""
        ...

    def from_peer(self, buffer: Buffer, source: Launcher, /) -> Buffer:
        """A copy of the memory of another device."""
        ...

    def address(self, buffer: Buffer, /) -> int:
        """Where memory starts."""
        ...

    def reinterpret(self, buffer: Buffer, dtype: DType, /) -> Buffer:
        """The same memory as elements of another dtype."""
        ...

    def adopt(self, address: int, size: int, dtype: DType, owner: object, /) -> Buffer:
        """Foreign memory of this device."""
        ...

    def record_stream(self, buffer: Buffer, queue: Queue, /) -> None:
        """Another stream uses this memory."""
        ...

    def pin(self, nbytes: int, /) -> Pinned:
        """Pinned memory of the host."""
        ...

    def memory_info(self) -> tuple[int, int]:
        """The bytes that are free on the device, and all that it has."""
        ...

    # --- work ------------------------------------------------------------------------------------

    def launch(
        self, plan: Plan, buffers: Sequence[Buffer], numbers: Sequence[float] = (), /
    ) -> None:
        """Run a kernel: one buffer for each of the plan's spans, and the numbers it leaves open.

        Raises:
            TypeError: if they are not as many as it leaves open.
        """
        ...

    def expect(self, check: Check, index: Buffer, /) -> Buffer:
        """A word in which the next launch leaves the first bad element of an index."""
        ...

    def look(self) -> None:
        """Raise what the last launch found, if it has ended already.

        Raises:
            IndexError: if it found a bad index.
        """
        ...

    def synchronize(self) -> None:
        """Wait until all that was launched, on any stream, has ended."""
        ...

    # --- streams ---------------------------------------------------------------------------------

    @property
    def default_queue(self) -> Queue:
        """The stream that is current where no other was chosen."""
        ...

    @property
    def queue(self) -> Queue:
        """The current stream of this thread."""
        ...

    def use(self, queue: Queue, /) -> None:
        """Make a stream the current one of this thread."""
        ...

    def hand_over(self, handle: int, /) -> None:
        """Let a foreign stream wait for what the current one was given so far."""
        ...

    def create_queue(self, priority: int, /) -> Queue:
        """A new stream."""
        ...
