"""A GPU made of host memory: what `runtime` asks of cuda.core, with the simulator as its processor.

It proves that the launcher for a GPU passes the right addresses, numbers and sizes; nothing about a
real driver.
"""

import ctypes
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from minitorch_cuda import runtime
from minitorch_cuda.compiler import Capability, Ptx
from minitorch_cuda.kernel import Kernel
from minitorch_cuda.simulator import Pointer
from minitorch_cuda.simulator.memory import Shadow
from minitorch_cuda.simulator.run import launch as simulate

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]


class FakeBuffer:
    def __init__(self, gpu: "FakeGpu", size: int) -> None:
        self.gpu = gpu
        # Room in front, so that the memory starts at a multiple of 256 as a driver's does.
        room = np.full(size + 256, 0xAB, np.uint8)
        first = -room.ctypes.data % 256
        self.memory = room[first : first + size]
        self.handle = self.memory.ctypes.data
        gpu.memories[self.handle] = self.memory

    def __del__(self) -> None:
        del self.gpu.memories[self.handle]


class FakeGpu:
    """The device, and the modules that lead to it."""

    name = "Fake GPU"
    compute_capability = SimpleNamespace(major=9, minor=0)

    def __init__(self, room: int = 1 << 30) -> None:
        self.room = room
        self.memories: dict[int, Bytes] = {}
        self.kernels: dict[str, Kernel] = {}
        self.compilations: list[tuple[str, Capability]] = []
        self.launches: list[str] = []
        self.synchronised = 0
        self.entered = 0
        self.copy_error = 0

    def set_current(self) -> None:
        self.entered += 1

    def create_stream(self) -> SimpleNamespace:
        return SimpleNamespace(handle=7, sync=self.sync)

    def sync(self) -> None:
        self.synchronised += 1

    def allocate(self, size: int, *, stream: object) -> FakeBuffer:
        if sum(len(memory) for memory in self.memories.values()) + size > self.room:
            raise RuntimeError("CUDA_ERROR_OUT_OF_MEMORY: no room")
        return FakeBuffer(self, size)

    def at(self, address: int) -> tuple[Bytes, int]:
        """The memory that an address lies in, and how far."""
        for start, memory in self.memories.items():
            if start <= address <= start + len(memory):
                return memory, address - start
        raise AssertionError(f"{address:#x} is no memory of this GPU")

    def upload(self, to: int, host: int, nbytes: int, stream: object) -> tuple[int]:
        memory, offset = self.at(to)
        memory[offset : offset + nbytes] = _host(host, nbytes)
        return (self.copy_error,)

    def download(self, host: int, source: int, nbytes: int, stream: object) -> tuple[int]:
        memory, offset = self.at(source)
        _host(host, nbytes)[:] = memory[offset : offset + nbytes]
        return (self.copy_error,)

    def compile(self, kernel: Kernel, capability: Capability) -> Ptx:
        self.compilations.append((kernel.name, capability))
        text = f"{kernel.name} {len(self.compilations)}"
        self.kernels[text] = kernel
        return Ptx("entry", text)

    def program(self, text: str, kind: str, options: SimpleNamespace) -> SimpleNamespace:
        assert (kind, options.arch) == ("ptx", "sm_90")

        def compile_to(target: str) -> SimpleNamespace:
            assert target == "cubin"
            return SimpleNamespace(get_kernel={"entry": self.kernels[text]}.__getitem__)

        return SimpleNamespace(compile=compile_to)

    def launch(
        self, stream: object, config: SimpleNamespace, kernel: Kernel, *arguments: int | np.generic
    ) -> None:
        self.launches.append(kernel.name)
        seen: list[Pointer[float] | float] = []
        shadows: dict[int, Shadow] = {}
        for parameter, argument in zip(kernel.parameters, arguments, strict=True):
            if parameter.pointer:
                assert isinstance(argument, int)
                memory, offset = self.at(argument)
                words = memory.view(parameter.type)
                base = offset // words.itemsize
                shadow = shadows.setdefault(memory.ctypes.data, Shadow())
                seen.append(Pointer(words, parameter.name, base, shadow=shadow))
            else:
                # The driver copies as many bytes as the number has: its type must be the kernel's.
                assert isinstance(argument, np.generic)
                assert argument.dtype == np.dtype(parameter.type)
                seen.append(argument.item())
        simulate(kernel.function, kernel.name, config.grid, config.block, seen)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let `import cuda.core` and `cuda.bindings.driver` find this GPU."""
        core, bindings, top = (ModuleType(n) for n in ("cuda.core", "cuda.bindings", "cuda"))
        core.__dict__.update(
            Device=lambda index: self,
            launch=self.launch,
            LaunchConfig=lambda grid, block: SimpleNamespace(grid=grid, block=block),
            Program=self.program,
            ProgramOptions=lambda arch: SimpleNamespace(arch=arch),
        )
        driver = SimpleNamespace(cuMemcpyHtoDAsync=self.upload, cuMemcpyDtoHAsync=self.download)
        bindings.__dict__.update(driver=driver)
        for module in (core, bindings, top):
            monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(runtime, "compile_ptx", self.compile)


def _host(address: int, nbytes: int) -> Bytes:
    """The host's memory at an address."""
    return np.ctypeslib.as_array((ctypes.c_uint8 * nbytes).from_address(address))
