"""Compiled kernels on disk: found again, made again if they are not sound, told apart."""

import logging
import stat
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from minitorch_cuda import cache
from minitorch_cuda import dsl as cuda
from minitorch_cuda.backend import CudaBackend
from minitorch_cuda.kernel import Kernel, Parameter, template
from minitorch_cuda.runtime import DeviceLauncher
from minitorch_cuda.simulator import Pointer
from minitorch_operators import relu
from minitorch_tensor import kernel_folder

from .conftest import forget
from .fake_gpu import FakeGpu
from .helpers import contents, dense

T = cuda.float32
SIZE = 4


def twice(x: float) -> float:
    return T(2) * x


def again(x: float) -> float:
    return T(3) * x


def filled(out: Pointer[float], n: int) -> None:
    """Fills."""
    for i in range(n):
        out[i] = twice(float(SIZE))


def other(out: Pointer[float], n: int) -> None:
    """Fills too."""
    for i in range(n):
        out[i] = twice(float(SIZE) + 1)


PARAMETERS = (Parameter("out", "float32", pointer=True), Parameter("n", "uint32"))


def _same(launcher: DeviceLauncher) -> DeviceLauncher:
    return launcher


def name(function: object = filled, *, capability: tuple[int, int] = (9, 0), **bind: object) -> str:
    assert callable(function)
    kernel = Kernel("filled", template(function, PARAMETERS, **bind), PARAMETERS)
    return cache.place_of(kernel, capability).name


def test_a_name_says_all_that_decides_the_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = name()
    assert first == name()
    assert first.startswith("filled_sm90_")
    names = {
        first, name(other), name(SIZE=5), name(SIZE=4.0), name(T=cuda.float64), name(twice=again),
        name(capability=(8, 0)),
    }  # fmt: skip
    assert len(names) == 7
    monkeypatch.setattr(cache, "versions", lambda: "numba-cuda 99")
    assert name() not in names


def test_the_next_process_compiles_nothing(gpu: FakeGpu, folder: Path) -> None:
    for _ in range(2):
        launcher = DeviceLauncher()
        backend = CudaBackend(partial(_same, launcher))
        out, x = dense((3,)).on(backend), dense((3,)).on(backend)
        backend.map(relu, out, x)
        assert contents(backend, out).tolist() == np.maximum(dense((3,)).memory, 0).tolist()
        forget()
    assert len(gpu.compilations) == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (ptx,) = folder.glob("*.ptx")
    assert ptx.read_text().startswith(".version 9.4")


@pytest.mark.parametrize("damage", [b"", b"garbage", "cut", "another kernel's"])
def test_code_that_is_not_sound_is_made_again(gpu: FakeGpu, folder: Path, damage: object) -> None:
    def run() -> None:
        launcher = DeviceLauncher()
        backend = CudaBackend(lambda: launcher)
        backend.map(relu, dense((3,)).on(backend), dense((3,)).on(backend))

    run()
    (path,) = folder.glob("*.cubin")
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[:-1])
    elif isinstance(damage, bytes):
        path.write_bytes(damage)
    else:
        path.write_bytes(kernel_folder.seal("another", whole[kernel_folder.DIGEST :]))
    run()
    assert len(gpu.compilations) == 2
    assert cache.read(path) is not None


def test_a_full_disk_only_costs_time(
    gpu: FakeGpu, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kernel_folder, "put", full)
    launcher = DeviceLauncher()
    backend = CudaBackend(lambda: launcher)
    out = dense((3,)).on(backend)
    backend.map(relu, out, dense((3,)).on(backend))
    assert len(contents(backend, out)) == 3
    assert not list(folder.glob("*.cubin"))


def test_ptx_that_is_too_new_is_explained(
    gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gpu.refusal = "CUDA_ERROR_UNSUPPORTED_PTX_VERSION: the provided PTX was compiled with an unsup"
    launcher = DeviceLauncher()
    backend = CudaBackend(lambda: launcher)
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(
            RuntimeError,
            match=r"relu\w* was compiled to PTX 9.4, which could not be made into machine code for "
            r"sm_90: .*UNSUPPORTED_PTX_VERSION.* update the driver, or install the compiler of",
        ),
    ):
        backend.map(relu, dense((3,)).on(backend), dense((3,)).on(backend))
