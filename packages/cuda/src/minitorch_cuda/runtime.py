"""The launcher for a GPU: memory, copies, streams and raw launches through cuda.core.

With `queues` and `loading` the only module that knows cuda.core, loaded when the first tensor goes
to a GPU. What does not change from one launch to the next is prepared at the first: the loaded
kernel, the grid, the numbers, the offsets in bytes. The rest is an addition for each pointer, and
the type of each number that is the launch's own.

Source: https://nvidia.github.io/cuda-python/cuda-core/latest/
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakSet

import numpy as np

from minitorch_cuda.allocator import NOTHING, Block, CachingAllocator
from minitorch_cuda.device_buffer import DeviceBuffer, on_device, refuse
from minitorch_cuda.driver import Functions, Health, blocking, number_of
from minitorch_cuda.faults import WORDS, Check, Faults
from minitorch_cuda.kernel import Plan
from minitorch_cuda.launcher import Launcher, Properties, Queue, of_memory
from minitorch_cuda.limits import DEVICE, Limits
from minitorch_cuda.loading import Loader
from minitorch_cuda.pinned import Pinned, PinnedPool
from minitorch_cuda.queues import DeviceQueue
from minitorch_cuda.segments import Segments
from minitorch_cuda.syncs import downloading, place, waiting
from minitorch_tensor.accelerator import AcceleratorError, HostMemory, pinned_memory
from minitorch_tensor.dtype import DType, HostArray, int64
from minitorch_tensor.storage import Buffer

if TYPE_CHECKING:
    from minitorch_cuda.nvidia import Kernel as LoadedKernel
    from minitorch_cuda.nvidia import LaunchConfig

_MOST_PREPARED: Final = 8192


class Prepared(NamedTuple):
    """A launch, but for the memory: the loaded kernel, its sizes, offsets in bytes, numbers."""

    kernel: LoadedKernel
    config: LaunchConfig
    offsets: tuple[int, ...]
    numbers: tuple[np.generic, ...]


class _Here(threading.local):
    """The current stream of each thread, and whether the thread is in the GPU, for good."""

    def __init__(self, queue: DeviceQueue) -> None:
        self.queue = queue
        self.ready = False


class _Entered(threading.local):
    """Which launcher a thread used last, where there are several GPUs."""

    launcher: DeviceLauncher | None = None


_entered: Final = _Entered()


class DeviceLauncher:
    """One GPU.

    Args:
        index: which GPU.
        several: whether this process may use others too: then each call says which it means.
    """

    def __init__(self, index: int = 0, *, several: bool = False) -> None:
        from minitorch_cuda.nvidia import Device, LaunchConfig, driver, launch

        self.index = index
        self._several = several
        self._driver: Functions = driver
        self._queues: WeakSet[DeviceQueue] = WeakSet()
        self._device = Device(index)
        self._device.set_current()
        self._health = Health(f"cuda:{index}")
        self.default_queue = self._create(0)
        self._here = _Here(self.default_queue)
        self._launch = launch
        self._config = LaunchConfig
        self._segments = Segments(driver, self._health, self._enter)
        self.allocator = CachingAllocator(
            self._segments, f"cuda:{index}", lambda: list(self._queues)
        )
        self._pinned = PinnedPool(self._segments, lambda device: self._here.queue.mark())
        self._loader = Loader(self._device)
        self._prepared: dict[Plan, Prepared] = {}
        self._shared: DeviceQueue | None = None  # of what all streams read
        self.immediate = blocking()
        words = self._pinned.allocate(8 * WORDS)
        self._words = words.pointer
        self._faults = Faults(
            np.asarray(HostMemory(words)).view(np.int64), self._segments.wait, self._read
        )

    @property
    def name(self) -> str:
        """The GPU's name."""
        return self._device.name

    @property
    def limits(self) -> Limits:
        """Many threads, many blocks."""
        return DEVICE

    @property
    def properties(self) -> Properties:
        """What the driver says of the GPU."""
        device, known = self._device, self._device.properties
        capability = device.compute_capability
        return Properties(
            name=device.name,
            major=capability.major,
            minor=capability.minor,
            total_memory=self.memory_info()[1],
            multi_processor_count=known.multiprocessor_count,
            max_threads_per_multi_processor=known.max_threads_per_multiprocessor,
            regs_per_multiprocessor=known.max_registers_per_multiprocessor,
            shared_memory_per_block=known.max_shared_memory_per_block,
            shared_memory_per_multiprocessor=known.max_shared_memory_per_multiprocessor,
            L2_cache_size=known.l2_cache_size,
            warp_size=known.warp_size,
            is_integrated=known.integrated,
            uuid=device.uuid,
        )

    # --- memory ----------------------------------------------------------------------------------

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """Memory from the allocator.

        Raises:
            OutOfMemoryError: if the GPU has no room left.
        """
        return self._buffer(size, dtype)

    def upload(self, values: HostArray, /) -> Buffer:
        """Copy to the GPU; the array may be changed as soon as this returns."""
        buffer = self.upload_later(values)
        if len(buffer) and pinned_memory(values) is not None:
            waiting()  # from ordinary memory the driver copies into its own before it returns
            self._wait(self._here.queue)
        return buffer

    def upload_later(self, values: HostArray, /) -> Buffer:
        """Start the copy to the GPU; from pinned memory it goes on after this returns."""
        flat = np.ascontiguousarray(values).reshape(-1)
        buffer = self._buffer(flat.size, of_memory(flat))
        if flat.size:
            (error,) = self._driver.cuMemcpyHtoDAsync(
                buffer.pointer, flat.ctypes.data, flat.nbytes, self._here.queue.stream.handle
            )
            self._health.check("copy to the GPU", error)
            memory = pinned_memory(flat)
            if memory is not None:
                memory.used_by(self.index)
        return buffer

    def upload_shared(self, values: HostArray, /) -> Buffer:
        """Copy to the GPU, for launches of all streams.

        The copy has a stream of its own, so that the host waits for the copy alone, and not for
        what was launched before.
        """
        here = self._here
        if self._shared is None:
            self._shared = self.create_queue(0)
        before, here.queue = here.queue, self._shared
        try:
            buffer = on_device(self.upload_later(values))
            self._wait(here.queue)
        finally:
            here.queue = before
        self.allocator.share(buffer.block)
        return buffer

    def download(self, buffer: Buffer, /) -> HostArray:
        """Copy to the host, after all launches before; waits for both.

        Raises:
            IndexError: if a launch before met an index that is out of bounds.
        """
        if len(buffer):
            downloading()
        values = self._read(buffer)
        self._faults.look(self._here.queue)
        return values

    def _read(self, buffer: Buffer) -> HostArray:
        memory = on_device(buffer)
        values = np.empty(memory.size, memory.dtype.numpy)
        if values.size:
            self._enter()
            queue = self._here.queue
            (error,) = self._driver.cuMemcpyDtoHAsync(
                values.ctypes.data, memory.pointer, values.nbytes, queue.stream.handle
            )
            self._health.check("copy from the GPU", error)
            self._wait(queue)
        return values

    def from_peer(self, buffer: Buffer, source: Launcher, /) -> Buffer:
        """A copy of the memory of another GPU, after what was launched there."""
        memory = on_device(buffer)
        copy = self._buffer(memory.size, memory.dtype)
        if memory.size:
            queue = self._here.queue
            queue.wait_for(source.queue.mark())
            self._enter()
            (error,) = self._driver.cuMemcpyDtoDAsync(
                copy.pointer, memory.pointer, memory.size * memory.dtype.itemsize,
                queue.stream.handle,
            )  # fmt: skip
            self._health.check("copy from another GPU", error)
            source.record_stream(buffer, queue)
        return copy

    def address(self, buffer: Buffer, /) -> int:
        """Where memory starts."""
        return on_device(buffer).pointer

    def reinterpret(self, buffer: Buffer, dtype: DType, /) -> Buffer:
        """The same memory as elements of another dtype."""
        return on_device(buffer).read_as(dtype)

    def adopt(self, address: int, size: int, dtype: DType, owner: object, /) -> Buffer:
        """Foreign memory of this GPU; `owner` lives as long as it."""
        buffer = self._foreign(address, size, dtype)
        buffer.owner = owner
        return buffer

    def record_stream(self, buffer: Buffer, queue: Queue, /) -> None:
        """Another stream uses this memory."""
        memory = on_device(buffer)
        self.allocator.record(memory.block, queue)

    def pin(self, nbytes: int, /) -> Pinned:
        """Pinned memory of the host."""
        self._enter()
        return self._pinned.allocate(nbytes)

    def memory_info(self) -> tuple[int, int]:
        """The bytes that are free on the GPU, and all that it has."""
        return self._segments.free_and_total()

    def _buffer(self, size: int, dtype: DType) -> DeviceBuffer:
        here = self._here
        if not here.ready:
            self._enter()
        block = self.allocator.allocate(size * dtype.itemsize, here.queue)
        return DeviceBuffer(block, size, dtype, self.allocator)

    # --- work ------------------------------------------------------------------------------------

    def launch(
        self, plan: Plan, buffers: Sequence[Buffer], numbers: Sequence[float] = (), /
    ) -> None:
        """Start a kernel; it runs after all that was started before on the current stream.

        Raises:
            AcceleratorError: if the driver refuses it; in blocking mode also if it fails.
        """
        prepared = self._prepared.get(plan)
        if prepared is None:
            prepared = self._prepare(plan)
        here = self._here
        if not here.ready:
            self._enter()
        kernel, config, offsets, typed = prepared
        if numbers or plan.given:
            typed = plan.all_numbers(numbers)
        pointers = [
            (buffer.pointer if isinstance(buffer, DeviceBuffer) else refuse(buffer)) + offset
            for buffer, offset in zip(buffers, offsets)  # noqa: B905, it takes time
        ]
        try:
            self._launch(here.queue.stream, config, kernel, *pointers, *typed)
            if self.immediate:
                here.queue.stream.sync()
        except Exception as error:
            raise self._explained(f"kernel {plan.kernel.name}, for {place()},", error) from error

    def expect(self, check: Check, index: Buffer, /) -> Buffer:
        """A word in which the next launch leaves the first bad element of an index."""
        slot = self._faults.expect(check, index, self._here.queue)
        return self._foreign(self._words + 8 * slot, 1, int64)

    def look(self) -> None:
        """Raise what the last launch found, if it has ended already."""
        if self.immediate:
            self._faults.look(self._here.queue)

    def synchronize(self) -> None:
        """Wait until all streams are empty.

        Raises:
            IndexError: if a launch before met an index that is out of bounds.
            AcceleratorError: if one failed.
        """
        waiting()
        self._segments.wait()
        self._faults.look()

    # --- streams ---------------------------------------------------------------------------------

    @property
    def queue(self) -> Queue:
        """The current stream of this thread."""
        return self._here.queue

    def use(self, queue: Queue, /) -> None:
        """Make a stream the current one of this thread."""
        if not isinstance(queue, DeviceQueue):
            raise TypeError(f"expected a stream of a GPU, got {type(queue).__name__}")
        self._here.queue = queue

    def hand_over(self, handle: int, /) -> None:
        """Let a foreign stream wait for what the current one was given so far."""
        from minitorch_cuda.nvidia import Stream

        self._enter()
        Stream.from_handle(handle).wait(self._here.queue.mark().event)

    def create_queue(self, priority: int, /) -> DeviceQueue:
        """A new stream."""
        self._enter()
        return self._create(priority)

    def _create(self, priority: int) -> DeviceQueue:
        from minitorch_cuda.nvidia import StreamOptions

        options = StreamOptions(nonblocking=True, priority=priority)
        stream = self._device.create_stream(options=options)
        queue = DeviceQueue(self._device, stream, self._driver, self._enter, self._waited)
        self._queues.add(queue)
        return queue

    # --- the parts -------------------------------------------------------------------------------

    def _enter(self) -> None:
        """Each thread of Python must say which GPU it works on: once, or each time it changes."""
        if self._several:
            if _entered.launcher is not self:
                self._device.set_current()
                _entered.launcher = self
        elif not self._here.ready:
            self._device.set_current()
            self._here.ready = True

    def _prepare(self, plan: Plan) -> Prepared:
        """All of a launch that does not change from one to the next."""
        self._enter()
        kernel = self._loader.load(plan.kernel)
        offsets = tuple(
            span.offset * np.dtype(parameter.type).itemsize
            for span, parameter in zip(plan.spans, plan.kernel.parameters, strict=False)
        )
        config = self._config(grid=plan.grid, block=plan.block)
        if len(self._prepared) >= _MOST_PREPARED:
            self._prepared.clear()  # a program of ever new shapes must not fill the memory
        prepared = self._prepared[plan] = Prepared(kernel, config, offsets, plan.numbers)
        return prepared

    def _foreign(self, address: int, size: int, dtype: DType) -> DeviceBuffer:
        """Memory that the allocator does not know."""
        return DeviceBuffer(Block(NOTHING.pool, address, 0), size, dtype, self.allocator)

    def _wait(self, queue: DeviceQueue) -> None:
        try:
            queue.stream.sync()
        except Exception as error:  # cuda.core does not export its error's class
            raise self._explained("waiting for the GPU", error) from error

    def _waited(self, queue: DeviceQueue) -> None:
        self._wait(queue)
        self._faults.look(queue)

    def _explained(self, what: str, error: Exception) -> AcceleratorError:
        return self._health.error(what, number_of(error), str(error))
