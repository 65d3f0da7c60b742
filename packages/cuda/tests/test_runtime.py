"""The launcher for a GPU, on a GPU made of host memory: addresses, numbers, copies, room."""

import numpy as np
import pytest

from minitorch_cuda.allocator import OutOfMemoryError
from minitorch_cuda.backend import CudaBackend
from minitorch_cuda.limits import DEVICE
from minitorch_cuda.runtime import DeviceLauncher, on_device
from minitorch_operators import add, relu
from minitorch_tensor.dtype import DType, bool_, float32, int64
from minitorch_tensor.layout import Layout
from minitorch_tensor.numpy_backend import view

from .fake_gpu import FakeGpu
from .helpers import NUMPY, Spec, contents, dense, numbers, sparse, transposed


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> FakeGpu:
    gpu = FakeGpu()
    gpu.install(monkeypatch)
    return gpu


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
    assert gpu.compilations == [("add_kernel", (9, 0)), ("add_kernel", (9, 0))]  # once a pattern
    assert gpu.launches == ["add_kernel"] * 3


def test_the_other_kernels_run_too(backend: CudaBackend) -> None:
    x = dense((40, 3))
    out = Spec(np.zeros(3, np.float32), Layout((40, 3), (0, 1)))
    made, source = out.on(backend), x.on(backend)
    backend.reduce(add, 0.0, made, source)
    np.testing.assert_allclose(
        contents(backend, made).astype(np.float64),
        x.memory.astype(np.float64).reshape(40, 3).sum(0),
        rtol=1e-5,
    )
    index = Spec(np.array([[0, 1, 7]]), Layout.contiguous((1, 3))).on(backend)
    picked = dense((1, 3)).on(backend)
    backend.gather(picked, source, index, 0)
    assert (
        contents(backend, picked).tolist() == x.memory.reshape(40, 3)[[0, 1, 7], range(3)].tolist()
    )
    with pytest.raises(IndexError, match=r"index 7 at position \(0, 2\)"):
        backend.gather(picked, dense((2, 3)).on(backend), index, 0)


def test_memory_comes_back_when_its_tensor_goes(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    first = launcher.empty(100, float32)
    address = on_device(first).pointer
    assert repr(first) == f"DeviceBuffer(100 of float32 at {address:#x})"
    assert launcher.allocator.usage.allocated == 512
    del first
    assert launcher.allocator.usage.allocated == 0
    assert on_device(launcher.empty(90, float32)).pointer == address
    launcher.allocator.empty_cache()
    assert gpu.memories == {}


def test_running_out_of_memory_is_its_own_error(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    gpu.room = 4096
    kept = launcher.empty(512, float32)
    with pytest.raises(OutOfMemoryError, match="tried to allocate 4,096 bytes; 2,048 are in use"):
        launcher.empty(1024, float32)
    assert len(kept) == 512


def test_a_failed_copy_says_what_to_do(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    gpu.copy_error = 700
    with pytest.raises(
        RuntimeError, match="CUDA: copy to the GPU failed with 700; a kernel launched"
    ):
        launcher.upload(np.zeros(3))


def test_the_launcher_says_who_it_is(launcher: DeviceLauncher, gpu: FakeGpu) -> None:
    assert launcher.name == "Fake GPU"
    assert launcher.limits is DEVICE
    launcher.synchronize()
    assert gpu.synchronised == 1


def test_memory_of_another_launcher_is_refused(backend: CudaBackend) -> None:
    out, x = dense((2,)).on(backend), dense((2,)).on(NUMPY)
    with pytest.raises(TypeError, match="expected memory of a GPU, got ndarray"):
        backend.map(relu, out, x)
