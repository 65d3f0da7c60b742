"""The launcher that needs no GPU: memory is NumPy arrays, kernels run in the simulator.

All that a GPU's launcher counts is counted here too: memory by the same allocator, in addresses
that nobody follows; what the host would have to wait for. Streams have names and no other effect,
since a kernel has ended when its launch returns.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from minitorch_cuda.allocator import NOTHING, Block, CachingAllocator, Mark
from minitorch_cuda.faults import Check, Faults
from minitorch_cuda.kernel import Plan, storage_type
from minitorch_cuda.launcher import Launcher, Properties, Queue, TimedMark, of_memory
from minitorch_cuda.limits import SIMULATOR, Limits
from minitorch_cuda.memory_stats import size_of
from minitorch_cuda.pinned import Pinned, PinnedPool
from minitorch_cuda.simulator.addresses import address_of
from minitorch_cuda.simulator.memory import Pointer, Shadow
from minitorch_cuda.simulator.run import launch
from minitorch_cuda.syncs import downloading, waiting
from minitorch_tensor.accelerator import pinned_memory
from minitorch_tensor.dtype import DType, HostArray, int64
from minitorch_tensor.storage import Buffer

MEMORY: Final = 16 << 30
"""How much memory a simulated device has, if nobody says otherwise."""

_POISON: Final = 0xFB  # four such bytes are the float32 -2.6e36, a number that is noticed
_WORDS: Final = 64


class SimBuffer:
    """Simulated device memory: a flat array, in which a bool is a byte."""

    __slots__ = ("__weakref__", "_allocator", "_owner", "array", "block", "dtype")

    def __init__(
        self,
        array: HostArray,
        dtype: DType,
        block: Block,
        allocator: CachingAllocator,
        owner: SimBuffer | None = None,
    ) -> None:
        self._allocator = allocator
        self._owner = owner
        self.array = array
        self.dtype = dtype
        self.block = block

    def __len__(self) -> int:
        return len(self.array)

    @property
    def nbytes(self) -> int:
        """The number of bytes."""
        return self.array.nbytes

    def read_as(self, dtype: DType) -> SimBuffer:
        """The same memory as elements of another dtype; this buffer lives as long as that."""
        memory = self.array.view(np.uint8)
        memory = memory[: len(memory) // dtype.itemsize * dtype.itemsize]
        return SimBuffer(memory.view(_stored(dtype)), dtype, self.block, self._allocator, self)

    def __del__(self) -> None:
        if self._owner is None:
            self._allocator.release(self.block)

    def __repr__(self) -> str:
        return f"SimBuffer({len(self.array)} of {self.dtype.name})"


class SimMark:
    """A moment: all that was launched before it has ended."""

    __slots__ = ("_time",)

    def __init__(self) -> None:
        self._time = time.perf_counter()

    def done(self) -> bool:
        """Always."""
        return True

    def sync(self) -> None:
        """Nothing to wait for."""
        waiting()

    def since(self, earlier: TimedMark, /) -> float:
        """The host's milliseconds in between."""
        assert isinstance(earlier, SimMark)
        return (self._time - earlier._time) * 1000


class SimQueue:
    """A stream of a simulated device."""

    __slots__ = ("handle", "priority")

    def __init__(self, handle: int, priority: int) -> None:
        self.handle = handle
        self.priority = priority

    def mark(self, *, timed: bool = False) -> SimMark:
        """This moment."""
        return SimMark()

    def wait_for(self, mark: Mark, /) -> None:
        """Nothing to wait for."""

    def done(self) -> bool:
        """Always."""
        return True

    def sync(self) -> None:
        """Nothing to wait for."""
        waiting()


class _Here(threading.local):
    """The current stream of each thread."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue


class SimulatorLauncher:
    """Runs each kernel at once, thread by thread, and raises what a GPU would not notice.

    Args:
        index: which of the simulated devices.
        memory: how many bytes it has.
    """

    def __init__(self, index: int = 0, memory: int = MEMORY) -> None:
        self.index = index
        self._memory = memory
        self._next = (index + 1) << 44  # addresses that nobody follows
        self._sizes: dict[int, int] = {}
        self.allocator = CachingAllocator(self, f"cuda:{index} (the simulator)")
        self.default_queue: Queue = SimQueue(1, 0)
        self._queues = 1
        self._here = _Here(self.default_queue)
        self._words = np.empty(_WORDS, np.int64)
        self._faults = Faults(self._words, self.wait, self._read)
        self._host: list[HostArray] = []
        self._pinned = PinnedPool(self, lambda device: SimMark())

    @property
    def name(self) -> str:
        """`simulator`."""
        return "simulator"

    @property
    def limits(self) -> Limits:
        """Small blocks, so that small tensors meet every path."""
        return SIMULATOR

    @property
    def properties(self) -> Properties:
        """A device without capability: nothing is compiled for it."""
        return Properties("simulator", 0, 0, self._memory, 1, uuid=f"simulator-{self.index}")

    @property
    def immediate(self) -> bool:
        """Yes."""
        return True

    # --- memory ----------------------------------------------------------------------------------

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """Memory full of a pattern, so that what is never written shows.

        Raises:
            OutOfMemoryError: if a device with so little memory would have no room.
        """
        nbytes = size * dtype.itemsize
        block = self.allocator.allocate(nbytes, self._here.queue)
        array = np.full(nbytes, _POISON, np.uint8)
        return SimBuffer(array.view(_stored(dtype)), dtype, block, self.allocator)

    def upload(self, values: HostArray, /) -> Buffer:
        """A copy, as on a GPU."""
        if pinned_memory(values) is not None:
            waiting()
        return self.upload_later(values)

    def upload_later(self, values: HostArray, /) -> Buffer:
        """A copy, as on a GPU."""
        dtype = of_memory(values)
        block = self.allocator.allocate(values.nbytes, self._here.queue)
        return SimBuffer(values.flatten().view(_stored(dtype)), dtype, block, self.allocator)

    def upload_shared(self, values: HostArray, /) -> Buffer:
        """A copy, which every stream finds."""
        return self.upload_later(values)

    def download(self, buffer: Buffer, /) -> HostArray:
        """A copy, as from a GPU."""
        downloading()
        return self._read(buffer)

    def _read(self, buffer: Buffer) -> HostArray:
        memory = simulated(buffer)
        return memory.array.view(memory.dtype.numpy).copy()

    def from_peer(self, buffer: Buffer, source: Launcher, /) -> Buffer:
        """A copy."""
        memory = simulated(buffer)
        copy = simulated(self.empty(len(memory), memory.dtype))
        copy.array[:] = memory.array
        return copy

    def address(self, buffer: Buffer, /) -> int:
        """Where it is in the memory of the host, which is where it can be read."""
        return address_of(simulated(buffer).array)

    def reinterpret(self, buffer: Buffer, dtype: DType, /) -> Buffer:
        """The same memory as elements of another dtype."""
        return simulated(buffer).read_as(dtype)

    def adopt(self, address: int, size: int, dtype: DType, owner: object, /) -> Buffer:
        """Refused: the simulator has no device whose memory others could own.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "cuda: memory of a GPU cannot be used in the simulator, whose memory is the host's; "
            "copy it to the host in the library that it comes from"
        )

    def record_stream(self, buffer: Buffer, queue: Queue, /) -> None:
        """Another stream uses this memory."""
        self.allocator.record(simulated(buffer).block, queue)

    def pin(self, nbytes: int, /) -> Pinned:
        """Ordinary memory of the host, that is called pinned."""
        return self._pinned.allocate(nbytes)

    def memory_info(self) -> tuple[int, int]:
        """What segments have not taken, and all."""
        return self._memory - sum(self._sizes.values()), self._memory

    # --- what the allocators ask for -------------------------------------------------------------

    def take(self, nbytes: int) -> int:
        """A range of addresses.

        Raises:
            MemoryError: if there is not so much.
        """
        free = self.memory_info()[0]
        if nbytes > free:
            raise MemoryError(f"{size_of(free)} of {size_of(self._memory)} are free")
        pointer = self._next
        self._next += nbytes
        self._sizes[pointer] = nbytes
        return pointer

    def give_back(self, pointer: int) -> None:
        """The range is free."""
        del self._sizes[pointer]

    def lock_host(self, nbytes: int) -> int:
        """Memory of the host, which stays."""
        self._host.append(np.empty(nbytes, np.uint8))
        return int(self._host[-1].ctypes.data)

    def wait(self) -> None:
        """Nothing to wait for."""

    # --- work ------------------------------------------------------------------------------------

    def launch(
        self, plan: Plan, buffers: Sequence[Buffer], numbers: Sequence[float] = (), /
    ) -> None:
        """Run the kernel in the simulator.

        Raises:
            SimulationError: at the first thing that is undefined on a GPU.
        """
        shadows: dict[int, Shadow] = {}  # one for each memory, whoever points to it
        arguments: list[Pointer[float] | float] = []
        names = [parameter.name for parameter in plan.kernel.parameters]
        for name, span, buffer in zip(names, plan.spans, buffers, strict=False):
            array = simulated(buffer).array
            shadow = shadows.setdefault(id(array), Shadow())
            arguments.append(Pointer(array, name, span.offset, span.low, span.high, shadow))
        arguments += [_python(number) for number in plan.all_numbers(numbers)]
        launch(plan.kernel.function, plan.kernel.name, plan.grid, plan.block, arguments)

    def expect(self, check: Check, index: Buffer, /) -> Buffer:
        """A word in which the next launch leaves the first bad element of an index."""
        slot = self._faults.expect(check, index, self._here.queue)
        return SimBuffer(self._words[slot : slot + 1], int64, NOTHING, self.allocator)

    def look(self) -> None:
        """Raise what the last launch found: it has ended."""
        self._faults.look()

    def synchronize(self) -> None:
        """Nothing to wait for."""
        waiting()

    # --- streams ---------------------------------------------------------------------------------

    @property
    def queue(self) -> Queue:
        """The current stream of this thread."""
        return self._here.queue

    def use(self, queue: Queue, /) -> None:
        """Make a stream the current one of this thread."""
        self._here.queue = queue

    def hand_over(self, handle: int, /) -> None:
        """Nothing to wait for."""

    def create_queue(self, priority: int, /) -> Queue:
        """A new stream."""
        self._queues += 1
        return SimQueue(self._queues, priority)


def simulated(buffer: Buffer) -> SimBuffer:
    """A buffer as simulated memory.

    Raises:
        TypeError: if it is memory of another device.
    """
    if not isinstance(buffer, SimBuffer):
        raise TypeError(f"expected memory of the simulator, got {type(buffer).__name__}")
    return buffer


def _stored(dtype: DType) -> np.dtype[np.generic]:
    return np.dtype(storage_type(dtype))


def _python(number: np.generic) -> float:
    """Positions as Python's integers, which are faster; a float keeps its type."""
    if isinstance(number, np.integer):
        return int(number)
    value: float = number.reshape(1)[0]  # still a NumPy number: a float32 stays one
    return value
