"""The launcher for a GPU, on a GPU made of host memory: addresses, numbers, copies, errors."""

import gc
import threading
from functools import partial

import numpy as np
import pytest

from minitorch_cuda.backend import CudaBackend
from minitorch_cuda.device_buffer import on_device
from minitorch_cuda.kernels.random_plan import Source, drawn_by
from minitorch_cuda.limits import DEVICE
from minitorch_cuda.runtime import DeviceLauncher
from minitorch_cuda.simulated import SimQueue, SimulatorLauncher
from minitorch_operators import add, relu
from minitorch_tensor import draws
from minitorch_tensor.accelerator import AcceleratorError, HostMemory, OutOfMemoryError
from minitorch_tensor.dtype import DType, bool_, float32, int64
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import view

from .fake_gpu import FakeGpu
from .helpers import NUMPY, Spec, contents, dense, numbers, sparse, transposed


@pytest.fixture
def launcher(gpu: FakeGpu) -> DeviceLauncher:
    return DeviceLauncher()


@pytest.fixture
def backend(launcher: DeviceLauncher) -> CudaBackend:
    return CudaBackend(lambda: launcher)


@pytest.mark.parametrize("dtype", [float32, int64, bool_], ids=str)
def test_an_array_goes_there_and_back(launcher: DeviceLauncher, dtype: DType) -> None:
    for size in (0, 1, 5):
        values = numbers(size, dtype)
        back = launcher.download(launcher.upload(values.copy()))
        assert back.dtype == values.dtype
        assert back.tolist() == values.tolist()


def test_a_launch_gets_addresses_and_typed_numbers(backend: CudaBackend, gpu: FakeGpu) -> None:
    for make in (dense, transposed, sparse):
        a, b = make((3, 4), seed=1), make((3, 4), seed=2)
        out, x, y = (spec.on(backend) for spec in (dense((3, 4)), a, b))
        backend.zip(add, out, x, y)
        expected = view(a.on(NUMPY)).astype(np.float32) + view(b.on(NUMPY)).astype(np.float32)
        assert contents(backend, out).tolist() == expected.reshape(-1).tolist()
    assert {capability for _, capability in gpu.compilations} == {(9, 0)}
    assert len(gpu.compilations) == len(set(gpu.kernels)) < 4  # once a pattern
    assert len(gpu.launches) == 3


def test_a_launch_is_given_the_numbers_that_its_plan_leaves_open(launcher: DeviceLauncher) -> None:
    found = drawn_by(draws.Uniform(np.dtype("float32"), 0.0, 1.0), float32)
    assert found is not None
    plan = found.plan(Layout.contiguous((6,)), DEVICE)
    drawn = []
    for given in (launcher, SimulatorLauncher()):
        buffer = given.empty(6, float32)
        given.launch(plan, [buffer], found.numbers(Source(2**63 + 5, 1 << 40)))
        drawn.append(given.download(buffer).tolist())
        for wrong in ((), (1, 2, 3, 4, 0.0, 1.0, 5)):
            with pytest.raises(
                TypeError,
                match=r"uniform_kernel: the launch must give 6 numbers \(call0: int64, call1: .*, "
                rf"a: float32, b: float32\), but it gives {len(wrong)}$",
            ):
                given.launch(plan, [buffer], wrong)
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 6


def index_of(*rows: list[int]) -> Spec:
    found = np.array(rows)
    return Spec(found.reshape(-1), Layout.contiguous(found.shape))


def test_a_reduction_and_a_gather_run_too(backend: CudaBackend) -> None:
    x = dense((40, 3))
    out = Spec(np.zeros(3, np.float32), Layout((40, 3), (0, 1)))
    made, source = out.on(backend), x.on(backend)
    backend.reduce(add, 0.0, made, source)
    np.testing.assert_allclose(
        contents(backend, made).astype(np.float64),
        x.memory.astype(np.float64).reshape(40, 3).sum(0),
        rtol=1e-5,
    )
    index = index_of([0, 1, 7]).on(backend)
    picked = dense((1, 3)).on(backend)
    backend.gather(picked, source, index, 0)
    assert (
        contents(backend, picked).tolist() == x.memory.reshape(40, 3)[[0, 1, 7], range(3)].tolist()
    )


# --- what is wrong with an index is told when the host waits anyway -------------------------------


def test_a_bad_index_of_gather_is_raised_at_the_next_download(
    backend: CudaBackend, gpu: FakeGpu
) -> None:
    index = index_of([0, 1, 7], [2, 9, 0])
    out, x, where = dense((2, 3)).on(backend), dense((4, 3)).on(backend), index.on(backend)
    before = gpu.synchronised
    backend.gather(out, x, where, 0)
    assert gpu.synchronised == before
    with pytest.raises(IndexError, match=r"gather: index 7 at position \(0, 2\) is out of bounds"):
        backend.download(out.storage.buffer)
    backend.download(out.storage.buffer)  # it is told once


@pytest.mark.parametrize("atomic", [False, True])
def test_scatter_add_leaves_out_what_is_outside(launcher: DeviceLauncher, atomic: bool) -> None:
    backend = CudaBackend(lambda: launcher, deterministic=not atomic)
    index = index_of([0, 1], [5, 0], [1, -1])
    out, x = Spec(np.zeros(4, np.float32), Layout.contiguous((2, 2))), dense((3, 2))
    made, source, where = out.on(backend), x.on(backend), index.on(backend)
    backend.scatter_add(made, where, source, 0)
    with pytest.raises(
        IndexError, match=r"scatter_add: index 5 at position \(1, 0\) .* dimension 0 with size 2"
    ):
        launcher.synchronize()
    a = x.memory
    assert contents(backend, made).tolist() == [a[0], a[3], a[4], a[1]]


def test_the_place_of_a_bad_index_along_a_middle_dimension(launcher: DeviceLauncher) -> None:
    backend = CudaBackend(lambda: launcher)
    index = Spec(np.zeros(12, np.int64), Layout.contiguous((2, 3, 2)))
    index.memory[[9, 10]] = 3
    made, source = dense((2, 3, 2)).on(backend), dense((2, 3, 2), seed=1).on(backend)
    backend.scatter_add(made, index.on(backend), source, 1)
    with pytest.raises(IndexError, match=r"at position \(1, 1, 1\)"):
        launcher.synchronize()


def test_an_index_that_is_gone_is_named_by_its_place(launcher: DeviceLauncher) -> None:
    backend = CudaBackend(lambda: launcher)
    where = index_of([0, 9]).on(backend)
    backend.gather(dense((1, 2)).on(backend), dense((4, 2)).on(backend), where, 0)
    del where
    with pytest.raises(IndexError, match=r"the index at position \(0, 1\) .*BLOCKING=1 tells it"):
        launcher.synchronize()


def test_a_thousand_launches_share_the_words(backend: CudaBackend, gpu: FakeGpu) -> None:
    from minitorch_cuda import faults

    out, x = dense((1, 2)).on(backend), dense((4, 2)).on(backend)
    good, bad = index_of([0, 1]).on(backend), index_of([0, 4]).on(backend)
    check = faults.Check("gather", good.layout, 4, 0)
    launcher = backend.launcher
    for _ in range(faults.WORDS):
        launcher.expect(check, good.storage.buffer)
    before = gpu.synchronised
    backend.gather(out, x, bad, 0)
    assert gpu.synchronised == before + 1
    with pytest.raises(IndexError, match="index 4"):
        launcher.synchronize()


def test_blocking_mode_raises_at_once(gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINITORCH_CUDA_BLOCKING", "1")
    launcher = DeviceLauncher()
    backend = CudaBackend(lambda: launcher)
    where = index_of([0, 9]).on(backend)
    with pytest.raises(IndexError, match=r"gather: index 9 at position \(0, 1\)"):
        backend.gather(dense((1, 2)).on(backend), dense((4, 2)).on(backend), where, 0)
    out = dense((4, 2)).on(backend)
    before = contents(backend, out).tolist()
    with pytest.raises(IndexError, match="scatter_add: index 9"):
        backend.scatter_add(out, where, dense((1, 2)).on(backend), 0)
    assert contents(backend, out).tolist() == before


# --- errors of the driver -------------------------------------------------------------------------


def test_an_illegal_access_is_explained_once(
    backend: CudaBackend, launcher: DeviceLauncher, gpu: FakeGpu
) -> None:
    x = dense((2,)).on(backend)
    gpu.fault = "CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered"
    with pytest.raises(
        AcceleratorError,
        match=r"waiting for the GPU failed on cuda:0: CUDA_ERROR_ILLEGAL_ADDRESS: a kernel read or "
        r"wrote memory that is not its own. Launches are not waited for, .*"
        r"MINITORCH_CUDA_BLOCKING=1",
    ) as first:
        backend.download(x.storage.buffer)
    assert first.value.error_code == 700
    with pytest.raises(AcceleratorError, match=r"because of an earlier error \(CUDA_ERROR_ILL"):
        launcher.synchronize()
    del x
    launcher.allocator.empty_cache()  # what the driver would refuse is not asked for


def test_blocking_mode_names_the_kernel_and_the_line(
    gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_LAUNCH_BLOCKING", "1")
    launcher = DeviceLauncher()
    backend = CudaBackend(lambda: launcher)
    out, x = dense((2,)).on(backend), dense((2,)).on(backend)
    gpu.fault = "CUDA_ERROR_MISALIGNED_ADDRESS: misaligned"
    with pytest.raises(
        AcceleratorError, match=r"CUDA: kernel relu\w*, for .*test_runtime.py:\d+, failed .* named"
    ):
        backend.map(relu, out, x)


def test_a_failed_copy_says_what_to_do(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    launcher.empty(1, float32)
    gpu.status = 719
    with pytest.raises(AcceleratorError, match="copy to the GPU failed on cuda:0: CUDA_ERROR_LAUN"):
        launcher.upload(np.zeros(3))


def test_an_error_that_is_not_the_end_names_itself(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    gpu.status = 101
    for _ in range(2):
        with pytest.raises(AcceleratorError, match=r"on cuda:0: CUDA_ERROR_INVALID_DEVICE$"):
            launcher.empty(3 << 20, float32)


def test_memory_of_another_launcher_is_refused(backend: CudaBackend) -> None:
    out, x = dense((2,)).on(backend), dense((2,)).on(NUMPY)
    with pytest.raises(TypeError, match="expected memory of a GPU, got ndarray"):
        backend.map(relu, out, x)


# --- memory ---------------------------------------------------------------------------------------


def test_memory_comes_back_when_its_tensor_goes(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    first = launcher.empty(100, float32)
    address = on_device(first).pointer
    assert repr(first) == f"DeviceBuffer(100 of float32 at {address:#x})"
    assert launcher.allocator.usage.bytes[2].current == 512
    del first
    assert launcher.allocator.usage.bytes[2].current == 0
    assert on_device(launcher.empty(90, float32)).pointer == address
    gc.collect()
    before = gpu.free()
    launcher.allocator.empty_cache()
    assert gpu.free() == before + (2 << 20) == gpu.room
    assert launcher.memory_info() == (gpu.room, gpu.room)


def test_running_out_of_memory_is_its_own_error(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    gpu.room = 3 << 20
    kept = launcher.empty(512, float32)
    before = gpu.synchronised
    with pytest.raises(
        OutOfMemoryError,
        match=r"Tried to allocate 4.00 MiB on cuda:0: 1.00 MiB of 3.00 MiB are free. 2.00 KiB are "
        r"allocated by tensors \(at most 2.00 KiB so far\), and 2.00 MiB are reserved",
    ):
        launcher.empty(1 << 20, float32)
    assert gpu.synchronised == before + 1
    assert len(kept) == 512


def test_memory_used_on_another_stream_waits_for_it(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    side = launcher.create_queue(0)
    x = launcher.empty(10, float32)
    address = on_device(x).pointer
    launcher.record_stream(x, side)
    gpu.streams[-1].behind = True
    del x
    assert on_device(launcher.empty(10, float32)).pointer != address
    side.sync()
    assert on_device(launcher.empty(10, float32)).pointer == address


def test_each_stream_has_blocks_of_its_own(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    address = on_device(launcher.empty(10, float32)).pointer
    side = launcher.create_queue(-1)
    launcher.use(side)
    assert on_device(launcher.empty(10, float32)).pointer != address
    assert side.priority == -1
    launcher.use(launcher.default_queue)
    assert on_device(launcher.empty(10, float32)).pointer == address


def test_pinned_memory_is_reused_after_its_copies(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    pinned = launcher.pin(100)
    address = pinned.pointer
    array = np.asarray(HostMemory(pinned)).view(np.float32)
    array[:] = 7
    gpu.streams[0].behind = True
    before = gpu.synchronised
    there = launcher.upload_later(array)
    assert gpu.synchronised == before
    del pinned, array
    assert launcher.pin(100).pointer != address
    assert launcher.download(there).tolist() == [7.0] * 25
    pinned = launcher.pin(120)
    assert pinned.pointer == address
    before = gpu.synchronised
    launcher.upload(np.asarray(HostMemory(pinned)))  # it may be changed at once: so this waits
    assert gpu.synchronised == before + 1


def test_the_host_may_have_no_room_to_lock(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    gpu.host_room = 100
    with pytest.raises(MemoryError, match=r"the host has no 1\.00 KiB that can be locked"):
        launcher.pin(1000)


def test_what_all_streams_read_is_there_at_once_and_stays_as_long_as_they_run(
    launcher: DeviceLauncher, gpu: FakeGpu
) -> None:
    gpu.streams[0].behind = True  # with long work: nobody waits for that
    before = gpu.synchronised
    shared = launcher.upload_shared(np.full(3, 7, np.float32))
    assert gpu.synchronised == before + 1
    assert gpu.streams[0].behind
    assert launcher.queue is launcher.default_queue
    assert launcher.download(shared).tolist() == [7.0] * 3
    address = on_device(shared).pointer
    side = launcher.create_queue(0)
    gpu.streams[-1].behind = True
    del shared
    other = launcher.upload_shared(np.ones(3, np.float32))
    assert on_device(other).pointer != address
    side.sync()
    assert on_device(launcher.upload_shared(np.ones(3, np.float32))).pointer == address


# --- threads, streams, several GPUs ---------------------------------------------------------------


def test_a_launch_goes_to_the_current_stream_of_its_thread(
    backend: CudaBackend, launcher: DeviceLauncher, gpu: FakeGpu
) -> None:
    out, x = dense((2,)).on(backend), dense((2,)).on(backend)
    side = launcher.create_queue(0)
    launcher.use(side)
    entered = gpu.entered
    thread = threading.Thread(target=backend.map, args=(relu, out, x))
    thread.start()
    thread.join()
    assert gpu.entered == entered + 1
    backend.map(relu, out, x)
    assert gpu.launched_on == [launcher.default_queue.handle, side.handle]
    assert gpu.entered == entered + 1
    with pytest.raises(TypeError, match="expected a stream of a GPU, got SimQueue"):
        launcher.use(SimQueue(1, 0))


def test_two_gpus(gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch) -> None:
    other = FakeGpu(index=1)
    gpu.install(monkeypatch, other)
    launchers = [DeviceLauncher(i, several=True) for i in range(2)]
    backends = [CudaBackend(partial(launchers.__getitem__, i)) for i in range(2)]
    for backend, fake in zip(backends, (gpu, other), strict=True):
        out, x = dense((2,)).on(backend), dense((2,)).on(backend)
        backend.map(relu, out, x)
        assert len(fake.launches) == 1
    values = numbers(5)
    there = launchers[0].upload(values.copy())
    moved = launchers[1].from_peer(there, launchers[0])
    assert launchers[1].download(moved).tolist() == values.tolist()
    other.at(on_device(moved).pointer)
    assert other.streams[0].waits  # for what was launched on the first
    del there, out, x
    kept = len(gpu.memories)
    other.set_current()
    launchers[0].allocator.empty_cache()
    assert len(gpu.memories) < kept


def test_the_launcher_says_who_it_is(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    assert launcher.name == "Fake GPU"
    assert launcher.limits is DEVICE
    known = launcher.properties
    assert (known.major, known.multi_processor_count) == (9, 132)
    assert known.total_memory == gpu.room
    before = gpu.synchronised
    launcher.synchronize()
    assert gpu.synchronised == before + 1
