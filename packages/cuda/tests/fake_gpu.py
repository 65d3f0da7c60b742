"""A GPU made of host memory: what `runtime` asks of cuda.core, with the simulator as its processor.

It proves that the launcher for a GPU passes the right addresses, numbers and sizes, in the right
order; nothing about a real driver. Kernels have ended when their launch returns, but a test may say
that a stream is behind: then its events are not reached until the stream is waited for.
"""

import ctypes
import sys
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from minitorch_cuda import loading
from minitorch_cuda.compiler import Capability, Ptx
from minitorch_cuda.driver import number_of
from minitorch_cuda.kernel import Kernel
from minitorch_cuda.simulator import Pointer
from minitorch_cuda.simulator.memory import Shadow
from minitorch_cuda.simulator.run import launch as simulate

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]


class DriverError(Exception):
    """What cuda.core raises."""


class FakeEvent:
    def __init__(self, gpu: "FakeGpu", timing: bool) -> None:
        self.gpu = gpu
        self.timing = timing
        self.stream: FakeStream | None = None
        self.time = 0.0

    @property
    def is_done(self) -> bool:
        return self.stream is None or not self.stream.behind

    def sync(self) -> None:
        if self.stream is not None:
            self.stream.behind = False

    def __sub__(self, other: "FakeEvent") -> float:
        assert self.timing
        assert other.timing
        return (self.time - other.time) * 1000


class FakeStream:
    def __init__(self, gpu: "FakeGpu", handle: int, priority: int) -> None:
        self.gpu = gpu
        self.handle = handle
        self.priority = priority
        self.behind = False
        self.waits: list[FakeEvent] = []

    def sync(self) -> None:
        self.gpu.synchronised += 1
        self.behind = False
        self.gpu.check()

    def record(self, event: FakeEvent) -> FakeEvent:
        event.stream, event.time = self, time.perf_counter()
        return event

    def wait(self, event: FakeEvent) -> None:
        self.waits.append(event)


class FakeGpu:
    """The device, and the modules that lead to it."""

    compute_capability = SimpleNamespace(major=9, minor=0)
    current: "FakeGpu"  # whom the driver's functions mean
    uuid = "GPU-0"
    properties = SimpleNamespace(
        multiprocessor_count=132, max_threads_per_multiprocessor=2048,
        max_registers_per_multiprocessor=65536, max_shared_memory_per_block=49152,
        max_shared_memory_per_multiprocessor=233472, l2_cache_size=50 << 20, warp_size=32,
        integrated=False,
    )  # fmt: skip

    def __init__(self, room: int = 1 << 30, index: int = 0) -> None:
        self.name = "Fake GPU"
        self.index = index
        self.room = room
        self.host_room = 1 << 30
        self.memories: dict[int, Bytes] = {}
        self.hosts: set[int] = set()  # which of them are the host's
        self.rooms: dict[int, Bytes] = {}  # what keeps the memory alive
        self.kernels: dict[str, Kernel] = {}
        self.compilations: list[tuple[str, Capability]] = []
        self.launches: list[str] = []
        self.streams: list[FakeStream] = []
        self.launched_on: list[int] = []
        self.foreign: list[FakeStream] = []  # other libraries' streams
        self.synchronised = 0
        self.entered = 0
        self.status = 0  # of the next calls of the driver
        self.fault = ""  # what the driver says at the next synchronisation
        self.refusal = ""  # what the assembler says of PTX

    # --- cuda.core -------------------------------------------------------------------------------

    def set_current(self) -> None:
        self.entered += 1
        FakeGpu.current = self

    def create_stream(self, *, options: SimpleNamespace) -> FakeStream:
        assert options.nonblocking
        self.streams.append(FakeStream(self, 7 + len(self.streams), options.priority))
        return self.streams[-1]

    def stranger(self, handle: int) -> FakeStream:
        self.foreign.append(FakeStream(self, handle, 0))
        return self.foreign[-1]

    def create_event(self, options: SimpleNamespace) -> FakeEvent:
        assert FakeGpu.current is self, "the driver makes events for the GPU that is current"
        return FakeEvent(self, options.timing_enabled)

    def synchronise(self) -> tuple[int]:
        for stream in self.streams:
            stream.behind = False
        self.synchronised += 1
        return (number_of(DriverError(self.fault)),)

    def check(self) -> None:
        if self.fault:
            raise DriverError(self.fault)

    # --- the driver ------------------------------------------------------------------------------

    def allocate(self, size: int) -> tuple[int, int]:
        if self.status:
            return self.status, 0
        if size > self.free():
            return 2, 0
        return 0, self._new(size)

    def free(self) -> int:
        return self.room - sum(len(m) for a, m in self.memories.items() if a not in self.hosts)

    def _new(self, size: int) -> int:
        # Room in front, so that the memory starts at a multiple of 256 as a driver's does.
        room = np.full(size + 256, 0xAB, np.uint8)
        first = -room.ctypes.data % 256
        memory = room[first : first + size]
        address = int(memory.ctypes.data)
        self.memories[address], self.rooms[address] = memory, room
        return address

    def release(self, address: int) -> tuple[int]:
        del self.memories[address], self.rooms[address]
        return (0,)

    def lock_host(self, size: int, flags: int) -> tuple[int, int]:
        assert flags == 3
        if size > self.host_room:
            return 2, 0
        address = self._new(size)
        self.hosts.add(address)
        return 0, address

    def at(self, address: int) -> tuple[Bytes, int]:
        """The memory that an address lies in, and how far."""
        if address == 0:
            return np.empty(0, np.uint8), 0
        for start, memory in self.memories.items():
            if start <= address < start + len(memory):
                return memory, address - start
        raise AssertionError(f"{address:#x} is no memory of this GPU")

    def upload(self, to: int, host: int, nbytes: int, stream: int) -> tuple[int]:
        memory, offset = self.at(to)
        memory[offset : offset + nbytes] = _host(host, nbytes)
        return (self.status,)

    def download(self, host: int, source: int, nbytes: int, stream: int) -> tuple[int]:
        memory, offset = self.at(source)
        _host(host, nbytes)[:] = memory[offset : offset + nbytes]
        return (self.status,)

    def copy(self, to: int, source: int, nbytes: int, stream: int) -> tuple[int]:
        ctypes.memmove(to, source, nbytes)
        return (self.status,)

    def query(self, handle: int) -> tuple[int]:
        return (600 if self.streams[handle - 7].behind else 0,)

    # --- compiling and launching -----------------------------------------------------------------

    def compile(self, kernel: Kernel, capability: Capability) -> Ptx:
        self.compilations.append((kernel.name, capability))
        text = f".version 9.4\n{kernel.name} {len(self.kernels)}"
        self.kernels[text] = kernel
        return Ptx("entry", text)

    def program(self, text: str, kind: str, options: SimpleNamespace) -> SimpleNamespace:
        assert (kind, options.arch) == ("ptx", "sm_90")

        def compile_to(target: str) -> SimpleNamespace:
            assert target == "cubin"
            if self.refusal:
                raise DriverError(self.refusal)
            return SimpleNamespace(code=text.encode())

        return SimpleNamespace(compile=compile_to)

    def from_cubin(self, code: bytes, *, name: str) -> SimpleNamespace:
        return SimpleNamespace(get_kernel={"entry": self.kernels[code.decode()]}.__getitem__)

    def launch(
        self, stream: FakeStream, config: SimpleNamespace, kernel: Kernel,
        *arguments: int | np.generic,
    ) -> None:  # fmt: skip
        gpu = stream.gpu
        gpu.launches.append(kernel.name)
        gpu.launched_on.append(stream.handle)
        seen: list[Pointer[float] | float] = []
        shadows: dict[int, Shadow] = {}
        for parameter, argument in zip(kernel.parameters, arguments, strict=True):
            if parameter.pointer:
                assert isinstance(argument, int)
                memory, offset = gpu.at(argument)
                words = memory[: len(memory) // 8 * 8].view(parameter.type)
                base = offset // words.itemsize
                shadow = shadows.setdefault(memory.ctypes.data, Shadow())
                seen.append(Pointer(words, parameter.name, base, shadow=shadow))
            else:
                # The driver copies as many bytes as the number has: its type must be the kernel's.
                assert isinstance(argument, np.generic)
                assert argument.dtype == np.dtype(parameter.type)
                seen.append(argument.item())
        simulate(kernel.function, kernel.name, config.grid, config.block, seen)

    def install(self, monkeypatch: pytest.MonkeyPatch, *others: "FakeGpu") -> None:
        """Let `import cuda.core` and `cuda.bindings.driver` find this GPU, and others."""
        gpus = (self, *others)
        core, bindings, top = (ModuleType(n) for n in ("cuda.core", "cuda.bindings", "cuda"))
        core.__dict__.update(
            Device=lambda index: gpus[index],
            launch=self.launch,
            LaunchConfig=lambda grid, block: SimpleNamespace(grid=grid, block=block),
            EventOptions=SimpleNamespace,
            StreamOptions=SimpleNamespace,
            Stream=SimpleNamespace(from_handle=self.stranger),
            Program=self.program,
            ProgramOptions=lambda arch: SimpleNamespace(arch=arch),
            ObjectCode=SimpleNamespace(from_cubin=self.from_cubin),
        )
        driver = SimpleNamespace(
            cuMemAlloc=lambda *a: FakeGpu.current.allocate(*a),
            cuMemFree=lambda *a: FakeGpu.current.release(*a),
            cuMemHostAlloc=lambda *a: FakeGpu.current.lock_host(*a),
            cuMemGetInfo=lambda: (0, FakeGpu.current.free(), FakeGpu.current.room),
            cuMemcpyHtoDAsync=lambda *a: FakeGpu.current.upload(*a),
            cuMemcpyDtoHAsync=lambda *a: FakeGpu.current.download(*a),
            cuMemcpyDtoDAsync=self.copy,
            cuCtxSynchronize=lambda: FakeGpu.current.synchronise(),
            cuStreamQuery=lambda *a: FakeGpu.current.query(*a),
        )
        bindings.__dict__.update(driver=driver)
        for module in (core, bindings, top):
            monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(loading, "compile_ptx", self.compile)


def _host(address: int, nbytes: int) -> Bytes:
    """The host's memory at an address."""
    return np.ctypeslib.as_array((ctypes.c_uint8 * nbytes).from_address(address))
