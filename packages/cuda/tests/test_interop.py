"""Memory that is shared: pinned, with other libraries, with other streams."""

import gc
from collections.abc import Callable, Iterator
from operator import attrgetter

import numpy as np
import pytest

import minitorch_cuda as cuda
import minitorch_tensor as t
from minitorch_cuda import use_simulator
from minitorch_cuda.choice import choice
from minitorch_cuda.device_buffer import on_device
from minitorch_cuda.runtime import DeviceLauncher
from minitorch_tensor import Tensor
from minitorch_tensor.core import constant
from minitorch_tensor.dlpack_capsule import CUDA, Shared, capsule, opened
from minitorch_tensor.dtype import HostArray

from .fake_gpu import FakeGpu

seen: Callable[[object], HostArray] = attrgetter("from_dlpack")(np)


@pytest.fixture
def simulator() -> Iterator[None]:
    with use_simulator():
        yield


@pytest.fixture
def launcher(gpu: FakeGpu) -> Iterator[DeviceLauncher]:
    """The launcher of a GPU made of host memory, as the device "cuda"."""
    launcher = DeviceLauncher()
    before = choice.put([launcher])
    yield launcher
    choice.put(before)


# --- pinned memory --------------------------------------------------------------------------------


def test_a_pinned_copy(simulator: None) -> None:
    x = t.arange(6.0).reshape(2, 3).t().requires_grad_()
    y = x.pin_memory()
    assert y.is_pinned()
    assert not x.is_pinned()
    assert y.pin_memory() is y
    assert y[1:].is_pinned()
    assert y.tolist() == x.tolist()
    assert y.device is x.device
    (y * y).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == (2 * x).tolist()
    assert t.empty(0, 3).pin_memory().shape == (0, 3)
    assert t.tensor([True, False]).pin_memory().tolist() == [True, False]
    with pytest.raises(RuntimeError, match=r"pin_memory: cannot pin memory of cuda:0, only dense"):
        t.ones(2, device="cuda").pin_memory()


def test_a_copy_from_pinned_memory_is_waited_for_unless_it_may_go_on(simulator: None) -> None:
    x = t.arange(6.0).pin_memory()
    with cuda.count_synchronizations() as counted:
        a = x.to("cuda", non_blocking=True)
        b = x[2:].cuda(non_blocking=True)
    assert counted.total == 0
    with cuda.count_synchronizations() as counted:
        c = x.to("cuda")
    assert counted.waits == 1
    assert (a.tolist(), b.tolist(), c.tolist()) == (x.tolist(), x[2:].tolist(), x.tolist())


def test_pinned_memory_of_a_gpu_comes_back(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    x = t.arange(4.0).pin_memory()
    address = x.data_ptr()
    before = gpu.synchronised
    there = x.to("cuda", non_blocking=True)
    assert gpu.synchronised == before
    assert there.tolist() == [0.0, 1.0, 2.0, 3.0]
    del x
    gc.collect()
    assert t.ones(2).pin_memory().data_ptr() == address


# --- other eyes on the same memory ---------------------------------------------------------------


def test_bytes_read_as_another_dtype_stay_where_they_are(simulator: None) -> None:
    x = t.tensor([1.0, -2.0, 0.5, 4.0], device="cuda")
    bits = x.view(t.int32)
    with cuda.count_synchronizations() as counted:
        assert bits.data_ptr() == x.data_ptr() == x[1:].data_ptr() - 4
        assert bits.untyped_storage().nbytes() == x.untyped_storage().nbytes() == 16
    assert counted.total == 0
    assert bits.device == x.device
    assert bits.tolist() == np.array([1.0, -2.0, 0.5, 4.0], np.float32).view(np.int32).tolist()
    bits[0] = 0
    assert x.tolist() == [0.0, -2.0, 0.5, 4.0]
    assert x._version == bits._version == 1
    before = cuda.memory_allocated()
    del x
    assert cuda.memory_allocated() == before
    assert bits.view(t.float64).view(t.uint8).shape == (16,)
    del bits
    assert cuda.memory_allocated() < before
    half = t.tensor([1.0, 3.0], device="cuda", dtype=t.bfloat16)
    assert half.view(t.int16).tolist() == [0x3F80, 0x4040]
    assert t.tensor([True, False], device="cuda").view(t.uint8).tolist() == [1, 0]


def test_a_window_on_the_memory_of_a_gpu_holds_it(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    x = t.tensor([1.0, -2.0], device="cuda")
    address, before = x.data_ptr(), cuda.memory_allocated()
    bits = x.view(t.int64)
    assert (bits.shape, bits.data_ptr()) == ((1,), address)
    del x
    assert cuda.memory_allocated() == before
    assert bits.tolist() == np.array([1.0, -2.0], np.float32).view(np.int64).tolist()
    side = cuda.Stream()
    bits.record_stream(side)
    gpu.streams[-1].behind = True
    del bits
    assert t.empty(2, device="cuda").data_ptr() != address


# --- streams --------------------------------------------------------------------------------------


def test_a_tensor_that_another_stream_uses(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    side = cuda.Stream()
    x = t.empty(3, device="cuda")
    address = on_device(x.storage.buffer).pointer
    x[1:].record_stream(side)
    gpu.streams[-1].behind = True
    del x
    assert on_device(t.empty(3, device="cuda").storage.buffer).pointer != address
    with pytest.raises(TypeError, match=r"expected a minitorch.cuda.Stream, but got int"):
        t.empty(3, device="cuda").record_stream(7)


# --- __cuda_array_interface__ ---------------------------------------------------------------------


def test_the_interface_says_where_the_memory_is(launcher: DeviceLauncher) -> None:
    x = t.arange(6.0, device="cuda").reshape(2, 3)
    address = on_device(x.storage.buffer).pointer
    known = x.__cuda_array_interface__
    assert known == {
        "typestr": "<f4", "shape": (2, 3), "strides": None, "data": (address, False), "version": 3,
        "stream": launcher.default_queue.handle,
    }  # fmt: skip
    view = x.t()[1:].__cuda_array_interface__
    assert (view["shape"], view["strides"]) == ((2, 2), (4, 12))
    assert view["data"] == (address + 4, False)
    assert t.tensor([True], device="cuda").__cuda_array_interface__["typestr"] == "|b1"
    assert t.empty(0, device="cuda").__cuda_array_interface__["data"] == (0, False)
    with pytest.raises(RuntimeError, match=r"requires grad.* use x.detach"):
        _ = x.requires_grad_().__cuda_array_interface__
    with pytest.raises(AttributeError, match="has no bfloat16"):
        _ = t.empty(2, dtype=t.bfloat16, device="cuda").__cuda_array_interface__


def test_in_the_simulator_there_is_no_memory_of_a_gpu(simulator: None) -> None:
    assert not hasattr(t.ones(2, device="cuda"), "__cuda_array_interface__")
    assert not hasattr(t.ones(2), "__cuda_array_interface__")


def test_a_number_is_there_for_all_streams(launcher: DeviceLauncher) -> None:
    x = t.ones(3, device="cuda") * 2.5
    kept = constant(2.5, t.float32, x.device)
    assert on_device(kept.storage.buffer).block.shared
    assert not on_device(x.storage.buffer).block.shared


# --- DLPack ---------------------------------------------------------------------------------------


class Producer:
    """Another library, which has an array on the GPU."""

    def __init__(self, memory: Tensor, shape: tuple[int, ...], dtype: str = "float32") -> None:
        self.memory = memory
        self.shared = Shared(
            on_device(memory.storage.buffer).pointer, (CUDA, 0), dtype, shape, None
        )
        self.streams: list[object] = []

    def __dlpack__(self, *, stream: object = None) -> object:
        self.streams.append(stream)
        return capsule(self.shared, self)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (CUDA, 0)


def test_memory_of_another_library_is_shared(launcher: DeviceLauncher) -> None:
    memory = t.arange(6.0, device="cuda")
    before = cuda.memory_allocated()
    other = Producer(memory, (2, 3))
    x = t.from_dlpack(other)
    assert cuda.memory_allocated() == before
    assert other.streams == [launcher.default_queue.handle]
    x.mul_(2)
    assert memory.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert str(x.device) == "cuda:0"
    alone = t.from_dlpack(capsule(other.shared, other))
    assert alone.tolist() == x.tolist()
    with pytest.raises(BufferError, match="can't share memory"):
        t.from_dlpack(other, device="cpu", copy=False)
    assert t.from_dlpack(other, device="cpu").tolist() == x.tolist()


@pytest.mark.parametrize(("skipped", "offset"), [(0, 0), (3, 3), (8, 0), (9, 1)])
def test_a_view_of_another_library_is_not_read_by_fours_where_it_is_not_aligned(
    launcher: DeviceLauncher, skipped: int, offset: int
) -> None:
    memory = t.arange(600.0, device="cuda")
    address = on_device(memory.storage.buffer).pointer + 4 * skipped
    x = t.from_dlpack(capsule(Shared(address, (CUDA, 0), "float32", (512,), None), memory))
    assert x.layout.offset == offset
    assert (x + 1).tolist() == [i + skipped + 1.0 for i in range(512)]
    with pytest.raises(BufferError, match="is no multiple of the 4 bytes"):
        t.from_dlpack(capsule(Shared(address + 2, (CUDA, 0), "float32", (5,), None), memory))


def test_the_other_library_is_told_when_its_memory_is_free(launcher: DeviceLauncher) -> None:
    freed: list[int] = []

    class Owner:
        def __del__(self) -> None:
            freed.append(1)

    memory = t.arange(6.0, device="cuda")
    shared = Shared(on_device(memory.storage.buffer).pointer, (CUDA, 0), "float32", (3, 2), (1, 3))
    x = t.from_dlpack(capsule(shared, Owner()))
    assert x.tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert freed == []
    del x
    gc.collect()
    assert freed == [1]
    unused = capsule(shared, Owner())
    del unused
    assert freed == [1, 1]


def test_what_cannot_be_shared(launcher: DeviceLauncher) -> None:
    memory = t.arange(6.0, device="cuda")
    with pytest.raises(BufferError, match="there is no dtype uint64"):
        t.from_dlpack(Producer(memory, (3,), "uint64"))
    used = capsule(Producer(memory, (3,)).shared, memory)
    t.from_dlpack(used)
    with pytest.raises(BufferError, match="the capsule was used already"):
        opened(used)
    backwards = Shared(
        on_device(memory.storage.buffer).pointer + 20, (CUDA, 0), "float32", (6,), (-1,)
    )
    with pytest.raises(BufferError, match="strides must not be negative"):
        t.from_dlpack(capsule(backwards, memory))
    with pytest.raises(BufferError, match="can't export tensors that require gradient"):
        t.ones(2, device="cuda", requires_grad=True).__dlpack__()
    with pytest.raises(
        BufferError, match=r"x is on device \(2, 0\), and is not copied to \(1, 0\)"
    ):
        memory.__dlpack__(dl_device=(1, 0))


@pytest.mark.parametrize("dtype", [t.float32, t.float16, t.bfloat16, t.int64, t.uint8, t.bool_])
def test_our_memory_as_a_capsule(launcher: DeviceLauncher, gpu: FakeGpu, dtype: t.DType) -> None:
    x = t.empty(4, 3, dtype=dtype, device="cuda")[1:].t()
    assert x.__dlpack_device__() == (2, 0)
    shared, taken = opened(x.__dlpack__(stream=-1))
    address = on_device(x.storage.buffer).pointer
    assert shared == Shared(address + 3 * dtype.itemsize, (2, 0), dtype.name, (3, 3), (1, 3))
    used = cuda.memory_allocated()
    del x
    assert cuda.memory_allocated() == used
    del taken
    assert cuda.memory_allocated() == used - 512


def test_the_stream_of_another_library_waits_for_ours(
    launcher: DeviceLauncher, gpu: FakeGpu
) -> None:
    x = t.ones(2, device="cuda")
    x.__dlpack__(stream=77)
    x.__dlpack__()
    assert [(stream.handle, len(stream.waits)) for stream in gpu.foreign] == [(77, 1), (1, 1)]
    copied, _ = opened(x.__dlpack__(copy=True))
    assert copied.address != on_device(x.storage.buffer).pointer


def test_in_the_simulator_memory_is_the_hosts(simulator: None) -> None:
    x = t.arange(6.0, device="cuda").reshape(2, 3)
    assert x.__dlpack_device__() == (1, 0)
    array = seen(x.t())
    assert array.tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    x += 1
    assert array.tolist() == [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
    back = t.from_dlpack(x)
    assert (str(back.device), back.tolist()) == ("cpu", x.tolist())
    with pytest.raises(RuntimeError, match="memory of a GPU cannot be used in the simulator"):
        t.from_dlpack(capsule(Shared(4096, (CUDA, 0), "float32", (2,), None), None))
