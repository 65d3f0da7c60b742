"""The launcher for a GPU: memory, copies and raw launches through cuda.core.

The only module that knows cuda.core; it is loaded when the first tensor goes to a GPU. A kernel is
compiled at its first launch, then kept; a launch passes addresses and numbers, nothing is looked at
on the way.

Source: https://nvidia.github.io/cuda-python/cuda-core/latest/
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from minitorch_cuda.allocator import Block, CachingAllocator
from minitorch_cuda.compiler import compile_ptx
from minitorch_cuda.kernel import Kernel, Plan, of_memory
from minitorch_cuda.limits import DEVICE, Limits
from minitorch_tensor.dtype import DType, HostArray
from minitorch_tensor.storage import Buffer

if TYPE_CHECKING:
    from cuda.core import Kernel as LoadedKernel
    from cuda.core import LaunchConfig


class DeviceBuffer:
    """Memory of a GPU; when the last tensor on it goes, the allocator gets it back."""

    __slots__ = ("_allocator", "_block", "dtype", "pointer", "size")

    def __init__(self, block: Block, size: int, dtype: DType, allocator: CachingAllocator) -> None:
        self._block = block
        self._allocator = allocator
        self.pointer = block.pointer
        self.size = size
        self.dtype = dtype

    def __len__(self) -> int:
        return self.size

    def __del__(self) -> None:
        self._allocator.release(self._block)

    def __repr__(self) -> str:
        return f"DeviceBuffer({self.size} of {self.dtype.name} at {self.pointer:#x})"


_MOST_PREPARED = 8192


class Prepared(NamedTuple):
    """A launch, but for the memory: the loaded kernel, its sizes, the offsets in bytes."""

    kernel: LoadedKernel
    config: LaunchConfig
    offsets: tuple[int, ...]


class DeviceLauncher:
    """One GPU, with one stream on which everything happens in order.

    Args:
        index: which GPU.
    """

    def __init__(self, index: int = 0) -> None:
        from cuda.core import Device, LaunchConfig, launch

        self._device = Device(index)
        self._device.set_current()
        self._stream = self._device.create_stream()
        self._launch = launch
        self.allocator = CachingAllocator(self._take)
        self._kernels: dict[Kernel, LoadedKernel] = {}
        self._prepared: dict[Plan, Prepared] = {}
        self._config = LaunchConfig
        self._threads = threading.local()
        self._compiling = threading.Lock()

    @property
    def name(self) -> str:
        """The GPU's name."""
        return self._device.name

    @property
    def limits(self) -> Limits:
        """Many threads, many blocks."""
        return DEVICE

    def empty(self, size: int, dtype: DType, /) -> Buffer:
        """Memory from the allocator.

        Raises:
            OutOfMemoryError: if the GPU has no room left.
        """
        return self._buffer(size, dtype)

    def upload(self, values: HostArray, /) -> Buffer:
        """Copy to the GPU; the array may be changed as soon as this returns."""
        from cuda.bindings import driver

        flat = np.ascontiguousarray(values).reshape(-1)
        buffer = self._buffer(flat.size, of_memory(flat))
        if flat.size:
            self._enter()
            # From ordinary memory the driver copies into its own before it returns.
            (error,) = driver.cuMemcpyHtoDAsync(
                buffer.pointer, flat.ctypes.data, flat.nbytes, self._stream.handle
            )
            _check("copy to the GPU", error)
        return buffer

    def download(self, buffer: Buffer, /) -> HostArray:
        """Copy to the host, after all launches before; waits for both."""
        from cuda.bindings import driver

        memory = on_device(buffer)
        values = np.empty(memory.size, memory.dtype.numpy)
        if values.size:
            self._enter()
            (error,) = driver.cuMemcpyDtoHAsync(
                values.ctypes.data, memory.pointer, values.nbytes, self._stream.handle
            )
            _check("copy from the GPU", error)
            self._stream.sync()
        return values

    def launch(self, plan: Plan, buffers: Sequence[Buffer], /) -> None:
        """Start a kernel; it runs after all that was started before."""
        prepared = self._prepared.get(plan)
        if prepared is None:
            prepared = self._prepare(plan)
        if not getattr(self._threads, "entered", False):
            self._enter()
        pointers = [
            on_device(buffer).pointer + offset
            for buffer, offset in zip(buffers, prepared.offsets, strict=True)
        ]
        self._launch(self._stream, prepared.config, prepared.kernel, *pointers, *plan.numbers)

    def synchronize(self) -> None:
        """Wait until the stream is empty."""
        self._stream.sync()

    def _buffer(self, size: int, dtype: DType) -> DeviceBuffer:
        block = self.allocator.allocate(size * dtype.itemsize)
        return DeviceBuffer(block, size, dtype, self.allocator)

    def _take(self, nbytes: int) -> Block:
        self._enter()
        try:
            buffer = self._device.allocate(nbytes, stream=self._stream)
        except Exception as error:  # cuda.core does not export its error's class
            if "OUT_OF_MEMORY" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return Block(int(buffer.handle), nbytes, buffer)

    def _enter(self) -> None:
        """Each thread of Python must say once which GPU it works on."""
        if not getattr(self._threads, "entered", False):
            self._device.set_current()
            self._threads.entered = True

    def _prepare(self, plan: Plan) -> Prepared:
        """All of a launch that does not change from one to the next."""
        kernel = self._kernels.get(plan.kernel)
        if kernel is None:
            kernel = self._compiled(plan.kernel)
        offsets = tuple(
            span.offset * np.dtype(parameter.type).itemsize
            for span, parameter in zip(plan.spans, plan.kernel.parameters, strict=False)
        )
        config = self._config(grid=plan.grid, block=plan.block)
        if len(self._prepared) >= _MOST_PREPARED:
            self._prepared.clear()  # a program of ever new shapes must not fill the memory
        prepared = self._prepared[plan] = Prepared(kernel, config, offsets)
        return prepared

    def _compiled(self, kernel: Kernel) -> LoadedKernel:
        """Compile and load a kernel, once: PTX by Numba, then machine code for this GPU."""
        from cuda.core import Program, ProgramOptions

        with self._compiling:
            found = self._kernels.get(kernel)
            if found is None:
                self._enter()
                capability = self._device.compute_capability
                major, minor = capability.major, capability.minor
                ptx = compile_ptx(kernel, (major, minor))
                options = ProgramOptions(arch=f"sm_{major}{minor}")
                code = Program(ptx.text, "ptx", options).compile("cubin")
                found = self._kernels[kernel] = code.get_kernel(ptx.entry)
            return found


def on_device(buffer: Buffer) -> DeviceBuffer:
    """A buffer as memory of a GPU.

    Raises:
        TypeError: if it is memory of another device.
    """
    if not isinstance(buffer, DeviceBuffer):
        raise TypeError(f"expected memory of a GPU, got {type(buffer).__name__}")
    return buffer


def _check(what: str, error: int) -> None:
    if int(error) != 0:
        raise RuntimeError(
            f"CUDA: {what} failed with {error!r}; a kernel launched before may be the cause. "
            "After such an error this process cannot use the GPU any more: start it again"
        )
